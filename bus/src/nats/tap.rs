//! What do other systems say on the same server?
//!
//! A tap listens to subjects that are not ours, by core NATS or from a stream that its owner keeps, and gives each
//! message with its subject and headers. It publishes nothing and needs none of our streams.

use super::config::NatsConfig;
use super::connect::{self, ConnectError};
use super::shared::Said;
use super::subscribe::{echo, lower};
use crate::gauge::{Confirm, Gauge, InHand};
use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::message::Acker;
use async_nats::{Client, HeaderMap, jetstream};
use futures_util::StreamExt;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What to listen to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapConfig {
    /// Subjects or patterns, such as `telemetry.>`.
    pub subjects: Vec<String>,
    /// The stream to read them from; core NATS if none. From a stream nothing is lost, and what was published while we were away
    /// comes later.
    #[serde(default)]
    pub stream: Option<String>,
    /// Name of our durable consumer there. Default `zizhi`.
    #[serde(default = "durable")]
    pub durable: String,
    /// Messages that wait; beyond it core messages are dropped and counted, and a stream waits. Our choice: 8192.
    #[serde(default = "queue")]
    pub queue: usize,
}

fn durable() -> String {
    "zizhi".to_owned()
}

const fn queue() -> usize {
    8192
}

/// Unconfirmed messages of a stream at a time: as many may come again after a crash. Our choice.
const UNCONFIRMED: usize = 1024;

/// When a stream gives an unconfirmed message again. Our choice: a slow batch passes.
const CONFIRM_WITHIN: Duration = Duration::from_mins(1);

/// How long the server may take to confirm that it has the subscriptions.
const CONFIRM: Duration = Duration::from_secs(2);

/// Pause before a broken consumer is opened again.
const PAUSE: Duration = Duration::from_millis(500);

/// Why there is no tap.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// No connection.
    #[error("the tap has no server")]
    Connect(#[from] ConnectError),
    /// Nothing to listen to.
    #[error(
        "no subjects are named: write the subjects that your senders publish under, such as `telemetry.>`"
    )]
    NoSubjects,
    /// No queue.
    #[error("`queue` is 0: write how many messages may wait")]
    NoQueue,
    /// The server does not let us.
    #[error("`{what}` cannot be read: {why}")]
    Refused {
        /// Subject or stream.
        what: String,
        /// What the server said.
        why: String,
    },
}

/// One message of somebody else's. From a stream it is confirmed when this is dropped.
#[derive(Debug)]
pub struct TapDelivery {
    /// Under which subject.
    pub subject: String,
    /// Names in lower case; the first value of each.
    pub headers: BTreeMap<String, String>,
    /// As it came.
    pub payload: Vec<u8>,
    /// Its number in the stream; `None` from core NATS. Another subject of the stream leaves holes here: they are no loss.
    pub sequence: Option<u64>,
    confirm: Option<Confirm>,
    _in_hand: InHand,
}

/// What a tap has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TapStats {
    /// Messages that came.
    pub received: u64,
    /// Messages dropped because the queue was full.
    pub dropped: u64,
    /// Messages that wait or are in somebody's hands.
    pub waiting: u64,
    /// Messages that were delivered and dropped by whoever took them.
    pub handled: u64,
}

/// A listener on subjects that are not ours.
pub struct NatsTap {
    queue: mpsc::Receiver<TapDelivery>,
    inner: Arc<Inner>,
    _ended: tokio_util::sync::DropGuard,
}

struct Inner {
    client: Client,
    gauge: Arc<Gauge>,
    received: AtomicU64,
    dropped: AtomicU64,
    ended: CancellationToken,
    tasks: TaskTracker,
}

impl NatsTap {
    /// Connects as `identity` and listens. What is published after this returns is heard.
    pub async fn open(
        mut server: NatsConfig,
        identity: &str,
        config: TapConfig,
    ) -> Result<Self, TapError> {
        if config.subjects.is_empty() {
            return Err(TapError::NoSubjects);
        }
        if config.queue == 0 {
            return Err(TapError::NoQueue);
        }
        let said = Arc::new(Said::default());
        let client = connect::open(&mut server, identity, &said).await?;
        let (sender, queue) = mpsc::channel(config.queue);
        let ended = CancellationToken::new();
        let inner = Arc::new(Inner {
            client,
            gauge: Arc::default(),
            received: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            ended: ended.clone(),
            tasks: TaskTracker::new(),
        });
        if let Some(stream) = &config.stream {
            inner.read_stream(stream, &config, sender, &said).await?;
        } else {
            inner.listen(&config.subjects, sender, identity).await?;
        }
        Ok(Self {
            queue,
            inner,
            _ended: ended.drop_guard(),
        })
    }

    /// The next message; `None` once the tap is closed.
    pub async fn next(&mut self) -> Option<TapDelivery> {
        let mut delivery = self.queue.recv().await?;
        if let Some(confirm) = &mut delivery.confirm {
            confirm.take();
        }
        Some(delivery)
    }

