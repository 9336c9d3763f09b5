//! The same messages as protobuf and as JSON say the same, and bad parts spoil only themselves.

use super::*;
use crate::decode::{EventItem, Item, Kind, Point, Value};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;
use std::collections::BTreeMap;
use zizhi_types::NetTime;
use zizhi_types::severity::Severity;

fn with<T>(payload: &[u8], content_type: &str, read: impl Fn(&Raw<'_>, &Limits) -> T) -> T {
    let raw = Raw {
        payload,
        subject: "",
        content_type,
        headers: &BTreeMap::new(),
        received: NetTime(0),
    };
    read(&raw, &Limits::default())
}

const HARDWARE: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[
    {"key":"host.name","value":{"stringValue":"pe1.sh01","someDay":{"a":1}}}, {"key":"hw.id","value":{"stringValue":"outer"}},
    {"key":"rack","value":{"intValue":"7"}}, {"key":"empty","value":null}]},
  "scopeMetrics":[{"scope":{"name":"net"},"metrics":[
  {"name":"hw.network.io","unit":"By","unknown":[1],"sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
    {"timeUnixNano":"1795161603114000000","asInt":"88123456789","attributes":[
      {"key":"hw.id","value":{"stringValue":"ethernet-1/1"}},{"key":"network.io.direction","value":{"stringValue":"receive"}}]}]}}]}]}]}"#;

