//! How well do stretches above a threshold cover the anomalous stretches? (Tatbul et al., Advances in Neural Information
//! Processing Systems 31, 2018.)
//!
//! Recall of a stretch: a fifth for being touched at all, the rest for the share covered, divided by how many pieces
//! cover it. Precision the same without the fifth. No row of a stretch counts more than another.

use super::{f1, grid, stretches};
use std::ops::Range;

/// Weight of being touched at all, for recall.
const TOUCHED: f64 = 0.2;

/// Range-based F1 at the best of 100 thresholds. 0 to 1.
pub fn rf1_best(label: &[bool], score: &[f64]) -> f64 {
    let events = stretches(label.iter().copied());
    grid(score)
        .map(|threshold| stretches(score.iter().map(|s| *s > threshold)))
        .filter(|predicted| !predicted.is_empty())
        .map(|predicted| {
            f1(
                covered(&predicted, &events, 0.0),
                covered(&events, &predicted, TOUCHED),
            )
        })
        .fold(0.0, f64::max)
}

/// Mean reward of `stretches` for being covered by `pieces`; both in time order. 0 to 1.
fn covered(stretches: &[Range<usize>], pieces: &[Range<usize>], touched: f64) -> f64 {
    let reward = |stretch: &Range<usize>| {
        let first = pieces.partition_point(|p| p.end <= stretch.start);
        let over = pieces
            .iter()
            .skip(first)
            .take_while(|p| p.start < stretch.end);
        let (mut rows, mut count) = (0, 0);
        for piece in over {
            rows += piece.end.min(stretch.end) - piece.start.max(stretch.start);
            count += 1;
        }
        if count == 0 {
            return 0.0;
        }
        let share = rows as f64 / stretch.len() as f64;
        touched + (1.0 - touched) * share / f64::from(count)
    };
    if stretches.is_empty() {
        return 0.0;
    }
    stretches.iter().map(reward).sum::<f64>() / stretches.len() as f64
}
