//! The embedded bus at full speed, in one thread: publish, deliver, decode, screen, tell.

use crate::feed::{Feed, WARM};
use crate::figure::{Figure, Limit, thread_cpu_ns};
use std::sync::Arc;
use tokio::task::JoinHandle;
use zizhi_agents::screener::ScreenerConfig;
use zizhi_agents::screener::actor::Screening;
use zizhi_bus::{Bus, EmbeddedBus};
use zizhi_types::{Domain, NetTime};

const SUBJECT: &str = "zizhi.v1.transport.obs.samples";
const IDLE: &str = "zizhi.v1.transport.obs.idle";
/// Messages that are published before they are waited for.
const AHEAD: usize = 64;

pub fn measure(series: u32, rounds: usize) -> Vec<Figure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(series, rounds))
}

async fn run(series: u32, rounds: usize) -> Vec<Figure> {
    let bus = EmbeddedBus::start(4096);
    let screening = Screening::start(
        Arc::new(bus.clone()),
        &Domain::ALL,
        &ScreenerConfig::default(),
    )
    .await;
    let events = count_events(&bus).await;
    let mut idle = bus.subscribe("idle", &[IDLE]).await;
    let idle = tokio::spawn(async move { while idle.next().await.is_some() {} });
    let mut feed = Feed::new(series);
    for _ in 0..WARM {
        publish(&bus, SUBJECT, feed.round(), Some(&screening)).await;
    }
    let (mut full, mut alone) = (vec![], vec![]);
    for _ in 0..rounds {
        let messages = feed.round();
        alone.push(publish(&bus, IDLE, messages.clone(), None).await / f64::from(series));
        full.push(publish(&bus, SUBJECT, messages, Some(&screening)).await / f64::from(series));
    }
    let screened = screening.screened();
    assert_eq!(
        (screened.live, screened.batches.missing),
        (series as usize, 0)
    );
    assert_eq!(screening.intake().dropped, 0);
    bus.close().await;
    screening.stop().await;
    idle.await.unwrap();
    let told = events.await.unwrap();
    eprintln!(
        "{} samples, {told} events, {} beyond the bound on events",
        screened.batches.samples, screened.untold
    );
    assert!(told > 0, "what is far off was told");
    vec![
        Figure::new("embedded: publish to anomaly, CPU per sample", "ns", full)
            .with(Limit::AtMost(150.0)),
        Figure::new(
            "embedded: publish to nobody's use, CPU per sample",
            "ns",
            alone,
        ),
    ]
}

/// Publishes messages and waits until they are handled; the processor time of all that.
async fn publish(
    bus: &EmbeddedBus,
    subject: &str,
    messages: Vec<Vec<u8>>,
    to: Option<&Screening>,
) -> f64 {
    let begun = thread_cpu_ns();
    for (n, message) in messages.into_iter().enumerate() {
        bus.publish("bench", subject, NetTime(0), message)
            .await
            .unwrap();
        if n % AHEAD == AHEAD - 1 {
            handled(bus, to).await;
        }
    }
    handled(bus, to).await;
    thread_cpu_ns() - begun
}

async fn handled(bus: &EmbeddedBus, by: Option<&Screening>) {
    bus.settle().await;
    while by.is_some_and(|s| s.intake().waiting > 0) {
        tokio::task::yield_now().await;
    }
}

async fn count_events(bus: &EmbeddedBus) -> JoinHandle<u64> {
    let mut events = bus.subscribe("events", &["zizhi.v1.*.evt.unusual"]).await;
    tokio::spawn(async move {
        let mut told = 0;
        while events.next().await.is_some() {
            told += 1;
        }
        told
    })
}
