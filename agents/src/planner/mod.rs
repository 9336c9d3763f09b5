//! Plan and rehearse: which playbooks fit, and what would they do?
//!
//! In: what every domain measured, the ranked causes of an incident, what worked before, and plans of others. Out: bids,
//! each with its rehearsal in the twin; and a yes or no to a plan of another domain. The twin cannot reach the network.

mod config;
mod engine;
mod messages;
mod rehearser;
#[cfg(test)]
mod tests;

pub use config::PlannerConfig;
pub use engine::Planner;
pub(crate) use engine::{features_of, name_of};
pub use messages::{Input, Output, PastCase, Recalled};
