//! Which OTLP message is in this JSON?
//!
//! Names are lowerCamelCase, 64-bit numbers are texts or numbers, ids are hexadecimal, enumerations are numbers, and unknown fields
//! and `null` are passed over (OTLP 1.x, "JSON Protobuf Encoding"). A data point, record or span with a field of the wrong
//! sort is one reject; the others stand.

use super::too_long;
use crate::decode::bounds::{reject, sample};
use crate::decode::{Decoded, Limits, Reject};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use serde_json::Value as Json;

/// The JSON of a message; the parser itself stops at 128 levels.
pub(super) fn parse(payload: &[u8], limits: &Limits) -> Result<Json, Reject> {
    if let Some(reject) = too_long(payload, limits) {
        return Err(reject);
    }
    serde_json::from_slice(payload).map_err(|e| Reject {
        reason: format!("no JSON: {e}"),
        sample: sample(payload),
    })
}

pub(super) fn metrics(json: &Json, out: &mut Decoded) -> Result<Vec<ResourceMetrics>, Reject> {
    let groups = top(json, "resourceMetrics")?;
    let scope = |s: &Json, out: &mut Decoded| ScopeMetrics {
        scope: Some(scope(s)),
        metrics: each(s, "metrics", out, metric),
        schema_url: String::new(),
    };
    Ok(groups
        .iter()
        .map(|g| ResourceMetrics {
            resource: Some(resource(g)),
            scope_metrics: list(g, "scopeMetrics")
                .iter()
                .map(|s| scope(s, out))
                .collect(),
            schema_url: String::new(),
        })
        .collect())
}

pub(super) fn logs(json: &Json, out: &mut Decoded) -> Result<Vec<ResourceLogs>, Reject> {
    let groups = top(json, "resourceLogs")?;
    let scope = |s: &Json, out: &mut Decoded| ScopeLogs {
        scope: Some(scope(s)),
        log_records: each(s, "logRecords", out, |j, _| log(j)),
        schema_url: String::new(),
    };
    Ok(groups
        .iter()
        .map(|g| ResourceLogs {
            resource: Some(resource(g)),
            scope_logs: list(g, "scopeLogs").iter().map(|s| scope(s, out)).collect(),
            schema_url: String::new(),
        })
        .collect())
}

pub(super) fn traces(json: &Json, out: &mut Decoded) -> Result<Vec<ResourceSpans>, Reject> {
    let groups = top(json, "resourceSpans")?;
    let scope = |s: &Json, out: &mut Decoded| ScopeSpans {
        scope: Some(scope(s)),
        spans: each(s, "spans", out, |j, _| one_span(j)),
        schema_url: String::new(),
    };
    Ok(groups
        .iter()
        .map(|g| ResourceSpans {
            resource: Some(resource(g)),
            scope_spans: list(g, "scopeSpans")
                .iter()
                .map(|s| scope(s, out))
                .collect(),
            schema_url: String::new(),
        })
        .collect())
}

/// The list that makes the message what it is; an empty message has none.
fn top<'a>(json: &'a Json, name: &str) -> Result<&'a [Json], Reject> {
    match json {
        Json::Object(fields) => match fields.get(name) {
            Some(Json::Array(list)) => Ok(list),
            None | Some(Json::Null) if fields.is_empty() => Ok(&[]),
            _ => Err(reject(
                format!("the object has no list `{name}`: is it sent to the path of its signal?"),
                &json.to_string(),
            )),
        },
        _ => Err(reject(
            format!("an object with `{name}` was expected"),
            &json.to_string(),
        )),
    }
}

/// Reads each element of a list; one reject for each that cannot be read.
fn each<T>(
    json: &Json,
    name: &str,
    out: &mut Decoded,
    read: impl Fn(&Json, &mut Decoded) -> Result<T, String>,
) -> Vec<T> {
    let mut found = vec![];
    for element in list(json, name) {
        match read(element, out) {
            Ok(one) => found.push(one),
            Err(reason) => out.rejects.push(reject(reason, &element.to_string())),
        }
    }
    found
}

fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json.get(name)
        .and_then(Json::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text(json: &Json, name: &str) -> String {
    json.get(name)
        .and_then(Json::as_str)
        .unwrap_or("")
        .to_owned()
}

/// A field that may be missing or `null`.
fn field<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    json.get(name).filter(|v| !v.is_null())
}

fn wrong(name: &str, wanted: &str) -> String {
    format!("`{name}` is no {wanted}")
}

