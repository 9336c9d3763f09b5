//! What must hold: targets on metrics (expectation and target, 3GPP TS 28.312).

use crate::metric::Metric;
use crate::object::ManagedObject;
use serde::{Deserialize, Serialize};

/// Which side of the limit is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// Good while value <= limit.
    AtMost,
    /// Good while value >= limit.
    AtLeast,
    /// Good while value equals the limit (settings).
    Equals,
}

/// Why the objective is there, from the most to the least important to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Importance {
    /// Users feel it: requests fail or are slow.
    Service,
    /// A resource is down or degraded; a service is at risk.
    Resource,
    /// A setting differs from what is intended.
    Conformity,
}

/// A limit on one metric of one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// What is protected.
    pub object: ManagedObject,
    /// Which quantity.
    pub metric: Metric,
    /// Which side is good.
    pub comparison: Comparison,
    /// In the metric's unit.
    pub limit: f64,
    /// Why it is there.
    pub importance: Importance,
    /// Milliseconds that a violation must last before it counts.
    pub hold_ms: u64,
}

impl Objective {
    /// Whether `value` keeps the objective. Limits are compared with a tolerance of 1e-9, as settings are floats.
    pub fn holds(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::AtMost => value <= self.limit + 1e-9,
            Comparison::AtLeast => value >= self.limit - 1e-9,
            Comparison::Equals => {
                (value - self.limit).abs() <= 1e-9_f64.max(self.limit.abs() * 1e-6)
            }
        }
    }

    /// How far `value` is on the bad side, as a share of the limit (at least of 0.01); 0 when the objective holds.
    pub fn excess(&self, value: f64) -> f64 {
        if self.holds(value) {
            return 0.0;
        }
        (value - self.limit).abs() / self.limit.abs().max(0.01)
    }
}

/// An objective that does not hold, with the value that breaks it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// What is not protected any more.
    pub object: ManagedObject,
    /// Which quantity.
    pub metric: Metric,
    /// The objective's limit.
    pub limit: f64,
    /// The value, measured or predicted.
    pub value: f64,
}
