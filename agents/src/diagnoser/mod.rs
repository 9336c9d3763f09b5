//! Diagnose: what caused it?
//!
//! In: symptoms that nobody explains yet, and the incidents that are open. Out: which symptoms an open incident
//! explains, and ranked causes for the rest, from the knowledge graph; without it, the loudest is taken for the cause.

mod engine;
mod insight;
mod loudest;
mod messages;

pub use engine::Diagnoser;
pub use messages::{Input, Output};
