//! What the screener is told and tells.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_types::NetTime;

/// One message of samples.
pub struct Input(pub Arc<Message>);

/// A value that is unusual for its series. Subject: `evt.unusual` of the domain whose samples it was in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnusualEvent {
    /// What is measured, as its publisher names it: it may be in no inventory.
    pub object: String,
    /// Which quantity, as its publisher names it.
    pub metric: String,
    /// In which unit; empty where the metric's name says it.
    pub unit: String,
    /// The value.
    pub value: f64,
    /// What was expected.
    pub expected: f64,
    /// Share of all samples that are closer to what is expected of them, 0 to 1.
    pub score: f64,
    /// When it was true.
    pub at: NetTime,
    /// Who published it.
    pub source: String,
}
