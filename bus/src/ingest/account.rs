//! What became of everything that a source sent?
//!
//! In: the parts of messages with their source and the time. Out: the fate of each part, and counters that add up: what was
//! received is what went out and what was rejected, late, in the future, a duplicate or beyond the cap on series.
//!
//! Pure. Memory is bounded by the number of sources and of series: one source that makes up a million series in a minute
//! gets its cap, is counted, and harms no other.

use crate::batch::Order;
use crate::decode::{Kind, Numbered, Point, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use zizhi_types::NetTime;

/// The source under which all are counted that come after the bound on sources.
pub const OTHERS: &str = "(others)";

/// Differences of clocks that the median is taken of.
const SKEWS: usize = 63;

/// A jump of a publisher's numbers beyond this, ahead or back, is taken for a new count and not for a loss. Our choice.
const JUMP: u64 = 10_000;

/// Publishers of one source whose numbers are followed: a relay speaks for many hosts. Those of more are not.
const PUBLISHERS: usize = 1024;

/// A series that was silent for so long gives its place to a new one once the cap is reached, in ms. Our choice: an hour.
const IDLE_MS: u64 = 3_600_000;

/// Idle series are looked for at most so often, in ms.
const SWEEP_MS: u64 = 60_000;

/// Bounds on what is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Points stated to be older are late, in ms.
    pub late_ms: u64,
    /// Points stated to be further in the future are refused, in ms.
    pub future_ms: u64,
    /// Most sources with an account of their own.
    pub sources: usize,
    /// Most series of one source.
    pub series_per_source: usize,
    /// Most series of all sources together; each takes some 60 bytes.
    pub series: usize,
}

/// What becomes of a part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Out,
    /// It is older than the bound.
    Late,
    /// It is further in the future than the bound.
    Future,
    /// The series has this moment already.
    Duplicate,
    /// It would begin a series beyond the cap.
    Capped,
}

/// The counters of one source. `received = out + rejected + late + future + duplicate + capped`, always.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Counts {
    /// Messages that were read.
    pub messages: u64,
    /// Messages dropped unread at a full queue.
    pub dropped: u64,
    /// Parts received: values, events, alarms, and what could not be read.
    pub received: u64,
    /// Parts that went on.
    pub out: u64,
    /// Parts that mean nothing, those without a value included.
    pub rejected: u64,
    /// Of those rejected: samples without a value (NaN, infinity), which is no fault of the sender.
    pub empty: u64,
    /// Values older than the bound.
    pub late: u64,
    /// Values too far in the future.
    pub future: u64,
    /// Values whose series had that moment already.
    pub duplicate: u64,
    /// Values of series beyond the cap.
    pub capped: u64,
    /// Of those out: values that no mapping places.
    pub unplaced: u64,
    /// Of those out: values before an earlier one of their series.
    pub out_of_order: u64,
    /// Messages missing between those that came, where their publisher numbers them ([`crate::decode::numbers`]).
    pub gaps: u64,
    /// Counters that began again.
    pub resets: u64,
    /// Series whose value changed its type.
    pub flips: u64,
    /// Series now known.
    pub series: u64,
    /// When something last came, in ms since 1970.
    pub last_seen: NetTime,
    /// Median of received minus stated time, in ms: positive where the source's clock is behind or its messages travel
    /// long. `None` where it states no time.
    pub skew_ms: Option<i64>,
    /// Whether all its stated times are whole seconds: then its stamps are in seconds.
    pub whole_seconds: bool,
    /// The format of its last message.
    pub format: String,
    /// Why its last reject was one.
    pub last_reject: String,
}

impl Counts {
    /// Whether the parts add up.
    pub const fn adds_up(&self) -> bool {
        self.received
            == self.out + self.rejected + self.late + self.future + self.duplicate + self.capped
    }
}

/// What is remembered of a series.
#[derive(Debug, Clone, Copy)]
struct Series {
    /// The latest moment that it stated, if it states any.
    last: Option<NetTime>,
    value: f64,
    sort: Sort,
    heard: NetTime,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Number,
    Flag,
    Text,
    Gone,
}

