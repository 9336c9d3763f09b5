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
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use zizhi_types::MessageId;

/// Ids that are known again. Only one message is in hand, so a few would do; several cover an operator who resets a
/// consumer.
const RECENT: usize = 1024;

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
        recent: Recent::default(),
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
    recent: Recent,
}

impl Reader {
    async fn run(mut self, kept: Vec<String>, ready: oneshot::Sender<()>) {
        let (ended, queue) = (self.shared.ended.clone(), self.queue.clone());
        tokio::select! {
            () = ended.cancelled() => {}
            () = queue.closed() => {}
            () = self.read_on(kept, ready) => {}
        }
    }

    /// Opens the consumer whenever it breaks.
    async fn read_on(&mut self, kept: Vec<String>, ready: oneshot::Sender<()>) {
        let mut ready = Some(ready);
        loop {
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
        while let Some(next) = stream.next().await {
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
            let id = delivery.id.clone();
            if !self.hand_over(delivery, &message).await {
                // Nobody took it: whoever subscribes under this name next gets it at once.
                let _ = message.ack_with(AckKind::Nak(None)).await;
                return;
            }
            self.recent.add(id);
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
        if self.recent.has(&event.id) {
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

/// The last ids that were handled.
#[derive(Default)]
struct Recent {
    order: VecDeque<MessageId>,
    known: BTreeSet<MessageId>,
}

impl Recent {
    fn has(&self, id: &MessageId) -> bool {
        self.known.contains(id)
    }

    fn add(&mut self, id: MessageId) {
        if self.known.insert(id.clone()) {
            self.order.push_back(id);
        }
        if self.order.len() > RECENT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_id_is_forgotten_first() {
        let mut recent = Recent::default();
        for n in 0..=RECENT as u64 {
            recent.add(MessageId::new("s", n));
        }
        assert!(!recent.has(&MessageId::new("s", 0)));
        assert!(recent.has(&MessageId::new("s", 1)));
        assert_eq!(recent.known.len(), RECENT);
    }
}
