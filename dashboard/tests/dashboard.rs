//! What a person and a program get from the dashboard, without a port.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[allow(dead_code, reason = "each test file uses a part of the common story")]
mod common;

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{Request, Response, StatusCode};
use common::{HOSTILE, Writer, first_half, second_half, whole};
use futures_util::StreamExt as _;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tower::ServiceExt as _;
use zizhi_dashboard::{Source, app};

async fn get(journal: &Path, uri: &str, language: &str) -> Response<Body> {
    let request = Request::get(uri)
        .header(ACCEPT_LANGUAGE, language)
        .body(Body::empty())
        .unwrap();
    app(Source::new(journal)).oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn page(journal: &Path, uri: &str) -> String {
    let response = get(journal, uri, "en").await;
    assert_eq!(response.status(), StatusCode::OK, "{uri}");
    text(response).await
}

async fn json(journal: &Path, uri: &str) -> Value {
    serde_json::from_str(&page(journal, uri).await).unwrap()
}

/// The places of `parts` in `text` grow: they stand in this order.
fn in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let found = text[from..].find(part);
        from += found.unwrap_or_else(|| panic!("`{part}` is missing, or comes too early"));
    }
}

#[tokio::test]
async fn the_list_shows_what_is_open_and_how_bad_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, journal) = Writer::new(folder.path());
    first_half(&mut writer);
    let open = page(&journal, "/incidents").await;
    in_order(
        &open,
        &[
            "abilene",
            "badge critical",
            "inc-transport-1",
            "lossy link · link ATLA-HSTN",
            "87 %",
            "open",
        ],
    );
    second_half(&mut writer);
    let closed = page(&journal, "/incidents").await;
    in_order(
        &closed,
        &[
            "badge cleared",
            "inc-transport-1",
            "fixed by a verified action",
        ],
    );
}

#[tokio::test]
async fn an_incident_reads_from_the_top_down() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(&whole(folder.path()), "/incidents/inc-transport-1").await;
    in_order(
        &page,
        &[
            "lossy link · link ATLA-HSTN",
            "What is wrong",
            "success ratio 91.2 % (limit 98 %)",
            "packet errors",
            "Since when",
            "10:00:10",
            "First change",
            "52 s",
            "Why we think so",
            "87 % (likely)",
            "group/g1 → demand/ATLA:HSTN → link/ATLA-HSTN",
            "should be unusual and is not",
            "What was proposed",
            "transport.link.drain@1.0.0",
            "What the twin says",
            "91.2 %",
            "99.7 %",
            "Who let it pass",
            "blast radius",
            "What was done",
            "set the IGP cost [link ATLA-HSTN, cost=1000]",
            "Did it help?",
            "pass",
            "What was learned",
            "Every record",
            "rec-transport-5",
        ],
    );
}

#[tokio::test]
async fn every_link_on_every_page_leads_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let mut open = vec!["/".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(uri) = open.pop() {
        if !seen.insert(uri.clone()) {
            continue;
        }
        let response = get(&journal, &uri, "en").await;
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
        let page = text(response).await;
        let links = page
            .split("href=\"/")
            .skip(1)
            .filter_map(|l| l.split('"').next());
        open.extend(links.map(|l| format!("/{l}")));
    }
    // Two languages and the browser's own, each with the list, the incident and its records.
    assert!(seen.len() > 50, "{}", seen.len());
}

#[tokio::test]
async fn an_action_is_walked_back_to_the_raw_message() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let page = page(&journal, "/records/rec-transport-14").await;
    in_order(
        &page,
        &[
            "starts step drain",
            "Causes",
            "ruled on",
            "Effects",
            "finished step",
            "Raw messages",
            "rec-transport-2",
        ],
    );
    let record = json(&journal, "/api/v1/records/rec-transport-14").await;
    assert_eq!(
        record["raw_sources"],
        serde_json::json!(["rec-transport-2"])
    );
    assert_eq!(record["position"], 14);
    assert_eq!(record["effects"], serde_json::json!(["rec-transport-15"]));
}

#[tokio::test]
async fn what_a_device_sent_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let response = get(&journal, "/records/rec-transport-2", "en").await;
    let policy = response.headers()[CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let page = text(response).await;
    assert!(!page.contains(HOSTILE));
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"));
}

