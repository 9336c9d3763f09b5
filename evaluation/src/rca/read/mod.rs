//! Reading the public cases: every refusal says which file, where in it, why, and what to do.
//!
//! In: a folder laid out as `docs/evaluation.md` describes. Out: evidence for the ranker, truth for the scorer. The files come
//! from outside: nothing in them is trusted, no path in them leaves the folder, no size in them is believed.

mod alarms;
mod case;
mod error;
mod files;
mod incident;
mod signals;
mod table;
mod time;
mod truth;

pub use alarms::{AlarmNetwork, alarm_networks, edge_list};
pub use case::{Case, Shared};
pub use error::RcaError;
pub use incident::Incident;
pub use truth::{predictions, set_names, truths};

/// The folder of the alarm networks, which are laid out in their own way.
pub const ALARMS: &str = "alarms";
