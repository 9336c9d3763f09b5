//! How many events does a group of series find if only so many false alarms are allowed?
//!
//! One threshold for all series of the group, on calibrated scores: the lowest of about a hundred that keeps the pooled
//! false alarms within the budget.

use super::alarms::alarm_stats;
use super::calibration::Calibrated;
use super::statistics::{evenly, median, quantile, sorted};

/// Thresholds that are tried.
const THRESHOLDS: usize = 100;
/// The lowest threshold lets this share of all rows raise an alarm.
const MOST_ROWS: f64 = 0.6;
const DAY_S: f64 = 86_400.0;

/// What a budget of false alarms buys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtBudget {
    /// Share of the events that are detected, 0 to 1.
    pub recall: f64,
    /// Median seconds from an event's start to its first alarm; not a number if nothing is detected.
    pub delay_s: f64,
    /// False alarms of all series together.
    pub false_alarms: usize,
    /// The threshold on calibrated scores; infinite if none keeps the budget.
    pub threshold: f64,
}

/// What all series of a group do at one threshold.
struct Pooled {
    events: usize,
    detected: usize,
    false_alarms: usize,
    delays_s: Vec<f64>,
}

/// The best recall within each budget, in false alarms per day and series; one false alarm is always allowed.
pub fn recall_at(series: &[Calibrated<'_>], budgets: &[f64]) -> Vec<AtBudget> {
    let allowed: Vec<usize> = budgets.iter().map(|b| allowed(*b, days(series))).collect();
    let most = 4 * allowed.iter().max().copied().unwrap_or(0) + 20;
    let mut best = vec![(0, AtBudget::nothing()); budgets.len()];
    for threshold in thresholds(series) {
        let pooled = pooled(series, threshold);
        for (best, allowed) in best.iter_mut().zip(&allowed) {
            if pooled.false_alarms <= *allowed && pooled.detected >= best.0 {
                *best = (pooled.detected, pooled.at(threshold));
            }
        }
        // Lower thresholds only raise more false alarms.
        if pooled.false_alarms > most {
            break;
        }
    }
    best.into_iter().map(|(_, found)| found).collect()
}

/// Days of all series together.
pub(crate) fn days(series: &[Calibrated<'_>]) -> f64 {
    let of = |s: &Calibrated<'_>| s.label.len() as f64 * s.interval_s;
    series.iter().map(of).sum::<f64>() / DAY_S
}

fn allowed(budget: f64, days: f64) -> usize {
    // A hair less: a budget that comes out whole must not be rounded up for a last digit.
    ((budget * days - 1e-9).ceil().max(1.0)) as usize
}

/// Quantiles of all scores together, closer to each other the higher they are, from the highest down.
fn thresholds(series: &[Calibrated<'_>]) -> Vec<f64> {
    let all: Vec<f64> = series
        .iter()
        .flat_map(|s| s.score.iter().copied())
        .collect();
    let all = sorted(&all);
    let fewest = (1.0 / all.len() as f64).log10();
    let shares = evenly(MOST_ROWS.log10(), fewest, THRESHOLDS).map(|e| 10_f64.powf(e));
    let mut found: Vec<f64> = shares.map(|share| quantile(&all, 1.0 - share)).collect();
    found.sort_unstable_by(|a, b| b.total_cmp(a));
    found.dedup();
    found
}

fn pooled(series: &[Calibrated<'_>], threshold: f64) -> Pooled {
    let mut pooled = Pooled {
        events: 0,
        detected: 0,
        false_alarms: 0,
        delays_s: vec![],
    };
    for s in series {
        let alarm = |row: usize| s.score.get(row).is_some_and(|c| *c > threshold);
        let stats = alarm_stats(s.label, alarm);
        pooled.events += stats.events;
        pooled.detected += stats.detected;
        pooled.false_alarms += stats.false_alarms;
        let delays = stats.delays.iter().map(|rows| *rows as f64 * s.interval_s);
        pooled.delays_s.extend(delays);
    }
    pooled
}

impl Pooled {
    fn at(&self, threshold: f64) -> AtBudget {
        AtBudget {
            recall: self.detected as f64 / self.events.max(1) as f64,
            delay_s: median(&self.delays_s),
            false_alarms: self.false_alarms,
            threshold,
        }
    }
}

impl AtBudget {
    const fn nothing() -> Self {
        Self {
            recall: 0.0,
            delay_s: f64::NAN,
            false_alarms: 0,
            threshold: f64::INFINITY,
        }
    }
}
