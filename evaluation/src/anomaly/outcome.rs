//! From scores to figures: by series, by group, over all groups.

use super::figures::Figures;
use super::metrics::budget::days;
use super::metrics::{Calibrated, Calibration, SeriesFigures, alarm_stats, median, nab, recall_at};
use super::published;
use super::replay::{Method, Replayed, Scored};
use serde_json::{Map, Value, json};

/// Below this cadence, in seconds, alarms are budgeted by the hour and not by the week.
const FAST_S: f64 = 30.0;
/// The group that has the Numenta score: its windows were made for it.
const NAB: &str = "nab";

/// What a run found.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Every method, in the order of [`Method::ALL`].
    pub methods: Vec<Compared>,
    /// Every series, in the order of the manifest.
    pub replayed: Vec<Replayed>,
    /// What a reader should know: files that are not those of the manifest.
    pub warnings: Vec<String>,
}

/// The figures of one method.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Which.
    pub method: Method,
    /// By series, those with an event only.
    pub series: Vec<(String, Figures)>,
    /// By group, in the order of the manifest.
    pub groups: Vec<(String, Figures)>,
    /// Plain mean over the groups.
    pub overall: Figures,
}

impl Outcome {
    /// One object: the first method's `macro`, `groups` and `series`, then `methods` (all, by key) and `published`.
    pub fn json(&self) -> Value {
        let mut object = self.methods.first().map_or_else(Map::new, Compared::json);
        let series = self.methods.first().map(|m| by_name(&m.series));
        object.insert("series".to_owned(), series.unwrap_or_default());
        let methods = self
            .methods
            .iter()
            .map(|m| (m.method.key().to_owned(), Value::Object(m.json())));
        object.insert("methods".to_owned(), Value::Object(methods.collect()));
        object.insert("published".to_owned(), json!(published::PUBLISHED));
        Value::Object(object)
    }
}

impl Compared {
    /// The figures of a method, from all series and their own figures.
    pub(super) fn of(
        place: usize,
        method: Method,
        replayed: &[Replayed],
        figures: &[Vec<Option<SeriesFigures>>],
    ) -> Self {
        let own: Vec<One<'_>> = replayed
            .iter()
            .zip(figures)
            .filter_map(|(series, figures)| {
                Some(One {
                    series,
                    scored: series.scored.get(place)?,
                    figures: *figures.get(place)?,
                })
            })
            .collect();
        let groups: Vec<(String, Figures)> = names(&own)
            .into_iter()
            .map(|name| (name.to_owned(), of_group(name, &own)))
            .collect();
        Self {
            method,
            series: own.iter().filter_map(One::named).collect(),
            overall: Figures::mean(groups.iter().map(|(_, f)| f)),
            groups,
        }
    }

    /// A group's figures.
    pub fn group(&self, name: &str) -> Option<&Figures> {
        let found = self.groups.iter().find(|(group, _)| group == name);
        found.map(|(_, figures)| figures)
    }

    fn json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("macro".to_owned(), json!(self.overall));
        object.insert("groups".to_owned(), by_name(&self.groups));
        object
    }
}

fn by_name(figures: &[(String, Figures)]) -> Value {
    let members = figures.iter().map(|(name, f)| (name.clone(), json!(f)));
    Value::Object(members.collect())
}

/// One series, as one method saw it.
struct One<'a> {
    series: &'a Replayed,
    scored: &'a Scored,
    figures: Option<SeriesFigures>,
}

impl One<'_> {
    fn named(&self) -> Option<(String, Figures)> {
        let mut figures = Figures::default();
        for (key, value) in self.figures?.named() {
            figures.set(key, value);
        }
        Some((self.series.entry.id.clone(), figures))
    }

    fn calibrated(&self, calibration: Calibration) -> Calibrated<'_> {
        let (train, test) = self.scored.parts(self.series.entry.train_rows);
        Calibrated {
            label: self.series.test_label(),
            score: calibration.of(train, test),
            interval_s: self.series.entry.interval_s,
        }
    }
}

