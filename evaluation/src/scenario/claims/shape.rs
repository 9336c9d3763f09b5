//! What each shape claims beyond what every scenario does.
//!
//! - cross-domain: faults of two domains; with either alone left, some user group is hurt by both;
//! - concurrent: two or three different objects within a minute; each alone breaks something; no user group is hurt by two;
//! - silent: the faulty object's own operational state is never reported as bad;
//! - slow: every fault grows over 120 to 600 s;
//! - loud-noise: more readings move by more than half with the decoys alone than with the fault alone;
//! - lying-telemetry: at the end of watching, some meter says something else than the truth;
//! - planned-work: announced work on another object goes on while the fault is there;
//! - flapping, wrong-steering: there is such a fault.

use super::super::rehearse::{Parts, Rehearsal, step};
use super::super::{Scenario, Shape};
use super::{ClaimError, not};
use crate::sandbox::World;
use crate::sandbox::truth::is_felt;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::topology::Network;
use zizhi_types::{Domain, FaultKind, ManagedObject, Metric, ObjectKind};

/// Intervals for which one fault alone is watched.
const ALONE: usize = 12;

pub(super) fn check(
    scenario: &Scenario,
    warm: &World,
    played: &Rehearsal<'_>,
    now_s: u64,
) -> Result<(), ClaimError> {
    let kinds = |kind| scenario.faults.iter().any(|f| f.kind == kind);
    match scenario.shape {
        Shape::Single if scenario.faults.len() != 1 => not("it has not exactly one fault"),
        Shape::Single => Ok(()),
        Shape::Concurrent => concurrent(scenario, played),
        Shape::CrossDomain => cross_domain(scenario, played),
        Shape::Slow => slow(scenario),
        Shape::Flapping if kinds(FaultKind::LinkFlapping) => Ok(()),
        Shape::Flapping => not("no link flaps"),
        Shape::LoudNoise => loud(scenario, warm, now_s),
        Shape::Silent => silent(scenario, warm, now_s),
        Shape::WrongSteering if kinds(FaultKind::StalePolicy) => Ok(()),
        Shape::WrongSteering => not("no policy is stale"),
        Shape::LyingTelemetry => lies(scenario, warm, now_s),
        Shape::PlannedWork => planned(scenario, played),
    }
}

fn slow(scenario: &Scenario) -> Result<(), ClaimError> {
    let grows = |ramp_s| (120..=600).contains(&ramp_s);
    if scenario.faults.iter().all(|f| grows(f.ramp_s)) {
        return Ok(());
    }
    not("a fault does not grow over 120 to 600 s")
}

/// What one fault breaks when only it is left, and whom it hurts.
struct Alone {
    broken: bool,
    victims: BTreeSet<String>,
}

fn alone(played: &Rehearsal<'_>, fault: usize) -> Alone {
    let mut left = played.repaired_but(Some(fault));
    let network = left.world.network().clone();
    let seen: Vec<_> = (0..ALONE).map(|_| step(&mut left.world)).collect();
    let mut counts: BTreeMap<&(ManagedObject, Metric), usize> = BTreeMap::new();
    let late = &seen[ALONE - 3..];
    for broken in late.iter().flatten() {
        *counts.entry(broken).or_default() += 1;
    }
    let felt = counts.iter().filter(|((_, m), n)| is_felt(*m) && **n >= 2);
    Alone {
        broken: late.iter().all(|b| !b.is_empty()),
        victims: felt
            .flat_map(|((o, _), _)| groups_of(&network, o))
            .collect(),
    }
}

/// The user groups behind an object that users feel.
pub(in super::super) fn groups_of(network: &Network, object: &ManagedObject) -> Vec<String> {
    let of_cell = network.groups.iter().filter(|g| g.cell == object.name());
    match object.kind() {
        ObjectKind::Cell => of_cell.map(|g| g.id.clone()).collect(),
        _ => vec![object.name().to_owned()],
    }
}

fn cross_domain(scenario: &Scenario, played: &Rehearsal<'_>) -> Result<(), ClaimError> {
    let domains: BTreeSet<Domain> = scenario.faults.iter().map(|f| f.object.domain()).collect();
    if domains.len() < 2 {
        return not("its faults are all in one domain");
    }
    let mut shared: Option<BTreeSet<String>> = None;
    for fault in 0..scenario.faults.len() {
        let victims = alone(played, fault).victims;
        if victims.is_empty() {
            return not(format!("fault {fault} alone hurts no user"));
        }
        shared = Some(match shared {
            None => victims,
            Some(before) => before.intersection(&victims).cloned().collect(),
        });
    }
    if shared.is_none_or(|s| s.is_empty()) {
        return not("its faults hurt different users");
    }
    Ok(())
}

