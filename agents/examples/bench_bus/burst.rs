//! A burst of ten times the usual samples at a consumer that is too slow: what is lost is counted, and no decision is.
//!
//! The usual rate is that of a million series every ten seconds. Messages are counted three times, by their publisher, by the
//! queues that drop, and by the numbers that the receiver misses; all three must agree to the message.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zizhi_agents::screener::{Intake, IntakeCounts};
use zizhi_bus::batch::{Counts, Decoder, Encoder, Limits};
use zizhi_bus::{Bus, Subscription};
use zizhi_types::NetTime;

const SAMPLES: &str = "zizhi.v1.transport.obs.samples";
const DECISIONS: &str = "zizhi.v1.transport.neg.say";
/// Pause between two decisions.
const DECISION_EVERY: Duration = Duration::from_millis(50);
/// How long anything may take that must happen: machines are shared.
const PATIENCE: Duration = Duration::from_mins(1);

/// How hard.
#[derive(Clone, Copy)]
pub struct Shape {
    pub lasts: Duration,
    pub messages_per_second: u64,
    pub samples_per_message: usize,
    /// What the consumer takes for one message.
    pub slow: Duration,
    /// Messages that may wait for it.
    pub waiting: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Messages that the publisher numbered.
    pub sent: u64,
    /// What the receiver counted by numbers.
    pub received: Counts,
    /// First and last number that came.
    pub numbers: (u64, u64),
    /// What the consumer's queue counted.
    pub intake: IntakeCounts,
    /// What the bus counted: dropped at its queues, and lost on the way.
    pub bus_lost: u64,
    /// Decisions that were published, and that were heard, each once.
    pub decisions: (u64, u64),
    /// How much the process grew, in bytes.
    pub growth: f64,
    /// From the last message of the burst until the consumer had caught up.
    pub lag: Duration,
}

