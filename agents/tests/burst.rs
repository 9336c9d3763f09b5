//! A burst of samples at a slow consumer, small: what is lost is counted to the message, decisions are not lost.
//!
//! The same in full: `cargo run --release -p zizhi-agents --example bench_bus -- --only burst`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and a burst has a length"
)]

#[path = "../examples/bench_bus/burst.rs"]
mod burst;
#[path = "../../bus/tests/nats_server/mod.rs"]
mod nats_server;

use burst::{Outcome, Shape, run};
use std::sync::Arc;
use std::time::Duration;
use zizhi_bus::{EmbeddedBus, NatsBus, NatsConfig};

const SMALL: Shape = Shape {
    lasts: Duration::from_secs(2),
    messages_per_second: 2000,
    samples_per_message: 16,
    slow: Duration::from_millis(2),
    waiting: 128,
};

fn check(outcome: &Outcome) {
    outcome.check();
    assert!(outcome.growth < f64::from(64 << 20), "{outcome:?}");
    assert!(outcome.lag < Duration::from_secs(20), "{outcome:?}");
}

#[tokio::test]
async fn a_burst_over_the_embedded_bus_loses_nothing_uncounted() {
    let bus = Arc::new(EmbeddedBus::start(64));
    check(&run(bus.clone(), bus, SMALL).await);
}

#[tokio::test]
async fn a_burst_over_nats_loses_nothing_uncounted_and_no_decision() {
    let test = "a_burst_over_nats_loses_nothing_uncounted_and_no_decision";
    let Some(server) = nats_server::NatsServer::start(test) else {
        return;
    };
    let connect = async |identity| {
        let config = NatsConfig {
            url: vec![server.url()],
            ..NatsConfig::default()
        };
        Arc::new(NatsBus::connect(config, identity).await.unwrap())
    };
    let (publisher, subscriber) = (connect("publisher").await, connect("subscriber").await);
    check(&run(publisher, subscriber, SMALL).await);
}
