//! What did a swarm decide, incident by incident, and did another decide otherwise?

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zizhi_types::plan::{Fingerprint, Plan};
use zizhi_types::record::Ending;
use zizhi_types::{Body, FaultKind, IncidentId, ManagedObject, NetTime, PlanId, Record, incident};

/// How one incident went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Which.
    pub incident: IncidentId,
    /// When it was opened.
    pub opened: NetTime,
    /// What it was taken for.
    pub fault: Option<FaultKind>,
    /// What was suspected.
    pub suspect: Option<ManagedObject>,
    /// The playbooks of the plans that were carried out, with their fingerprints, in order.
    pub plans: Vec<(String, Fingerprint)>,
    /// How it ended; `None` if it had not.
    pub ending: Option<Ending>,
}

/// The decisions in a journal's records.
pub fn decisions<'r>(records: impl Iterator<Item = &'r Record> + Clone) -> Vec<Decision> {
    let decided: BTreeMap<PlanId, &Plan> = records
        .clone()
        .filter_map(|r| match &r.body {
            Body::Decided { plan, .. } => Some((plan.id.clone(), &**plan)),
            _ => None,
        })
        .collect();
    let all = incident::fold(records);
    let decision = |i: &zizhi_types::Incident| {
        let cause = i.cause.as_ref();
        let plans = i.plans.iter().filter_map(|id| decided.get(id));
        Decision {
            incident: i.id.clone(),
            opened: i.opened,
            fault: cause.map(|(_, fault, _)| *fault),
            suspect: cause.map(|(object, _, _)| object.clone()),
            plans: plans
                .map(|p| (p.playbook.clone(), p.fingerprint.clone()))
                .collect(),
            ending: i.ending,
        }
    };
    all.iter().map(decision).collect()
}

/// The incidents that went otherwise, or are in one list only.
pub fn differences(recorded: &[Decision], replayed: &[Decision]) -> Vec<IncidentId> {
    let by_id = |all: &[Decision]| -> BTreeMap<IncidentId, Decision> {
        all.iter()
            .map(|d| (d.incident.clone(), d.clone()))
            .collect()
    };
    let (one, two) = (by_id(recorded), by_id(replayed));
    let mut ids: Vec<IncidentId> = one.keys().chain(two.keys()).cloned().collect();
    ids.sort();
    ids.dedup();
    ids.retain(|id| one.get(id) != two.get(id));
    ids
}
