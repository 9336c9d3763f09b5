//! Verify: did it help, and did it break nothing?
//!
//! In: a run to watch and the picture at every tick. Out: one verdict for each run, and the word that a suspect is
//! healthy again, so that a temporary remedy can be taken back. Verification is no-regression: what is violated after
//! must be a strict subset of what was violated before.

mod engine;
mod messages;
#[cfg(test)]
mod tests;

pub use engine::Verifier;
pub use messages::{Input, Output, Watch};
