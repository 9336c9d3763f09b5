//! Real sockets: what senders over HTTP and syslog hear back, and what becomes of what they sent.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod client;
mod http;
mod nats;
#[path = "../nats_server/mod.rs"]
mod nats_server;
mod syslog;
