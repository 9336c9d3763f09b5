//! How are samples put into messages?

use super::view::Entry;
use super::{
    BYTES_MAX, BatchError, FLAG_SELF_CONTAINED, FLAG_TIMES, MAGIC, NAME_MAX, SAMPLES_MAX, TEXT_MAX,
    UNIT_MAX, VERSION,
};
use std::collections::HashMap;
use zizhi_types::NetTime;

/// Samples that an [`Encoder`] gathers for one message. Our choice: at 256 the cost of a message is below 1 ns a sample
/// within a process and 20 ns over NATS; more only adds delay.
pub const GROUP: usize = 256;
/// Samples of a series from one repetition of its dictionary entry to the next, at most.
pub const REPEAT: u8 = 32;
/// Pauses from here on are shortened once, by a different length for neighbouring series.
const SPREAD: u8 = 8;
/// Most series of one publisher: what a receiver takes by default.
const SERIES_MAX: usize = 1 << 20;

/// Numbers series and groups their samples into messages, for one publisher.
#[derive(Debug)]
pub struct Encoder {
    publisher: String,
    source: String,
    epoch: u64,
    sequence: u64,
    ids: HashMap<[Box<str>; 3], u32>,
    series: Vec<Series>,
    group: usize,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Series {
    /// Object, metric, unit.
    texts: [Box<str>; 3],
    /// Samples until the entry is said again; 0 says it with the next.
    left: u8,
    /// Samples between the last two times.
    step: u8,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    id: u32,
    at: NetTime,
    value: f64,
}

impl Encoder {
    /// Begins an epoch. `publisher` is 1 to [`NAME_MAX`] bytes and unique on the bus; `epoch` must exceed that of every
    /// earlier encoder of this name: take the time of the start in milliseconds.
    pub fn new(publisher: &str, epoch: u64) -> Result<Self, BatchError> {
        text("publisher", publisher, 1, NAME_MAX)?;
        Ok(Self {
            publisher: publisher.to_owned(),
            source: String::new(),
            epoch,
            sequence: 0,
            ids: HashMap::new(),
            series: vec![],
            group: GROUP,
            waiting: Vec::with_capacity(GROUP),
        })
    }

    /// The same, measured by another than the publisher: at most [`TEXT_MAX`] bytes.
    pub fn with_source(mut self, source: &str) -> Result<Self, BatchError> {
        text("source", source, 0, TEXT_MAX)?;
        source.clone_into(&mut self.source);
        Ok(self)
    }

    /// The same with another number of samples in a full message, 1 to [`GROUP`].
    #[must_use]
    pub fn with_group(mut self, samples: usize) -> Self {
        self.group = samples.clamp(1, GROUP);
        self
    }

    /// The number of a series; a new one if it has none. Equal texts have equal numbers; another unit is another series.
    pub fn intern(&mut self, object: &str, metric: &str, unit: &str) -> Result<u32, BatchError> {
        let key = [object, metric, unit].map(Box::from);
        if let Some(id) = self.ids.get(&key) {
            return Ok(*id);
        }
        text("object", object, 1, TEXT_MAX)?;
        text("metric", metric, 1, TEXT_MAX)?;
        text("unit", unit, 0, UNIT_MAX)?;
        if self.series.len() >= SERIES_MAX {
            return Err(BatchError::Numbers(SERIES_MAX));
        }
        let id = u32::try_from(self.series.len()).map_err(|_| BatchError::Numbers(SERIES_MAX))?;
        self.series.push(Series {
            texts: key.clone(),
            left: 0,
            step: 0,
        });
        self.ids.insert(key, id);
        Ok(id)
    }

    /// Adds a sample of a series that [`Self::intern`] numbered; a message when one is full. A number that it did not give
    /// is not sent.
    pub fn push(&mut self, id: u32, at: NetTime, value: f64) -> Option<Vec<u8>> {
        if id as usize >= self.series.len() {
            return None;
        }
        // An offset has 32 bits: a sample weeks away from the others begins a message of its own.
        let far = self
            .waiting
            .first()
            .is_some_and(|w| offset(w.at, at).is_none());
        let before = if far { self.flush() } else { None };
        self.waiting.push(Waiting { id, at, value });
        if before.is_none() && self.waiting.len() >= self.group {
            return self.flush();
        }
        before
    }

