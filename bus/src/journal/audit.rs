//! Is the journal whole and untouched?

use super::{JournalError, head_path, read_lenient};
use serde::{Deserialize, Serialize};
use std::fmt;
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
}

/// The newest durable entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub position: u64,
    pub hash: String,
}

/// Checks every line of a journal, its end and its head file.
pub fn audit(path: &Path) -> Result<Audit, JournalError> {
    let (entries, damage) = read_lenient(path)?;
    let count = entries.len() as u64;
    if damage.is_some() {
        return Ok(Audit {
            entries: count,
            state: None,
            damage,
        });
    }
    let sealed = entries
        .iter()
        .position(|e| matches!(e.record.body, Body::Sealed { .. }));
    let head = read_head(path);
    let hash_at = |position: u64| {
        let index = usize::try_from(position).ok()?.checked_sub(1)?;
        entries.get(index).map(|e| e.hash.clone())
    };
    let damage = match (sealed, &head) {
        (Some(index), _) if index as u64 + 1 < count => Some(Damage::AfterSeal {
            at: index as u64 + 2,
        }),
        (_, Some(head)) if head.position > count => Some(Damage::CutTail {
            at: count,
            durable: head.position,
        }),
        (_, Some(head)) if hash_at(head.position).as_ref() != Some(&head.hash) => {
            Some(Damage::Rewritten { at: head.position })
        }
        (None, None) => Some(Damage::Unsealed { at: count }),
        _ => None,
    };
    let state = match (&damage, sealed) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(State::Sealed),
        (None, None) => Some(State::Open),
    };
    Ok(Audit {
        entries: count,
        state,
        damage,
    })
}

fn read_head(path: &Path) -> Option<Head> {
    let text = std::fs::read_to_string(head_path(path)).ok()?;
    // A head that cannot be read is no evidence; a missing seal then counts against the journal.
    serde_json::from_str(&text).ok()
}
