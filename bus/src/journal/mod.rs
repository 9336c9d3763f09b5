//! The journal: append-only, hash-chained, one JSON line an entry, signed if its writer has a key.
//!
//! Each line carries the SHA-256 of its position, its predecessor's hash and its record, so a changed, dropped,
//! inserted or swapped line breaks the chain. A cut tail is found because a journal that was closed in order ends
//! with a `sealed` record, and because a small head file beside it names the newest entry that was made durable. Who
//! computes the whole chain anew is found by the signed checkpoints beside it.

mod audit;
mod checkpoint;
mod commit;
mod disk;
mod entry;
mod follow;
mod merge;
mod reopen;
mod signing;
mod writer;

pub use audit::{Audit, Damage, Files, State, Trust, audit, audit_by};
pub use checkpoint::Signatures;
pub use commit::JournalStats;
pub use entry::{Entry, GENESIS, read, read_lenient};
pub use follow::{Follower, Grown};
pub use merge::{files, merge, read_all, read_all_lenient};
pub use reopen::{Reopened, Torn};
pub use signing::{KeyError, Keys, SigningKey};
pub use writer::Journal;

use std::path::{Path, PathBuf};

/// What goes wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file is there already; it is never overwritten.
    #[error("journal {} exists already: name another file, or move it away", path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// Another writer has it.
    #[error("journal {} is being written by another process: stop that one, or name another file", path.display())]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// It was closed in order and cannot go on.
    #[error("journal {} was sealed: name another file", path.display())]
    Sealed {
        /// Which file.
        path: PathBuf,
    },
    /// The folder has none.
    #[error("there is no journal (*.jsonl) in {}", path.display())]
    NoJournals {
        /// Which folder.
        path: PathBuf,
    },
    /// A record is in two journals of one folder.
    #[error("record {id} is in {} and in {}: they are of different runs, or one is a copy; name one journal, or a folder with the journals of one run", one.display(), two.display())]
    Twice {
        /// Which record.
        id: String,
        /// One journal.
        one: PathBuf,
        /// The other.
        two: PathBuf,
    },
    /// The file cannot be made or opened.
    #[error("cannot open journal {}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Writing failed (a full disk, a lost mount): nothing may be done that cannot be written down.
    #[error("cannot write journal {}: the swarm stops acting; free space or name another file", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An earlier write failed; nothing is accepted since.
    #[error("the journal is closed after a failed write: {reason}")]
    Failed {
        /// The first failure.
        reason: String,
    },
    /// A record cannot be put in JSON.
    #[error("record {id} cannot be written as json")]
    Encode {
        /// Which record.
        id: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A line is damaged.
    #[error("journal {}: {damage}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where and how.
        damage: Damage,
    },
}

impl JournalError {
    pub(crate) fn open(path: &Path, source: std::io::Error) -> Self {
        Self::Open {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, damage: Damage) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            damage,
        }
    }
}

/// Where the head file of a journal is: beside it, with `.head` appended.
pub fn head_path(journal: &Path) -> PathBuf {
    beside(journal, ".head")
}

/// Where the signed checkpoints of a journal are: beside it, with `.sig` appended.
pub fn sig_path(journal: &Path) -> PathBuf {
    beside(journal, ".sig")
}

fn beside(journal: &Path, ending: &str) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
