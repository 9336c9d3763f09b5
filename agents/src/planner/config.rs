//! How much the planner offers, and how far it trusts the twin.

use serde::{Deserialize, Serialize};

/// Limits of the planner. All are our choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlannerConfig {
    /// Causes that remedies are offered for, best first.
    pub causes_max: usize,
    /// A cause less probable than this gets no offer, whatever a playbook would accept.
    pub probability_min: f64,
    /// Bids in one offer.
    pub bids_max: usize,
    /// The twin is not asked about a state older than this, in milliseconds.
    pub state_age_ms_max: u64,
}

impl Default for PlannerConfig {
    fn default() -> Self {
        Self {
            causes_max: 2,
            probability_min: 0.25,
            bids_max: 6,
            state_age_ms_max: 60_000,
        }
    }
}