    /// Counters since the start.
    pub fn stats(&self) -> TapStats {
        TapStats {
            received: self.inner.received.load(Ordering::Relaxed),
            dropped: self.inner.dropped.load(Ordering::Relaxed),
            waiting: self.inner.gauge.waiting(),
            handled: self.inner.gauge.handled(),
        }
    }

    /// Stops listening; what waits can still be taken, then [`next`](Self::next) says `None`.
    pub fn close(&self) {
        self.inner.ended.cancel();
    }
}

impl Inner {
    async fn listen(
        self: &Arc<Self>,
        subjects: &[String],
        queue: mpsc::Sender<TapDelivery>,
        identity: &str,
    ) -> Result<(), TapError> {
        for subject in subjects {
            let refused = |why: String| TapError::Refused {
                what: subject.clone(),
                why,
            };
            let subscribed = self.client.subscribe(subject.clone()).await;
            let subscriber = subscribed.map_err(|e| refused(e.to_string()))?;
            let inner = Arc::clone(self);
            let task = inner.forward(subscriber, queue.clone());
            self.tasks.spawn(task);
        }
        // Where we may not speak to ourselves, nothing is lost but the certainty.
        if !echo(&self.client, identity, CONFIRM).await {
            tracing::debug!(identity, "the server did not confirm the tap");
        }
        Ok(())
    }

    async fn forward(
        self: Arc<Self>,
        mut subscriber: async_nats::Subscriber,
        queue: mpsc::Sender<TapDelivery>,
    ) {
        loop {
            let next = tokio::select! {
                () = self.ended.cancelled() => return,
                next = subscriber.next() => next,
            };
            let Some(message) = next else { return };
            let delivery = self.delivery(&message, None, None);
            match queue.try_send(delivery) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    }

    async fn read_stream(
        self: &Arc<Self>,
        stream: &str,
        config: &TapConfig,
        queue: mpsc::Sender<TapDelivery>,
        said: &Said,
    ) -> Result<(), TapError> {
        let wanted = pull::Config {
            durable_name: Some(config.durable.clone()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: CONFIRM_WITHIN,
            max_ack_pending: i64::try_from(UNCONFIRMED.min(config.queue)).unwrap_or(i64::MAX),
            filter_subjects: config.subjects.clone(),
            ..pull::Config::default()
        };
        let context = jetstream::new(self.client.clone());
        let made = context.create_consumer_on_stream(wanted, stream).await;
        let consumer = made.map_err(|e| TapError::Refused {
            what: stream.to_owned(),
            why: said.explain(e),
        })?;
        let inner = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::select! {
                () = inner.ended.cancelled() => {}
                () = queue.closed() => {}
                () = inner.pull(&consumer, &queue) => {}
            }
        });
        Ok(())
    }

    /// Opens the consumer whenever it breaks.
    async fn pull(
        self: &Arc<Self>,
        consumer: &jetstream::consumer::PullConsumer,
        queue: &mpsc::Sender<TapDelivery>,
    ) {
        loop {
            let opened = consumer
                .stream()
                .expires(Duration::from_secs(10))
                .heartbeat(Duration::from_secs(2))
                .messages();
            if let Ok(mut messages) = opened.await {
                while let Some(next) = messages.next().await {
                    match next {
                        Ok(message) => self.hand_over(message, queue).await,
                        Err(error) if error.kind() == pull::MessagesErrorKind::MissingHeartbeat => {
                        }
                        Err(error) => {
                            tracing::debug!(%error, "a tap's consumer broke off");
                            break;
                        }
                    }
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn hand_over(
        self: &Arc<Self>,
        message: jetstream::Message,
        queue: &mpsc::Sender<TapDelivery>,
    ) {
        let sequence = message.info().ok().map(|info| info.stream_sequence);
        let (message, acker) = message.split();
        let (done, handled) = oneshot::channel();
        let delivery = self.delivery(&message, sequence, Some(Confirm::new(done)));
        if queue.send(delivery).await.is_ok() {
            self.tasks.spawn(confirm(acker, handled));
        }
    }

    fn delivery(
        self: &Arc<Self>,
        message: &async_nats::Message,
        sequence: Option<u64>,
        confirm: Option<Confirm>,
    ) -> TapDelivery {
        self.received.fetch_add(1, Ordering::Relaxed);
        let headers: Option<&HeaderMap> = message.headers.as_ref();
        TapDelivery {
            subject: message.subject.to_string(),
            headers: headers.map(lower).unwrap_or_default(),
            payload: message.payload.to_vec(),
            sequence,
            confirm,
            _in_hand: self.gauge.take(),
        }
    }
}

/// At most [`UNCONFIRMED`] of these wait at a time: the stream gives no more. What nobody took comes again.
async fn confirm(acker: Acker, handled: oneshot::Receiver<bool>) {
    let kind = if handled.await.unwrap_or(false) {
        AckKind::Ack
    } else {
        AckKind::Nak(None)
    };
    if let Err(error) = acker.ack_with(kind).await {
        tracing::debug!(%error, "an ack was not sent: the message comes again");
    }
}
