//! The screener's two tasks: one lets messages wait, the other handles them.
//!
//! Two, so that a bus that hands over one message after the other (as the embedded one does) never waits for the screening.

use super::{Input, Intake, IntakeCounts, Screened, Screener, ScreenerConfig, UnusualEvent};
use crate::role::Engine;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use zizhi_bus::{Bus, Message, Subscription};
use zizhi_types::{Domain, NetTime, wire};

/// What no mapping places, from the receivers of this network.
const UNPLACED: &str = "zizhi.v1.network.obs.samples";

/// What it listens to: the telemetry in bulk of these domains. What belongs to no domain is watched once in a swarm of several
/// processes, beside the transport agent, which every network has.
fn subjects(domains: &[Domain]) -> Vec<String> {
    let own = domains.iter().map(|d| wire::subject(*d, "obs", "samples"));
    let here = domains.contains(&Domain::Transport);
    own.chain(here.then(|| UNPLACED.to_owned())).collect()
}

/// Its name on the bus.
const NAME: &str = "screener";

/// A running screener.
pub struct Screening {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

struct Shared {
    engine: Mutex<Screener>,
    intake: Mutex<Queue>,
    /// Told when a message waits, or the bus was closed.
    wake: Notify,
}

struct Queue {
    waiting: Intake,
    closed: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Counters and queues are whole after every statement.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Screening {
    /// Starts listening to these domains: those whose agents run in this process. Samples that are published before this
    /// returns are not heard.
    pub async fn start(bus: Arc<dyn Bus>, domains: &[Domain], config: &ScreenerConfig) -> Self {
        let waiting = Intake::new(config.waiting_messages, config.waiting_bytes);
        let shared = Arc::new(Shared {
            engine: Mutex::new(Screener::new(config)),
            intake: Mutex::new(Queue {
                waiting,
                closed: false,
            }),
            wake: Notify::new(),
        });
        let subjects = subjects(domains);
        let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        let subscription = bus.subscribe(NAME, &subjects).await;
        let intake = tokio::spawn(take_in(subscription, Arc::clone(&shared)));
        let work = tokio::spawn(work(bus, Arc::clone(&shared)));
        Self {
            shared,
            tasks: [intake, work],
        }
    }

    /// What was counted of messages on their way in.
    pub fn intake(&self) -> IntakeCounts {
        lock(&self.shared.intake).waiting.counts()
    }

    /// Tells how many messages wait, whenever it is asked.
    pub fn waiting(&self) -> impl Fn() -> u64 + Send + Sync + use<> {
        let shared = Arc::clone(&self.shared);
        move || lock(&shared.intake).waiting.counts().waiting
    }

    /// What was counted of what was handled.
    pub fn screened(&self) -> Screened {
        lock(&self.shared.engine).screened()
    }

    /// Waits until all that waits is handled. The bus must have been closed.
    pub async fn stop(self) {
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

async fn take_in(mut subscription: Subscription, shared: Arc<Shared>) {
    while let Some(delivery) = subscription.next().await {
        let message = Arc::clone(&delivery.message);
        drop(delivery);
        lock(&shared.intake).waiting.put(message);
        shared.wake.notify_one();
    }
    lock(&shared.intake).closed = true;
    shared.wake.notify_one();
}

#[expect(
    clippy::disallowed_methods,
    reason = "who fell silent is told by the receiver's own clock"
)]
async fn work(bus: Arc<dyn Bus>, shared: Arc<Shared>) {
    let begun = Instant::now();
    loop {
        let (message, closed) = {
            let mut queue = lock(&shared.intake);
            (queue.waiting.take(), queue.closed)
        };
        match message {
            Some(message) => {
                let now = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                let input = Input(Arc::clone(&message));
                let events = lock(&shared.engine).handle(input, NetTime(now));
                tell(bus.as_ref(), &message, &events).await;
                // Others on this thread have a turn after every message.
                tokio::task::yield_now().await;
            }
            None if closed => break,
            None => shared.wake.notified().await,
        }
    }
}

async fn tell(bus: &dyn Bus, message: &Message, events: &[UnusualEvent]) {
    let domain = message.subject.split('.').nth(2).unwrap_or("network");
    for event in events {
        let subject = format!("zizhi.v1.{domain}.evt.unusual");
        let Ok(payload) = serde_json::to_vec(event) else {
            continue;
        };
        if let Err(error) = bus.publish(NAME, &subject, event.at, payload).await {
            tracing::warn!(%error, subject, "unusual sample not told");
        }
    }
}