    /// What waits, as a message; `None` if nothing does.
    pub fn flush(&mut self) -> Option<Vec<u8>> {
        if self.waiting.is_empty() {
            return None;
        }
        self.sequence += 1;
        let said: Vec<u32> = self.due();
        let entry = |id: &u32| {
            let [object, metric, unit] = &self.series.get(*id as usize)?.texts;
            Some(Entry {
                id: *id,
                object,
                metric,
                unit,
            })
        };
        let entries: Vec<Entry<'_>> = said.iter().filter_map(entry).collect();
        let base = self.waiting.first().map_or(NetTime(0), |w| w.at);
        let head = Head {
            publisher: &self.publisher,
            source: &self.source,
            epoch: self.epoch,
            sequence: self.sequence,
            base,
            self_contained: false,
        };
        let rows = self.waiting.iter().map(|w| (w.id, w.at, w.value));
        let message = write(&head, &entries, rows);
        self.waiting.clear();
        Some(message)
    }

    /// Says every entry again with the next sample of its series, as after a connection was lost.
    pub fn repeat_all(&mut self) {
        for series in &mut self.series {
            (series.left, series.step) = (0, 0);
        }
    }

    /// The sequence number of the last message; 0 before the first.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The numbers whose entries go with the waiting samples: often at first, since the first message may be lost.
    fn due(&mut self) -> Vec<u32> {
        let mut due = vec![];
        for waiting in &self.waiting {
            let Some(series) = self.series.get_mut(waiting.id as usize) else {
                continue;
            };
            if series.left > 0 {
                series.left -= 1;
                continue;
            }
            let before = series.step;
            series.step = (before * 2).clamp(1, REPEAT);
            // Series that began together do not repeat together for ever: their turns are spread over the longer pauses.
            let is_spread = before < REPEAT && series.step >= SPREAD;
            let early = if is_spread {
                waiting.id % u32::from(series.step)
            } else {
                0
            };
            series.left = series.step - 1 - u8::try_from(early).unwrap_or(0);
            due.push(waiting.id);
        }
        due
    }
}

/// What a message says before its dictionary.
pub(super) struct Head<'a> {
    pub publisher: &'a str,
    pub source: &'a str,
    pub epoch: u64,
    pub sequence: u64,
    pub base: NetTime,
    pub self_contained: bool,
}

/// Writes a message. Lengths and counts were checked by the caller.
pub(super) fn write(
    head: &Head<'_>,
    entries: &[Entry<'_>],
    rows: impl ExactSizeIterator<Item = (u32, NetTime, f64)> + Clone,
) -> Vec<u8> {
    let times = rows.clone().any(|(_, at, _)| at != head.base);
    let flags = if times { FLAG_TIMES } else { 0 }
        | if head.self_contained {
            FLAG_SELF_CONTAINED
        } else {
            0
        };
    let texts: usize = entries
        .iter()
        .map(|e| 10 + e.object.len() + e.metric.len() + e.unit.len())
        .sum();
    let names = head.publisher.len() + head.source.len();
    let mut out = Vec::with_capacity(super::HEADER + names + texts + rows.len() * 16);
    out.extend(MAGIC);
    out.extend([VERSION, flags]);
    out.extend(short(rows.len()));
    for number in [head.epoch, head.sequence, head.base.0] {
        out.extend(number.to_le_bytes());
    }
    for len in [entries.len(), head.publisher.len(), head.source.len(), 0] {
        out.extend(short(len));
    }
    out.extend(head.publisher.as_bytes());
    out.extend(head.source.as_bytes());
    for entry in entries {
        let texts = [entry.object, entry.metric, entry.unit];
        out.extend(entry.id.to_le_bytes());
        for text in texts {
            out.extend(short(text.len()));
        }
        for text in texts {
            out.extend(text.as_bytes());
        }
    }
    for (id, at, value) in rows {
        out.extend(id.to_le_bytes());
        if times {
            out.extend(offset(head.base, at).unwrap_or(0).to_le_bytes());
        }
        out.extend(value.to_le_bytes());
    }
    out
}

/// Milliseconds from `base` to `at`, where 32 bits hold them.
fn offset(base: NetTime, at: NetTime) -> Option<i32> {
    i32::try_from(i128::from(at.0) - i128::from(base.0)).ok()
}

fn short(count: usize) -> [u8; 2] {
    u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes()
}

pub(super) fn text(
    what: &'static str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<(), BatchError> {
    if text.len() < least {
        return Err(BatchError::Empty(what));
    }
    at_most(what, text.len(), most)
}

fn at_most(what: &'static str, found: usize, most: usize) -> Result<(), BatchError> {
    if found > most {
        return Err(BatchError::TooMuch { what, found, most });
    }
    Ok(())
}

/// The bounds of a message that was made from outside input.
pub(super) fn checked(message: Vec<u8>, samples: usize) -> Result<Vec<u8>, BatchError> {
    at_most("samples", samples, SAMPLES_MAX)?;
    at_most("bytes", message.len(), BYTES_MAX)?;
    Ok(message)
}
