//! What do all parts of one connection share?

use super::config::NatsConfig;
use crate::account::{Counts, Sequence, number};
use crate::bus::{BusError, BusStats};
use crate::gauge::Gauge;
use async_nats::jetstream::{self, consumer, kv};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zizhi_types::MessageId;

/// The one stream of the lasting planes.
pub(super) const STREAM: &str = "ZIZHI";

/// One connection and all that uses it.
pub(super) struct Shared {
    pub(super) client: async_nats::Client,
    pub(super) jetstream: jetstream::Context,
    pub(super) leases: kv::Store,
    pub(super) config: NatsConfig,
    pub(super) identity: String,
    /// Which start of a process on this bus this is: what makes numbers grow over restarts.
    pub(super) epoch: u64,
    /// Held while a lasting message is on its way, so that they are kept in the order of their numbers.
    pub(super) line: tokio::sync::Mutex<()>,
    /// Lasting messages that somebody waits to have published.
    pub(super) in_line: Arc<Gauge>,
    /// Cancelled when nothing more is accepted.
    pub(super) closed: CancellationToken,
    /// Cancelled when what is queued has been delivered: tasks end.
    pub(super) ended: CancellationToken,
    pub(super) tasks: TaskTracker,
    pub(super) published: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) unreadable: AtomicU64,
    pub(super) said: Arc<Said>,
    numbers: Mutex<Numbers>,
    inboxes: Mutex<Inboxes>,
    pub(super) services: Mutex<BTreeMap<String, CancellationToken>>,
}

/// The last complaint of the server: permission denials come beside the answers, never as one.
#[derive(Default)]
pub(super) struct Said(Mutex<String>);

impl Said {
    pub(super) fn note(&self, text: String) {
        *lock(&self.0) = text;
    }

    pub(super) fn last(&self) -> String {
        lock(&self.0).clone()
    }
}

#[derive(Default)]
struct Numbers {
    of_source: BTreeMap<String, u64>,
    of_subject: BTreeMap<(String, String), u64>,
}

/// The subscriptions that somebody still holds, and what the others left behind.
#[derive(Default)]
struct Inboxes {
    live: Vec<Arc<Inbox>>,
    past: Past,
}

#[derive(Default, Clone, Copy)]
struct Past {
    counts: Counts,
    duplicates: u64,
    handled: u64,
}

/// One subscription.
pub(super) struct Inbox {
    /// The name of its durable consumer.
    pub(super) durable: String,
    pub(super) gauge: Arc<Gauge>,
    pub(super) sequence: Mutex<Sequence>,
    /// Lasting messages that came again.
    pub(super) duplicates: AtomicU64,
    /// Each telemetry task, to be asked whether it has forwarded all that came.
    pub(super) fences: Mutex<Vec<mpsc::Sender<oneshot::Sender<()>>>>,
    /// Set once the server has it.
    pub(super) consumer: OnceLock<consumer::PullConsumer>,
    /// Whether any lasting message can come.
    pub(super) lasts: bool,
}

/// What [`Shared::new`] needs from the connection.
pub(super) struct Parts {
    pub(super) client: async_nats::Client,
    pub(super) jetstream: jetstream::Context,
    pub(super) leases: kv::Store,
    pub(super) config: NatsConfig,
    pub(super) identity: String,
    pub(super) epoch: u64,
    pub(super) said: Arc<Said>,
}

