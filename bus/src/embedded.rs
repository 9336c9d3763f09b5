//! The bus inside one process: one message at a time, in the order of publication.
//!
//! A message is handed to its subscribers one after the other, in the order in which they subscribed, and the
//! next message waits until each of them has dropped its delivery. So at any moment at most one agent works on a
//! message, and a run with the same inputs makes the same outputs, byte for byte. A subscriber must not wait for
//! an answer over the bus while it holds a delivery: that answer would wait for the subscriber.

use crate::bus::{
    Bus, BusError, BusStats, Delivery, Done, Message, Request, Service, Subscription,
};
use crate::subject;
use async_trait::async_trait;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use zizhi_types::{MessageId, NetTime};

/// Questions that wait for one server; whoever asks the next one waits with it.
const REQUESTS_WAITING: usize = 64;

/// A bus in this process. Cloning it gives another handle to the same bus.
#[derive(Clone)]
pub struct EmbeddedBus {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Told when there is something to deliver, or the bus was closed.
    wake: Notify,
    /// Messages accepted and not yet handled by all their subscribers.
    pending: watch::Sender<usize>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arc<Message>>,
    subscribers: Vec<Subscriber>,
    services: BTreeMap<String, mpsc::Sender<Request>>,
    numbers: BTreeMap<String, u64>,
    stats: BusStats,
    closed: bool,
}

struct Subscriber {
    patterns: Vec<String>,
    queue: mpsc::Sender<Delivery>,
}

impl EmbeddedBus {
    /// Starts a bus whose queue holds `capacity` messages before it drops telemetry.
    ///
    /// Must be called inside a tokio runtime: delivery is a task of its own, which ends when the bus is closed.
    pub fn start(capacity: usize) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Notify::new(),
            pending: watch::Sender::new(0),
            capacity,
        });
        tokio::spawn(deliver_all(Arc::clone(&shared)));
        Self { shared }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole after every statement, so a panic elsewhere leaves nothing half-done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, message: impl FnOnce(u64) -> Message, source: &str) -> MessageId {
        let mut state = self.state();
        let number = state.numbers.entry(source.to_owned()).or_insert(0);
        *number += 1;
        let message = message(*number);
        let id = message.id.clone();
        state.stats.published += 1;
        state.queue.push_back(Arc::new(message));
        // Counted before the lock is given back, so `settle` cannot see zero in between.
        self.pending.send_modify(|n| *n += 1);
        id
    }
}

#[async_trait]
impl Bus for EmbeddedBus {
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError> {
        if !subject::is_publishable(subject) {
            return Err(BusError::BadSubject(subject.to_owned()));
        }
        {
            let mut state = self.shared.state();
            if state.closed {
                return Err(BusError::Closed);
            }
            if state.queue.len() >= self.shared.capacity && subject::is_telemetry(subject) {
                state.stats.dropped += 1;
                return Err(BusError::Full);
            }
        }
        let make = |number| Message {
            id: MessageId::new(source, number),
            subject: subject.to_owned(),
            at,
            payload,
        };
        let id = self.shared.accept(make, source);
        self.shared.wake.notify_one();
        Ok(id)
    }

    async fn subscribe(&self, _name: &str, patterns: &[&str]) -> Subscription {
        // One place is enough: the next delivery waits until this one was handled.
        let (sender, queue) = mpsc::channel(1);
        self.shared.state().subscribers.push(Subscriber {
            patterns: patterns.iter().map(|&p| p.to_owned()).collect(),
            queue: sender,
        });
        Subscription { queue }
    }

