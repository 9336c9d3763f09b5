//! What do all parts of one connection share?

use super::config::NatsConfig;
use crate::account::{Counts, Sequence, number};
use crate::bus::{BusError, BusStats, Delivery};
use crate::gauge::Gauge;
use crate::lease::now;
use async_nats::jetstream::{self, consumer, kv};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
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
    /// What others cannot guess.
    secret: RandomState,
    numbers: Mutex<Numbers>,
    inboxes: Mutex<Inboxes>,
    pub(super) services: Mutex<BTreeMap<String, CancellationToken>>,
    /// Who answered when it was last asked what waits, and how often was asked since everybody was waited for.
    pub(super) lately: Mutex<(BTreeSet<(String, u64)>, u32)>,
}

/// The last complaint of the server: permission denials come beside the answers, never as one.
#[derive(Default)]
pub(super) struct Said(Mutex<Option<(String, Instant)>>);

/// How old a complaint may be to explain an error. Our choice: longer than any of our questions waits.
const RECENT: Duration = Duration::from_secs(10);

impl Said {
    pub(super) fn note(&self, text: String) {
        *lock(&self.0) = Some((text, now()));
    }

    /// The last one; empty if there was none.
    pub(super) fn last(&self) -> String {
        let last = lock(&self.0).clone();
        last.map(|(text, _)| text).unwrap_or_default()
    }

    /// `what`, with the complaint that may have caused it.
    pub(super) fn explain(&self, what: impl std::fmt::Display) -> String {
        match &*lock(&self.0) {
            Some((said, at)) if at.elapsed() < RECENT => format!("{what}; the server said: {said}"),
            _ => what.to_string(),
        }
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
    /// Closed once its holder has let go.
    listener: mpsc::WeakSender<Delivery>,
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
            secret: RandomState::new(),
            numbers: Mutex::default(),
            inboxes: Mutex::default(),
            services: Mutex::default(),
            lately: Mutex::default(),
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

    /// What the stream knows a message by. Not the id alone: whoever could guess it could publish something under it first, and the
    /// stream would take ours for a copy of that.
    pub(super) fn dedup_id(&self, id: &MessageId) -> String {
        format!("{id} {:016x}", self.secret.hash_one(id))
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
        // What is beyond is delivered all the same, only not counted.
        if *n >= u64::from(u32::MAX) {
            return None;
        }
        *n += 1;
        Some(number(self.epoch, *n))
    }

    /// Makes the inbox of a subscription; a second live one of a name gets `-2` behind it.
    pub(super) fn open_inbox(
        &self,
        name: &str,
        lasts: bool,
        listener: mpsc::WeakSender<Delivery>,
    ) -> Arc<Inbox> {
        let mut inboxes = lock(&self.inboxes);
        let durable = durable_name(&self.identity, name, |taken| {
            let mut heard = inboxes.live.iter().filter(|i| i.is_heard());
            heard.any(|i| i.durable == taken)
        });
        let inbox = Arc::new(Inbox {
            durable,
            gauge: Arc::default(),
            sequence: Mutex::new(Sequence::new(self.config.counted_sources)),
            duplicates: AtomicU64::new(0),
            fences: Mutex::default(),
            consumer: OnceLock::new(),
            lasts,
            listener,
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
        BusError::Unavailable(self.said.explain(what))
    }

    /// A token that nobody has used.
    pub(super) fn new_token(&self) -> String {
        let inbox = self.client.new_inbox();
        inbox.rsplit('.').next().unwrap_or_default().to_owned()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }
}

impl Inbox {
    fn is_heard(&self) -> bool {
        self.listener.upgrade().is_some_and(|q| !q.is_closed())
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
