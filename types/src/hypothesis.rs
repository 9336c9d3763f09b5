//! A possible cause of an incident, with what speaks for and against it.

use crate::anomaly::Anomaly;
use crate::fault::FaultKind;
use crate::ids::AnomalyId;
use crate::metric::Metric;
use crate::object::ManagedObject;
use serde::{Deserialize, Serialize};

/// How far a hypothesis has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HypothesisState {
    /// Named, not yet weighed.
    Proposed,
    /// Possible; evidence is still missing.
    Investigating,
    /// The evidence fits.
    Supported,
    /// The evidence speaks against it.
    Refuted,
}

/// One symptom that the hypothesis explains, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The anomaly.
    pub anomaly: AnomalyId,
    /// Where the symptom was seen.
    pub object: ManagedObject,
    /// Which quantity.
    pub metric: Metric,
    /// The dependency path in the graph from the symptom's object down to the suspect; both ends included.
    pub path: Vec<ManagedObject>,
    /// Weight of the evidence, 0 to 1.
    pub weight: f64,
}

/// What speaks against a hypothesis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CounterEvidence {
    /// The hypothesis predicts a symptom that was looked for and is not there.
    ExpectedSymptomAbsent {
        /// Where it should be.
        object: ManagedObject,
        /// Which quantity.
        metric: Metric,
    },
    /// A symptom of the incident that the hypothesis does not explain.
    Unexplained {
        /// The anomaly that stays unexplained.
        anomaly: AnomalyId,
        /// Where it is.
        object: ManagedObject,
        /// Which quantity.
        metric: Metric,
    },
    /// The suspect's own symptoms began after the effects they should explain.
    LateOnset {
        /// By how many seconds.
        late_s: f64,
    },
}

/// A ranked possible cause: this kind of fault at this object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// The suspect.
    pub object: ManagedObject,
    /// What would be wrong with it.
    pub fault: FaultKind,
    /// 0 to 1 over the hypotheses of one incident, an "other cause" share included.
    pub probability: f64,
    /// How far it has come.
    pub state: HypothesisState,
    /// What it explains.
    pub evidence_for: Vec<Evidence>,
    /// What speaks against it.
    pub evidence_against: Vec<CounterEvidence>,
}

/// What diagnosis is asked about: the symptoms of one incident as known at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// Open anomalies that belong together.
    pub symptoms: Vec<Anomaly>,
    /// Sources that fell silent: the objects whose telemetry stopped.
    pub silent: Vec<ManagedObject>,
}