fn points(decoded: &Decoded) -> Vec<&Point> {
    decoded
        .items
        .iter()
        .map(|item| match item {
            Item::Point(point) => point,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn event(decoded: &Decoded) -> &EventItem {
    match &decoded.items[..] {
        [Item::Event(event)] => event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_counter_of_hardware_keeps_its_host_and_its_own_attributes() {
    let decoded = with(HARDWARE.as_bytes(), "application/json", metrics);
    let points = points(&decoded);
    let point = points[0];
    assert_eq!(point.name, "hw.network.io");
    assert_eq!((&*point.unit, point.kind), ("By", Kind::Counter));
    assert_eq!(point.value, Value::Number(88_123_456_789.0));
    assert_eq!(point.at, Some(NetTime(1_795_161_603_114)));
    let tag = |name: &str| point.tags.get(name).map(String::as_str);
    assert_eq!(tag("host.name"), Some("pe1.sh01"));
    assert_eq!(tag("hw.id"), Some("ethernet-1/1"), "the point's own wins");
    assert_eq!(tag("outer.hw.id"), Some("outer"), "and nothing is lost");
    assert_eq!(tag("otel.scope.name"), Some("net"));
    assert_eq!(tag("rack"), Some("7"));
    assert!(decoded.rejects.is_empty());
}

fn metrics_message(json: &str) -> Vec<u8> {
    let mut out = Decoded::default();
    let json = serde_json::from_str(json).unwrap();
    let resource_metrics = json::metrics(&json, &mut out).unwrap();
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

#[test]
fn protobuf_and_json_say_the_same() {
    let message = metrics_message(HARDWARE);
    let by_wire = with(&message, "application/x-protobuf", metrics);
    let by_json = with(HARDWARE.as_bytes(), "application/json", metrics);
    assert_eq!(by_wire, by_json);
    assert_eq!(
        with(&message, "", metrics),
        by_json,
        "told by the first byte"
    );
}

fn one_metric(data: &str) -> Decoded {
    let json = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m","unit":"s",{data}}}]}}]}}]}}"#
    );
    let decoded = with(json.as_bytes(), "application/json", metrics);
    let message = metrics_message(&json);
    let by_wire = with(&message, "application/x-protobuf", metrics);
    if decoded.rejects.is_empty() {
        assert_eq!(decoded, by_wire);
    }
    decoded
}

fn named(decoded: &Decoded) -> Vec<(String, Value, Kind)> {
    points(decoded)
        .into_iter()
        .map(|p| {
            let extra = p.tags.get("le").or(p.tags.get("quantile"));
            let name = extra.map_or(p.name.clone(), |e| format!("{}[{e}]", p.name));
            (name, p.value.clone(), p.kind)
        })
        .collect()
}

#[test]
fn a_histogram_becomes_count_sum_and_cumulative_buckets() {
    let decoded = one_metric(
        r#""histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1000000","count":"6","sum":1.5,
           "bucketCounts":["1","2","3"],"explicitBounds":[0.1,0.5],"min":0.01}]}"#,
    );
    let number = Value::Number;
    assert_eq!(
        named(&decoded),
        [
            ("m.count".to_owned(), number(6.0), Kind::Counter),
            ("m.sum".to_owned(), number(1.5), Kind::Counter),
            ("m.min".to_owned(), number(0.01), Kind::Gauge),
            ("m.bucket[0.1]".to_owned(), number(1.0), Kind::Counter),
            ("m.bucket[0.5]".to_owned(), number(3.0), Kind::Counter),
            ("m.bucket[+Inf]".to_owned(), number(6.0), Kind::Counter),
        ]
    );
    assert_eq!(points(&decoded)[0].unit, "1");
    assert_eq!(points(&decoded)[1].unit, "s");
}

#[test]
fn summaries_and_exponential_histograms_become_points_too() {
    let decoded = one_metric(
        r#""summary":{"dataPoints":[{"count":"4","sum":2,"quantileValues":[{"quantile":0.99,"value":0.7},{"quantile":0.5,"value":"NaN"}]}]}"#,
    );
    let names: Vec<_> = named(&decoded).into_iter().map(|n| n.0).collect();
    assert_eq!(names, ["m.count", "m.sum", "m.quantile[0.99]"]);
    let decoded = one_metric(
        r#""exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"count":4,"sum":2,"scale":3,"max":1}]}"#,
    );
    let kinds: Vec<_> = named(&decoded).into_iter().map(|n| (n.0, n.2)).collect();
    assert_eq!(
        kinds,
        [
            ("m.count".to_owned(), Kind::Delta),
            ("m.sum".to_owned(), Kind::Delta),
            ("m.max".to_owned(), Kind::Gauge)
        ]
    );
}

#[test]
fn temporality_and_monotonicity_say_how_a_sum_moves() {
    for (head, kind) in [
        (
            r#""aggregationTemporality":2,"isMonotonic":true"#,
            Kind::Counter,
        ),
        (r#""aggregationTemporality":2"#, Kind::Gauge),
        (
            r#""aggregationTemporality":1,"isMonotonic":true"#,
            Kind::Delta,
        ),
        (r#""isMonotonic":true"#, Kind::Unknown),
    ] {
        let decoded = one_metric(&format!(r#""sum":{{{head},"dataPoints":[{{"asInt":1}}]}}"#));
        assert_eq!(points(&decoded)[0].kind, kind, "{head}");
        assert_eq!(points(&decoded)[0].at, None);
    }
}

#[test]
fn a_bad_data_point_spoils_itself_and_not_its_message() {
    let decoded = one_metric(
        r#""gauge":{"dataPoints":[{"asDouble":"NaN"},{"asDouble":"-Infinity"},{"asInt":"x"},{"timeUnixNano":-1,"asInt":1},
           {},{"asDouble":1.5},{"flags":1}]}"#,
    );
    assert_eq!(decoded.rejects.len(), 5, "{:?}", decoded.rejects);
    let values: Vec<_> = points(&decoded).iter().map(|p| p.value.clone()).collect();
    assert_eq!(values, [Value::Number(1.5), Value::Gone]);
    let decoded = one_metric(
        r#""histogram":{"dataPoints":[{"count":1,"bucketCounts":[1],"explicitBounds":[1,2]}]}"#,
    );
    assert!(decoded.rejects[0].reason.contains("bounds"));
}

#[test]
fn more_attributes_than_the_limit_reject_the_point() {
    let pairs: Vec<String> = (0..70)
        .map(|n| format!(r#"{{"key":"k{n}","value":{{"boolValue":true}}}}"#))
        .collect();
    let decoded = one_metric(&format!(
        r#""gauge":{{"dataPoints":[{{"asInt":1,"attributes":[{}]}},{{"asInt":2}}]}}"#,
        pairs.join(",")
    ));
    assert_eq!((decoded.items.len(), decoded.rejects.len()), (1, 1));
    assert!(decoded.rejects[0].reason.contains("64 attributes"));
}

#[test]
fn a_log_record_becomes_an_event_with_its_severity_and_ids() {
    let json = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"pe1"}}]},"scopeLogs":[{"logRecords":[
        {"timeUnixNano":"0","observedTimeUnixNano":"2000000","severityNumber":17,"body":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":1}]}}}]}},
         "attributes":[{"key":"event.name","value":{"stringValue":"bgp.down"}}],"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}]}]}]}"#;
    let decoded = with(json.as_bytes(), "application/json", logs);
    let event = event(&decoded);
    assert_eq!(event.name, "bgp.down");
    assert_eq!(event.text, r#"{"a":[1]}"#);
    assert_eq!(event.severity, Severity::Major);
    assert_eq!(event.at, Some(NetTime(2)));
    assert_eq!(event.tags["trace_id"], "5b8efff798038103d269b633813fc60c");
    assert_eq!(event.tags["host.name"], "pe1");
}

#[test]
fn only_a_failed_span_becomes_an_event() {
    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"name":"GET /ok","status":{}},
        {"name":"GET /v1/infer","endTimeUnixNano":"5000000","status":{"code":2},
         "events":[{"name":"exception","attributes":[{"key":"exception.message","value":{"stringValue":"timed out"}}]}]}]}]}]}"#;
    let decoded = with(json.as_bytes(), "application/json", traces);
    let event = event(&decoded);
    assert_eq!((&*event.name, &*event.text), ("GET /v1/infer", "timed out"));
    let mut out = Decoded::default();
    let resource_spans = json::traces(&serde_json::from_str(json).unwrap(), &mut out).unwrap();
    let message = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    assert_eq!(with(&message, "application/x-protobuf", traces), decoded);
}