    async fn request(
        &self,
        source: &str,
        subject: &str,
        payload: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, BusError> {
        let unserved = || BusError::Unserved(subject.to_owned());
        let server = {
            let state = self.shared.state();
            if state.closed {
                return Err(BusError::Closed);
            }
            state.services.get(subject).cloned().ok_or_else(unserved)?
        };
        let (reply, answer) = oneshot::channel();
        let request = Request {
            source: source.to_owned(),
            subject: subject.to_owned(),
            payload,
            reply,
        };
        let exchange = async {
            server.send(request).await.map_err(|_| unserved())?;
            answer.await.map_err(|_| unserved())
        };
        let waited_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        tokio::time::timeout(timeout, exchange)
            .await
            .unwrap_or_else(|_| {
                Err(BusError::NoAnswer {
                    subject: subject.to_owned(),
                    waited_ms,
                })
            })
    }

    async fn serve(&self, subject: &str) -> Result<Service, BusError> {
        if !subject::is_publishable(subject) {
            return Err(BusError::BadSubject(subject.to_owned()));
        }
        let (sender, queue) = mpsc::channel(REQUESTS_WAITING);
        let mut state = self.shared.state();
        if state.closed {
            return Err(BusError::Closed);
        }
        state.services.insert(subject.to_owned(), sender);
        Ok(Service { queue })
    }

    async fn settle(&self) {
        let mut pending = self.shared.pending.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = pending.wait_for(|n| *n == 0).await;
    }

    fn stats(&self) -> BusStats {
        self.shared.state().stats
    }

    async fn close(&self) {
        self.shared.state().closed = true;
        self.shared.wake.notify_one();
        self.settle().await;
    }
}

async fn deliver_all(shared: Arc<Shared>) {
    loop {
        let (next, closed) = {
            let mut state = shared.state();
            (state.queue.pop_front(), state.closed)
        };
        match next {
            Some(message) => {
                deliver(&shared, &message).await;
                shared.pending.send_modify(|n| *n -= 1);
            }
            None if closed => break,
            None => shared.wake.notified().await,
        }
    }
    // Dropping the senders ends every subscription and service.
    let mut state = shared.state();
    state.subscribers.clear();
    state.services.clear();
}

async fn deliver(shared: &Shared, message: &Arc<Message>) {
    let listeners: Vec<mpsc::Sender<Delivery>> = {
        let mut state = shared.state();
        state.subscribers.retain(|s| !s.queue.is_closed());
        let hears = |s: &&Subscriber| {
            s.patterns
                .iter()
                .any(|p| subject::matches(p, &message.subject))
        };
        state
            .subscribers
            .iter()
            .filter(hears)
            .map(|s| s.queue.clone())
            .collect()
    };
    if listeners.is_empty() {
        shared.state().stats.unheard += 1;
    }
    for listener in listeners {
        let (done, handled) = oneshot::channel();
        let delivery = Delivery {
            message: Arc::clone(message),
            done: Done::Awaited(done),
        };
        if listener.send(delivery).await.is_ok() {
            // An error means that the delivery was dropped, which is what handling ends with.
            let _ = handled.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: NetTime = NetTime(0);

    #[tokio::test]
    async fn a_message_published_while_another_is_handled_comes_after_it() {
        let bus = EmbeddedBus::start(16);
        let mut inbox = bus.subscribe("agent", &["a.>"]).await;
        let log = Arc::new(Mutex::new(vec![]));
        let (echo, seen) = (bus.clone(), Arc::clone(&log));
        tokio::spawn(async move {
            while let Some(delivery) = inbox.next().await {
                let subject = delivery.message.subject.clone();
                seen.lock().unwrap().push(subject.clone());
                if subject == "a.first" {
                    echo.publish("agent", "a.reply", NOW, vec![]).await.unwrap();
                }
            }
        });
        bus.publish("x", "a.first", NOW, vec![]).await.unwrap();
        bus.publish("x", "a.second", NOW, vec![]).await.unwrap();
        bus.settle().await;
        assert_eq!(*log.lock().unwrap(), ["a.first", "a.second", "a.reply"]);
    }

    #[tokio::test]
    async fn a_handler_may_ask_while_it_holds_a_delivery() {
        let bus = EmbeddedBus::start(16);
        let mut service = bus.serve("network.act.apply").await.unwrap();
        tokio::spawn(async move {
            while let Some(request) = service.next().await {
                let answer = [request.payload.as_slice(), b"!"].concat();
                request.answer(answer);
            }
        });
        let mut inbox = bus.subscribe("agent", &["a"]).await;
        bus.publish("x", "a", NOW, vec![]).await.unwrap();
        let held = inbox.next().await.unwrap();
        let wait = Duration::from_secs(5);
        let answer = bus.request("agent", "network.act.apply", b"do".to_vec(), wait);
        assert_eq!(answer.await, Ok(b"do!".to_vec()));
        drop(held);
        let nobody = bus
            .request("agent", "network.act.other", vec![], wait)
            .await;
        assert_eq!(
            nobody,
            Err(BusError::Unserved("network.act.other".to_owned()))
        );
    }

    #[tokio::test]
    async fn a_full_queue_drops_telemetry_and_counts_it_but_keeps_the_rest() {
        let bus = EmbeddedBus::start(2);
        let mut inbox = bus.subscribe("slow", &[">"]).await;
        for _ in 0..5 {
            let _ = bus
                .publish("r", "zizhi.v1.transport.obs.telemetry", NOW, vec![])
                .await;
        }
        bus.publish("r", "zizhi.v1.transport.neg.say", NOW, vec![])
            .await
            .unwrap();
        let stats = bus.stats();
        assert_eq!(stats.published + stats.dropped, 6);
        assert!(stats.dropped >= 2, "{stats:?}");
        for _ in 0..stats.published {
            inbox.next().await.unwrap();
        }
        bus.settle().await;
    }

    #[tokio::test]
    async fn closing_delivers_what_is_queued_and_ends_the_subscriptions() {
        let bus = EmbeddedBus::start(16);
        let mut inbox = bus.subscribe("agent", &["a"]).await;
        bus.publish("x", "a", NOW, b"last".to_vec()).await.unwrap();
        let reader = tokio::spawn(async move {
            let mut got = vec![];
            while let Some(delivery) = inbox.next().await {
                got.push(delivery.message.payload.clone());
            }
            got
        });
        bus.close().await;
        assert_eq!(reader.await.unwrap(), [b"last".to_vec()]);
        assert_eq!(
            bus.publish("x", "a", NOW, vec![]).await,
            Err(BusError::Closed)
        );
    }
}
