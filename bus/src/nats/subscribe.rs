//! How does telemetry reach a subscriber, and what happens when it is slow?
//!
//! One task a part forwards what core NATS brings into the subscription's bounded queue. It never waits for room there:
//! what does not fit is dropped and counted. Lasting messages go into the same queue by [`super::lasting`], which does wait.

use super::event::Event;
use super::lasting;
use super::route;
use super::shared::{Inbox, Shared, lock};
use crate::account::Seen;
use crate::bus::{Delivery, Done, Message, Subscription};
use crate::subject;
use async_nats::{HeaderMap, Subscriber};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long the server may take to confirm that it has a subscription. Our choice.
const CONFIRM: Duration = Duration::from_secs(5);

/// Subscribes; what is published after this returns is heard. If the server cannot be reached within the patience, this is
/// logged and the subscription begins when it can.
pub(super) async fn subscribe(shared: &Arc<Shared>, name: &str, patterns: &[&str]) -> Subscription {
    let (queue, receiver) = mpsc::channel(shared.config.queue);
    let kept = route::lasting_part(patterns);
    let inbox = shared.open_inbox(name, !kept.is_empty());
    let parts = Arc::new(route::telemetry_part(patterns));
    let patterns: Arc<Vec<String>> = Arc::new(patterns.iter().map(|&p| p.to_owned()).collect());
    for at in 0..parts.len() {
        let part = Part {
            shared: Arc::clone(shared),
            inbox: Arc::clone(&inbox),
            queue: queue.clone(),
            parts: Arc::clone(&parts),
            at,
        };
        part.start().await;
    }
    if !parts.is_empty() && !is_live(shared).await {
        tracing::error!(
            name,
            "the server did not confirm a subscription: telemetry may be missing"
        );
    }
    if !kept.is_empty() {
        lasting::start(shared, &inbox, queue.clone(), patterns, kept).await;
    }
    forget_when_dropped(shared, inbox, queue);
    Subscription { queue: receiver }
}

/// One round trip on this connection: the server has seen everything that was sent before it. Nobody serves that subject,
/// which the server says at once.
pub(super) async fn is_live(shared: &Shared) -> bool {
    let subject = format!("zizhi.v1.{}.ctl.echo", shared.identity);
    let echo = shared.client.request(subject, Vec::new().into());
    match tokio::time::timeout(CONFIRM, echo).await {
        Ok(Err(error)) => error.kind() == async_nats::RequestErrorKind::NoResponders,
        Ok(Ok(_)) => true,
        Err(_) => false,
    }
}

/// Takes the inbox off the list once its holder has let go, or the bus has ended.
fn forget_when_dropped(shared: &Arc<Shared>, inbox: Arc<Inbox>, queue: mpsc::Sender<Delivery>) {
    let task = {
        let shared = Arc::clone(shared);
        async move {
            tokio::select! {
                () = queue.closed() => {}
                () = shared.ended.cancelled() => {}
            }
            shared.shut_inbox(&inbox);
        }
    };
    shared.tasks.spawn(task);
}

struct Part {
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    queue: mpsc::Sender<Delivery>,
    parts: Arc<Vec<String>>,
    at: usize,
}

impl Part {
    async fn start(self) {
        let subscriber = match self
            .shared
            .client
            .subscribe(self.parts[self.at].clone())
            .await
        {
            Ok(subscriber) => subscriber,
            Err(error) => {
                tracing::error!(pattern = self.parts[self.at], %error, "cannot subscribe");
                return;
            }
        };
        let (fence, fences) = mpsc::channel(4);
        lock(&self.inbox.fences).push(fence);
        let tasks = self.shared.tasks.clone();
        tasks.spawn(self.forward(subscriber, fences));
    }

    async fn forward(
        self,
        mut subscriber: Subscriber,
        mut fences: mpsc::Receiver<oneshot::Sender<()>>,
    ) {
        let ended = self.shared.ended.clone();
        loop {
            tokio::select! {
                biased;
                () = ended.cancelled() => break,
                () = self.queue.closed() => break,
                message = subscriber.next() => match message {
                    Some(message) => self.take(message),
                    None => break,
                },
                // Reached only when all that came has been forwarded.
                Some(asked) = fences.recv() => drop(asked.send(())),
            }
        }
    }

    fn take(&self, message: async_nats::Message) {
        let subject = message.subject.as_str();
        let first = self.parts.iter().position(|p| subject::matches(p, subject));
        // Another part hears it too, and forwards it.
        if first != Some(self.at) {
            return;
        }
        let event = match read(message.headers.as_ref()) {
            Ok(event) => event,
            Err(error) => {
                self.shared.unreadable.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(subject, %error, "a message that is none of ours");
                return;
            }
        };
        if let Some(number) = event.sequence {
            let key = format!("{} {subject}", event.id.owner);
            let seen = lock(&self.inbox.sequence).observe(&key, number);
            if let Seen::Gap(missed) = seen {
                tracing::debug!(subject, missed, "telemetry was lost");
            }
        }
        let delivery = Delivery {
            done: Done::Counted(self.inbox.gauge.take()),
            message: Arc::new(made(event, subject, message.payload.into())),
        };
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(delivery) {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the headers say.
pub(super) fn read(headers: Option<&HeaderMap>) -> Result<Event, super::event::BadEvent> {
    Event::read(&headers.map(lower).unwrap_or_default())
}

/// Headers by lower-case name; the first value of each.
pub(super) fn lower(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter_map(|(name, values)| {
            let first = values.first()?.as_str().to_owned();
            Some((name.to_string().to_ascii_lowercase(), first))
        })
        .collect()
}

pub(super) fn made(event: Event, subject: &str, payload: Vec<u8>) -> Message {
    Message {
        id: event.id,
        subject: subject.to_owned(),
        at: event.at,
        payload,
    }
}