#[test]
fn what_is_no_otlp_is_refused_as_a_whole() {
    for (payload, content_type, says) in [
        (&b"{]"[..], "application/json", "no JSON"),
        (b"[1]", "application/json", "resourceMetrics"),
        (br#"{"resourceLogs":[]}"#, "application/json", "signal"),
        (b"\x0a\xff\xff\xff\x7f", "application/x-protobuf", "broken"),
        (b"x", "text/plain", "text/plain"),
    ] {
        let refused = with(payload, content_type, read_metrics).unwrap_err();
        assert!(refused.reason.contains(says), "{refused:?}");
    }
    assert_eq!(with(b"{}", "application/json", metrics), Decoded::default());
    assert_eq!(
        with(b"", "application/x-protobuf", metrics),
        Decoded::default()
    );
}

#[test]
fn empty_parts_are_counted_before_memory_is_taken_for_them() {
    // One resource of 2,000,000 empty attributes: 4 MB on the wire, far more decoded.
    let attributes = [10_u8, 0].repeat(2_000_000);
    let resource = [vec![10], length(attributes.len()), attributes].concat();
    let message = [vec![10], length(resource.len()), resource].concat();
    let refused = with(&message, "application/x-protobuf", read_metrics).unwrap_err();
    assert!(refused.reason.contains("parts"), "{refused:?}");
}

fn length(mut number: usize) -> Vec<u8> {
    let mut bytes = vec![];
    while number >= 128 {
        bytes.push(u8::try_from(number % 128 + 128).unwrap());
        number /= 128;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for read in [metrics, logs, traces] {
            let _ = with(&bytes, "application/x-protobuf", read);
            let _ = with(&bytes, "application/json", read);
        }
    }

    #[test]
    fn a_message_with_some_bytes_changed_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        as_json in any::<bool>(),
    ) {
        let mut bytes = if as_json { HARDWARE.as_bytes().to_vec() } else { metrics_message(HARDWARE) };
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let content_type = if as_json { "application/json" } else { "application/x-protobuf" };
        let _ = with(&bytes, content_type, metrics);
    }
}
