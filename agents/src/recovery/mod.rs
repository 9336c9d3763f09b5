//! What does an agent that was killed have to know again?
//!
//! In: the records of its journal. Out: [`Recovered`], which the loop, the executor and the negotiator begin with.
//! Pure: a fold over the agent's own records, like everything that is read from a journal. Telemetry, inventories and what
//! peers know come again over the bus; what only this agent knew is here: which numbers are taken, which incidents it
//! leads, and where each of its runs stands.
//!
//! Nothing is done on the strength of this alone. A step that was begun and not answered is looked up at the driver by
//! its key ([`zizhi_playbooks::Driver::recall`]); it is never done a second time.

mod runs;
mod waiting;

pub use runs::{EndedRun, InFlight, OpenRun};
pub use waiting::Waiters;

use crate::executor::{WaitingPlan, ran};
use runs::Runs;
use std::collections::BTreeMap;
use zizhi_playbooks::autonomy::Ledger;
use zizhi_playbooks::guards::{self, Failure, Ran};
use zizhi_playbooks::run::UndoReason;
use zizhi_types::domain::Domain;
use zizhi_types::negotiation::{Lease, RunEnd};
use zizhi_types::record::Ending;
use zizhi_types::{
    Action, Anomaly, AnomalyId, Body, Hypothesis, IncidentId, ManagedObject, NetTime, Plan, PlanId,
    Record, RecordId,
};

/// An incident that the agent led when it was killed.
#[derive(Debug, Clone, PartialEq)]
pub struct LedIncident {
    /// Which.
    pub incident: IncidentId,
    /// Under which lease.
    pub lease: Lease,
    /// What belongs to it.
    pub symptoms: Vec<AnomalyId>,
    /// Its ranked causes, as far as it was diagnosed.
    pub hypotheses: Vec<Hypothesis>,
    /// It was taken over from a leader that was lost: its diagnosis is in that one's journal.
    pub taken_over: bool,
    /// The plan that was awarded last and has not ended, as far as this agent knows.
    pub awarded: Option<PlanId>,
}

/// Which numbers were given already: an id is given once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Records.
    pub records: u64,
    /// Anomalies.
    pub anomalies: u64,
    /// Incidents.
    pub incidents: u64,
    /// Plans.
    pub plans: u64,
    /// Runs.
    pub runs: u64,
    /// Fencing tokens, of any domain.
    pub tokens: u64,
}

/// What the journal tells of one domain.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recovered {
    /// Numbers.
    pub taken: Taken,
    /// The time of the newest record.
    pub now: NetTime,
    /// Incidents that are over: how they ended, and when.
    pub closed: BTreeMap<IncidentId, (Ending, NetTime)>,
    /// Incidents that it led.
    pub led: Vec<LedIncident>,
    /// Anomalies that it raised and that last, with their records.
    pub anomalies: Vec<(Anomaly, RecordId)>,
    /// Runs that have not ended.
    pub runs: Vec<OpenRun>,
    /// Runs that ended lately: their report may not have left the process.
    pub ended: Vec<EndedRun>,
    /// Objects that only a person may change.
    pub frozen: BTreeMap<ManagedObject, String>,
    /// When each object was last acted on.
    pub acted: BTreeMap<ManagedObject, Vec<NetTime>>,
    /// When runs were begun.
    pub begun: Vec<NetTime>,
    /// What was begun, for throttles.
    pub ran: Vec<Ran>,
    /// Runs that did not help.
    pub failures: Vec<Failure>,
    /// When a person closed a playbook's breaker.
    pub breakers_closed: BTreeMap<String, NetTime>,
    /// Why the kill switch is on, if it is.
    pub killed: Option<String>,
    /// Plans that wait for people.
    pub waiting: Vec<WaitingPlan>,
    /// Every change that was made, in order: what it set is intended.
    pub changes: Vec<Action>,
    /// Plans that were awarded or decided on, by id.
    pub plans: BTreeMap<PlanId, Plan>,
    /// The newest record of each incident.
    pub last: BTreeMap<IncidentId, RecordId>,
    /// What came of playbooks, and the modes that were set.
    pub ledger: Ledger,
}

impl Recovered {
    /// Whether there is anything to begin with.
    pub const fn is_empty(&self) -> bool {
        self.taken.records == 0
    }
}

/// Folds what `domain` wrote.
pub fn recover<'r>(domain: Domain, records: impl IntoIterator<Item = &'r Record>) -> Recovered {
    let mut fold = Fold::new(domain);
    for record in records {
        if record.domain == Some(domain) {
            fold.take(record);
        }
    }
    fold.finish()
}

struct Fold {
    domain: Domain,
    out: Recovered,
    led: BTreeMap<IncidentId, LedIncident>,
    anomalies: BTreeMap<AnomalyId, (Anomaly, RecordId)>,
    runs: Runs,
    waiters: Waiters,
}

impl Fold {
    fn new(domain: Domain) -> Self {
        Self {
            domain,
            out: Recovered::default(),
            led: BTreeMap::new(),
            anomalies: BTreeMap::new(),
            runs: Runs::default(),
            waiters: Waiters::default(),
        }
    }

    fn take(&mut self, record: &Record) {
        let out = &mut self.out;
        out.now = out.now.max(record.at);
        out.taken.records = out.taken.records.max(record.id.number);
        if let Some(incident) = &record.incident {
            out.last.insert(incident.clone(), record.id.clone());
        }
        self.count(record);
        self.incidents(record);
        self.anomalies(record);
        self.changes(record);
        self.runs.take(record, &self.out.plans);
        self.waiters.take(record);
        self.out.ledger.take(record);
    }

