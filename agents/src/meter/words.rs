//! The outcomes that a record can name, as one word each: what labels and attributes say.

use zizhi_types::negotiation::{RefuseReason, RunEnd};
use zizhi_types::record::{Ending, Ruling, Verdict};

/// All endings.
pub(crate) const ENDINGS: [Ending; 5] = [
    Ending::Fixed,
    Ending::RecoveredAlone,
    Ending::Merged,
    Ending::Escalated,
    Ending::StillOpen,
];

/// How an incident ended.
pub(crate) const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Fixed => "fixed",
        Ending::RecoveredAlone => "recovered-alone",
        Ending::Merged => "merged",
        Ending::Escalated => "escalated",
        Ending::StillOpen => "still-open",
    }
}

/// All rulings.
pub(crate) const RULINGS: [Ruling; 4] =
    [Ruling::Proceed, Ruling::Ask, Ruling::ShowOnly, Ruling::Deny];

/// What was decided about a plan.
pub(crate) const fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Proceed => "proceed",
        Ruling::Ask => "ask",
        Ruling::ShowOnly => "show-only",
        Ruling::Deny => "deny",
    }
}

/// All verdicts.
pub(crate) const VERDICTS: [Verdict; 3] = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive];

/// The verdict on a run.
pub(crate) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// All outcomes.
pub(crate) const OUTCOMES: [RunEnd; 4] = [
    RunEnd::Helped,
    RunEnd::Undone,
    RunEnd::Stuck,
    RunEnd::NotRun,
];

/// How a run ended.
pub(crate) const fn outcome(outcome: RunEnd) -> &'static str {
    match outcome {
        RunEnd::Helped => "helped",
        RunEnd::Undone => "undone",
        RunEnd::Stuck => "stuck",
        RunEnd::NotRun => "not-run",
    }
}

/// All reasons of refusals.
pub(crate) const REFUSALS: [&str; 6] = [
    "harms-objective",
    "busy",
    "stale-lease",
    "guard",
    "nothing-to-offer",
    "not-yet",
];

/// Why a domain says no.
pub(crate) const fn refusal(reason: &RefuseReason) -> &'static str {
    match reason {
        RefuseReason::HarmsObjective { .. } => REFUSALS[0],
        RefuseReason::Busy { .. } => REFUSALS[1],
        RefuseReason::StaleLease { .. } => REFUSALS[2],
        RefuseReason::Guard { .. } => REFUSALS[3],
        RefuseReason::NothingToOffer => REFUSALS[4],
        RefuseReason::NotYet { .. } => REFUSALS[5],
    }
}
