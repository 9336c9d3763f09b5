//! What has begun and not ended: incidents, steps, plans that wait for a person.

use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::{Body, IncidentId, NetTime, PlanId, Record, RunId, Stage, Verb};

/// Most open things of each sort; beyond it the oldest is forgotten and its times are not measured (our choice: far more
/// than one network has at a time).
const MOST: usize = 10_000;

/// An incident that this process opened or took over.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    /// When; `None` where another process opened it.
    pub opened: Option<NetTime>,
    /// The stages that have a record.
    pub reached: BTreeSet<Stage>,
    /// Whether a step was started.
    pub acted: bool,
    /// Whether a run was verified.
    pub restored: bool,
}

/// A plan that waits for a person.
#[derive(Debug, Clone)]
struct Waiting {
    plan: PlanId,
    incident: IncidentId,
    since: NetTime,
}

/// What has begun and not ended.
#[derive(Debug, Default)]
pub(super) struct Watched {
    incidents: BTreeMap<IncidentId, Open>,
    steps: BTreeMap<(RunId, String), Verb>,
    /// By fingerprint.
    waiting: BTreeMap<String, Waiting>,
}

/// Inserts within the bound.
fn keep<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    if map.len() >= MOST && !map.contains_key(&key) {
        map.pop_first();
    }
    map.insert(key, value);
}

impl Watched {
    /// Incidents that are open.
    pub(super) fn open(&self) -> usize {
        self.incidents.len()
    }

    /// Plans that wait for a person.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// An incident is led from now on, and was opened at a known moment or not.
    pub(super) fn leads(&mut self, incident: &IncidentId, opened: Option<NetTime>) {
        let open = Open {
            opened,
            ..Open::default()
        };
        keep(&mut self.incidents, incident.clone(), open);
    }

    /// The open incident that a record belongs to.
    pub(super) fn incident(&mut self, record: &Record) -> Option<&mut Open> {
        self.incidents.get_mut(record.incident.as_ref()?)
    }

    /// It ended; gives when it was opened, where that is known.
    pub(super) fn closed(&mut self, incident: &IncidentId) -> Option<NetTime> {
        self.waiting.retain(|_, w| w.incident != *incident);
        self.incidents.remove(incident)?.opened
    }

    /// A step begins.
    pub(super) fn step(&mut self, run: &RunId, step: &str, verb: Verb) {
        keep(&mut self.steps, (run.clone(), step.to_owned()), verb);
    }

    /// A step ended; gives its verb.
    pub(super) fn stepped(&mut self, run: &RunId, step: &str) -> Option<Verb> {
        self.steps.remove(&(run.clone(), step.to_owned()))
    }

    /// A person is asked.
    pub(super) fn asks(&mut self, fingerprint: &str, plan: &PlanId, record: &Record) {
        if let Some(incident) = record.incident.clone() {
            let waiting = Waiting {
                plan: plan.clone(),
                incident,
                since: record.at,
            };
            keep(&mut self.waiting, fingerprint.to_owned(), waiting);
        }
    }

    /// A person answered; gives when it was asked.
    pub(super) fn answered(&mut self, fingerprint: &str) -> Option<NetTime> {
        self.waiting.remove(fingerprint).map(|w| w.since)
    }

    /// A plan does not wait any more, whatever became of it.
    pub(super) fn waits_no_more(&mut self, body: &Body) {
        let (Body::Aborted { plan, .. }
        | Body::Committed { plan, .. }
        | Body::StepStarted { plan, .. }) = body
        else {
            return;
        };
        self.waiting.retain(|_, w| w.plan != *plan);
    }
}
