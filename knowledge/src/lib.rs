//! What do we know, and why do we think so?
//!
//! In: inventories, incident outcomes, playbook texts. Out: a graph of objects and dependencies (oxigraph, with a
//! compact mirror for speed), ranked causes with evidence, past cases, and text search (tantivy). Called by the
//! agents' correlator, diagnoser, planner and learner, and by the dashboard. Nothing here awaits, reads a clock or
//! talks to the network; the text index alone may live in a folder.

pub mod bits;
pub mod cases;
pub mod chains;
pub mod diagnose;
pub mod error;
mod facts;
pub mod graph;
pub mod mirror;
pub mod ontology;
pub mod relation;
pub mod routing;
pub mod symptoms;
#[cfg(test)]
mod testing;
pub mod text;
mod weigh;

pub use cases::{Case, Signature, Similar, Success, signature};
pub use diagnose::{Diagnosis, diagnose, explained_by};
pub use error::KnowledgeError;
pub use graph::{Cancel, KnowledgeGraph};
pub use text::{Document, Hit, TextIndex};
