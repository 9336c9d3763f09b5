//! Real senders with the configurations of `deploy/senders/`, only addresses and intervals changed.
//!
//! Each is started by the test on loopback with a folder of its own and stopped by its handle. What is not installed is told
//! with a line that begins with SKIPPED.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[path = "../receive/client.rs"]
#[allow(dead_code, reason = "shared with the tests of the listeners")]
mod client;
mod process;

mod alertmanager;
mod configs;
mod prometheus;
mod rsyslog;
