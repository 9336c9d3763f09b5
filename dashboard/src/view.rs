//! A journal with the ways through it: by id, by incident, from causes to effects.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use zizhi_bus::journal::{Damage, Entry};
use zizhi_types::incident::Fold;
use zizhi_types::{AnomalyId, Body, Incident, IncidentId, Record, RecordId, Severity};

/// The journal so far. It only grows, a record at a time.
#[derive(Debug, Default)]
pub struct View {
    /// In journal order.
    pub entries: Vec<Entry>,
    /// The first damage; what follows it is not shown.
    pub damage: Option<Damage>,
    fold: Fold,
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
        self.fold.push(record);
        self.entries.push(entry);
    }

    /// Every incident, in the order of their opening.
    pub fn incidents(&self) -> &[Incident] {
        self.fold.incidents()
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
