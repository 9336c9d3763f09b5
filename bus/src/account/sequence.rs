//! One count per source and epoch, and what the gaps in it say.

use std::collections::BTreeMap;

/// Bits of a number that count within an epoch; the rest is the epoch.
const COUNT_BITS: u32 = 32;

/// The last epoch that keeps numbers below 2^53, so that JSON readers hold them exactly.
pub const EPOCH_MAX: u64 = (1 << 21) - 1;

/// Numbers behind the newest that are still known one by one; what is older counts as twice seen.
const WINDOW: u64 = 64;

/// The `n`-th number of an epoch: grows over restarts as long as the epoch does.
pub const fn number(epoch: u64, n: u64) -> u64 {
    (epoch << COUNT_BITS) | n
}

/// The epoch that a number belongs to.
pub const fn epoch_of(number: u64) -> u64 {
    number >> COUNT_BITS
}

/// How a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The first of its source: nothing is known of what was before.
    First,
    /// The one that was expected.
    InOrder,
    /// So many before it have not come.
    Gap(u64),
    /// It was missing and came after a later one.
    Late,
    /// It came before, or is too old to tell.
    Again,
    /// Its source is not counted, because too many others are.
    Uncounted,
}

/// What came and what did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that came, each once.
    pub received: u64,
    /// Messages that never came, so far.
    pub missed: u64,
    /// Messages that came again.
    pub duplicates: u64,
    /// Messages that came after a later one.
    pub reordered: u64,
    /// Messages of sources beyond the bound.
    pub uncounted: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            received: self.received + other.received,
            missed: self.missed + other.missed,
            duplicates: self.duplicates + other.duplicates,
            reordered: self.reordered + other.reordered,
            uncounted: self.uncounted + other.uncounted,
        }
    }
}

/// The state of one source in its newest epoch.
#[derive(Debug, Clone, Copy)]
struct Track {
    epoch: u64,
    newest: u64,
    /// Bit `i` is set when `newest - i` came.
    came: u64,
    /// Numbers up to this one are older than the acquaintance: late, not missed.
    known_from: u64,
    counts: Counts,
}

/// Counts per source. A source is whoever numbers its messages one by one: a publisher, or a publisher and a subject.
#[derive(Debug)]
pub struct Sequence {
    tracks: BTreeMap<String, Track>,
    sources_max: usize,
    uncounted: u64,
}

impl Sequence {
    /// Remembers at most `sources_max` sources, about 100 bytes each; messages of others count as uncounted.
    pub const fn new(sources_max: usize) -> Self {
        Self {
            tracks: BTreeMap::new(),
            sources_max,
            uncounted: 0,
        }
    }

    /// Takes note of one message; `number` was made by [`number`].
    pub fn observe(&mut self, source: &str, number: u64) -> Seen {
        if let Some(track) = self.tracks.get_mut(source) {
            return track.observe(number);
        }
        if self.tracks.len() >= self.sources_max {
            self.uncounted += 1;
            return Seen::Uncounted;
        }
        self.tracks.insert(source.to_owned(), Track::first(number));
        Seen::First
    }

    /// All sources together.
    pub fn totals(&self) -> Counts {
        let uncounted = Counts {
            uncounted: self.uncounted,
            ..Counts::default()
        };
        self.tracks
            .values()
            .fold(uncounted, |sum, t| sum.plus(t.counts))
    }

    /// Each source with its counts, in the order of their names.
    pub fn per_source(&self) -> impl Iterator<Item = (&str, Counts)> {
        self.tracks.iter().map(|(s, t)| (s.as_str(), t.counts))
    }
}

impl Track {
    fn first(number: u64) -> Self {
        let counts = Counts {
            received: 1,
            ..Counts::default()
        };
        let newest = count_of(number);
        Self {
            epoch: epoch_of(number),
            newest,
            came: 1,
            known_from: newest,
            counts,
        }
    }

    fn observe(&mut self, number: u64) -> Seen {
        let (epoch, n) = (epoch_of(number), count_of(number));
        if epoch > self.epoch {
            // The publisher started again and counts from 1.
            (self.epoch, self.newest, self.came, self.known_from) = (epoch, 0, 0, 0);
        }
        if epoch < self.epoch {
            self.counts.duplicates += 1;
            return Seen::Again;
        }
        if n > self.newest {
            self.advance(n)
        } else {
            self.look_back(n)
        }
    }

