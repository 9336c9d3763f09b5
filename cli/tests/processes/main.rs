//! One process per domain over a real NATS server: what a person would start, and what happens when it is killed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests start programs, wait for them by the clock, and stop at the first surprise"
)]

#[path = "../../../bus/tests/nats_server/mod.rs"]
mod nats_server;

mod answers;
mod fleet;
mod killed;
mod senders;
mod together;
