//! Spans on their way to a collector that is well, busy, stuck or gone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use zizhi_bus::otlp_export::{
    ExportConfig, Exporter, Link, Moment, Resource, Span, SpanId, SpanStatus, TraceId, Value,
};

const PATIENCE: Duration = Duration::from_secs(30);

fn span(number: u64) -> Span {
    Span {
        trace: TraceId([7; 16]),
        id: SpanId(number.to_be_bytes()),
        parent: (number > 1).then_some(SpanId(1_u64.to_be_bytes())),
        name: format!("span {number}"),
        start_ns: number * 10,
        end_ns: number * 10 + 5,
        attributes: vec![
            ("zizhi.text", "a".into()),
            ("zizhi.whole", Value::Whole(3)),
            ("zizhi.number", Value::Number(0.5)),
            ("zizhi.flag", Value::Flag(true)),
        ],
        moments: vec![Moment {
            at_ns: number * 10 + 1,
            name: "moment".to_owned(),
            attributes: vec![],
        }],
        links: vec![Link {
            trace: TraceId([7; 16]),
            span: SpanId([9; 8]),
        }],
        status: SpanStatus::Error("why".to_owned()),
    }
}

fn config(endpoint: &str) -> ExportConfig {
    let resource = Resource {
        service: "zizhi".to_owned(),
        version: "0.1.0".to_owned(),
        instance: "transport".to_owned(),
        scope: "site".to_owned(),
    };
    ExportConfig::new(endpoint, resource)
}

type Taken = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A collector that answers with these statuses in turn, and 200 after them.
async fn collector(statuses: &'static [u16]) -> (String, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let taken = Taken::default();
    let into = Arc::clone(&taken);
    tokio::spawn(async move {
        let mut statuses = statuses.iter().copied();
        while let Ok((stream, _)) = listener.accept().await {
            let status = statuses.next().unwrap_or(200);
            let into = Arc::clone(&into);
            let service = service_fn(move |request: Request<Incoming>| {
                let into = Arc::clone(&into);
                async move {
                    assert_eq!(request.uri().path(), "/v1/traces");
                    assert_eq!(request.headers()["content-type"], "application/x-protobuf");
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    if status == 200 {
                        let read = ExportTraceServiceRequest::decode(body).unwrap();
                        into.lock().unwrap().push(read);
                    }
                    let answer = Response::builder().status(status);
                    Ok::<_, Infallible>(answer.body(Full::<Bytes>::default()).unwrap())
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (endpoint, taken)
}

#[tokio::test]
async fn a_collector_reads_what_was_meant() {
    let (endpoint, taken) = collector(&[]).await;
    let exporter = Exporter::start(config(&endpoint)).unwrap();
    exporter.offer([span(1), span(2)]);
    let stats = exporter.stop(PATIENCE).await;
    assert_eq!((stats.offered, stats.sent, stats.failed), (2, 2, 0));
    let requests = taken.lock().unwrap();
    let resource = &requests[0].resource_spans[0];
    let who: Vec<&str> = resource
        .resource
        .as_ref()
        .unwrap()
        .attributes
        .iter()
        .map(|a| a.key.as_str())
        .collect();
    assert_eq!(
        who,
        [
            "service.name",
            "service.version",
            "service.instance.id",
            "service.namespace"
        ]
    );
    let spans: Vec<_> = requests
        .iter()
        .flat_map(|r| &r.resource_spans[0].scope_spans[0].spans)
        .collect();
    assert_eq!(spans[1].trace_id, [7; 16]);
    assert_eq!(spans[1].parent_span_id, spans[0].span_id);
    assert!(spans[0].parent_span_id.is_empty());
    assert_eq!(
        (spans[1].start_time_unix_nano, spans[1].end_time_unix_nano),
        (20, 25)
    );
    assert_eq!(spans[1].attributes.len(), 4);
    assert_eq!(spans[1].events[0].time_unix_nano, 21);
    assert_eq!(spans[1].links[0].span_id, [9; 8]);
    assert_eq!(spans[1].status.as_ref().unwrap().message, "why");
}

#[tokio::test]
async fn a_busy_collector_gets_the_batch_again() {
    let (endpoint, taken) = collector(&[503, 429]).await;
    let exporter = Exporter::start(config(&endpoint)).unwrap();
    exporter.offer([span(1)]);
    let stats = exporter.stop(PATIENCE).await;
    assert_eq!((stats.sent, stats.retries), (1, 2));
    assert_eq!(taken.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refused_batch_is_counted_and_the_next_one_goes() {
    let (endpoint, _taken) = collector(&[400]).await;
    let exporter = Exporter::start(ExportConfig {
        batch_spans: 1,
        ..config(&endpoint)
    })
    .unwrap();
    exporter.offer([span(1), span(2)]);
    let stats = exporter.stop(PATIENCE).await;
    assert_eq!((stats.sent, stats.failed, stats.retries), (1, 1, 0));
}

#[tokio::test]
async fn a_stuck_collector_costs_spans_and_no_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let exporter = Exporter::start(ExportConfig {
        queue_spans: 100,
        ..config(&endpoint)
    })
    .unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test measures its own speed")]
    let from = Instant::now();
    for number in 0..100_000 {
        exporter.offer([span(number)]);
    }
    // No offer waits: all of them together take less than one answer would be waited for.
    assert!(
        from.elapsed() < Duration::from_secs(9),
        "{:?}",
        from.elapsed()
    );
    let stats = exporter.stats();
    assert_eq!(stats.offered, 100_000);
    assert!(stats.dropped >= 99_000, "{stats:?}");
    let end = exporter.stop(Duration::from_millis(50)).await;
    assert_eq!(
        end.offered,
        end.sent + end.rejected + end.dropped + end.failed
    );
    drop(listener);
}
