//! When does what was appended reach the disk?
//!
//! Appending puts a line in a queue. One thread a journal takes all that waits, writes it and makes it durable with one
//! `fdatasync`, so that the price of the disk is shared by the group. Nothing is dropped: who appends to a full queue
//! waits. After the first failure nothing more is accepted.

use super::JournalError;
use super::audit::Head;
use super::checkpoint::Checkpoints;
use super::disk::Disk;
use super::entry::encode;
use std::io;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use zizhi_types::Record;

/// Bytes that may wait for the disk before who appends waits too. Our choice: 16,000 records of 512 B.
const QUEUE_BYTES: usize = 8 << 20;

/// So many waiting bytes are written although nobody asked.
const GROUP_BYTES: usize = 256 << 10;

/// Longest time until a record is durable (and signed, where a key is given) although nobody asked.
const LINGER: Duration = Duration::from_secs(1);

/// What a journal has done since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JournalStats {
    /// Records appended.
    pub records: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Times that the disk was made to keep what was written.
    pub fsyncs: u64,
}

/// How far the thread is; for those who wait.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    durable: u64,
    ended: bool,
}

/// What appenders, waiters and the thread share.
pub(super) struct Shared {
    /// `None` for a journal in memory.
    pub path: Option<PathBuf>,
    state: Mutex<State>,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes those who wait in blocking code.
    done: Condvar,
    /// Wakes those who wait in async code.
    progress: watch::Sender<Progress>,
    pub checkpoints: Mutex<Option<Checkpoints>>,
}

pub(super) struct State {
    /// Of the newest appended line.
    pub position: u64,
    pub hash: String,
    /// Appended and not yet taken by `take_new`; kept only if somebody takes them.
    pub fresh: Option<Vec<Record>>,
    pub stats: JournalStats,
    pending: Vec<u8>,
    written: u64,
    durable: u64,
    wanted_written: u64,
    wanted_durable: u64,
    signed: Option<u64>,
    failure: Option<Failure>,
    sealed: bool,
    closing: bool,
}

/// The first failure; the first who asks after it gets it with all it says.
struct Failure {
    source: Option<io::Error>,
    reason: String,
}

/// What the thread does at once.
struct Batch {
    bytes: Vec<u8>,
    head: Head,
    sync: bool,
    sign: bool,
    last: bool,
}

