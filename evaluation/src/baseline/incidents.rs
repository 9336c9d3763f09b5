//! One incident for each rule at each object it acts on, from its first alert to its end.

use std::collections::BTreeMap;
use zizhi_types::negotiation::Lease;
use zizhi_types::objective::Violation;
use zizhi_types::record::Ending;
use zizhi_types::{AnomalyId, IncidentId, ManagedObject, NetTime, RecordId, RunId};

/// An alert that lasts.
pub(super) struct Alert {
    pub id: AnomalyId,
    pub record: RecordId,
    pub violation: Violation,
}

/// What is being done about one object.
pub(super) struct Incident {
    pub id: IncidentId,
    pub lease: Lease,
    /// By the alerting object.
    pub alerts: BTreeMap<ManagedObject, Alert>,
    /// Runs so far.
    pub tries: u32,
    /// The last run that changed something.
    pub done: Option<RunId>,
    /// What was violated when that run began.
    pub before: Vec<Violation>,
    /// When the object may be looked at again after the last try.
    pub due: NetTime,
    /// The newest record.
    pub last: RecordId,
    /// A person was asked: nothing more is done, and nothing is opened until the alerts are over.
    pub handed_over: bool,
}

impl Incident {
    /// Objectives that its alerts say do not hold.
    pub(super) fn violations(&self) -> Vec<Violation> {
        self.alerts.values().map(|a| a.violation.clone()).collect()
    }

    /// How it ends once no alert is left.
    pub(super) const fn ending(&self) -> Ending {
        if self.done.is_some() {
            Ending::Fixed
        } else {
            Ending::RecoveredAlone
        }
    }
}
