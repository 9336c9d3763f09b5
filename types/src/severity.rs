//! How bad it is: the perceived severities of ITU-T X.733, as 3GPP TS 28.111 uses them for alarms.

use crate::metric::Metric;
use crate::objective::Violation;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Perceived severity, from the most to the least urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Users feel it: a service fails or is slow.
    Critical,
    /// A resource is down or degraded; a service is at risk.
    Major,
    /// A setting differs from what is intended.
    Minor,
    /// Unusual, and no objective is violated yet.
    Warning,
    /// It cannot be told how bad it is.
    Indeterminate,
    /// It is over.
    Cleared,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 6] = [
        Self::Critical,
        Self::Major,
        Self::Minor,
        Self::Warning,
        Self::Indeterminate,
        Self::Cleared,
    ];

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Warning => "warning",
            Self::Indeterminate => "indeterminate",
            Self::Cleared => "cleared",
        }
    }

    /// The severity of what is violated: that of the worst violation. Without any it is a warning.
    ///
    /// Our choice, along [`crate::objective::Importance`]: what users feel is critical, a resource that is
    /// down or degraded is major, a wrong setting is minor.
    pub fn of(violations: &[Violation]) -> Self {
        let worst = violations.iter().map(|v| Self::of_metric(v.metric)).min();
        worst.unwrap_or(Self::Warning)
    }

    const fn of_metric(metric: Metric) -> Self {
        match metric {
            Metric::GroupSuccess | Metric::GroupLatency | Metric::CellFailure => Self::Critical,
            Metric::PortCost | Metric::PortRate | Metric::GatewayPolicyAge => Self::Minor,
            _ => Self::Major,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
