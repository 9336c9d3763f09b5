//! How near are predictions to events, compared with chance? (Huet et al., KDD 2022, on the grid of rows.)
//!
//! Every row belongs to the nearest event; these zones are judged one by one. A prediction earns the share of rows in
//! its zone that are at least as far from the event; an event's row earns the share of rows that are at least as far
//! from it as the nearest prediction.

use super::{f1, grid, stretches};
use std::ops::Range;

/// An event and the rows that are nearer to it than to any other.
struct Zone {
    event: Range<usize>,
    rows: Range<usize>,
}

/// Affiliation F1 at the best of 100 thresholds. 0 to 1.
pub fn aff_f1_best(label: &[bool], score: &[f64]) -> f64 {
    let zones = zones(label);
    let at = |threshold: f64| {
        let predicted: Vec<usize> = (0..score.len())
            .filter(|row| score.get(*row).is_some_and(|s| *s > threshold))
            .collect();
        if predicted.is_empty() {
            0.0
        } else {
            judged(&zones, &predicted)
        }
    };
    grid(score).map(at).fold(0.0, f64::max)
}

fn zones(label: &[bool]) -> Vec<Zone> {
    let events = stretches(label.iter().copied());
    let mut start = 0;
    let mut found = vec![];
    for (i, event) in events.iter().enumerate() {
        // The middle between this event's last row and the next one's first, rounded up.
        let end = events
            .get(i + 1)
            .map_or(label.len(), |next| usize::midpoint(event.end, next.start));
        found.push(Zone {
            event: event.clone(),
            rows: start..end,
        });
        start = end;
    }
    found
}

fn judged(zones: &[Zone], predicted: &[usize]) -> f64 {
    let mut precisions = vec![];
    let mut recall = 0.0;
    for zone in zones {
        let from = predicted.partition_point(|row| *row < zone.rows.start);
        let to = predicted.partition_point(|row| *row < zone.rows.end);
        let Some(inside) = predicted.get(from..to).filter(|i| !i.is_empty()) else {
            continue;
        };
        precisions
            .push(inside.iter().map(|row| zone.worth(*row)).sum::<f64>() / inside.len() as f64);
        recall += zone.found(inside);
    }
    let precision = precisions.iter().sum::<f64>() / precisions.len() as f64;
    f1(precision, recall / zones.len() as f64)
}

impl Zone {
    /// Share of the zone's rows that are at least as far from the event as `row`.
    fn worth(&self, row: usize) -> f64 {
        let before = self.event.start.saturating_sub(row);
        let after = (row + 1).saturating_sub(self.event.end);
        let distance = before.max(after);
        if distance == 0 {
            return 1.0;
        }
        let left = self.event.start - self.rows.start;
        let right = self.rows.end - self.event.end;
        let nearer = self.event.len() + left.min(distance - 1) + right.min(distance - 1);
        1.0 - nearer as f64 / self.rows.len() as f64
    }

    /// Mean over the event's rows of the share of rows at least as far away as the nearest of `inside`, which is not empty.
    fn found(&self, inside: &[usize]) -> f64 {
        let mut next = 0;
        let mut total = 0.0;
        for row in self.event.clone() {
            while inside.get(next).is_some_and(|p| *p < row) {
                next += 1;
            }
            let after = inside.get(next).map_or(usize::MAX, |p| p - row);
            let before = next
                .checked_sub(1)
                .and_then(|i| inside.get(i))
                .map_or(usize::MAX, |p| row - p);
            total += self.farther(row, before.min(after));
        }
        total / self.event.len() as f64
    }

    /// Share of the zone's rows that are at least `distance` rows from `row`.
    fn farther(&self, row: usize, distance: usize) -> f64 {
        if distance == 0 {
            return 1.0;
        }
        let left = (row + 1 - self.rows.start).saturating_sub(distance);
        let right = (self.rows.end - row).saturating_sub(distance);
        (left + right) as f64 / self.rows.len() as f64
    }
}
