//! Correlate: which anomalies belong together, and is it an incident?
//!
//! In: anomalies of all domains, claims of peers, the picture at every tick. Out: situations to diagnose, incidents to
//! lead, symptoms that join one, and anomalies that need nothing. Anomalies are joined by what explains them in the
//! graph, never by a label. An incident needs a violated objective: unusual alone is not wrong.

mod config;
mod engine;
mod messages;
#[cfg(test)]
mod tests;

pub use config::CorrelatorConfig;
pub use engine::Correlator;
pub use messages::{Input, Known, Output};
