//! What the executor allows.

use serde::{Deserialize, Serialize};

/// Limits of the executor. All are our choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutorConfig {
    /// The twin's mean relative error for a kind of action beyond which a person decides.
    pub twin_error_max: f64,
    /// Past predictions that this needs.
    pub twin_samples_min: u32,
    /// Oldest state that a rehearsal may rest on, in milliseconds.
    pub evidence_age_ms_max: u64,
}

impl Default for ExecutorConfig {
    fn default() -> Self {
        Self {
            twin_error_max: 0.8,
            twin_samples_min: 5,
            evidence_age_ms_max: 60_000,
        }
    }
}
