//! Does matching tasks to nodes by their state, and by the entropy of that state, serve sooner than the nearest node?
//!
//! Equations 3 to 6, table 1 and the experiment of DOI 10.11959/j.issn.1000-436x.2025169. In: shares, hourly utilisations, vectors of
//! needs and offers. Out: entropies, choices, and the time to the first token in a simulated fleet.
//!
//! `state` and `matching` are exact. `serving` is a seeded simulation whose assumptions are ours: the paper states none in
//! numbers.

mod fleet;
mod matching;
mod serving;
mod state;

pub use fleet::{Demand, Fleet, Kind, Site};
pub use matching::{Choice, Node, Rule, choose, distance, fitting, normalised};
pub use serving::{Comparison, Dispatch, Outcome, compare, serve};
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

/// Everything computed for the paper that depends on a seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// Few sites have most users: the case the paper's network is for.
    pub uneven: Vec<Comparison>,
    /// Every site has as many users: what is left when demand is spread evenly.
    pub even: Vec<Comparison>,
    /// Uneven demand, with the reading of eq. 6 that the paper's text gives.
    pub farthest: Vec<Comparison>,
}

impl Results {
    /// Runs all simulations.
    pub fn new(seed: u64) -> Self {
        Self {
            uneven: compare(Demand::Uneven, Rule::Nearest, seed),
            even: compare(Demand::Even, Rule::Nearest, seed),
            farthest: compare(Demand::Uneven, Rule::Farthest, seed),
        }
    }
}
