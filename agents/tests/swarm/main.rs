//! A whole swarm, with its real actors on the embedded bus, on a network of a hand's size.
//!
//! [`killed`] kills it at every moment and starts it again; [`stories`] tells what a person would see; [`lossy`] lets the bus lose, repeat and reorder what agents say to each
//! other, and looks whether anything was done that should not have been.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what stands around the tests fails them too"
)]

mod killed;
mod lossy;
mod parts;
mod rig;
mod stories;
mod telemetry;
#[path = "../../src/testing.rs"]
mod testing;
