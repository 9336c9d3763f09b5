//! How long the negotiator waits, and for how many tries.

use serde::{Deserialize, Serialize};

/// Times in milliseconds of network time. All are our choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NegotiatorConfig {
    /// Wait for answers to a call or a prepare: two ticks of the slowest clock, so one lost message is noticed.
    pub answer_ms: u64,
    /// Wait for the report of an awarded plan, beyond the plan's own verification time: room for a person's approval.
    pub report_ms: u64,
    /// Pause after a plan was taken back: reconvergence and two measuring intervals, so that what it left behind is not
    /// taken for the state before the next one.
    pub settle_ms: u64,
    /// Wait for the agent of a domain that was lost while it ran an awarded plan: a restart takes seconds. After it a
    /// person is asked, since the effect of the plan is unknown.
    pub lost_ms: u64,
    /// Plans tried for one incident before a person is asked: after three failures the diagnosis is wrong.
    pub attempts_max: u32,
}

impl Default for NegotiatorConfig {
    fn default() -> Self {
        Self {
            answer_ms: 20_000,
            report_ms: 600_000,
            settle_ms: 40_000,
            lost_ms: 120_000,
            attempts_max: 3,
        }
    }
}
