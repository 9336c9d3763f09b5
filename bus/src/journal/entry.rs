//! One line of the journal: how it is hashed, written and read.

use super::{Damage, JournalError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::io::Write as _;
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
    hex(&hasher.finalize())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    let both = |byte: &u8| [digit(byte >> 4), digit(*byte)];
    bytes.iter().flat_map(both).collect()
}

/// Appends to `out` the line, with its end, of a record's text at `position` after `prev`; gives the line's hash.
pub(super) fn encode(out: &mut Vec<u8>, position: u64, prev: &str, record: &str) -> String {
    let hash = chain_hash(position, prev, record);
    // By hand, as the record's text is the bulk of the line and is copied once this way. Writing to memory cannot fail.
    let _ = write!(
        out,
        r#"{{"position":{position},"prev":"{prev}","hash":"{hash}","record":"#
    );
    out.extend_from_slice(record.as_bytes());
    out.extend_from_slice(b"}\n");
    hash
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
    Ok(decode_all(&bytes))
}

/// The entries up to the first damage, and the damage.
pub(super) fn decode_all(bytes: &[u8]) -> (Vec<Entry>, Option<Damage>) {
    decode_on(bytes, 1, GENESIS)
}

/// The same of a part of a journal, whose first line is at `position` after an entry with the hash `prev`.
pub(super) fn decode_on(bytes: &[u8], position: u64, prev: &str) -> (Vec<Entry>, Option<Damage>) {
    let mut entries: Vec<Entry> = vec![];
    let mut prev = prev.to_owned();
    for (at, line) in (position..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
        let Some(line) = line.strip_suffix(b"\n") else {
            return (entries, Some(Damage::TornLine { at }));
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
            Err(damage) => return (entries, Some(damage)),
        }
    }
    (entries, None)
}
