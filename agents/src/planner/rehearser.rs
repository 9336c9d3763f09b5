//! What would happen if? The planner asks here, and here alone.
//!
//! In: what is measured, and plans. Out: what the twin says of a plan, for the bidder or for one domain's own
//! objectives. Without a twin the answer is empty: it neither promises nor refuses anything.

use crate::picture::{DRAINED_COST, Picture};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_twin_link::Twin;
use zizhi_types::action::Verb;
use zizhi_types::domain::Domain;
use zizhi_types::objective::{Importance, Violation};
use zizhi_types::plan::Rehearsal;
use zizhi_types::topology::Network;
use zizhi_types::wire::Sample;
use zizhi_types::{Action, ManagedObject, Metric, NetTime, Objective, Plan};

/// How a planner knows what a plan would do.
pub(super) enum Rehearser {
    /// By its twin.
    Twin(Box<Stage>),
    /// Not at all.
    Unrehearsed,
}

/// The twin of one domain, and what it is kept true by.
pub(super) struct Stage {
    domain: Domain,
    state_age_ms_max: u64,
    network: Network,
    twin: Twin,
    silent: BTreeMap<Domain, BTreeSet<ManagedObject>>,
}

/// What is said of a plan that nothing is known about.
const UNREHEARSED: Rehearsal = Rehearsal {
    without: vec![],
    with: vec![],
    changes: vec![],
    makes_worse: false,
    error: 0.0,
    error_samples: 0,
    state_age_ms: 0,
};

impl Rehearser {
    /// The twin of `domain`, which is not asked about a state older than so many milliseconds.
    pub(super) fn with_twin(domain: Domain, state_age_ms_max: u64) -> Self {
        let network = Network::empty("unknown");
        let twin = Twin::new(&network);
        Self::Twin(Box::new(Stage {
            domain,
            state_age_ms_max,
            network,
            twin,
            silent: BTreeMap::new(),
        }))
    }

    /// A domain's part of the network.
    pub(super) fn learn(&mut self, domain: Domain, part: Network) {
        if let Self::Twin(stage) = self {
            stage.network.learn(domain, part);
            stage.twin.state = stage.twin.state.rebuilt(&stage.network);
        }
    }

    /// What a domain measured.
    pub(super) fn observe(&mut self, domain: Domain, samples: &[Sample], at: NetTime) {
        if let Self::Twin(stage) = self {
            stage.observe(domain, samples, at);
        }
    }

    /// Which sources of a domain are silent now.
    pub(super) fn silence(&mut self, domain: Domain, silent: Vec<ManagedObject>) {
        if let Self::Twin(stage) = self {
            stage.silence(domain, silent);
        }
    }

    /// How far the twin was off for these actions, as a relative error.
    pub(super) fn missed_by(&mut self, actions: &[Action], error: f64) {
        if let Self::Twin(stage) = self {
            for action in actions {
                let errors = &mut stage.twin.errors;
                errors.record_outcome(action.verb, 1.0 + error, 1.0);
            }
        }
    }

    /// What a plan would do to every objective; why it cannot be told, if it cannot.
    pub(super) fn rehearse(
        &self,
        plan: &Plan,
        picture: &Picture,
        now: NetTime,
    ) -> Result<Rehearsal, String> {
        match self {
            Self::Twin(stage) => stage.rehearse(plan, picture, now),
            Self::Unrehearsed => Ok(UNREHEARSED),
        }
    }

    /// A domain answers for its own objectives; the proposer answered for all.
    pub(super) fn rehearse_own(
        &self,
        plan: &Plan,
        picture: &Picture,
        now: NetTime,
    ) -> Result<Rehearsal, String> {
        match self {
            Self::Twin(stage) => stage.rehearse_own(plan, picture, now),
            Self::Unrehearsed => Ok(UNREHEARSED),
        }
    }
}

