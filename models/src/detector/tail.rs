//! How many healthy samples are more unusual than this one?
//!
//! In: distances from the expected value in scales, bad side up. Out: a share, 0 to 1. Small distances are ranked among
//! the series' own past (a fading histogram, in the manner of conformal prediction). Far ones, of which no past has
//! enough, get a weighted geometric mean of two tails: the normal one, and an exponential one fitted to the series' own
//! excesses. The first keeps quiet series sharp, the second keeps bursty series quiet.

/// Where the histogram begins, in scales.
const LOW: f64 = -2.0;
/// Where the tail begins, in scales.
const HIGH: f64 = 1.5;
/// Width of a bin, in scales.
const WIDTH: f64 = 0.25;
const BINS: usize = ((HIGH - LOW) / WIDTH) as usize;
/// Samples that the histogram remembers (about six hours at one every 10 s; our choice).
const MEMORY: f32 = 2000.0;
/// Excesses that the tail remembers (our choice: a tenth of uncertainty).
const TAIL_MEMORY: f64 = 200.0;
/// Share of a normal distribution above [`HIGH`], and its mean excess there.
const NORMAL_ABOVE: f64 = 0.066_807;
const NORMAL_EXCESS: f64 = 0.4388;
/// A mean excess this much above the normal one may be chance; `HEAVY` more, and only the own tail counts (our choice).
const TAIL_SLACK: f64 = 0.0;
const HEAVY: f64 = 0.35;
/// One sample teaches at most this excess: a fault's first sample must not blunt the tail.
const EXCESS_MOST: f64 = 6.0;
/// Weight of the normal distribution before anything was seen, in samples.
const PRIOR: f32 = 100.0;

/// The series' own distances.
#[derive(Debug, Clone)]
pub(super) struct Tail {
    bins: [f32; BINS],
    below: f32,
    above: f32,
    excess: f64,
}

impl Tail {
    /// A normal distribution until samples say otherwise.
    pub(super) fn new() -> Self {
        let mut bins = [0.0; BINS];
        for (i, bin) in bins.iter_mut().enumerate() {
            let from = LOW + WIDTH * i as f64;
            *bin = PRIOR * (normal_above(from) - normal_above(from + WIDTH)) as f32;
        }
        Self {
            bins,
            below: PRIOR * (1.0 - normal_above(LOW)) as f32,
            above: PRIOR * NORMAL_ABOVE as f32,
            excess: NORMAL_EXCESS,
        }
    }

    /// Takes a healthy distance.
    pub(super) fn learn(&mut self, z: f64) {
        let total = self.below + self.bins.iter().sum::<f32>() + self.above;
        if total > MEMORY {
            let fade = 1.0 - 1.0 / MEMORY;
            self.bins.iter_mut().for_each(|b| *b *= fade);
            self.below *= fade;
            self.above *= fade;
        }
        if z >= HIGH {
            self.above += 1.0;
            let excess = (z - HIGH).min(EXCESS_MOST);
            self.excess += (excess - self.excess) / TAIL_MEMORY;
        } else if let Some(bin) = place(z).and_then(|i| self.bins.get_mut(i)) {
            *bin += 1.0;
        } else {
            self.below += 1.0;
        }
    }

    /// Weight of the series' own tail: one half, and more the heavier it is than a normal one.
    fn trust(&self) -> f64 {
        let heavier = self.excess / NORMAL_EXCESS - 1.0;
        0.5 + 0.5 * ((heavier - TAIL_SLACK) / HEAVY).clamp(0.0, 1.0)
    }

    /// Share of healthy samples at least as unusual as `z`.
    pub(super) fn share_above(&self, z: f64) -> f64 {
        let inside: f32 = self.bins.iter().sum();
        let total = f64::from(self.below + inside + self.above);
        let beyond = f64::from(self.above) / total;
        if z >= HIGH {
            let own = beyond * (-(z - HIGH) / self.excess).exp();
            let trust = self.trust();
            return own.powf(trust) * normal_above(z).powf(1.0 - trust);
        }
        // The two meet where the tail begins.
        let trust = self.trust();
        let joint = beyond.powf(trust) * NORMAL_ABOVE.powf(1.0 - trust);
        let Some(i) = place(z) else { return 1.0 };
        let higher: f32 = self.bins.iter().skip(i + 1).sum();
        let part = 1.0 - ((z - LOW) / WIDTH - i as f64);
        let here = self.bins.get(i).copied().unwrap_or(0.0);
        joint + (f64::from(higher) + part * f64::from(here)) / total
    }
}

fn place(z: f64) -> Option<usize> {
    (z >= LOW).then_some(((z - LOW) / WIDTH) as usize)
}

/// Share of a normal distribution above `z` (Borjesson and Sundberg, IEEE Trans. Commun. 27(3), 1979; within 1 %).
fn normal_above(z: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    if z < 0.0 {
        return 1.0 - normal_above(-z);
    }
    let density = (-0.5 * z * z).exp() / TAU.sqrt();
    density / ((1.0 - 1.0 / PI) * z + (z * z + TAU).sqrt() / PI)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_tail_has_its_textbook_values() {
        for (z, share) in [
            (0.0, 0.5),
            (1.5, 0.066_807),
            (3.0, 1.349_9e-3),
            (5.0, 2.866_5e-7),
        ] {
            let relative = (normal_above(z) - share).abs() / share;
            assert!(relative < 1e-2, "{z}: {relative}");
        }
    }

    #[test]
    fn more_unusual_never_scores_less() {
        let mut tail = Tail::new();
        for i in 0..5000 {
            tail.learn(f64::from(i % 40) / 10.0 - 2.0);
        }
        let shares: Vec<f64> = (0..160)
            .map(|i| tail.share_above(-4.0 + f64::from(i) * 0.1))
            .collect();
        assert!(shares.windows(2).all(|w| w[1] <= w[0] + 1e-12));
    }

    #[test]
    fn a_bursty_past_makes_a_burst_less_unusual() {
        let (mut quiet, mut bursty) = (Tail::new(), Tail::new());
        for i in 0..5000 {
            quiet.learn(f64::from(i % 3) - 1.0);
            bursty.learn(if i % 50 == 0 { 6.0 } else { 0.0 });
        }
        assert!(bursty.share_above(5.0) > 10.0 * quiet.share_above(5.0));
    }
}
