//! The judge: what a trial came to, from its journal, the actions that reached the network, and the truth.

use super::attribute::{Blamed, attribute, blamed, first_at, plans};
use super::objects::ObjectGraph;
use super::result::{ActionCounts, Cost, FaultResult, NegotiationCounts, TrialResult};
use crate::sandbox::truth::harm_of;
use crate::sandbox::{AppliedAction, GroundTruth};
use crate::scenario::Scenario;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::record::{Ending, Ruling};
use zizhi_types::{Action, Body, IncidentId, NetTime, Record, RunId, incident};

/// Everything that was seen in a trial.
pub(super) struct Watched {
    /// The first moment of the warm-up.
    pub began: NetTime,
    /// The first moment after the warm-up.
    pub zero: NetTime,
    /// The last moment.
    pub ended: NetTime,
    /// Every fault, with when it was cleared.
    pub faults: Vec<GroundTruth>,
    /// The journal.
    pub records: Vec<Record>,
    /// What reached the network.
    pub applied: Vec<AppliedAction>,
    /// For each interval since [`Self::zero`] its end, and whether some user was hurt in truth.
    pub hurt: Vec<(NetTime, bool)>,
    /// Messages on the bus that are not telemetry.
    pub messages: u64,
}

/// Which trial it was.
pub(super) struct Label<'a> {
    pub scenario: &'a Scenario,
    pub network: &'a str,
    pub policy: &'a str,
    pub repeat: u32,
    pub seed: u64,
    pub double: bool,
    pub journal: String,
}

pub(super) fn judge(label: Label<'_>, graph: &ObjectGraph, seen: &Watched) -> TrialResult {
    let blamed = blamed(incident::fold(&seen.records), &seen.records);
    let (of_fault, strays) = attribute(&blamed, &seen.faults, graph);
    let faults: Vec<FaultResult> = seen
        .faults
        .iter()
        .zip(&of_fault)
        .map(|(fault, own)| judge_fault(fault, own, &blamed, graph, seen))
        .collect();
    let first = seen.faults.iter().map(|f| f.at).min().unwrap_or(seen.zero);
    let actions = actions(seen);
    let hurt_now = seen.hurt.last().is_some_and(|(_, hurt)| *hurt);
    let success = if label.double {
        seen.applied.is_empty()
    } else {
        faults.iter().all(|f| f.mitigated) && !hurt_now && actions.harmful == 0
    };
    let mut result = TrialResult {
        scenario: label.scenario.name.clone(),
        shape: label.scenario.shape,
        network: label.network.to_owned(),
        policy: label.policy.to_owned(),
        repeat: label.repeat,
        seed: label.seed,
        double: label.double,
        incidents: blamed.len(),
        false_alarms: strays.len(),
        watched_s: seconds(seen.began, seen.ended),
        hurt_s: hurt_s(seen),
        restored_s: restored(seen).map(|at| seconds(first, at)),
        ever_hurt: seen.hurt.iter().any(|(_, hurt)| *hurt),
        horizon_s: seconds(first, seen.ended),
        success,
        in_time: false,
        actions,
        negotiation: negotiation(&seen.records),
        cost: cost(seen),
        faults,
        journal: label.journal,
    };
    result.in_time = in_time(&result, label.scenario);
    result
}

fn seconds(from: NetTime, to: NetTime) -> f64 {
    to.since(from) as f64 / 1000.0
}

/// Found, restored and paid for within what the scenario asks.
fn in_time(result: &TrialResult, scenario: &Scenario) -> bool {
    let found = |f: &FaultResult| {
        f.detect_s
            .is_some_and(|s| s <= scenario.objectives.detect_s as f64)
    };
    let asked = &scenario.objectives;
    let first_s = scenario.faults.iter().map(|f| f.at_s).min().unwrap_or(0);
    let from_last = (scenario.last_fault_s() - first_s) as f64;
    let restored = !result.ever_hurt
        || result
            .restored_s
            .is_some_and(|s| s - from_last <= asked.restore_s as f64);
    let paid = result.actions.steps <= scenario.budget.actions as usize;
    result.success && result.faults.iter().all(found) && restored && paid
}

