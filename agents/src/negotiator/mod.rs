//! Negotiate: which remedy do all domains agree on?
//!
//! In: the negotiation messages of all domains (the own ones too), what the planner offers and judges. Out: messages to
//! say, questions for the planner, a plan to run, or the end of an incident. Contract net, then two-phase commit:
//!
//! ```text
//! leader     call ----------> every domain        offer(bids) | refuse(nothing-to-offer)
//!            prepare(bid) --> every domain        prepared    | refuse(harms-objective, busy, ...)
//!            award ---------> the plan's domain   commit, then the run, then report(helped | undone | ...)
//! ```
//!
//! No action without an award; a plan is awarded at most once; a deadline ends every wait; a missing answer is a no.

#[cfg(test)]
mod alone_tests;
mod config;
mod engine;
mod leader;
mod messages;
mod participant;
#[cfg(test)]
mod tests;

pub use config::NegotiatorConfig;
pub use engine::Negotiator;
pub use messages::{Awaited, Input, Output};
