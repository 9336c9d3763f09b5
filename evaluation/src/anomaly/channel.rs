//! The product's detector on a channel of which nothing is known but its numbers.
//!
//! The agents' [`Detector`] knows for every metric its unit and which direction is bad. A public data set says neither.
//! So a channel is measured in its own usual size (the median of its first values that are not zero), judged like an
//! offered load (the plainest of the metrics: no unit of its own, no upper end), and watched in both directions by two
//! detectors: one sees the value, the other its reciprocal, the mirror image on the detector's logarithmic axis.
//! Values below zero count as zero, as they do in the detector.

use zizhi_models::{Assessment, Detector, DetectorConfig};
use zizhi_types::metric::Metric;
use zizhi_types::time::NetTime;

/// What an unknown channel is judged as.
const METRIC: Metric = Metric::DemandRate;
/// A fall below this share of the usual size is as deep as a fall can be.
const LEAST: f64 = 0.01;
/// The score of the detector ends here: one more digit cannot be held by 1 - share. In natural logarithms of 1 in so many.
const MOST_SURPRISE: f64 = 36.0;

/// What a channel says about one value.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Seen {
    /// Minus the natural logarithm of the share of healthy values at least as unusual, 0 to 36.
    pub surprise: f64,
    /// The detector's own thresholds say that an anomaly lasts.
    pub anomalous: bool,
}

/// The state of one channel.
#[derive(Debug, Clone)]
pub struct Channel {
    rise: Detector,
    fall: Detector,
    /// The usual size, once known.
    size: Option<f64>,
    /// The first values, until it is.
    first: Vec<(NetTime, f64)>,
    patience: usize,
}

impl Channel {
    /// A channel that has seen nothing.
    pub fn new(config: DetectorConfig) -> Self {
        Self {
            rise: Detector::new(config),
            fall: Detector::new(config),
            size: None,
            first: vec![],
            // The detector says nothing about as many samples anyway.
            patience: config.cold_samples.clamp(1, 1000) as usize,
        }
    }

    /// Takes one value. One that is no number teaches nothing.
    pub fn observe(&mut self, at: NetTime, value: f64) -> Seen {
        if !value.is_finite() {
            return Seen::default();
        }
        if let Some(size) = self.size {
            return self.judge(at, value / size);
        }
        self.first.push((at, value));
        if self.first.len() < self.patience {
            return Seen::default();
        }
        self.begin()
    }

    /// Shows the detectors the values that were kept, in the unit now known. While all are zero, any unit will do.
    fn begin(&mut self) -> Seen {
        let mut sizes: Vec<f64> = self.first.iter().map(|(_, v)| v.abs()).collect();
        sizes.retain(|size| *size > 0.0);
        if sizes.is_empty() {
            let kept = std::mem::take(&mut self.first);
            return self.judge_all(&kept, 1.0);
        }
        let size = super::metrics::median(&sizes);
        self.size = Some(size);
        let kept = std::mem::take(&mut self.first);
        self.judge_all(&kept, size)
    }

    /// Answers what is said about the last of them.
    fn judge_all(&mut self, kept: &[(NetTime, f64)], size: f64) -> Seen {
        self.patience = 1;
        kept.iter().fold(Seen::default(), |_, (at, value)| {
            self.judge(*at, value / size)
        })
    }

    fn judge(&mut self, at: NetTime, value: f64) -> Seen {
        let mirrored = 1.0 / value.max(LEAST);
        let rise = self.rise.observe(METRIC, value, at, None);
        let fall = self.fall.observe(METRIC, mirrored, at, None);
        Seen {
            surprise: surprise(&rise).max(surprise(&fall)),
            anomalous: rise.anomalous || fall.anomalous,
        }
    }
}

fn surprise(seen: &Assessment) -> f64 {
    -(1.0 - seen.score).max((-MOST_SURPRISE).exp()).ln()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "equal means equal to the last digit")]
mod tests {
    use super::*;

    fn after_settling(level: f64) -> Channel {
        let mut channel = Channel::new(DetectorConfig::default());
        for n in 0..500_u64 {
            let value = level * (1.0 + 0.05 * ((n * 7 % 11) as f64 - 5.0) / 5.0);
            let seen = channel.observe(NetTime::from_secs(n * 10), value);
            assert!(!seen.anomalous, "{n}: {seen:?}");
        }
        channel
    }

    #[test]
    fn rises_and_falls_surprise_whatever_the_unit() {
        for level in [1e-6, 1.0, 1e12] {
            for factor in [3.0, 0.2] {
                let mut channel = after_settling(level);
                let seen = [500_u64, 501]
                    .map(|n| channel.observe(NetTime::from_secs(n * 10), level * factor));
                assert!(seen[1].anomalous, "{level} times {factor}: {seen:?}");
                assert!(seen[1].surprise > 10.0);
            }
        }
    }

    #[test]
    fn the_first_sign_of_life_of_a_dead_channel_surprises() {
        let mut channel = Channel::new(DetectorConfig::default());
        for n in 0..100 {
            let seen = channel.observe(NetTime::from_secs(n * 10), 0.0);
            assert!(!seen.anomalous && seen.surprise < 5.0, "{n}: {seen:?}");
        }
        let seen = channel.observe(NetTime::from_secs(1000), 8e9);
        assert!(seen.surprise > 20.0, "{seen:?}");
    }

    #[test]
    fn what_is_no_number_or_negative_harms_nothing() {
        let mut channel = after_settling(5.0);
        assert_eq!(
            channel.observe(NetTime::from_secs(5000), f64::NAN),
            Seen::default()
        );
        assert!(
            channel
                .observe(NetTime::from_secs(5010), -3.0)
                .surprise
                .is_finite()
        );
        assert!(
            channel
                .observe(NetTime::from_secs(5020), f64::MAX)
                .surprise
                .is_finite()
        );
    }
}
