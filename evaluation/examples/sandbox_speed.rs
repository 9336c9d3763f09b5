//! How much faster than real time is the sandbox? `cargo run --release -p zizhi-evaluation --example sandbox_speed`
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement of our own speed reads the clock"
)]

#[path = "../tests/sandbox_common/mod.rs"]
mod sandbox_common;
use sandbox_common::{Recorder, values};
use std::time::Instant;
use zizhi_evaluation::sandbox::{Sandbox, network, truth};
use zizhi_types::NetTime;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arg = |n| std::env::args().nth(n);
    let name = arg(1).unwrap_or_else(|| "metro".into());
    let hours: u64 = arg(2).and_then(|t| t.parse().ok()).unwrap_or(1);
    let net = match network::load(&name) {
        Ok(net) => net,
        Err(e) => return eprintln!("{e}"),
    };
    let began = Instant::now();
    let sandbox = Sandbox::new(&net, 1, NetTime::from_secs(8 * 3600));
    println!("built in {:?}", began.elapsed());
    let bus = Recorder::new();
    let began = Instant::now();
    let mut peak = std::collections::BTreeMap::new();
    for _ in 0..hours * 360 {
        if sandbox.step(&bus).await.is_err() {
            return;
        }
        let bad = truth::true_violations(&sandbox.snapshot());
        for v in bad {
            println!(
                "{} {} {} {:.4} limit {}",
                sandbox.now(),
                v.object,
                v.metric.as_str(),
                v.value,
                v.limit
            );
        }
        for ((object, metric), value) in values(&bus.drain()) {
            let high: &mut (f64, f64) =
                peak.entry((metric, object)).or_insert((f64::MIN, f64::MAX));
            *high = (high.0.max(value), high.1.min(value));
        }
    }
    println!(
        "judged: {:.0} x real time",
        (hours * 3600) as f64 / began.elapsed().as_secs_f64()
    );
    if arg(3).is_some() {
        for ((metric, object), (high, low)) in &peak {
            println!("{} {object} {low:.4}..{high:.4}", metric.as_str());
        }
    }
    let quiet = Recorder {
        keep: false,
        ..Recorder::new()
    };
    let began = Instant::now();
    for _ in 0..hours * 360 {
        if sandbox.step(&quiet).await.is_err() {
            return;
        }
    }
    println!(
        "{:.0} x real time",
        (hours * 3600) as f64 / began.elapsed().as_secs_f64()
    );
}
