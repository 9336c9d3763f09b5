//! The journal: append-only, hash-chained, one JSON line an entry.
//!
//! Each line carries the SHA-256 of its position, its predecessor's hash and its record, so a changed, dropped,
//! inserted or swapped line breaks the chain. A cut tail is found because a journal that was closed in order ends
//! with a `sealed` record, and because a small head file beside it names the newest entry that was made durable.

mod audit;
mod entry;
mod writer;

pub use audit::{Audit, Damage, State, audit};
pub use entry::{Entry, GENESIS, read, read_lenient};
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

/// Where the head file of a journal is: beside it, with `.head` appended.
pub fn head_path(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".head");
    PathBuf::from(name)
}
