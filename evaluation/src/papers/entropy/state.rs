//! How mixed is the use of a node? Entropy in bits of its utilisation over four bins (eq. 3, table 1) and of a fleet (eq. 4).

/// Entropy of a node in training, to which the paper wants to bring the others (table 1, row B, as printed).
pub const BALANCE: f64 = 0.469;

/// Table 1: name, shares of [80,100], [60,80), [30,60), [0,30), and the entropy as printed.
pub const TABLE_1: [(&str, [f64; 4], f64); 4] = [
    ("A", [0.2, 0.7, 0.1, 0.0], 1.1568),
    ("B", [0.9, 0.0, 0.1, 0.0], 0.469),
    ("C", [0.5, 0.0, 0.5, 0.0], 1.0),
    ("D", [0.0, 0.0, 0.0, 1.0], 0.0),
];

/// Lower edges in percent of all bins but the first.
const EDGES: [f64; 3] = [30.0, 60.0, 80.0];

/// Entropy in bits of shares that add up to 1, after eq. 3. A share of nothing (or less) adds nothing. Never -0.
pub fn entropy(shares: &[f64]) -> f64 {
    let used = shares.iter().filter(|p| **p > 0.0);
    let bits: f64 = used.map(|p| -p * p.log2()).sum();
    bits.max(0.0)
}

/// Bin of a utilisation in percent: [0,30), [30,60), [60,80), [80,100]. The paper's bins share their edges; here an edge
/// belongs to the bin above it. `None` outside of 0 to 100.
pub fn bin_of(percent: f64) -> Option<usize> {
    (0.0..=100.0)
        .contains(&percent)
        .then(|| EDGES.iter().filter(|edge| percent >= **edge).count())
}

/// Hours in each bin, idle first. Hours that are no utilisation (not a number, outside of 0 to 100) count nowhere.
///
/// Eq. 3 sums over 24 hours, table 1 over four bins whose shares are no multiples of 1/24; the histogram of the last 24
/// hourly means over the four bins serves both.
pub fn hourly_counts(percent: &[f64]) -> [u32; 4] {
    let mut counts = [0; 4];
    for bin in percent.iter().filter_map(|p| bin_of(*p)) {
        counts[bin] += 1;
    }
    counts
}

/// Entropy in bits of counts; 0 without any.
pub fn of_counts(counts: &[u32]) -> f64 {
    let total: u32 = counts.iter().sum();
    let shares: Vec<f64> = counts
        .iter()
        .map(|n| f64::from(*n) / f64::from(total.max(1)))
        .collect();
    entropy(&shares)
}

/// Eq. 4, first reading: the nodes' entropies, divided by their sum, taken as shares. 0 if all are 0.
pub fn normalised_entropy(entropies: &[f64]) -> f64 {
    let sum: f64 = entropies.iter().sum();
    if sum <= 0.0 {
        return 0.0;
    }
    let shares: Vec<f64> = entropies.iter().map(|h| h / sum).collect();
    entropy(&shares)
}

/// Eq. 4, second reading, canonical: how often each entropy occurs in the fleet, taken as shares. Entropies that agree to
/// four decimals, as table 1 prints them, are one value.
pub fn by_value(entropies: &[f64]) -> f64 {
    let mut values: Vec<i64> = entropies.iter().map(|h| (h * 1e4).round() as i64).collect();
    values.sort_unstable();
    let counts: Vec<u32> = values
        .chunk_by(|a, b| a == b)
        .map(|same| same.len() as u32)
        .collect();
    of_counts(&counts)
}

/// Mean distance of the fleet from the balance entropy, in bits: what a dashboard can act on. 0 without nodes.
pub fn mean_distance_to_balance(entropies: &[f64]) -> f64 {
    let sum: f64 = entropies.iter().map(|h| (h - BALANCE).abs()).sum();
    sum / entropies.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_1_comes_out_as_printed() {
        for (name, shares, printed) in TABLE_1 {
            assert!(
                (entropy(&shares) - printed).abs() < 5e-5,
                "{name}: {}",
                entropy(&shares)
            );
        }
    }

    #[test]
    fn certainty_is_plain_zero_and_four_equal_bins_are_the_most() {
        assert!(entropy(&[0.0, 1.0]).is_sign_positive());
        assert!((entropy(&[0.25; 4]) - 2.0).abs() < 1e-12);
        assert!(of_counts(&[]).abs() < 1e-12 && normalised_entropy(&[0.0, 0.0]).abs() < 1e-12);
    }

    #[test]
    fn an_edge_belongs_to_the_bin_above_and_nonsense_to_none() {
        let bins = [0.0, 29.999, 30.0, 60.0, 80.0, 100.0].map(bin_of);
        assert_eq!(bins, [Some(0), Some(0), Some(1), Some(2), Some(3), Some(3)]);
        assert_eq!([-0.1, 100.1, f64::NAN].map(bin_of), [None; 3]);
        assert_eq!(hourly_counts(&[f64::NAN, 50.0]), [0, 1, 0, 0]);
    }
}
