//! How a screener is set.

use serde::{Deserialize, Serialize};
use zizhi_models::ScreenConfig;

/// Settings of the screener. The defaults are our choice; a screener that hears nothing holds 16 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScreenerConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// What is unusual, and how many series are watched.
    pub screen: ScreenConfig,
    /// Most messages that wait.
    pub waiting_messages: usize,
    /// Most bytes of messages that wait.
    pub waiting_bytes: usize,
    /// Most events in `events_window_ms`: what is unusual beyond is counted.
    pub events: u32,
    /// Milliseconds.
    pub events_window_ms: u64,
}

impl Default for ScreenerConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            screen: ScreenConfig::default(),
            // A million samples: what a million series say in one second.
            waiting_messages: 4096,
            waiting_bytes: 64 << 20,
            // Ten a second: more than a person reads. Events are never dropped by a bus, so their source must be bounded.
            events: 100,
            events_window_ms: 10_000,
        }
    }
}
