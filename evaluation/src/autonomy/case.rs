//! One closed incident with everything in its journal that tells who did what.
//!
//! In: the records of one journal. Out: a [`Case`] for each closed incident, and a count of those that are not judged: a
//! merged incident is judged with its parent, an open one has no outcome yet.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::domain::Domain;
use zizhi_types::plan::Mode;
use zizhi_types::record::{Ending, Who};
use zizhi_types::{
    AnomalyId, Body, FaultKind, Incident, IncidentId, NetTime, Plan, PlanId, Record, RecordId,
    RunId, incident,
};

/// A journal as the score sees it.
#[derive(Debug, Clone)]
pub struct JournalRecords {
    /// How evidence names it: the file's name, with its folders where two files share a name.
    pub name: String,
    /// In order.
    pub records: Vec<Record>,
}

/// Incidents that are not judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Explained by another incident, which is judged.
    pub merged: usize,
    /// Without an outcome yet.
    pub open: usize,
    /// Older than the newest incidents that the instrument looks at.
    pub older: usize,
    /// Not of this scenario or flow, or of no weighted sub-scenario.
    pub elsewhere: usize,
}

/// A closed incident.
#[derive(Debug)]
pub struct Case<'r> {
    /// The journal's name.
    pub journal: &'r str,
    /// As its records tell it.
    pub incident: Incident,
    /// When it was closed.
    pub closed: NetTime,
    /// Its own records, in order.
    pub records: Vec<&'r Record>,
    /// The anomalies that belong to it, each with the raw message it rests on, where both are in the journal.
    pub symptoms: Vec<(&'r Record, Option<&'r Record>)>,
    /// How many symptoms its records name.
    pub symptoms_named: usize,
    /// When each symptom was usual again.
    pub cleared: Vec<Option<NetTime>>,
    /// Messages that were lost or could not be read between its onset and its end.
    pub lost: Vec<&'r Record>,
    /// The last record of its journal.
    pub journal_end: NetTime,
    /// The ceiling of the swarm that handled it.
    pub swarm_mode: Option<Mode>,
    /// There was no fault, by an outside truth.
    pub false_action: bool,
}

impl<'r> Case<'r> {
    /// The domain of the object ranked first; of the leader where none was named.
    pub fn domain(&self) -> Domain {
        let suspect = self.incident.cause.as_ref();
        suspect.map_or(self.incident.leader, |(object, _, _)| object.domain())
    }

    /// The fault ranked first.
    pub fn fault(&self) -> Option<FaultKind> {
        self.incident.cause.as_ref().map(|(_, fault, _)| *fault)
    }

    /// The lowest mode that was in force for one of its plans; without a plan the swarm's.
    pub fn mode(&self) -> Option<Mode> {
        let modes = self.records.iter().filter_map(|r| match &r.body {
            Body::Decided { mode, .. } => Some(*mode),
            _ => None,
        });
        modes.min().or(self.swarm_mode)
    }

    /// Every plan that guards and mode were applied to.
    pub fn plans(&self) -> BTreeMap<&'r PlanId, &'r Plan> {
        let decided = self.records.iter().filter_map(|r| match &r.body {
            Body::Decided { plan, .. } => Some((&plan.id, plan.as_ref())),
            _ => None,
        });
        decided.collect()
    }

    /// Which plan each run was of.
    pub fn runs(&self) -> BTreeMap<&'r RunId, &'r PlanId> {
        let started = self.records.iter().filter_map(|r| match &r.body {
            Body::StepStarted { run, plan, .. } => Some((run, plan)),
            _ => None,
        });
        started.collect()
    }

    /// Nobody had a hand in it, and its last word is a verified remedy: what the step from "supervised" to "with
    /// verification and rollback" asks for.
    pub fn unattended(&self) -> bool {
        let alone = self.records.iter().all(|r| r.who == Who::System);
        alone && self.incident.ending == Some(Ending::Fixed) && self.incident.restored.is_some()
    }
}

