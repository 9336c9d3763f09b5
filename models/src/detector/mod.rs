//! Is this sample of one series normal?
//!
//! In: a metric's value, its time, and the objective on it, if there is one. Out: an [`Assessment`].
//! The detector actor keeps one [`Detector`] per (object, metric) and calls it in the order of the samples.
//! It holds a fixed number of bytes and never looks ahead. A sample that is not newer than the last one, or
//! that is no number, is assessed as the series stands and teaches nothing.

mod baseline;
mod persistence;
mod profile;
mod shape;
mod tail;

use baseline::Baseline;
use persistence::Persistence;
use serde::{Deserialize, Serialize};
use shape::Shape;
use tail::Tail;
use zizhi_types::metric::{Metric, Nature};
use zizhi_types::objective::{Comparison, Objective};
use zizhi_types::time::NetTime;

/// How the detectors of a swarm are set. The defaults are our choice; the model card gives what they were measured to do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectorConfig {
    /// Samples before the baseline may raise anything. 20: less gives no scale to judge by.
    pub cold_samples: u32,
    /// Time constant of the level. 400 s: lags a daily swing of 50 % by less than half a scale.
    pub level_tau_ms: u64,
    /// Time constant of the scale. 1 h: 360 samples give it within 5 %.
    pub scale_tau_ms: u64,
    /// A sample is unusual when fewer healthy samples than this share are more unusual; 0 to 1.
    pub alarm_share: f64,
    /// An anomaly ends only below this unusualness; 0 to 1, more than `alarm_share`.
    pub clear_share: f64,
    /// Normal samples in a row that end an anomaly.
    pub clear_samples: u8,
    /// A level that stays changed for so long is the new normal. 2 h: longer than most repairs.
    pub accept_shift_ms: u64,
    /// After a gap as long as this the level is learnt anew. 30 min: one bin of the daily profile.
    pub gap_ms: u64,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            cold_samples: 20,
            level_tau_ms: 400_000,
            scale_tau_ms: 3_600_000,
            alarm_share: 1.9e-5,
            clear_share: 1e-3,
            clear_samples: 3,
            accept_shift_ms: 7_200_000,
            gap_ms: 1_800_000,
        }
    }
}

/// What a detector says about one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assessment {
    /// Share of healthy values that are less unusual, 0 to 1. A broken objective counts as 0.99 at least.
    pub score: f64,
    /// What was expected, in the metric's unit.
    pub expected: f64,
    /// Lower end of what about 99.7 % of healthy samples keep to, in the metric's unit.
    pub lower: f64,
    /// Upper end of the same.
    pub upper: f64,
    /// There is too little history to judge by: only an objective or a state can make it anomalous.
    pub cold: bool,
    /// An anomaly lasts.
    pub anomalous: bool,
    /// First unusual sample of the anomaly that lasts.
    pub onset: Option<NetTime>,
    /// An anomaly ended with this sample.
    pub cleared: bool,
}

/// Score of a value that breaks its objective although the series often has such values (our choice).
const BROKEN_SCORE: f64 = 0.99;
/// A value so many scales on the good side is not learnt either: a dead link must not become the normal load.
const ODD_GOOD_SIDE: f64 = -6.0;

/// The state of one series: a fixed number of bytes, see [`Detector::BYTES`].
#[derive(Debug, Clone)]
pub struct Detector {
    config: DetectorConfig,
    baseline: Baseline,
    tail: Tail,
    persistence: Persistence,
    intended: Option<f64>,
    odd_since: Option<NetTime>,
}

impl Detector {
    /// Bytes that one series takes; nothing is on the heap.
    pub const BYTES: usize = size_of::<Self>();

    /// A detector that has seen nothing.
    pub fn new(config: DetectorConfig) -> Self {
        Self {
            config,
            baseline: Baseline::new(),
            tail: Tail::new(),
            persistence: Persistence::new(config.clear_samples),
            intended: None,
            odd_since: None,
        }
    }

    /// What a setting should be from now on; it wins over an objective with [`Comparison::Equals`].
    pub fn set_intended(&mut self, value: f64) {
        self.intended = Some(value);
    }

    /// Takes one sample, in the metric's unit, measured at `at`.
    pub fn observe(
        &mut self,
        metric: Metric,
        value: f64,
        at: NetTime,
        limit: Option<&Objective>,
    ) -> Assessment {
        if !value.is_finite() || !self.baseline.is_newer(at) {
            return self.as_it_stands(metric, value);
        }
        match metric.nature() {
            Nature::Context => {
                self.baseline.mark(at);
                certain(value, &Persistence::new(1), false)
            }
            // A state that is meant to be bad (a locked cell) is no anomaly.
            Nature::State => {
                let intended = self.intended.unwrap_or(1.0);
                self.plain(intended, value < intended - 0.5, at)
            }
            Nature::Setting => self.setting(value, at, limit),
            Nature::HighIsBad | Nature::LowIsBad => self.seasonal(metric, value, at, limit),
        }
    }