impl Shared {
    /// After the line `position` with `hash`, which is on disk already.
    pub fn new(path: Option<PathBuf>, position: u64, hash: String) -> Self {
        let state = State {
            position,
            hash,
            fresh: None,
            stats: JournalStats::default(),
            pending: vec![],
            written: position,
            durable: position,
            wanted_written: 0,
            wanted_durable: 0,
            signed: None,
            failure: None,
            sealed: false,
            closing: false,
        };
        Self {
            path,
            state: Mutex::new(state),
            work: Condvar::new(),
            done: Condvar::new(),
            progress: watch::Sender::new(Progress {
                durable: position,
                ended: false,
            }),
            checkpoints: Mutex::new(None),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock is held can only come between whole appends.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends the record, with its text, that `make` gives for the number of records before it. The `last` one seals the
    /// journal.
    pub fn append(
        &self,
        make: impl FnOnce(u64) -> Result<(Record, String), JournalError>,
        last: bool,
    ) -> Result<(), JournalError> {
        let mut state = self.room()?;
        let (record, text) = make(state.position)?;
        state.position += 1;
        state.stats.records += 1;
        state.sealed = last;
        if self.path.is_some() {
            let waiting = state.pending.len();
            state.push(&text);
            if waiting == 0 || (waiting < GROUP_BYTES && state.pending.len() >= GROUP_BYTES) {
                self.work.notify_one();
            }
        }
        if let Some(fresh) = &mut state.fresh {
            fresh.push(record);
        }
        Ok(())
    }

    /// The state, once there is room in the queue.
    fn room(&self) -> Result<MutexGuard<'_, State>, JournalError> {
        let mut state = self.state();
        loop {
            self.refuse(&mut state)?;
            if state.sealed {
                let reason = "it was sealed".to_owned();
                return Err(JournalError::Failed { reason });
            }
            if state.pending.len() < QUEUE_BYTES {
                return Ok(state);
            }
            state = wait(&self.done, state);
        }
    }

    fn refuse(&self, state: &mut State) -> Result<(), JournalError> {
        let Some(failure) = &mut state.failure else {
            return Ok(());
        };
        Err(match (failure.source.take(), &self.path) {
            (Some(source), Some(path)) => JournalError::Write {
                path: path.clone(),
                source,
            },
            _ => JournalError::Failed {
                reason: failure.reason.clone(),
            },
        })
    }

    /// Waits until everything appended so far is with the system.
    pub fn wait_written(&self) -> Result<(), JournalError> {
        let mut state = self.state();
        let position = state.position;
        while self.path.is_some() && state.written < position {
            self.refuse(&mut state)?;
            state.wanted_written = state.wanted_written.max(position);
            self.work.notify_one();
            state = wait(&self.done, state);
        }
        Ok(())
    }

    /// Records that were appended and are not durable yet.
    pub fn lag(&self) -> u64 {
        let state = self.state();
        match self.path {
            Some(_) => state.position.saturating_sub(state.durable),
            None => 0,
        }
    }

    /// Waits until everything appended so far is durable.
    pub fn wait_durable(&self) -> Result<(), JournalError> {
        let mut state = self.state();
        let position = state.position;
        while self.path.is_some() && state.durable < position {
            self.refuse(&mut state)?;
            state.want_durable(position);
            self.work.notify_one();
            state = wait(&self.done, state);
        }
        Ok(())
    }

    /// The same, without holding up the thread that asks.
    pub async fn until_durable(&self) -> Result<(), JournalError> {
        let Some(position) = self.ask_durable()? else {
            return Ok(());
        };
        let mut progress = self.progress.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = progress
            .wait_for(|p| p.ended || p.durable >= position)
            .await;
        let mut state = self.state();
        if state.durable >= position {
            return Ok(());
        }
        self.refuse(&mut state)
    }

    fn ask_durable(&self) -> Result<Option<u64>, JournalError> {
        let mut state = self.state();
        let position = state.position;
        if self.path.is_none() || state.durable >= position {
            return Ok(None);
        }
        self.refuse(&mut state)?;
        state.want_durable(position);
        self.work.notify_one();
        Ok(Some(position))
    }

    /// From now on what is made durable is signed.
    pub fn sign(&self, checkpoints: Checkpoints) {
        let signed = checkpoints.position();
        *self.checkpoints() = Some(checkpoints);
        self.state().signed = Some(signed);
    }

    fn checkpoints(&self) -> MutexGuard<'_, Option<Checkpoints>> {
        // The thread marks the journal as failed if it panics.
        self.checkpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread once everything is durable.
    pub fn close(&self) {
        self.state().closing = true;
        self.work.notify_one();
    }

    /// The thread's life.
    pub fn run(&self, mut disk: Box<dyn Disk>) {
        let _ended = Ended(self);
        while let Some(batch) = self.next_batch() {
            let outcome = self.carry_out(&mut *disk, &batch);
            let failed = outcome.is_err();
            self.report(batch, outcome);
            if failed {
                return;
            }
        }
    }

    /// Waits for something to do; `None` at the end.
    #[expect(
        clippy::disallowed_methods,
        reason = "a shell that waits for the disk and for nobody asking"
    )]
    fn next_batch(&self) -> Option<Batch> {
        let mut state = self.state();
        let mut since: Option<Instant> = None;
        loop {
            let waited = since.is_some_and(|since| since.elapsed() >= LINGER);
            if state.has_work(waited) {
                return Some(state.take(waited));
            }
            if state.closing {
                return None;
            }
            if state.is_settled() {
                state = wait(&self.work, state);
                continue;
            }
            let left = LINGER.saturating_sub(since.get_or_insert_with(Instant::now).elapsed());
            let woken = self.work.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn carry_out(&self, disk: &mut dyn Disk, batch: &Batch) -> io::Result<Option<u64>> {
        if !batch.bytes.is_empty() {
            disk.write(&batch.bytes)?;
        }
        if !batch.sync {
            return Ok(None);
        }
        disk.sync()?;
        let mut checkpoints = self.checkpoints();
        let key = checkpoints.as_ref().map(Checkpoints::key);
        disk.confirm(&Head {
            key,
            ..batch.head.clone()
        })?;
        let Some(checkpoints) = &mut *checkpoints else {
            return Ok(None);
        };
        checkpoints.keep(&batch.head, batch.sign || batch.last)?;
        Ok(Some(checkpoints.position()))
    }

    fn report(&self, mut batch: Batch, outcome: io::Result<Option<u64>>) {
        let mut state = self.state();
        match outcome {
            Ok(signed) => {
                state.written = batch.head.position;
                state.stats.bytes += batch.bytes.len() as u64;
                if batch.sync {
                    state.stats.fsyncs += 1;
                    state.durable = batch.head.position;
                    state.signed = signed.or(state.signed);
                }
                batch.bytes.clear();
                // The buffer is used again, unless lines came meanwhile.
                if state.pending.is_empty() {
                    state.pending = batch.bytes;
                }
            }
            Err(source) => {
                state.failure = Some(Failure {
                    reason: source.to_string(),
                    source: Some(source),
                });
            }
        }
        let (durable, ended) = (state.durable, state.failure.is_some());
        drop(state);
        self.progress.send_replace(Progress { durable, ended });
        self.done.notify_all();
    }
}

impl State {
    /// Puts a line in the queue; `position` is its own already.
    fn push(&mut self, text: &str) {
        self.hash = encode(&mut self.pending, self.position, &self.hash, text);
    }

    fn want_durable(&mut self, position: u64) {
        self.wanted_durable = self.wanted_durable.max(position);
    }

    fn is_settled(&self) -> bool {
        self.durable == self.position && self.signed.is_none_or(|signed| signed == self.position)
    }

    fn has_work(&self, waited: bool) -> bool {
        self.wanted_durable > self.durable
            || self.wanted_written > self.written
            || self.pending.len() >= GROUP_BYTES
            || ((self.closing || waited) && !self.is_settled())
    }

    fn take(&mut self, waited: bool) -> Batch {
        Batch {
            bytes: std::mem::take(&mut self.pending),
            head: Head {
                position: self.position,
                hash: self.hash.clone(),
                key: None,
            },
            sync: waited || self.closing || self.wanted_durable > self.durable,
            sign: waited,
            last: self.closing || self.sealed,
        }
    }
}

fn wait<'s>(condition: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
    condition
        .wait(state)
        .unwrap_or_else(PoisonError::into_inner)
}

/// However the thread ends, nobody waits for it for ever.
struct Ended<'s>(&'s Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.failure.get_or_insert_with(|| Failure {
            source: None,
            reason: "its writer has ended".to_owned(),
        });
        let durable = state.durable;
        drop(state);
        self.0.progress.send_replace(Progress {
            durable,
            ended: true,
        });
        self.0.done.notify_all();
    }
}
