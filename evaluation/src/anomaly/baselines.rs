//! What must be beaten: chance, and a distance from what was normal in training.

use super::fusion::fuse;
use super::metrics::median;
use super::replay::{RowScore, Scorer};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// Median absolute deviation times this is the standard deviation of a normal distribution.
const TO_SIGMA: f64 = 1.4826;
/// A channel that is farther away than so many deviations counts as if it were so far: one must not drown all others.
const MOST: f64 = 20.0;

/// Scores that have nothing to do with the rows; the same for the same name.
#[derive(Debug, Clone)]
pub struct RandomScores {
    chance: ChaCha8Rng,
}

impl RandomScores {
    /// For a series of this name.
    pub fn new(id: &str) -> Self {
        Self {
            chance: ChaCha8Rng::from_seed(Sha256::digest(id.as_bytes()).into()),
        }
    }
}

impl Scorer for RandomScores {
    fn row(&mut self, _at_s: u64, _values: &[f64], scores: &mut Vec<RowScore>) {
        let score = self.chance.random();
        scores.push(RowScore { score, alarm: None });
    }
}

/// Distance from the median of the training rows, in their median absolute deviations, fused over the channels.
///
/// It owes the scores of the training rows until the last of them has come, and learns nothing afterwards.
#[derive(Debug, Clone)]
pub struct FixedRobustZ {
    train_rows: usize,
    /// The training rows, while they come.
    waiting: Vec<Vec<f64>>,
    /// Median and deviation of every channel, once known.
    usual: Vec<(f64, f64)>,
    channels: usize,
    distances: Vec<f64>,
}

impl FixedRobustZ {
    /// For a series with so many channels, of which so many rows (at least one) are for training.
    pub fn new(channels: usize, train_rows: usize) -> Self {
        Self {
            train_rows: train_rows.max(1),
            waiting: vec![],
            usual: vec![],
            channels,
            distances: vec![],
        }
    }

    fn score(&mut self, values: &[f64]) -> RowScore {
        self.distances.clear();
        let distances = values
            .iter()
            .zip(&self.usual)
            .map(|(v, u)| distance(*v, *u));
        self.distances.extend(distances);
        RowScore {
            score: fuse(&mut self.distances),
            alarm: None,
        }
    }
}

impl Scorer for FixedRobustZ {
    fn row(&mut self, _at_s: u64, values: &[f64], scores: &mut Vec<RowScore>) {
        if self.waiting.len() < self.train_rows && self.usual.is_empty() {
            self.waiting.push(values.to_vec());
            if self.waiting.len() == self.train_rows {
                let rows = std::mem::take(&mut self.waiting);
                self.usual = (0..self.channels).map(|c| usual(&rows, c)).collect();
                scores.extend(rows.iter().map(|row| self.score(row)));
            }
            return;
        }
        scores.push(self.score(values));
    }
}

/// Median and deviation of one channel.
fn usual(rows: &[Vec<f64>], channel: usize) -> (f64, f64) {
    let values: Vec<f64> = rows
        .iter()
        .filter_map(|row| row.get(channel).copied())
        .filter(|value| value.is_finite())
        .collect();
    let middle = median(&values);
    let strays: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
    let robust = TO_SIGMA * median(&strays);
    if robust > 0.0 {
        return (middle, robust);
    }
    // More than half are equal: the plain deviation, which is 0 only if all are.
    let squares: f64 = strays.iter().map(|s| s * s).sum();
    (middle, (squares / strays.len() as f64).sqrt())
}

fn distance(value: f64, (middle, deviation): (f64, f64)) -> f64 {
    let stray = (value - middle).abs();
    if stray == 0.0 || !stray.is_finite() {
        return 0.0;
    }
    // A channel that never moved in training: any move is as far as can be.
    (stray / deviation).min(MOST)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "equal means equal to the last digit")]
mod tests {
    use super::*;

    fn scores(scorer: &mut dyn Scorer, rows: &[f64]) -> Vec<f64> {
        let mut said = vec![];
        for row in rows {
            scorer.row(0, &[*row], &mut said);
        }
        said.iter().map(|s| s.score).collect()
    }

    #[test]
    fn the_fixed_score_is_the_distance_from_training_in_deviations() {
        let mut z = FixedRobustZ::new(1, 5);
        assert!(
            scores(&mut z, &[1.0, 2.0, 3.0, 4.0]).is_empty(),
            "still training"
        );
        let seen = scores(&mut z, &[5.0, 3.0 + 2.0 * TO_SIGMA]);
        assert_eq!(seen.len(), 6, "the five training rows, then one a row");
        assert!((seen[0] - 2.0 / TO_SIGMA).abs() < 1e-12 && (seen[5] - 2.0).abs() < 1e-12);
        let after = scores(&mut z, &[3.0, 1e9]);
        assert_eq!(after, [0.0, MOST]);
    }

    #[test]
    fn a_channel_that_never_moved_is_as_far_as_can_be_when_it_does() {
        let mut z = FixedRobustZ::new(1, 3);
        assert_eq!(
            scores(&mut z, &[7.0, 7.0, 7.0, 7.0, 7.1]),
            [0.0, 0.0, 0.0, 0.0, MOST]
        );
    }

    #[test]
    fn chance_is_the_same_for_the_same_name_only() {
        let of = |id: &str| scores(&mut RandomScores::new(id), &[0.0; 8]);
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
    }
}
