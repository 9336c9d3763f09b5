//! How good is a row of anomaly scores, given which rows are anomalous?
//!
//! In: labels and scores of the test rows, in time order, of equal length; scores are finite (see [`finite`]), higher is
//! more anomalous. Out: figures; one that has no meaning (no anomalous row, no normal row) is not a number. Nothing
//! here reads a file, draws a number or fails. Thresholds are searched for over the whole test part, so `*_best` and
//! `recall@` tell what the scores are worth, and `own_*` alone tells what the detector's own alarms are worth.

pub mod affiliation;
pub mod alarms;
pub mod budget;
pub mod calibration;
pub mod nab;
pub mod ranges;
pub mod ranking;
mod statistics;
pub mod vus;

pub use alarms::{AlarmStats, alarm_stats};
pub use budget::{AtBudget, recall_at};
pub use calibration::{Calibrated, Calibration};
pub use statistics::median;

use std::ops::Range;

/// Equidistant thresholds that `rf1_best` and `aff_f1_best` try (the same number as in TSB-AD).
const GRID: usize = 100;

/// The figures of one series that need no alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesFigures {
    /// Volume under the range-precision-recall surface, 0 to 1.
    pub vus_pr: f64,
    /// Volume under the range-ROC surface, 0 to 1.
    pub vus_roc: f64,
    /// Average precision by rows, 0 to 1.
    pub auc_pr: f64,
    /// Area under the ROC curve by rows, 0 to 1.
    pub auc_roc: f64,
    /// F1 by rows at the best threshold, 0 to 1.
    pub f1_best: f64,
    /// Range-based F1 at the best of 100 thresholds, 0 to 1.
    pub rf1_best: f64,
    /// Affiliation F1 at the best of 100 thresholds, 0 to 1.
    pub aff_f1_best: f64,
}

impl SeriesFigures {
    /// All figures of one series; `window` is the widest buffer round an event, in rows. Nothing if no row is anomalous.
    pub fn of(label: &[bool], score: &[f64], window: usize) -> Option<Self> {
        if !label.contains(&true) {
            return None;
        }
        let (vus_pr, vus_roc) = vus::vus(label, score, window);
        Some(Self {
            vus_pr,
            vus_roc,
            auc_pr: ranking::auc_pr(label, score),
            auc_roc: ranking::auc_roc(label, score),
            f1_best: ranking::f1_best(label, score),
            rf1_best: ranges::rf1_best(label, score),
            aff_f1_best: affiliation::aff_f1_best(label, score),
        })
    }

    /// The same by name.
    pub const fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("vus_pr", self.vus_pr),
            ("vus_roc", self.vus_roc),
            ("auc_pr", self.auc_pr),
            ("auc_roc", self.auc_roc),
            ("f1_best", self.f1_best),
            ("rf1_best", self.rf1_best),
            ("aff_f1_best", self.aff_f1_best),
        ]
    }
}

/// A score that can be ranked: what is no number becomes 0, what is infinite the largest finite number.
pub const fn finite(score: f64) -> f64 {
    if score.is_nan() {
        0.0
    } else {
        score.clamp(f64::MIN, f64::MAX)
    }
}

/// The stretches of rows that are marked, in time order.
pub fn stretches(marked: impl IntoIterator<Item = bool>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = vec![];
    for (row, _) in marked.into_iter().enumerate().filter(|(_, m)| *m) {
        match found.last_mut() {
            Some(last) if last.end == row => last.end = row + 1,
            _ => found.push(row..row + 1),
        }
    }
    found
}

/// [`GRID`] thresholds from the lowest score to the highest.
fn grid(score: &[f64]) -> impl Iterator<Item = f64> {
    let lowest = score.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = score.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    statistics::evenly(lowest, highest, GRID)
}

/// The harmonic mean of precision and recall; 0 if both are 0 or one is no number.
fn f1(precision: f64, recall: f64) -> f64 {
    let sum = precision + recall;
    if sum > 0.0 {
        2.0 * precision * recall / sum
    } else {
        0.0
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "equal means equal to the last digit")]
mod tests;
