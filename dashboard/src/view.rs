//! A journal with the ways through it: by id, by incident, from causes to effects.

use crate::pulse::Pulse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use zizhi_agents::recovery::Waiters;
use zizhi_bus::journal::{Damage, Entry};
use zizhi_playbooks::approval::Request;
use zizhi_types::incident::Fold;
use zizhi_types::record::{Ending, Who};
use zizhi_types::{
    AnomalyId, Body, Incident, IncidentId, NetTime, Plan, PlanId, Record, RecordId, Severity,
};

/// A plan that waits for people.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// What is asked, until when, and who has answered.
    pub request: &'a Request,
    /// What it is for.
    pub incident: &'a Incident,
    /// What would be done.
    pub plan: &'a Plan,
    /// The decision that asks.
    pub decided: &'a Record,
}

/// The journal so far. It only grows, a record at a time.
#[derive(Debug, Default)]
pub struct View {
    /// In journal order.
    pub entries: Vec<Entry>,
    /// The first damage; what follows it is not shown.
    pub damage: Option<Damage>,
    /// The swarm's own state.
    pub pulse: Pulse,
    fold: Fold,
    waiters: Waiters,
    plans: HashMap<PlanId, RecordId>,
    places: HashMap<RecordId, usize>,
    effects: HashMap<RecordId, Vec<RecordId>>,
    anomalies: HashMap<AnomalyId, RecordId>,
}

impl View {
    /// Takes the next entry.
    pub fn push(&mut self, entry: Entry) {
        let record = &entry.record;
        self.places.insert(record.id.clone(), self.entries.len());
        for cause in &record.causes {
            let effects = self.effects.entry(cause.clone()).or_default();
            effects.push(record.id.clone());
        }
        if let Body::AnomalyRaised { anomaly } = &record.body {
            self.anomalies.insert(anomaly.id.clone(), record.id.clone());
        }
        if let Body::Decided { plan, .. } = &record.body {
            self.plans.insert(plan.id.clone(), record.id.clone());
        }
        self.fold.push(record);
        self.waiters.take(record);
        self.pulse.take(record);
        self.entries.push(entry);
    }

    /// Every incident, in the order of their opening.
    pub fn incidents(&self) -> &[Incident] {
        self.fold.incidents()
    }

    /// What waits for a person's yes: the soonest deadline first.
    pub fn waiting(&self) -> Vec<Waiting<'_>> {
        let requests = self.waiters.requests().map(|(request, _)| request);
        let mut all: Vec<Waiting> = requests.filter_map(|r| self.wait_of(r)).collect();
        all.sort_by_key(|w| (w.request.expires, w.request.plan.clone()));
        all
    }

    fn wait_of<'a>(&'a self, request: &'a Request) -> Option<Waiting<'a>> {
        // An executor that died with the incident has no more to say about it.
        let incident = self.incident(&request.incident)?;
        if incident.ending.is_some() || self.pulse.ended.is_some() {
            return None;
        }
        let (decided, plan) = self.decided(&request.plan)?;
        Some(Waiting {
            request,
            incident,
            plan,
            decided,
        })
    }

    /// The newest decision about a plan, with the plan as it would be run.
    pub fn decided(&self, plan: &PlanId) -> Option<(&Record, &Plan)> {
        let record = self.record(self.plans.get(plan)?)?;
        match &record.body {
            Body::Decided { plan, .. } => Some((record, plan)),
            _ => None,
        }
    }

    /// The time of the newest record.
    pub fn now(&self) -> Option<NetTime> {
        self.entries.iter().rev().map(|e| e.record.at).next()
    }

    /// The incidents that ended well within this time before now without a person's word.
    pub fn without_people(&self, within_ms: u64) -> usize {
        let now = self.now().unwrap_or_default();
        let well = |i: &&Incident| {
            matches!(i.ending, Some(Ending::Fixed | Ending::RecoveredAlone))
                && i.closed.is_some_and(|at| now.since(at) <= within_ms)
        };
        let alone = |i: &&Incident| self.records(i).all(|r| r.who == Who::System);
        self.incidents()
            .iter()
            .rev()
            .filter(well)
            .filter(alone)
            .count()
    }

    /// The entry of a record.
    pub fn entry(&self, id: &RecordId) -> Option<&Entry> {
        self.places
            .get(id)
            .and_then(|place| self.entries.get(*place))
    }

    /// A record.
    pub fn record(&self, id: &RecordId) -> Option<&Record> {
        self.entry(id).map(|e| &e.record)
    }

    /// The records that name this one as their cause.
    pub fn effects(&self, id: &RecordId) -> &[RecordId] {
        self.effects.get(id).map_or(&[], Vec::as_slice)
    }

    /// The record in which an anomaly was raised.
    pub fn raised(&self, id: &AnomalyId) -> Option<&Record> {
        self.anomalies
            .get(id)
            .and_then(|record| self.record(record))
    }

    /// An incident.
    pub fn incident(&self, id: &IncidentId) -> Option<&Incident> {
        self.fold.incident(id)
    }

    /// The records of an incident, in journal order.
    pub fn records<'a>(&'a self, incident: &'a Incident) -> impl Iterator<Item = &'a Record> {
        incident.records.iter().filter_map(|id| self.record(id))
    }

    /// How bad an incident is: by what the newest check found violated, or else the opening; cleared once it is over.
    pub fn severity(&self, incident: &Incident) -> Severity {
        use zizhi_types::record::Ending::{Fixed, Merged, RecoveredAlone};
        if let Some(Fixed | Merged | RecoveredAlone) = incident.ending {
            return Severity::Cleared;
        }
        let newest = self.records(incident).filter_map(|r| match &r.body {
            Body::IncidentOpened { violations, .. } => Some(violations),
            Body::Verified { after, .. } => Some(after),
            _ => None,
        });
        newest
            .last()
            .map_or(Severity::Indeterminate, |v| Severity::of(v))
    }

    /// The raw messages that a record rests on, found by walking its causes to their ends; in journal order.
    pub fn raw_sources(&self, id: &RecordId) -> Vec<&Record> {
        let mut open = VecDeque::from([id]);
        let mut seen = BTreeSet::from([id]);
        let mut raw = BTreeMap::new();
        while let Some(entry) = open.pop_front().and_then(|id| self.entry(id)) {
            if matches!(entry.record.body, Body::Raw { .. }) {
                raw.insert(entry.position, &entry.record);
            }
            for cause in &entry.record.causes {
                if seen.insert(cause) && self.places.contains_key(cause) {
                    open.push_back(cause);
                }
            }
        }
        raw.into_values().collect()
    }
}
