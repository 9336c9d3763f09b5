//! How far from their level are values in general? A histogram of the whole population, learnt as it goes.
//!
//! Distances are in spreads, in bins of an eighth of an octave. From them follows, for every bin, the share of samples that
//! were as far or further, and the first bin beyond which so few were that a value there is unusual. Both are worked out
//! anew every [`REFRESH`] samples; a sample costs one bin. Old samples fade: at [`FADE`] all counts are halved.
//!
//! Before there are enough samples to tell a share so small, Chebyshev's inequality stands in: at most 1/k² of any
//! distribution is k standard deviations away.

/// Eighths of an octave from 2^-4 to 2^28 spreads.
const BINS: usize = 256;
/// The float bits of 2^-4, down to three bits of the fraction.
const LOWEST: u32 = 0x3D80_0000 >> SHIFT;
const SHIFT: u32 = 20;
/// Samples from one reckoning to the next.
const REFRESH: u32 = 4096;
/// Samples after which older ones count half.
const FADE: u32 = 1 << 26;

#[derive(Debug)]
pub(super) struct Tail {
    counts: Box<[u32; BINS]>,
    /// Share of samples in this bin or a further one.
    shares: Box<[f32; BINS]>,
    /// The first bin that is unusual; `BINS` if none is.
    unusual: usize,
    total: u32,
    due: u32,
    wanted: f64,
}

impl Tail {
    pub fn new(wanted: f64) -> Self {
        let chebyshev = |bin| (1.0 / lower(bin).powi(2)).min(1.0);
        let shares: Box<[f32; BINS]> = Box::new(std::array::from_fn(chebyshev));
        let unusual = first_below(&shares, wanted);
        Self {
            counts: Box::new([0; BINS]),
            shares,
            unusual,
            total: 0,
            due: REFRESH,
            wanted,
        }
    }

    /// The score of a distance, 0 to 1, if it is unusual.
    pub fn judge(&self, distance: f32) -> Option<f64> {
        let bin = bin(distance);
        let share = self.shares.get(bin).filter(|_| bin >= self.unusual)?;
        Some(1.0 - f64::from(*share))
    }

    pub fn learn(&mut self, distance: f32) {
        if let Some(count) = self.counts.get_mut(bin(distance)) {
            *count += 1;
        }
        self.total += 1;
        self.due -= 1;
        if self.due == 0 {
            self.reckon();
        }
    }

    fn reckon(&mut self) {
        self.due = REFRESH;
        if self.total >= FADE {
            self.counts.iter_mut().for_each(|c| *c /= 2);
            self.total = self.counts.iter().sum();
        }
        if f64::from(self.total) * self.wanted < 1.0 {
            return;
        }
        let mut beyond = 0_u32;
        for (count, share) in self.counts.iter().zip(self.shares.iter_mut()).rev() {
            beyond += count;
            // One more than was seen: what never happened in n samples may be as frequent as 1 in n.
            *share = ((f64::from(beyond) + 1.0) / (f64::from(self.total) + 1.0)) as f32;
        }
        self.unusual = first_below(&self.shares, self.wanted);
    }
}

fn first_below(shares: &[f32; BINS], wanted: f64) -> usize {
    shares.partition_point(|share| f64::from(*share) > wanted)
}

/// The bin of a distance: the upper bits of the float are its logarithm.
fn bin(distance: f32) -> usize {
    let steps = (distance.to_bits() >> SHIFT).saturating_sub(LOWEST);
    (steps as usize).min(BINS - 1)
}

/// The lower edge of a bin.
fn lower(bin: usize) -> f32 {
    if bin == 0 {
        return 0.0;
    }
    f32::from_bits((LOWEST + bin as u32) << SHIFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_eighths_of_an_octave_and_cover_every_distance() {
        assert_eq!(
            (bin(0.0), bin(0.0625), bin(f32::INFINITY)),
            (0, 0, BINS - 1)
        );
        assert_eq!(bin(2.0) - bin(1.0), 8);
        for n in 1..BINS {
            assert_eq!(bin(lower(n)), n);
            assert_eq!(bin(lower(n) * 0.999), n - 1);
        }
    }

    #[test]
    fn without_experience_only_what_no_distribution_allows_is_unusual() {
        let tail = Tail::new(1e-4);
        assert_eq!(tail.judge(90.0), None);
        assert!(tail.judge(110.0).unwrap() >= 0.9999);
    }

    #[test]
    fn with_experience_the_wanted_share_is_unusual() {
        let mut tail = Tail::new(1e-3);
        // Evenly spread distances from 0 to 10.
        (0..100_000).for_each(|n| tail.learn(n as f32 / 10_000.0));
        assert_eq!(tail.judge(9.0), None);
        let score = tail.judge(11.5).unwrap();
        assert!((0.999..1.0).contains(&score), "{score}");
    }
}
