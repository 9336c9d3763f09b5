//! Does matching tasks to nodes by their state, and by the entropy of that state, serve sooner than the nearest node?
//!
//! Equations 3 to 6, table 1 and the experiment of DOI 10.11959/j.issn.1000-436x.2025169. In: shares, hourly utilisations, vectors of
//! needs and offers. Out: entropies, choices, and the time to the first token in a simulated fleet.
//!
//! `state` and `matching` are exact. `serving` is a seeded simulation whose assumptions are ours: the paper states none in
//! numbers.

mod claims;
mod curve;
mod example;
mod fleet;
mod matching;
mod report;
mod serving;
mod serving_report;
mod state;

pub use claims::claims;
pub use curve::{CONCURRENCY, Curve, Point, RUNS, Results, curve};
pub use example::{Example, examples};
pub use fleet::{Demand, Fleet, Kind, Setting, Site};
pub use matching::{Choice, Node, Rule, choose, distance, fitting, normalised};
pub use report::sections;
pub use serving::{Dispatch, Outcome, serve};
pub use state::{
    BALANCE, TABLE_1, bin_of, by_value, entropy, hourly_counts, mean_distance_to_balance,
    normalised_entropy, of_counts,
};

use super::Paper;

/// The paper.
pub const PAPER: Paper = Paper {
    citation: "Li Wei, Zhang Bosheng, Sun Songlin et al.: Internet of computing architecture: next generation network architecture for supporting cross-region computing resources interconnection based on entropy balance. Journal on Communications, 2025",
    doi: "10.11959/j.issn.1000-436x.2025169",
};