#[derive(Debug, Default)]
struct Source {
    counts: Counts,
    series: BTreeMap<u64, Series>,
    skews: VecDeque<i64>,
    orders: BTreeMap<String, Order>,
    /// Messages that were missing before a publisher began to count anew.
    gone: u64,
    swept: NetTime,
}

/// The accounts of all sources.
#[derive(Debug)]
pub struct Accounts {
    bounds: Bounds,
    sources: BTreeMap<String, Source>,
    series: usize,
}

impl Accounts {
    /// None yet.
    pub const fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            sources: BTreeMap::new(),
            series: 0,
        }
    }

    /// How late and how far in the future values may be, in ms.
    pub const fn times(&self) -> (u64, u64) {
        (self.bounds.late_ms, self.bounds.future_ms)
    }

    /// The counters of every source, now.
    pub fn counts(&self) -> BTreeMap<String, Counts> {
        let one = |(name, source): (&String, &Source)| (name.clone(), source.counts());
        self.sources.iter().map(one).collect()
    }

    /// A message came.
    pub fn message(&mut self, source: &str, format: &str, now: NetTime) {
        let source = self.source(source);
        source.counts.messages += 1;
        source.counts.last_seen = now;
        if source.counts.format != format {
            format.clone_into(&mut source.counts.format);
        }
    }

    /// Its publisher says which of its messages it is.
    pub fn numbered(&mut self, source: &str, numbered: &Numbered) {
        self.source(source).numbered(numbered);
    }

    /// Messages were dropped unread.
    pub fn dropped(&mut self, source: &str, messages: u64) {
        self.source(source).counts.dropped += messages;
    }

    /// A part means nothing.
    pub fn rejected(&mut self, source: &str, reason: &str) {
        let counts = &mut self.source(source).counts;
        counts.received += 1;
        counts.rejected += 1;
        reason.clone_into(&mut counts.last_reject);
    }

    /// Samples had no value.
    pub fn empty(&mut self, source: &str, samples: u64) {
        let counts = &mut self.source(source).counts;
        counts.received += samples;
        counts.rejected += samples;
        counts.empty += samples;
    }

    /// An event or an alarm: it always goes on, since it says something however late.
    pub fn happened(&mut self, source: &str) {
        let counts = &mut self.source(source).counts;
        counts.received += 1;
        counts.out += 1;
    }

    /// A value that went on was placed by no mapping.
    pub fn unplaced(&mut self, source: &str) {
        self.source(source).counts.unplaced += 1;
    }

    /// What becomes of a value.
    pub fn point(&mut self, source: &str, point: &Point, now: NetTime) -> Fate {
        let (bounds, all) = (self.bounds, self.series);
        let source = self.source(source);
        let before = source.series.len();
        let fate = source.fate(point, now, &bounds, all);
        let after = source.series.len();
        source.count(fate);
        self.series = all + after - before;
        fate
    }

    fn source(&mut self, name: &str) -> &mut Source {
        let is_known = self.sources.contains_key(name);
        let name = if is_known || self.sources.len() < self.bounds.sources {
            name
        } else {
            OTHERS
        };
        self.sources.entry(name.to_owned()).or_default()
    }
}

impl Source {
    fn counts(&self) -> Counts {
        let mut skews: Vec<i64> = self.skews.iter().copied().collect();
        skews.sort_unstable();
        Counts {
            series: self.series.len() as u64,
            skew_ms: skews.get(skews.len() / 2).copied(),
            gaps: self.gone + self.orders.values().map(Order::missing).sum::<u64>(),
            ..self.counts.clone()
        }
    }

    fn numbered(&mut self, numbered: &Numbered) {
        let is_known = self.orders.contains_key(&numbered.publisher);
        if numbered.number == 0 || (!is_known && self.orders.len() == PUBLISHERS) {
            return;
        }
        let order = self.orders.entry(numbered.publisher.clone()).or_default();
        // One that started again counts from 1; a device may also wrap around.
        let is_new_count = order.last() > 0
            && (numbered.number.abs_diff(order.last()) > JUMP
                || (numbered.number == 1 && order.last() > 1));
        if is_new_count {
            self.gone += order.missing();
            *order = Order::default();
        }
        order.take(numbered.number);
    }