fn concurrent(scenario: &Scenario, played: &Rehearsal<'_>) -> Result<(), ClaimError> {
    let objects: BTreeSet<&ManagedObject> = scenario.faults.iter().map(|f| &f.object).collect();
    let span = scenario.last_fault_s() - scenario.faults.iter().map(|f| f.at_s).min().unwrap_or(0);
    if !(2..=3).contains(&objects.len()) || objects.len() != scenario.faults.len() || span > 60 {
        return not("it has not two or three objects with a fault within a minute");
    }
    let mut hurt = BTreeSet::new();
    for fault in 0..scenario.faults.len() {
        let alone = alone(played, fault);
        if !alone.broken {
            return not(format!("fault {fault} alone breaks nothing"));
        }
        for victim in alone.victims {
            if !hurt.insert(victim.clone()) {
                return not(format!("two faults hurt {victim}: they are not unrelated"));
            }
        }
    }
    Ok(())
}

fn silent(scenario: &Scenario, warm: &World, now_s: u64) -> Result<(), ClaimError> {
    let mut played = Rehearsal::new(warm, scenario, Parts::All);
    for end_s in (10..=now_s).step_by(10) {
        played.run_to(end_s)?;
        for fault in &scenario.faults {
            if let Some(object) = admits(&played.world, &fault.object) {
                return not(format!("{object} reports that it is down"));
            }
        }
    }
    Ok(())
}

/// An object whose own operational state says that the fault's object is bad. A router that is down says nothing.
fn admits(world: &World, object: &ManagedObject) -> Option<ManagedObject> {
    let network = world.network();
    let ends: BTreeSet<&str> = network
        .links
        .iter()
        .filter(|l| match object.kind() {
            ObjectKind::Link => l.id == object.name(),
            _ => l.a == object.name() || l.b == object.name(),
        })
        .map(|l| l.id.as_str())
        .collect();
    let own = |o: &ManagedObject| match o.kind() {
        ObjectKind::Port => o.link_of_port().is_some_and(|l| ends.contains(l.name())),
        _ => o == object,
    };
    let states = [
        Metric::PortOperUp,
        Metric::InstanceUp,
        Metric::GatewayUp,
        Metric::CellUp,
    ];
    let readings = world.history.back()?;
    let bad = readings
        .iter()
        .find(|r| states.contains(&r.metric) && r.value < 1.0 && own(&r.object));
    bad.map(|r| r.object.clone())
}

/// How many readings moved by more than half of what they were.
fn loudness(
    warm: &World,
    scenario: &Scenario,
    parts: Parts,
    now_s: u64,
) -> Result<usize, ClaimError> {
    let mut played = Rehearsal::new(warm, scenario, parts);
    let read = |w: &World| -> BTreeMap<(ManagedObject, Metric), f64> {
        let last = w.history.back();
        let readings = last.iter().flat_map(|r| r.iter());
        readings
            .map(|r| ((r.object.clone(), r.metric), r.value))
            .collect()
    };
    let before = read(warm);
    played.run_to(now_s.min(scenario.last_fault_s() + 90))?;
    let moved = |key: &(ManagedObject, Metric), now: f64| {
        let was = before.get(key).copied().unwrap_or(now);
        (now - was).abs() > 0.5 * was.abs().max(0.02)
    };
    Ok(read(&played.world)
        .iter()
        .filter(|(key, now)| moved(key, **now))
        .count())
}

fn loud(scenario: &Scenario, warm: &World, now_s: u64) -> Result<(), ClaimError> {
    let noise = loudness(warm, scenario, Parts::Around, now_s)?;
    let fault = loudness(warm, scenario, Parts::Faults, now_s)?;
    if noise > fault {
        return Ok(());
    }
    not(format!(
        "its decoys move {noise} readings, its fault {fault}"
    ))
}

fn lies(scenario: &Scenario, warm: &World, now_s: u64) -> Result<(), ClaimError> {
    let mut played = Rehearsal::new(warm, scenario, Parts::All);
    played.run_to(now_s)?;
    let readings = played.world.history.back().cloned().unwrap_or_default();
    let lied = readings
        .iter()
        .any(|r| match played.world.told(r, r.value) {
            None => true,
            Some(said) => (said - r.value).abs() > 0.05 * r.value.abs().max(0.02),
        });
    if lied {
        return Ok(());
    }
    not("no meter says anything but the truth")
}

fn planned(scenario: &Scenario, played: &Rehearsal<'_>) -> Result<(), ClaimError> {
    let is_faulty = |o: &ManagedObject| scenario.faults.iter().any(|f| f.object == *o);
    let began = played.world.ground_truth().first().map(|f| f.at);
    let beside = |d: &&crate::sandbox::GroundTruthDouble| {
        d.announced && !is_faulty(&d.object) && began.is_some_and(|at| d.until > at)
    };
    if played.doubles.iter().any(|d| beside(&d)) {
        return Ok(());
    }
    not("no announced work goes on beside its fault")
}
