//! Is the journal whole and untouched?

use super::checkpoint::{self, Signatures};
use super::entry::decode_all;
use super::signing::Keys;
use super::{Entry, JournalError, head_path, sig_path};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use zizhi_types::Body;

/// How a line is damaged. `at` counts lines from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "damage", rename_all = "kebab-case")]
pub enum Damage {
    /// The line is no entry.
    Unreadable {
        /// Which line.
        at: u64,
        /// What the reader says.
        reason: String,
    },
    /// The line has another line's number: lines were dropped, inserted or swapped before it.
    OutOfPlace {
        /// Which line.
        at: u64,
        /// The number it has.
        found: u64,
    },
    /// The line does not follow from the one before.
    BrokenChain {
        /// Which line.
        at: u64,
    },
    /// The line's content does not fit its hash.
    Changed {
        /// Which line.
        at: u64,
    },
    /// The last line has no end: writing was cut off.
    TornLine {
        /// Which line.
        at: u64,
    },
    /// The head file names an entry that is not there: the end was cut off.
    CutTail {
        /// The last line that is there.
        at: u64,
        /// The line that the head file names.
        durable: u64,
    },
    /// The head file names another content for this line: the journal was rewritten.
    Rewritten {
        /// Which line.
        at: u64,
    },
    /// Something follows the seal.
    AfterSeal {
        /// Which line.
        at: u64,
    },
    /// The head file cannot be read, or names a key that is not known.
    BadHead,
    /// There are signatures but no head file: it was removed.
    NoHead {
        /// The last line that is there.
        at: u64,
    },
    /// The journal was signed, or must have been, but there is no file of checkpoints: it was removed.
    NoSignatures {
        /// The last line of the journal.
        at: u64,
    },
    /// A checkpoint is unreadable, dropped, swapped or not as it was written. Counts lines of the checkpoints.
    BadCheckpoint {
        /// Which checkpoint.
        at: u64,
    },
    /// A checkpoint was signed by a key that is not known.
    ForeignKey {
        /// Which checkpoint.
        at: u64,
        /// The key's id.
        key: String,
    },
    /// A checkpoint has a known key's name but not its signature: it was forged.
    BadSignature {
        /// Which checkpoint.
        at: u64,
    },
    /// The journal is sealed, but the signatures end before the seal: checkpoints were cut off.
    SealUnsigned {
        /// The last line of the journal.
        at: u64,
        /// The last that is signed.
        up_to: u64,
    },
    /// There is neither a seal nor a head file, so nobody can tell whether the end is missing.
    Unsealed {
        /// The last line that is there.
        at: u64,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { at, reason } => write!(f, "line {at} cannot be read: {reason}"),
            Self::OutOfPlace { at, found } => write!(
                f,
                "line {at} has number {found}: lines were dropped, inserted or swapped"
            ),
            Self::BrokenChain { at } => {
                write!(f, "line {at} does not follow from the line before it")
            }
            Self::Changed { at } => write!(f, "line {at} was changed after it was written"),
            Self::TornLine { at } => {
                write!(f, "line {at} is incomplete: writing was cut off there")
            }
            Self::CutTail { at, durable } => write!(
                f,
                "the end is missing: the last line is {at}, but {durable} lines were written"
            ),
            Self::Rewritten { at } => write!(
                f,
                "line {at} is not the one that was written: the journal was rewritten"
            ),
            Self::BadHead => {
                f.write_str("the head file is not as it was written: somebody changed it")
            }
            Self::NoHead { .. } => {
                f.write_str("the head file is missing although there are signatures: it was removed")
            }
            Self::NoSignatures { .. } => f.write_str("the signatures are missing: they were removed, or it is not the journal that was signed"),
            Self::BadCheckpoint { at } => write!(
                f,
                "checkpoint {at} is not as it was written, or checkpoints before it were dropped, inserted or swapped"
            ),
            Self::ForeignKey { at, key } => {
                write!(f, "checkpoint {at} is signed by the unknown key {key}")
            }
            Self::BadSignature { at } => write!(f, "the signature of checkpoint {at} is forged"),
            Self::SealUnsigned { at, up_to } => write!(
                f,
                "the journal is sealed at line {at}, but signatures end at line {up_to}: checkpoints were cut off"
            ),
            Self::AfterSeal { at } => write!(f, "line {at} was added after the journal was sealed"),
            Self::Unsealed { at } => write!(
                f,
                "the journal has neither a seal nor a head file: lines after {at} may be missing"
            ),
        }
    }
}

/// How a whole journal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Closed in order.
    Sealed,
    /// Not closed: a swarm still writes it, or its process was killed. Everything made durable is there.
    Open,
}

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Entries that are whole, from the start.
    pub entries: u64,
    /// How the journal stands, if it is whole.
    pub state: Option<State>,
    /// The first damage, if there is one.
    pub damage: Option<Damage>,
    /// What the signatures say, if nothing is damaged.
    pub signatures: Signatures,
}

