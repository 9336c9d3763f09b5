//! What is the series expected to be now, and how far does it usually stray?
//!
//! In: healthy values on the bent axis. Out: level, and scale as a share of it. The level follows the daily profile where one is known
//! and its own recent past everywhere. Both are robust: one value moves them by a bounded step.

use super::DetectorConfig;
use super::profile::Profile;
use zizhi_types::time::NetTime;

/// Mean absolute deviation times this is the standard deviation of a normal distribution, sqrt(pi/2).
const TO_SIGMA: f64 = 1.253_314;
/// A value farther than so many scales moves the baseline as if it were that far.
const CLIP: f64 = 4.0;
/// With few samples the scale is uncertain; it is widened by this over their number (our choice).
const WIDEN: f64 = 10.0;
/// Residuals are carried on up to so many scales: a slow ramp must leave what is expected.
const CARRIED: f64 = 3.0;
/// Correlation counts from so many samples on, and little at first (our choice).
const CORRELATION_SAMPLES: f64 = 30.0;
/// More correlation than this is a drift, which the level is for.
const CORRELATION_MOST: f64 = 0.95;
/// The profile moves the level by at most this share of the scale a sample: a wrong profile must not raise anything.
const DRIFT_MOST: f64 = 0.25;

/// Level, scale and daily profile of one series.
#[derive(Debug, Clone)]
pub(super) struct Baseline {
    level: f64,
    deviation: f64,
    samples: u32,
    seen: Option<NetTime>,
    learnt: Option<NetTime>,
    profile: Profile,
    memory: Memory,
}

/// How much of a residual is left one sample later (autoregression of order 1).
#[derive(Debug, Clone)]
struct Memory {
    /// The last healthy residual, clipped.
    last: f64,
    /// Samples since then.
    since: u8,
    /// Running means of the product of neighbouring residuals, and of their square.
    product: f64,
    square: f64,
}

impl Baseline {
    pub(super) const fn new() -> Self {
        Self {
            level: 0.0,
            deviation: 0.0,
            samples: 0,
            seen: None,
            learnt: None,
            profile: Profile::new(),
            memory: Memory {
                last: 0.0,
                since: 0,
                product: 0.0,
                square: 0.0,
            },
        }
    }

    /// Whether `at` comes after everything seen.
    pub(super) fn is_newer(&self, at: NetTime) -> bool {
        self.seen.is_none_or(|seen| at > seen)
    }

    /// Notes that a sample of `at` was seen.
    pub(super) fn mark(&mut self, at: NetTime) {
        self.seen = Some(at);
    }

    /// Moves the level to `at` as the profile says; after a long gap it must be learnt anew.
    pub(super) fn advance(&mut self, at: NetTime, config: &DetectorConfig) {
        if let Some(before) = self.seen {
            if at.since(before) > config.gap_ms {
                self.samples = 0;
            } else if self.samples > 0 {
                let most = DRIFT_MOST * self.scale();
                self.level += self.profile.drift(before, at).clamp(-most, most);
            }
        }
        self.mark(at);
    }

    /// There are fewer samples than a judgement needs.
    pub(super) fn is_cold(&self, config: &DetectorConfig) -> bool {
        self.samples < config.cold_samples
    }

    /// The expected value: the level, and what is left of the last healthy residual; `other` while nothing was learnt.
    pub(super) fn expected_or(&self, other: f64) -> f64 {
        if self.samples == 0 {
            return other;
        }
        self.level + self.left() * self.memory.last
    }

    /// The usual stray from the expected value: less than from the level, as part of the residual was foreseen.
    pub(super) fn expected_scale(&self) -> f64 {
        self.scale() * (1.0 - self.left() * self.left()).sqrt()
    }

    /// Share of the last healthy residual that is left by now, 0 to 1.
    fn left(&self) -> f64 {
        let sure = (1.0 - CORRELATION_SAMPLES / f64::from(self.samples.max(1))).max(0.0);
        let correlation = self.memory.product / self.memory.square.max(1e-12);
        (sure * correlation)
            .clamp(0.0, CORRELATION_MOST)
            .powi(i32::from(self.memory.since) + 1)
    }

    /// Notes a sample that is not learnt from: the last healthy residual fades.
    pub(super) fn pass(&mut self) {
        self.memory.since = self.memory.since.saturating_add(1);
    }

    /// The usual stray from the level, like a standard deviation; wider while there are few samples.
    fn scale(&self) -> f64 {
        TO_SIGMA * self.deviation * (1.0 + WIDEN / f64::from(self.samples.max(1)))
    }

    /// Takes a healthy value; `floor` is the least scale that counts.
    pub(super) fn learn(&mut self, y: f64, at: NetTime, config: &DetectorConfig, floor: f64) {
        let elapsed = self.learnt.map_or(0, |before| at.since(before)) as f64;
        self.learnt = Some(at);
        self.profile.learn(y, at);
        let first = 1.0 / f64::from(self.samples.saturating_add(1));
        let step = |tau_ms: u64| {
            first
                .max(elapsed / (elapsed + tau_ms.max(1) as f64))
                .min(1.0)
        };
        if self.samples == 0 {
            self.level = y;
        }
        let most = CLIP * self.scale().max(floor);
        let bound = if self.is_cold(config) {
            f64::INFINITY
        } else {
            most
        };
        let residual = (y - self.level).clamp(-bound, bound);
        let stray = (y - self.level).exp_m1().clamp(-bound, bound).abs();
        self.deviation += step(config.scale_tau_ms) * (stray - self.deviation);
        self.level += step(config.level_tau_ms) * residual;
        self.remember(residual, step(config.scale_tau_ms), floor);
        self.samples = self.samples.saturating_add(1);
    }

    fn remember(&mut self, residual: f64, step: f64, floor: f64) {
        let most = CARRIED * self.scale().max(floor);
        let carried = residual.clamp(-most, most);
        let memory = &mut self.memory;
        if memory.since == 0 {
            memory.product += step * (carried * memory.last - memory.product);
        }
        memory.square += step * (carried * carried - memory.square);
        memory.last = carried;
        memory.since = 0;
    }

    /// Takes `y` as the new level and keeps scale and profile.
    pub(super) fn restart_at(&mut self, y: f64) {
        self.level = y;
        self.samples = 1;
        self.memory.last = 0.0;
    }
}
