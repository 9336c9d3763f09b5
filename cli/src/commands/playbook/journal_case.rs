//! What did an incident of a journal look like when it was diagnosed?
//!
//! In: a journal and an incident. Out: the first hypothesis, and the values of the anomalies that belong to it. The journal
//! is only read.

use crate::fail::Failure;
use std::collections::BTreeSet;
use std::path::Path;
use zizhi_bus::journal;
use zizhi_playbooks::case::Case;
use zizhi_types::anomaly::Anomaly;
use zizhi_types::ids::AnomalyId;
use zizhi_types::topology::Network;
use zizhi_types::{Body, Hypothesis, IncidentId};

/// The case; the network must be the one that the journal is about.
pub fn case(file: &Path, incident: &str, network: Network) -> Result<Case, Failure> {
    let id: IncidentId = incident.parse()?;
    let entries = journal::read_all(file)?;
    let mut seen = Seen::default();
    for entry in &entries {
        seen.take(
            &entry.record.body,
            entry.record.incident.as_ref() == Some(&id),
        );
    }
    let cause = seen.cause.ok_or_else(|| {
        format!(
            "{} has no diagnosis of {id}: `zizhi incidents` lists its incidents",
            file.display()
        )
    })?;
    let mut case = Case::new(network, cause.object, cause.fault, cause.probability)?;
    for anomaly in seen.anomalies.iter().filter(|a| seen.own.contains(&a.id)) {
        // What the network file does not list cannot be looked at by a condition either.
        let _ = case.set(
            &format!("{}/{}", anomaly.object, anomaly.metric.as_str()),
            anomaly.observed,
        );
    }
    Ok(case)
}

#[derive(Default)]
struct Seen {
    cause: Option<Hypothesis>,
    own: BTreeSet<AnomalyId>,
    anomalies: Vec<Anomaly>,
}

impl Seen {
    fn take(&mut self, body: &Body, own: bool) {
        match body {
            Body::AnomalyRaised { anomaly } => self.anomalies.push(anomaly.clone()),
            Body::IncidentOpened { symptoms, .. } | Body::SymptomsJoined { symptoms } if own => {
                self.own.extend(symptoms.iter().cloned());
            }
            Body::Diagnosed { hypotheses, .. } if own => {
                self.cause = hypotheses.first().cloned();
            }
            _ => {}
        }
    }
}