fn hurt_s(seen: &Watched) -> f64 {
    let mut from = seen.zero;
    let mut sum = 0.0;
    for (until, hurt) in &seen.hurt {
        if *hurt {
            sum += seconds(from, *until);
        }
        from = *until;
    }
    sum
}

/// When the last interval in which somebody was hurt ended, if it is over.
fn restored(seen: &Watched) -> Option<NetTime> {
    let last = seen.hurt.iter().rposition(|(_, hurt)| *hurt)?;
    (last + 1 < seen.hurt.len()).then(|| seen.hurt[last].0)
}

fn judge_fault(
    fault: &GroundTruth,
    own: &[usize],
    blamed: &[Blamed],
    graph: &ObjectGraph,
    seen: &Watched,
) -> FaultResult {
    let first = own.first().map(|n| &blamed[*n].incident);
    let ids: Vec<&IncidentId> = own.iter().map(|n| &blamed[*n].incident.id).collect();
    // The ranking that counts is that of the incident that was acted on first: a later, better one does not excuse it.
    let acted = |n: &&usize| blamed[**n].incident.acted.is_some();
    let ranking = own
        .iter()
        .find(acted)
        .or(own.first())
        .map_or(&[][..], |n| &blamed[*n].hypotheses);
    let place = |right: &dyn Fn(&zizhi_types::Hypothesis) -> bool| {
        ranking.iter().position(right).map(|p| p + 1)
    };
    let since = |at: NetTime| seconds(fault.at, at);
    let at = |wanted: &dyn Fn(&Body) -> bool| first_at(&seen.records, &ids, wanted);
    let is_truth = |h: &zizhi_types::Hypothesis| h.object == fault.object && h.fault == fault.kind;
    let explained = |b: &Body| matches!(b, Body::Diagnosed { hypotheses, .. } if hypotheses.first().is_some_and(is_truth));
    let let_through = |b: &Body| {
        matches!(
            b,
            Body::Decided {
                ruling: Ruling::Proceed,
                ..
            }
        )
    };
    let decided = at(&let_through).or_else(|| at(&is_step));
    FaultResult {
        kind: fault.kind,
        object: fault.object.clone(),
        domain: fault.domain,
        incident: first.map(|i| i.id.clone()),
        detect_s: first.map(|i| since(i.opened)),
        named: ranking.first().map(|h| (h.object.clone(), h.fault)),
        rank: place(&is_truth),
        object_rank: place(&|h| h.object == fault.object),
        distance: ranking
            .first()
            .map(|h| graph.distance(&h.object, &fault.object)),
        explain_s: at(&explained).map(since),
        planned: at(&|b| matches!(b, Body::Planned { .. }))
            .or_else(|| at(&is_step))
            .is_some(),
        plan_fits: plan_fits(fault, &ids, seen),
        act_s: at(&is_step).map(since),
        mitigated: is_mitigated(fault, seen),
        claimed: own
            .iter()
            .any(|n| blamed[*n].incident.ending == Some(Ending::Fixed)),
        decide_s: first.zip(decided).map(|(i, at)| seconds(i.opened, at)),
    }
}

const fn is_step(body: &Body) -> bool {
    matches!(body, Body::StepStarted { .. })
}

/// Whether the first plan that was carried out for a fault has an action that is one of its cures.
fn plan_fits(fault: &GroundTruth, incidents: &[&IncidentId], seen: &Watched) -> Option<bool> {
    let steps = || {
        let own = |r: &&Record| r.incident.as_ref().is_some_and(|i| incidents.contains(&i));
        seen.records
            .iter()
            .filter(own)
            .filter_map(|r| match &r.body {
                Body::StepStarted { run, action, .. } => Some((run, action)),
                _ => None,
            })
    };
    let (first, _) = steps().next()?;
    Some(steps().any(|(run, action)| run == first && cures(action, fault)))
}

/// Whether an action ends a fault or takes its harm away: a verb that cures it, on the object where that is the one.
pub(super) fn cures(action: &Action, fault: &GroundTruth) -> bool {
    let same_kind = action.verb.object_kind() == fault.object.kind();
    fault.cures.contains(&action.verb) && (!same_kind || action.object == fault.object)
}

