//! What may be done, how, and is it safe?
//!
//! In: playbook files, hypotheses, measured values. Out: checked playbooks ([`Catalog`]), immutable plans
//! ([`planning::candidates`]), rulings ([`guards::rule`]) and runs ([`run::Run`]). Called by the planner and the executor
//! of each domain. Everything but [`Catalog::load_dir`] and the drivers is pure: no clock, no I/O, no chance.

pub mod approval;
pub mod autonomy;
pub mod cacao;
pub mod case;
pub mod catalog;
mod check;
mod compile;
pub mod context;
pub mod dependents;
pub mod diff;
pub mod door;
pub mod driver;
pub mod drivers;
pub mod duration;
pub mod examine;
pub mod explain;
pub mod expr;
pub mod fingerprint;
pub mod guards;
pub mod json_schema;
mod limits;
pub mod page;
mod parse;
mod paths;
pub mod planning;
pub mod playbook;
pub mod policy;
pub mod problem;
pub mod rehearsal;
pub mod report;
pub mod rules;
pub mod run;
mod sample;
mod schema;
pub mod scripted;
mod suggest;
pub mod template;
mod traps;
mod tree;
mod values;

pub use catalog::{Catalog, CatalogError};
pub use context::Context;
pub use dependents::services_depending;
pub use driver::{Driver, DriverError, Recall};
pub use guards::{GuardState, rule};
pub use planning::{PlanDraft, Rejected, candidates};
pub use playbook::Playbook;
pub use problem::Problem;
pub use run::{Effect, Input, Run};
pub use sample::names_for;
