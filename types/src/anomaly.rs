//! Something unusual about one metric of one object.

use crate::ids::{AnomalyId, MessageId};
use crate::metric::Metric;
use crate::object::ManagedObject;
use crate::time::NetTime;
use serde::{Deserialize, Serialize};

/// A deviation that a detector raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// Numbered by the domain that detected it.
    pub id: AnomalyId,
    /// What is unusual.
    pub object: ManagedObject,
    /// Which quantity.
    pub metric: Metric,
    /// Calibrated, 0 to 1: the share of healthy values that are less unusual than this one.
    pub score: f64,
    /// What the detector expected, in the metric's unit.
    pub expected: f64,
    /// What it saw, in the metric's unit.
    pub observed: f64,
    /// First unusual sample.
    pub onset: NetTime,
    /// When the detector was sure.
    pub at: NetTime,
    /// The raw message with the sample that decided.
    pub source: MessageId,
    /// The limit of a violated objective, if the value also breaks one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violates: Option<f64>,
}
