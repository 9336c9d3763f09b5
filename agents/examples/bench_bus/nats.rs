//! The same over a real NATS server, against the same subscriber with a consumer that does nothing, in turn.
//!
//! The publisher has a thread and a connection of its own and keeps a bounded number of messages on their way, so that
//! nothing is dropped and both legs carry the same. The subscriber has two threads, as `zizhi run` has on two cores: what reads
//! the connection need not wait for what screens.

use crate::feed::{Feed, WARM};
use crate::figure::{Figure, Limit, cpu_ns_without};
use crate::nats_server::NatsServer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};
use zizhi_agents::screener::ScreenerConfig;
use zizhi_agents::screener::actor::Screening;
use zizhi_bus::{Bus, NatsBus, NatsConfig};
use zizhi_types::{Domain, NetTime};

const SAMPLES: &str = "zizhi.v1.transport.obs.samples";
const IDLE: &str = "zizhi.v1.transport.obs.idle";
/// The name of the publisher's thread.
const PUBLISHER: &str = "publisher";
/// Messages on their way at a time: below the bus's own bound, so that none is dropped.
const WINDOW: usize = 2048;
/// Feed rounds of one measured round.
const PASSES: usize = 4;

pub fn measure(series: u32, rounds: usize) -> Vec<Figure> {
    let Some(server) = NatsServer::start("bench_bus nats") else {
        return vec![];
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(&server.url(), series, rounds))
}

pub async fn connect(url: &str, identity: &str) -> NatsBus {
    let config = NatsConfig {
        url: vec![url.to_owned()],
        ..NatsConfig::default()
    };
    NatsBus::connect(config, identity).await.unwrap()
}

type Batch = (&'static str, Vec<Vec<u8>>);

/// Publishes what it is given, from a thread of its own.
struct Publisher {
    work: mpsc::Sender<Batch>,
    room: Arc<Semaphore>,
}

impl Publisher {
    fn start(url: String) -> Self {
        let (work, mut todo) = mpsc::channel::<Batch>(1);
        let room = Arc::new(Semaphore::new(WINDOW));
        let permits = Arc::clone(&room);
        let thread = std::thread::Builder::new().name(PUBLISHER.to_owned());
        let publish = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let bus = connect(&url, "bench-publisher").await;
                while let Some((subject, messages)) = todo.recv().await {
                    for message in messages {
                        permits.acquire().await.unwrap().forget();
                        bus.publish("bench", subject, NetTime(0), message)
                            .await
                            .unwrap();
                    }
                }
            });
        };
        thread.spawn(publish).unwrap();
        Self { work, room }
    }

    /// Has messages published and waits until as many were handled: wall time, and processor time of all but the publisher,
    /// in nanoseconds.
    async fn round(&self, batch: Batch, handled: impl Fn() -> u64) -> (f64, f64) {
        let (wanted, before) = (batch.1.len() as u64, handled());
        let (cpu, begun) = (cpu_ns_without(PUBLISHER), Instant::now());
        self.work.send(batch).await.unwrap();
        let mut seen = 0;
        while seen < wanted {
            assert!(
                begun.elapsed() < Duration::from_mins(2),
                "{seen} of {wanted} messages were handled"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
            let now = handled() - before;
            self.room.add_permits((now - seen) as usize);
            seen = now;
        }
        (
            begun.elapsed().as_secs_f64() * 1e9,
            cpu_ns_without(PUBLISHER) - cpu,
        )
    }
}

async fn run(url: &str, series: u32, rounds: usize) -> Vec<Figure> {
    let bus = connect(url, "bench-subscriber").await;
    let screening = Screening::start(
        Arc::new(bus.clone()),
        &Domain::ALL,
        &ScreenerConfig::default(),
    )
    .await;
    let screened = || screening.screened().batches.used;
    let idle = count(&bus).await;
    let idled = || idle.load(Ordering::Relaxed);
    let publisher = Publisher::start(url.to_owned());
    let mut feed = Feed::new(series);
    for _ in 0..WARM {
        publisher.round((SAMPLES, feed.round()), screened).await;
    }
    let samples = f64::from(series) * PASSES as f64;
    let [
        mut ratios,
        mut scattered,
        mut walls,
        mut cpus,
        mut idle_cpus,
    ] = [const { vec![] }; 5];
    for _ in 0..rounds {
        let messages: Vec<Vec<u8>> = (0..PASSES).flat_map(|_| feed.round()).collect();
        let (idle_wall, idle_cpu) = publisher.round((IDLE, messages.clone()), idled).await;
        let (wall, cpu) = publisher.round((SAMPLES, messages), screened).await;
        let messages = (0..PASSES).flat_map(|_| feed.scattered()).collect();
        let (worst, _) = publisher.round((SAMPLES, messages), screened).await;
        ratios.push(idle_wall / wall);
        scattered.push(idle_wall / worst);
        walls.push(samples / wall * 1e3);
        cpus.push(cpu / samples);
        idle_cpus.push(idle_cpu / samples);
    }
    assert_eq!(screening.screened().batches.missing, 0, "nothing was lost");
    vec![
        Figure::new(
            "NATS: samples to anomalies, share of the rate with an idle consumer",
            "1",
            ratios,
        )
        .with(Limit::AtLeast(0.5)),
        Figure::new(
            "NATS: the same with every sample of another device than the one before",
            "1",
            scattered,
        )
        .with(Limit::AtLeast(0.5)),
        Figure::new("NATS: samples to anomalies", "million/s", walls),
        Figure::new("NATS: subscriber's CPU per sample", "ns", cpus),
        Figure::new(
            "NATS: subscriber's CPU per sample with an idle consumer",
            "ns",
            idle_cpus,
        ),
    ]
}

/// Takes messages and does nothing with them but count.
async fn count(bus: &NatsBus) -> Arc<AtomicU64> {
    let mut messages = bus.subscribe("idle", &[IDLE]).await;
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    tokio::spawn(async move {
        while messages.next().await.is_some() {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    seen
}
