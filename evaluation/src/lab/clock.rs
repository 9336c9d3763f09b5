//! The lab's one look at the machine's clock. The lab is the outside: it runs in real time and nothing else.
//!
//! In: nothing. Out: the network's time, and how long something took. Called by all shells of the lab; the pure parts get
//! numbers from them.
#![expect(
    clippy::disallowed_methods,
    reason = "the lab waits for real routers: this file is where it stands at the edge of the process"
)]

use std::time::{Duration, Instant};
use zizhi_types::NetTime;

/// The lab's time: milliseconds since 1970 in UTC.
pub fn now() -> NetTime {
    zizhi_bus::clock::wall()
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Milliseconds since the start, with the fraction.
    pub fn ms(&self) -> f64 {
        self.elapsed().as_secs_f64() * 1000.0
    }

    /// Whole milliseconds since the start.
    pub fn whole_ms(&self) -> u64 {
        self.elapsed().as_millis() as u64
    }
}
