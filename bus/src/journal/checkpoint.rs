//! Who says that the journal was like this? Signatures over positions, in a file beside the journal.
//!
//! The chain finds every change by somebody who cannot compute hashes anew; a checkpoint finds the rest. Each line signs
//! a position of the journal, the hash there, and the checkpoint before it. The signatures are beside the journal and not
//! in it, so that equal runs have equal journals whoever signs them.

use super::audit::{Damage, Head};
use super::entry::{GENESIS, hex};
use super::signing::{Keys, SigningKey};
use super::{Entry, JournalError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// A checkpoint is made at the first durable group after so many records ...
const RECORDS: u64 = 1000;

/// ... or after this time.
const INTERVAL: Duration = Duration::from_secs(1);

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    /// Lines of the journal that it stands for.
    pub position: u64,
    /// The hash of the last of them.
    pub hash: String,
    /// The SHA-256 of the checkpoint line before, [`GENESIS`] for the first.
    previous: String,
    /// Whose key.
    key: String,
    /// Over all that, in hexadecimal.
    signature: String,
}

impl Checkpoint {
    /// What is signed: the fields' texts, one a line, after a line that no other signature of ours begins with.
    fn message(&self) -> Vec<u8> {
        let Self {
            position,
            hash,
            previous,
            key,
            ..
        } = self;
        format!("zizhi journal checkpoint 1\n{position}\n{hash}\n{previous}\n{key}\n").into_bytes()
    }
}

/// The writer's side: signs what was made durable.
pub(super) struct Checkpoints {
    file: File,
    key: SigningKey,
    last: u64,
    previous: String,
    made: Instant,
}

impl Checkpoints {
    /// Goes on after the checkpoints that are there.
    #[expect(
        clippy::disallowed_methods,
        reason = "a shell: checkpoints come at a pace of real time"
    )]
    pub fn open(path: &Path, key: SigningKey) -> Result<Self, JournalError> {
        let bytes = match std::fs::read(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(vec![]),
            read => read.map_err(|e| JournalError::open(path, e)),
        }?;
        let whole = whole_lines(&bytes);
        let there = parse(whole).map_err(|damage| JournalError::damaged(path, damage))?;
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(|e| JournalError::open(path, e))?;
        // A signature cut off in the middle of its write says nothing; the next one stands for its records too.
        file.set_len(whole.len() as u64)
            .map_err(|e| JournalError::open(path, e))?;
        Ok(Self {
            file,
            key,
            last: there.last().map_or(0, |c| c.position),
            previous: last_line(whole).map_or_else(|| GENESIS.to_owned(), digest),
            made: Instant::now(),
        })
    }

    /// The newest position that is signed.
    pub const fn position(&self) -> u64 {
        self.last
    }

    /// The id of the key that signs.
    pub fn key(&self) -> String {
        self.key.id()
    }

    /// Signs this position, if a checkpoint is due or wanted.
    #[expect(
        clippy::disallowed_methods,
        reason = "a shell: checkpoints come at a pace of real time"
    )]
    pub fn keep(&mut self, head: &Head, wanted: bool) -> io::Result<()> {
        let new = head.position.saturating_sub(self.last);
        let due = new >= RECORDS || self.made.elapsed() >= INTERVAL;
        if new == 0 || !(due || wanted) {
            return Ok(());
        }
        let mut checkpoint = Checkpoint {
            position: head.position,
            hash: head.hash.clone(),
            previous: self.previous.clone(),
            key: self.key(),
            signature: String::new(),
        };
        checkpoint.signature = self.key.sign(&checkpoint.message());
        let line = serde_json::to_string(&checkpoint)?;
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.file.sync_data()?;
        self.previous = digest(line.as_bytes());
        self.last = head.position;
        self.made = Instant::now();
        Ok(())
    }
}

/// What the signatures beside a journal say of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Signatures {
    /// There are none.
    #[default]
    None,
    /// There are, but no public key was given to check them by. They agree with the journal all the same.
    Unchecked {
        /// How many.
        checkpoints: u64,
    },
    /// Every one is of a known key.
    Verified {
        /// How many.
        checkpoints: u64,
        /// The newest position that is signed; what follows rests on the head file alone.
        up_to: u64,
        /// Names of the keys.
        by: Vec<String>,
    },
}

/// Checks the checkpoints of a journal against its entries and, if there are some, the known keys.
pub(super) fn check(
    bytes: &[u8],
    entries: &[Entry],
    sealed: bool,
    keys: &Keys,
) -> Result<Signatures, Damage> {
    let checkpoints = parse(bytes)?;
    let count = entries.len() as u64;
    let mut by = BTreeSet::new();
    for (at, checkpoint) in (1..).zip(&checkpoints) {
        if !keys.is_empty() {
            by.insert(signer(at, checkpoint, keys)?);
        }
        let index = usize::try_from(checkpoint.position).unwrap_or(usize::MAX);
        match entries.get(index.wrapping_sub(1)) {
            None => {
                return Err(Damage::CutTail {
                    at: count,
                    durable: checkpoint.position,
                });
            }
            Some(entry) if entry.hash != checkpoint.hash => {
                return Err(Damage::Rewritten {
                    at: checkpoint.position,
                });
            }
            Some(_) => {}
        }
    }
    let up_to = checkpoints.last().map_or(0, |c| c.position);
    if sealed && up_to != count {
        return Err(Damage::SealUnsigned { at: count, up_to });
    }
    let checkpoints = checkpoints.len() as u64;
    Ok(if keys.is_empty() {
        Signatures::Unchecked { checkpoints }
    } else {
        Signatures::Verified {
            checkpoints,
            up_to,
            by: by.into_iter().collect(),
        }
    })
}

fn signer(at: u64, checkpoint: &Checkpoint, keys: &Keys) -> Result<String, Damage> {
    let Some(name) = keys.name(&checkpoint.key) else {
        return Err(Damage::ForeignKey {
            at,
            key: checkpoint.key.clone(),
        });
    };
    if keys.verify(
        &checkpoint.key,
        &checkpoint.message(),
        &checkpoint.signature,
    ) {
        Ok(name.to_owned())
    } else {
        Err(Damage::BadSignature { at })
    }
}

/// The checkpoints, each exactly as it is written, in order, and linked.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Checkpoint>, Damage> {
    let mut checkpoints: Vec<Checkpoint> = vec![];
    let mut previous = GENESIS.to_owned();
    for (at, line) in (1..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
        let broken = || Damage::BadCheckpoint { at };
        let line = line.strip_suffix(b"\n").ok_or_else(broken)?;
        let checkpoint: Checkpoint = serde_json::from_slice(line).map_err(|_| broken())?;
        let exact = serde_json::to_vec(&checkpoint).is_ok_and(|again| again == line);
        let after = checkpoints.last().map_or(0, |c| c.position);
        if !exact || checkpoint.previous != previous || checkpoint.position <= after {
            return Err(broken());
        }
        previous = digest(line);
        checkpoints.push(checkpoint);
    }
    Ok(checkpoints)
}

fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    &bytes[..end]
}

fn last_line(whole: &[u8]) -> Option<&[u8]> {
    let body = whole.strip_suffix(b"\n")?;
    body.rsplit(|b| *b == b'\n').next()
}

fn digest(line: &[u8]) -> String {
    hex(&Sha256::digest(line))
}