/// In truth: the cause is gone; or a cure stands and nobody is hurt.
pub(super) fn is_mitigated(fault: &GroundTruth, seen: &Watched) -> bool {
    if fault.cleared_at.is_some() {
        return true;
    }
    let hurt = seen.hurt.last().is_some_and(|(_, hurt)| *hurt);
    let standing = standing(seen);
    !hurt
        && seen
            .applied
            .iter()
            .any(|a| standing.contains(a.key.as_str()) && cures(&a.action, fault))
}

/// Keys of steps that were done and not taken back.
fn standing(seen: &Watched) -> BTreeSet<&str> {
    let mut keys = BTreeMap::new();
    let mut done = BTreeSet::new();
    for record in &seen.records {
        match &record.body {
            Body::StepStarted { run, step, key, .. } => {
                keys.insert((run, step), key.as_str());
            }
            Body::StepDone { run, step, .. } => {
                done.insert((run, step));
            }
            Body::UndoDone { run, step, .. } => {
                done.remove(&(run, step));
            }
            _ => {}
        }
    }
    done.iter().filter_map(|id| keys.get(id).copied()).collect()
}

/// The steps of a run share the first part of their keys; what takes a step back has a key of its own and is no step.
fn actions(seen: &Watched) -> ActionCounts {
    let mut run_of: BTreeMap<&str, &RunId> = BTreeMap::new();
    let mut undone: BTreeSet<&RunId> = BTreeSet::new();
    for record in &seen.records {
        match &record.body {
            Body::StepStarted { run, key, .. } => {
                run_of.insert(key, run);
            }
            Body::UndoStarted { run, reason, .. }
                if matches!(reason.as_str(), "verify-failed" | "step-failed") =>
            {
                undone.insert(run);
            }
            _ => {}
        }
    }
    let mut runs: BTreeMap<&RunId, Vec<&AppliedAction>> = BTreeMap::new();
    for applied in &seen.applied {
        if let Some(run) = run_of.get(applied.key.as_str()) {
            runs.entry(run).or_default().push(applied);
        }
    }
    let mut counts = ActionCounts {
        steps: runs.values().map(Vec::len).sum(),
        plans: runs.len(),
        ..ActionCounts::default()
    };
    for (run, steps) in runs {
        let taken_back = undone.contains(run);
        counts.rolled_back += usize::from(taken_back);
        if hurts(&steps) {
            counts.harmful += usize::from(!taken_back);
            counts.harmful_undone += usize::from(taken_back);
        }
    }
    counts
}

fn hurts(steps: &[&AppliedAction]) -> bool {
    let actions: Vec<Action> = steps.iter().map(|a| a.action.clone()).collect();
    steps
        .first()
        .is_some_and(|first| harm_of(&first.world_before, &actions).harmful)
}

fn negotiation(records: &[Record]) -> NegotiationCounts {
    let mut counts = NegotiationCounts::default();
    let (mut called, mut awarded) = (None, None);
    for record in records {
        match &record.body {
            Body::Called { .. } => {
                counts.calls += 1;
                called = called.or(Some(record.at));
            }
            Body::BidReceived { .. } => counts.bids += 1,
            Body::Refused { plan: Some(_), .. } => counts.refused += 1,
            Body::Aborted { .. } => counts.aborted += 1,
            Body::Awarded { .. } => {
                counts.awarded += 1;
                awarded = awarded.or(Some(record.at));
            }
            _ => {}
        }
    }
    counts.agree_s = called.zip(awarded).map(|(from, to)| seconds(from, to));
    counts
}

fn cost(seen: &Watched) -> Cost {
    let plans = plans(&seen.records);
    let mut started = BTreeSet::new();
    let mut tokens = 0.0;
    for record in &seen.records {
        if let Body::StepStarted { run, plan, .. } = &record.body
            && started.insert(run)
        {
            tokens += plans.get(plan).map_or(0.0, |p| p.cost_tokens);
        }
    }
    Cost {
        tokens,
        messages: seen.messages,
        records: seen.records.len(),
    }
}
