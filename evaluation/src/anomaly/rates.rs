//! Counters become rates.
//!
//! In: rows whose `*_total` channels count up. Out: the same rows with units a second in these channels; not a number in
//! the first row, which has none before it. A counter that falls was either full (it was near the top of 32 or 64
//! bits and is near zero) and counted on, or its device started anew and counted from zero.

/// Tops of counters that count on from zero.
const TOPS: [f64; 2] = [4_294_967_296.0, 18_446_744_073_709_551_616.0];
/// How near to its top, or to zero, a counter is that wrapped: a tenth (our choice: it cannot count faster in a row's time).
const NEAR: f64 = 0.1;

/// Counters of one series.
#[derive(Debug, Clone)]
pub struct Rates {
    counts: Vec<bool>,
    last: Vec<f64>,
    last_at_s: Option<u64>,
    interval_s: f64,
}

impl Rates {
    /// For channels of these names, `interval_s` apart where their time stands still.
    pub fn new<'a>(channels: impl Iterator<Item = &'a str>, interval_s: f64) -> Self {
        let counts: Vec<bool> = channels.map(|name| name.ends_with("_total")).collect();
        Self {
            last: vec![0.0; counts.len()],
            counts,
            last_at_s: None,
            interval_s,
        }
    }

    /// Turns the counters of a row into rates.
    pub fn apply(&mut self, at_s: u64, values: &mut [f64]) {
        let seconds = self.last_at_s.map(|last| match at_s.saturating_sub(last) {
            0 => self.interval_s,
            passed => passed as f64,
        });
        let counters = values.iter_mut().zip(&mut self.last).zip(&self.counts);
        for ((value, last), _) in counters.filter(|(_, counts)| **counts) {
            let counted = counted(*last, *value);
            *last = *value;
            *value = seconds.map_or(f64::NAN, |s| counted / s);
        }
        self.last_at_s = Some(at_s);
    }
}

/// What was counted from one reading to the next.
fn counted(before: f64, now: f64) -> f64 {
    if now >= before {
        return now - before;
    }
    let wrapped =
        |top: &&f64| before <= **top && before > (1.0 - NEAR) * **top && now < NEAR * **top;
    TOPS.iter()
        .find(wrapped)
        .map_or(now, |top| top - before + now)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "equal means equal to the last digit")]
mod tests {
    use super::*;

    fn rates(rows: &[(u64, f64)]) -> Vec<f64> {
        let mut rates = Rates::new(["load", "bytes_total"].into_iter(), 10.0);
        let one = |(at, count): &(u64, f64)| {
            let mut values = [7.0, *count];
            rates.apply(*at, &mut values);
            assert!((values[0] - 7.0).abs() < 1e-12, "no counter, left alone");
            values[1]
        };
        rows.iter().map(one).collect()
    }

    #[test]
    fn a_counter_is_told_by_what_it_added_a_second() {
        let seen = rates(&[(0, 100.0), (10, 150.0), (30, 150.0), (35, 200.0)]);
        assert!(seen[0].is_nan());
        assert_eq!(seen[1..], [5.0, 0.0, 10.0]);
    }

    #[test]
    fn a_full_counter_counts_on_and_a_restarted_one_from_zero() {
        let top = 4_294_967_296.0;
        assert_eq!(rates(&[(0, top - 50.0), (10, 50.0)])[1], 10.0);
        assert_eq!(rates(&[(0, 5_000.0), (10, 50.0)])[1], 5.0);
        // Half-way up it cannot have wrapped.
        assert_eq!(rates(&[(0, top / 2.0), (10, 50.0)])[1], 5.0);
    }

    #[test]
    fn a_clock_that_stands_still_does_not_divide_by_zero() {
        assert_eq!(rates(&[(20, 0.0), (20, 50.0), (5, 60.0)])[1..], [5.0, 1.0]);
    }
}
