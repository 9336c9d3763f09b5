//! Which incident is about which fault: worked out from the journal and the truth, after the trial.
//!
//! An incident belongs to the fault that had begun by then and is nearest to what the incident blames; one that opened
//! before any fault, or after all were long gone, belongs to none and is a false alarm.

use super::objects::{FAR, ObjectGraph};
use crate::sandbox::GroundTruth;
use std::collections::BTreeMap;
use zizhi_types::{Body, Hypothesis, Incident, IncidentId, NetTime, Record};

/// After a fault is gone its echo may last this long. Our choice: counters of a minute and reconvergence.
const ECHO_MS: u64 = 120_000;

/// An incident with what it blamed when it was acted on, or at last.
pub(super) struct Blamed {
    pub incident: Incident,
    pub hypotheses: Vec<Hypothesis>,
}

/// Incidents in order of opening, merged ones left out: their parent stands for them.
pub(super) fn blamed(incidents: Vec<Incident>, records: &[Record]) -> Vec<Blamed> {
    let merged = |i: &Incident| i.ending == Some(zizhi_types::record::Ending::Merged);
    incidents
        .into_iter()
        .filter(|i| !merged(i))
        .map(|incident| Blamed {
            hypotheses: diagnosis_in_force(&incident, records),
            incident,
        })
        .collect()
}

/// The ranking that stood when the network was first changed; without a change the last one.
fn diagnosis_in_force(incident: &Incident, records: &[Record]) -> Vec<Hypothesis> {
    let mut ranking = vec![];
    for record in records
        .iter()
        .filter(|r| r.incident.as_ref() == Some(&incident.id))
    {
        match &record.body {
            Body::Diagnosed { hypotheses, .. } => ranking.clone_from(hypotheses),
            Body::StepStarted { .. } => return ranking,
            _ => {}
        }
    }
    ranking
}

/// For each fault its incidents, by index into `blamed`; and the incidents that are about none.
pub(super) fn attribute(
    blamed: &[Blamed],
    faults: &[GroundTruth],
    graph: &ObjectGraph,
) -> (Vec<Vec<usize>>, Vec<IncidentId>) {
    let mut of_fault = vec![vec![]; faults.len()];
    let mut none = vec![];
    for (n, b) in blamed.iter().enumerate() {
        match nearest(b, faults, graph) {
            Some(fault) => of_fault[fault].push(n),
            None => none.push(b.incident.id.clone()),
        }
    }
    adopt(&mut of_fault, blamed, faults);
    (of_fault, none)
}

fn lasts_at(fault: &GroundTruth, at: NetTime) -> bool {
    fault.at <= at && fault.cleared_at.is_none_or(|gone| at.0 <= gone.0 + ECHO_MS)
}

fn nearest(b: &Blamed, faults: &[GroundTruth], graph: &ObjectGraph) -> Option<usize> {
    let begun = (0..faults.len()).filter(|&f| lasts_at(&faults[f], b.incident.opened));
    let first = b.hypotheses.first();
    let far = |f: &usize| {
        let fault = &faults[*f];
        let hops = first.map_or(FAR, |h| graph.distance(&h.object, &fault.object));
        let other_kind = first.is_none_or(|h| h.fault != fault.kind);
        (hops, other_kind, std::cmp::Reverse(fault.at), *f)
    };
    begun.min_by_key(far)
}

/// A fault without an incident of its own is found all the same where another's incident names its object among its
/// first three: two faults that hurt the same users may be one incident.
fn adopt(of_fault: &mut [Vec<usize>], blamed: &[Blamed], faults: &[GroundTruth]) {
    for (f, fault) in faults.iter().enumerate() {
        if of_fault[f].is_empty() {
            let names = |b: &&(usize, &Blamed)| {
                lasts_at(fault, b.1.incident.opened)
                    && b.1
                        .hypotheses
                        .iter()
                        .take(3)
                        .any(|h| h.object == fault.object)
            };
            of_fault[f].extend(
                blamed
                    .iter()
                    .enumerate()
                    .find(|b| names(&b))
                    .map(|(n, _)| n),
            );
        }
    }
}

/// When each plan of the incidents was first committed, and other moments, by kind of record.
pub(super) fn first_at(
    records: &[Record],
    incidents: &[&IncidentId],
    wanted: impl Fn(&Body) -> bool,
) -> Option<NetTime> {
    records
        .iter()
        .filter(|r| r.incident.as_ref().is_some_and(|i| incidents.contains(&i)))
        .find(|r| wanted(&r.body))
        .map(|r| r.at)
}

/// The plans that were decided on, by id.
pub(super) fn plans(records: &[Record]) -> BTreeMap<&zizhi_types::PlanId, &zizhi_types::Plan> {
    let decided = records.iter().filter_map(|r| match &r.body {
        Body::Decided { plan, .. } => Some((&plan.id, &**plan)),
        _ => None,
    });
    decided.collect()
}