/// By which keys an audit goes.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Public keys that may sign; none to look at signatures without knowing whose they are.
    pub keys: Keys,
    /// Whether an unsigned journal counts as damaged.
    pub must_be_signed: bool,
}

/// The newest durable entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub position: u64,
    pub hash: String,
    /// The id of the key that signs the journal, so that removed signatures are missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Checks every line of a journal, its end, its head file and its signatures, without knowing whose they should be.
pub fn audit(path: &Path) -> Result<Audit, JournalError> {
    audit_by(path, &Trust::default())
}

/// Checks every line of a journal, its end, its head file, and that its signatures are of keys that are trusted.
pub fn audit_by(path: &Path, trust: &Trust) -> Result<Audit, JournalError> {
    let bytes = std::fs::read(path).map_err(|e| JournalError::open(path, e))?;
    let files = Files {
        journal: &bytes,
        head: beside(&head_path(path))?,
        signatures: beside(&sig_path(path))?,
    };
    Ok(files.audit(trust))
}

/// A file beside the journal, if there is one.
fn beside(path: &Path) -> Result<Option<Vec<u8>>, JournalError> {
    match std::fs::read(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(|e| JournalError::open(path, e)),
    }
}

/// A journal and what lies beside it, byte for byte.
#[derive(Debug, Clone)]
pub struct Files<'a> {
    /// The journal.
    pub journal: &'a [u8],
    /// Its head file.
    pub head: Option<Vec<u8>>,
    /// Its checkpoints.
    pub signatures: Option<Vec<u8>>,
}

impl Files<'_> {
    /// Checks everything against everything else, and the signatures against the trusted keys.
    pub fn audit(&self, trust: &Trust) -> Audit {
        let (entries, damage) = decode_all(self.journal);
        let sealed = entries
            .iter()
            .position(|e| matches!(e.record.body, Body::Sealed { .. }));
        let checked = match damage {
            Some(damage) => Err(damage),
            None => self.check(&entries, sealed.map(|n| n as u64 + 1), trust),
        };
        let state = match (&checked, sealed) {
            (Err(_), _) => None,
            (Ok(_), Some(_)) => Some(State::Sealed),
            (Ok(_), None) => Some(State::Open),
        };
        Audit {
            entries: entries.len() as u64,
            state,
            damage: checked.as_ref().err().cloned(),
            signatures: checked.unwrap_or_default(),
        }
    }

    fn check(
        &self,
        entries: &[Entry],
        sealed: Option<u64>,
        trust: &Trust,
    ) -> Result<Signatures, Damage> {
        let at = entries.len() as u64;
        if let Some(sealed) = sealed.filter(|n| *n < at) {
            return Err(Damage::AfterSeal { at: sealed + 1 });
        }
        let head = self.head.as_deref().map(parse_head).transpose()?;
        if let Some(head) = &head {
            against_head(head, entries)?;
            let foreign = |key: &String| !trust.keys.is_empty() && trust.keys.name(key).is_none();
            if head.key.as_ref().is_some_and(foreign) {
                return Err(Damage::BadHead);
            }
        }
        let signed = trust.must_be_signed || head.as_ref().is_some_and(|h| h.key.is_some());
        let signatures = match &self.signatures {
            // A journal that was opened and never written has no checkpoint yet.
            Some(bytes) if bytes.is_empty() && at == 0 => Signatures::None,
            Some(_) if head.is_none() => return Err(Damage::NoHead { at }),
            Some(bytes) => checkpoint::check(bytes, entries, sealed.is_some(), &trust.keys)?,
            None if signed => return Err(Damage::NoSignatures { at }),
            None => Signatures::None,
        };
        if head.is_none() && sealed.is_none() {
            return Err(Damage::Unsealed { at });
        }
        Ok(signatures)
    }
}

fn against_head(head: &Head, entries: &[Entry]) -> Result<(), Damage> {
    let (at, durable) = (entries.len() as u64, head.position);
    let index = usize::try_from(durable).unwrap_or(usize::MAX);
    match entries.get(index.wrapping_sub(1)) {
        None => Err(Damage::CutTail { at, durable }),
        Some(entry) if entry.hash != head.hash => Err(Damage::Rewritten { at: durable }),
        Some(_) => Ok(()),
    }
}

/// What a head file says. Every byte counts here too.
pub(super) fn parse_head(bytes: &[u8]) -> Result<Head, Damage> {
    let head: Head = serde_json::from_slice(bytes).map_err(|_| Damage::BadHead)?;
    let exact = serde_json::to_vec(&head).is_ok_and(|again| again == bytes);
    if exact {
        Ok(head)
    } else {
        Err(Damage::BadHead)
    }
}
