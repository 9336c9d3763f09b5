//! Sense: what does a raw message say?
//!
//! In: one telemetry message of the own domain. Out: its measurements, or why it cannot be read. Nothing is lost: what
//! fits nothing becomes a dead letter with its reason.

mod batch;
mod engine;
mod messages;

pub use engine::Collector;
pub use messages::{Input, Output};
