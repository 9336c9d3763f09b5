//! Means, percentiles and intervals.

/// The mean; `None` of nothing.
pub fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0_u32, 0.0), |(n, sum), v| (n + 1, sum + v));
    (n > 0).then(|| sum / f64::from(n))
}

/// Mean, median and 95th percentile.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// The spread of values; `None` of nothing.
pub fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    Some(Spread {
        mean: mean(values.iter().copied())?,
        p50: percentile(&values, 0.50)?,
        p95: percentile(&values, 0.95)?,
    })
}

/// The percentile at `part` (0 to 1) of sorted values, linear between neighbours.
fn percentile(sorted: &[f64], part: f64) -> Option<f64> {
    let at = part * sorted.len().checked_sub(1)? as f64;
    let low = *sorted.get(at.floor() as usize)?;
    let high = *sorted.get(at.ceil() as usize)?;
    Some(low + (high - low) * at.fract())
}

/// The standard normal's two-sided 95 % point, rounded as the reference figures round it.
const Z95: f64 = 1.96;

/// Wilson's 95 % score interval of a share seen in `n` cases, low and high; 0 to 1 of none. Wilson, JASA 1927.
pub fn wilson(share: f64, n: usize) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let n = n as f64;
    let z2 = Z95 * Z95;
    let center = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let variance = share * (1.0 - share) / n + z2 / (4.0 * n * n);
    let half = Z95 / (1.0 + z2 / n) * variance.max(0.0).sqrt();
    ((center - half).max(0.0), (center + half).min(1.0))
}
