//! The words of Zizhi: what every other package may say, and nothing else.
//!
//! In: nothing. Out: typed ids, managed objects, measurements, anomalies, hypotheses, plans, bids,
//! verdicts and the [`record::Record`] that all of them are written down in. No I/O, no async, no clock:
//! every "now" is a [`time::NetTime`] that somebody else read.
//!
//! The meaning of each word, with its standard, is in `docs/glossary.md`.

pub mod action;
pub mod anomaly;
pub mod domain;
pub mod fault;
pub mod hypothesis;
pub mod ids;
pub mod incident;
pub mod measurement;
pub mod metric;
pub mod negotiation;
pub mod object;
pub mod objective;
pub mod plan;
pub mod record;
pub mod severity;
pub mod term;
pub mod text;
pub mod time;
pub mod topology;
pub mod verify;
pub mod wire;

pub use action::{Action, Receipt, Verb};
pub use anomaly::Anomaly;
pub use domain::Domain;
pub use fault::FaultKind;
pub use hypothesis::Hypothesis;
pub use ids::{AnomalyId, IncidentId, MessageId, PlanId, RecordId, RunId};
pub use incident::Incident;
pub use measurement::Measurement;
pub use metric::Metric;
pub use object::{ManagedObject, ObjectKind};
pub use objective::Objective;
pub use plan::Plan;
pub use record::{Body, Record, Stage, Who};
pub use severity::Severity;
pub use term::Term;
pub use time::NetTime;
pub use topology::Network;