    const fn count(&mut self, fate: Fate) {
        let counts = &mut self.counts;
        counts.received += 1;
        match fate {
            Fate::Out => counts.out += 1,
            Fate::Late => counts.late += 1,
            Fate::Future => counts.future += 1,
            Fate::Duplicate => counts.duplicate += 1,
            Fate::Capped => counts.capped += 1,
        }
    }

    fn fate(&mut self, point: &Point, now: NetTime, bounds: &Bounds, all: usize) -> Fate {
        if let Some(at) = point.at {
            self.clock(at, now);
            if at < now - bounds.late_ms {
                return Fate::Late;
            }
            if at > now + bounds.future_ms {
                return Fate::Future;
            }
        }
        let key = key(point);
        if let Some(known) = self.series.get(&key).copied() {
            return self.goes_on(key, known, point, now);
        }
        let is_full = self.series.len() >= bounds.series_per_source || all >= bounds.series;
        if is_full && !self.sweep(now) {
            return Fate::Capped;
        }
        self.series.insert(key, Series::of(point, now));
        Fate::Out
    }

    /// Notes how far the source's clock is from ours.
    fn clock(&mut self, at: NetTime, now: NetTime) {
        let skew =
            i64::try_from(now.0).unwrap_or(i64::MAX) - i64::try_from(at.0).unwrap_or(i64::MAX);
        self.counts.whole_seconds =
            at.0.is_multiple_of(1000) && (self.skews.is_empty() || self.counts.whole_seconds);
        if self.skews.len() == SKEWS {
            self.skews.pop_front();
        }
        self.skews.push_back(skew);
    }

    fn goes_on(&mut self, key: u64, known: Series, point: &Point, now: NetTime) -> Fate {
        let mut new = Series::of(point, now);
        if point.at.is_some() && point.at == known.last && new.sort == known.sort {
            return Fate::Duplicate;
        }
        let is_older = point.at.is_some() && point.at < known.last;
        if is_older {
            self.counts.out_of_order += 1;
            new = Series {
                heard: now,
                ..known
            };
        } else {
            self.compare(known, new, point.kind);
        }
        self.series.insert(key, new);
        Fate::Out
    }

    fn compare(&mut self, known: Series, new: Series, kind: Kind) {
        let both = |sort| known.sort == sort && new.sort == sort;
        if kind == Kind::Counter && both(Sort::Number) && new.value < known.value {
            self.counts.resets += 1;
        }
        if new.sort != known.sort && new.sort != Sort::Gone && known.sort != Sort::Gone {
            self.counts.flips += 1;
        }
    }

    /// Forgets series that have been silent for long; whether there is room now.
    fn sweep(&mut self, now: NetTime) -> bool {
        if now.since(self.swept) < SWEEP_MS {
            return false;
        }
        self.swept = now;
        let before = self.series.len();
        self.series.retain(|_, s| now.since(s.heard) < IDLE_MS);
        self.series.len() < before
    }
}

impl Series {
    fn of(point: &Point, now: NetTime) -> Self {
        let (value, sort) = match &point.value {
            Value::Number(number) => (*number, Sort::Number),
            Value::Whole(number) => (*number as f64, Sort::Number),
            Value::Flag(flag) => (f64::from(u8::from(*flag)), Sort::Flag),
            Value::Text(_) => (0.0, Sort::Text),
            Value::Gone => (0.0, Sort::Gone),
        };
        Self {
            last: point.at,
            value,
            sort,
            heard: now,
        }
    }
}

/// Which series a point belongs to: its name and tags, as 64 bits (two in 10,000 million pairs meet).
fn key(point: &Point) -> u64 {
    // Not the random one: equal input gives equal state.
    let mut hasher = DefaultHasher::new();
    point.name.hash(&mut hasher);
    point.tags.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
