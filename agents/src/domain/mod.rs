//! One domain's agent: the loop that joins its nine roles, and the actor that runs it.
//!
//! [`engine`] is the loop: it receives what was heard on the bus and what the roles concluded, and returns commands: ask
//! a role, append a record, publish a message, drive the network. It is as pure as the roles. [`actor`] carries the
//! commands out in order; nothing awaits but it and the roles that it runs.

mod acting;
pub mod actor;
mod agreeing;
mod asking;
mod command;
mod engine;
mod leading;
mod merit;
#[cfg(test)]
mod merit_tests;
mod restoring;
mod roles;
mod scribe;
mod sensing;
#[cfg(test)]
mod tests;
mod trail;

pub use command::{Command, Event, Task};
pub use engine::{AgentConfig, Loop};
