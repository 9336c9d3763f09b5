//! Appending: one writer, one chain, durable before anything is done to the network.

use super::audit::Head;
use super::entry::{GENESIS, encode};
use super::{JournalError, head_path};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zizhi_types::{Body, NetTime, Record, RecordId, Stage, Who};

/// The journal of one run. Shared by all agents of the process; each append is one link of the chain.
pub struct Journal {
    inner: Mutex<Inner>,
}

struct Inner {
    file: Option<(PathBuf, BufWriter<File>)>,
    position: u64,
    hash: String,
    failed: Option<String>,
    /// Appended and not yet taken by [`Journal::take_new`]; kept only if somebody takes them.
    fresh: Option<Vec<Record>>,
}

impl Journal {
    /// A journal in a new file. An existing file is refused.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|source| {
                if source.kind() == std::io::ErrorKind::AlreadyExists {
                    JournalError::Exists {
                        path: path.to_owned(),
                    }
                } else {
                    JournalError::Open {
                        path: path.to_owned(),
                        source,
                    }
                }
            })?;
        Ok(Self::over(Some((path.to_owned(), BufWriter::new(file)))))
    }

    /// A journal that is only kept for [`Journal::take_new`]: for tests and what-if runs.
    pub fn in_memory() -> Self {
        Self::over(None)
    }

    fn over(file: Option<(PathBuf, BufWriter<File>)>) -> Self {
        let inner = Inner {
            file,
            position: 0,
            hash: GENESIS.to_owned(),
            failed: None,
            fresh: None,
        };
        Self {
            inner: Mutex::new(inner),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock is held can only come between whole appends.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on keeps appended records for [`Journal::take_new`].
    pub fn watch(&self) {
        self.inner().fresh.get_or_insert_default();
    }

    /// What was appended since the last call; empty unless [`Journal::watch`] was called.
    pub fn take_new(&self) -> Vec<Record> {
        self.inner()
            .fresh
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Appends a record. After a failed write every further append fails, so nothing is done unrecorded.
    pub fn append(&self, record: Record) -> Result<(), JournalError> {
        let mut inner = self.inner();
        if let Some(reason) = &inner.failed {
            return Err(JournalError::Failed {
                reason: reason.clone(),
            });
        }
        let position = inner.position + 1;
        let (line, hash) =
            encode(position, &inner.hash, &record).map_err(|source| JournalError::Encode {
                id: record.id.to_string(),
                source,
            })?;
        inner.write(&line)?;
        inner.position = position;
        inner.hash = hash;
        if let Some(fresh) = &mut inner.fresh {
            fresh.push(record);
        }
        Ok(())
    }

    /// Hands what was appended to the system, so that readers of the file see it.
    pub fn flush(&self) -> Result<(), JournalError> {
        self.inner().step(std::io::Write::flush)
    }

    /// Makes what was appended durable: called before every change of the network.
    pub fn sync(&self) -> Result<(), JournalError> {
        let mut inner = self.inner();
        inner.step(|file| {
            file.flush()?;
            file.get_ref().sync_data()
        })?;
        inner.write_head()
    }

    /// Ends the journal in order: nothing can be appended after it.
    pub fn seal(&self, at: NetTime) -> Result<(), JournalError> {
        let records = self.inner().position;
        self.append(Record {
            id: RecordId::new("journal", 1),
            at,
            who: Who::System,
            domain: None,
            stage: Stage::Swarm,
            object: None,
            incident: None,
            causes: vec![],
            body: Body::Sealed { records },
        })?;
        self.sync()?;
        self.inner().failed = Some("it was sealed".to_owned());
        Ok(())
    }
}

impl Inner {
    fn write(&mut self, line: &str) -> Result<(), JournalError> {
        self.step(|file| {
            file.write_all(line.as_bytes())?;
            file.write_all(b"\n")
        })
    }

    fn step(
        &mut self,
        work: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), JournalError> {
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        work(file).map_err(|source| {
            self.failed = Some(source.to_string());
            JournalError::Write {
                path: path.clone(),
                source,
            }
        })
    }

    /// Written aside and renamed, so that it is always whole.
    fn write_head(&mut self) -> Result<(), JournalError> {
        let Some((path, _)) = &self.file else {
            return Ok(());
        };
        let head = Head {
            position: self.position,
            hash: self.hash.clone(),
        };
        let target = head_path(path);
        let aside = target.with_extension("head.new");
        let text = serde_json::to_string(&head).unwrap_or_default();
        std::fs::write(&aside, text)
            .and_then(|()| std::fs::rename(&aside, &target))
            .map_err(|source| {
                self.failed = Some(source.to_string());
                JournalError::Write {
                    path: target,
                    source,
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_stops_the_journal_with_a_clear_message() {
        // This device answers every write with "no space left on device".
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let journal = Journal::over(Some((
            "/dev/full".into(),
            BufWriter::with_capacity(0, full),
        )));
        let error = journal.seal(NetTime(0)).unwrap_err();
        assert!(error.to_string().contains("free space"), "{error}");
        let again = journal.seal(NetTime(0)).unwrap_err();
        assert!(matches!(again, JournalError::Failed { .. }), "{again}");
    }
}
