//! How do scores of different series become comparable, so that one threshold serves a whole group?
//!
//! In: a series' scores before the test part and in it. Out: its test scores in units of their usual stray. Either way
//! looks only at what came before the row, or at training rows.

use super::statistics::{deviation, mean, median};

/// Fewer training scores than this are no reference; the first tenth of the test part is then.
const ENOUGH: usize = 10;
/// Median absolute deviation times this is the standard deviation of a normal distribution.
const TO_SIGMA: f64 = 1.4826;
/// Scores that the trailing mean and deviation remember, at most.
const SPAN: usize = 1000;
/// A stray smaller than this is none.
const LEAST: f64 = 1e-12;
/// One score moves the trailing mean by at most so many deviations.
const CLIP: f64 = 6.0;

/// A series whose scores can be held against those of other series.
#[derive(Debug, Clone)]
pub struct Calibrated<'a> {
    /// Which test rows are anomalous.
    pub label: &'a [bool],
    /// Their calibrated scores.
    pub score: Vec<f64>,
    /// Seconds from row to row.
    pub interval_s: f64,
}

/// The two ways of calibrating; the better of the two counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calibration {
    /// Distance from the median of the training scores, in their median absolute deviations.
    Training,
    /// Distance from a running mean of the scores before, in their running deviations.
    Trailing,
}

impl Calibration {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Training, Self::Trailing];

    /// Calibrates the scores of the test rows.
    pub fn of(self, train: &[f64], test: &[f64]) -> Vec<f64> {
        match self {
            Self::Training => by_training(train, test),
            Self::Trailing => by_trailing(train, test),
        }
    }
}

/// The beginning of the test part, where there is no training part.
fn beginning(test: &[f64]) -> &[f64] {
    let some = ENOUGH.max(test.len() / 10).min(test.len());
    test.get(..some).unwrap_or(test)
}

fn by_training(train: &[f64], test: &[f64]) -> Vec<f64> {
    let reference = if train.len() >= ENOUGH {
        train
    } else {
        beginning(test)
    };
    let middle = median(reference);
    let distances: Vec<f64> = reference.iter().map(|s| (s - middle).abs()).collect();
    let strays = [
        TO_SIGMA * median(&distances),
        deviation(reference),
        deviation(test),
    ];
    let scale = strays.into_iter().find(|s| *s > LEAST).unwrap_or(LEAST);
    test.iter().map(|s| (s - middle) / scale).collect()
}

fn by_trailing(train: &[f64], test: &[f64]) -> Vec<f64> {
    let reference = if train.is_empty() {
        beginning(test)
    } else {
        train
    };
    let newest = reference.len().saturating_sub(4 * SPAN);
    let reference = reference.get(newest..).unwrap_or(reference);
    let usual = deviation(reference);
    let least = (0.1 * usual).max(1e-3 * deviation(test)).max(LEAST);
    let span = SPAN.min((test.len() / 4).max(50));
    let step = 2.0 / (1.0 + span as f64);
    let mut middle = mean(reference);
    let mut variance = usual.max(least).powi(2);
    let mut calibrated = Vec::with_capacity(test.len());
    for score in test {
        let stray = variance.sqrt().max(least);
        let distance = score - middle;
        calibrated.push(distance / stray);
        let moved = distance.clamp(-CLIP * stray, CLIP * stray);
        middle += step * moved;
        variance = (1.0 - step) * (variance + step * moved * moved);
    }
    calibrated
}
