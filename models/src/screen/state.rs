//! What is kept of one series, and what it says about the next value.

use super::ScreenConfig;
use super::tail::Tail;

/// Samples over which the level is taken: our choice, it follows a daily swing of 10-second samples closely.
const LEVEL_SAMPLES: f64 = 32.0;
/// Samples over which the spread is taken.
const SPREAD_SAMPLES: f64 = 128.0;
/// A deviation teaches as if it were at most so many spreads.
const CLIP: f64 = 4.0;
/// Standard deviations in a mean absolute deviation of normal noise: the square root of pi / 2.
const SPREAD_OF_MEAN: f64 = 1.253_314_137_315_5;
/// The least spread, as a share of the level: meters and floats are no better.
const FLOOR_SHARE: f64 = 1e-4;
/// The least spread around 0.
const FLOOR: f64 = 1e-9;
/// No measurement is that large; beyond, a spread would overflow its 32 bits.
const VALUE_MAX: f64 = 1e36;

/// 16 bytes: four series in a cache line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Series {
    level: f64,
    /// Standard deviations of its noise, if that were normal.
    spread: f32,
    /// Samples that taught, counted up to 255.
    age: u8,
    /// Unusual samples in a row.
    streak: u8,
    /// Usual samples to go before the next report.
    hold: u8,
}

/// What is said about a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Look {
    Cold,
    NoNumber,
    /// Or unusual, but that was said.
    Usual,
    Unusual {
        expected: f64,
        score: f64,
    },
}

impl Series {
    pub const fn age(&self) -> u8 {
        self.age
    }

    /// Whether it has hardly moved so far.
    pub fn is_still(&self) -> bool {
        f64::from(self.spread) <= self.floor()
    }

    fn floor(&self) -> f64 {
        self.level.abs() * FLOOR_SHARE + FLOOR
    }

    pub fn look(&mut self, value: f64, config: &ScreenConfig, tail: &mut Tail) -> Look {
        if value.is_nan() || value.abs() > VALUE_MAX {
            return Look::NoNumber;
        }
        if self.age < config.cold_samples {
            self.learn(value);
            return Look::Cold;
        }
        let expected = self.level;
        let spread = f64::from(self.spread).max(self.floor());
        let distance = ((value - expected).abs() / spread) as f32;
        let score = tail.judge(distance);
        // One long disturbance is one event of the population, not one for each of its samples.
        if self.streak == 0 {
            tail.learn(distance);
        }
        self.learn(value);
        match score {
            None => self.usual(),
            Some(score) => self.unusual(value, expected, score, config),
        }
    }

    fn usual(&mut self) -> Look {
        self.streak = 0;
        self.hold = self.hold.saturating_sub(1);
        Look::Usual
    }

    fn unusual(&mut self, value: f64, expected: f64, score: f64, config: &ScreenConfig) -> Look {
        let told = self.streak > 0 || self.hold > 0;
        self.streak = self.streak.saturating_add(1);
        self.hold = config.hold_samples;
        if self.streak >= config.accept_samples {
            *self = Self {
                hold: config.hold_samples,
                ..Self::default()
            };
            self.learn(value);
        }
        if told {
            Look::Usual
        } else {
            Look::Unusual { expected, score }
        }
    }

    /// Moves level and spread: as plain means while there are few samples, then with fixed weights, deviations clipped.
    fn learn(&mut self, value: f64) {
        if self.age == 0 {
            self.level = value;
            self.age = 1;
            return;
        }
        let (age, spread) = (f64::from(self.age), f64::from(self.spread));
        let apart = value - self.level;
        let bound = if self.age < 8 {
            f64::INFINITY
        } else {
            CLIP * spread.max(self.floor())
        };
        let apart = apart.clamp(-bound, bound);
        self.level += apart / (age + 1.0).min(LEVEL_SAMPLES);
        let share = age.min(SPREAD_SAMPLES);
        self.spread = (spread + (apart.abs() * SPREAD_OF_MEAN - spread) / share) as f32;
        self.age = self.age.saturating_add(1);
    }
}
