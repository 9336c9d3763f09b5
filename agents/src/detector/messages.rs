//! What the detector is told and concludes.

use zizhi_types::wire::Sample;
use zizhi_types::{Anomaly, AnomalyId, ManagedObject, Measurement, NetTime, Objective};

/// What it is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// What is promised about the network from now on.
    Learn {
        /// All objectives; those of other domains are left aside.
        objectives: Vec<Objective>,
    },
    /// A setting that is intended from now on.
    Intend(Sample),
    /// One source's measurements.
    Batch {
        /// Who measured.
        source: ManagedObject,
        /// End of the measured interval.
        at: NetTime,
        /// What was measured.
        measurements: Vec<Measurement>,
    },
    /// Started afresh: the anomalies up to this number were taken before.
    CountFrom(u64),
    /// Started afresh: these anomalies last, as far as anybody knows. Each is cleared when its series looks usual.
    Restore(Vec<Anomaly>),
    /// Time has passed: who is missing?
    Tick,
}

/// What it concludes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Something unusual began.
    Raised(Anomaly),
    /// It is usual again.
    Cleared {
        /// Which anomaly.
        id: AnomalyId,
        /// Since when.
        at: NetTime,
    },
    /// A source that used to send does not any more.
    Silent(ManagedObject),
    /// It sends again.
    Heard(ManagedObject),
}
