//! How far did each series leave its usual band, and does a callee explain it?
//!
//! The pooled robust z: distance of the incident's median from the median before, divided by a scale. The scale is the
//! 90 % quantile of the usual distances (a normal's standard deviation is that over 1.645), because counters that mostly
//! rest have a median distance of 0. It is never below the median scale of the same metric over all nodes: one node's
//! metric that happened to be quiet for half an hour is not surer than all the others. Both directions count; a series
//! that was constant before is kept. Our choices, after the published baseline "robust z, scale pooled over nodes".

use super::graph::Dependencies;
use super::{Channel, RankedMetric, Reason, keep};
use std::collections::BTreeMap;

/// One metric of one node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Which node.
    pub node: String,
    /// Which metric; the same metric of other nodes has the same name.
    pub metric: String,
    /// Values of fault-free time; may be from another day.
    pub baseline: Vec<f64>,
    /// Values right before the incident.
    pub pre: Vec<f64>,
    /// Values during the incident.
    pub during: Vec<f64>,
}

/// The quantile of the usual distances that gives the scale, and a standard normal's distance there.
const SPREAD: (f64, f64) = (0.9, 1.645);
/// A scale is at least this part of the level: telemetry is seldom written with more than four digits that mean
/// something. Where a series was constant on every node, this alone makes its scale, so that changes of such series are
/// ordered by their relative size.
const ROUNDING: f64 = 1e-4;
/// The most that any change counts: a bound that keeps sums finite, far above what is ordered.
const MOST: f64 = 1e12;
/// The median of `n` values right before errs by about this many scales over the root of `n`.
const PRE_ERROR: f64 = 2.0;
/// A callee explains its caller when its same metric moved the same way by this many scales.
const EXPLAINS: f64 = 3.0;
/// What is left of an explained deviation.
const LEFT: f64 = 0.1;

/// What became of one series.
pub(crate) struct Move<'a> {
    series: &'a Series,
    before: f64,
    during: f64,
    scales: f64,
    explained_by: Option<&'a str>,
}

impl Move<'_> {
    fn score(&self) -> f64 {
        let left = if self.explained_by.is_some() {
            LEFT
        } else {
            1.0
        };
        self.scales.abs() * left
    }

    fn reason(&self) -> Reason {
        Reason::Moved {
            metric: self.series.metric.clone(),
            before: self.before,
            during: self.during,
            scales: self.scales,
            explained_by: self.explained_by.map(str::to_owned),
        }
    }
}

/// The median; `None` without a value. Sorts the values.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let (low, high) = (values.get(n.checked_sub(1)? / 2)?, values.get(n / 2)?);
    Some(low / 2.0 + high / 2.0)
}

/// The quantile at `part` (0 to 1) of sorted values, linear between neighbours; `None` without a value.
pub(crate) fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let at = part * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (
        sorted[at.floor() as usize],
        *sorted
            .get(at.floor() as usize + 1)
            .unwrap_or(&sorted[at.floor() as usize]),
    );
    Some(low + (high - low) * at.fract())
}

/// Median, and scale of the distances from it. `None` without a finite value.
pub(crate) fn usual(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let mut values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    let center = median(&mut values)?;
    let mut distances: Vec<f64> = values.iter().map(|v| (v - center).abs()).collect();
    distances.sort_by(f64::total_cmp);
    Some((center, quantile(&distances, SPREAD.0)? / SPREAD.1))
}

fn center(values: &[f64]) -> Option<f64> {
    median(&mut finite(values).collect::<Vec<_>>())
}

fn finite(values: &[f64]) -> impl Iterator<Item = f64> {
    values.iter().copied().filter(|v| v.is_finite())
}

/// Every series that can be compared, with its move.
pub(crate) fn moves<'a>(series: &'a [Series], dependencies: &Dependencies) -> Vec<Move<'a>> {
    let usuals: Vec<_> = series
        .iter()
        .map(|s| usual(finite(&s.baseline).chain(finite(&s.pre))))
        .collect();
    let pooled = pooled(series, &usuals);
    let placed = series.iter().zip(&usuals);
    let mut moves: Vec<Move<'a>> = placed
        .filter_map(|(series, usual)| {
            let (before, own) = (*usual)?;
            let pooled = pooled.get(series.metric.as_str()).copied().unwrap_or(0.0);
            let during = center(&series.during)?;
            let scale = scale(own.max(pooled), before, during);
            Some(Move {
                series,
                before,
                during,
                scales: in_scales(shift(series, before, during, scale), scale),
                explained_by: None,
            })
        })
        .collect();
    explain(&mut moves, dependencies);
    moves
}

