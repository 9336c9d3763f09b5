//! A trial: one scenario, one policy, one noise; and what many of them say about a policy.
//!
//! In: a [`crate::scenario::Scenario`] and who is at work. Out: one [`TrialResult`] and one journal each; over many the
//! scores of every stage. The truth stays here: the agents see the network's telemetry and nothing else.

mod attribute;
mod compare;
mod counted;
mod figures;
mod judge;
pub mod learn;
mod objects;
mod page;
mod policy;
pub mod practice;
pub mod present;
mod result;
pub mod run;
mod score;
mod stage;
mod summary;
pub mod survival;

pub use compare::{Comparison, Finding, compare};
pub use figures::{Gap, Rate, mean};
pub use objects::{FAR, ObjectGraph};
pub use policy::{Policy, UnknownPolicy};
pub use result::{ActionCounts, Cost, FaultResult, NegotiationCounts, TrialResult};
pub use score::{Scores, restored};
pub use stage::{Set, Trial, TrialError};
pub use summary::{ByPolicy, Summary};
