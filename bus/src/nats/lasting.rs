//! How do lasting messages reach a subscriber, each once and in order?
//!
//! By a durable pull consumer with one message in hand at a time: the next one comes only after the ack of this one, so a
//! message that must be delivered again (its reader died, its ack was lost) is again the next one. While a reader works
//! on a message, signs of life keep the server from delivering it again.

use super::shared::{Inbox, STREAM, Shared};
use super::subscribe::{made, read};
use crate::bus::{Delivery, Done};
use crate::gauge::Confirm;
use crate::subject;
use async_nats::jetstream::consumer::pull::{Config, MessagesErrorKind, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::jetstream::{self, AckKind};
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Lifetime of one pull request, and how often the server shows that it still has it.
const PULL: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Pause before the consumer is opened again.
const PAUSE: Duration = Duration::from_millis(250);

/// Starts to bring lasting messages; returns when the server has the consumer, or after the patience.
pub(super) async fn start(
    shared: &Arc<Shared>,
    inbox: &Arc<Inbox>,
    queue: mpsc::Sender<Delivery>,
    patterns: Arc<Vec<String>>,
    kept: Vec<String>,
) {
    let (ready, is_ready) = oneshot::channel();
    let reader = Reader {
        shared: Arc::clone(shared),
        inbox: Arc::clone(inbox),
        queue,
        patterns,
        last: None,
    };
    shared.tasks.spawn(reader.run(kept, ready));
    if tokio::time::timeout(shared.config.patience(), is_ready)
        .await
        .is_err()
    {
        let error = shared.unavailable("no consumer yet; still trying");
        tracing::error!(durable = inbox.durable, %error, "lasting messages do not come");
    }
}

struct Reader {
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    queue: mpsc::Sender<Delivery>,
    patterns: Arc<Vec<String>>,
    /// The last that was handled.
    last: Option<Place>,
}

impl Reader {
    async fn run(mut self, kept: Vec<String>, ready: oneshot::Sender<()>) {
        let ended = self.shared.ended.clone();
        tokio::select! {
            () = ended.cancelled() => {}
            () = self.read_on(kept, ready) => {}
        }
    }

    /// Opens the consumer whenever it breaks, as long as somebody listens.
    async fn read_on(&mut self, kept: Vec<String>, ready: oneshot::Sender<()>) {
        let mut ready = Some(ready);
        while !self.queue.is_closed() {
            match self.open(&kept).await {
                Ok(stream) => {
                    if let Some(ready) = ready.take() {
                        let _ = ready.send(());
                    }
                    self.drain(stream).await;
                }
                Err(error) => {
                    tracing::warn!(
                        durable = self.inbox.durable,
                        error,
                        "cannot open a consumer"
                    );
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn open(&self, kept: &[String]) -> Result<Stream, String> {
        let config = Config {
            durable_name: Some(self.inbox.durable.clone()),
            deliver_policy: DeliverPolicy::New,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.shared.config.redeliver(),
            max_ack_pending: 1,
            filter_subjects: kept.to_vec(),
            // Older than anything that is still kept: nothing is lost with it.
            inactive_threshold: Duration::from_hours(self.shared.config.stream.max_age_h),
            ..Config::default()
        };
        let made = self
            .shared
            .jetstream
            .create_consumer_on_stream(config, STREAM);
        let consumer = made.await.map_err(|e| e.to_string())?;
        let _ = self.inbox.consumer.set(consumer.clone());
        consumer
            .stream()
            .expires(PULL)
            .heartbeat(HEARTBEAT)
            .messages()
            .await
            .map_err(|e| e.to_string())
    }

    async fn drain(&mut self, mut stream: Stream) {
        loop {
            // A message in hand is still waited for when nobody listens any more: it may yet be handled.
            let next = tokio::select! {
                () = self.queue.closed() => return,
                next = stream.next() => next,
            };
            let Some(next) = next else { return };
            match next {
                Ok(message) => self.take(message).await,
                // The server was away, or it was quiet while a message was in hand.
                Err(error) if error.kind() == MessagesErrorKind::MissingHeartbeat => {}
                Err(error) => {
                    tracing::debug!(durable = self.inbox.durable, %error, "a consumer broke off");
                    return;
                }
            }
        }
    }

    async fn take(&mut self, message: jetstream::Message) {
        if let Some(delivery) = self.wanted(&message) {
            if !self.hand_over(delivery, &message).await {
                // Nobody took it: whoever subscribes under this name next gets it at once.
                let _ = message.ack_with(AckKind::Nak(None)).await;
                return;
            }
            self.last = place_of(&message).or(self.last);
        }
        if let Err(error) = message.ack().await {
            tracing::debug!(%error, "an ack was not sent: the message comes again and is known");
        }
    }

    /// The message, unless it is not for this subscriber.
    fn wanted(&self, message: &jetstream::Message) -> Option<crate::bus::Message> {
        let subject = message.subject.as_str();
        if !self.patterns.iter().any(|p| subject::matches(p, subject)) {
            return None;
        }
        let event = match read(message.headers.as_ref()) {
            Ok(event) => event,
            Err(error) => {
                self.shared.unreadable.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(subject, %error, "a lasting message that is none of ours");
                return None;
            }
        };
        let place = place_of(message);
        if place.is_some_and(|place| self.last.is_some_and(|last| place.is_not_after(last))) {
            self.inbox.duplicates.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(made(event, subject, message.payload.to_vec()))
    }

    /// Waits for room and until it was handled, showing life meanwhile. False if nobody is there to take it.
    async fn hand_over(&self, said: crate::bus::Message, message: &jetstream::Message) -> bool {
        let _in_hand = self.inbox.gauge.take();
        let (done, handled) = oneshot::channel();
        let delivery = Delivery {
            message: Arc::new(said),
            done: Done::Confirmed(Confirm::new(done)),
        };
        let work = async {
            let queued = self.queue.send(delivery).await.is_ok();
            queued && handled.await.unwrap_or(false)
        };
        tokio::select! {
            taken = work => taken,
            () = show_life(message, self.shared.config.redeliver() / 3) => false,
        }
    }
}

/// Never ends.
async fn show_life(message: &jetstream::Message, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let _ = message.ack_with(AckKind::Progress).await;
    }
}

/// Where a message stands in the stream, and since when: the same however often it is delivered, and nothing that a publisher
/// could choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    sequence: u64,
    since_ns: i128,
}

impl Place {
    /// Whether a message here was handled if the one at `last` was. They come in order, but a server that was killed has
    /// forgotten the acks of its last seconds and delivers those messages again. In a stream that was made anew the numbers begin
    /// again, and the times do not.
    fn is_not_after(self, last: Self) -> bool {
        self.sequence <= last.sequence && self.since_ns <= last.since_ns
    }
}

fn place_of(message: &jetstream::Message) -> Option<Place> {
    let about = message.info().ok()?;
    Some(Place {
        sequence: about.stream_sequence,
        since_ns: about.published.unix_timestamp_nanos(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sequence: u64, since_ns: i128) -> Place {
        Place { sequence, since_ns }
    }

    #[test]
    fn what_comes_again_is_known_and_a_new_stream_is_new() {
        let last = at(7, 700);
        assert!(at(7, 700).is_not_after(last));
        assert!(at(3, 300).is_not_after(last));
        assert!(!at(8, 700).is_not_after(last));
        // The first message of a stream that was made anew.
        assert!(!at(1, 900).is_not_after(last));
    }
}
