//! Learn: what worked on incidents like this one?
//!
//! In: how runs ended, in every domain. Out: what is remembered about incidents like a new one. The case base is part of
//! the domain's own knowledge; outcomes of peers arrive by their reports.

mod engine;
mod messages;
#[cfg(test)]
mod tests;

pub use engine::Learner;
pub use messages::{Input, Output};
