//! One measured value with where it came from.

use crate::ids::MessageId;
use crate::metric::Metric;
use crate::object::ManagedObject;
use crate::time::NetTime;
use serde::{Deserialize, Serialize};

/// A value of one metric of one object at one moment. `source` is the raw message that carried it:
/// the evidence link that every later conclusion can be walked back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured.
    pub object: ManagedObject,
    /// Which quantity; the unit is [`Metric::unit`].
    pub metric: Metric,
    /// The value, finite.
    pub value: f64,
    /// When it was true.
    pub at: NetTime,
    /// The message that carried it.
    pub source: MessageId,
}