    fn setting(&mut self, value: f64, at: NetTime, limit: Option<&Objective>) -> Assessment {
        let objective = limit.filter(|o| o.comparison == Comparison::Equals);
        let Some(intended) = self.intended.or(objective.map(|o| o.limit)) else {
            self.baseline.mark(at);
            return Assessment {
                cold: true,
                ..certain(value, &self.persistence, false)
            };
        };
        // The same tolerance as Objective::holds: settings are floats.
        let differs = (value - intended).abs() > 1e-9_f64.max(intended.abs() * 1e-6);
        self.plain(intended, differs, at)
    }

    /// States and settings need no persistence: they are wrong or they are not.
    fn plain(&mut self, expected: f64, wrong: bool, at: NetTime) -> Assessment {
        self.baseline.mark(at);
        let cleared = self.persistence.force(wrong, at);
        Assessment {
            score: f64::from(u8::from(wrong)),
            ..certain(expected, &self.persistence, cleared)
        }
    }

    fn seasonal(
        &mut self,
        metric: Metric,
        value: f64,
        at: NetTime,
        limit: Option<&Objective>,
    ) -> Assessment {
        let shape = Shape::of(metric);
        let y = shape.bend(value);
        self.baseline.advance(at, &self.config);
        let cold = self.baseline.is_cold(&self.config);
        let expected = self.baseline.expected_or(y);
        let scale = self.baseline.expected_scale().max(shape.floor_at(expected));
        // A share of what is expected, in scales.
        let z = (y - expected).exp_m1() / scale;
        let share = self.tail.share_above(z);
        let broken = limit.is_some_and(|o| !o.holds(value));
        let unusual = !cold && share < self.config.alarm_share;
        let normal = !broken && !cold && share >= self.config.clear_share;
        let mut cleared = self.persistence.note(unusual, broken, normal, at);
        if !cold && (unusual || y - expected < ODD_GOOD_SIDE * scale) {
            self.baseline.pass();
            cleared |= self.hold_off_learning(y, broken, at);
        } else {
            self.odd_since = self.odd_since.filter(|_| self.persistence.anomalous());
            self.baseline
                .learn(y, at, &self.config, shape.floor_at(expected));
        }
        if !cold && !self.persistence.anomalous() {
            self.tail.learn(z);
        }
        let shown = if cold { 0.0 } else { 1.0 - share };
        let band = |k: f64| shape.unbend(expected + (k * scale).max(-0.999).ln_1p());
        let (one, other) = (band(-3.0), band(3.0));
        Assessment {
            score: if broken {
                shown.max(BROKEN_SCORE)
            } else {
                shown
            },
            expected: shape.unbend(expected),
            lower: one.min(other),
            upper: one.max(other),
            cold,
            anomalous: self.persistence.anomalous(),
            onset: self.persistence.onset(),
            cleared,
        }
    }

    /// An odd value teaches nothing until it has lasted so long that it is the new normal.
    /// Answers whether an anomaly ended by that.
    fn hold_off_learning(&mut self, y: f64, broken: bool, at: NetTime) -> bool {
        let since = *self.odd_since.get_or_insert(at);
        if at.since(since) < self.config.accept_shift_ms {
            return false;
        }
        self.odd_since = None;
        self.baseline.restart_at(y);
        !broken && self.persistence.force(false, at)
    }

    fn as_it_stands(&self, metric: Metric, value: f64) -> Assessment {
        let shape = Shape::of(metric);
        let seen = if value.is_finite() { value } else { 0.0 };
        let expected = match metric.nature() {
            Nature::State => 1.0,
            Nature::Setting => self.intended.unwrap_or(seen),
            Nature::Context => seen,
            _ => shape.unbend(self.baseline.expected_or(shape.bend(seen))),
        };
        Assessment {
            score: 0.0,
            ..certain(expected, &self.persistence, false)
        }
    }
}

/// An assessment of a series that has one expected value and no spread.
fn certain(expected: f64, persistence: &Persistence, cleared: bool) -> Assessment {
    Assessment {
        score: 0.0,
        expected,
        lower: expected,
        upper: expected,
        cold: false,
        anomalous: persistence.anomalous(),
        onset: persistence.onset(),
        cleared,
    }
}

#[cfg(test)]
mod tests;
