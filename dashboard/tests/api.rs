//! What a program asks and orders over the API, and what it is told when it asks wrongly.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[allow(dead_code, reason = "each test file uses a part of the common story")]
mod common;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ALLOW, CONTENT_TYPE, HOST};
use axum::http::{Method, Request, Response, StatusCode};
use common::{Writer, asked, first_half, second_half};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt as _;
use zizhi_dashboard::{Desk, DeskError, House, Order, Source, app};
use zizhi_types::plan::Fingerprint;
use zizhi_types::record::Who;

/// Keeps what it was given, unless the line is cut.
#[derive(Default)]
struct Kept {
    orders: Mutex<Vec<Order>>,
    cut: AtomicBool,
}

#[async_trait]
impl Desk for Kept {
    async fn send(&self, order: Order) -> Result<(), DeskError> {
        if self.cut.load(SeqCst) {
            return Err(DeskError::Gone);
        }
        self.orders.lock().unwrap().push(order);
        Ok(())
    }
}

struct Scene {
    _folder: tempfile::TempDir,
    writer: Writer,
    desk: Arc<Kept>,
    app: Router,
}

/// An open incident whose plan waits for a person.
fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, journal) = Writer::new(folder.path());
    first_half(&mut writer);
    asked(&mut writer);
    let desk: Arc<Kept> = Arc::default();
    let house = House::new(Source::new(journal)).with_desk(Arc::clone(&desk) as Arc<dyn Desk>);
    Scene {
        _folder: folder,
        writer,
        desk,
        app: app(house),
    }
}

impl Scene {
    async fn ask(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, uri: &str) -> (StatusCode, Value) {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        read(self.ask(request).await).await
    }

    async fn found(&self, uri: &str) -> Value {
        let (status, body) = self.get(uri).await;
        assert_eq!(status, StatusCode::OK, "{uri}: {body}");
        body
    }

