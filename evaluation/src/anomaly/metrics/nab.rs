//! The score of the Numenta benchmark, standard profile (Lavin and Ahmad, ICMLA 2015).
//!
//! The first alarm in a window earns up to 1, the earlier the more; a window without one costs 1; every alarm row
//! outside costs up to 0.11, the less the closer it follows a window.

use super::calibration::Calibrated;
use super::statistics::{evenly, quantile, sorted};
use super::stretches;
use std::ops::Range;

/// Cost of an alarm row far from any window.
const FALSE_COST: f64 = 0.11;
/// A row farther behind a window than so many of its lengths is far.
const FAR: f64 = 3.0;
/// Thresholds that are tried.
const THRESHOLDS: usize = 60;

/// Worth of an alarm at a place relative to a window: -1 is its start, 0 its end. 1 to -1.
fn worth(place: f64) -> f64 {
    2.0 / (1.0 + (5.0 * place).exp()) - 1.0
}

/// The unscaled score of alarms, given as row numbers in rising order; one per window at most.
pub fn nab_raw(label: &[bool], alarms: &[usize]) -> f64 {
    let windows = stretches(label.iter().copied());
    let windows_score: f64 = windows.iter().map(|w| found(w, alarms)).sum();
    let outside = |row: &&usize| !label.get(**row).copied().unwrap_or(false);
    let cost = |row: &usize| FALSE_COST * lateness(&windows, *row);
    windows_score + alarms.iter().filter(outside).map(cost).sum::<f64>()
}

fn found(window: &Range<usize>, alarms: &[usize]) -> f64 {
    let first = alarms.partition_point(|row| *row < window.start);
    match alarms.get(first).filter(|row| **row < window.end) {
        Some(row) => {
            let left = (window.end - row) as f64 / window.len() as f64;
            worth(-left) / worth(-1.0)
        }
        None => -1.0,
    }
}

/// Worth of an alarm row outside all windows, 0 to -1: how far behind the last window it is.
fn lateness(windows: &[Range<usize>], row: usize) -> f64 {
    let before = windows.partition_point(|w| w.end <= row);
    let Some(window) = before.checked_sub(1).and_then(|i| windows.get(i)) else {
        return -1.0;
    };
    let place = (row + 1 - window.end) as f64 / (window.len() - 1).max(1) as f64;
    if place > FAR { -1.0 } else { worth(place) }
}

/// The scaled score of a group at its best single threshold: 0 is a detector that says nothing, 100 a perfect one.
pub fn nab_score(series: &[Calibrated<'_>]) -> f64 {
    let windows: usize = series
        .iter()
        .map(|s| stretches(s.label.iter().copied()).len())
        .sum();
    if windows == 0 {
        return f64::NAN;
    }
    let nothing = -(windows as f64);
    let all: Vec<f64> = series
        .iter()
        .flat_map(|s| s.score.iter().copied())
        .collect();
    let all = sorted(&all);
    let fewest = (1.0 / all.len() as f64).log10();
    let best = evenly(-1.0, fewest, THRESHOLDS)
        .map(|e| quantile(&all, 1.0 - 10_f64.powf(e)))
        .map(|threshold| series.iter().map(|s| at(s, threshold)).sum())
        .fold(nothing, f64::max);
    100.0 * (best - nothing) / (-2.0 * nothing)
}

fn at(series: &Calibrated<'_>, threshold: f64) -> f64 {
    let above = |(row, score): (usize, &f64)| (*score > threshold).then_some(row);
    let alarms: Vec<usize> = series.score.iter().enumerate().filter_map(above).collect();
    nab_raw(series.label, &alarms)
}