    fn advance(&mut self, n: u64) -> Seen {
        let step = n - self.newest;
        self.came = if step < WINDOW {
            (self.came << step) | 1
        } else {
            1
        };
        self.newest = n;
        self.counts.received += 1;
        self.counts.missed += step - 1;
        if step == 1 {
            Seen::InOrder
        } else {
            Seen::Gap(step - 1)
        }
    }

    fn look_back(&mut self, n: u64) -> Seen {
        let back = self.newest - n;
        if back >= WINDOW || self.came & (1 << back) != 0 {
            self.counts.duplicates += 1;
            return Seen::Again;
        }
        self.came |= 1 << back;
        self.counts.received += 1;
        self.counts.reordered += 1;
        if n > self.known_from {
            self.counts.missed = self.counts.missed.saturating_sub(1);
        }
        Seen::Late
    }
}

const fn count_of(number: u64) -> u64 {
    number & ((1 << COUNT_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(numbers: &[u64]) -> (Vec<Seen>, Counts) {
        let mut sequence = Sequence::new(4);
        let seen = numbers.iter().map(|&n| sequence.observe("r1", n)).collect();
        (seen, sequence.totals())
    }

    #[test]
    fn a_gap_counts_what_is_missing_until_it_comes_late() {
        let (how, counts) = seen(&[5, 6, 9, 7, 7, 10]);
        assert_eq!(
            how,
            [
                Seen::First,
                Seen::InOrder,
                Seen::Gap(2),
                Seen::Late,
                Seen::Again,
                Seen::InOrder
            ]
        );
        let expected = Counts {
            received: 5,
            missed: 1,
            duplicates: 1,
            reordered: 1,
            uncounted: 0,
        };
        assert_eq!(counts, expected);
    }

    #[test]
    fn what_came_before_the_acquaintance_is_late_but_was_never_missed() {
        let (how, counts) = seen(&[5, 4]);
        assert_eq!(how, [Seen::First, Seen::Late]);
        assert_eq!(counts.missed, 0);
    }

    #[test]
    fn a_publisher_that_starts_again_counts_from_one_in_a_later_epoch() {
        let (how, counts) = seen(&[number(1, 8), number(2, 1), number(2, 4), number(1, 9)]);
        assert_eq!(how[1..], [Seen::InOrder, Seen::Gap(2), Seen::Again]);
        assert_eq!((counts.missed, counts.duplicates), (2, 1));
    }

    #[test]
    fn sources_beyond_the_bound_are_said_to_be_uncounted() {
        let mut sequence = Sequence::new(1);
        sequence.observe("a", 1);
        assert_eq!(sequence.observe("b", 1), Seen::Uncounted);
        assert_eq!(sequence.totals().uncounted, 1);
        assert_eq!(sequence.per_source().count(), 1);
    }

    #[test]
    fn the_last_epoch_keeps_numbers_exact_in_json() {
        assert!(number(EPOCH_MAX, u64::from(u32::MAX)) < 1 << 53);
    }

    proptest! {
        /// Whatever is lost, what came and what is missing add up to what was sent from the first to the last that came.
        #[test]
        fn received_and_missed_add_up(came in proptest::collection::vec(any::<bool>(), 1..500)) {
            let mut sequence = Sequence::new(1);
            let sent: Vec<u64> = (1..).zip(&came).filter(|(_, c)| **c).map(|(n, _)| n).collect();
            for n in &sent {
                sequence.observe("s", number(3, *n));
            }
            let counts = sequence.totals();
            prop_assert_eq!(counts.received, sent.len() as u64);
            if let (Some(first), Some(last)) = (sent.first(), sent.last()) {
                prop_assert_eq!(counts.received + counts.missed, last - first + 1);
            }
        }

        /// Nothing that comes in any order makes it panic or count a message twice.
        #[test]
        fn any_order_is_counted(numbers in proptest::collection::vec(any::<u64>(), 0..200)) {
            let mut sequence = Sequence::new(1);
            for n in &numbers {
                sequence.observe("s", *n);
            }
            let counts = sequence.totals();
            prop_assert_eq!(counts.received + counts.duplicates, numbers.len() as u64);
        }
    }
}
