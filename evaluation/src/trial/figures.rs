//! Shares with their uncertainty, and differences between policies on the same trials.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// A share of cases, with its 95 % interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Rate {
    /// Cases with the property.
    pub hits: usize,
    /// Cases.
    pub of: usize,
    /// The share; none of no cases.
    pub share: Option<f64>,
    /// Lower end of the 95 % interval (Wilson, 1927).
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

impl Rate {
    /// `hits` out of `of`.
    pub fn new(hits: usize, of: usize) -> Self {
        if of == 0 {
            return Self::default();
        }
        let (n, p) = (of as f64, hits as f64 / of as f64);
        let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        Self {
            hits,
            of,
            share: Some(p),
            low: Some((centre - half).max(0.0)),
            high: Some((centre + half).min(1.0)),
        }
    }

    /// The share of cases with the property.
    pub fn over<T>(cases: impl IntoIterator<Item = T>, has: impl Fn(&T) -> bool) -> Self {
        let (mut hits, mut of) = (0, 0);
        for case in cases {
            of += 1;
            hits += usize::from(has(&case));
        }
        Self::new(hits, of)
    }
}

/// The mean; none of nothing.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0_usize);
    for value in values {
        sum += value;
        n += 1;
    }
    (n > 0).then(|| sum / n as f64)
}

/// A mean difference over pairs, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gap {
    /// Pairs.
    pub pairs: usize,
    /// Mean of the differences.
    pub mean: f64,
    /// Lower end of the 95 % bootstrap interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Resamples of the bootstrap. Our choice: the interval's ends move by less than a tenth of its width with the seed.
const RESAMPLES: usize = 2_000;

impl Gap {
    /// The gap over differences, one for each pair; none without pairs. The bootstrap (Efron, 1979) is seeded.
    pub fn over(differences: &[f64]) -> Option<Self> {
        let mean_all = mean(differences.iter().copied())?;
        let mut rng = ChaCha8Rng::seed_from_u64(differences.len() as u64);
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let draw = |_| differences[rng.random_range(0..differences.len())];
                (0..differences.len()).map(draw).sum::<f64>() / differences.len() as f64
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let at = |share: f64| means[((RESAMPLES as f64 * share) as usize).min(RESAMPLES - 1)];
        Some(Self {
            pairs: differences.len(),
            mean: mean_all,
            low: at(0.025),
            high: at(0.975),
        })
    }

    /// Whether chance alone does not explain it at 95 %.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values worked out by hand from Wilson's formula for 9 of 10.
    #[test]
    fn the_interval_is_wilsons() {
        let rate = Rate::new(9, 10);
        assert!((rate.low.unwrap() - 0.595_849_9).abs() < 1e-6, "{rate:?}");
        assert!((rate.high.unwrap() - 0.982_124_1).abs() < 1e-6, "{rate:?}");
        assert_eq!(Rate::new(0, 0).share, None);
    }

    #[test]
    fn equal_policies_have_no_gap_and_a_constant_one_is_clear() {
        let none = Gap::over(&[0.0; 30]).unwrap();
        assert!(!none.is_clear() && none.mean == 0.0);
        let one: Vec<f64> = (0..60)
            .map(|n| if n % 3 == 0 { 0.0 } else { 1.0 })
            .collect();
        assert!(Gap::over(&one).unwrap().is_clear());
        assert_eq!(Gap::over(&[]), None);
    }

    #[test]
    fn a_gap_of_pure_chance_is_not_clear() {
        let coin: Vec<f64> = (0..50)
            .map(|n| if n % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        assert!(!Gap::over(&coin).unwrap().is_clear());
    }
}