impl Outcome {
    /// Processed and counted drops make what was sent, by every count, and no decision was lost.
    pub fn check(&self) {
        let (first, last) = self.numbers;
        assert_eq!((first, last), (1, self.sent), "{self:?}");
        assert_eq!(
            self.received.used + self.received.missing,
            self.sent,
            "{self:?}"
        );
        assert_eq!(
            self.received.missing,
            self.intake.dropped + self.bus_lost,
            "{self:?}"
        );
        assert!(
            self.received.missing > 0,
            "the consumer was slow enough: {self:?}"
        );
        assert_eq!(self.decisions.0, self.decisions.1, "{self:?}");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Consumer {
    intake: Mutex<Intake>,
    decoder: Mutex<Decoder>,
    wake: tokio::sync::Notify,
}

impl Consumer {
    fn start(samples: Subscription, shape: Shape) -> Arc<Self> {
        let consumer = Arc::new(Self {
            intake: Mutex::new(Intake::new(shape.waiting, 64 << 20)),
            decoder: Mutex::new(Decoder::new(Limits::default())),
            wake: tokio::sync::Notify::new(),
        });
        tokio::spawn(Arc::clone(&consumer).take_in(samples));
        tokio::spawn(Arc::clone(&consumer).work(shape.slow));
        consumer
    }

    async fn take_in(self: Arc<Self>, mut samples: Subscription) {
        while let Some(delivery) = samples.next().await {
            lock(&self.intake).put(Arc::clone(&delivery.message));
            self.wake.notify_one();
        }
    }

    async fn work(self: Arc<Self>, slow: Duration) {
        let mut out = vec![];
        loop {
            let next = lock(&self.intake).take();
            let Some(message) = next else {
                self.wake.notified().await;
                continue;
            };
            lock(&self.decoder)
                .decode(&message.payload, NetTime(0), &mut out)
                .unwrap();
            tokio::time::sleep(slow).await;
        }
    }

    /// First and last number that came.
    fn numbers(&self) -> (u64, u64) {
        let decoder = lock(&self.decoder);
        decoder
            .publishers()
            .next()
            .map_or((0, 0), |(_, order, _)| (order.first(), order.last()))
    }

    fn waiting(&self) -> u64 {
        lock(&self.intake).counts().waiting
    }
}

/// Publishes on one bus and consumes on the other, which may be the same.
pub async fn run(publisher: Arc<dyn Bus>, subscriber: Arc<dyn Bus>, shape: Shape) -> Outcome {
    let heard = hear_decisions(subscriber.as_ref()).await;
    let samples = subscriber.subscribe("slow", &[SAMPLES]).await;
    let consumer = Consumer::start(samples, shape);
    let before = resident();
    let decisions = tokio::spawn(decide(Arc::clone(&publisher), shape.lasts));
    let (mut encoder, peak) = send(publisher.as_ref(), shape).await;
    let ended = Instant::now();
    let mut now = resident();
    while consumer.waiting() > 0 {
        assert!(
            ended.elapsed() < PATIENCE,
            "{} messages still wait",
            consumer.waiting()
        );
        now = now.max(resident());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lag = ended.elapsed();
    let decided = decisions.await.unwrap();
    until_the_last_came(publisher.as_ref(), &consumer, &mut encoder).await;
    until(|| lock(&heard).len() as u64 >= decided).await;
    let stats = subscriber.stats();
    let received = lock(&consumer.decoder).counts();
    let intake = lock(&consumer.intake).counts();
    let heard = lock(&heard).len() as u64;
    let outcome = Outcome {
        sent: encoder.sequence(),
        received,
        numbers: consumer.numbers(),
        intake,
        // What the publisher's side of a network bus dropped is a gap to the subscriber's.
        bus_lost: stats.missed + stats.dropped,
        decisions: (decided, heard),
        growth: peak.max(now) - before,
        lag,
    };
    publisher.close().await;
    subscriber.close().await;
    outcome
}

/// The burst, and the most memory that was seen.
async fn send(bus: &dyn Bus, shape: Shape) -> (Encoder, f64) {
    let mut encoder = Encoder::new("burst", 1)
        .unwrap()
        .with_group(shape.samples_per_message);
    let ids: Vec<u32> = (0..1024)
        .map(|n| {
            encoder
                .intern(&format!("port/R{n}:x"), "port.out_mbps", "Mbit/s")
                .unwrap()
        })
        .collect();
    let mut ids = ids.iter().cycle();
    let (begun, mut peak) = (Instant::now(), resident());
    while begun.elapsed() < shape.lasts {
        let due = (begun.elapsed().as_secs_f64() * shape.messages_per_second as f64) as u64;
        while encoder.sequence() < due {
            let id = ids.next().unwrap();
            if let Some(message) = encoder.push(*id, NetTime(0), 1.0) {
                // A full queue is the point; it was counted.
                let _ = bus.publish("burst", SAMPLES, NetTime(0), message).await;
            }
        }
        peak = peak.max(resident());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (encoder, peak)
}

/// One more message shows whether the last of the burst were lost.
async fn until_the_last_came(bus: &dyn Bus, consumer: &Consumer, encoder: &mut Encoder) {
    let begun = Instant::now();
    while consumer.numbers().1 != encoder.sequence() || consumer.waiting() > 0 {
        assert!(begun.elapsed() < PATIENCE, "the last message never came");
        if consumer.waiting() == 0 {
            encoder.push(0, NetTime(0), 1.0);
            let message = encoder.flush().unwrap();
            let _ = bus.publish("burst", SAMPLES, NetTime(0), message).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Publishes numbered decisions; how many.
async fn decide(bus: Arc<dyn Bus>, lasts: Duration) -> u64 {
    let (begun, mut number) = (Instant::now(), 0_u64);
    while begun.elapsed() < lasts {
        let payload = number.to_string().into_bytes();
        bus.publish("decider", DECISIONS, NetTime(0), payload)
            .await
            .unwrap();
        number += 1;
        tokio::time::sleep(DECISION_EVERY).await;
    }
    number
}

/// The numbers of the decisions that came.
async fn hear_decisions(bus: &dyn Bus) -> Arc<Mutex<BTreeSet<String>>> {
    let mut decisions = bus.subscribe("listener", &["zizhi.v1.*.neg.>"]).await;
    let heard = Arc::new(Mutex::new(BTreeSet::new()));
    let list = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Some(delivery) = decisions.next().await {
            let number = String::from_utf8_lossy(&delivery.message.payload).into_owned();
            lock(&list).insert(number);
        }
    });
    heard
}

/// Resident memory of this process in bytes.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib: Option<f64> = line.and_then(|l| l.trim().split(' ').next()?.parse().ok());
    kib.unwrap_or(0.0) * 1024.0
}
