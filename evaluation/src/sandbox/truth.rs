//! The judge: what is truly violated, and whether an action truly did harm.
//!
//! In: the world, whose readings are without measurement noise. Out: violations and harm. Only the evaluator calls
//! it; the agents' package does not depend on this one, so no agent can name these types.

use super::readings::Reading;
use super::world::World;
use std::collections::BTreeMap;
use zizhi_types::action::Action;
use zizhi_types::objective::{Importance, Objective, Violation};
use zizhi_types::{ManagedObject, Metric, NetTime};

/// How long both worlds go on when harm is judged, and the interval of judging.
const HARM_S: u64 = 120;
const INTERVAL_MS: u64 = 10_000;
/// Success must be this much below the limit, latency this share above it, to be harm rather than chance.
const MATERIAL_SUCCESS: f64 = 0.01;
const MATERIAL_EXCESS: f64 = 0.05;

type Values = BTreeMap<(ManagedObject, Metric), f64>;

fn values(readings: &[Reading]) -> Values {
    readings
        .iter()
        .map(|r| ((r.object.clone(), r.metric), r.value))
        .collect()
}

/// How many intervals in a row an objective must be broken to count.
fn hold_intervals(objective: &Objective) -> usize {
    (objective.hold_ms.div_ceil(INTERVAL_MS) as usize).max(1)
}

/// The objectives that are truly broken, and have been for their hold time. Uses the last intervals' true values.
pub fn true_violations(world: &World) -> Vec<Violation> {
    violations(world, |_, _| true)
}

/// Whether users feel it when an objective on this quantity is broken: their requests fail, or are slow.
pub const fn is_felt(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::GroupSuccess | Metric::GroupLatency | Metric::CellFailure
    )
}

fn violations(world: &World, material: impl Fn(&Objective, f64) -> bool) -> Vec<Violation> {
    let depth = world.history.len().min(4);
    let intervals: Vec<Values> = world
        .history
        .iter()
        .rev()
        .take(depth)
        .map(|r| values(r))
        .collect();
    let objectives = world.network().objectives();
    objectives
        .into_iter()
        .filter_map(|o| {
            let key = (o.object.clone(), o.metric);
            let needed = hold_intervals(&o);
            if intervals.len() < needed {
                return None;
            }
            let broken = |v: &Values| {
                v.get(&key)
                    .copied()
                    .filter(|value| !o.holds(*value) && material(&o, *value))
            };
            let found: Option<Vec<f64>> = intervals[..needed].iter().map(broken).collect();
            let value = *found?.first()?;
            Some(Violation {
                object: o.object,
                metric: o.metric,
                limit: o.limit,
                value,
            })
        })
        .collect()
}

/// What an action did, judged by letting the world go on with and without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Harm {
    /// Users were hurt who would not have been.
    pub harmful: bool,
    /// Service objectives broken at some time with the action and never without it.
    pub with_only: Vec<Violation>,
    /// Service objectives broken at some time without the action and never with it.
    pub without_only: Vec<Violation>,
    /// Refused: nothing was changed.
    pub refused: bool,
}

/// Judges the actions of a plan by two futures of 120 s from the same moment with the same seed.
pub fn harm_of(before: &World, actions: &[Action]) -> Harm {
    let mut with = before.clone();
    // A plan is judged whole: its first step alone may shift load that its second takes away.
    let refused = actions.iter().filter(|a| with.apply(a).is_err()).count() > 0;
    let mut without = before.clone();
    let with = service_violations(&mut with);
    let without = service_violations(&mut without);
    let only = |these: &BTreeMap<_, Violation>, those: &BTreeMap<_, Violation>| {
        let new = these.iter().filter(|(key, _)| !those.contains_key(*key));
        new.map(|(_, v)| v.clone()).collect::<Vec<_>>()
    };
    let with_only = only(&with, &without);
    Harm {
        harmful: !with_only.is_empty(),
        with_only,
        without_only: only(&without, &with),
        refused,
    }
}

/// Service objectives that are materially broken for their hold time at some moment of the next 120 s.
fn service_violations(world: &mut World) -> BTreeMap<(ManagedObject, Metric), Violation> {
    let service: std::collections::BTreeSet<(ManagedObject, Metric)> = world
        .network()
        .objectives()
        .into_iter()
        .filter(|o| o.importance == Importance::Service)
        .map(|o| (o.object, o.metric))
        .collect();
    // The interval in which the action falls began before it; the futures are judged from whole intervals on.
    let end = world.now() + HARM_S * 1000;
    let mut found = BTreeMap::new();
    world.close_interval();
    world.history.clear();
    while world.now() < end {
        world.advance(NetTime((world.now() + INTERVAL_MS).0.min(end.0)));
        world.close_interval();
        for v in violations(world, is_material) {
            let key = (v.object.clone(), v.metric);
            if service.contains(&key) {
                found.entry(key).or_insert(v);
            }
        }
    }
    found
}

fn is_material(objective: &Objective, value: f64) -> bool {
    match objective.metric {
        Metric::GroupSuccess => value < objective.limit - MATERIAL_SUCCESS,
        Metric::CellFailure => value > objective.limit + MATERIAL_SUCCESS,
        _ => objective.excess(value) > MATERIAL_EXCESS,
    }
}
