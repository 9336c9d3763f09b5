//! Network time: the only time that engines see.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// Milliseconds of the network's own time.
///
/// In the sandbox it counts from the midnight that begins the simulated first day; in the lab and on a
/// user's network it counts from 1970-01-01T00:00:00Z. Engines only compare and subtract it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NetTime(pub u64);

/// One day in milliseconds.
pub const DAY_MS: u64 = 86_400_000;

impl NetTime {
    /// From whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    /// Seconds since the start, with the fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Milliseconds from `earlier` to this moment; zero if it is not earlier.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<u64> for NetTime {
    type Output = Self;

    /// Moves the moment by milliseconds.
    fn add(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

impl Sub<u64> for NetTime {
    type Output = Self;

    fn sub(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_sub(milliseconds))
    }
}

impl fmt::Display for NetTime {
    /// `HH:MM:SS`, with `+Nd` before it from the second day of a simulation on. Real time shows its UTC time of day.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / DAY_MS, self.0 % DAY_MS / 1000);
        if (1..10_000).contains(&days) {
            write!(f, "+{days}d ")?;
        }
        write!(
            f,
            "{:02}:{:02}:{:02}",
            rest / 3600,
            rest / 60 % 60,
            rest % 60
        )
    }
}
