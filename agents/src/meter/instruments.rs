//! The numbers behind the names, with a bound on how many series one name may have.

use super::names::{Kind, Name};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Most series of one name; what would be one more is counted under `other` in all its labels (our choice: ten times a
/// site's senders, and little for a scraper).
pub const SERIES_MAX: usize = 1_000;

/// What takes the place of a label's value beyond the bound.
const OTHER: &str = "other";

/// Longest value of a label, in characters: senders name themselves.
const VALUE_MAX: usize = 100;

/// Upper ends of the buckets, in seconds: from one sampling interval to a working day.
const SECONDS: [f64; 14] = [
    1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1_200.0, 3_600.0, 10_800.0,
    28_800.0,
];

type Labels = Vec<(&'static str, String)>;
type Level = Gauge<f64, AtomicU64>;
type Buckets = Family<Labels, Histogram, fn() -> Histogram>;

#[derive(Debug)]
struct Instrument {
    sort: Sort,
    /// How many series it has.
    series: AtomicUsize,
}

#[derive(Debug)]
enum Sort {
    Counter(Family<Labels, Counter>),
    Gauge(Family<Labels, Level>),
    Seconds(Buckets),
}

impl Instrument {
    /// The labels, or those of the rest where they would be one series too many.
    fn labels(&self, name: Name, values: &[&str]) -> Labels {
        let labels = with(name, |i| {
            let value = values.get(i).map_or(OTHER, |v| v);
            value.chars().take(VALUE_MAX).collect()
        });
        let known = match &self.sort {
            Sort::Counter(family) => family.get(&labels).is_some(),
            Sort::Gauge(family) => family.get(&labels).is_some(),
            Sort::Seconds(family) => family.get(&labels).is_some(),
        };
        if known {
            return labels;
        }
        if self.series.load(Ordering::Relaxed) >= SERIES_MAX {
            return with(name, |_| OTHER.to_owned());
        }
        self.series.fetch_add(1, Ordering::Relaxed);
        labels
    }
}

fn with(name: Name, value: impl Fn(usize) -> String) -> Labels {
    let keys = name.labels().iter().enumerate();
    keys.map(|(i, key)| (*key, value(i))).collect()
}

/// All instruments, in the order of [`Name::ALL`].
#[derive(Debug)]
pub(super) struct Instruments {
    registry: Registry,
    all: Vec<Instrument>,
}

impl Instruments {
    pub(super) fn new() -> Self {
        let mut registry = Registry::default();
        let all = Name::ALL
            .iter()
            .map(|n| register(&mut registry, *n))
            .collect();
        Self { registry, all }
    }

    /// Counts `more` under the labels' values.
    pub(super) fn add(&self, name: Name, values: &[&str], more: u64) {
        let instrument = &self.all[name as usize];
        if let Sort::Counter(family) = &instrument.sort {
            let labels = instrument.labels(name, values);
            family.get_or_create(&labels).inc_by(more);
        }
    }

    /// Brings a counter up to what somebody else has counted since its start. It never goes down.
    pub(super) fn raise(&self, name: Name, values: &[&str], to: u64) {
        let instrument = &self.all[name as usize];
        if let Sort::Counter(family) = &instrument.sort {
            let labels = instrument.labels(name, values);
            let counter = family.get_or_create(&labels);
            counter.inc_by(to.saturating_sub(counter.get()));
        }
    }

    /// Adds what somebody else has counted under `key` since the last reading, in which the key's count was `before`. A
    /// count that is lower has begun again.
    pub(super) fn grow(&self, name: Name, values: &[&str], before: Option<u64>, to: u64) {
        let before = before.filter(|b| *b <= to).unwrap_or(0);
        self.add(name, values, to - before);
    }

    /// Sets a gauge.
    pub(super) fn set(&self, name: Name, values: &[&str], to: f64) {
        let instrument = &self.all[name as usize];
        if let Sort::Gauge(family) = &instrument.sort {
            let labels = instrument.labels(name, values);
            family.get_or_create(&labels).set(to);
        }
    }

    /// Puts milliseconds into their bucket.
    pub(super) fn took(&self, name: Name, values: &[&str], ms: u64) {
        let instrument = &self.all[name as usize];
        if let Sort::Seconds(family) = &instrument.sort {
            let labels = instrument.labels(name, values);
            family.get_or_create(&labels).observe(ms as f64 / 1_000.0);
        }
    }

    /// Makes a series with nothing counted, so that its first event is seen as an increase.
    pub(super) fn begin(&self, name: Name, values: &[&str]) {
        let instrument = &self.all[name as usize];
        let labels = instrument.labels(name, values);
        match &instrument.sort {
            Sort::Counter(family) => drop(family.get_or_create(&labels)),
            Sort::Gauge(family) => drop(family.get_or_create(&labels)),
            Sort::Seconds(family) => drop(family.get_or_create(&labels)),
        }
    }

    /// All that has a series, as `OpenMetrics` 1.0 text.
    pub(super) fn render(&self) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail; a page without its end is refused by every scraper.
        let _ = prometheus_client::encoding::text::encode(&mut page, &self.registry);
        page.lines().map(without_empty_labels).collect()
    }
}

/// A line of the page, with no braces where there are no labels.
fn without_empty_labels(line: &str) -> String {
    match line.split_once("{} ") {
        Some((name, rest)) if !name.contains(['{', ' ']) => format!("{name} {rest}\n"),
        _ => format!("{line}\n"),
    }
}

fn register(registry: &mut Registry, name: Name) -> Instrument {
    let sort = match name.kind() {
        Kind::Counter => Sort::Counter(enter(registry, name, Family::default())),
        Kind::Gauge => Sort::Gauge(enter(registry, name, Family::default())),
        Kind::Seconds => {
            let buckets: fn() -> Histogram = || Histogram::new(SECONDS);
            let family = Buckets::new_with_constructor(buckets);
            Sort::Seconds(enter(registry, name, family))
        }
    };
    Instrument {
        sort,
        series: AtomicUsize::new(0),
    }
}

/// Registers under the name, with a UNIT line where the name ends in a base unit.
fn enter<M: Metric + Clone>(registry: &mut Registry, name: Name, metric: M) -> M {
    let (full, help) = (name.as_str(), name.help());
    let units = [("_seconds", Unit::Seconds), ("_bytes", Unit::Bytes)];
    let split = units
        .into_iter()
        .find_map(|(end, unit)| Some((full.strip_suffix(end)?, unit)));
    match split {
        Some((stem, unit)) => registry.register_with_unit(stem, help, unit, metric.clone()),
        None => registry.register(full, help, metric.clone()),
    }
    metric
}
