//! Samples in bulk over a bus: what nobody placed is watched, and told by its own name.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::sync::Arc;
use std::time::Duration;
use zizhi_agents::screener::actor::Screening;
use zizhi_agents::screener::{ScreenerConfig, UnusualEvent};
use zizhi_bus::batch::Encoder;
use zizhi_bus::{Bus, EmbeddedBus};
use zizhi_types::{Domain, NetTime};

const SERIES: u32 = 300;
const ROUNDS: u32 = 60;
/// Samples of a message, but for the last of a round.
const GROUP: u32 = 256;

#[tokio::test]
async fn what_is_in_no_inventory_is_watched_and_told() {
    let bus = EmbeddedBus::start(16);
    let mut config = ScreenerConfig::default();
    config.screen.unusual_share = 1e-3;
    let screening = Screening::start(Arc::new(bus.clone()), &Domain::ALL, &config).await;
    let mut events = bus.subscribe("test", &["zizhi.v1.*.evt.unusual"]).await;
    // Read all along: a subscriber that does not read holds up the embedded bus.
    let told = tokio::spawn(async move {
        let mut told = vec![];
        while let Some(delivery) = events.next().await {
            assert_eq!(delivery.message.subject, "zizhi.v1.compute.evt.unusual");
            told.push(serde_json::from_slice::<UnusualEvent>(&delivery.message.payload).unwrap());
        }
        told
    });
    let mut encoder = Encoder::new("fridge-gateway", 1).unwrap();
    for n in 0..SERIES {
        encoder
            .intern(&format!("fridge {n}"), "temperature", "Cel")
            .unwrap();
    }
    for round in 0..=ROUNDS {
        let value = |id: u32| {
            let odd = if round == ROUNDS && id == 7 {
                40.0
            } else {
                0.0
            };
            4.0 + f64::from((id * 7 + round * 13) % 10) / 10.0 + odd
        };
        let at = NetTime::from_secs(round.into());
        let mut messages: Vec<_> = (0..SERIES)
            .filter_map(|id| encoder.push(id, at, value(id)))
            .collect();
        messages.extend(encoder.flush());
        for message in messages {
            let subject = "zizhi.v1.compute.obs.samples";
            bus.publish("fridge-gateway", subject, at, message)
                .await
                .unwrap();
            bus.settle().await;
        }
    }
    let handled = async {
        while screening.intake().waiting > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), handled)
        .await
        .unwrap();
    bus.settle().await;
    bus.close().await;
    let (screened, intake) = (screening.screened(), screening.intake());
    assert_eq!(
        (screened.live, screened.batches.missing),
        (SERIES as usize, 0)
    );
    let messages = u64::from((ROUNDS + 1) * SERIES.div_ceil(GROUP));
    assert_eq!(
        (intake.came, intake.dropped, screened.batches.used),
        (messages, 0, messages)
    );
    screening.stop().await;
    let told = told.await.unwrap();
    let last = told.last().unwrap();
    assert_eq!(
        (last.object.as_str(), last.source.as_str()),
        ("fridge 7", "fridge-gateway")
    );
    assert_eq!(last.at, NetTime::from_secs(ROUNDS.into()));
    assert!(last.value > 43.0 && last.expected < 6.0, "{last:?}");
}
