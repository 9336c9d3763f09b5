//! Appending: one writer, one chain, durable before anything is done to the network.

use super::checkpoint::Checkpoints;
use super::commit::{JournalStats, Shared};
use super::disk::{Disk, JournalFile};
use super::entry::GENESIS;
use super::reopen::{self, Reopened};
use super::signing::SigningKey;
use super::{Damage, JournalError, sig_path};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use zizhi_types::{Body, NetTime, Record, RecordId, Stage, Who};

/// The journal of one process. Shared by all its agents; each append is one link of the chain.
pub struct Journal {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    writer: Option<String>,
}

impl Journal {
    /// A journal in a new file. An existing file is refused.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = JournalFile::create(path)?;
        Self::over(Box::new(file), path, 0, GENESIS.to_owned())
    }

    /// Goes on with a journal that was not closed in order, after checking every line of it.
    ///
    /// What a crash in the middle of a write left of the last line is cut off, kept beside the journal and told. A journal
    /// with any other damage is refused, as is a sealed one and one that another process writes.
    pub fn open(path: &Path) -> Result<(Self, Reopened), JournalError> {
        let (file, reopened) = reopen::reopen(path)?;
        let (position, hash) = (reopened.entries, reopened.hash.clone());
        Ok((Self::over(Box::new(file), path, position, hash)?, reopened))
    }

    /// Opens the journal if there is one, else makes it; `None` says that it is new.
    pub fn create_or_open(path: &Path) -> Result<(Self, Option<Reopened>), JournalError> {
        match Self::create(path) {
            Err(JournalError::Exists { .. }) => {
                Self::open(path).map(|(journal, reopened)| (journal, Some(reopened)))
            }
            created => created.map(|journal| (journal, None)),
        }
    }

    /// A journal that is only kept for [`Journal::take_new`]: for tests and what-if runs.
    pub fn in_memory() -> Self {
        Self {
            shared: Arc::new(Shared::new(None, 0, GENESIS.to_owned())),
            thread: None,
            writer: None,
        }
    }

    /// A journal on this disk, after the line `position` with `hash`.
    pub(super) fn over(
        disk: Box<dyn Disk>,
        path: &Path,
        position: u64,
        hash: String,
    ) -> Result<Self, JournalError> {
        let shared = Arc::new(Shared::new(Some(path.to_owned()), position, hash));
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || of_thread.run(disk))
            .map_err(|source| JournalError::open(path, source))?;
        Ok(Self {
            shared,
            thread: Some(thread),
            writer: None,
        })
    }

    /// From now on what is made durable is signed: a checkpoint every 1,000 records, each second with new records, and
    /// at the end, in a file beside the journal ([`super::sig_path`]). A journal in memory is not signed.
    pub fn signed(self, key: SigningKey) -> Result<Self, JournalError> {
        if let Some(path) = &self.shared.path {
            let checkpoints = Checkpoints::open(&sig_path(path), key)?;
            let (at, durable) = (self.shared.state().position, checkpoints.position());
            if durable > at {
                // Left over from a journal that is gone: to sign on would hide that.
                let damage = Damage::CutTail { at, durable };
                return Err(JournalError::damaged(path, damage));
            }
            self.shared.sign(checkpoints);
        }
        Ok(self)
    }

    /// Gives the writer a name, where a swarm has several processes with a journal each: then what a process writes as a
    /// whole ([`Journal::own`]) is told apart.
    #[must_use]
    pub fn named(mut self, writer: &str) -> Self {
        self.writer = Some(writer.to_owned());
        self
    }

    /// The owner of records that belong to no domain: `what`, or `what/<writer>` where the writer has a name.
    pub fn own(&self, what: &str) -> String {
        match &self.writer {
            Some(writer) => format!("{what}/{writer}"),
            None => what.to_owned(),
        }
    }

    /// From now on keeps appended records for [`Journal::take_new`].
    pub fn watch(&self) {
        self.shared.state().fresh.get_or_insert_default();
    }

    /// What was appended since the last call; empty unless [`Journal::watch`] was called.
    pub fn take_new(&self) -> Vec<Record> {
        let mut state = self.shared.state();
        state.fresh.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Appends a record, without waiting for the disk unless 8 MiB wait for it already. After a failed write every further
    /// append fails, so nothing is done unrecorded.
    pub fn append(&self, record: Record) -> Result<(), JournalError> {
        // Outside the lock: this is most of the work.
        let text = text(&record)?;
        self.shared.append(|_| Ok((record, text)), false)
    }

    /// Hands what was appended to the system, so that readers of the file see it.
    pub fn flush(&self) -> Result<(), JournalError> {
        self.shared.wait_written()
    }

    /// Makes what was appended durable, and waits for it: called before every change of the network. Holds up the thread
    /// for as long as the disk takes; async code asks [`Journal::durable`].
    pub fn sync(&self) -> Result<(), JournalError> {
        self.shared.wait_durable()
    }

    /// Makes what was appended durable.
    pub async fn durable(&self) -> Result<(), JournalError> {
        self.shared.until_durable().await
    }

    /// Ends the journal in order: nothing can be appended after it.
    pub fn seal(&self, at: NetTime) -> Result<(), JournalError> {
        let owner = self.own("journal");
        let seal = |records| {
            let seal = Record {
                id: RecordId::new(owner, 1),
                at,
                who: Who::System,
                domain: None,
                stage: Stage::Swarm,
                object: None,
                incident: None,
                causes: vec![],
                body: Body::Sealed { records },
            };
            let text = text(&seal)?;
            Ok((seal, text))
        };
        self.shared.append(seal, true)?;
        self.sync()
    }

    /// What it has done since it was opened.
    pub fn stats(&self) -> JournalStats {
        self.shared.state().stats
    }

    /// Records that were appended and are not durable yet; 0 for a journal in memory, which never is.
    pub fn lag(&self) -> u64 {
        self.shared.lag()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(thread) = self.thread.take() {
            // A panic there has failed the journal already.
            let _ = thread.join();
        }
    }
}

