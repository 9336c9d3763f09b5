//! What noise does a metric have by its nature, and how small a change is nobody's concern?
//!
//! Values are judged on a bent axis, `ln(1 + value / knee)`: below the knee noise adds, above it noise multiplies,
//! as it does for rates and times. A ratio whose good value is 1 is turned round first, so that high is bad.

use zizhi_types::metric::{Metric, Nature};

/// How the values of a metric are bent, and the least scale they are judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    /// Where noise turns from adding to multiplying, in the metric's unit.
    knee: f64,
    /// Least scale of a value near zero, in the metric's unit. About four of them raise an anomaly.
    floor: f64,
    /// Least scale of a large value, as a share of it.
    share: f64,
    /// Judge `1 - value`.
    turned: bool,
}

impl Shape {
    /// The shape of a metric. All numbers are our choice; the comment says what the floor lets pass.
    pub(super) fn of(metric: Metric) -> Self {
        use Metric as M;
        let (knee, floor, share) = match metric {
            // Shares of capacity: four points at rest, an eighth of a large load.
            M::PortUtilization
            | M::SiteUtilization
            | M::InstanceUtilization
            | M::CellUtilization => (0.05, 0.01, 0.03),
            // Noisy neighbours: seven points of processor time.
            M::InstanceSteal => (0.05, 0.015, 0.1),
            // Damage and drops are mostly exactly zero: four packets in a thousand.
            M::PortDiscard | M::PortError => (0.002, 0.001, 0.1),
            // Refusals and failures are few requests out of some hundred: two in a hundred.
            M::InstanceRejected | M::CellFailure | M::GroupSuccess => (0.01, 0.004, 0.1),
            // Few probes an interval: one lost out of thirty.
            M::PathLoss => (0.02, 0.008, 0.1),
            // Queues are near zero with bursts: two milliseconds.
            M::PortQueue => (1.0, 0.45, 0.1),
            // A median of probes on a fixed path hardly moves: a millisecond, or a tenth.
            M::PathRtt => (1.0, 0.2, 0.02),
            // A mean over an interval, and requests a second: two, or a quarter.
            M::InstanceService | M::GroupRate => (1.0, 0.5, 0.05),
            // A 95th percentile of a hundred requests jumps about: ten milliseconds, or two fifths.
            M::InstanceLatency | M::GroupLatency => (5.0, 2.0, 0.1),
            // Traffic: a quarter.
            M::DemandRate => (0.1, 0.05, 0.05),
            // One change of carrier is maintenance, two in an interval are not.
            M::PortFlaps => (1.0, 0.35, 0.1),
            // A saw: it grows until the policy is computed again.
            M::GatewayPolicyAge => (10.0, 10.0, 0.1),
            // States, settings and context are not judged by a scale.
            _ => (1.0, 1.0, 0.1),
        };
        let turned = metric.nature() == Nature::LowIsBad;
        Self {
            knee,
            floor,
            share,
            turned,
        }
    }

    /// A value on the bent axis; values below zero count as zero.
    pub(super) fn bend(self, value: f64) -> f64 {
        let x = if self.turned { 1.0 - value } else { value };
        (x.max(0.0) / self.knee).ln_1p()
    }

    /// The value at a place on the bent axis.
    pub(super) fn unbend(self, y: f64) -> f64 {
        let x = self.knee * y.max(0.0).exp_m1();
        if self.turned { 1.0 - x } else { x }
    }

    /// The least scale at a place on the bent axis.
    pub(super) fn floor_at(self, y: f64) -> f64 {
        let steepness = self.knee * y.max(0.0).exp();
        (self.floor / steepness).max(self.share * (1.0 - self.knee / steepness))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bending_back_gives_the_value() {
        for metric in Metric::ALL {
            let shape = Shape::of(*metric);
            for value in [0.0, 0.001, 0.4, 1.0] {
                assert!((shape.unbend(shape.bend(value)) - value).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_floor_is_absolute_near_zero_and_relative_far_above() {
        let shape = Shape::of(Metric::PathRtt);
        assert!((shape.floor_at(shape.bend(0.0)) - 0.2).abs() < 1e-9);
        assert!((shape.floor_at(shape.bend(99.0)) - 0.02 * 0.99).abs() < 1e-9);
    }

    #[test]
    fn less_success_bends_upwards() {
        let shape = Shape::of(Metric::GroupSuccess);
        assert!(shape.bend(0.9) > shape.bend(1.0));
    }
}
