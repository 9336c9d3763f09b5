//! What do these bytes say? A batch as it lies in its message, checked once, nothing copied.

use super::{
    BYTES_MAX, BatchError, FLAG_SELF_CONTAINED, FLAG_TIMES, HEADER, MAGIC, NAME_MAX, SAMPLES_MAX,
    TEXT_MAX, UNIT_MAX, VERSION,
};
use zizhi_types::NetTime;

/// Bytes of a sample without and with a time of its own.
const ROW: usize = 12;
const ROW_WITH_TIME: usize = 16;
/// Bytes of a dictionary entry before its texts.
const ENTRY: usize = 10;

/// Whether a message says that it is a batch. Text never does.
pub fn is_batch(payload: &[u8]) -> bool {
    payload.starts_with(&MAGIC)
}

/// A batch in its message. Every count, length and text was checked.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Who numbered the series.
    pub publisher: &'a str,
    /// What measured, as text; empty where that is the publisher itself.
    pub source: &'a str,
    /// Which numbering.
    pub epoch: u64,
    /// Which message of the epoch, from 1; 0 in a self-contained batch that does not count.
    pub sequence: u64,
    /// The time of samples that have none of their own.
    pub base: NetTime,
    /// Its dictionary holds for this message alone.
    pub self_contained: bool,
    entries: &'a [u8],
    rows: &'a [u8],
    with_times: bool,
}

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The number.
    pub id: u32,
    /// What is measured.
    pub object: &'a str,
    /// Which quantity.
    pub metric: &'a str,
    /// In which unit; empty where the metric's name says it.
    pub unit: &'a str,
}

impl<'a> Batch<'a> {
    /// Reads a message.
    pub fn parse(payload: &'a [u8]) -> Result<Self, BatchError> {
        if !is_batch(payload) {
            return Err(BatchError::NoBatch);
        }
        within("bytes", payload.len(), BYTES_MAX)?;
        let mut rest = Cursor(payload.get(MAGIC.len()..).unwrap_or_default());
        let [version, flags] = rest.array("header")?;
        if version != VERSION {
            return Err(BatchError::Version(version));
        }
        let samples = usize::from(rest.u16()?);
        let (epoch, sequence, base) = (rest.u64()?, rest.u64()?, NetTime(rest.u64()?));
        let entries = usize::from(rest.u16()?);
        let (name_len, source_len) = (usize::from(rest.u16()?), usize::from(rest.u16()?));
        if flags & !(FLAG_TIMES | FLAG_SELF_CONTAINED) != 0 || rest.u16()? != 0 {
            return Err(BatchError::Flags(flags));
        }
        debug_assert_eq!(payload.len() - rest.0.len(), HEADER);
        within("samples", samples, SAMPLES_MAX)?;
        within("dictionary entries", entries, SAMPLES_MAX)?;
        let publisher = filled("publisher", rest.text("publisher", name_len, NAME_MAX)?)?;
        let source = rest.text("source", source_len, TEXT_MAX)?;
        let from = rest.0;
        for _ in 0..entries {
            rest.entry()?;
        }
        let entries = from.get(..from.len() - rest.0.len()).unwrap_or_default();
        let with_times = flags & FLAG_TIMES != 0;
        let row = if with_times { ROW_WITH_TIME } else { ROW };
        let rows = rest.take("samples", samples * row)?;
        if !rest.0.is_empty() {
            return Err(BatchError::Trailing(rest.0.len()));
        }
        Ok(Self {
            publisher,
            source,
            epoch,
            sequence,
            base,
            self_contained: flags & FLAG_SELF_CONTAINED != 0,
            entries,
            rows,
            with_times,
        })
    }

    /// The dictionary entries that it carries.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let mut rest = Cursor(self.entries);
        // Each was read once already, so the first that cannot be read is the end.
        std::iter::from_fn(move || rest.entry().ok())
    }

    /// How many samples it carries.
    pub fn len(&self) -> usize {
        self.rows.len() / if self.with_times { ROW_WITH_TIME } else { ROW }
    }

    /// Whether it carries no sample.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Calls `each` with number, time and value of every sample, in order. Values are as sent: they may be no numbers.
    pub fn for_each(&self, mut each: impl FnMut(u32, NetTime, f64)) {
        if self.with_times {
            for row in self.rows.as_chunks::<ROW_WITH_TIME>().0 {
                let offset = i32::from_le_bytes(part(row, 4));
                let at = NetTime(self.base.0.saturating_add_signed(offset.into()));
                each(
                    u32::from_le_bytes(part(row, 0)),
                    at,
                    f64::from_le_bytes(part(row, 8)),
                );
            }
        } else {
            for row in self.rows.as_chunks::<ROW>().0 {
                let (id, value) = (part(row, 0), part(row, 4));
                each(u32::from_le_bytes(id), self.base, f64::from_le_bytes(value));
            }
        }
    }
}

/// `N` bytes of a row from `from` on; every place is a constant within the row.
fn part<const N: usize>(row: &[u8], from: usize) -> [u8; N] {
    row.get(from..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .unwrap_or([0; N])
}

fn within(what: &'static str, found: usize, most: usize) -> Result<(), BatchError> {
    if found > most {
        return Err(BatchError::TooMuch { what, found, most });
    }
    Ok(())
}

fn filled<'a>(what: &'static str, text: &'a str) -> Result<&'a str, BatchError> {
    if text.is_empty() {
        return Err(BatchError::Empty(what));
    }
    Ok(text)
}

/// What is not yet read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, what: &'static str, len: usize) -> Result<&'a [u8], BatchError> {
        let (taken, rest) = self
            .0
            .split_at_checked(len)
            .ok_or(BatchError::Short(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], BatchError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(BatchError::Short(what))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, BatchError> {
        self.array("header").map(u16::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, BatchError> {
        self.array("header").map(u64::from_le_bytes)
    }

    fn text(&mut self, what: &'static str, len: usize, most: usize) -> Result<&'a str, BatchError> {
        within(what, len, most)?;
        std::str::from_utf8(self.take(what, len)?).map_err(|_| BatchError::NoText(what))
    }

    fn entry(&mut self) -> Result<Entry<'a>, BatchError> {
        let [a, b, c, d, object, o2, metric, m2, unit, u2]: [u8; ENTRY] =
            self.array("dictionary")?;
        let len = |low, high| usize::from(u16::from_le_bytes([low, high]));
        let object = self.text("object", len(object, o2), TEXT_MAX)?;
        let metric = self.text("metric", len(metric, m2), TEXT_MAX)?;
        let unit = self.text("unit", len(unit, u2), UNIT_MAX)?;
        Ok(Entry {
            id: u32::from_le_bytes([a, b, c, d]),
            object: filled("object", object)?,
            metric: filled("metric", metric)?,
            unit,
        })
    }
}