impl Shared {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            client: parts.client,
            jetstream: parts.jetstream,
            leases: parts.leases,
            config: parts.config,
            identity: parts.identity,
            epoch: parts.epoch,
            line: tokio::sync::Mutex::default(),
            in_line: Arc::default(),
            closed: CancellationToken::new(),
            ended: CancellationToken::new(),
            tasks: TaskTracker::new(),
            published: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            unreadable: AtomicU64::new(0),
            said: parts.said,
            numbers: Mutex::default(),
            inboxes: Mutex::default(),
            services: Mutex::default(),
        }
    }

    /// The next id of a source.
    pub(super) fn next_id(&self, source: &str) -> Result<MessageId, BusError> {
        let mut numbers = lock(&self.numbers);
        let n = numbers.of_source.entry(source.to_owned()).or_insert(0);
        if *n >= u64::from(u32::MAX) {
            let why = format!("`{source}` has used all numbers of this start: restart the process");
            return Err(BusError::Unavailable(why));
        }
        *n += 1;
        Ok(MessageId::new(source, number(self.epoch, *n)))
    }

    /// The next number of a source under a subject; `None` beyond the bound of what is counted.
    pub(super) fn next_sequence(&self, source: &str, subject: &str) -> Option<u64> {
        let mut numbers = lock(&self.numbers);
        let key = (source.to_owned(), subject.to_owned());
        let is_full = numbers.of_subject.len() >= self.config.counted_sources;
        if is_full && !numbers.of_subject.contains_key(&key) {
            return None;
        }
        let n = numbers.of_subject.entry(key).or_insert(0);
        *n += 1;
        // Beyond 2^32 the next epoch begins: receivers see a restart, not a loss.
        Some(number(self.epoch, 0) + *n)
    }

    /// Makes the inbox of a subscription; a second live one of a name gets `-2` behind it.
    pub(super) fn open_inbox(&self, name: &str, lasts: bool) -> Arc<Inbox> {
        let mut inboxes = lock(&self.inboxes);
        let durable = durable_name(&self.identity, name, |taken| {
            inboxes.live.iter().any(|i| i.durable == taken)
        });
        let inbox = Arc::new(Inbox {
            durable,
            gauge: Arc::default(),
            sequence: Mutex::new(Sequence::new(self.config.counted_sources)),
            duplicates: AtomicU64::new(0),
            fences: Mutex::default(),
            consumer: OnceLock::new(),
            lasts,
        });
        inboxes.live.push(Arc::clone(&inbox));
        inbox
    }

    /// Forgets an inbox and keeps its counts.
    pub(super) fn shut_inbox(&self, inbox: &Arc<Inbox>) {
        let mut inboxes = lock(&self.inboxes);
        let before = inboxes.live.len();
        inboxes.live.retain(|i| !Arc::ptr_eq(i, inbox));
        if inboxes.live.len() < before {
            inboxes.past.add(inbox);
        }
    }

    pub(super) fn inboxes(&self) -> Vec<Arc<Inbox>> {
        lock(&self.inboxes).live.clone()
    }

    /// Deliveries handled since the start.
    pub(super) fn handled(&self) -> u64 {
        self.totals().handled
    }

    fn totals(&self) -> Past {
        let inboxes = lock(&self.inboxes);
        let mut totals = inboxes.past;
        inboxes.live.iter().for_each(|i| totals.add(i));
        totals
    }

    pub(super) fn stats(&self) -> BusStats {
        let totals = self.totals();
        BusStats {
            published: self.published.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            unheard: 0,
            missed: totals.counts.missed,
            duplicates: totals.counts.duplicates + totals.duplicates,
            reordered: totals.counts.reordered,
            unreadable: self.unreadable.load(Ordering::Relaxed),
        }
    }

    pub(super) fn losses(&self) -> Vec<(String, Counts)> {
        let mut found: BTreeMap<String, Counts> = BTreeMap::new();
        for inbox in self.inboxes() {
            for (source, counts) in lock(&inbox.sequence).per_source() {
                let sum = found.entry(source.to_owned()).or_default();
                *sum = sum.plus(counts);
            }
        }
        found.into_iter().collect()
    }

    /// An error that names what the server said last, since a denied request only times out.
    pub(super) fn unavailable(&self, what: impl std::fmt::Display) -> BusError {
        let said = self.said.last();
        let text = if said.is_empty() {
            what.to_string()
        } else {
            format!("{what}; the server said: {said}")
        };
        BusError::Unavailable(text)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }
}

impl Past {
    fn add(&mut self, inbox: &Inbox) {
        self.counts = self.counts.plus(lock(&inbox.sequence).totals());
        self.duplicates += inbox.duplicates.load(Ordering::Relaxed);
        self.handled += inbox.gauge.handled();
    }
}

/// `<identity>-<name>`, or only the identity where both are equal; characters that durables may not have become `_`.
fn durable_name(identity: &str, name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let good = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(good).collect();
    let base = if name == identity {
        name
    } else {
        format!("{identity}-{name}")
    };
    let numbered = (2_u32..).map(|n| format!("{base}-{n}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(|candidate| !is_taken(candidate))
        .unwrap_or(base)
}

/// The value of a lock: each is whole after every statement, so a panic elsewhere leaves nothing half-done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::durable_name;

    #[test]
    fn a_durable_is_called_by_who_listens() {
        assert_eq!(
            durable_name("transport", "transport", |_| false),
            "transport"
        );
        assert_eq!(durable_name("ui", "live.feed", |_| false), "ui-live_feed");
        assert_eq!(durable_name("ui", "a", |n| n == "ui-a"), "ui-a-2");
    }
}
