//! How fast is the way from the bus to an anomaly, what does a series cost, and does a burst lose anything uncounted?
//!
//! ```text
//! ZIZHI_NATS_SERVER=/path/to/nats-server cargo run --release -p zizhi-agents --example bench_bus -- --json
//! ```
//!
//! Prints one line per figure: value, limit, rounds, load average and core type; with `--json` as JSON. Ends with 1 when a
//! limit is missed. `--series N`, `--rounds N`, `--burst-seconds N` and `--only embedded,memory,nats,burst` make it smaller.
//! Legs that need a NATS server say `SKIPPED:` when there is none.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement of our own speed reads the clock, prints, and stops at the first surprise"
)]

mod burst;
mod bursts;
mod embedded;
mod feed;
mod figure;
mod memory;
mod nats;
#[path = "../../../bus/tests/nats_server/mod.rs"]
mod nats_server;

use figure::Figure;
use std::process::ExitCode;

/// What is measured, and how much of it.
pub struct Setting {
    json: bool,
    series: u32,
    rounds: usize,
    burst_seconds: u64,
    only: Vec<String>,
}

impl Setting {
    fn read(mut args: impl Iterator<Item = String>) -> Self {
        let mut setting = Self {
            json: false,
            series: 1_000_000,
            rounds: 7,
            burst_seconds: 60,
            only: vec![],
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_else(|| panic!("{arg} needs a value"));
            match arg.as_str() {
                "--json" => setting.json = true,
                "--series" => setting.series = value().parse().unwrap(),
                "--rounds" => setting.rounds = value().parse().unwrap(),
                "--burst-seconds" => setting.burst_seconds = value().parse().unwrap(),
                "--only" => setting.only = value().split(',').map(str::to_owned).collect(),
                _ => panic!("{arg} is no option: see the top of main.rs"),
            }
        }
        setting
    }

    fn wants(&self, leg: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|o| o == leg)
    }
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).peekable();
    if args.peek().is_some_and(|a| a == memory::CHILD) {
        memory::hold();
        return ExitCode::SUCCESS;
    }
    let setting = Setting::read(args);
    let mut missed = false;
    let mut tell = |figures: Vec<Figure>| {
        for figure in figures {
            missed |= !figure.is_met();
            println!("{}", figure.line(setting.json));
        }
    };
    if setting.wants("memory") {
        tell(memory::measure(setting.series));
    }
    if setting.wants("embedded") {
        tell(embedded::measure(setting.series, setting.rounds));
    }
    if setting.wants("nats") {
        tell(nats::measure(setting.series, setting.rounds));
    }
    if setting.wants("burst") {
        tell(bursts::measure(setting.burst_seconds));
    }
    ExitCode::from(u8::from(missed))
}
