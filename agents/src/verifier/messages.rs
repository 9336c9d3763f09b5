//! What the verifier is told and concludes.

use crate::picture::Picture;
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_types::objective::Violation;
use zizhi_types::plan::PredictedChange;
use zizhi_types::record::Verdict;
use zizhi_types::{Action, ManagedObject, Metric, Plan, RunId};

/// A run whose effect is to be watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Which run.
    pub run: RunId,
    /// What was done.
    pub plan: Plan,
    /// What was violated before the first step.
    pub before: Vec<Violation>,
    /// What the twin predicted.
    pub predicted: Vec<PredictedChange>,
}

/// What it is told.
pub enum Input {
    /// A run's last step is done: watch it.
    Watch(Box<Watch>),
    /// A temporary remedy stands: tell when its suspect is healthy again.
    Guard {
        /// Which run.
        run: RunId,
        /// What was done.
        plan: Box<Plan>,
    },
    /// The run was taken back.
    Forget(RunId),
    /// Time has passed.
    Tick {
        /// What is known.
        picture: Arc<Picture>,
        /// Series with a lasting anomaly, of all domains.
        unusual: Arc<BTreeSet<(ManagedObject, Metric)>>,
        /// Series that other open incidents explain: they are not this run's doing.
        elsewhere: Arc<BTreeSet<(ManagedObject, Metric)>>,
    },
}

/// What it concludes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The verdict on a run.
    Verdict {
        /// Which run.
        run: RunId,
        /// The verdict.
        verdict: Verdict,
        /// What was violated before.
        before: Vec<Violation>,
        /// What is violated now.
        after: Vec<Violation>,
        /// In words.
        reason: String,
        /// Mean absolute relative error of the twin's predictions for this run, where they could be measured.
        twin_error: Option<f64>,
        /// What had been done.
        actions: Vec<Action>,
    },
    /// The suspect has been healthy for a while: a temporary remedy is not needed any more.
    HealthyAgain(RunId),
}
