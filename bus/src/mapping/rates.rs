//! How fast does a count grow? One value per series is remembered; beginnings anew, wraps and stamps out of order are counted.

use super::key::{self, Key};
use super::reading::{Becomes, Counter, Reading};
use std::collections::HashMap;
use zizhi_types::NetTime;

/// Turns counts into rates. Memory is bounded: at most `most` series, and those that are silent are forgotten.
#[derive(Debug)]
pub struct Rates {
    series: HashMap<Key, Last>,
    most: usize,
    newest: NetTime,
    counts: RateCounts,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    value: f64,
    exact: Option<u64>,
    at: NetTime,
}

/// What became of the counts so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateCounts {
    /// First values of a series: there is nothing to compare them with.
    pub first: u64,
    /// Rates that were given.
    pub rates: u64,
    /// Counts that began again from 0: the device restarted, or somebody cleared it.
    pub resets: u64,
    /// Counts that went over their largest value; their rate is right.
    pub wraps: u64,
    /// Values older than one that was there.
    pub late: u64,
    /// Values with the stamp of one that was there.
    pub duplicates: u64,
    /// Negative values: no count is.
    pub negative: u64,
    /// Values of a new series while there was no room.
    pub no_room: u64,
}

/// A series that is silent this long is forgotten when room is needed (our choice: longer than any polling interval).
const SILENT_MS: u64 = 3_600_000;

impl Rates {
    /// For at most `most` series.
    pub fn new(most: usize) -> Self {
        Self {
            series: HashMap::new(),
            most,
            newest: NetTime(0),
            counts: RateCounts::default(),
        }
    }

    /// What became of the counts so far.
    pub const fn counts(&self) -> RateCounts {
        self.counts
    }

    /// How many series are remembered.
    pub fn series(&self) -> usize {
        self.series.len()
    }

    /// A reading that is no count passes. A count that a rule wants as a rate gives the rate since the last one, or nothing:
    /// the first of a series, one after a beginning anew, one that is late or there already. A count without a rule passes.
    pub fn take(&mut self, reading: Reading) -> Option<Reading> {
        let Some(Counter {
            is_delta,
            becomes: Some(becomes),
        }) = reading.counter.clone()
        else {
            return Some(reading);
        };
        if reading.value < 0.0 {
            self.counts.negative += 1;
            return None;
        }
        let key = key::of(&(&reading.object, &reading.metric, &reading.tags));
        let now = Last {
            value: reading.value,
            exact: reading.exact,
            at: reading.at,
        };
        let last = self.remember(key, now)?;
        let ms = now.at.since(last.at);
        let increase = if is_delta {
            Some(now.value)
        } else {
            self.increase(last, now, becomes.bits)
        };
        let value = scaled(increase?, ms, &becomes)?;
        self.counts.rates += 1;
        Some(Reading {
            metric: becomes.metric,
            unit: becomes.unit,
            value,
            exact: None,
            counter: None,
            ..reading
        })
    }

    /// Puts a value in the place of the one before; gives that, unless there is none or the new one is not newer.
    fn remember(&mut self, key: Key, now: Last) -> Option<Last> {
        self.newest = self.newest.max(now.at);
        if let Some(last) = self.series.get_mut(&key) {
            if now.at <= last.at {
                let counted = if now.at == last.at {
                    &mut self.counts.duplicates
                } else {
                    &mut self.counts.late
                };
                *counted += 1;
                return None;
            }
            return Some(std::mem::replace(last, now));
        }
        if self.series.len() >= self.most {
            let newest = self.newest;
            self.series
                .retain(|_, last| newest.since(last.at) < SILENT_MS);
        }
        if self.series.len() >= self.most {
            self.counts.no_room += 1;
        } else {
            self.series.insert(key, now);
            self.counts.first += 1;
        }
        None
    }

    /// What was added between two values; `None` after a beginning anew.
    fn increase(&mut self, last: Last, now: Last, bits: Option<u8>) -> Option<f64> {
        if let (Some(before), Some(after)) = (last.exact, now.exact) {
            if after >= before {
                return Some((after - before) as f64);
            }
            if let Some(top) = wrap_at(before, after, bits) {
                self.counts.wraps += 1;
                return Some((top - before) as f64 + after as f64 + 1.0);
            }
        } else if now.value >= last.value {
            return Some(now.value - last.value);
        }
        self.counts.resets += 1;
        None
    }
}

/// The largest value of a count that went from `before` over it to `after`; `None` if it rather began anew.
///
/// Our choice: it went over if it was in the last quarter of the range and is in the first. Of 32 bits only where no rule says 64.
const fn wrap_at(before: u64, after: u64, bits: Option<u8>) -> Option<u64> {
    const TOP_32: u64 = u32::MAX as u64;
    let top = match bits {
        Some(32) => TOP_32,
        None if before <= TOP_32 => TOP_32,
        _ => u64::MAX,
    };
    let quarter = top / 4;
    if before <= top && before > top - quarter && after < quarter {
        Some(top)
    } else {
        None
    }
}

fn scaled(increase: f64, ms: u64, becomes: &Becomes) -> Option<f64> {
    let value = if becomes.per_second {
        increase * becomes.scale * 1000.0 / ms as f64
    } else {
        increase * becomes.scale
    };
    value.is_finite().then_some(value)
}
