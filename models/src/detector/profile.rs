//! How does the series usually move at this time of day?
//!
//! Half-hour means of past days. Only the differences between neighbouring bins are used, so yesterday's level does
//! not matter. A bin that was never filled says nothing.

use zizhi_types::time::{DAY_MS, NetTime};

/// Half hours of a day.
const BINS: usize = 48;
const BIN_MS: u64 = DAY_MS / BINS as u64;
/// Samples that make a bin's mean worth keeping (of 180 at one every 10 s).
const ENOUGH: u16 = 30;
/// Weight of the newest day (our choice: about three days of memory).
const NEWEST: f32 = 0.3;

/// Means on the bent axis by half hour.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    mean: [f32; BINS],
    bin: u8,
    count: u16,
    sum: f64,
}

impl Profile {
    pub(super) const fn new() -> Self {
        Self {
            mean: [f32::NAN; BINS],
            bin: 0,
            count: 0,
            sum: 0.0,
        }
    }

    /// Takes a value; the bin before is closed when the half hour changes.
    pub(super) fn learn(&mut self, y: f64, at: NetTime) {
        let bin = (at.0 % DAY_MS / BIN_MS) as u8;
        if bin != self.bin {
            self.close();
            self.bin = bin;
        }
        self.sum += y;
        self.count = self.count.saturating_add(1);
    }

    fn close(&mut self) {
        if let Some(mean) = self.mean.get_mut(usize::from(self.bin))
            && self.count >= ENOUGH
        {
            let fresh = (self.sum / f64::from(self.count)) as f32;
            let old = if mean.is_nan() { fresh } else { *mean };
            *mean = old + NEWEST * (fresh - old);
        }
        self.sum = 0.0;
        self.count = 0;
    }

    /// How far the series usually moves from one moment to another; 0 where that was never seen.
    pub(super) fn drift(&self, from: NetTime, to: NetTime) -> f64 {
        match (self.at(from), self.at(to)) {
            (Some(a), Some(b)) => b - a,
            _ => 0.0,
        }
    }

    /// Between the middles of two bins the mean is drawn as a line.
    fn at(&self, time: NetTime) -> Option<f64> {
        let place = (time.0 + DAY_MS - BIN_MS / 2) % DAY_MS;
        let before = (place / BIN_MS) as usize;
        let part = (place % BIN_MS) as f64 / BIN_MS as f64;
        let a = f64::from(*self.mean.get(before)?);
        let b = f64::from(*self.mean.get((before + 1) % BINS)?);
        let value = a + (b - a) * part;
        value.is_finite().then_some(value)
    }
}
