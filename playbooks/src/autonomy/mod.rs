//! How much may a playbook do by itself, by what it has shown?
//!
//! In: the records of what was done with it ([`Ledger`]). Out: a proposal with its case: counts, the interval of its
//! success, the records that it rests on, what is missing. Pure. Promotion goes one rung at a time, on outcomes since the
//! last change only; demotion follows the same interval the other way, over as many of the newest outcomes as the rung had
//! asked for, and at once after a harmful action; nothing goes above the ceiling of the class of its objects. The agents
//! demote by themselves; a promotion is a person's, and is kept in an [`Overlay`].

mod ledger;
mod overlay;
mod wilson;

pub use ledger::{Ledger, Outcome, Seen};
pub use overlay::{Change, Overlay, OverlayError};
pub use wilson::{Interval, wilson};

use crate::policy::{Class, Policy};
use serde::Serialize;
use std::collections::BTreeMap;
use zizhi_types::plan::Mode;
use zizhi_types::{ManagedObject, RecordId};

/// What a rung asks for: least outcomes, and the least lower bound of success.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bar {
    /// Outcomes.
    pub outcomes: usize,
    /// Lower bound of the share of good ones (Wilson, 95 %).
    pub success: f64,
}

/// What the step from a mode to the next one asks for; nothing where there is no next one. Our choice: with nothing but
/// good outcomes, the lower bounds are reached at 5, 10 and 20 of them.
pub const fn bar(from: Mode) -> Option<Bar> {
    let (outcomes, success) = match from {
        Mode::Observe => (5, 0.5),
        Mode::Suggest => (10, 0.7),
        Mode::Approve => (20, 0.8),
        Mode::Auto => return None,
    };
    Some(Bar { outcomes, success })
}

/// Fewer bad outcomes are no pattern, however few there are in all. Our choice: the breaker opens at two within an hour.
const BAD_MIN: usize = 3;

/// What has a mode of its own: a playbook, on all objects or on those of one class of the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Track {
    /// The playbook's id.
    pub playbook: String,
    /// The class; all objects if there is none.
    pub class: Option<String>,
}

impl Track {
    /// Whether a plan of a playbook that touches these objects runs under this mode.
    pub fn has<'o>(
        &self,
        playbook: &str,
        objects: impl IntoIterator<Item = &'o ManagedObject>,
        policy: &Policy,
    ) -> bool {
        let Some(name) = &self.class else {
            return self.playbook == playbook;
        };
        let class = policy.classes.iter().find(|c| c.name == *name);
        let touches = |class: &Class| objects.into_iter().any(|o| class.has(o));
        self.playbook == playbook && class.is_some_and(touches)
    }
}

/// Everything that counts for one playbook, or for one on the objects of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its id.
    pub playbook: String,
    /// The class; all objects if there is none.
    pub class: Option<String>,
    /// Its mode now.
    pub mode: Mode,
    /// The ceiling of the class of its objects.
    pub ceiling: Mode,
    /// What was seen of it since its mode was changed last, oldest first.
    pub seen: Vec<Seen>,
}

/// What follows from a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposal {
    /// The playbook's id.
    pub playbook: String,
    /// The class of objects that it is about; all objects if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Its mode now.
    pub from: Mode,
    /// The mode that it has earned.
    pub to: Mode,
    /// How many outcomes of each kind count.
    pub counts: BTreeMap<Outcome, usize>,
    /// The share of good ones.
    pub success: Interval,
    /// What the next rung asks for.
    pub bar: Option<Bar>,
    /// The records that it rests on.
    pub evidence: Vec<RecordId>,
    /// Why, or what is missing.
    pub reason: String,
}

const fn above(mode: Mode) -> Mode {
    match mode {
        Mode::Observe => Mode::Suggest,
        Mode::Suggest => Mode::Approve,
        Mode::Approve | Mode::Auto => Mode::Auto,
    }
}

const fn below(mode: Mode) -> Mode {
    match mode {
        Mode::Auto => Mode::Approve,
        Mode::Approve => Mode::Suggest,
        Mode::Suggest | Mode::Observe => Mode::Observe,
    }
}

impl Case {
    /// What the playbook has earned.
    pub fn propose(&self) -> Proposal {
        let counting: Vec<&Seen> = self.seen.iter().filter(|s| self.counts(s)).collect();
        let good = counting.iter().filter(|s| s.outcome.is_good()).count();
        let success = wilson(good, counting.len());
        let (to, reason) = self.rung(&counting, good, success);
        let mut counts = BTreeMap::new();
        for seen in &counting {
            *counts.entry(seen.outcome).or_insert(0) += 1;
        }
        Proposal {
            playbook: self.playbook.clone(),
            class: self.class.clone(),
            from: self.mode,
            to,
            counts,
            success,
            bar: bar(self.mode),
            evidence: counting.iter().map(|s| s.record.clone()).collect(),
            reason,
        }
    }

    /// What the twin foresaw counts only where nothing is done yet: from approve on, only what was done and verified.
    fn counts(&self, seen: &Seen) -> bool {
        self.mode < Mode::Approve || seen.outcome.was_done()
    }

    fn rung(&self, counting: &[&Seen], good: usize, success: Interval) -> (Mode, String) {
        let all = counting.len();
        if self.mode > self.ceiling {
            let reason = format!("its ceiling is {}", self.ceiling);
            return (self.ceiling, reason);
        }
        if let Some(harm) = counting.iter().find(|s| s.outcome == Outcome::Harmful) {
            let reason = format!("it did harm: {}", harm.record);
            return (below(self.mode), reason);
        }
        if let Some(reason) = self.lost(counting) {
            return (below(self.mode), reason);
        }
        let Some(bar) = bar(self.mode) else {
            return (self.mode, "it is at the highest mode".to_owned());
        };
        if above(self.mode) > self.ceiling {
            let reason = format!("its ceiling is {}", self.ceiling);
            return (self.mode, reason);
        }
        if all < bar.outcomes {
            let missing = bar.outcomes - all;
            return (self.mode, format!("{missing} more outcomes are needed"));
        }
        if success.lower < bar.success {
            let (lower, least) = (percent(success.lower), percent(bar.success));
            let reason =
                format!("its success is at least {lower} % for sure; {least} % are asked for");
            return (self.mode, reason);
        }
        let reason = format!("{good} of {all} outcomes were good");
        (above(self.mode), reason)
    }

    /// The same bar that brought it here, from the other side: over as many outcomes as it had asked for. What was good
    /// long ago does not carry what is bad now.
    fn lost(&self, counting: &[&Seen]) -> Option<String> {
        let earned = bar(below(self.mode)).filter(|_| self.mode > Mode::Observe)?;
        let newest = &counting[counting.len().saturating_sub(earned.outcomes)..];
        let all = newest.len();
        let good = newest.iter().filter(|s| s.outcome.is_good()).count();
        let fails = all - good >= BAD_MIN && wilson(good, all).upper < earned.success;
        fails.then(|| {
            format!("{good} of the newest {all} outcomes were good: fewer than its mode asks for")
        })
    }
}

fn percent(share: f64) -> f64 {
    (share * 1000.0).round() / 10.0
}
