//! What the collector is told and concludes.

use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_types::{ManagedObject, Measurement, NetTime};

/// One raw telemetry message.
pub struct Input(pub Arc<Message>);

/// What it says.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// It could be read, at least in part.
    Batch {
        /// Who measured.
        source: ManagedObject,
        /// End of the measured interval.
        at: NetTime,
        /// What was measured.
        measurements: Vec<Measurement>,
    },
    /// It, or a part of it, could not be read.
    DeadLetter {
        /// What is wrong, and what would be right.
        reason: String,
        /// The first 200 characters of the message.
        sample: String,
    },
}
