//! What an operator has today: an alert on a threshold, and a fixed playbook behind it.
//!
//! In: the same telemetry from the bus, and a file of rules. Out: actions through the same driver, and the same kind of
//! records, so that whatever judges a swarm judges this too. It is the comparison, so it is meant to be good at what it
//! is: it waits for several samples, inhibits alerts that a greater one explains, acts once on an object at a time with
//! a cool-down, keeps still during announced work, and hands over when its tries are used up. What it has not: a
//! diagnosis, a twin, an agreement between domains, a check beyond "the alert cleared", an undo.

mod act;
mod book;
mod facts;
mod incidents;
mod opening;
mod rules;
mod shell;
#[cfg(test)]
mod tests;
mod threshold;
mod watch;

pub use book::Command;
pub use rules::{BadRules, Rule, Rules};
pub use shell::{Baseline, BaselineError};
pub use threshold::{Heard, Threshold};
