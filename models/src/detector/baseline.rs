//! What is the series expected to be now, and how far does it usually stray?
//!
//! In: healthy values on the bent axis. Out: level and scale. The level follows the daily profile where one is known
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

    /// The expected value; `other` while nothing was learnt.
    pub(super) fn level_or(&self, other: f64) -> f64 {
        if self.samples == 0 { other } else { self.level }
    }

    /// The usual stray, like a standard deviation; wider while there are few samples.
    pub(super) fn scale(&self) -> f64 {
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
        self.deviation += step(config.scale_tau_ms) * (residual.abs() - self.deviation);
        self.level += step(config.level_tau_ms) * residual;
        self.samples = self.samples.saturating_add(1);
    }

    /// Takes `y` as the new level and keeps scale and profile.
    pub(super) fn restart_at(&mut self, y: f64) {
        self.level = y;
        self.samples = 1;
    }
}
