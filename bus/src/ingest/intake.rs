//! What waits between the listeners and the pipeline?
//!
//! One bounded queue. A listener that can push back (HTTP, TCP, JetStream) does; one that cannot (UDP) counts what it drops.

use crate::decode::Format;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use zizhi_types::NetTime;

/// Sources whose drops are counted apart; those of further ones are counted together.
const SOURCES: usize = 1000;

/// One message as a listener heard it.
#[derive(Debug)]
pub struct Arrived {
    /// Who sent it, as far as the listener knows: `http/10.0.0.7/v1/metrics`, `syslog/10.0.0.7`, `nats/telemetry.if`.
    pub source: String,
    /// Which format it has.
    pub format: Format,
    /// The bytes, decompressed.
    pub payload: Vec<u8>,
    /// The NATS subject or the HTTP path.
    pub subject: String,
    /// The `Content-Type`; empty where nobody says.
    pub content_type: String,
    /// Headers in lower case, without those that carry secrets.
    pub headers: BTreeMap<String, String>,
    /// When it came.
    pub received: NetTime,
    /// The transport's number of it, where it has one: to find it again.
    pub sequence: Option<u64>,
    /// Where the verdict goes, if somebody waits for it.
    pub answer: Option<oneshot::Sender<Verdict>>,
}

/// What became of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The format that it turned out to have.
    pub format: Option<Format>,
    /// Parts that went on, or were there already.
    pub taken: u64,
    /// Parts that could not be read or used.
    pub refused: u64,
    /// Parts that say only that there is no value: nothing that the sender could better.
    pub empty: u64,
    /// Nothing of the message could be read.
    pub is_unreadable: bool,
    /// Why the first refused part was refused; empty if none was.
    pub reason: String,
    /// Of remote write: samples, histograms and exemplars that were in the message.
    pub written: [u64; 3],
}

/// The listeners' end of the queue.
#[derive(Debug, Clone)]
pub struct Intake {
    queue: mpsc::Sender<Arrived>,
    drops: Arc<Mutex<BTreeMap<String, u64>>>,
}

/// The queue is full, or nobody reads it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue of received messages is full: send again later")]
pub struct Busy;

impl Intake {
    /// A queue for so many messages, and its other end.
    pub fn new(messages: usize) -> (Self, mpsc::Receiver<Arrived>) {
        let (queue, receiver) = mpsc::channel(messages.max(1));
        let drops = Arc::default();
        (Self { queue, drops }, receiver)
    }

    /// Puts a message in if there is room, and counts it as dropped otherwise.
    pub fn offer(&self, arrived: Arrived) -> Result<(), Busy> {
        self.queue.try_send(arrived).map_err(|refused| {
            self.drop_one(refused.into_inner().source);
            Busy
        })
    }

    /// Puts a message in, waiting for room; an error means that nobody reads any more.
    pub async fn put(&self, arrived: Arrived) -> Result<(), Busy> {
        self.queue.send(arrived).await.map_err(|_| Busy)
    }

    /// Counts a message of a source as dropped.
    pub fn drop_one(&self, source: String) {
        // The map is whole after every statement, so a panic elsewhere leaves nothing half-done.
        let mut drops = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = drops.contains_key(&source);
        let name = if is_known || drops.len() < SOURCES {
            source
        } else {
            super::account::OTHERS.to_owned()
        };
        *drops.entry(name).or_default() += 1;
    }

    /// Messages that wait.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// What was dropped since the last call.
    pub fn drops(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *self.drops.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
