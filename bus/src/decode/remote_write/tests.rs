//! Requests of both versions, written here with the same message shapes and read as a sender's would be.

use super::message::{
    Count, Exemplar, Histogram, Label, MetadataV1, MetadataV2, RequestV1, RequestV2, Sample,
    SeriesV1, SeriesV2,
};
use super::series::STALE;
use super::*;
use crate::decode::{Item, Kind, Point, Value};
use proptest::prelude::*;
use zizhi_types::NetTime;

fn label(name: &str, value: &str) -> Label {
    Label {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn series(name: &str, values: &[f64]) -> SeriesV1 {
    SeriesV1 {
        labels: vec![label("__name__", name), label("instance", "pe1.sh01")],
        samples: values
            .iter()
            .zip(1_795_161_603_114..)
            .map(|(&value, timestamp)| Sample { value, timestamp })
            .collect(),
        ..SeriesV1::default()
    }
}

fn pack(message: &impl Message) -> Vec<u8> {
    snap::raw::Encoder::new()
        .compress_vec(&message.encode_to_vec())
        .unwrap()
}

fn read_v1(series: Vec<SeriesV1>) -> Written {
    let request = RequestV1 {
        series,
        metadata: vec![],
    };
    read(&pack(&request), Version::V1, &Limits::default()).unwrap()
}

fn points(written: &Written) -> Vec<&Point> {
    written
        .decoded
        .items
        .iter()
        .map(|item| match item {
            Item::Point(point) => point,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_series_becomes_points_with_its_labels_as_tags() {
    let written = read_v1(vec![series("ifHCInOctets", &[8.8e10, 8.9e10])]);
    let points = points(&written);
    assert_eq!(points[0].name, "ifHCInOctets");
    assert_eq!(points[0].tags["instance"], "pe1.sh01");
    assert!(!points[0].tags.contains_key("__name__"));
    assert_eq!(points[1].value, Value::Number(8.9e10));
    assert_eq!(points[1].at, Some(NetTime(1_795_161_603_115)));
    assert_eq!((written.samples, written.decoded.rejects.len()), (2, 0));
}

#[test]
fn the_stale_marker_is_gone_and_another_nan_is_no_value_and_no_fault() {
    let written = read_v1(vec![series(
        "up",
        &[f64::from_bits(STALE), f64::NAN, f64::INFINITY, 1.0],
    )]);
    let values: Vec<_> = points(&written).iter().map(|p| p.value.clone()).collect();
    assert_eq!(values, [Value::Gone, Value::Number(1.0)]);
    assert_eq!(
        (
            written.samples,
            written.empty,
            written.decoded.rejects.len()
        ),
        (4, 2, 0)
    );
}

#[test]
fn how_a_value_moves_comes_from_metadata_and_else_from_the_name() {
    let request = RequestV1 {
        series: vec![
            series("rpc_ms_count", &[1.0]),
            series("odd", &[1.0]),
            series("x_total", &[1.0]),
            series("temp", &[1.0]),
        ],
        metadata: vec![
            MetadataV1 {
                kind: 5,
                family: "rpc_ms".to_owned(),
                unit: "ms".to_owned(),
            },
            MetadataV1 {
                kind: 2,
                family: "odd".to_owned(),
                unit: String::new(),
            },
        ],
    };
    let written = read(&pack(&request), Version::V1, &Limits::default()).unwrap();
    let kinds: Vec<_> = points(&written).iter().map(|p| p.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Counter, Kind::Gauge, Kind::Counter, Kind::Unknown]
    );
    assert_eq!(points(&written)[0].unit, "ms");
}

#[test]
fn a_bad_series_spoils_itself_and_not_its_request() {
    let mut nameless = series("x", &[1.0]);
    nameless.labels.remove(0);
    let mut old = series("y", &[1.0]);
    old.samples[0].timestamp = -5;
    let written = read_v1(vec![nameless, old, series("z", &[1.0])]);
    assert_eq!(points(&written).len(), 1);
    assert_eq!(written.decoded.rejects.len(), 2);
    assert!(written.decoded.rejects[0].reason.contains("__name__"));
    assert!(written.decoded.rejects[1].reason.contains("1970"));
}

fn v2() -> RequestV2 {
    let symbols = ["", "__name__", "http_requests_total", "host", "pe1", "By"];
    RequestV2 {
        symbols: symbols.map(str::to_owned).to_vec(),
        series: vec![SeriesV2 {
            labels_refs: vec![1, 2, 3, 4],
            samples: vec![Sample {
                value: 5.0,
                timestamp: 1000,
            }],
            histograms: vec![Histogram {
                count: Some(Count::Whole(3)),
                sum: 1.5,
                timestamp: 1000,
            }],
            exemplars: vec![Exemplar {}],
            metadata: Some(MetadataV2 {
                kind: 1,
                unit_ref: 5,
            }),
            created_timestamp: 500,
        }],
    }
}

#[test]
fn version_two_reads_labels_and_units_from_its_table_of_symbols() {
    let written = read(&pack(&v2()), Version::V2, &Limits::default()).unwrap();
    let points = points(&written);
    let names: Vec<_> = points.iter().map(|p| &*p.name).collect();
    assert_eq!(
        names,
        [
            "http_requests_total",
            "http_requests_total_count",
            "http_requests_total_sum"
        ]
    );
    assert_eq!((&*points[0].unit, points[0].kind), ("By", Kind::Counter));
    assert_eq!(points[0].tags["host"], "pe1");
    assert_eq!(
        (written.samples, written.histograms, written.exemplars),
        (1, 1, 1)
    );
}

#[test]
fn a_reference_outside_the_table_rejects_its_series_only() {
    let mut request = v2();
    let mut bad = request.series[0].clone();
    bad.labels_refs = vec![1, 99];
    request.series.push(bad.clone());
    bad.labels_refs = vec![1];
    request.series.push(bad);
    let written = read(&pack(&request), Version::V2, &Limits::default()).unwrap();
    assert_eq!(points(&written).len(), 3);
    let reasons: Vec<_> = written.decoded.rejects.iter().map(|r| &*r.reason).collect();
    assert!(reasons[0].contains("symbol 99"), "{reasons:?}");
    assert!(reasons[1].contains("odd"), "{reasons:?}");
}

#[test]
fn the_size_after_decompression_is_checked_before_memory_is_taken() {
    // The header of a snappy block that claims 3 GiB.
    let bomb = [0x80, 0x80, 0x80, 0x80, 0x0c, 0, 0];
    let refused = read(&bomb, Version::V1, &Limits::default()).unwrap_err();
    assert!(refused.reason.contains("smaller batches"), "{refused:?}");
    let refused = read(b"{}", Version::V1, &Limits::default()).unwrap_err();
    assert!(refused.reason.contains("snappy"), "{refused:?}");
}

#[test]
fn more_samples_than_the_limit_are_refused_one_by_one() {
    let limits = Limits {
        items: 3,
        ..Limits::default()
    };
    let request = RequestV1 {
        series: vec![series("a", &[1.0; 5]), series("b", &[1.0])],
        metadata: vec![],
    };
    let written = read(&pack(&request), Version::V1, &limits).unwrap();
    assert_eq!(
        (written.decoded.items.len(), written.decoded.rejects.len()),
        (3, 3)
    );
}

#[test]
fn empty_series_are_counted_before_memory_is_taken_for_them() {
    let packed = snap::raw::Encoder::new()
        .compress_vec(&[10, 0].repeat(1_000_001))
        .unwrap();
    let refused = read(&packed, Version::V1, &Limits::default()).unwrap_err();
    assert!(refused.reason.contains("parts"), "{refused:?}");
}

#[test]
fn the_content_type_decides_the_version() {
    for (content_type, version) in [
        ("application/x-protobuf", Some(Version::V1)),
        (
            "application/x-protobuf;proto=prometheus.WriteRequest",
            Some(Version::V1),
        ),
        (
            "application/x-protobuf; proto=io.prometheus.write.v2.Request",
            Some(Version::V2),
        ),
        ("application/x-protobuf;proto=other.Message", None),
        ("application/json", None),
    ] {
        assert_eq!(Version::of(content_type), version, "{content_type}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let packed = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
        for version in [Version::V1, Version::V2] {
            let _ = read(&bytes, version, &Limits::default());
            let _ = read(&packed, version, &Limits::default());
        }
    }

    #[test]
    fn a_request_with_some_bytes_changed_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let mut plain = v2().encode_to_vec();
        for (place, byte) in changes {
            let place = place.index(plain.len());
            plain[place] = byte;
        }
        let packed = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
        let _ = read(&packed, Version::V2, &Limits::default());
    }
}