fn text(record: &Record) -> Result<String, JournalError> {
    serde_json::to_string(record).map_err(|source| JournalError::Encode {
        id: record.id.to_string(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::super::audit::Head;
    use super::*;
    use std::io;
    use std::sync::atomic::{AtomicU32, Ordering};
    use zizhi_types::Domain;

    fn record(number: u64) -> Record {
        Record {
            id: RecordId::new("transport", number),
            at: NetTime(number),
            who: Who::System,
            domain: Some(Domain::Transport),
            stage: Stage::Swarm,
            object: None,
            incident: None,
            causes: vec![],
            body: Body::Dropped { messages: number },
        }
    }

    #[test]
    fn a_full_disk_stops_the_journal_with_a_clear_message() {
        // This device answers every write with "no space left on device".
        let path = Path::new("/dev/full");
        let full = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        let disk = Box::new(JournalFile::over(full, path));
        let journal = Journal::over(disk, path, 0, GENESIS.to_owned()).unwrap();
        let error = journal.seal(NetTime(0)).unwrap_err();
        assert!(error.to_string().contains("free space"), "{error}");
        let again = journal.seal(NetTime(0)).unwrap_err();
        assert!(matches!(again, JournalError::Failed { .. }), "{again}");
    }

    /// Does so many things, then fails for good.
    struct Faulty {
        left: u32,
        done: Arc<AtomicU32>,
    }

    impl Faulty {
        fn step(&mut self) -> io::Result<()> {
            if self.left == 0 {
                return Err(io::Error::other("the disk is gone"));
            }
            self.left -= 1;
            self.done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }

    impl Disk for Faulty {
        fn write(&mut self, _: &[u8]) -> io::Result<()> {
            self.step()
        }
        fn sync(&mut self) -> io::Result<()> {
            self.step()
        }
        fn confirm(&mut self, _: &Head) -> io::Result<()> {
            self.step()
        }
    }

    #[tokio::test]
    async fn whichever_step_of_the_disk_fails_nothing_is_durable_or_accepted_after_it() {
        // Three steps make a group durable: the write, the fsync and the head.
        for left in 0..9 {
            let done = Arc::new(AtomicU32::new(0));
            let disk = Box::new(Faulty {
                left,
                done: Arc::clone(&done),
            });
            let journal = Journal::over(disk, Path::new("faulty"), 0, GENESIS.to_owned()).unwrap();
            let mut acknowledged = 0;
            let error = loop {
                let appended = journal.append(record(acknowledged + 1));
                match (appended, journal.durable().await) {
                    (Ok(()), Ok(())) => acknowledged += 1,
                    (_, Err(error)) | (Err(error), _) => break error,
                }
            };
            assert_eq!(acknowledged, u64::from(left / 3));
            assert!(matches!(error, JournalError::Write { .. }), "{error}");
            let later = [
                journal.append(record(99)),
                journal.sync(),
                journal.flush(),
                journal.durable().await,
                journal.seal(NetTime(0)),
            ];
            for refused in later {
                assert!(matches!(refused, Err(JournalError::Failed { .. })));
            }
            assert_eq!(
                done.load(Ordering::SeqCst),
                left,
                "it goes on after a failure"
            );
        }
    }

    /// More than the queue holds, so the appender cannot be through before the disk moves.
    const RECORDS: u64 = 40_000;

    /// Waits at each step until it is let go on.
    struct Slow {
        gate: std::sync::mpsc::Receiver<()>,
        inner: JournalFile,
    }

    impl Disk for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
            let _ = self.gate.recv();
            self.inner.write(bytes)
        }
        fn sync(&mut self) -> io::Result<()> {
            self.inner.sync()
        }
        fn confirm(&mut self, head: &Head) -> io::Result<()> {
            self.inner.confirm(head)
        }
    }

    #[test]
    fn a_full_queue_makes_appenders_wait_and_drops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slow.jsonl");
        let (open, gate) = std::sync::mpsc::sync_channel(1);
        let inner = JournalFile::create(&path).unwrap();
        let disk = Box::new(Slow { gate, inner });
        let journal = Journal::over(disk, &path, 0, GENESIS.to_owned()).unwrap();
        let appended = AtomicU32::new(0);
        std::thread::scope(|scope| {
            let appender = scope.spawn(|| {
                for n in 1..=RECORDS {
                    journal.append(record(n)).unwrap();
                    appended.fetch_add(1, Ordering::SeqCst);
                }
            });
            let mut seen = (0, 0);
            while seen.1 < 50 {
                let now = appended.load(Ordering::SeqCst);
                seen = if now == seen.0 {
                    (now, seen.1 + 1)
                } else {
                    (now, 0)
                };
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            assert!(!appender.is_finished() && u64::from(seen.0) < RECORDS);
            drop(open);
        });
        journal.sync().unwrap();
        assert_eq!(super::super::read(&path).unwrap().len() as u64, RECORDS);
    }
}
