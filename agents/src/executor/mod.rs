//! Decide and act: may this plan run, and how far is it?
//!
//! In: awarded plans, approvals, the driver's answers, verdicts. Out: rulings with what every guard said, requests for
//! approval, calls of the driver, and how each run ended. The one role with a driver; its actor is therefore its own
//! ([`actor`]), and when it dies it is not restarted: the effect of a step in flight would be unknown.

mod active;
pub mod actor;
mod asking;
mod config;
mod engine;
mod guarding;
mod messages;
mod resume;
#[cfg(test)]
mod retry_tests;
#[cfg(test)]
mod step_tests;
#[cfg(test)]
mod tests;

pub use config::ExecutorConfig;
pub use engine::Executor;
pub(crate) use engine::ran;
pub(crate) use guarding::in_flight;
pub use messages::{Around, History, Input, Output, WaitingPlan};