impl Stage {
    fn observe(&mut self, domain: Domain, samples: &[Sample], at: NetTime) {
        let state = &mut self.twin.state;
        if domain != self.domain {
            state.confirm(domain, at);
        }
        for sample in samples {
            state.observe(&sample.object, sample.metric, sample.value, at);
        }
    }

    fn silence(&mut self, domain: Domain, silent: Vec<ManagedObject>) {
        let new: BTreeSet<ManagedObject> = silent.into_iter().collect();
        let old = self.silent.insert(domain, new.clone()).unwrap_or_default();
        for source in old.difference(&new) {
            self.twin.state.mark_silent(source, false);
        }
        for source in new.difference(&old) {
            self.twin.state.mark_silent(source, true);
        }
    }

    fn rehearse(&self, plan: &Plan, picture: &Picture, now: NetTime) -> Result<Rehearsal, String> {
        let age = self.twin.state.age_ms(now);
        if age > self.state_age_ms_max {
            return Err(format!(
                "the twin's state is {} s old: nothing can be rehearsed on it",
                age / 1000
            ));
        }
        let actions = actions_of(plan);
        let objectives = protected(picture, self.domain, now);
        let rehearsal = self.twin.rehearse(&actions, &objectives, now);
        let mut rehearsal = rehearsal.map_err(|e| e.to_string())?;
        // A link that is taken out of service on purpose protects nobody: what is left wrong with it hurts nobody.
        let out = taken_out(&actions, picture);
        rehearsal.with.retain(|v| !out.contains(&v.object));
        rehearsal.without.extend(set_right(&actions, picture, now));
        Ok(rehearsal)
    }

    fn rehearse_own(
        &self,
        plan: &Plan,
        picture: &Picture,
        now: NetTime,
    ) -> Result<Rehearsal, String> {
        let mut objectives = protected(picture, self.domain, now);
        objectives.retain(|o| o.object.domain() == self.domain);
        self.twin
            .rehearse(&actions_of(plan), &objectives, now)
            .map_err(|e| e.to_string())
    }
}

fn actions_of(plan: &Plan) -> Vec<Action> {
    plan.steps.iter().map(|s| s.action.clone()).collect()
}

/// The ports of links that the actions cost out.
fn taken_out(actions: &[Action], picture: &Picture) -> BTreeSet<ManagedObject> {
    let drains = |a: &&Action| {
        a.verb == Verb::LinkSetCost && a.number("cost").is_some_and(|c| c >= DRAINED_COST)
    };
    let links = actions.iter().filter(drains);
    links.flat_map(|a| picture.ports_of(&a.object)).collect()
}

/// Settings that differ from what is intended now, and that the actions set to it. The twin leaves settings that a plan
/// changes on purpose out of its answer, so what is cured by setting them is added to the "nothing is done" side here.
fn set_right(actions: &[Action], picture: &Picture, now: NetTime) -> Vec<Violation> {
    let set: BTreeMap<(ManagedObject, Metric), f64> =
        actions.iter().flat_map(|a| settings(a, picture)).collect();
    let cured = |v: &Violation| set.get(&(v.object.clone(), v.metric)) == Some(&v.limit);
    picture.violations(now).into_iter().filter(cured).collect()
}

/// What an action sets on purpose.
fn settings(action: &Action, picture: &Picture) -> Vec<((ManagedObject, Metric), f64)> {
    let sets = picture.sets(action).into_iter();
    sets.map(|s| ((s.object, s.metric), s.value)).collect()
}

/// Objectives that count: not those of objects under announced work or out of service.
fn protected(picture: &Picture, domain: Domain, now: NetTime) -> Vec<Objective> {
    picture
        .objectives()
        .filter(|o| !picture.waived(&o.object, now))
        // How a setting is meant to be is known to its own domain alone.
        .filter(|o| o.importance != Importance::Conformity || o.object.domain() == domain)
        .cloned()
        .collect()
}
