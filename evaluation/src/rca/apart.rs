//! The two tasks that are scored apart: arrows between alarm types, and the guilty change.

use super::score::Truth;
use serde::Serialize;
use std::collections::BTreeSet;

/// An arrow from the alarm type that causes to the one that follows.
pub type Arrow = (u32, u32);

/// How well a set of arrows fits the true one. Arrows from a type to itself are left out on both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct EdgeScore {
    /// Twice the common arrows over all arrows of both sides, 0 to 1.
    pub f1: f64,
    /// Share of the named arrows that are true.
    pub precision: f64,
    /// Share of the true arrows that are named.
    pub recall: f64,
    /// Common arrows.
    pub tp: usize,
    /// Named arrows.
    pub predicted: usize,
    /// True arrows.
    #[serde(rename = "true")]
    pub truth: usize,
}

/// Scores arrows; a share of nothing is 0.
pub fn edges(predicted: &BTreeSet<Arrow>, truth: &BTreeSet<Arrow>) -> EdgeScore {
    let proper = |all: &BTreeSet<Arrow>| -> BTreeSet<Arrow> {
        all.iter().copied().filter(|(a, b)| a != b).collect()
    };
    let (predicted, truth) = (proper(predicted), proper(truth));
    let tp = predicted.intersection(&truth).count();
    let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
    EdgeScore {
        f1: share(2 * tp, predicted.len() + truth.len()),
        precision: share(tp, predicted.len()),
        recall: share(tp, truth.len()),
        tp,
        predicted: predicted.len(),
        truth: truth.len(),
    }
}

/// What came of naming a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The true commit was named, or rightly none.
    Pass,
    /// An innocent commit that was rolled out near by was blamed.
    Decoy,
    /// Anything else.
    Miss,
}

/// The word for no guilty change.
pub const NONE: &str = "none";
/// Letters of a commit's id that must at least be named.
const SHORTEST: usize = 7;

/// Judges a named change; `None` is no answer and a miss.
pub fn verdict(named: Option<&str>, truth: &Truth) -> Verdict {
    let guilty = truth.root_cause_commit.as_deref().unwrap_or(NONE);
    let Some(named) = named else {
        return Verdict::Miss;
    };
    let means = |commit: &str| named.len() >= SHORTEST && commit.starts_with(named);
    if named == guilty || (guilty != NONE && means(guilty)) {
        Verdict::Pass
    } else if truth.decoy_deploy_commits.iter().any(|d| means(d)) {
        Verdict::Decoy
    } else {
        Verdict::Miss
    }
}

/// Verdicts counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Verdicts {
    /// Cases.
    pub cases: usize,
    /// Right ones.
    pub pass: usize,
    /// Innocent rollouts blamed.
    pub decoy: usize,
    /// The rest.
    pub miss: usize,
}

impl Verdicts {
    /// Counts one more.
    pub fn count(&mut self, verdict: Verdict) {
        self.cases += 1;
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Decoy => self.decoy += 1,
            Verdict::Miss => self.miss += 1,
        }
    }
}
