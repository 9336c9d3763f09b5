//! A scenario without anybody at work in it: what truly happens when nothing is done, or when the causes are removed.
//!
//! In: a [`Scenario`]. Out: per interval, what is truly broken. No bus, no telemetry, no swarm.

use super::{DecoySpec, FaultSpec, LieSpec, Scenario};
use crate::sandbox::{SceneError, World, truth};
use std::collections::BTreeSet;
use zizhi_types::topology::Network;
use zizhi_types::{ManagedObject, Metric, NetTime};

/// A busy morning: when every scenario begins.
pub const START: NetTime = NetTime::from_secs(8 * 3600);
/// Length of an interval.
const STEP_MS: u64 = 10_000;

/// What is broken in one interval.
pub(super) type Broken = BTreeSet<(ManagedObject, Metric)>;

/// The network of a scenario after its warm-up, and what was broken in the last minute of it.
pub(super) fn warm(network: &Network, seed: u64, warm_up_s: u64) -> (World, Broken) {
    let mut world = World::new(network, seed, START);
    let mut broken = Broken::new();
    let end = START + warm_up_s * 1000;
    while world.now() < end {
        let now = step(&mut world);
        if end.since(world.now()) <= 60_000 {
            broken.extend(now);
        }
    }
    (world, broken)
}

/// Lets one interval pass; what is truly broken at its end.
pub(super) fn step(world: &mut World) -> Broken {
    world.advance(world.now() + STEP_MS);
    world.close_interval();
    truth::true_violations(world)
        .into_iter()
        .map(|v| (v.object, v.metric))
        .collect()
}

#[derive(Debug, Clone, Copy)]
enum Cue<'a> {
    Fault(&'a FaultSpec),
    Lie(&'a LieSpec),
    Decoy(&'a DecoySpec),
}

/// Which parts of a scenario are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// Faults, lies and decoys.
    All,
    /// Faults only.
    Faults,
    /// Lies and decoys, without the faults.
    Around,
    /// What the double has.
    Double,
}

/// A scenario that is being played.
#[derive(Debug, Clone)]
pub(super) struct Rehearsal<'a> {
    pub world: World,
    zero: NetTime,
    /// The last first.
    cues: Vec<(u64, Cue<'a>)>,
    /// Decoys that found a place.
    pub doubles: Vec<crate::sandbox::GroundTruthDouble>,
}

impl<'a> Rehearsal<'a> {
    pub fn new(warm: &World, scenario: &'a Scenario, parts: Parts) -> Self {
        let s = scenario;
        let mut cues: Vec<(u64, Cue<'a>)> = vec![];
        if parts != Parts::Faults {
            cues.extend(s.lies.iter().map(|l| (l.at_s, Cue::Lie(l))));
            cues.extend(s.decoys.iter().map(|d| (d.at_s, Cue::Decoy(d))));
        }
        if parts == Parts::Double {
            cues.extend(s.double.iter().map(|d| (d.at_s, Cue::Decoy(d))));
        }
        if matches!(parts, Parts::All | Parts::Faults) {
            cues.extend(s.faults.iter().map(|f| (f.at_s, Cue::Fault(f))));
        }
        cues.sort_by_key(|(at_s, _)| *at_s);
        cues.reverse();
        Self {
            zero: warm.now(),
            world: warm.clone(),
            cues,
            doubles: vec![],
        }
    }

    /// Plays on until a second after the warm-up; what was broken in each interval.
    pub fn run_to(&mut self, end_s: u64) -> Result<Vec<Broken>, SceneError> {
        let mut seen = vec![];
        while self.world.now().since(self.zero) < end_s * 1000 {
            self.give_cues()?;
            seen.push(step(&mut self.world));
        }
        Ok(seen)
    }

    fn give_cues(&mut self) -> Result<(), SceneError> {
        let now_s = self.world.now().since(self.zero) / 1000;
        while self.cues.last().is_some_and(|(at_s, _)| *at_s <= now_s) {
            let Some((_, cue)) = self.cues.pop() else {
                break;
            };
            match cue {
                Cue::Fault(fault) => drop(self.world.inject_as(fault)?),
                Cue::Lie(lie) => self.world.lie(lie)?,
                // A decoy that finds no place now is left out, as when the scenario is played for good.
                Cue::Decoy(decoy) => self.doubles.extend(self.world.inject_double(decoy.kind)),
            }
        }
        Ok(())
    }

    /// A copy in which the causes of all faults but one are removed now; `None`: of all of them.
    pub fn repaired_but(&self, kept: Option<usize>) -> Self {
        let mut copy = self.clone();
        for (n, fault) in self.world.ground_truth().iter().enumerate() {
            if Some(n) != kept {
                copy.world.repair(&fault.id);
            }
        }
        copy
    }
}
