//! Which figures are there, what are they called, and in which unit?

use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// A figure's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// False alarms a day and series.
    PerDay,
    /// 0 to 100; below 0 is worse than saying nothing.
    Points,
    /// Series.
    Count,
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// Its name for machines.
    pub key: &'static str,
    /// Its short name for people, English.
    pub en: &'static str,
    /// Its short name for people, Chinese. A name that begins with `…` belongs to the figure before it.
    pub zh: &'static str,
    /// Its unit.
    pub unit: Unit,
}

impl Unit {
    /// A value for people, with its unit where that is no share or count; a dash if it is no number.
    pub fn text(self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        match self {
            Self::Share => format!("{value:.3}"),
            Self::Seconds => duration(value),
            Self::PerDay => format!("{value:.2}"),
            Self::Points => format!("{value:.1}"),
            Self::Count => format!("{value:.0}"),
        }
    }
}

/// Seconds in the unit that keeps the number short.
fn duration(seconds: f64) -> String {
    if seconds < 120.0 {
        format!("{seconds:.0} s")
    } else if seconds < 7200.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

const fn figure(key: &'static str, en: &'static str, zh: &'static str, unit: Unit) -> Figure {
    Figure { key, en, zh, unit }
}

/// All figures of a group, in the order they are shown in. A group has some of `recall@`; `nab` is for the group of that name.
pub const FIGURES: &[Figure] = &[
    figure("vus_pr", "VUS-PR", "VUS-PR", Unit::Share),
    figure("vus_roc", "VUS-ROC", "VUS-ROC", Unit::Share),
    figure("auc_pr", "AUC-PR", "AUC-PR", Unit::Share),
    figure("auc_roc", "AUC-ROC", "AUC-ROC", Unit::Share),
    figure("f1_best", "F1", "F1", Unit::Share),
    figure("rf1_best", "range F1", "区间 F1", Unit::Share),
    figure("aff_f1_best", "affil. F1", "关联 F1", Unit::Share),
    figure("ops_recall", "event recall", "事件召回率", Unit::Share),
    figure("ops_delay_s", "… its delay", "… 其时延", Unit::Seconds),
    figure(
        "recall@1/week",
        "recall at 1 false/week",
        "每周误报 1 次的召回率",
        Unit::Share,
    ),
    figure("delay_s@1/week", "… its delay", "… 其时延", Unit::Seconds),
    figure(
        "recall@1/day",
        "recall at 1 false/day",
        "每天误报 1 次的召回率",
        Unit::Share,
    ),
    figure("delay_s@1/day", "… its delay", "… 其时延", Unit::Seconds),
    figure(
        "recall@1/hour",
        "recall at 1 false/hour",
        "每小时误报 1 次的召回率",
        Unit::Share,
    ),
    figure("delay_s@1/hour", "… its delay", "… 其时延", Unit::Seconds),
    figure("nab", "NAB", "NAB", Unit::Points),
    figure(
        "own_recall",
        "own alarms: recall",
        "自身告警：召回率",
        Unit::Share,
    ),
    figure(
        "own_fa_per_series_day",
        "own alarms: false/day",
        "自身告警：误报/天",
        Unit::PerDay,
    ),
    figure(
        "own_median_delay_s",
        "own alarms: delay",
        "自身告警：时延",
        Unit::Seconds,
    ),
    figure("n_series", "series", "序列数", Unit::Count),
    figure("n_scored", "scored", "计分序列数", Unit::Count),
];

/// Figures by key. One that has no meaning here is not a number, and `null` in JSON.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures(BTreeMap<&'static str, f64>);

impl Figures {
    /// Notes a figure.
    pub fn set(&mut self, key: &'static str, value: f64) {
        self.0.insert(key, value);
    }

    /// A figure, unless it was not taken here or has no meaning.
    pub fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key).copied().filter(|value| value.is_finite())
    }

    /// The keys that were noted.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// The plain mean of every figure that all have; those that are no number are left out of it. Counts are not averaged.
    pub fn mean<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let Some(first) = all.clone().next() else {
            return Self::default();
        };
        let common = |key: &&'static str| {
            !key.starts_with("n_") && all.clone().all(|f| f.0.contains_key(key))
        };
        let mean = |key: &'static str| {
            let values: Vec<f64> = all.clone().filter_map(|f| f.get(key)).collect();
            (key, values.iter().sum::<f64>() / values.len() as f64)
        };
        Self(first.keys().filter(common).map(mean).collect())
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = self
            .0
            .iter()
            .map(|(key, v)| (key, v.is_finite().then_some(*v)));
        serializer.collect_map(numbers)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "equal means equal to the last digit")]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, f64)]) -> Figures {
        Figures(pairs.iter().copied().collect())
    }

    #[test]
    fn the_mean_takes_what_all_have_and_leaves_out_what_is_no_number() {
        let groups = [
            of(&[
                ("vus_pr", 0.2),
                ("ops_delay_s", f64::NAN),
                ("nab", 5.0),
                ("n_series", 3.0),
            ]),
            of(&[("vus_pr", 0.4), ("ops_delay_s", 60.0), ("n_series", 9.0)]),
        ];
        let mean = Figures::mean(groups.iter());
        assert_eq!(mean.keys().collect::<Vec<_>>(), ["ops_delay_s", "vus_pr"]);
        assert!((mean.get("vus_pr").unwrap() - 0.3).abs() < 1e-12);
        assert_eq!(mean.get("ops_delay_s"), Some(60.0));
    }

    #[test]
    fn people_read_short_numbers() {
        let texts = [
            Unit::Share.text(0.12345),
            Unit::Seconds.text(90.0),
            Unit::Seconds.text(1800.0),
            Unit::Seconds.text(30_000.0),
            Unit::Seconds.text(f64::NAN),
        ];
        assert_eq!(texts, ["0.123", "90 s", "30 min", "8.3 h", "–"]);
    }

    #[test]
    fn what_has_no_meaning_is_null_in_json() {
        let json = serde_json::to_string(&of(&[("nab", f64::NAN), ("vus_pr", 0.5)])).unwrap();
        assert_eq!(json, r#"{"nab":null,"vus_pr":0.5}"#);
    }
}
