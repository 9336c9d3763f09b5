//! The bus port: publish bytes under a subject, receive what matches a pattern.

use crate::gauge::{Confirm, InHand};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use zizhi_types::{MessageId, NetTime};

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The source and its own count.
    pub id: MessageId,
    /// Dot-separated tokens.
    pub subject: String,
    /// When the publisher says it happened.
    pub at: NetTime,
    /// What was said.
    pub payload: Vec<u8>,
}

/// One message on its way to one subscriber. The message counts as handled when this is dropped.
#[derive(Debug)]
pub struct Delivery {
    /// The message; shared by all its subscribers.
    pub message: Arc<Message>,
    /// Dropping it tells the bus.
    pub(crate) done: Done,
}

/// How the bus learns that a delivery was handled: by the drop of one of these.
#[derive(Debug)]
pub(crate) enum Done {
    /// Somebody waits for this one.
    Awaited(#[expect(dead_code, reason = "it speaks by being dropped")] oneshot::Sender<()>),
    /// It is only counted.
    Counted(#[expect(dead_code, reason = "it speaks by being dropped")] InHand),
    /// It must come again unless somebody took it.
    Confirmed(Confirm),
}

/// What a subscriber holds.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) queue: mpsc::Receiver<Delivery>,
}

impl Subscription {
    /// The next message; `None` once the bus is closed.
    pub async fn next(&mut self) -> Option<Delivery> {
        let mut delivery = self.queue.recv().await?;
        if let Done::Confirmed(confirm) = &mut delivery.done {
            confirm.take();
        }
        Some(delivery)
    }
}

/// One question on its way to the one who serves its subject.
#[derive(Debug)]
pub struct Request {
    /// Who asks.
    pub source: String,
    /// Under which subject.
    pub subject: String,
    /// The question.
    pub payload: Vec<u8>,
    /// Where the answer goes.
    pub(crate) reply: oneshot::Sender<Vec<u8>>,
}

impl Request {
    /// Answers. Whoever asked may have stopped waiting; then nobody hears it.
    pub fn answer(self, payload: Vec<u8>) {
        let _ = self.reply.send(payload);
    }
}

/// What a server of a subject holds. Dropping it ends the service.
#[derive(Debug)]
pub struct Service {
    pub(crate) queue: mpsc::Receiver<Request>,
}

impl Service {
    /// The next question; `None` once the bus is closed.
    pub async fn next(&mut self) -> Option<Request> {
        self.queue.recv().await
    }
}

/// What has travelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BusStats {
    /// Messages accepted.
    pub published: u64,
    /// Telemetry messages dropped because the queue was full.
    pub dropped: u64,
    /// Messages that matched no subscription; always 0 on a bus of several processes, where nobody can know.
    pub unheard: u64,
    /// Telemetry that other processes published and that never came, by the numbers of what came after it.
    pub missed: u64,
    /// Messages that came again; lasting ones were not delivered again.
    pub duplicates: u64,
    /// Telemetry that came after a later one of its source.
    pub reordered: u64,
    /// Messages that are none of ours, by their headers.
    pub unreadable: u64,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The subject has an empty token, a wildcard or a space.
    #[error("`{0}` is no subject: write dot-separated tokens without wildcards or spaces")]
    BadSubject(String),
    /// The queue is full and the message was dropped and counted (telemetry only).
    #[error("queue full: telemetry message dropped")]
    Full,
    /// The bus was closed.
    #[error("the bus is closed")]
    Closed,
    /// Nobody serves the subject.
    #[error("nobody answers on `{0}`: is the process that serves it running?")]
    Unserved(String),
    /// No answer came in time: what was asked for may have been done or not.
    #[error("no answer on `{subject}` within {waited_ms} ms")]
    NoAnswer {
        /// What was asked.
        subject: String,
        /// How long was waited.
        waited_ms: u64,
    },
    /// The server cannot be reached, or refuses.
    #[error("the bus does not take it: {0}")]
    Unavailable(String),
}

/// Publish and subscribe. Patterns have NATS meaning: `*` is one token, `>` is all the rest.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sends a message. The bus numbers it per `source`.
    ///
    /// Subjects with the plane `obs` (the fourth token) are telemetry: at a full queue they are dropped and counted.
    /// All others are accepted beyond the bound, since they are few and a lost award is worse than a long queue.
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError>;

    /// Receives every later message that matches one of the patterns, each once.
    async fn subscribe(&self, name: &str, patterns: &[&str]) -> Subscription;

    /// Asks whoever serves `subject`, outside the order of messages, and waits for the answer. So a handler of a delivery
    /// may ask.
    async fn request(
        &self,
        source: &str,
        subject: &str,
        payload: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, BusError>;

    /// Serves a subject: every later question under it comes here. One server a subject; a later one takes over.
    async fn serve(&self, subject: &str) -> Result<Service, BusError>;

    /// Waits until everything published so far, and everything published because of it, was handled.
    async fn settle(&self);

    /// Counters since the start.
    fn stats(&self) -> BusStats;

    /// Accepts nothing more, delivers what is queued, then ends every subscription.
    async fn close(&self);
}
