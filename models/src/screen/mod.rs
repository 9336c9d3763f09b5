//! Which of a million samples deserve a second look?
//!
//! In: batches of (series number, value) of many sources. Out: the few values that are unusual for their series, each with a
//! score. Where [`crate::detector`] knows what a metric means and judges one series with care, the screen knows nothing but
//! numbers and looks at all of them: 16 bytes and some ten nanoseconds each.
//!
//! Per series it keeps a robust moving level and spread (exponentially weighted, deviations clipped: one wild value moves
//! neither much). How far a value is from its level, in spreads, is compared with how far values are in general: the score is
//! the share of all samples that are closer ([`tail`]). So a stated share of samples is reported, whatever their
//! distribution, and when everything is disturbed at once the screen does not flood whoever listens.
//!
//! | a value | what happens |
//! |---|---|
//! | of a series that is heard for the first [`ScreenConfig::cold_samples`] times | it teaches; no score is given |
//! | NaN, infinite, beyond ±1e36 | counted as quarantined, teaches nothing |
//! | of a series beyond the bounds | counted as crowded out, nothing is kept |
//! | unusual | reported once, until the series was usual again for [`ScreenConfig::hold_samples`] |
//! | unusual [`ScreenConfig::accept_samples`] times in a row | the series starts anew from here: this is its level now |
//!
//! Counters should come as rates: a value that only grows is usual at any size.

mod slots;
mod state;
mod tail;

use serde::{Deserialize, Serialize};
use slots::Slots;
use state::{Look, Series};
use tail::Tail;

/// Samples that are looked at together: enough for the processor to fetch many states at a time.
const CHUNK: usize = 256;

/// How a screen is set. The defaults are our choice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScreenConfig {
    /// A value is unusual when fewer samples than this share are further from their level; 0 to 1. 1e-5: of a million
    /// series that are sampled every 10 s, one report a second.
    pub unusual_share: f64,
    /// Samples before a series is judged. 16: fewer give no spread to judge by.
    pub cold_samples: u8,
    /// Usual samples after a report before the next one of the same series.
    pub hold_samples: u8,
    /// Unusual samples in a row after which they are the new normal.
    pub accept_samples: u8,
    /// Most series in all.
    pub series: usize,
    /// Most series of one source, so that one that goes wild takes nothing from the others.
    pub series_each: usize,
}

impl Default for ScreenConfig {
    fn default() -> Self {
        Self {
            unusual_share: 1e-5,
            cold_samples: 16,
            hold_samples: 16,
            accept_samples: 64,
            series: 4 << 20,
            series_each: 1 << 20,
        }
    }
}

/// A value that deserves a second look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unusual {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The series' number at its source.
    pub series: u32,
    /// The value.
    pub value: f64,
    /// What was expected.
    pub expected: f64,
    /// Share of all samples that are closer to what is expected of them, 0 to 1.
    pub score: f64,
}

/// What was counted: `cold + judged + quarantined + crowded` samples came in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScreenCounts {
    /// Samples that only taught.
    pub cold: u64,
    /// Samples that were judged.
    pub judged: u64,
    /// Samples that are no usable numbers.
    pub quarantined: u64,
    /// Samples of series for which there is no room.
    pub crowded: u64,
    /// Judged samples that were reported.
    pub unusual: u64,
}

/// Watches every series of every source.
#[derive(Debug)]
pub struct Screen {
    config: ScreenConfig,
    slots: Slots,
    series: Vec<Series>,
    /// How far values are from their level in series that move.
    moving: Tail,
    /// The same for series that stand still: a different population, where any change is far.
    still: Tail,
    counts: ScreenCounts,
}

impl Screen {
    /// Has seen nothing.
    pub fn new(config: ScreenConfig) -> Self {
        Self {
            config,
            slots: Slots::new(config.series, config.series_each),
            series: vec![],
            moving: Tail::new(config.unusual_share),
            still: Tail::new(config.unusual_share),
            counts: ScreenCounts::default(),
        }
    }

    /// Forgets every series of a source: its numbers mean something else from now on, or nothing.
    pub fn forget(&mut self, source: usize) {
        for slot in self.slots.release(source) {
            if let Some(series) = self.series.get_mut(slot as usize) {
                *series = Series::default();
            }
        }
    }

    /// Looks at a batch of one source, given by a small number from 0: pairs of a series' number there, which should be
    /// counted from 0 too, and a value. Adds to `unusual` what deserves a second look.
    pub fn observe(
        &mut self,
        source: usize,
        samples: impl IntoIterator<Item = (u32, f64)>,
        unusual: &mut Vec<Unusual>,
    ) {
        let mut samples = samples.into_iter();
        let mut chunk = Chunk::default();
        let mut seen = 0;
        while chunk.fill(&mut samples, &mut self.slots, source) {
            self.series.resize(self.slots.used(), Series::default());
            self.touch(&chunk);
            self.look(&chunk, seen, unusual);
            seen += chunk.len;
        }
    }

    /// What was counted since the start.
    pub const fn counts(&self) -> ScreenCounts {
        self.counts
    }

    /// Series that are watched now.
    pub const fn live(&self) -> usize {
        self.slots.live()
    }

    /// Reads a byte of every state that the chunk needs. The reads do not depend on each other, so the processor waits for
    /// all of them at once; afterwards they are near.
    fn touch(&self, chunk: &Chunk) {
        let near = chunk
            .slots()
            .filter_map(|slot| self.series.get(slot as usize));
        std::hint::black_box(near.fold(0_u8, |sum, series| sum.wrapping_add(series.age())));
    }

    fn look(&mut self, chunk: &Chunk, before: usize, unusual: &mut Vec<Unusual>) {
        for (index, (slot, (number, value))) in chunk.slots().zip(chunk.samples()).enumerate() {
            let Some(series) = self.series.get_mut(slot as usize) else {
                self.counts.crowded += 1;
                continue;
            };
            let tail = if series.is_still() {
                &mut self.still
            } else {
                &mut self.moving
            };
            match series.look(value, &self.config, tail) {
                Look::Cold => self.counts.cold += 1,
                Look::NoNumber => self.counts.quarantined += 1,
                Look::Usual => self.counts.judged += 1,
                Look::Unusual { expected, score } => {
                    self.counts.judged += 1;
                    self.counts.unusual += 1;
                    unusual.push(Unusual {
                        index: before + index,
                        series: number,
                        value,
                        expected,
                        score,
                    });
                }
            }
        }
    }
}

/// The samples that are looked at together, with the slots of their states.
struct Chunk {
    slots: [u32; CHUNK],
    samples: [(u32, f64); CHUNK],
    len: usize,
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            slots: [Slots::NONE; CHUNK],
            samples: [(0, 0.0); CHUNK],
            len: 0,
        }
    }
}

impl Chunk {
    /// Takes the next samples; false when there are none.
    fn fill(
        &mut self,
        samples: &mut impl Iterator<Item = (u32, f64)>,
        slots: &mut Slots,
        source: usize,
    ) -> bool {
        self.len = 0;
        let places = self.slots.iter_mut().zip(&mut self.samples);
        for ((slot, place), sample) in places.zip(samples) {
            *slot = slots.of(source, sample.0);
            *place = sample;
            self.len += 1;
        }
        self.len > 0
    }

    fn slots(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().take(self.len).copied()
    }

    fn samples(&self) -> impl Iterator<Item = (u32, f64)> {
        self.samples.iter().take(self.len).copied()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
