//! How patient the correlator is.

use serde::{Deserialize, Serialize};

/// Times in milliseconds of network time. All are our choice; the reasons are beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorrelatorConfig {
    /// How long symptoms are gathered after the first that counts: two intervals of the slowest source, so that the
    /// effects of a fault are seen beside their cause.
    pub gather_ms: u64,
    /// A cause less probable than this is not acted on; more evidence is waited for.
    pub lead_probability_min: f64,
    /// After this long without a leader the domain that saw the first symptom takes the lead and asks a person.
    pub patience_ms: u64,
    /// How long after a change of the network new symptoms are taken for its echo.
    pub echo_ms: u64,
}

impl Default for CorrelatorConfig {
    fn default() -> Self {
        Self {
            gather_ms: 10_000,
            lead_probability_min: 0.4,
            patience_ms: 90_000,
            echo_ms: 60_000,
        }
    }
}
