//! Which points are in OTLP metrics?

use super::attributes::{self, Tags};
use crate::decode::bounds::{clip, count, reject, whole};
use crate::decode::{Decoded, Item, Kind, Limits, Point, Value};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    SummaryDataPoint,
};

/// Aggregation temporalities by number.
const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

/// The flag of a data point without a value.
const NO_VALUE: u32 = 1;

/// All points of a message; one reject for each data point that cannot be used.
pub(super) fn points(groups: Vec<ResourceMetrics>, limits: &Limits, out: &mut Decoded) {
    for group in groups {
        for scope in &group.scope_metrics {
            let shared = attributes::shared(group.resource.as_ref(), scope.scope.as_ref(), limits);
            for metric in &scope.metrics {
                Writer {
                    metric,
                    shared: &shared,
                    limits,
                    out,
                }
                .metric();
            }
        }
    }
}

/// Writes the points of one metric.
struct Writer<'a> {
    metric: &'a Metric,
    shared: &'a Tags,
    limits: &'a Limits,
    out: &'a mut Decoded,
}

/// One value of a data point, before it has name and tags: what is added to the name, an extra tag, the value.
type Part = (&'static str, Option<(&'static str, String)>, Value, Kind);

impl Writer<'_> {
    fn metric(&mut self) {
        if self.metric.name.is_empty() {
            self.refuse("a metric without a name".to_owned());
            return;
        }
        match &self.metric.data {
            None => self.refuse("a metric without data points of a known sort".to_owned()),
            Some(Data::Gauge(gauge)) => self.numbers(&gauge.data_points, Kind::Gauge),
            Some(Data::Sum(sum)) => {
                let kind = sum_kind(sum.aggregation_temporality, sum.is_monotonic);
                self.numbers(&sum.data_points, kind);
            }
            Some(Data::Histogram(histogram)) => {
                let kind = sum_kind(histogram.aggregation_temporality, true);
                for point in &histogram.data_points {
                    let parts = histogram_parts(point, kind);
                    self.push(&point.attributes, point.time_unix_nano, parts);
                }
            }
            Some(Data::ExponentialHistogram(histogram)) => {
                let kind = sum_kind(histogram.aggregation_temporality, true);
                for point in &histogram.data_points {
                    let parts = exponential_parts(point, kind);
                    self.push(&point.attributes, point.time_unix_nano, parts);
                }
            }
            Some(Data::Summary(summary)) => {
                for point in &summary.data_points {
                    let parts = summary_parts(point);
                    self.push(&point.attributes, point.time_unix_nano, parts);
                }
            }
        }
    }

    fn numbers(&mut self, points: &[NumberDataPoint], kind: Kind) {
        for point in points {
            let value = number(point).map(|value| vec![("", None, value, kind)]);
            self.push(&point.attributes, point.time_unix_nano, value);
        }
    }

    /// All parts of a data point, or one reject.
    fn push(&mut self, own: &[KeyValue], nanos: u64, parts: Result<Vec<Part>, String>) {
        let ready = parts.and_then(|parts| {
            if self.out.items.len() + parts.len() > self.limits.items {
                return Err(format!(
                    "more than {} points in one message: send smaller batches",
                    self.limits.items
                ));
            }
            Ok((parts, attributes::own(self.shared, own, self.limits)?))
        });
        match ready {
            Err(reason) => self.refuse(reason),
            Ok((parts, tags)) => {
                for part in parts {
                    self.out.items.push(self.item(part, &tags, nanos));
                }
            }
        }
    }

    fn item(&self, (end, extra, value, kind): Part, tags: &Tags, nanos: u64) -> Item {
        let mut tags = tags.clone();
        if let Some((name, text)) = extra {
            tags.insert(name.to_owned(), text);
        }
        let counts = end == ".count" || end == ".bucket";
        Item::Point(Point {
            name: clip(&self.metric.name, self.limits.text) + end,
            tags,
            value,
            kind,
            unit: if counts {
                "1".to_owned()
            } else {
                clip(&self.metric.unit, self.limits.text)
            },
            at: attributes::time(nanos),
        })
    }

    fn refuse(&mut self, reason: String) {
        self.out.rejects.push(reject(reason, &self.metric.name));
    }
}

