//! Do two published experiments come out the same here?
//!
//! In: the parameters the papers print, and a seed. Out: each claim with the paper's figure, ours, the rule by which it counts
//! as met, and a report page with our curves beside the paper's figures. Called by `zizhi eval papers`.
//! Never here: tuning. An assumption that a paper leaves open is named beside the figure it bears on, and a claim that
//! does not hold is reported as not met.

pub mod claim;
pub mod entropy;
mod page;
pub mod routing;

pub use claim::{Claim, Paper};
pub use page::page;

/// Everything computed for both papers.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Seed of the random parts.
    pub seed: u64,
    /// URL path against anycast.
    pub routing: routing::Results,
    /// State entropy and matching.
    pub entropy: entropy::Results,
}

impl Study {
    /// Steps that `new` reports.
    pub const STEPS: u64 = 1 + entropy::Results::STEPS;

    /// Computes both experiments, in some seconds; `step` is called after each of the `STEPS` parts.
    pub fn new(seed: u64, mut step: impl FnMut()) -> Self {
        let routing = routing::Results::new(seed);
        step();
        let entropy = entropy::Results::new(seed, &mut step);
        Self {
            seed,
            routing,
            entropy,
        }
    }

    /// Every claim of both papers.
    pub fn claims(&self) -> Vec<Claim> {
        [
            routing::claims(&self.routing),
            entropy::claims(&self.entropy),
        ]
        .concat()
    }
}

/// Mean; 0 of nothing.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The smallest value that at least this share of sorted values does not pass; 0 of nothing.
fn share_below(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::share_below;

    #[test]
    fn ninety_five_of_a_hundred_do_not_pass_the_ninety_fifth() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert!((share_below(&values, 0.95) - 95.0).abs() < 1e-12);
        assert!((share_below(&values[..1], 0.95) - 1.0).abs() < 1e-12);
        assert!(share_below(&[], 0.95).abs() < 1e-12);
    }
}