fn as_u64(value: &Json) -> Option<u64> {
    match value {
        Json::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

fn as_i64(value: &Json) -> Option<i64> {
    match value {
        Json::String(text) => text.parse().ok(),
        other => other.as_i64(),
    }
}

fn as_f64(value: &Json) -> Option<f64> {
    match value {
        Json::String(text) => match text.as_str() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            other => other.parse().ok(),
        },
        other => other.as_f64(),
    }
}

fn u64_of(json: &Json, name: &str) -> Result<u64, String> {
    field(json, name).map_or(Ok(0), |v| {
        as_u64(v).ok_or_else(|| wrong(name, "whole number of 64 bits"))
    })
}

fn f64_of(json: &Json, name: &str) -> Result<Option<f64>, String> {
    field(json, name)
        .map(|v| as_f64(v).ok_or_else(|| wrong(name, "number")))
        .transpose()
}

fn i32_of(json: &Json, name: &str) -> Result<i32, String> {
    let number = field(json, name).map_or(Some(0), as_i64);
    number
        .and_then(|n| i32::try_from(n).ok())
        .ok_or_else(|| wrong(name, "number: enumerations are written as numbers"))
}

fn flags(json: &Json) -> Result<u32, String> {
    u32::try_from(u64_of(json, "flags")?).map_err(|_| wrong("flags", "number of 32 bits"))
}

fn numbers<T>(json: &Json, name: &str, read: fn(&Json) -> Option<T>) -> Result<Vec<T>, String> {
    list(json, name)
        .iter()
        .map(|v| read(v).ok_or_else(|| wrong(name, "list of numbers")))
        .collect()
}

/// Bytes written in hexadecimal; what is none is as if it were missing, since ids are only told on.
fn id(json: &Json, name: &str) -> Vec<u8> {
    let text = text(json, name);
    let digits = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    if text.len() % 2 == 1 || text.len() > 32 {
        return vec![];
    }
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digits).collect();
    bytes.unwrap_or_default()
}

fn resource(json: &Json) -> Resource {
    Resource {
        attributes: json.get("resource").map_or_else(Vec::new, attributes),
        ..Resource::default()
    }
}

fn scope(json: &Json) -> InstrumentationScope {
    let scope = json.get("scope").unwrap_or(&Json::Null);
    InstrumentationScope {
        name: text(scope, "name"),
        attributes: attributes(scope),
        ..InstrumentationScope::default()
    }
}

fn attributes(json: &Json) -> Vec<KeyValue> {
    pairs(list(json, "attributes"))
}

fn pairs(list: &[Json]) -> Vec<KeyValue> {
    list.iter()
        .map(|pair| KeyValue {
            key: text(pair, "key"),
            value: pair.get("value").map(any),
            ..KeyValue::default()
        })
        .collect()
}

/// An attribute value; one of an unknown sort is empty.
fn any(json: &Json) -> AnyValue {
    let one = |(name, value): (&String, &Json)| match name.as_str() {
        "stringValue" => value.as_str().map(|t| Any::StringValue(t.to_owned())),
        "boolValue" => value.as_bool().map(Any::BoolValue),
        "intValue" => as_i64(value).map(Any::IntValue),
        "doubleValue" => as_f64(value).map(Any::DoubleValue),
        // Base64 as it is: to be looked at, not to be computed with.
        "bytesValue" => value.as_str().map(|t| Any::StringValue(t.to_owned())),
        "arrayValue" => Some(Any::ArrayValue(ArrayValue {
            values: list(value, "values").iter().map(any).collect(),
        })),
        "kvlistValue" => Some(Any::KvlistValue(KeyValueList {
            values: pairs(list(value, "values")),
        })),
        _ => None,
    };
    AnyValue {
        value: json.as_object().and_then(|o| o.iter().find_map(one)),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the shape that `each` wants: data points are rejected one by one below"
)]
fn metric(json: &Json, out: &mut Decoded) -> Result<Metric, String> {
    let temporality = |m: &Json| i32_of(m, "aggregationTemporality").unwrap_or(0);
    let data = if let Some(m) = field(json, "gauge") {
        let data_points = each(m, "dataPoints", out, |j, _| number_point(j));
        Some(Data::Gauge(Gauge { data_points }))
    } else if let Some(m) = field(json, "sum") {
        Some(Data::Sum(Sum {
            data_points: each(m, "dataPoints", out, |j, _| number_point(j)),
            aggregation_temporality: temporality(m),
            is_monotonic: m.get("isMonotonic").and_then(Json::as_bool) == Some(true),
        }))
    } else if let Some(m) = field(json, "histogram") {
        Some(Data::Histogram(Histogram {
            data_points: each(m, "dataPoints", out, |j, _| histogram_point(j)),
            aggregation_temporality: temporality(m),
        }))
    } else if let Some(m) = field(json, "exponentialHistogram") {
        Some(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: each(m, "dataPoints", out, |j, _| exponential_point(j)),
            aggregation_temporality: temporality(m),
        }))
    } else {
        field(json, "summary").map(|m| {
            let data_points = each(m, "dataPoints", out, |j, _| summary_point(j));
            Data::Summary(Summary { data_points })
        })
    };
    Ok(Metric {
        name: text(json, "name"),
        unit: text(json, "unit"),
        data,
        ..Metric::default()
    })
}