/// The closed incidents of a journal that are judged, in the order of their opening.
pub fn cases<'r>(
    journal: &'r JournalRecords,
    false_actions: &BTreeSet<(String, IncidentId)>,
) -> (Vec<Case<'r>>, LeftOut) {
    let index = Index::of(&journal.records);
    let mut left_out = LeftOut::default();
    let mut cases = vec![];
    for incident in incident::fold(&journal.records) {
        match (incident.ending, incident.closed) {
            (Some(Ending::Merged), _) => left_out.merged += 1,
            (None | Some(Ending::StillOpen), _) | (_, None) => left_out.open += 1,
            (_, Some(closed)) => {
                let named = (journal.name.clone(), incident.id.clone());
                let listed = false_actions.contains(&named);
                cases.push(index.case(&journal.name, incident, closed, listed));
            }
        }
    }
    (cases, left_out)
}

/// What is looked up again and again.
struct Index<'r> {
    by_id: BTreeMap<&'r RecordId, &'r Record>,
    raised: BTreeMap<&'r AnomalyId, &'r Record>,
    cleared: BTreeMap<&'r AnomalyId, NetTime>,
    own: BTreeMap<&'r IncidentId, Vec<&'r Record>>,
    lost: Vec<&'r Record>,
    end: NetTime,
    modes: Vec<(NetTime, Mode)>,
}

impl<'r> Index<'r> {
    fn of(records: &'r [Record]) -> Self {
        let mut index = Self {
            by_id: BTreeMap::new(),
            raised: BTreeMap::new(),
            cleared: BTreeMap::new(),
            own: BTreeMap::new(),
            lost: vec![],
            end: records.iter().map(|r| r.at).max().unwrap_or_default(),
            modes: vec![],
        };
        for record in records {
            index.add(record);
        }
        index
    }

    fn add(&mut self, record: &'r Record) {
        self.by_id.insert(&record.id, record);
        if let Some(incident) = &record.incident {
            self.own.entry(incident).or_default().push(record);
        }
        match &record.body {
            Body::AnomalyRaised { anomaly } => {
                self.raised.insert(&anomaly.id, record);
            }
            Body::AnomalyCleared { anomaly } => {
                self.cleared.insert(anomaly, record.at);
            }
            Body::DeadLetter { .. } | Body::Dropped { .. } => self.lost.push(record),
            Body::SwarmStarted { mode, .. } => self.modes.push((record.at, *mode)),
            _ => {}
        }
    }

    fn case(
        &self,
        journal: &'r str,
        incident: Incident,
        closed: NetTime,
        false_action: bool,
    ) -> Case<'r> {
        let raw = |raised: &'r Record| {
            let causes = raised.causes.iter().filter_map(|c| self.by_id.get(c));
            let mut raws = causes.filter(|r| matches!(r.body, Body::Raw { .. }));
            raws.next().copied()
        };
        let symptoms = incident.symptoms.iter();
        let symptoms: Vec<_> = symptoms
            .filter_map(|s| self.raised.get(s))
            .map(|r| (*r, raw(r)))
            .collect();
        let ids = incident.symptoms.iter();
        let cleared = ids.map(|s| self.cleared.get(s).copied()).collect();
        let lost = self.lost.iter().copied();
        let lost = lost.filter(|r| r.at >= incident.onset && r.at <= closed);
        let swarms = self.modes.iter().rev();
        let mut swarms = swarms.filter(|(at, _)| *at <= incident.opened);
        Case {
            journal,
            closed,
            records: self.own.get(&incident.id).cloned().unwrap_or_default(),
            symptoms,
            symptoms_named: incident.symptoms.len(),
            cleared,
            lost: lost.collect(),
            journal_end: self.end,
            swarm_mode: swarms.next().map(|(_, mode)| *mode),
            false_action,
            incident,
        }
    }
}
