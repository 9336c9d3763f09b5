//! What the learner is told and concludes.

use crate::planner::Recalled;
use std::collections::BTreeSet;
use zizhi_knowledge::Case;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::RunEnd;
use zizhi_types::{Hypothesis, IncidentId, Metric, Plan};

/// What it is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// What other runs taught, oldest first; each case names its run.
    Bring(Vec<Case>),
    /// What is held?
    Recite,
    /// A plan ended.
    Remember {
        /// What it was.
        plan: Box<Plan>,
        /// How it ended.
        outcome: RunEnd,
        /// What had been seen.
        seen: BTreeSet<Metric>,
    },
    /// What is known about incidents like this one?
    Recall {
        /// Which asks.
        incident: IncidentId,
        /// Its ranked causes.
        hypotheses: Vec<Hypothesis>,
        /// Its symptoms.
        situation: Situation,
    },
}

/// What it concludes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The answer to [`Input::Recite`]: oldest first.
    Recited(Vec<Case>),
    /// The answer to [`Input::Recall`].
    Recalled {
        /// For which incident.
        incident: IncidentId,
        /// Its ranked causes, as they were asked with.
        hypotheses: Vec<Hypothesis>,
        /// Its symptoms.
        situation: Situation,
        /// What is remembered.
        recalled: Recalled,
    },
    /// The graph refused a case.
    NotRemembered {
        /// Why.
        reason: String,
    },
}