/// The median scale of each metric over all nodes.
fn pooled<'a>(series: &'a [Series], usuals: &[Option<(f64, f64)>]) -> BTreeMap<&'a str, f64> {
    let mut scales: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (series, usual) in series.iter().zip(usuals) {
        if let Some((_, scale)) = usual {
            scales.entry(&series.metric).or_default().push(*scale);
        }
    }
    let pooled = scales.into_iter();
    pooled
        .filter_map(|(metric, mut all)| Some((metric, median(&mut all)?)))
        .collect()
}

/// The distance from the usual, or from the level right before where that is nearer: what was already there when the
/// incident began is not its work. The level right before rests on few values, so its own error is added.
fn shift(series: &Series, before: f64, during: f64, scale: f64) -> f64 {
    let far = during - before;
    let Some(pre) = center(&series.pre) else {
        return far;
    };
    let error = PRE_ERROR * scale / (series.pre.len() as f64).sqrt();
    let near = (during - pre).abs() + error;
    if near < far.abs() {
        near.copysign(far)
    } else {
        far
    }
}

/// The scale, or what rounding alone makes of the level before; of the level now where there was nothing before.
fn scale(usual: f64, before: f64, during: f64) -> f64 {
    let known = usual.max(ROUNDING * before.abs());
    if known > 0.0 {
        known
    } else {
        ROUNDING * during.abs()
    }
}

fn in_scales(shift: f64, scale: f64) -> f64 {
    if shift == 0.0 {
        0.0
    } else {
        (shift / scale).clamp(-MOST, MOST)
    }
}

/// Marks the moves that the same move of a callee explains: trouble travels from callee to caller.
fn explain<'a>(moves: &mut [Move<'a>], dependencies: &Dependencies) {
    let by_place: BTreeMap<(&str, &str), (&'a str, f64)> = moves
        .iter()
        .map(|m| {
            let key = (m.series.node.as_str(), m.series.metric.as_str());
            (key, (m.series.node.as_str(), m.scales))
        })
        .collect();
    for m in moves.iter_mut() {
        let metric = m.series.metric.as_str();
        let callees = dependencies.callees(&m.series.node);
        let moved = callees.filter_map(|callee| by_place.get(&(callee, metric)));
        let fitting = moved.filter(|(_, s)| s.abs() > EXPLAINS && s.signum() == m.scales.signum());
        // The first of equals is the first by name.
        let strongest = fitting.fold(None, |best: Option<(&str, f64)>, (node, s)| match best {
            Some((_, most)) if most >= s.abs() => best,
            _ => Some((*node, s.abs())),
        });
        m.explained_by = strongest.map(|(node, _)| node);
    }
}

/// The strongest move of each node.
pub(crate) fn channel(moves: &[Move<'_>]) -> Channel {
    let mut ordered: Vec<&Move<'_>> = moves.iter().collect();
    // Of equal moves of one node, the first metric by name is told.
    ordered.sort_by(|a, b| a.series.metric.cmp(&b.series.metric));
    let mut channel = Channel::new();
    for m in ordered {
        keep(&mut channel, &m.series.node, m.score(), m.reason());
    }
    channel
}

/// All metrics: by the place of their node, then strongest first, then by name.
pub(crate) fn ranked(moves: &[Move<'_>], place: &BTreeMap<&str, usize>) -> Vec<RankedMetric> {
    let at = |m: &Move<'_>| place.get(m.series.node.as_str()).copied();
    let mut ordered: Vec<&Move<'_>> = moves.iter().collect();
    ordered.sort_by(|a, b| {
        (at(a).cmp(&at(b)))
            .then_with(|| b.score().total_cmp(&a.score()))
            .then_with(|| a.series.metric.cmp(&b.series.metric))
    });
    let ranked = ordered.into_iter().map(|m| RankedMetric {
        node: m.series.node.clone(),
        metric: m.series.metric.clone(),
        score: m.score(),
    });
    ranked.collect()
}
