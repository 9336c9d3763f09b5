//! Reading the public cases: every refusal says which file, where in it, why, and what to do.
//!
//! In: a folder of sets. Out: evidence for the ranker, truth for the scorer. The files come from outside: nothing in them
//! is trusted, no path in them leaves the folder, no size in them is believed.
//!
//! | file | what is in it |
//! |---|---|
//! | `<set>/truth.jsonl` | a [`crate::rca::Truth`] a line |
//! | `<set>/cases/<id>/case.json` | `t_inject` or `alert`; `sampling_s`; names of shared `baseline`, `reference`, `graph` files |
//! | `<set>/cases/<id>/metrics.csv.gz` | `t,phase,<node>\|<metric>...`; phase is baseline, pre or incident |
//! | `.../traces.csv.gz`, `.../logs.csv.gz` | spans, log lines; optional |
//! | `<set>/reference_{traces,logs}_<day>.csv.gz` | the same of a fault-free minute, beside `reference_<day>.csv.gz`; optional |
//! | graph file | `nodes`, `edges` of `from`, `to`, `type` (calls, `runs_on`, link, `instance_of`), optional `service_of` |
//! | with an `alert` | also `logs.ndjson.gz`, `traces`, `patterns`, `commits`, `deploys`, `flags` as `.json.gz` |
//! | `alarms/<network>/` | `alarms.csv.gz`, `truth_edges.csv`, optional `device_links.csv` |

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