    fn count(&mut self, record: &Record) {
        let (domain, taken) = (self.domain, &mut self.out.taken);
        if let Some(incident) = record.incident.as_ref().filter(|i| i.owner == domain) {
            taken.incidents = taken.incidents.max(incident.number);
        }
        let mut plan = |id: &PlanId| {
            if id.owner == domain {
                taken.plans = taken.plans.max(id.number);
            }
        };
        match &record.body {
            Body::Planned { plans, .. } => plans.iter().for_each(&mut plan),
            Body::Rehearsed { plan: id, .. } | Body::Aborted { plan: id, .. } => plan(id),
            Body::Decided { plan: whole, .. } => plan(&whole.id),
            Body::AnomalyRaised { anomaly } => {
                taken.anomalies = taken.anomalies.max(anomaly.id.number);
            }
            Body::StepStarted { run, .. } => taken.runs = taken.runs.max(run.number),
            Body::IncidentOpened { lease, .. }
            | Body::TookOver { lease, .. }
            | Body::Committed { lease, .. } => taken.tokens = taken.tokens.max(lease.token),
            _ => {}
        }
    }

    fn incidents(&mut self, record: &Record) {
        let Some(incident) = &record.incident else {
            return;
        };
        let led = |lease: Lease, symptoms: &[AnomalyId], taken_over| LedIncident {
            incident: incident.clone(),
            lease,
            symptoms: symptoms.to_vec(),
            hypotheses: vec![],
            taken_over,
            awarded: None,
        };
        match &record.body {
            Body::IncidentOpened {
                lease, symptoms, ..
            } => {
                self.led
                    .insert(incident.clone(), led(*lease, symptoms, false));
            }
            Body::TookOver { lease, .. } => {
                self.led.insert(incident.clone(), led(*lease, &[], true));
            }
            Body::GaveWay { .. } => drop(self.led.remove(incident)),
            Body::IncidentClosed { ending } => {
                self.led.remove(incident);
                let ended = (*ending, record.at);
                self.out.closed.insert(incident.clone(), ended);
            }
            body => {
                if let Some(led) = self.led.get_mut(incident) {
                    led.learn(body);
                }
            }
        }
    }

    fn anomalies(&mut self, record: &Record) {
        match &record.body {
            Body::AnomalyRaised { anomaly } => {
                let kept = (anomaly.clone(), record.id.clone());
                self.anomalies.insert(anomaly.id.clone(), kept);
            }
            Body::AnomalyCleared { anomaly } => {
                self.anomalies.remove(anomaly);
            }
            _ => {}
        }
    }

    fn changes(&mut self, record: &Record) {
        match &record.body {
            Body::Decided { plan, .. } => {
                self.out.plans.insert(plan.id.clone(), (**plan).clone());
            }
            Body::BidReceived { bid, .. } => {
                self.out.plans.insert(bid.plan.id.clone(), bid.plan.clone());
            }
            Body::StepStarted { action, .. } => {
                let acted = self.out.acted.entry(action.object.clone()).or_default();
                acted.push(record.at);
                self.out.changes.push(action.clone());
            }
            Body::UndoStarted { action, .. } => self.out.changes.push(action.clone()),
            Body::Committed { plan, .. } => {
                let begun = self.out.plans.get(plan).map(|plan| ran(plan, record.at));
                self.out.ran.extend(begun);
                self.out.begun.push(record.at);
            }
            Body::KillSwitch { on, reason } => self.out.killed = on.then(|| reason.clone()),
            Body::BreakerClosed { playbook, .. } => {
                self.out.breakers_closed.insert(playbook.clone(), record.at);
            }
            Body::Frozen { reason } => {
                if let Some(object) = &record.object {
                    self.out.frozen.insert(object.clone(), reason.clone());
                }
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Recovered {
        self.out.led = self.led.into_values().collect();
        self.out.anomalies = self.anomalies.into_values().collect();
        self.out.waiting = self.waiters.finish(&self.out.plans, &self.runs);
        (self.out.runs, self.out.ended) = self.runs.finish();
        self.out.failures = self.out.ended.iter().filter_map(failure).collect();
        self.out
    }
}

/// A run that ended without having helped. One that people or the kill switch ended teaches nothing.
fn failure(ended: &EndedRun) -> Option<Failure> {
    let failed = matches!(ended.outcome, RunEnd::Undone | RunEnd::Stuck);
    let blamed = !matches!(
        ended.reason,
        Some(UndoReason::Operator | UndoReason::HealthyAgain)
    );
    let plan = &ended.bid.plan;
    (failed && blamed).then(|| Failure {
        incident: plan.incident.clone(),
        playbook: plan.playbook.clone(),
        objects: guards::touched(plan).into_iter().cloned().collect(),
        at: ended.at,
    })
}

impl LedIncident {
    fn learn(&mut self, body: &Body) {
        match body {
            Body::Diagnosed { hypotheses, .. } => self.hypotheses.clone_from(hypotheses),
            Body::SymptomsJoined { symptoms } => self.symptoms.extend(symptoms.iter().cloned()),
            Body::Awarded { plan, .. } => self.awarded = Some(plan.clone()),
            Body::Aborted { plan, .. } if self.awarded.as_ref() == Some(plan) => {
                self.awarded = None;
            }
            // The leader remembers each outcome as it hears of it.
            Body::Remembered { .. } => self.awarded = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
