//! What will be read, given what is read now?
//!
//! The model is simpler than the network, so it is off already today. What it is off by is not held against the plan:
//! a prediction is today's measured value, moved by what the model says the plan changes.

use crate::branch::Branch;
use crate::predict::{Model, Prediction};
use zizhi_types::metric::Metric;

/// A measured value, moved from what the model says of today to what it says of the branch.
///
/// Where the model sees no change there is none. A rise is added. A fall is taken as a share, so that what the plan
/// cures goes away whole however large it was.
pub(crate) fn anchored(measured: f64, today: f64, then: f64) -> f64 {
    if !then.is_finite() {
        // The metric has no value then, for example the delay of a path that is cut.
        return if today.is_finite() {
            f64::NAN
        } else {
            measured
        };
    }
    if !measured.is_finite() || !today.is_finite() {
        return then;
    }
    if (then - today).abs() <= 1e-9 * today.abs().max(1e-3) {
        measured
    } else if then < today {
        measured * then.max(0.0) / today
    } else {
        measured + then - today
    }
}

/// The prediction for a branch, anchored in the present that it was forked from.
pub(crate) fn predict(
    present: &Branch,
    today: &Model,
    branch: &Branch,
    then: &Model,
) -> Prediction {
    let mut prediction = branch.prediction(then);
    for output in &then.outputs {
        if branch.renewed.contains(&output.slot) {
            continue;
        }
        let read = |values: &[f64]| values.get(output.index).copied().unwrap_or(f64::NAN);
        let (measured, today) = (read(&present.values), read(&today.values));
        let value = turn(output.metric, anchored, measured, today, read(&then.values));
        if let Some(place) = prediction.values.get_mut(output.index) {
            *place = if output.metric.unit() == "1" {
                value.clamp(0.0, 1.0)
            } else {
                value
            };
        }
    }
    prediction
}

/// Success is moved by its failures: halving one failure in a hundred is a change, half a success is not.
fn turn(
    metric: Metric,
    moved: impl Fn(f64, f64, f64) -> f64,
    measured: f64,
    today: f64,
    then: f64,
) -> f64 {
    if metric == Metric::GroupSuccess {
        1.0 - moved(1.0 - measured, 1.0 - today, 1.0 - then)
    } else {
        moved(measured, today, then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_model_sees_no_change_the_measurement_stands() {
        assert_eq!(anchored(0.37, 0.3, 0.3).to_bits(), 0.37_f64.to_bits());
    }

    #[test]
    fn a_rise_is_added_and_a_cure_is_whole() {
        assert!((anchored(0.5, 0.4, 0.6) - 0.7).abs() < 1e-12);
        assert!(anchored(0.08, 0.05, 0.0).abs() < 1e-12);
        assert!((anchored(300.0, 200.0, 60.0) - 90.0).abs() < 1e-9);
    }

    #[test]
    fn what_was_never_measured_is_the_models_word() {
        assert!((anchored(f64::NAN, 0.4, 0.6) - 0.6).abs() < 1e-12);
    }
}
