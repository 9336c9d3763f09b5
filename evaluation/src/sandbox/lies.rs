//! Meters that lie: what is said differs from what is true, for a while. The truth is not touched.

use super::readings::Reading;
use super::scene::{Lie, LieSpec, SceneError};
use super::world::{SECOND_US, World};
use zizhi_types::{ManagedObject, Metric};

/// A lie under way.
#[derive(Debug, Clone)]
pub(crate) struct ActiveLie {
    object: ManagedObject,
    metric: Metric,
    says: Lie,
    until_us: u64,
    /// What a frozen meter says.
    last: Option<f64>,
}

impl World {
    /// Makes a meter lie from now on, for its time.
    pub fn lie(&mut self, spec: &LieSpec) -> Result<(), SceneError> {
        self.index_among(&spec.object)?;
        check_meter(spec)?;
        check_words(spec)?;
        let told = self.history.back().and_then(|readings| {
            let same = |r: &&Reading| r.metric == spec.metric && r.object == spec.object;
            readings.iter().find(same).map(|r| r.value)
        });
        self.lies.push(ActiveLie {
            object: spec.object.clone(),
            metric: spec.metric,
            says: spec.says,
            until_us: self.now_us + spec.lasts_s * SECOND_US,
            last: told,
        });
        Ok(())
    }

    /// What the meter says instead of `value`; `None`: nothing. The latest lie about a meter counts.
    pub(crate) fn told(&mut self, reading: &Reading, value: f64) -> Option<f64> {
        let now_us = self.now_us;
        // An interval that ends with the lie is still part of it.
        let lie = self.lies.iter_mut().rfind(|l| {
            now_us <= l.until_us && l.metric == reading.metric && l.object == reading.object
        });
        match lie {
            None => Some(value),
            Some(lie) => match lie.says {
                Lie::Frozen => Some(*lie.last.get_or_insert(value)),
                Lie::Value(said) => Some(said),
                Lie::Times(times) => Some(value * times),
                Lie::Mute => None,
            },
        }
    }
}

fn check_meter(spec: &LieSpec) -> Result<(), SceneError> {
    if spec.metric.object_kind() == spec.object.kind() {
        return Ok(());
    }
    let own: Vec<&str> = Metric::ALL
        .iter()
        .filter(|m| m.object_kind() == spec.object.kind())
        .map(|m| m.as_str())
        .collect();
    let known = if own.is_empty() {
        format!(
            "a {} is not measured: name an end or a part of it",
            spec.object.kind().as_str()
        )
    } else {
        format!("it has {}", own.join(", "))
    };
    Err(SceneError::WrongMetric {
        object: spec.object.clone(),
        metric: spec.metric.as_str(),
        known,
    })
}

fn check_words(spec: &LieSpec) -> Result<(), SceneError> {
    let (what, value, low) = match spec.says {
        Lie::Value(value) => ("value", value, -1e12),
        Lie::Times(value) => ("times", value, 0.0),
        Lie::Frozen | Lie::Mute => ("lasts_s", spec.lasts_s as f64, 0.0),
    };
    if (low..=1e12).contains(&value) && spec.lasts_s <= super::SCENE_LIMIT_S {
        return Ok(());
    }
    let limit = super::SCENE_LIMIT_S;
    let (what, value, low, high) = if spec.lasts_s > limit {
        ("lasts_s", spec.lasts_s as f64, 0.0, limit as f64)
    } else {
        (what, value, low, 1e12)
    };
    Err(SceneError::OutOfRange {
        what: format!(
            "{what} of the lie about {} of {}",
            spec.metric.as_str(),
            spec.object
        ),
        value,
        low,
        high,
    })
}
