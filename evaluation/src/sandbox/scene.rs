//! What a scene asks of the network: faults, look-alikes and lying meters, each said exactly.
//!
//! In: these plain records, from a file or a generator. Out: things that happen in a [`super::World`], or a
//! [`SceneError`] that says what does not fit and what would.

use super::faults::NoTarget;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zizhi_types::action::Verb;
use zizhi_types::{FaultKind, ManagedObject, Metric};

/// A fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// What kind.
    pub kind: FaultKind,
    /// Where.
    pub object: ManagedObject,
    /// Seconds after the warm-up.
    #[serde(default)]
    pub at_s: u64,
    /// How severe, by name with unit ([`super::params::PARAMS`]); what is left out gets the kind's middle severity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, f64>,
    /// Seconds in which it grows from nothing to its severity.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ramp_s: u64,
    /// Actions that end it or take its harm away; empty: those of the kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cures: Vec<Verb>,
}

/// Something that looks like a kind of fault and needs no action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecoySpec {
    /// The kind of fault that it looks like.
    pub kind: FaultKind,
    /// Seconds after the warm-up.
    #[serde(default)]
    pub at_s: u64,
}

/// A meter that lies for a while. What the network truly does is not touched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LieSpec {
    /// Whose meter; an object, not its source.
    pub object: ManagedObject,
    /// Which quantity.
    pub metric: Metric,
    /// What it says instead.
    pub says: Lie,
    /// Seconds after the warm-up.
    #[serde(default)]
    pub at_s: u64,
    /// For so many seconds.
    pub lasts_s: u64,
}

/// How a meter lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lie {
    /// The last true value, again and again.
    Frozen,
    /// Always this value.
    Value(f64),
    /// The true value times this.
    Times(f64),
    /// Nothing at all.
    Mute,
}

/// Why a fault or a lie cannot be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SceneError {
    /// The seed finds no object.
    #[error(transparent)]
    NoTarget(#[from] NoTarget),
    /// The network has no such object.
    #[error("{object} is not in network `{network}`: name one of {known}")]
    UnknownObject {
        /// What was named.
        object: ManagedObject,
        /// Where.
        network: String,
        /// Objects of the kind.
        known: String,
    },
    /// The kind of fault happens to other objects.
    #[error("{kind} happens to a {expected}, not to {object}: name a {expected}")]
    WrongKind {
        /// Which fault.
        kind: FaultKind,
        /// What it happens to.
        expected: &'static str,
        /// What was named.
        object: ManagedObject,
    },
    /// The kind has no such parameter.
    #[error("{kind} has no parameter `{name}`: {known}")]
    UnknownParam {
        /// Which fault.
        kind: FaultKind,
        /// What was named.
        name: String,
        /// What there is.
        known: String,
    },
    /// A number that cannot be.
    #[error("{what} is {value}: write {low} to {high}")]
    OutOfRange {
        /// Which number.
        what: String,
        /// What was written.
        value: f64,
        /// Least.
        low: f64,
        /// Most.
        high: f64,
    },
    /// The kind is there at once or not at all.
    #[error("{kind} cannot grow: leave out ramp_s, or take one of {growing}")]
    CannotGrow {
        /// Which fault.
        kind: FaultKind,
        /// Kinds that can.
        growing: String,
    },
    /// The object cannot have the fault now.
    #[error("{object} cannot have {kind} now: {why}")]
    CannotHave {
        /// Which fault.
        kind: FaultKind,
        /// Where.
        object: ManagedObject,
        /// Why, and what to write.
        why: String,
    },
    /// The object has no such meter.
    #[error("{object} has no meter `{metric}`: {known}")]
    WrongMetric {
        /// Whose.
        object: ManagedObject,
        /// Which.
        metric: &'static str,
        /// What there is.
        known: String,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
const fn is_zero(n: &u64) -> bool {
    *n == 0
}