fn number_point(json: &Json) -> Result<NumberDataPoint, String> {
    let value = match (field(json, "asInt"), field(json, "asDouble")) {
        (Some(v), _) => Some(Number::AsInt(
            as_i64(v).ok_or_else(|| wrong("asInt", "whole number of 64 bits"))?,
        )),
        (None, Some(v)) => Some(Number::AsDouble(
            as_f64(v).ok_or_else(|| wrong("asDouble", "number"))?,
        )),
        (None, None) => None,
    };
    Ok(NumberDataPoint {
        attributes: attributes(json),
        time_unix_nano: u64_of(json, "timeUnixNano")?,
        flags: flags(json)?,
        value,
        ..NumberDataPoint::default()
    })
}

fn histogram_point(json: &Json) -> Result<HistogramDataPoint, String> {
    Ok(HistogramDataPoint {
        attributes: attributes(json),
        time_unix_nano: u64_of(json, "timeUnixNano")?,
        count: u64_of(json, "count")?,
        sum: f64_of(json, "sum")?,
        bucket_counts: numbers(json, "bucketCounts", as_u64)?,
        explicit_bounds: numbers(json, "explicitBounds", as_f64)?,
        flags: flags(json)?,
        min: f64_of(json, "min")?,
        max: f64_of(json, "max")?,
        ..HistogramDataPoint::default()
    })
}

fn exponential_point(json: &Json) -> Result<ExponentialHistogramDataPoint, String> {
    Ok(ExponentialHistogramDataPoint {
        attributes: attributes(json),
        time_unix_nano: u64_of(json, "timeUnixNano")?,
        count: u64_of(json, "count")?,
        sum: f64_of(json, "sum")?,
        flags: flags(json)?,
        min: f64_of(json, "min")?,
        max: f64_of(json, "max")?,
        ..ExponentialHistogramDataPoint::default()
    })
}

fn summary_point(json: &Json) -> Result<SummaryDataPoint, String> {
    let quantile = |j: &Json| {
        Ok(ValueAtQuantile {
            quantile: f64_of(j, "quantile")?.unwrap_or_default(),
            value: f64_of(j, "value")?.unwrap_or_default(),
        })
    };
    let quantiles: Result<Vec<_>, String> =
        list(json, "quantileValues").iter().map(quantile).collect();
    Ok(SummaryDataPoint {
        attributes: attributes(json),
        time_unix_nano: u64_of(json, "timeUnixNano")?,
        count: u64_of(json, "count")?,
        sum: f64_of(json, "sum")?.unwrap_or_default(),
        quantile_values: quantiles?,
        flags: flags(json)?,
        ..SummaryDataPoint::default()
    })
}

fn log(json: &Json) -> Result<LogRecord, String> {
    Ok(LogRecord {
        time_unix_nano: u64_of(json, "timeUnixNano")?,
        observed_time_unix_nano: u64_of(json, "observedTimeUnixNano")?,
        severity_number: i32_of(json, "severityNumber")?,
        body: json.get("body").map(any),
        attributes: attributes(json),
        trace_id: id(json, "traceId"),
        span_id: id(json, "spanId"),
        event_name: text(json, "eventName"),
        ..LogRecord::default()
    })
}

fn one_span(json: &Json) -> Result<Span, String> {
    let status = field(json, "status")
        .map(|s| {
            Ok::<_, String>(Status {
                message: text(s, "message"),
                code: i32_of(s, "code")?,
            })
        })
        .transpose()?;
    let event = |j: &Json| span::Event {
        name: text(j, "name"),
        attributes: attributes(j),
        ..span::Event::default()
    };
    Ok(Span {
        trace_id: id(json, "traceId"),
        span_id: id(json, "spanId"),
        name: text(json, "name"),
        end_time_unix_nano: u64_of(json, "endTimeUnixNano")?,
        attributes: attributes(json),
        events: list(json, "events").iter().map(event).collect(),
        status,
        ..Span::default()
    })
}