#[tokio::test]
async fn the_reader_chooses_the_language_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let uri = "/incidents/inc-transport-1";
    let chinese = text(get(&journal, uri, "zh-CN,zh;q=0.9,en;q=0.5").await).await;
    in_order(
        &chinese,
        &[
            "<html lang=\"zh\">",
            "链路误码丢包",
            "判断依据",
            "孪生预演结果",
            "紧急停止开关未启用",
            "全部记录",
        ],
    );
    let chosen = page(&journal, "/incidents/inc-transport-1?lang=zh").await;
    in_order(
        &chosen,
        &["<html lang=\"zh\">", "/records/rec-transport-3?lang=zh"],
    );
    let english = text(get(&journal, "/?lang=en", "zh").await).await;
    assert!(english.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn what_is_not_there_is_said_with_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    for (uri, status, says) in [
        (
            "/incidents/inc-transport-9",
            StatusCode::NOT_FOUND,
            "no incident inc-transport-9",
        ),
        (
            "/incidents/nonsense",
            StatusCode::BAD_REQUEST,
            "inc-transport-3",
        ),
        (
            "/records/rec-transport-999",
            StatusCode::NOT_FOUND,
            "no record rec-transport-999",
        ),
        ("/nowhere", StatusCode::NOT_FOUND, "no page at /nowhere"),
        (
            "/api/v1/incidents/inc-transport-9",
            StatusCode::NOT_FOUND,
            "urn:zizhi:problem:",
        ),
        (
            "/api/v1/records/x",
            StatusCode::BAD_REQUEST,
            "urn:zizhi:problem:",
        ),
    ] {
        let response = get(&journal, uri, "en").await;
        assert_eq!(response.status(), status, "{uri}");
        let body = text(response).await;
        assert!(body.contains(says), "{uri}: {body}");
    }
    let missing = get(&folder.path().join("none.jsonl"), "/healthz", "en").await;
    assert_eq!(missing.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(missing).await.contains("cannot open journal"));
}

#[tokio::test]
async fn the_api_gives_incidents_and_their_records() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let all = json(&journal, "/api/v1/incidents").await;
    assert_eq!(all["items"][0]["id"], "inc-transport-1");
    assert_eq!(all["items"][0]["severity"], "cleared");
    let one = json(&journal, "/api/v1/incidents/inc-transport-1").await;
    assert_eq!(one["incident"]["ending"], "fixed");
    assert_eq!(
        one["records"].as_array().unwrap().len(),
        one["incident"]["records"].as_u64().unwrap() as usize
    );
    assert_eq!(json(&journal, "/healthz").await["damage"], Value::Null);
}

#[tokio::test]
async fn the_description_names_every_path_of_the_api() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let described = json(&journal, "/api/v1/openapi.json").await;
    for (path, methods) in described["paths"].as_object().unwrap() {
        if methods.get("get").is_none() {
            continue;
        }
        let at = path
            .replace("{incident}", "inc-transport-1")
            .replace("{record}", "rec-transport-1")
            .replace("{plan}", "plan-transport-1");
        let response = get(&journal, &at, "en").await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_ne!(
            response.headers()[CONTENT_TYPE],
            "text/html; charset=utf-8",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_damaged_journal_is_shown_up_to_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let good = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(
        &journal,
        good.replacen("\"observed\":0.912", "\"observed\":0.999", 1),
    )
    .unwrap();
    let page = page(&journal, "/incidents").await;
    in_order(
        &page,
        &[
            "role=\"alert\"",
            "line 4 was changed after it was written",
            "No incident so far.",
        ],
    );
    assert_eq!(
        json(&journal, "/healthz").await["damage"]["damage"],
        "changed"
    );
}

#[tokio::test]
async fn the_stream_tells_what_is_appended() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, journal) = Writer::new(folder.path());
    first_half(&mut writer);
    let response = get(&journal, "/api/v1/events?after=5", "en").await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut read = String::new();
    let mut until = async |wanted: &str| {
        let reading = async {
            while !read.contains(wanted) {
                let bytes = body.next().await.unwrap().unwrap();
                read.push_str(std::str::from_utf8(&bytes).unwrap());
            }
        };
        let limit = Duration::from_secs(20);
        tokio::time::timeout(limit, reading)
            .await
            .unwrap_or_else(|_| panic!("no {wanted}"));
    };
    until("id: 6").await;
    second_half(&mut writer);
    until("incident-closed").await;
    assert!(!read.contains("id: 5\n"), "{read}");
    in_order(
        &read,
        &[
            "event: record",
            "suspects lossy link",
            "首要根因",
            "id: 7",
            "drew up 1 plan",
        ],
    );
}

#[tokio::test]
async fn serving_ends_when_told_even_with_a_reader_on_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let journal = whole(folder.path());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let until = async move { drop(stopped.await) };
    let server = tokio::spawn(zizhi_dashboard::serve(
        listener,
        Source::new(&journal),
        until,
    ));
    let mut reader = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"GET /api/v1/events?after=0 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut reader, request)
        .await
        .unwrap();
    let mut first = [0; 64];
    tokio::io::AsyncReadExt::read_exact(&mut reader, &mut first)
        .await
        .unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200"));
    stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), server).await;
    ended.expect("the server must stop").unwrap().unwrap();
}
