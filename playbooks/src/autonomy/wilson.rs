//! How sure is a share that rests on few outcomes?

use serde::Serialize;

/// 95 % of the normal distribution lie within so many deviations.
const Z: f64 = 1.959_964;

/// A share and how sure it is, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// At least, with 95 % confidence.
    pub lower: f64,
    /// As counted; 0.5 where nothing was.
    pub share: f64,
    /// At most.
    pub upper: f64,
}

/// The Wilson score interval (E. B. Wilson, JASA 22, 1927).
pub fn wilson(good: usize, all: usize) -> Interval {
    if all == 0 {
        return Interval {
            lower: 0.0,
            share: 0.5,
            upper: 1.0,
        };
    }
    let n = all as f64;
    let share = good as f64 / n;
    let z2 = Z * Z;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let spread = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Interval {
        lower: (middle - spread).max(0.0),
        share,
        upper: (middle + spread).min(1.0),
    }
}
