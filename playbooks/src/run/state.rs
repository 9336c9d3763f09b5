//! The words of a run: its states with the one transition table, what it is told and what it answers.

use crate::driver::DriverError;
use serde::{Deserialize, Serialize};
use std::fmt;
use zizhi_types::ManagedObject;
use zizhi_types::action::{Action, Receipt};
use zizhi_types::negotiation::RunEnd;
use zizhi_types::plan::RollbackCause;
use zizhi_types::record::Verdict;

/// Where a run stands. Steps are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub enum State {
    /// Nothing was done.
    Ready,
    /// A step is with the driver.
    Stepping {
        /// Which.
        step: usize,
    },
    /// A step surely changed nothing and is tried again after a while.
    Waiting {
        /// Which.
        step: usize,
    },
    /// All steps are done; the verdict is awaited.
    Verifying,
    /// The verdict was "inconclusive"; a person's verdict is awaited.
    Unclear,
    /// It helped and is kept until the suspect is healthy (temporary plans).
    Held,
    /// A step is being taken back.
    Undoing {
        /// Which.
        step: usize,
    },
    /// Over.
    Ended {
        /// How.
        end: RunEnd,
    },
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Stepping { step } => write!(f, "stepping({step})"),
            Self::Waiting { step } => write!(f, "waiting({step})"),
            Self::Verifying => f.write_str("verifying"),
            Self::Unclear => f.write_str("unclear"),
            Self::Held => f.write_str("held"),
            Self::Undoing { step } => write!(f, "undoing({step})"),
            Self::Ended { end } => write!(f, "ended({end:?})"),
        }
    }
}

impl State {
    /// The transition table: the only place where a state may follow another.
    pub fn to(self, next: Self) -> Result<Self, IllegalTransition> {
        use State::{Ended, Held, Ready, Stepping, Unclear, Undoing, Verifying, Waiting};
        let legal = match (self, next) {
            (Ready, Stepping { step }) => step == 0,
            (Stepping { step: from }, Stepping { step }) => step == from + 1,
            (Stepping { step: from }, Waiting { step })
            | (Waiting { step: from }, Stepping { step }) => step == from,
            (Stepping { step: from } | Waiting { step: from }, Undoing { step }) => step <= from,
            (Undoing { step: from }, Undoing { step }) => step < from,
            (Stepping { .. }, Verifying)
            | (Verifying | Unclear, Held | Unclear)
            | (Verifying | Unclear | Held, Undoing { .. }) => true,
            (Ready, Ended { end }) => end == RunEnd::NotRun,
            (Stepping { .. } | Waiting { .. }, Ended { end }) => end != RunEnd::Helped,
            (Verifying | Unclear | Held | Undoing { .. }, Ended { end }) => end != RunEnd::NotRun,
            _ => false,
        };
        if legal {
            Ok(next)
        } else {
            Err(IllegalTransition::new(self, format!("go to {next}")))
        }
    }
}

/// What the run was told does not fit where it stands. The run is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a run that is {from} cannot {what}")]
pub struct IllegalTransition {
    from: String,
    what: String,
}

impl IllegalTransition {
    pub(super) fn new(from: State, what: impl Into<String>) -> Self {
        Self {
            from: from.to_string(),
            what: what.into(),
        }
    }
}

/// What a run is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Begin.
    Start,
    /// The driver's answer to the effect with this key.
    Answer {
        /// The effect's key.
        key: String,
        /// The receipt, or why there is none.
        result: Result<Receipt, DriverError>,
    },
    /// The wait after [`Effect::TryAgain`] is over: the step is tried again under a new key.
    Again,
    /// The verifier's verdict, or a person's after [`Effect::AskPerson`].
    Verdict(Verdict),
    /// The suspect is healthy again: a held run is taken back.
    Release,
    /// A person or the kill switch ends the run. A step that is with the driver is waited for, then taken back.
    Kill,
}

/// Why steps are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UndoReason {
    /// A step was refused, failed, or has an unknown effect.
    StepFailed,
    /// It did not help, or made something worse.
    VerifyFailed,
    /// The suspect is healthy; the temporary change is not needed any more.
    HealthyAgain,
    /// A person or the kill switch.
    Operator,
}

impl UndoReason {
    /// The word that records use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StepFailed => "step-failed",
            Self::VerifyFailed => "verify-failed",
            Self::HealthyAgain => "healthy-again",
            Self::Operator => "operator",
        }
    }

    /// The cause as plans name it; a temporary plan whose suspect is healthy is always taken back.
    pub const fn cause(self) -> Option<RollbackCause> {
        match self {
            Self::StepFailed => Some(RollbackCause::StepFailed),
            Self::VerifyFailed => Some(RollbackCause::VerifyFailed),
            Self::Operator => Some(RollbackCause::Operator),
            Self::HealthyAgain => None,
        }
    }
}

/// What the executor has to do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Have the driver do a step, and answer with its key.
    Do {
        /// The step's id.
        step: String,
        /// Used once.
        key: String,
        /// What to do.
        action: Action,
    },
    /// Have the driver take a step back, and answer with its key.
    Undo {
        /// The step's id.
        step: String,
        /// Used once.
        key: String,
        /// What takes it back.
        action: Action,
        /// Why.
        reason: UndoReason,
    },
    /// The driver said that taking the step back failed without effect: wait, then have it tried again under a new key.
    UndoAgain {
        /// The step's id.
        step: String,
        /// Used once.
        key: String,
        /// What takes it back.
        action: Action,
        /// Why.
        reason: UndoReason,
        /// How long to wait, in milliseconds.
        wait_ms: u64,
    },
    /// The driver said that the step failed without effect: wait, then say [`Input::Again`].
    TryAgain {
        /// The step's id.
        step: String,
        /// How long to wait, in milliseconds.
        wait_ms: u64,
    },
    /// Start the checks of the plan.
    BeginVerify,
    /// It helped; keep the change and say [`Input::Release`] when the suspect is healthy.
    Hold,
    /// It cannot be told whether it helped: ask a person, and give the answer as a verdict.
    AskPerson,
    /// Nobody but a person may change the object now.
    Freeze {
        /// Which.
        object: ManagedObject,
        /// Why.
        reason: String,
    },
    /// The run is over.
    Finished(RunEnd),
}
