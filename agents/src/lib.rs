//! Who does it? Actor shells around pure engines.
//!
//! ```text
//! swarm            root of the supervision tree
//!   domain agent   one per domain: an actor around the loop of its roles
//!     collector detector correlator diagnoser planner negotiator executor verifier learner
//!   screener       watches samples in bulk, also of what is in no inventory
//! ```
//!
//! Domain agents meet only on the bus. Roles are engines `(state, input, now) -> outputs`; one generic shell runs them
//! ([`role`]), only the executor has its own, because it holds the driver. What happens when one dies is a table
//! ([`supervision`]).

pub mod brake;
pub mod collector;
pub mod config;
pub mod correlator;
pub mod detector;
pub mod diagnoser;
pub mod domain;
pub mod executor;
pub mod learner;
pub mod memory;
pub mod meter;
pub mod negotiator;
pub mod part;
pub mod picture;
pub mod planner;
pub mod recovery;
pub mod remote;
pub mod role;
pub mod screener;
pub mod supervision;
pub mod swarm;
pub mod tenure;
pub mod trace;
pub mod verifier;

#[cfg(test)]
mod testing;

pub use domain::AgentConfig;
pub use part::Part;
pub use swarm::{Ground, Resume, Share, Swarm, SwarmConfig, SwarmError};
