//! Which OTLP message is in these protobuf bytes?
//!
//! The nested messages are counted along their known places before anything is decoded: an empty one takes two bytes on
//! the wire and a hundred in memory.

use super::too_long;
use crate::decode::bounds::sample;
use crate::decode::fields::{Shape, nested, parts_max, shape};
use crate::decode::{Limits, Reject};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::tonic::metrics::v1::ResourceMetrics;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;

/// An attribute's value, which may be a list or a map of values.
static ANY: [Shape; 2] = [shape(5, &ARRAY), shape(6, &MAP)];
static ARRAY: [Shape; 1] = [shape(1, &ANY)];
static MAP: [Shape; 1] = [shape(1, &PAIR)];
static PAIR: [Shape; 1] = [shape(2, &ANY)];
static RESOURCE: [Shape; 2] = [shape(1, &PAIR), shape(3, &[])];
static SCOPE: [Shape; 1] = [shape(3, &PAIR)];

static METRICS: [Shape; 1] = [shape(1, &RESOURCE_METRICS)];
static RESOURCE_METRICS: [Shape; 2] = [shape(1, &RESOURCE), shape(2, &SCOPE_METRICS)];
static SCOPE_METRICS: [Shape; 2] = [shape(1, &SCOPE), shape(2, &METRIC)];
static METRIC: [Shape; 6] = [
    shape(5, &NUMBERS),
    shape(7, &NUMBERS),
    shape(9, &HISTOGRAMS),
    shape(10, &EXPONENTIALS),
    shape(11, &SUMMARIES),
    shape(12, &PAIR),
];
static NUMBERS: [Shape; 1] = [shape(1, &NUMBER)];
static NUMBER: [Shape; 2] = [shape(5, &EXEMPLAR), shape(7, &PAIR)];
static EXEMPLAR: [Shape; 1] = [shape(7, &PAIR)];
static HISTOGRAMS: [Shape; 1] = [shape(1, &HISTOGRAM)];
static HISTOGRAM: [Shape; 2] = [shape(8, &EXEMPLAR), shape(9, &PAIR)];
static EXPONENTIALS: [Shape; 1] = [shape(1, &EXPONENTIAL)];
static EXPONENTIAL: [Shape; 2] = [shape(1, &PAIR), shape(11, &EXEMPLAR)];
static SUMMARIES: [Shape; 1] = [shape(1, &SUMMARY)];
static SUMMARY: [Shape; 2] = [shape(6, &[]), shape(7, &PAIR)];

static LOGS: [Shape; 1] = [shape(1, &RESOURCE_LOGS)];
static RESOURCE_LOGS: [Shape; 2] = [shape(1, &RESOURCE), shape(2, &SCOPE_LOGS)];
static SCOPE_LOGS: [Shape; 2] = [shape(1, &SCOPE), shape(2, &LOG)];
static LOG: [Shape; 2] = [shape(5, &ANY), shape(6, &PAIR)];

static TRACES: [Shape; 1] = [shape(1, &RESOURCE_SPANS)];
static RESOURCE_SPANS: [Shape; 2] = [shape(1, &RESOURCE), shape(2, &SCOPE_SPANS)];
static SCOPE_SPANS: [Shape; 2] = [shape(1, &SCOPE), shape(2, &SPAN)];
static SPAN: [Shape; 3] = [
    shape(9, &PAIR),
    shape(11, &SPAN_EVENT),
    shape(13, &SPAN_LINK),
];
static SPAN_EVENT: [Shape; 1] = [shape(3, &PAIR)];
static SPAN_LINK: [Shape; 1] = [shape(4, &PAIR)];

pub(super) fn metrics(payload: &[u8], limits: &Limits) -> Result<Vec<ResourceMetrics>, Reject> {
    decode::<ExportMetricsServiceRequest>(payload, &METRICS, limits).map(|m| m.resource_metrics)
}

pub(super) fn logs(payload: &[u8], limits: &Limits) -> Result<Vec<ResourceLogs>, Reject> {
    decode::<ExportLogsServiceRequest>(payload, &LOGS, limits).map(|m| m.resource_logs)
}

pub(super) fn traces(payload: &[u8], limits: &Limits) -> Result<Vec<ResourceSpans>, Reject> {
    decode::<ExportTraceServiceRequest>(payload, &TRACES, limits).map(|m| m.resource_spans)
}

fn decode<M: Message + Default>(
    payload: &[u8],
    shapes: &'static [Shape],
    limits: &Limits,
) -> Result<M, Reject> {
    if let Some(reject) = too_long(payload, limits) {
        return Err(reject);
    }
    let refuse = |reason: String| Reject {
        reason,
        sample: sample(payload),
    };
    let most = parts_max(limits);
    let broken = "no OTLP message: the protobuf is broken";
    match nested(payload, shapes, most) {
        Ok(found) if found > most => Err(refuse(format!(
            "more than {most} parts in one message: send smaller batches"
        ))),
        Ok(_) => M::decode(payload).map_err(|e| refuse(format!("{broken} ({e})"))),
        Err(_) => Err(refuse(broken.to_owned())),
    }
}
