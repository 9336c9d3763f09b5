//! Does deciding per request, by URL path, serve more than anycast, which decides once per connection?
//!
//! The experiment of section 4.2 of DOI 10.11959/j.issn.1000-436x.2025160: two users send the same rate to five instances of
//! one service. u1 wants at most 10 ms (network and compute) and then the lowest price; u2 wants the lowest latency.
//! In: rates and a reading of the paper. Out: who is served where and how fast. Exact: no randomness but in `poisson`.
//!
//! Where the paper leaves something open, [`Reading`] names what may be meant; [`Reading::CANONICAL`] is the one that
//! fits most of its text.

mod claims;
mod model;
mod poisson;
mod readings_report;
mod report;
mod sweep;

pub use claims::{claims, of_sweep};
pub use model::{Placement, Window, anycast, compute_ms, url_path};
pub use poisson::{Noisy, noisy, noisy_sweep};
pub use report::sections;
pub use sweep::{Summary, Sweep, sweep};

use super::Paper;

/// The paper.
pub const PAPER: Paper = Paper {
    citation: "Zhang Yan, Wang Liwen, Cao Chang, Tang Xiongyan: Research on computing power network technology for stateless computing services. Journal on Communications, 2025",
    doi: "10.11959/j.issn.1000-436x.2025160",
};

/// Instances s1..s5 (table 2).
pub const INSTANCES: usize = 5;
/// Requests that each instance answers in a second.
pub const CAPACITY: u32 = 50;
/// Price of a request, instance by instance.
pub const PRICE: [u32; INSTANCES] = [2, 1, 2, 1, 2];
/// Round trip in ms from u1 (at GW1) and u2 (at GW2) to each instance.
pub const RTT_MS: [[f64; INSTANCES]; 2] = [[4.0, 6.0, 6.0, 6.0, 10.0], [6.0, 4.0, 4.0, 4.0, 2.0]];
/// What u1 accepts at most, in ms.
pub const BOUND_MS: f64 = 10.0;
/// Two latencies that differ by less are equal: sums of decimal fractions are not exact in binary.
pub const TOLERANCE_MS: f64 = 1e-9;
/// Rates of the experiment, requests/s of each user.
pub const RATES: std::ops::RangeInclusive<u32> = 1..=120;

/// Everything computed for the paper.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The canonical reading.
    pub plain: Sweep,
    /// The same with u1's bound protected.
    pub protect: Sweep,
    /// Every reading in short, canonical first.
    pub readings: Vec<(Reading, Summary)>,
    /// Poisson arrivals, by URL path without and with protection, and by anycast.
    pub noisy: [Vec<Noisy>; 3],
}

impl Results {
    /// Computes all. The seed matters to the Poisson arrivals alone.
    pub fn new(seed: u64) -> Self {
        let summary = |reading: Reading| (reading, sweep(reading).summary());
        Self {
            plain: sweep(Reading::CANONICAL),
            protect: sweep(Reading::PROTECTED),
            readings: Reading::all().into_iter().map(summary).collect(),
            noisy: [
                noisy_sweep(Reading::CANONICAL, true, seed),
                noisy_sweep(Reading::PROTECTED, true, seed),
                noisy_sweep(Reading::CANONICAL, false, seed),
            ],
        }
    }
}

/// Compute delay of an idle instance: the paper's text and its matrix A differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compute {
    /// 1, 3, 1, 3, 1 ms, as the text says.
    Text,
    /// 3 ms for all, as matrix A says.
    Matrix,
}

impl Compute {
    /// Compute delay in ms of each idle instance.
    pub const fn base_ms(self) -> [f64; INSTANCES] {
        match self {
            Self::Text => [1.0, 3.0, 1.0, 3.0, 1.0],
            Self::Matrix => [3.0; INSTANCES],
        }
    }
}

/// Who comes first within a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// u1, u2, u1, u2, ...
    Interleaved,
    /// All of u1, then all of u2.
    FirstU1,
    /// All of u2, then all of u1.
    FirstU2,
}

/// Which of two equally cheap instances u1 takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// The one with the smaller number.
    Number,
    /// The faster one.
    Latency,
}

/// Whether u2 may spoil what u1 was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// u2 goes wherever it is fastest.
    Plain,
    /// u2 is refused where it would push u1's requests above their bound.
    Protect,
}

/// One way to understand the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Compute delay.
    pub compute: Compute,
    /// Order of arrival.
    pub order: Order,
    /// Tie of price.
    pub tie: Tie,
    /// Protection of u1.
    pub policy: Policy,
}

impl Reading {
    /// Delays of the text, interleaved arrivals, ties by number, no protection: the reading that meets every claim and
    /// puts u1's limit (108/s) nearest to the paper's "about 110/s".
    pub const CANONICAL: Self = Self {
        compute: Compute::Text,
        order: Order::Interleaved,
        tie: Tie::Number,
        policy: Policy::Plain,
    };

    /// The same with u2 held to u1's bound.
    pub const PROTECTED: Self = Self {
        policy: Policy::Protect,
        ..Self::CANONICAL
    };

    /// Every reading, canonical first.
    pub fn all() -> Vec<Self> {
        let mut all = vec![];
        for compute in [Compute::Text, Compute::Matrix] {
            for order in [Order::Interleaved, Order::FirstU1, Order::FirstU2] {
                for tie in [Tie::Number, Tie::Latency] {
                    for policy in [Policy::Plain, Policy::Protect] {
                        all.push(Self {
                            compute,
                            order,
                            tie,
                            policy,
                        });
                    }
                }
            }
        }
        all
    }

    /// `text/interleaved/number/plain`.
    pub fn name(&self) -> String {
        let compute = match self.compute {
            Compute::Text => "text",
            Compute::Matrix => "matrix",
        };
        let order = match self.order {
            Order::Interleaved => "interleaved",
            Order::FirstU1 => "u1-first",
            Order::FirstU2 => "u2-first",
        };
        let tie = match self.tie {
            Tie::Number => "number",
            Tie::Latency => "latency",
        };
        let policy = match self.policy {
            Policy::Plain => "plain",
            Policy::Protect => "protect",
        };
        format!("{compute}/{order}/{tie}/{policy}")
    }
}
