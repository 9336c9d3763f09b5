//! An incident is nothing but a fold over its records.

use crate::domain::Domain;
use crate::fault::FaultKind;
use crate::ids::{AnomalyId, IncidentId, PlanId, RecordId};
use crate::object::ManagedObject;
use crate::record::{Body, Ending, Record, Verdict};
use crate::time::NetTime;
use serde::Serialize;
use std::collections::BTreeMap;

/// A service interrupted, degraded or at risk, as the journal tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// Which.
    pub id: IncidentId,
    /// Who leads it.
    pub leader: Domain,
    /// The first unusual sample of its first symptoms.
    pub onset: NetTime,
    /// When it was opened.
    pub opened: NetTime,
    /// What belongs to it.
    pub symptoms: Vec<AnomalyId>,
    /// The cause ranked first, with its probability.
    pub cause: Option<(ManagedObject, FaultKind, f64)>,
    /// The plans that were committed, in order.
    pub plans: Vec<PlanId>,
    /// When the first step was started.
    pub acted: Option<NetTime>,
    /// The last verdict.
    pub verdict: Option<Verdict>,
    /// When a run was verified.
    pub restored: Option<NetTime>,
    /// How it ended; `None` while it is open.
    pub ending: Option<Ending>,
    /// When it ended.
    pub closed: Option<NetTime>,
    /// Its records, in order.
    pub records: Vec<RecordId>,
}

/// Folds records, in journal order, into incidents, in the order of their opening.
pub fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<Incident> {
    let mut fold = Fold::default();
    for record in records {
        fold.push(record);
    }
    fold.incidents
}

/// The fold of a journal that still grows: each record is looked at once.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    onsets: BTreeMap<AnomalyId, NetTime>,
    places: BTreeMap<IncidentId, usize>,
    incidents: Vec<Incident>,
}

impl Fold {
    /// The incidents so far, in the order of their opening.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// One incident.
    pub fn incident(&self, id: &IncidentId) -> Option<&Incident> {
        self.places.get(id).and_then(|at| self.incidents.get(*at))
    }

    /// Takes the next record of the journal.
    pub fn push(&mut self, record: &Record) {
        if let Body::AnomalyRaised { anomaly } = &record.body {
            self.onsets.insert(anomaly.id.clone(), anomaly.onset);
        }
        let Some(id) = &record.incident else { return };
        let known = self.places.get(id).copied();
        if let Some(incident) = known.and_then(|at| self.incidents.get_mut(at)) {
            incident.apply(record);
        } else if let Body::IncidentOpened {
            lease, symptoms, ..
        } = &record.body
        {
            self.places.insert(id.clone(), self.incidents.len());
            self.open(id, lease.leader, symptoms, record);
        }
        // A record about an incident whose opening is not in this part of the journal tells nothing.
    }

    fn open(&mut self, id: &IncidentId, leader: Domain, symptoms: &[AnomalyId], record: &Record) {
        let onsets = symptoms.iter().filter_map(|s| self.onsets.get(s));
        let onset = onsets.min().copied().unwrap_or(record.at);
        self.incidents.push(Incident {
            id: id.clone(),
            leader,
            onset,
            opened: record.at,
            symptoms: symptoms.to_vec(),
            cause: None,
            plans: vec![],
            acted: None,
            verdict: None,
            restored: None,
            ending: None,
            closed: None,
            records: vec![record.id.clone()],
        });
    }
}

impl Incident {
    fn apply(&mut self, record: &Record) {
        self.records.push(record.id.clone());
        match &record.body {
            Body::TookOver { lease, .. } => self.leader = lease.leader,
            Body::SymptomsJoined { symptoms } => self.symptoms.extend(symptoms.iter().cloned()),
            Body::Diagnosed { hypotheses, .. } => {
                self.cause = hypotheses
                    .first()
                    .map(|h| (h.object.clone(), h.fault, h.probability));
            }
            Body::Committed { plan, .. } => self.plans.push(plan.clone()),
            Body::StepStarted { .. } => self.acted = self.acted.or(Some(record.at)),
            Body::Verified { verdict, .. } => {
                self.verdict = Some(*verdict);
                if *verdict == Verdict::Pass {
                    self.restored = self.restored.or(Some(record.at));
                }
            }
            Body::IncidentClosed { ending } => {
                self.ending = Some(*ending);
                self.closed = Some(record.at);
            }
            _ => {}
        }
    }
}
