//! How is a batch of spans written in OTLP, and what does a collector's answer say?

use super::span::{Link, Moment, Span, SpanId, SpanStatus, TraceId, Value};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link as ProtoLink, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span as ProtoSpan, Status, status,
};
use prost::Message as _;
use std::collections::BTreeMap;

/// Who sends: the attributes of the OTLP resource, by OpenTelemetry's semantic conventions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// `service.name`.
    pub service: String,
    /// `service.version`.
    pub version: String,
    /// `service.instance.id`: which process of the swarm.
    pub instance: String,
    /// `service.namespace`: which swarm.
    pub scope: String,
}

/// The body of an OTLP trace export request.
pub fn encode(resource: &Resource, spans: &[Span]) -> Vec<u8> {
    let scope = ScopeSpans {
        scope: Some(InstrumentationScope {
            name: "zizhi".to_owned(),
            version: resource.version.clone(),
            ..InstrumentationScope::default()
        }),
        spans: spans.iter().map(span).collect(),
        ..ScopeSpans::default()
    };
    let resource = ResourceSpans {
        resource: Some(sender(resource)),
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![resource],
    }
    .encode_to_vec()
}

/// How many spans a collector that answered with success did not take. An answer that cannot be read says nothing.
pub fn rejected(answer: &[u8]) -> u64 {
    ExportTraceServiceResponse::decode(answer)
        .ok()
        .and_then(|r| r.partial_success)
        .map_or(0, |p| u64::try_from(p.rejected_spans).unwrap_or(0))
}

/// The spans of an OTLP trace export request, without what [`Span`] has no place for. `None` where it is no such request,
/// or an id has a wrong length.
pub fn decode(body: &[u8]) -> Option<Vec<ReadSpan>> {
    let request = ExportTraceServiceRequest::decode(body).ok()?;
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|r| r.scope_spans);
    scopes.flat_map(|s| s.spans).map(read_span).collect()
}

/// A span as a collector sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadSpan {
    /// Its trace.
    pub trace: TraceId,
    /// Itself.
    pub id: SpanId,
    /// The span around it.
    pub parent: Option<SpanId>,
    /// Its name.
    pub name: String,
    /// Begin and end, in nanoseconds since 1970.
    pub during_ns: (u64, u64),
    /// Attributes whose values are words.
    pub words: BTreeMap<String, String>,
    /// The spans that it follows from.
    pub links: Vec<SpanId>,
}

fn read_span(span: ProtoSpan) -> Option<ReadSpan> {
    let id = |bytes: Vec<u8>| bytes.try_into().ok().map(SpanId);
    let word = |pair: KeyValue| match pair.value?.value? {
        Any::StringValue(text) => Some((pair.key, text)),
        _ => None,
    };
    Some(ReadSpan {
        trace: TraceId(span.trace_id.try_into().ok()?),
        id: id(span.span_id)?,
        parent: match span.parent_span_id {
            none if none.is_empty() => None,
            parent => Some(id(parent)?),
        },
        name: span.name,
        during_ns: (span.start_time_unix_nano, span.end_time_unix_nano),
        words: span.attributes.into_iter().filter_map(word).collect(),
        links: span
            .links
            .into_iter()
            .filter_map(|l| id(l.span_id))
            .collect(),
    })
}

fn sender(resource: &Resource) -> ProtoResource {
    let attributes = [
        ("service.name", &resource.service),
        ("service.version", &resource.version),
        ("service.instance.id", &resource.instance),
        ("service.namespace", &resource.scope),
    ];
    ProtoResource {
        attributes: attributes
            .into_iter()
            .map(|(k, v)| attribute(k, &Value::Text(v.clone())))
            .collect(),
        ..ProtoResource::default()
    }
}

fn span(span: &Span) -> ProtoSpan {
    ProtoSpan {
        trace_id: span.trace.0.to_vec(),
        span_id: span.id.0.to_vec(),
        parent_span_id: span.parent.map_or_else(Vec::new, |p| p.0.to_vec()),
        name: span.name.clone(),
        kind: SpanKind::Internal as i32,
        start_time_unix_nano: span.start_ns,
        end_time_unix_nano: span.end_ns,
        attributes: attributes(&span.attributes),
        events: span.moments.iter().map(event).collect(),
        links: span.links.iter().map(link).collect(),
        status: Some(status(&span.status)),
        ..ProtoSpan::default()
    }
}

fn event(moment: &Moment) -> Event {
    Event {
        time_unix_nano: moment.at_ns,
        name: moment.name.clone(),
        attributes: attributes(&moment.attributes),
        ..Event::default()
    }
}

fn link(link: &Link) -> ProtoLink {
    ProtoLink {
        trace_id: link.trace.0.to_vec(),
        span_id: link.span.0.to_vec(),
        ..ProtoLink::default()
    }
}

fn status(status: &SpanStatus) -> Status {
    let (code, message) = match status {
        SpanStatus::Unset => (status::StatusCode::Unset, String::new()),
        SpanStatus::Ok => (status::StatusCode::Ok, String::new()),
        SpanStatus::Error(why) => (status::StatusCode::Error, why.clone()),
    };
    Status {
        message,
        code: code as i32,
    }
}

fn attributes(pairs: &[(&'static str, Value)]) -> Vec<KeyValue> {
    pairs.iter().map(|(k, v)| attribute(k, v)).collect()
}

fn attribute(key: &str, value: &Value) -> KeyValue {
    let value = match value {
        Value::Text(text) => Any::StringValue(text.clone()),
        Value::Whole(number) => Any::IntValue(*number),
        Value::Number(number) => Any::DoubleValue(*number),
        Value::Flag(flag) => Any::BoolValue(*flag),
    };
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
