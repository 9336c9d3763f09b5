//! An immutable plan: what would be done, in which order, how it is checked and taken back.

use crate::action::{Action, Value};
use crate::domain::Domain;
use crate::fault::FaultKind;
use crate::ids::{IncidentId, PlanId};
use crate::metric::Metric;
use crate::object::ManagedObject;
use crate::objective::Violation;
pub use crate::verify::{Check, Readings};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How much a playbook may do by itself (TM Forum: who decides).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Log what would be done.
    Observe,
    /// Propose; a person does it.
    Suggest,
    /// Do it after a person approved this plan's fingerprint.
    Approve,
    /// Do it.
    Auto,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Observe => "observe",
            Self::Suggest => "suggest",
            Self::Approve => "approve",
            Self::Auto => "auto",
        })
    }
}

/// SHA-256 of a plan's content in hexadecimal: an approval names it, so it cannot be used for another plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Fingerprint {
    /// The first 12 digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// Unique in the plan.
    pub id: String,
    /// What is done.
    pub action: Action,
    /// Longest time the driver may take.
    pub timeout_ms: u64,
    /// What else its playbook says of it.
    #[serde(default, skip_serializing_if = "StepPolicy::is_usual")]
    pub policy: StepPolicy,
}

impl PlannedStep {
    /// Whether there is an action that takes it back.
    pub const fn can_undo(&self) -> bool {
        match self.policy.undo {
            StepUndo::Auto => self.action.verb.can_undo(),
            StepUndo::None => false,
            StepUndo::Action(_) => true,
        }
    }
}

/// What follows from a step that failed, and how one that was done is taken back. The default is the usual.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepPolicy {
    /// A step that was refused, or failed without effect, is passed over instead of ending the run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continue_on_error: bool,
    /// What takes it back.
    #[serde(default)]
    pub undo: StepUndo,
    /// How often it is tried again after it failed without effect; never, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
}

/// How often a step that surely changed nothing is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Tries after the first, 1 to 5.
    pub max: u8,
    /// How long is waited before the first of them, in milliseconds; twice as long before each further one.
    pub backoff_ms: u64,
}

impl Retry {
    /// How long is waited before try `n`, counted from 1, in milliseconds, without the jitter.
    pub const fn wait_ms(&self, n: u8) -> u64 {
        let doublings = if n == 0 { 0 } else { n as u32 - 1 };
        self.backoff_ms
            .saturating_mul(1_u64 << (if doublings > 16 { 16 } else { doublings }))
    }
}

impl StepPolicy {
    /// Nothing special is said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What takes a step back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepUndo {
    /// What the driver's receipt says.
    #[default]
    Auto,
    /// Nothing: it stays, and the playbook says why that is acceptable.
    None,
    /// This action, whatever the receipt says.
    Action(Action),
}

/// How a plan is watched and taken back, where that is not as usual. The default is the usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanPolicy {
    /// How often a good reading must be seen.
    #[serde(default, skip_serializing_if = "Readings::is_usual")]
    pub readings: Readings,
    /// What does not take the plan back: then it stays as it is, its objects are frozen, and a person looks.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub keeps: BTreeSet<RollbackCause>,
}

impl PlanPolicy {
    /// Nothing special is said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What takes a plan back. A temporary plan is also taken back when its suspect is healthy; no playbook can change that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackCause {
    /// A step was refused or failed.
    StepFailed,
    /// It did not help, or made something worse.
    VerifyFailed,
    /// A person or the kill switch ended it.
    Operator,
}

/// What is done to which object, why, and how it is checked. Never changed after it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Numbered by the domain that proposes it.
    pub id: PlanId,
    /// Id and version of the playbook it was made from, for example `transport.link.drain@1.0.0`.
    pub playbook: String,
    /// Whose executor runs it.
    pub domain: Domain,
    /// The incident it is for.
    pub incident: IncidentId,
    /// The suspected object.
    pub suspect: ManagedObject,
    /// The suspected fault.
    pub fault: FaultKind,
    /// The playbook's parameters as filled in.
    pub params: BTreeMap<String, Value>,
    /// In this order.
    pub steps: Vec<PlannedStep>,
    /// Checked after the last step.
    pub verify: Vec<Check>,
    /// How long after the last step the checks are given to come true.
    pub verify_ms: u64,
    /// Compute tokens it costs.
    pub cost_tokens: f64,
    /// Risk by the playbook's author, 0 to 1.
    pub risk: f64,
    /// It stays in place only until the suspect is healthy again, then it is taken back.
    pub temporary: bool,
    /// The playbook's mode.
    pub mode: Mode,
    /// How it is watched and taken back, where that is not as usual.
    #[serde(default, skip_serializing_if = "PlanPolicy::is_usual")]
    pub policy: PlanPolicy,
    /// Over all of the above but the id.
    pub fingerprint: Fingerprint,
}

impl Plan {
    /// Every step can be taken back.
    pub fn reversible(&self) -> bool {
        self.steps.iter().all(PlannedStep::can_undo)
    }
}

/// What the twin says about one objective under two futures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictedChange {
    /// Whose.
    pub object: ManagedObject,
    /// Which quantity.
    pub metric: Metric,
    /// When nothing is done.
    pub without: f64,
    /// When the plan is run.
    pub with: f64,
}

/// A rehearsal in the twin. The default is that of a plan that nobody rehearsed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rehearsal {
    /// What would be violated if nothing were done.
    pub without: Vec<Violation>,
    /// What would be violated if the plan were run.
    pub with: Vec<Violation>,
    /// The largest changes, worst first, at most 8.
    pub changes: Vec<PredictedChange>,
    /// Some protected objective would become violated, or more violated by a tenth of its limit.
    pub makes_worse: bool,
    /// The twin's own error for this kind of action: mean absolute relative error of past predictions, 0 when none was measured yet.
    pub error: f64,
    /// How many past predictions that error rests on.
    pub error_samples: u32,
    /// Age of the state that the twin was forked from.
    pub state_age_ms: u64,
}
