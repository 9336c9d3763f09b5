//! What one fault or double came to, judged from the journal and from the true state of the sandbox.

use crate::sandbox::truth::{harm_of, is_felt, true_violations};
use crate::sandbox::{AppliedAction, GroundTruth, GroundTruthDouble, World};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::record::Ending;
use zizhi_types::{
    Action, Body, FaultKind, Incident, IncidentId, ManagedObject, NetTime, Record, incident,
};

/// The outcome of one slot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlotResult {
    /// Counts from 1 over faults and doubles.
    pub number: usize,
    /// A double, not a fault.
    pub double: bool,
    /// What kind of fault it was, or looked like.
    pub fault: FaultKind,
    /// Where.
    pub object: ManagedObject,
    /// When it began.
    pub at: NetTime,
    /// The incident that the swarm opened, if it did.
    pub incident: Option<IncidentId>,
    /// Whether an incident was opened while the fault was there.
    pub detected: bool,
    /// What the swarm ranked first.
    pub cause: Option<(ManagedObject, FaultKind, f64)>,
    /// Whether that is the truth: object and kind.
    pub cause_right: bool,
    /// What was done and left in place, in words.
    pub actions: Vec<String>,
    /// Whether an action was started.
    pub acted: bool,
    /// The swarm verified a remedy, and in truth no user is hurt by the fault any more.
    pub fixed: bool,
    /// Actions left in place that, in truth, hurt users who would not have been hurt without them.
    pub harmful: usize,
    /// Seconds of network time from the fault to the incident.
    pub detect_s: Option<f64>,
    /// Seconds of network time from the fault to the verified remedy.
    pub repair_s: Option<f64>,
}

/// The counts over a campaign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Faults injected.
    pub faults: usize,
    /// Of them detected.
    pub detected: usize,
    /// Of them with the right cause ranked first.
    pub cause_top1: usize,
    /// Of them fixed without a person.
    pub fixed: usize,
    /// Harmful actions left in place.
    pub harmful: usize,
    /// Doubles made.
    pub doubles: usize,
    /// Of them acted on.
    pub acted_on_doubles: usize,
}

impl Summary {
    /// Counts one more slot.
    pub fn add(&mut self, slot: &SlotResult) {
        self.harmful += slot.harmful;
        if slot.double {
            self.doubles += 1;
            self.acted_on_doubles += usize::from(slot.acted);
            return;
        }
        self.faults += 1;
        self.detected += usize::from(slot.detected);
        self.cause_top1 += usize::from(slot.cause_right);
        self.fixed += usize::from(slot.fixed);
    }
}

/// What was made to happen.
pub(super) enum Injected {
    Fault(GroundTruth),
    Double(GroundTruthDouble),
}

impl Injected {
    pub(super) const fn at(&self) -> NetTime {
        match self {
            Self::Fault(t) => t.at,
            Self::Double(d) => d.at,
        }
    }

    const fn kind(&self) -> FaultKind {
        match self {
            Self::Fault(t) => t.kind,
            Self::Double(d) => d.kind,
        }
    }

    const fn object(&self) -> &ManagedObject {
        match self {
            Self::Fault(t) => &t.object,
            Self::Double(d) => &d.object,
        }
    }
}

/// Judges a slot by the records written in it, the actions applied in it, and the world at its end.
pub(super) fn judge(
    number: usize,
    injected: &Injected,
    records: &[Record],
    applied: &[AppliedAction],
    world: &World,
) -> SlotResult {
    let incidents = incident::fold(records);
    let about = best_incident(&incidents, injected);
    let left = left_in_place(records);
    let in_place: Vec<&AppliedAction> = applied.iter().filter(|a| left.contains(&a.key)).collect();
    let cause = about.and_then(|i| i.cause.clone());
    let right = cause
        .as_ref()
        .is_some_and(|(o, k, _)| o == injected.object() && *k == injected.kind());
    let double = matches!(injected, Injected::Double(_));
    let since = |at: NetTime| at.since(injected.at()) as f64 / 1000.0;
    let repaired = about
        .filter(|i| i.ending == Some(Ending::Fixed))
        .and_then(|i| i.restored);
    SlotResult {
        number,
        double,
        fault: injected.kind(),
        object: injected.object().clone(),
        at: injected.at(),
        incident: about.map(|i| i.id.clone()),
        detected: about.is_some() && !double,
        cause_right: right && !double,
        cause,
        actions: in_place.iter().map(|a| a.action.to_string()).collect(),
        acted: !applied.is_empty(),
        fixed: repaired.is_some() && !double && !still_hurting(injected, world),
        harmful: harmful_plans(&in_place),
        detect_s: about.map(|i| since(i.opened)),
        repair_s: repaired.map(since),
    }
}

/// Plans, of those left in place, that in truth hurt users; the steps of a run share its key's first part.
fn harmful_plans(in_place: &[&AppliedAction]) -> usize {
    let mut runs: BTreeMap<&str, Vec<&AppliedAction>> = BTreeMap::new();
    for applied in in_place {
        let run = applied.key.split('/').next().unwrap_or_default();
        runs.entry(run).or_default().push(applied);
    }
    let hurts = |steps: &&Vec<&AppliedAction>| {
        let actions: Vec<Action> = steps.iter().map(|a| a.action.clone()).collect();
        steps
            .first()
            .is_some_and(|first| harm_of(&first.world_before, &actions).harmful)
    };
    runs.values().filter(hurts).count()
}

/// The incident that is about the fault: one that names its object, else one that was fixed, else the first.
fn best_incident<'a>(incidents: &'a [Incident], injected: &Injected) -> Option<&'a Incident> {
    let names = |i: &&Incident| {
        i.cause
            .as_ref()
            .is_some_and(|(o, k, _)| o == injected.object() && *k == injected.kind())
    };
    let fixed = |i: &&Incident| i.ending == Some(Ending::Fixed);
    // The first incident is the one that the swarm acted on first: a later, better one does not excuse it.
    incidents
        .iter()
        .find(|i| i.acted.is_some())
        .or_else(|| incidents.iter().find(names))
        .or_else(|| incidents.iter().find(fixed))
        .or_else(|| incidents.first())
}

/// Whether users suffer from the fault still: an objective that users feel does not truly hold.
fn still_hurting(injected: &Injected, world: &World) -> bool {
    let Injected::Fault(truth) = injected else {
        return false;
    };
    let cleared = world
        .ground_truth()
        .iter()
        .any(|t| t.id == truth.id && t.cleared_at.is_some());
    let felt = true_violations(world).iter().any(|v| is_felt(v.metric));
    felt && !cleared
}

/// Keys of steps that were done and not taken back.
fn left_in_place(records: &[Record]) -> BTreeSet<String> {
    let mut keys = BTreeMap::new();
    let mut done = BTreeSet::new();
    for record in records {
        match &record.body {
            Body::StepStarted { run, step, key, .. } => {
                keys.insert((run.clone(), step.clone()), key.clone());
            }
            Body::StepDone { run, step, .. } => {
                done.insert((run.clone(), step.clone()));
            }
            Body::UndoDone { run, step, .. } => {
                done.remove(&(run.clone(), step.clone()));
            }
            _ => {}
        }
    }
    done.iter().filter_map(|id| keys.get(id).cloned()).collect()
}
