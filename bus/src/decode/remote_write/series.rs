//! What does one series of a remote-write request say?

use super::Written;
use super::message::{Count, Histogram, Sample, SeriesV1, SeriesV2};
use crate::decode::bounds::{clip, count, sample};
use crate::decode::{Item, Kind, Limits, Point, Reject, Value};
use std::collections::BTreeMap;
use zizhi_types::NetTime;

/// The bits of Prometheus' staleness marker, a NaN of its own.
pub(super) const STALE: u64 = 0x7ff0_0000_0000_0002;

/// What metadata says of a family: its kind by number (the same in 1.0 and 2.0) and its unit.
type Kinds = BTreeMap<String, (i32, String)>;

/// The table of symbols of a 2.0 request.
pub(super) struct Symbols<'a>(pub Vec<&'a [u8]>);

impl Symbols<'_> {
    fn get(&self, place: u32) -> Result<&str, String> {
        let bytes = self.0.get(place as usize).ok_or_else(|| {
            format!(
                "symbol {place} is referred to, but the table has only {}",
                self.0.len()
            )
        })?;
        std::str::from_utf8(bytes).map_err(|_| format!("symbol {place} is no UTF-8"))
    }
}

/// What all points of one series share.
struct Series {
    name: String,
    tags: BTreeMap<String, String>,
    kind: Kind,
    unit: String,
}

/// What a request has said so far.
pub(super) struct Context<'a> {
    limits: &'a Limits,
    written: Written,
}

