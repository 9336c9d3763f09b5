//! What a person orders on the pages, and what reaches the swarm of it.
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
use axum::http::header::{CONTENT_TYPE, HOST, LOCATION};
use axum::http::{Request, StatusCode};
use common::{Writer, asked, first_half};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;
use zizhi_dashboard::{Access, Desk, DeskError, House, Order, Source, app};
use zizhi_types::record::Who;

/// Keeps what it was given.
#[derive(Default)]
struct Kept(Mutex<Vec<Order>>);

#[async_trait]
impl Desk for Kept {
    async fn send(&self, order: Order) -> Result<(), DeskError> {
        self.0.lock().unwrap().push(order);
        Ok(())
    }
}

struct Scene {
    folder: tempfile::TempDir,
    desk: Arc<Kept>,
    writer: Writer,
    journal: PathBuf,
    app: Router,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, journal) = Writer::new(folder.path());
    first_half(&mut writer);
    asked(&mut writer);
    let desk = Arc::default();
    Scene {
        app: app(house(&journal, &desk)),
        folder,
        desk,
        writer,
        journal,
    }
}

fn house(journal: &Path, desk: &Arc<Kept>) -> House {
    let access = Access::Local {
        name: "noc-on-call".to_owned(),
    };
    House::new(Source::new(journal))
        .with_access(access)
        .with_desk(Arc::clone(desk) as Arc<dyn Desk>)
}

async fn get(scene: &Scene, uri: &str) -> String {
    let request = Request::get(uri).body(Body::empty()).unwrap();
    let answer = scene.app.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{uri}");
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a form of this page carries.
async fn form_token(scene: &Scene) -> String {
    let page = get(scene, "/stop").await;
    let (_, after) = page.split_once("name=\"form-token\" content=\"").unwrap();
    after.split('"').next().unwrap().to_owned()
}

async fn post(scene: &Scene, uri: &str, form: &str, from: &str) -> (StatusCode, Option<String>) {
    let form = format!("{form}&form_token={}", form_token(scene).await);
    let request = Request::post(uri)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", from)
        .header(HOST, "127.0.0.1:8080")
        .body(Body::from(form))
        .unwrap();
    let answer = scene.app.clone().oneshot(request).await.unwrap();
    let to = answer
        .headers()
        .get(LOCATION)
        .map(|l| l.to_str().unwrap().to_owned());
    (answer.status(), to)
}

#[tokio::test]
async fn the_first_page_says_what_waits_and_until_when() {
    let scene = scene();
    let page = get(&scene, "/").await;
    for part in [
        "Waits for you (1)",
        "/decisions/plan-transport-1",
        "10:10:00",
        "Open incidents (1)",
        "Transport agent",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let zh = get(&scene, "/?lang=zh").await;
    assert!(zh.contains("待您处理 (1)"), "{zh}");
    drop(scene.folder);
}

#[tokio::test]
async fn the_card_tells_why_what_else_what_changes_and_what_takes_it_back() {
    let scene = scene();
    let card = get(&scene, "/decisions/plan-transport-1").await;
    for part in [
        "ATLA-HSTN",
        "87 %",
        "the link is up",
        "91.2 %",
        "99.7 %",
        "on the last 14 actions",
        "the setting found before the step is set again",
        "value=\"r7\"",
        "Approve",
    ] {
        assert!(card.contains(part), "{part} is missing in {card}");
    }
}

#[tokio::test]
async fn a_yes_names_the_content_and_the_topology_that_was_seen() {
    let scene = scene();
    let form = format!("granted=true&fingerprint={}&revision=r7", "4f".repeat(32));
    let (status, to) = post(&scene, "/decisions/plan-transport-1", &form, "same-origin").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(to.as_deref(), Some("/decisions/plan-transport-1"));
    let sent = scene.desk.0.lock().unwrap();
    let [Order::Answer { approval, .. }] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert!(approval.granted);
    assert_eq!(approval.by, "noc-on-call");
    assert_eq!(approval.revision.as_deref(), Some("r7"));
    assert_eq!(approval.fingerprint.0, "4f".repeat(32));
}

#[tokio::test]
async fn a_no_needs_a_reason_and_a_late_answer_goes_nowhere() {
    let mut scene = scene();
    let at = "/decisions/plan-transport-1";
    let no = format!(
        "granted=false&reason=+&fingerprint={}&revision=r7",
        "4f".repeat(32)
    );
    let (status, _) = post(&scene, at, &no, "same-origin").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let ended = zizhi_types::Body::ApprovalEnded {
        plan: "plan-transport-1".parse().unwrap(),
        fingerprint: zizhi_types::plan::Fingerprint("4f".repeat(32)),
        state: "expired".to_owned(),
    };
    scene.writer.add(36_600, &[], ended);
    let (status, _) = post(&scene, at, &no.replace('+', "busy"), "same-origin").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(scene.desk.0.lock().unwrap().is_empty());
    assert!(get(&scene, "/").await.contains("Nothing waits for you."));
}

#[tokio::test]
async fn the_kill_switch_goes_out_with_a_name_and_a_reason_and_shows_on_every_page() {
    let mut scene = scene();
    let (status, _) = post(&scene, "/stop", "on=true&reason=", "same-origin").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = post(
        &scene,
        "/stop",
        "on=true&reason=storm+of+changes",
        "same-origin",
    )
    .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    {
        let sent = scene.desk.0.lock().unwrap();
        assert!(
            matches!(sent.as_slice(), [Order::Kill(k)] if k.on && k.by == "noc-on-call" && k.reason == "storm of changes"),
            "{sent:?}"
        );
    }
    assert!(!get(&scene, "/incidents").await.contains("role=\"alert\""));
    let pressed = zizhi_types::Body::KillSwitch {
        on: true,
        reason: "storm of changes".to_owned(),
    };
    let who = Who::Human {
        name: "noc-on-call".to_owned(),
    };
    scene.writer.add_by(36_070, who, pressed);
    for at in ["/", "/incidents", "/stop", "/decisions/plan-transport-1"] {
        let page = get(&scene, at).await;
        assert!(page.contains("The kill switch is on"), "{at}");
        assert!(page.contains("noc-on-call"), "{at}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_orders_nothing() {
    let scene = scene();
    let form = format!("granted=true&fingerprint={}&revision=r7", "4f".repeat(32));
    for from in ["cross-site", "same-site"] {
        let (status, _) = post(&scene, "/decisions/plan-transport-1", &form, from).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, _) = post(&scene, "/stop", "on=false&reason=x", from).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    assert!(scene.desk.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_journal_that_is_only_looked_at_takes_no_orders() {
    let scene = scene();
    let only_looking = Scene {
        app: app(Source::new(&scene.journal)),
        ..scene
    };
    let (status, _) = post(&only_looking, "/account", "", "same-origin").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "no such fields");
    let order = "on=true&reason=now";
    let (status, _) = post(&only_looking, "/stop", order, "same-origin").await;
    assert_eq!(status, StatusCode::CONFLICT);
}