fn names<'a>(all: &[One<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = vec![];
    for one in all {
        let group = one.series.entry.group.as_str();
        if !names.contains(&group) {
            names.push(group);
        }
    }
    names
}

fn of_group(name: &str, all: &[One<'_>]) -> Figures {
    let group: Vec<&One<'_>> = all
        .iter()
        .filter(|o| o.series.entry.group == name)
        .collect();
    let scored: Vec<(String, Figures)> = group.iter().filter_map(|o| o.named()).collect();
    let mut figures = Figures::mean(scored.iter().map(|(_, f)| f));
    let calibrated = Calibration::ALL.map(|c| {
        let series: Vec<Calibrated<'_>> = group.iter().map(|o| o.calibrated(c)).collect();
        series
    });
    within_budgets(&mut figures, &calibrated);
    if name == NAB {
        let best = calibrated
            .iter()
            .map(|c| nab::nab_score(c))
            .fold(f64::NAN, f64::max);
        figures.set("nab", best);
    }
    own_alarms(&mut figures, &group);
    figures.set("n_series", group.len() as f64);
    figures.set("n_scored", scored.len() as f64);
    figures
}

/// A budget: false alarms a day and series, and the keys it is told under.
type Budget = (f64, &'static str, &'static str);

const WEEK: Budget = (1.0 / 7.0, "recall@1/week", "delay_s@1/week");
const DAY: Budget = (1.0, "recall@1/day", "delay_s@1/day");
const HOUR: Budget = (24.0, "recall@1/hour", "delay_s@1/hour");

fn within_budgets(figures: &mut Figures, calibrated: &[Vec<Calibrated<'_>>]) {
    let intervals = calibrated.iter().flatten().map(|s| s.interval_s);
    let fast = median(&intervals.collect::<Vec<_>>()) < FAST_S;
    let (budgets, main) = if fast {
        ([DAY, HOUR], HOUR)
    } else {
        ([WEEK, DAY], WEEK)
    };
    let allowed = budgets.map(|(per_day, ..)| per_day);
    let found: Vec<_> = calibrated.iter().map(|c| recall_at(c, &allowed)).collect();
    for (place, (_, recall, delay)) in budgets.into_iter().enumerate() {
        // The first of equals, so that the order of calibrations decides.
        let best = found
            .iter()
            .filter_map(|f| f.get(place))
            .reduce(|best, other| {
                if other.recall > best.recall {
                    other
                } else {
                    best
                }
            });
        let Some(best) = best else { continue };
        figures.set(recall, best.recall);
        figures.set(delay, best.delay_s);
        if recall == main.1 {
            figures.set("ops_recall", best.recall);
            figures.set("ops_delay_s", best.delay_s);
        }
    }
}

/// What the method's own alarms are worth, if it raises any.
fn own_alarms(figures: &mut Figures, group: &[&One<'_>]) {
    if group.iter().any(|o| o.scored.alarm.is_empty()) {
        return;
    }
    let (mut events, mut detected, mut false_alarms) = (0, 0, 0);
    let mut delays_s = vec![];
    for one in group {
        let entry = &one.series.entry;
        let alarm = one.scored.test_alarm(entry.train_rows);
        let raised = |row: usize| alarm.get(row).copied().unwrap_or(false);
        let stats = alarm_stats(one.series.test_label(), raised);
        events += stats.events;
        detected += stats.detected;
        false_alarms += stats.false_alarms;
        delays_s.extend(
            stats
                .delays
                .iter()
                .map(|rows| *rows as f64 * entry.interval_s),
        );
    }
    let all: Vec<Calibrated<'_>> = group
        .iter()
        .map(|o| Calibrated {
            label: o.series.test_label(),
            score: vec![],
            interval_s: o.series.entry.interval_s,
        })
        .collect();
    figures.set(
        "own_recall",
        f64::from(detected as u32) / f64::from((events as u32).max(1)),
    );
    figures.set("own_fa_per_series_day", false_alarms as f64 / days(&all));
    figures.set("own_median_delay_s", median(&delays_s));
}