impl<'a> Context<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            written: Written::default(),
        }
    }

    pub(super) fn done(self) -> Written {
        self.written
    }

    /// Reads one series with `read`; what is wrong with it as a whole becomes one reject.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        most: usize,
        read: impl FnOnce(&mut Self, &[u8]) -> Result<(), String>,
    ) {
        let outcome = if bytes.len() > most {
            Err(format!(
                "a series of {} bytes, at most {most} are read: send fewer samples of a series at once",
                bytes.len()
            ))
        } else {
            read(self, bytes)
        };
        if let Err(reason) = outcome {
            self.refuse(reason, &sample(bytes));
        }
    }

    pub(super) fn series_v1(&mut self, series: SeriesV1, kinds: &Kinds) {
        self.written.exemplars += series.exemplars.len() as u64;
        let labels = series.labels.iter().map(|l| (&*l.name, &*l.value));
        match self.named(labels) {
            Ok((name, tags)) => {
                let (kind, unit) = by_metadata(&name, kinds);
                let series_of = Series {
                    name,
                    tags,
                    kind,
                    unit,
                };
                self.points(&series_of, &series.samples, &series.histograms);
            }
            Err(reason) => {
                self.refuse_each(&reason, series.samples.len() + series.histograms.len());
            }
        }
    }

    pub(super) fn series_v2(
        &mut self,
        series: SeriesV2,
        symbols: &Symbols<'_>,
    ) -> Result<(), String> {
        if series.labels_refs.len() % 2 == 1 {
            return Err("an odd number of label references: they are pairs".to_owned());
        }
        let mut labels = vec![];
        for pair in series.labels_refs.chunks_exact(2) {
            labels.push((symbols.get(pair[0])?, symbols.get(pair[1])?));
        }
        let about = series.metadata.unwrap_or_default();
        let unit = symbols.get(about.unit_ref).unwrap_or_default();
        let (name, tags) = self.named(labels.into_iter())?;
        let kind = kind_of(&name, about.kind);
        let unit = clip(unit, self.limits.text);
        self.written.exemplars += series.exemplars.len() as u64;
        let series_of = Series {
            name,
            tags,
            kind,
            unit,
        };
        self.points(&series_of, &series.samples, &series.histograms);
        Ok(())
    }

    fn named<'l>(
        &self,
        labels: impl Iterator<Item = (&'l str, &'l str)>,
    ) -> Result<(String, BTreeMap<String, String>), String> {
        let text = |t: &str| clip(t, self.limits.text);
        let mut tags: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in labels {
            if tags.len() > self.limits.tags {
                return Err(format!("more than {} labels", self.limits.tags));
            }
            if name.is_empty() {
                return Err("a label without a name".to_owned());
            }
            if tags.insert(text(name), text(value)).is_some() {
                return Err(format!("the label `{}` is there twice", text(name)));
            }
        }
        match tags.remove("__name__") {
            Some(name) if !name.is_empty() => Ok((name, tags)),
            _ => Err("a series without the label __name__".to_owned()),
        }
    }

    fn points(&mut self, series: &Series, samples: &[Sample], histograms: &[Histogram]) {
        for one in samples {
            if let Some(value) = self.value(one.value)
                && self.push(series, &series.name, value, series.kind, one.timestamp)
            {
                self.written.samples += 1;
            }
        }
        for one in histograms {
            if self.histogram(series, *one) {
                self.written.histograms += 1;
            }
        }
    }

    /// `None` where it has none, which is counted.
    const fn value(&mut self, value: f64) -> Option<Value> {
        if value.to_bits() == STALE {
            return Some(Value::Gone);
        }
        if value.is_finite() {
            return Some(Value::Number(value));
        }
        self.written.samples += 1;
        self.written.empty += 1;
        None
    }

    fn histogram(&mut self, series: &Series, one: Histogram) -> bool {
        let stale = one.sum.to_bits() == STALE;
        let total = match one.count {
            _ if stale => Value::Gone,
            Some(Count::Whole(n)) => count(n),
            Some(Count::Float(n)) if n.is_finite() => Value::Number(n),
            None => Value::Number(0.0),
            Some(Count::Float(n)) => {
                self.refuse(format!("a histogram's count is {n}"), &series.name);
                return false;
            }
        };
        let name = format!("{}_count", series.name);
        if !self.push(series, &name, total, Kind::Counter, one.timestamp) {
            return false;
        }
        let sum = if stale {
            Value::Gone
        } else if one.sum.is_finite() {
            Value::Number(one.sum)
        } else {
            // The count stands; a sum that is no number is what the sender observed.
            return true;
        };
        let name = format!("{}_sum", series.name);
        self.push(series, &name, sum, Kind::Counter, one.timestamp)
    }

    fn push(&mut self, series: &Series, name: &str, value: Value, kind: Kind, at: i64) -> bool {
        let Ok(at) = u64::try_from(at) else {
            self.refuse(
                format!("the time {at} ms is before 1970: is the clock set?"),
                &series.name,
            );
            return false;
        };
        if self.written.decoded.items.len() >= self.limits.items {
            self.refuse(
                format!("more than {} samples in one request", self.limits.items),
                &series.name,
            );
            return false;
        }
        self.written.decoded.items.push(Item::Point(Point {
            name: name.to_owned(),
            tags: series.tags.clone(),
            value,
            kind,
            unit: series.unit.clone(),
            at: Some(NetTime(at)),
        }));
        true
    }

    fn refuse(&mut self, reason: String, part: &str) {
        self.written
            .decoded
            .rejects
            .push(crate::decode::bounds::reject(reason, part));
    }

    fn refuse_each(&mut self, reason: &str, parts: usize) {
        for _ in 0..parts.max(1) {
            self.written.decoded.rejects.push(Reject {
                reason: reason.to_owned(),
                sample: String::new(),
            });
        }
    }
}

fn by_metadata(name: &str, kinds: &Kinds) -> (Kind, String) {
    let family = ["_total", "_count", "_sum", "_bucket"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    let found = kinds
        .get(name)
        .or_else(|| family.and_then(|family| kinds.get(family)));
    let (number, unit) = found.cloned().unwrap_or_default();
    (kind_of(name, number), unit)
}

/// After the metadata's number (counter 1, gauge 2, histogram 3, gauge histogram 4, summary 5), else after the name.
fn kind_of(name: &str, number: i32) -> Kind {
    let counts = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    match number {
        1 => Kind::Counter,
        3 | 5 if counts(&["_bucket", "_count", "_sum"]) => Kind::Counter,
        2..=7 => Kind::Gauge,
        _ if counts(&["_total", "_bucket", "_count", "_sum"]) => Kind::Counter,
        _ => Kind::Unknown,
    }
}
