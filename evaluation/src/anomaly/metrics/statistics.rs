//! Medians, quantiles, spreads and even steps, defined as the field's usual tools define them.

/// The middle value, or the mean of the two in the middle; not a number if there is none.
pub fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    let value = |i: usize| sorted.get(i).copied().unwrap_or(f64::NAN);
    if sorted.len() % 2 == 1 {
        value(middle)
    } else {
        f64::midpoint(value(middle.wrapping_sub(1)), value(middle))
    }
}

/// The values in rising order.
pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The value below which the share `q` of sorted values lies; between two values, on the line from one to the other
/// (Hyndman and Fan, The American Statistician 50(4), 1996, definition 7).
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = (q * last as f64).clamp(0.0, last as f64);
    let below = place.floor();
    let part = place - below;
    let value = |i: usize| sorted.get(i.min(last)).copied().unwrap_or(f64::NAN);
    let (a, b) = (value(below as usize), value(below as usize + 1));
    // From the nearer end, so that a quantile that falls on a value is that value.
    if part < 0.5 {
        a + (b - a) * part
    } else {
        b - (b - a) * (1.0 - part)
    }
}

/// The arithmetic mean; not a number if there are no values.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of all values (not of a sample of them).
pub(super) fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|v| (v - middle).powi(2)).sum();
    (squares / values.len() as f64).sqrt()
}

/// `count` numbers in even steps, both ends included.
pub(super) fn evenly(from: f64, to: f64, count: usize) -> impl Iterator<Item = f64> {
    let steps = count.saturating_sub(1).max(1);
    let step = (to - from) / steps as f64;
    (0..count).map(move |i| {
        if i == steps {
            to
        } else {
            i as f64 * step + from
        }
    })
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "equal means equal to the last digit")]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_on_a_value_is_that_value() {
        let values = [0.1, 0.7, 0.7, 0.9];
        assert_eq!(
            [0.0, 1.0 / 3.0, 1.0].map(|q| quantile(&values, q)),
            [0.1, 0.7, 0.9]
        );
        assert!((quantile(&values, 0.5) - 0.7).abs() < 1e-15);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn even_steps_include_both_ends() {
        let steps: Vec<f64> = evenly(1.0, 2.0, 5).collect();
        assert_eq!(steps, [1.0, 1.25, 1.5, 1.75, 2.0]);
    }
}
