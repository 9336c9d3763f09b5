//! What does one source say about one interval, in one message that needs no other?
//!
//! The binary twin of [`TelemetryBatch`] as JSON, for subject `obs.telemetry`: the dictionary travels in the same message and
//! holds for it alone, so the message stays evidence whatever else was lost. [`Told::to_json`] gives the very text that the
//! JSON form would have had.

use super::encode::{self, Head, checked, text};
use super::view::{Batch, Entry, is_batch};
use super::{BatchError, NAME_MAX, SAMPLES_MAX, TEXT_MAX};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use zizhi_types::NetTime;
use zizhi_types::wire::TelemetryBatch;

/// What a message says, not yet checked for sense: its samples may be of unknown objects, or no numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told<'a> {
    /// Who measured.
    pub source: &'a str,
    /// End of the interval.
    pub at: NetTime,
    /// What was measured.
    pub samples: Vec<Sample<'a>>,
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample<'a> {
    /// What was measured, as text.
    pub object: &'a str,
    /// Which quantity, by name.
    pub metric: &'a str,
    /// As sent: it may be no number.
    pub value: f64,
    /// In which unit; empty where the metric's name says it.
    #[serde(skip)]
    pub unit: &'a str,
}

/// Writes what a source says as one message. At most [`SAMPLES_MAX`] samples and [`super::BYTES_MAX`] bytes.
pub fn encode(batch: &TelemetryBatch) -> Result<Vec<u8>, BatchError> {
    let source = batch.source.to_string();
    text("source", &source, 1, TEXT_MAX)?;
    let names: Vec<(String, &str)> = batch
        .samples
        .iter()
        .map(|s| (s.object.to_string(), s.metric.as_str()))
        .collect();
    let mut entries: Vec<Entry<'_>> = vec![];
    let mut ids: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut rows = vec![];
    for ((object, metric), sample) in names.iter().zip(&batch.samples) {
        let id = *ids.entry((object, metric)).or_insert_with(|| {
            let id = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            let unit = "";
            entries.push(Entry {
                id,
                object,
                metric,
                unit,
            });
            id
        });
        rows.push((id, batch.at, sample.value));
    }
    let head = Head {
        publisher: short_name(&source),
        source: &source,
        epoch: 0,
        sequence: 0,
        base: batch.at,
        self_contained: true,
    };
    let count = rows.len();
    if count > SAMPLES_MAX {
        let (what, most) = ("samples", SAMPLES_MAX);
        return Err(BatchError::TooMuch {
            what,
            found: count,
            most,
        });
    }
    checked(encode::write(&head, &entries, rows.into_iter()), count)
}

/// The same in as many messages as it takes, so that no source has too many samples.
pub fn messages(batch: &TelemetryBatch) -> Result<Vec<Vec<u8>>, BatchError> {
    let part = |samples: &[zizhi_types::wire::Sample]| {
        encode(&TelemetryBatch {
            source: batch.source.clone(),
            at: batch.at,
            samples: samples.to_vec(),
        })
    };
    if batch.samples.len() <= SAMPLES_MAX {
        return Ok(vec![encode(batch)?]);
    }
    batch.samples.chunks(SAMPLES_MAX).map(part).collect()
}

/// The publisher of a message that does not count: its source, as far as it fits.
fn short_name(source: &str) -> &str {
    let end = source.floor_char_boundary(NAME_MAX);
    source.get(..end).unwrap_or_default()
}

/// Reads such a message.
pub fn decode(payload: &[u8]) -> Result<Told<'_>, BatchError> {
    let batch = Batch::parse(payload)?;
    if !batch.self_contained {
        return Err(BatchError::OtherForm("obs.samples"));
    }
    let mut names: BTreeMap<u32, Entry<'_>> = BTreeMap::new();
    for entry in batch.entries() {
        if names.insert(entry.id, entry).is_some_and(|e| e != entry) {
            return Err(BatchError::Ambiguous(entry.id));
        }
    }
    let mut told = Told {
        source: if batch.source.is_empty() {
            batch.publisher
        } else {
            batch.source
        },
        at: batch.base,
        samples: Vec::with_capacity(batch.len()),
    };
    let mut wrong = None;
    batch.for_each(|id, at, value| match names.get(&id) {
        Some(e) if at == batch.base => told.samples.push(Sample {
            object: e.object,
            metric: e.metric,
            value,
            unit: e.unit,
        }),
        Some(_) => wrong = Some(BatchError::Times),
        None => wrong = Some(BatchError::Nameless(id)),
    });
    wrong.map_or(Ok(told), Err)
}

impl Told<'_> {
    /// The same as JSON: for whoever reads it later. A value that is no number is `null`.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Reads what a source says, as JSON or binary, all of it or nothing: for receivers that need no part of a broken message.
pub fn read(payload: &[u8]) -> Result<TelemetryBatch, serde_json::Error> {
    serde_json::from_str(&readable(payload))
}

/// Bytes of an unreadable batch that are shown.
const SHOWN: usize = 64;

/// Any message as text, to be kept as evidence: a self-contained batch as the JSON that it stands for, another batch by its
/// first bytes, everything else as it came.
pub fn readable(payload: &[u8]) -> Cow<'_, str> {
    if !is_batch(payload) {
        return String::from_utf8_lossy(payload);
    }
    if let Ok(told) = decode(payload) {
        return Cow::Owned(told.to_json());
    }
    let mut text = String::from("sample batch");
    for byte in payload.iter().take(SHOWN) {
        // Writing into a string cannot fail.
        let _ = write!(text, " {byte:02X}");
    }
    Cow::Owned(text)
}