    async fn post(&self, uri: &str, key: Option<&str>, body: &str) -> (StatusCode, Value) {
        let mut request = Request::post(uri)
            .header(HOST, "127.0.0.1:8080")
            .header(CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        read(self.ask(request).await).await
    }

    fn sent(&self) -> usize {
        self.desk.orders.lock().unwrap().len()
    }
}

/// Every failure is a problem: `type`, `title`, `status` and `detail`.
async fn read(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    let media = response.headers()[CONTENT_TYPE].clone();
    let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    if status.is_success() {
        assert_eq!(media, "application/json");
    } else {
        assert_eq!(media, "application/problem+json", "{status}");
        assert_eq!(body["status"], status.as_u16());
        for field in ["type", "title", "detail"] {
            assert!(body[field].is_string(), "{field} of {body}");
        }
    }
    (status, body)
}

fn no(reason: &str) -> String {
    json!({ "fingerprint": "4f".repeat(32), "revision": "r7", "reason": reason }).to_string()
}

const PLAN: &str = "/api/v1/decisions/plan-transport-1";

#[tokio::test]
async fn the_summary_says_what_waits_and_the_list_names_it() {
    let mut scene = scene();
    let now = scene.found("/api/v1/summary").await;
    assert_eq!(now["waiting"], 1);
    assert_eq!(now["next_deadline"], 36_600_000);
    assert_eq!(
        now["open"][0],
        json!({ "severity": "critical", "incidents": 1 })
    );
    assert_eq!(now["agents"]["items"][0]["state"], "ok");
    assert_eq!(now["agents"]["items"][1]["state"], "silent");
    let list = scene.found("/api/v1/decisions?state=waiting").await;
    assert_eq!(list["items"][0]["plan"], "plan-transport-1");
    assert_eq!(list["items"][0]["question"]["revision"], "r7");
    let answered = zizhi_types::Body::Approved {
        fingerprint: Fingerprint("4f".repeat(32)),
        granted: false,
        reason: "planned work".to_owned(),
        considered_ms: None,
    };
    let who = Who::Human {
        name: "noc".to_owned(),
    };
    scene.writer.add_by(36_100, who, answered);
    let none = scene.found("/api/v1/decisions?state=waiting").await;
    assert_eq!(none["items"], json!([]));
    let one = scene.found(PLAN).await;
    assert_eq!(one["decision"]["outcome"]["state"], "rejected");
    assert_eq!(one["decision"]["outcome"]["by"], "noc");
    assert_eq!(one["plan"]["steps"][0]["id"], "drain");
    assert_eq!(one["rehearsal"]["error_samples"], 14);
}

#[tokio::test]
async fn incidents_are_found_by_state_domain_and_severity() {
    let scene = scene();
    for (query, count) in [
        ("state=open", 1),
        ("state=closed", 0),
        ("domain=transport&severity=critical", 1),
        ("domain=access", 0),
        ("severity=minor", 0),
        ("limit=1", 1),
        ("cursor=000000000000", 0),
    ] {
        let list = scene.found(&format!("/api/v1/incidents?{query}")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
        assert_eq!(list["next"], Value::Null, "{query}");
    }
    let record = scene.found("/api/v1/records/rec-transport-5").await;
    assert_eq!(record["record"]["body"]["kind"], "incident-opened");
    assert_eq!(record["record"]["causes"][0], "rec-transport-3");
    assert_eq!(record["effects"], json!(["rec-transport-6"]));
    assert_eq!(record["raw_sources"], json!(["rec-transport-2"]));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_with_the_reason() {
    let scene = scene();
    for (uri, status, says) in [
        ("/api/v1/incidents?limit=0", 400, "from 1 to 200"),
        ("/api/v1/incidents?limit=201", 400, "from 1 to 200"),
        ("/api/v1/incidents?limit=x", 400, "limit"),
        ("/api/v1/incidents?cursor=nonsense", 400, "cursor"),
        ("/api/v1/incidents?colour=red", 400, "colour"),
        ("/api/v1/incidents?severity=bad", 400, "severity"),
        (
            "/api/v1/incidents/inc-transport-01",
            400,
            "write inc-transport-1",
        ),
        ("/api/v1/incidents/inc-transport-9", 404, "no incident"),
        ("/api/v1/incidents/%ff", 400, ""),
        ("/api/v1/events?topics=weather", 400, "weather"),
        ("/api/v1/nothing", 404, "/api/v1/nothing"),
        ("/api/v2/incidents", 404, "/api/v2/incidents"),
        ("/api/v1/summary?x=1", 400, "x"),
    ] {
        let (got, body) = scene.get(uri).await;
        assert_eq!(got.as_u16(), status, "{uri}: {body}");
        assert!(
            body["detail"].as_str().unwrap().contains(says),
            "{uri}: {body}"
        );
    }
    for (uri, method, allowed) in [
        ("/api/v1/incidents", Method::DELETE, "GET,HEAD"),
        ("/api/v1/kill-switch", Method::PUT, "GET,HEAD,POST"),
        (&format!("{PLAN}/approve"), Method::GET, "POST"),
    ] {
        let request = Request::builder().method(method).uri(uri);
        let request = request.header(HOST, "localhost").body(Body::empty());
        let response = scene.ask(request.unwrap()).await;
        assert_eq!(response.headers()[ALLOW], allowed);
        assert_eq!(read(response).await.0, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn an_order_is_read_strictly_and_sent_once() {
    let scene = scene();
    let long = no(&"x".repeat(20_000));
    for (body, status) in [
        ("{", 400),
        ("", 400),
        ("[]", 422),
        ("null", 422),
        (&format!(r#"["{}","r7","why"]"#, "4f".repeat(32)), 422),
        (r#"{"reason":"x"}"#, 422),
        (&no("x").replace("\"reason\"", "\"why\""), 422),
        (&no("  "), 422),
        (&no(&"x".repeat(501)), 422),
        (&long, 413),
    ] {
        let (got, told) = scene.post(&format!("{PLAN}/reject"), None, body).await;
        assert_eq!(got.as_u16(), status, "{told}");
    }
    let form = Request::post("/api/v1/kill-switch")
        .header(HOST, "localhost")
        .header("content-type", "application/merge-patch+json")
        .body(Body::from("on=true&reason=x"))
        .unwrap();
    assert_eq!(
        read(scene.ask(form).await).await.0,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    assert_eq!(scene.sent(), 0);
    let (status, body) = scene
        .post(&format!("{PLAN}/reject"), None, &no("planned work"))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(body, json!({ "sent": true, "by": "local", "see": PLAN }));
    let orders = scene.desk.orders.lock().unwrap();
    assert!(
        matches!(orders.as_slice(), [Order::Answer { approval, .. }] if !approval.granted && approval.reason == "planned work"),
        "{orders:?}"
    );
}

#[tokio::test]
async fn an_order_that_comes_twice_under_one_key_is_given_once() {
    let scene = scene();
    let at = "/api/v1/kill-switch";
    let press = r#"{"on":true,"reason":"storm"}"#;
    scene.desk.cut.store(true, SeqCst);
    let (status, _) = scene.post(at, Some("k1"), press).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "it was not sent");
    scene.desk.cut.store(false, SeqCst);
    let first = scene.post(at, Some("k1"), press).await;
    assert_eq!(first.0, StatusCode::ACCEPTED, "and can be tried again");
    assert_eq!(scene.post(at, Some("k1"), press).await, first);
    assert_eq!(scene.sent(), 1);
    let other = r#"{"on":false,"reason":"storm"}"#;
    for (uri, body) in [(at, other), (&format!("{PLAN}/reject"), &no("x"))] {
        let (status, problem) = scene.post(uri, Some("k1"), body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem["type"], "urn:zizhi:problem:key-reused");
    }
    let (status, _) = scene.post(at, Some("a key"), press).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    scene.post(at, Some("k2"), press).await;
    assert_eq!(scene.sent(), 2);
}

#[tokio::test]
async fn a_page_of_another_site_gets_a_problem_and_orders_nothing() {
    let scene = scene();
    let request = Request::post("/api/v1/kill-switch")
        .header(HOST, "localhost")
        .header("sec-fetch-site", "cross-site")
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"on":false,"reason":"x"}"#))
        .unwrap();
    assert_eq!(
        read(scene.ask(request).await).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(scene.sent(), 0);
}

/// Reads a stream until `wanted` was in it.
async fn until(response: Response<Body>, wanted: &str) -> String {
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut read = String::new();
    let reading = async {
        while !read.contains(wanted) {
            let bytes = body.next().await.unwrap().unwrap();
            read.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    };
    let limit = Duration::from_secs(20);
    let in_time = tokio::time::timeout(limit, reading).await;
    assert!(in_time.is_ok(), "`{wanted}` is missing in {read}");
    read
}

#[tokio::test]
async fn a_reader_chooses_topics_and_goes_on_where_it_was() {
    let mut scene = scene();
    second_half(&mut scene.writer);
    let uri = "/api/v1/events?topics=incidents,decisions,heartbeat&after=0";
    let request = Request::get(uri).body(Body::empty()).unwrap();
    let all = until(scene.ask(request).await, "event: heartbeat").await;
    assert!(!all.contains("event: record"), "{all}");
    assert_eq!(
        all.matches("event: incident").count(),
        1,
        "one for all its records"
    );
    assert!(all.contains(r#""ending":"fixed""#), "{all}");
    assert_eq!(all.matches("event: decision").count(), 1);
    let request = Request::get("/api/v1/events")
        .header("last-event-id", "9")
        .body(Body::empty())
        .unwrap();
    let rest = until(scene.ask(request).await, "id: 11").await;
    let first = rest.find("\"position\":10").unwrap();
    assert!(first < rest.find("\"position\":11").unwrap());
    assert!(!rest.contains("\"position\":9,"), "{rest}");
    let request = Request::get("/api/v1/events")
        .header("last-event-id", "x")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        read(scene.ask(request).await).await.0,
        StatusCode::BAD_REQUEST
    );
}
