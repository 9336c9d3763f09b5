//! The status table of each protocol, compression, bounds, and who is let in.

use crate::client::{Heard, loopback, read, receiver, send};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics,
};
use prost::Message;
use std::io::Write as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use zizhi_bus::clock::wall;
use zizhi_bus::ingest::intake::Verdict;
use zizhi_bus::ingest::output::Output;

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Method, path, headers, body, and the status and words that are expected.
type Row<'a> = (
    &'a str,
    &'a str,
    &'a [(&'a str, &'a str)],
    &'a [u8],
    u16,
    &'a str,
);

/// OTLP gauges of the given values, now.
fn gauges(values: &[f64]) -> Vec<u8> {
    let point = |(n, value): (usize, &f64)| NumberDataPoint {
        time_unix_nano: (wall().0 - n as u64) * 1_000_000,
        value: Some(Number::AsDouble(*value)),
        ..NumberDataPoint::default()
    };
    let metric = Metric {
        name: "m".to_owned(),
        data: Some(Data::Gauge(Gauge {
            data_points: values.iter().enumerate().map(point).collect(),
        })),
        ..Metric::default()
    };
    let scope = ScopeMetrics {
        metrics: vec![metric],
        ..ScopeMetrics::default()
    };
    let resource = ResourceMetrics {
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![resource],
    }
    .encode_to_vec()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

/// A remote-write label, sample, series: written field by field, since this is what a sender does.
mod written {
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    pub struct Label {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(string, tag = "2")]
        pub value: String,
    }

    #[derive(Clone, Copy, PartialEq, Message)]
    pub struct Sample {
        #[prost(double, tag = "1")]
        pub value: f64,
        #[prost(int64, tag = "2")]
        pub timestamp: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Series {
        #[prost(message, repeated, tag = "1")]
        pub labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub samples: Vec<Sample>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Request {
        #[prost(message, repeated, tag = "1")]
        pub series: Vec<Series>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct SeriesV2 {
        #[prost(uint32, repeated, tag = "1")]
        pub labels: Vec<u32>,
        #[prost(message, repeated, tag = "2")]
        pub samples: Vec<Sample>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct RequestV2 {
        #[prost(string, repeated, tag = "4")]
        pub symbols: Vec<String>,
        #[prost(message, repeated, tag = "5")]
        pub series: Vec<SeriesV2>,
    }

    /// A series of the given name with one value.
    pub fn series(name: &str, value: f64, timestamp: u64) -> Series {
        let label = |name: &str, value: &str| Label {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        Series {
            labels: vec![label("__name__", name), label("instance", "pe1")],
            samples: vec![Sample {
                value,
                timestamp: i64::try_from(timestamp).unwrap(),
            }],
        }
    }

    pub fn snappy(message: &impl Message) -> Vec<u8> {
        snap::raw::Encoder::new()
            .compress_vec(&message.encode_to_vec())
            .unwrap()
    }

    pub fn request(series: Vec<Series>) -> Vec<u8> {
        snappy(&Request { series })
    }
}

async fn write(to: std::net::SocketAddr, content_type: &str, body: &[u8]) -> Heard {
    let headers = [
        ("content-type", content_type),
        ("content-encoding", "snappy"),
    ];
    send(to, "POST", "/api/v1/write", &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn otlp_is_answered_in_its_own_encoding_and_says_what_was_rejected() {
    let (ingest, kept) = receiver(|_| {}).await;
    let to = ingest.http.unwrap();
    let all = send(to, "POST", "/v1/metrics", &[PROTOBUF], &gauges(&[1.0])).await;
    assert_eq!((all.status, all.body.len()), (200, 0), "{all:?}");
    assert_eq!(all.headers["content-type"], "application/x-protobuf");

    let body = gauges(&[1.0, f64::NAN, f64::INFINITY]);
    let part = send(to, "POST", "/v1/metrics", &[PROTOBUF], &body).await;
    assert_eq!(part.status, 200);
    let answer = ExportMetricsServiceResponse::decode(&*part.body).unwrap();
    let partial = answer.partial_success.unwrap();
    assert_eq!(partial.rejected_data_points, 2);
    assert!(partial.error_message.contains("NaN"), "{partial:?}");

    let body = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":99999999999},{"body":{"stringValue":"x"}}]}]}]}"#;
    let part = send(to, "POST", "/v1/logs", &[JSON], body).await;
    assert_eq!(part.headers["content-type"], "application/json");
    let answer: serde_json::Value = serde_json::from_slice(&part.body).unwrap();
    assert_eq!(
        answer["partialSuccess"]["rejectedLogRecords"], "1",
        "{answer}"
    );
    let none = send(to, "POST", "/v1/traces", &[JSON], b"{}").await;
    assert_eq!((none.status, none.text()), (200, "{}".to_owned()));

    // Two gauges without a place, a dead letter for each of three bad parts, one event.
    let outputs = kept.wait(6).await;
    let count = |is: fn(&Output) -> bool| outputs.iter().filter(|o| is(o)).count();
    assert_eq!(count(|o| matches!(o, Output::DeadLetter(_))), 3);
    assert_eq!(count(|o| matches!(o, Output::Event(_))), 1);
    let counts = ingest.stop().await;
    assert!(
        counts
            .values()
            .all(zizhi_bus::ingest::account::Counts::adds_up)
    );
    assert_eq!(counts["http/127.0.0.1/v1/metrics"].received, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_request_gets_its_own_status() {
    let (ingest, _) = receiver(|c| c.http.as_mut().unwrap().body_bytes = 4096).await;
    let to = ingest.http.unwrap();
    let bomb = gzip(&vec![b' '; 1 << 20]);
    let long = vec![b'x'; 5000];
    let gzipped = ("content-encoding", "gzip");
    let brotli = ("content-encoding", "br");
    let text = ("content-type", "text/plain");
    let table: &[Row<'_>] = &[
        ("GET", "/healthz", &[], b"", 200, "ok"),
        ("GET", "/v1/metrics", &[PROTOBUF], b"", 405, "POST"),
        ("POST", "/v2/metrics", &[PROTOBUF], b"", 404, "/ingest"),
        (
            "POST",
            "/v1/metrics",
            &[text],
            b"x",
            415,
            "application/json",
        ),
        ("POST", "/v1/metrics", &[], b"x", 415, "application/json"),
        ("POST", "/v1/metrics", &[JSON, brotli], b"x", 415, "gzip"),
        ("POST", "/v1/metrics", &[JSON], b"{]", 400, "no JSON"),
        (
            "POST",
            "/v1/metrics",
            &[PROTOBUF],
            b"\x0a\xff",
            400,
            "protobuf",
        ),
        ("POST", "/v1/metrics", &[PROTOBUF], &long, 413, "4096"),
        ("POST", "/v1/metrics", &[JSON, gzipped], &bomb, 413, "4096"),
        (
            "POST",
            "/v1/metrics",
            &[JSON, gzipped],
            b"x",
            400,
            "compressed",
        ),
        ("POST", "/api/v1/write", &[JSON], b"x", 415, "x-protobuf"),
        ("POST", "/api/v1/write", &[PROTOBUF], b"x", 400, "snappy"),
        (
            "POST",
            "/api/v1/write",
            &[PROTOBUF, gzipped],
            b"x",
            415,
            "snappy",
        ),
        ("POST", "/alertmanager", &[JSON], b"{]", 400, "reason"),
        ("POST", "/ingest", &[], b"\xff\xfe\xfd", 400, "reason"),
    ];
    for (method, path, headers, body, status, says) in table {
        let heard = send(to, method, path, headers, body).await;
        assert_eq!(
            heard.status,
            *status,
            "{method} {path} {headers:?}: {}",
            heard.text()
        );
        assert!(
            heard.text().contains(says),
            "{method} {path}: {}",
            heard.text()
        );
    }
    let wrong = send(to, "GET", "/v1/logs", &[JSON], b"").await;
    assert_eq!(wrong.headers["allow"], "POST");
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_is_read() {
    let (ingest, kept) = receiver(|_| {}).await;
    let headers = [PROTOBUF, ("content-encoding", "gzip")];
    let body = gzip(&gauges(&[1.0, 2.0]));
    let heard = send(ingest.http.unwrap(), "POST", "/v1/metrics", &headers, &body).await;
    assert_eq!(heard.status, 200);
    kept.wait(2).await;
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn remote_write_hears_204_only_if_all_was_written() {
    let (ingest, kept) = receiver(|_| {}).await;
    let to = ingest.http.unwrap();
    let now = wall().0;
    let v1 = "application/x-protobuf";
    let good = written::request(vec![
        written::series("up", 1.0, now),
        written::series("quantile", f64::NAN, now),
    ]);
    let heard = write(to, v1, &good).await;
    assert_eq!(
        (heard.status, heard.body.len()),
        (204, 0),
        "a NaN is no fault of the sender"
    );
    let again = write(to, v1, &good).await;
    assert_eq!(again.status, 204, "sent twice is written once");

    let partial = written::request(vec![
        written::series("up", 1.0, now + 1),
        written::series("old", 1.0, now - 3_600_000),
        written::series("", 1.0, now),
    ]);
    let heard = write(to, v1, &partial).await;
    assert_eq!(heard.status, 400);
    assert!(
        heard.text().contains("2 of 3 not written"),
        "{}",
        heard.text()
    );

    let outputs = kept.wait(1).await;
    let Output::Measurement(up) = &outputs[0] else {
        panic!("{outputs:?}")
    };
    assert_eq!(
        (up.object.to_string(), up.value),
        ("router/pe1".to_owned(), 1.0)
    );
    let counts = ingest.stop().await;
    let counts = &counts["http/127.0.0.1/api/v1/write"];
    assert_eq!(
        (counts.out, counts.duplicate, counts.late, counts.rejected),
        (2, 1, 1, 3)
    );
    assert!(counts.adds_up());
}

#[tokio::test(flavor = "multi_thread")]
async fn remote_write_two_hears_how_much_was_written() {
    let (ingest, _) = receiver(|_| {}).await;
    let timestamp = i64::try_from(wall().0).unwrap();
    let body = written::snappy(&written::RequestV2 {
        symbols: ["", "__name__", "up", "instance", "pe1"]
            .map(str::to_owned)
            .to_vec(),
        series: vec![written::SeriesV2 {
            labels: vec![1, 2, 3, 4],
            samples: vec![written::Sample {
                value: 1.0,
                timestamp,
            }],
        }],
    });
    let v2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    let heard = write(ingest.http.unwrap(), v2, &body).await;
    assert_eq!(heard.status, 204, "{}", heard.text());
    let said =
        |name: &str| heard.headers[&format!("x-prometheus-remote-write-{name}-written")].clone();
    assert_eq!(
        [said("samples"), said("histograms"), said("exemplars")],
        ["1", "0", "0"]
    );
    let heard = write(
        ingest.http.unwrap(),
        "application/x-protobuf;proto=x.Y",
        &body,
    )
    .await;
    assert_eq!(heard.status, 415);
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_know_the_token_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "noc:s3cret\n").unwrap();
    let (ingest, _) = receiver(|c| c.http.as_mut().unwrap().token_file = Some(token)).await;
    let to = ingest.http.unwrap();
    for (said, status) in [
        ("Bearer noc:s3cret", 200),
        ("Basic bm9jOnMzY3JldA==", 200),
        ("Bearer wrong", 401),
        ("", 401),
    ] {
        let headers = [JSON, ("authorization", said)];
        let heard = send(to, "POST", "/v1/metrics", &headers, b"{}").await;
        assert_eq!(heard.status, status, "{said}: {}", heard.text());
    }
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_open_to_everybody_does_not_start_unless_that_is_wanted() {
    let start = async |allow_open| {
        let mut config = zizhi_bus::IngestConfig {
            http: Some(zizhi_bus::ingest::config::HttpInput {
                listen: "0.0.0.0:0".parse().unwrap(),
                allow_open,
                ..Default::default()
            }),
            ..Default::default()
        };
        config.queue = 1;
        let kept = crate::client::Kept::default();
        zizhi_bus::Ingest::start(&config, crate::client::only_up(), kept).await
    };
    let refused = start(false).await.err().unwrap().to_string();
    assert!(
        refused.contains("token_file") && refused.contains("allow_open"),
        "{refused}"
    );
    start(true).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_sender_is_let_go_and_others_are_served_meanwhile() {
    let (ingest, _) = receiver(|c| c.http.as_mut().unwrap().read_timeout_s = 1).await;
    let to = ingest.http.unwrap();
    let mut slow_body = TcpStream::connect(to).await.unwrap();
    let head = "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{";
    slow_body.write_all(head.as_bytes()).await.unwrap();
    let mut slow_head = TcpStream::connect(to).await.unwrap();
    slow_head.write_all(b"POST /v1/met").await.unwrap();
    let heard = send(to, "POST", "/v1/metrics", &[JSON], b"{}").await;
    assert_eq!(heard.status, 200);
    assert_eq!(read(&mut slow_body).await.status, 408);
    read(&mut slow_head).await;
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_come_again_and_counts_what_it_dropped() {
    use zizhi_bus::ingest::http::HttpListener;
    use zizhi_bus::ingest::intake::Intake;
    let config = zizhi_bus::ingest::config::HttpInput {
        listen: loopback(),
        ..Default::default()
    };
    let (intake, mut queue) = Intake::new(1);
    let listener = HttpListener::bind(config, intake.clone()).await.unwrap();
    let (to, stop) = (
        listener.address(),
        tokio_util::sync::CancellationToken::new(),
    );
    let running = tokio::spawn(listener.run(stop.clone()));
    let first = tokio::spawn(async move { send(to, "POST", "/ingest", &[JSON], b"{}").await });
    // The first one waits in the queue for its verdict; there is no room for a second.
    while queue.is_empty() {
        tokio::task::yield_now().await;
    }
    let second = send(to, "POST", "/v1/logs", &[JSON], b"{}").await;
    assert_eq!((second.status, &*second.headers["retry-after"]), (503, "1"));
    assert_eq!(intake.drops()["http/127.0.0.1/v1/logs"], 1);
    let arrived = queue.recv().await.unwrap();
    arrived.answer.unwrap().send(Verdict::default()).unwrap();
    assert_eq!(first.await.unwrap().status, 200);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_new_series_is_capped_and_the_sender_hears_it() {
    let (ingest, _) = receiver(|c| c.series_per_source = 100).await;
    let to = ingest.http.unwrap();
    let now = wall().0;
    let many = (0..20_000).map(|n| written::series(&format!("m{n}"), 1.0, now));
    let heard = write(
        to,
        "application/x-protobuf",
        &written::request(many.collect()),
    )
    .await;
    assert_eq!(heard.status, 400);
    assert!(
        heard.text().contains("series_per_source"),
        "{}",
        heard.text()
    );
    let body = gauges(&[1.0]);
    let other = send(to, "POST", "/v1/metrics", &[PROTOBUF], &body).await;
    assert_eq!((other.status, other.body.len()), (200, 0));
    let counts = ingest.stop().await;
    let flood = &counts["http/127.0.0.1/api/v1/write"];
    assert_eq!((flood.out, flood.capped, flood.series), (100, 19_900, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn seconds_milliseconds_and_nanoseconds_mean_the_same_moment() {
    let (ingest, kept) = receiver(|_| {}).await;
    let to = ingest.http.unwrap();
    let second = wall().0 / 1000;
    let line = format!("m,host=a v=1 {second}000000000\n");
    let json =
        format!(r#"{{"name":"m","tags":{{"host":"b"}},"fields":{{"v":1}},"timestamp":{second}}}"#);
    let json_ms = format!(
        r#"{{"name":"m","tags":{{"host":"c"}},"fields":{{"v":1}},"timestamp":{second}000}}"#
    );
    for body in [line, json, json_ms] {
        let heard = send(to, "POST", "/ingest", &[], body.as_bytes()).await;
        assert_eq!(heard.status, 200, "{body}: {}", heard.text());
    }
    for output in kept.wait(3).await {
        let Output::Unplaced(value) = output else {
            panic!("{output:?}")
        };
        assert_eq!(value.at.0, second * 1000);
    }
    let counts = ingest.stop().await;
    assert!(counts["http/127.0.0.1/ingest"].whole_seconds);
}
