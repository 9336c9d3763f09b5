//! What the diagnoser is told and concludes.

use crate::correlator::Known;
use crate::picture::Picture;
use std::sync::Arc;
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::topology::Network;
use zizhi_types::{AnomalyId, Hypothesis, IncidentId, NetTime};

/// What it is told.
pub enum Input {
    /// A domain's part of the network.
    Learn {
        /// Whose.
        domain: Domain,
        /// What it consists of.
        part: Box<Network>,
    },
    /// Explain this.
    Diagnose {
        /// The symptoms.
        situation: Situation,
        /// Incidents that may explain some of them.
        open: Vec<Known>,
        /// What is known of the network now.
        picture: Arc<Picture>,
        /// When.
        at: NetTime,
    },
}

/// What it concludes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The answer to [`Input::Diagnose`].
    Diagnosis {
        /// What was asked about.
        situation: Situation,
        /// Symptoms that open incidents explain.
        joined: Vec<(IncidentId, Vec<AnomalyId>)>,
        /// Ranked causes of the rest.
        hypotheses: Vec<Hypothesis>,
        /// Share of "none of these".
        other: f64,
        /// What would decide, if nothing does yet.
        need: Option<String>,
    },
    /// The graph refused a domain's part.
    NotLearnt {
        /// Whose.
        domain: Domain,
        /// Why.
        reason: String,
    },
}