/// How a sum moves.
const fn sum_kind(temporality: i32, is_monotonic: bool) -> Kind {
    match (temporality, is_monotonic) {
        (DELTA, _) => Kind::Delta,
        (CUMULATIVE, true) => Kind::Counter,
        (CUMULATIVE, false) => Kind::Gauge,
        _ => Kind::Unknown,
    }
}

fn number(point: &NumberDataPoint) -> Result<Value, String> {
    if point.flags & NO_VALUE != 0 {
        return Ok(Value::Gone);
    }
    match point.value {
        None => Err("a data point without a value".to_owned()),
        Some(Number::AsInt(value)) => Ok(whole(value)),
        Some(Number::AsDouble(value)) => finite(value, "a value"),
    }
}

fn finite(value: f64, what: &str) -> Result<Value, String> {
    if value.is_finite() {
        Ok(Value::Number(value))
    } else {
        Err(format!("{what} is {value}, which is no finite number"))
    }
}

/// `.count`, and `.sum`, `.min`, `.max` where there are any.
fn totals(
    flags: u32,
    total: u64,
    rest: [(&'static str, Option<f64>, Kind); 3],
    kind: Kind,
) -> Result<Vec<Part>, String> {
    if flags & NO_VALUE != 0 {
        return Ok(vec![(".count", None, Value::Gone, kind)]);
    }
    let mut parts = vec![(".count", None, count(total), kind)];
    for (end, value, kind) in rest {
        if let Some(value) = value {
            parts.push((end, None, finite(value, &end[1..])?, kind));
        }
    }
    Ok(parts)
}

fn histogram_parts(point: &HistogramDataPoint, kind: Kind) -> Result<Vec<Part>, String> {
    let rest = [
        (".sum", point.sum, kind),
        (".min", point.min, Kind::Gauge),
        (".max", point.max, Kind::Gauge),
    ];
    let mut parts = totals(point.flags, point.count, rest, kind)?;
    if point.flags & NO_VALUE != 0 || point.bucket_counts.is_empty() {
        return Ok(parts);
    }
    let (buckets, bounds) = (point.bucket_counts.len(), point.explicit_bounds.len());
    if buckets != bounds + 1 {
        return Err(format!(
            "a histogram with {bounds} bounds and {buckets} buckets: there is one bucket more than bounds"
        ));
    }
    let mut below: u64 = 0;
    let bounds = point.explicit_bounds.iter().copied().chain([f64::INFINITY]);
    for (inside, bound) in point.bucket_counts.iter().zip(bounds) {
        below = below.saturating_add(*inside);
        let le = if bound == f64::INFINITY {
            "+Inf".to_owned()
        } else {
            bound.to_string()
        };
        parts.push((".bucket", Some(("le", le)), count(below), kind));
    }
    Ok(parts)
}

fn exponential_parts(
    point: &ExponentialHistogramDataPoint,
    kind: Kind,
) -> Result<Vec<Part>, String> {
    let rest = [
        (".sum", point.sum, kind),
        (".min", point.min, Kind::Gauge),
        (".max", point.max, Kind::Gauge),
    ];
    totals(point.flags, point.count, rest, kind)
}

fn summary_parts(point: &SummaryDataPoint) -> Result<Vec<Part>, String> {
    let none = ("", None, Kind::Gauge);
    let rest = [(".sum", Some(point.sum), Kind::Counter), none, none];
    let mut parts = totals(point.flags, point.count, rest, Kind::Counter)?;
    // A quantile of nothing is NaN: the summary stands without it.
    for one in point.quantile_values.iter().filter(|q| q.value.is_finite()) {
        let quantile = one.quantile.to_string();
        let value = Value::Number(one.value);
        parts.push((
            ".quantile",
            Some(("quantile", quantile)),
            value,
            Kind::Gauge,
        ));
    }
    Ok(parts)
}
