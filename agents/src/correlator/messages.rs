//! What the correlator is told and concludes.

use crate::picture::Picture;
use std::sync::Arc;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::Lease;
use zizhi_types::objective::Violation;
use zizhi_types::{Anomaly, AnomalyId, FaultKind, Hypothesis, IncidentId, ManagedObject, NetTime};

/// An incident that is open somewhere, as far as others know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Which.
    pub incident: IncidentId,
    /// Who leads.
    pub lease: Lease,
    /// The suspected object.
    pub suspect: ManagedObject,
    /// The suspected fault.
    pub fault: FaultKind,
}

/// What it is told.
pub enum Input {
    /// A domain raised an anomaly.
    Raised(Anomaly),
    /// It is usual again.
    Cleared(AnomalyId),
    /// A domain leads an incident with these symptoms.
    Claimed {
        /// Which.
        known: Known,
        /// Its symptoms.
        symptoms: Vec<AnomalyId>,
    },
    /// An incident is over.
    Closed {
        /// Which.
        incident: IncidentId,
        /// By a verified remedy.
        fixed: bool,
    },
    /// The network was changed: what is new until then may be an echo.
    Changed {
        /// By the run of which incident.
        incident: IncidentId,
        /// Until when.
        until: NetTime,
    },
    /// Started afresh: these numbers were taken before.
    CountFrom {
        /// The newest incident of the own domain.
        incidents: u64,
        /// The newest token of any.
        token: u64,
    },
    /// Time has passed.
    Tick(Arc<Picture>),
    /// The answer to [`Output::Diagnose`].
    Diagnosed {
        /// What was asked about.
        situation: Situation,
        /// Anomalies that open incidents explain.
        joined: Vec<(IncidentId, Vec<AnomalyId>)>,
        /// Ranked causes of the rest.
        hypotheses: Vec<Hypothesis>,
        /// Share of "none of these".
        other: f64,
        /// What would decide, if nothing does yet.
        need: Option<String>,
    },
}

/// What it concludes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Ask the diagnoser.
    Diagnose {
        /// About these symptoms.
        situation: Situation,
        /// Which may belong to one of these incidents.
        open: Vec<Known>,
    },
    /// Take the lead of a new incident.
    Lead {
        /// Which, with its lease and suspect.
        known: Known,
        /// What belongs to it.
        symptoms: Vec<AnomalyId>,
        /// Objectives that do not hold.
        violations: Vec<Violation>,
        /// Ranked causes.
        hypotheses: Vec<Hypothesis>,
        /// Share of "none of these".
        other: f64,
        /// What it was diagnosed from.
        situation: Situation,
    },
    /// Open an incident that nobody can explain, for a person.
    Unexplained {
        /// Which, with its lease.
        incident: IncidentId,
        /// Who leads.
        lease: Lease,
        /// What belongs to it.
        symptoms: Vec<AnomalyId>,
        /// Objectives that do not hold.
        violations: Vec<Violation>,
        /// What was thought of.
        hypotheses: Vec<Hypothesis>,
        /// Share of "none of these".
        other: f64,
        /// What would decide.
        need: String,
    },
    /// More symptoms for an incident led here.
    Joined {
        /// Which.
        incident: IncidentId,
        /// The new ones.
        symptoms: Vec<AnomalyId>,
    },
    /// An incident led here is the same as a peer's, which goes first.
    Merge {
        /// The one that ends.
        incident: IncidentId,
        /// The one that goes on.
        into: IncidentId,
    },
    /// Unusual, but nothing to act on.
    Suppress {
        /// Which anomaly of the own domain.
        anomaly: AnomalyId,
        /// `no-objective-violated` or `planned-work`.
        reason: &'static str,
        /// For people.
        detail: String,
    },
    /// All objectives of an incident led here hold again although nothing was done.
    RecoveredAlone(IncidentId),
}
