//! Detect: is this value usual?
//!
//! In: the measurements of one batch, and at every tick which sources should have been heard. Out: anomalies that begin
//! or end, and sources that fall silent or speak again. One small state per series; nothing looks ahead.

mod engine;
mod messages;
#[cfg(test)]
mod tests;

pub use engine::{Detecting, DetectorRoleConfig};
pub use messages::{Input, Output};
