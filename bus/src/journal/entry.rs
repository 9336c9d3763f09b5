//! One line of the journal: how it is hashed, written and read.

use super::{Damage, JournalError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;
use zizhi_types::Record;

/// The predecessor's hash of the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A record with its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Counts from 1.
    pub position: u64,
    /// The hash of the entry before, [`GENESIS`] for the first.
    pub prev: String,
    /// SHA-256 over position, `prev` and the record's text, in hexadecimal.
    pub hash: String,
    /// What happened.
    pub record: Record,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    position: u64,
    prev: String,
    hash: String,
    record: Box<RawValue>,
}

fn chain_hash(position: u64, prev: &str, record: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(position.to_le_bytes());
    hasher.update(prev.as_bytes());
    hasher.update(record.as_bytes());
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The line for `record` at `position` after `prev`, without line end, and its hash.
pub(super) fn encode(
    position: u64,
    prev: &str,
    record: &Record,
) -> Result<(String, String), serde_json::Error> {
    let record = serde_json::value::to_raw_value(record)?;
    let hash = chain_hash(position, prev, record.get());
    let line = Line {
        position,
        prev: prev.to_owned(),
        hash: hash.clone(),
        record,
    };
    Ok((serde_json::to_string(&line)?, hash))
}

/// Reads one line and checks it against its place. Every byte counts: the line must be exactly what
/// [`encode`] writes.
pub(super) fn decode(text: &str, position: u64, prev: &str) -> Result<Entry, Damage> {
    let at = position;
    let line: Line = serde_json::from_str(text).map_err(|e| Damage::Unreadable {
        at,
        reason: e.to_string(),
    })?;
    if line.position != position {
        return Err(Damage::OutOfPlace {
            at,
            found: line.position,
        });
    }
    if line.prev != prev {
        return Err(Damage::BrokenChain { at });
    }
    if chain_hash(position, prev, line.record.get()) != line.hash {
        return Err(Damage::Changed { at });
    }
    if serde_json::to_string(&line).ok().as_deref() != Some(text) {
        return Err(Damage::Changed { at });
    }
    let record = serde_json::from_str(line.record.get()).map_err(|e| Damage::Unreadable {
        at,
        reason: e.to_string(),
    })?;
    Ok(Entry {
        position,
        prev: line.prev,
        hash: line.hash,
        record,
    })
}

/// Reads a whole journal and refuses it at the first damage.
pub fn read(path: &Path) -> Result<Vec<Entry>, JournalError> {
    let (entries, damage) = read_lenient(path)?;
    match damage {
        Some(damage) => Err(JournalError::Damaged {
            path: path.to_owned(),
            damage,
        }),
        None => Ok(entries),
    }
}

/// Reads a journal up to its first damage, which is told beside what could be read.
pub fn read_lenient(path: &Path) -> Result<(Vec<Entry>, Option<Damage>), JournalError> {
    let bytes = std::fs::read(path).map_err(|source| JournalError::Open {
        path: path.to_owned(),
        source,
    })?;
    let mut entries: Vec<Entry> = vec![];
    let mut prev = GENESIS.to_owned();
    for (index, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let at = index as u64 + 1;
        let Some(line) = line.strip_suffix(b"\n") else {
            return Ok((entries, Some(Damage::TornLine { at })));
        };
        let checked = std::str::from_utf8(line)
            .map_err(|e| Damage::Unreadable {
                at,
                reason: e.to_string(),
            })
            .and_then(|text| decode(text, at, &prev));
        match checked {
            Ok(entry) => {
                prev.clone_from(&entry.hash);
                entries.push(entry);
            }
            Err(damage) => return Ok((entries, Some(damage))),
        }
    }
    Ok((entries, None))
}
