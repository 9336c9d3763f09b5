//! How does a journal go on after its process was killed?

use super::audit::{Damage, parse_head};
use super::checkpoint;
use super::disk::{JournalFile, sync_folder};
use super::entry::{GENESIS, decode_all};
use super::{Entry, JournalError, head_path, sig_path};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use zizhi_types::Body;

/// What was found in a journal that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopened {
    /// Whole entries.
    pub entries: u64,
    /// The highest record number of every owner: who numbers records goes on after it.
    pub numbers: BTreeMap<String, u64>,
    /// What was cut off.
    pub torn: Option<Torn>,
    /// The hash of the last entry.
    pub(super) hash: String,
}

/// The last line was incomplete, as writing was cut off in the middle of it. Nobody was told that it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Which line, from 1.
    pub line: u64,
    /// How much of it was there.
    pub bytes: u64,
    /// Where it is kept.
    pub kept: PathBuf,
}

/// Checks every line, the head file and the checkpoints; cuts off a torn last line.
pub(super) fn reopen(path: &Path) -> Result<(JournalFile, Reopened), JournalError> {
    let mut file = JournalFile::open(path)?;
    let bytes = std::fs::read(path).map_err(|e| JournalError::open(path, e))?;
    let (entries, damage) = decode_all(&bytes);
    let count = entries.len() as u64;
    let damaged = |damage| JournalError::damaged(path, damage);
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    match damage {
        None | Some(Damage::TornLine { .. }) => {}
        Some(other) => return Err(damaged(other)),
    }
    if entries
        .iter()
        .any(|e| matches!(e.record.body, Body::Sealed { .. }))
    {
        return Err(JournalError::Sealed {
            path: path.to_owned(),
        });
    }
    confirmed(path, &entries).map_err(damaged)?;
    let torn = match &bytes[whole..] {
        [] => None,
        rest => {
            let torn = keep_torn(path, count + 1, rest)?;
            file.cut(whole as u64)
                .map_err(|e| JournalError::open(path, e))?;
            tracing::warn!(journal = %path.display(), line = torn.line, bytes = torn.bytes, kept = %torn.kept.display(), "torn last line cut off");
            Some(torn)
        }
    };
    let hash = entries.last().map_or(GENESIS, |e| &e.hash).to_owned();
    let reopened = Reopened {
        entries: count,
        numbers: numbers(&entries),
        torn,
        hash,
    };
    Ok((file, reopened))
}

/// Whether everything is there that was said to be durable or was signed.
fn confirmed(path: &Path, entries: &[Entry]) -> Result<(), Damage> {
    let count = entries.len() as u64;
    let check = |position: u64, hash: &str| {
        let index = usize::try_from(position).unwrap_or(usize::MAX);
        match entries.get(index.wrapping_sub(1)) {
            None => Err(Damage::CutTail {
                at: count,
                durable: position,
            }),
            Some(entry) if entry.hash != hash => Err(Damage::Rewritten { at: position }),
            Some(_) => Ok(()),
        }
    };
    let head = match std::fs::read(head_path(path)) {
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        read => Some(parse_head(&read.map_err(|_| Damage::BadHead)?)?),
    };
    if let Some(head) = &head {
        check(head.position, &head.hash)?;
    }
    let bytes = match std::fs::read(sig_path(path)) {
        Ok(bytes) => bytes,
        Err(_) if head.as_ref().is_some_and(|h| h.key.is_some()) => {
            return Err(Damage::NoSignatures { at: count });
        }
        Err(_) => return Ok(()),
    };
    // A signature that was cut off in the middle of its write is dealt with by its writer.
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let checkpoints = checkpoint::parse(&bytes[..whole])?;
    if head.is_none() && !checkpoints.is_empty() {
        return Err(Damage::NoHead { at: count });
    }
    checkpoints
        .iter()
        .try_for_each(|c| check(c.position, &c.hash))
}

/// Moves the torn line beside the journal, under the first free number.
fn keep_torn(path: &Path, line: u64, rest: &[u8]) -> Result<Torn, JournalError> {
    let beside = |n: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".torn-{n}"));
        PathBuf::from(name)
    };
    let kept = (1..=u32::MAX).map(beside).find(|p| !p.exists());
    let kept = kept.unwrap_or_else(|| beside(0));
    let written = std::fs::write(&kept, rest).and_then(|()| sync_folder(&kept));
    written.map_err(|e| JournalError::open(&kept, e))?;
    Ok(Torn {
        line,
        bytes: rest.len() as u64,
        kept,
    })
}

/// The highest record number of every owner.
fn numbers(entries: &[Entry]) -> BTreeMap<String, u64> {
    let mut numbers = BTreeMap::new();
    for entry in entries {
        let id = &entry.record.id;
        let highest = numbers.entry(id.owner.clone()).or_insert(0);
        *highest = id.number.max(*highest);
    }
    numbers
}
