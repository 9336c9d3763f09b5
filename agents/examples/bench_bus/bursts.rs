//! The full burst, over NATS and over the embedded bus, against its limits.

use crate::burst::{Outcome, Shape, run};
use crate::figure::{Figure, Limit};
use crate::nats::connect;
use crate::nats_server::NatsServer;
use std::sync::Arc;
use std::time::Duration;
use zizhi_bus::EmbeddedBus;

pub fn measure(seconds: u64) -> Vec<Figure> {
    let shape = Shape {
        lasts: Duration::from_secs(seconds),
        // A million series in ten seconds, 256 a message, times ten.
        messages_per_second: 3906,
        samples_per_message: 256,
        slow: Duration::from_millis(1),
        waiting: 4096,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut figures = vec![];
    if let Some(server) = NatsServer::start("bench_bus burst") {
        let outcome = runtime.block_on(async {
            let publisher = Arc::new(connect(&server.url(), "bench-publisher").await);
            let subscriber = Arc::new(connect(&server.url(), "bench-subscriber").await);
            run(publisher, subscriber, shape).await
        });
        figures.extend(judge("NATS", &outcome));
    }
    let outcome = runtime.block_on(async {
        let bus = Arc::new(EmbeddedBus::start(4096));
        run(bus.clone(), bus, shape).await
    });
    figures.extend(judge("embedded", &outcome));
    figures
}

fn judge(bus: &str, outcome: &Outcome) -> Vec<Figure> {
    eprintln!("burst, {bus}: {outcome:?}");
    outcome.check();
    let uncounted =
        outcome.sent - outcome.received.used - outcome.intake.dropped - outcome.bus_lost;
    let lost = outcome.decisions.0 - outcome.decisions.1;
    let names = if bus == "NATS" { NATS } else { EMBEDDED };
    let mebibytes = outcome.growth / f64::from(1 << 20);
    vec![
        Figure::new(names[0], "MiB", vec![mebibytes]).with(Limit::AtMost(256.0)),
        Figure::new(names[1], "messages", vec![uncounted as f64]).with(Limit::AtMost(0.0)),
        Figure::new(names[2], "messages", vec![lost as f64]).with(Limit::AtMost(0.0)),
        Figure::new(names[3], "s", vec![outcome.lag.as_secs_f64()]).with(Limit::AtMost(10.0)),
    ]
}

const NATS: [&str; 4] = [
    "burst over NATS: growth",
    "burst over NATS: lost and not counted",
    "burst over NATS: decisions lost",
    "burst over NATS: until caught up",
];

const EMBEDDED: [&str; 4] = [
    "burst over the embedded bus: growth",
    "burst over the embedded bus: lost and not counted",
    "burst over the embedded bus: decisions lost",
    "burst over the embedded bus: until caught up",
];
