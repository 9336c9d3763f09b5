//! What happened in an incident, as a trace? From records to spans, for any tracing tool.
//!
//! One trace an incident. Its id follows from the swarm's name and the incident's id, and so does the id of the root
//! span: every process of a swarm puts what it wrote into the same trace without asking anybody. `fact` says what a
//! record adds; `story` makes the spans of one incident; [`Traces`] collects records until an incident is told.

mod engine;
mod fact;
mod ids;
mod story;

pub use engine::{Settings, Traces};
pub use ids::{root_span, trace_id};
