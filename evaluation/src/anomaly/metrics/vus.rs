//! The volume under the range-PR and the range-ROC surface (Paparrizos et al., PVLDB 15(11), 2022).
//!
//! An alarm just before or after an event is nearly right. So every event gets a buffer on both sides, in which rows
//! count as partly anomalous, less the farther away. The area under the curve is taken for every buffer width from 0
//! to the widest, and averaged: no single width has to be believed in. The sum over thresholds is left-continuous, as
//! in TSB-AD 1.5.

use super::stretches;
use std::ops::Range;

/// Thresholds: scores at even ranks from the highest to the lowest.
const THRESHOLDS: usize = 250;

/// What does not change with the buffer's width.
struct Surface<'a> {
    label: &'a [bool],
    score: &'a [f64],
    events: Vec<Range<usize>>,
    thresholds: Vec<f64>,
    /// For every row, the first threshold that it reaches.
    reached: Vec<usize>,
    /// For every threshold, the rows that reach it.
    predicted: Vec<f64>,
    /// For every threshold, the anomalous rows that reach it.
    hits: Vec<f64>,
    /// All anomalous rows.
    anomalous: f64,
}

/// Volumes under both surfaces, (PR, ROC), each 0 to 1, for buffers 0 to `window` rows wide. Not numbers if no row is anomalous.
pub fn vus(label: &[bool], score: &[f64], window: usize) -> (f64, f64) {
    let surface = Surface::new(label, score);
    if surface.events.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    let mut sums = (0.0, 0.0);
    let mut weight = vec![0.0; score.len()];
    for width in 0..=window {
        let (pr, roc) = surface.areas(width, &mut weight);
        sums = (sums.0 + pr, sums.1 + roc);
    }
    let widths = (window + 1) as f64;
    (sums.0 / widths, sums.1 / widths)
}

/// Scores at even ranks, from the highest down.
fn thresholds(score: &[f64]) -> Vec<f64> {
    let mut falling = score.to_vec();
    falling.sort_unstable_by(|a, b| b.total_cmp(a));
    let last = falling.len().saturating_sub(1);
    super::statistics::evenly(0.0, last as f64, THRESHOLDS)
        .filter_map(|rank| falling.get(rank as usize).copied())
        .collect()
}

impl<'a> Surface<'a> {
    fn new(label: &'a [bool], score: &'a [f64]) -> Self {
        let thresholds = thresholds(score);
        let first = |s: &f64| thresholds.partition_point(|t| t > s);
        let reached: Vec<usize> = score.iter().map(first).collect();
        let count = |row: usize| f64::from(u8::from(label.get(row).copied().unwrap_or(false)));
        let rows = || reached.iter().copied().enumerate();
        let predicted = reaching(thresholds.len(), rows().map(|(_, t)| (t, 1.0)));
        let hits = reaching(thresholds.len(), rows().map(|(row, t)| (t, count(row))));
        Self {
            events: stretches(label.iter().copied()),
            anomalous: label.iter().filter(|l| **l).count() as f64,
            label,
            score,
            thresholds,
            reached,
            predicted,
            hits,
        }
    }

    /// The areas under the two curves for one buffer width. `weight` is all zeros before and after.
    fn areas(&self, width: usize, weight: &mut [f64]) -> (f64, f64) {
        let half = width / 2;
        let partly = self.buffered(width, weight);
        let exist = self.touched(half);
        let rows = self.label.len() as f64;
        let (mut pr, mut roc) = (0.0, 0.0);
        let (mut recall_before, mut fall_before) = (0.0, 0.0);
        let thresholds = self
            .predicted
            .iter()
            .zip(&self.hits)
            .zip(&partly)
            .zip(&exist);
        for (((predicted, hits), partly), exist) in thresholds {
            let hits = hits + partly;
            // Half of the buffer's weight counts as anomalous.
            let anomalous = self.anomalous + partly / 2.0;
            let recall = (hits / anomalous).min(1.0) * exist;
            let fall = (predicted - hits) / (rows - anomalous);
            pr += (recall - recall_before) * hits / predicted;
            roc += (fall - fall_before) * (recall + recall_before) / 2.0;
            (recall_before, fall_before) = (recall, fall);
        }
        roc += (1.0 - fall_before) * (1.0 + recall_before) / 2.0;
        (pr, roc)
    }

    /// For every threshold, the weight of the buffer rows that reach it.
    fn buffered(&self, width: usize, weight: &mut [f64]) -> Vec<f64> {
        let half = width / 2;
        let worth = |distance: usize| (1.0 - distance as f64 / width as f64).sqrt();
        for event in &self.events {
            let after = weight.iter_mut().skip(event.end).take(half);
            after.zip(1..).for_each(|(w, far)| *w += worth(far));
            let skipped = self.label.len() - event.start;
            let before = weight.iter_mut().rev().skip(skipped).take(half);
            before.zip(1..).for_each(|(w, far)| *w += worth(far));
        }
        let mut bins = vec![0.0; self.thresholds.len()];
        for zone in self.zones(half) {
            for row in zone {
                let (Some(w), Some(reached)) = (weight.get_mut(row), self.reached.get(row)) else {
                    continue;
                };
                if !self.label.get(row).copied().unwrap_or(true)
                    && let Some(bin) = bins.get_mut(*reached)
                {
                    *bin += w.min(1.0);
                }
                *w = 0.0;
            }
        }
        running(bins)
    }

    /// For every threshold, the share of events with their buffers that have a row that reaches it.
    fn touched(&self, half: usize) -> Vec<f64> {
        let zones = self.zones(half);
        let one = 1.0 / zones.len() as f64;
        let highest = |zone: Range<usize>| zone.filter_map(|row| self.reached.get(row)).min();
        let first = zones.iter().cloned().filter_map(highest);
        reaching(self.thresholds.len(), first.map(|t| (*t, one)))
    }

    /// Events with half a buffer on each side; those that meet are one.
    fn zones(&self, half: usize) -> Vec<Range<usize>> {
        let mut zones: Vec<Range<usize>> = vec![];
        for event in &self.events {
            let zone = event.start.saturating_sub(half)..(event.end + half).min(self.score.len());
            match zones.last_mut() {
                Some(last) if zone.start < last.end => last.end = zone.end,
                _ => zones.push(zone),
            }
        }
        zones
    }
}

/// For every threshold, the sum of all weights that reach it.
fn reaching(thresholds: usize, weights: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
    let mut bins = vec![0.0; thresholds];
    for (reached, weight) in weights {
        if let Some(bin) = bins.get_mut(reached) {
            *bin += weight;
        }
    }
    running(bins)
}

fn running(mut bins: Vec<f64>) -> Vec<f64> {
    let mut sum = 0.0;
    for bin in &mut bins {
        sum += *bin;
        *bin = sum;
    }
    bins
}
