//! Who comes in, who may do what, and until when.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[allow(dead_code, reason = "each test file uses a part of the common story")]
mod common;
#[path = "access/town.rs"]
#[allow(dead_code, reason = "each test file uses a part of the town")]
mod town;

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt as _;
use tower::ServiceExt as _;
use town::{PASSWORD, Town};
use zizhi_dashboard::{Order, Role};

const HOUR_MS: u64 = 3_600_000;
const PLAN: &str = "/decisions/plan-transport-1";

fn yes() -> String {
    format!("granted=true&fingerprint={}&revision=r7", "4f".repeat(32))
}

fn no() -> String {
    format!(
        "granted=false&reason=busy+hour&fingerprint={}&revision=r7",
        "4f".repeat(32)
    )
}

#[tokio::test]
async fn a_stranger_sees_the_sign_in_page_and_nothing_else() {
    let town = Town::new();
    let mut stranger = town.browser("10.0.0.9");
    for at in [
        "/",
        "/incidents",
        PLAN,
        "/records/rec-transport-1",
        "/stop",
        "/account",
        "/accounts",
        "/no-page",
    ] {
        let seen = stranger.get(at).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{at}");
        assert!(seen.to.unwrap().starts_with("/sign-in"), "{at}");
    }
    for at in [
        "/api/v1/incidents",
        "/api/v1/records/rec-transport-1",
        "/api/v1/events",
        "/api/v1/openapi.json",
        "/api/v1/none",
    ] {
        let seen = stranger.get(at).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{at}");
        assert!(!seen.text.contains("transport"), "{at}: {}", seen.text);
    }
    assert_eq!(stranger.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(
        stranger.get("/assets/style.css").await.status,
        StatusCode::OK
    );
    let zh = stranger.get("/sign-in?lang=zh&next=/incidents").await;
    assert!(
        zh.text.contains("登录") && zh.text.contains("value=\"/incidents\""),
        "{}",
        zh.text
    );
}

#[tokio::test]
async fn signing_in_leads_to_where_one_wanted_to_go() {
    let town = Town::new();
    let mut li = town.browser("10.0.0.5");
    let sent = li.get("/incidents").await.to.unwrap();
    assert_eq!(sent, "/sign-in?next=/incidents");
    let entered = li.sign_in_at(&sent, "viewer", PASSWORD).await;
    assert_eq!(entered.to.as_deref(), Some("/incidents"));
    assert!(li.get("/incidents").await.text.contains("viewer"));
}

#[tokio::test]
async fn a_live_stream_ends_with_its_session() {
    let mut town = Town::new();
    let mut li = town.signed_in("viewer").await;
    let request = li
        .request("GET", "/api/v1/events?after=0")
        .body(Body::empty())
        .unwrap();
    let answer = town.app.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let mut stream = answer.into_body().into_data_stream();
    assert!(stream.next().await.is_some());
    li.post("/sign-out", "").await;
    common::second_half(&mut town.writer);
    let mut after = 0;
    while let Some(Ok(chunk)) = stream.next().await {
        after += chunk.len();
    }
    assert_eq!(after, 0, "something was sent after signing out");
}

#[tokio::test]
async fn a_session_ends_by_rest_by_age_and_not_by_a_page_that_refreshes_itself() {
    let town = Town::new();
    let mut li = town.signed_in("viewer").await;
    town.later(HOUR_MS / 2);
    let live = li
        .request("GET", "/")
        .header("sec-fetch-dest", "empty")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        town.app.clone().oneshot(live).await.unwrap().status(),
        StatusCode::OK
    );
    town.later(HOUR_MS / 2);
    assert_eq!(
        li.get("/").await.status,
        StatusCode::SEE_OTHER,
        "an hour without a hand"
    );
    let mut wang = town.signed_in("viewer").await;
    for _ in 0..23 {
        town.later(HOUR_MS / 2);
        assert_eq!(wang.get("/").await.status, StatusCode::OK);
    }
    town.later(HOUR_MS / 2);
    assert_eq!(
        wang.get("/").await.status,
        StatusCode::SEE_OTHER,
        "a shift is over"
    );
}

/// What each role may: method, path, form, the least role. Every order stands here twice, once for each direction.
#[tokio::test]
async fn each_role_may_what_the_table_says_and_no_more() {
    let town = Town::new();
    let acts = [
        ("GET", "/", String::new(), Role::Viewer),
        (
            "GET",
            "/incidents/inc-transport-1",
            String::new(),
            Role::Viewer,
        ),
        ("GET", PLAN, String::new(), Role::Viewer),
        (
            "GET",
            "/records/rec-transport-1",
            String::new(),
            Role::Viewer,
        ),
        ("GET", "/stop", String::new(), Role::Viewer),
        ("GET", "/account", String::new(), Role::Viewer),
        ("GET", "/api/v1/incidents", String::new(), Role::Viewer),
        ("POST", PLAN, no(), Role::Operator),
        (
            "POST",
            "/stop",
            "on=true&reason=storm".to_owned(),
            Role::Operator,
        ),
        ("POST", PLAN, yes(), Role::Approver),
        (
            "POST",
            "/stop",
            "on=false&reason=over".to_owned(),
            Role::Approver,
        ),
        ("GET", "/accounts", String::new(), Role::Admin),
        (
            "POST",
            "/accounts",
            "name=spare&role=viewer".to_owned(),
            Role::Admin,
        ),
    ];
    for role in Role::ALL {
        let mut person = town.signed_in(role.as_str()).await;
        for (method, at, form, least) in &acts {
            let before = town.orders().len();
            let seen = match *method {
                "GET" => person.get(at).await,
                _ => person.post(at, form).await,
            };
            let allowed = role >= *least;
            let fits = if allowed {
                seen.status.is_success() || seen.status.is_redirection()
            } else {
                seen.status == StatusCode::FORBIDDEN
            };
            assert!(fits, "{role} {method} {at} {form}: {}", seen.status);
            if !allowed {
                assert_eq!(town.orders().len(), before, "{role} {method} {at}");
            }
        }
    }
}

#[tokio::test]
async fn an_order_carries_the_name_of_the_session_whatever_the_form_says() {
    let town = Town::new();
    let mut li = town.signed_in("approver").await;
    li.post(PLAN, &format!("{}&by=admin&name=admin", yes()))
        .await;
    li.post("/stop", "on=true&reason=storm&by=admin").await;
    let names: Vec<String> = town
        .orders()
        .into_iter()
        .map(|order| match order {
            Order::Answer { approval, .. } => approval.by,
            Order::Kill(kill) => kill.by,
            Order::Breaker(breaker) => breaker.by,
        })
        .collect();
    assert_eq!(names, ["approver", "approver"]);
}

#[tokio::test]
async fn a_page_shows_only_the_buttons_that_would_work() {
    let town = Town::new();
    let viewer = town.signed_in("viewer").await.get(PLAN).await.text;
    assert!(
        !viewer.contains("id=\"reject\"") && viewer.contains("role operator"),
        "{viewer}"
    );
    let operator = town.signed_in("operator").await.get(PLAN).await.text;
    assert!(
        operator.contains("id=\"reject\"") && !operator.contains("id=\"approve\""),
        "{operator}"
    );
    let approver = town.signed_in("approver").await.get(PLAN).await.text;
    assert!(approver.contains("id=\"approve\""), "{approver}");
    assert!(!approver.contains("/accounts"));
}

#[tokio::test]
async fn another_role_or_password_ends_every_session_of_that_person() {
    let town = Town::new();
    let (mut here, mut there) = (
        town.signed_in("operator").await,
        town.signed_in("operator").await,
    );
    let mut admin = town.signed_in("admin").await;
    admin.post("/accounts", "name=operator&role=viewer").await;
    for browser in [&mut here, &mut there] {
        assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    }
    let mut again = town.signed_in("operator").await;
    assert_eq!(
        again.post("/stop", "on=true&reason=x").await.status,
        StatusCode::FORBIDDEN
    );
    let mut other = town.signed_in("operator").await;
    let change =
        |old: &str, new: &str| format!("old={old}&new={new}&again={new}").replace(' ', "+");
    assert_eq!(
        again
            .post("/account", &change("wrong one", "a cup of green tea"))
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        again
            .post("/account", &change(PASSWORD, "password1"))
            .await
            .status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        again
            .post("/account", &change(PASSWORD, "a cup of green tea"))
            .await
            .to
            .as_deref(),
        Some("/sign-in?changed=1")
    );
    assert_eq!(other.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(again.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        town.browser("10.0.0.5")
            .sign_in("operator", PASSWORD)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        town.browser("10.0.0.5")
            .sign_in("operator", "a cup of green tea")
            .await
            .status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn what_the_command_line_changes_counts_at_once() {
    let town = Town::new();
    let mut li = town.signed_in("operator").await;
    town.folder().change(|all| all.remove("operator")).unwrap();
    assert_eq!(li.get("/").await.status, StatusCode::SEE_OTHER);
    let mut admin = town.signed_in("admin").await;
    assert_eq!(
        admin
            .post("/accounts", "name=admin&role=viewer")
            .await
            .status,
        StatusCode::CONFLICT,
        "the last admin stays"
    );
    std::fs::remove_file(town.folder().file()).unwrap();
    assert_eq!(
        admin.get("/").await.status,
        StatusCode::SEE_OTHER,
        "without a file nobody comes in"
    );
    assert_eq!(
        town.browser("10.0.0.5")
            .sign_in("admin", PASSWORD)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn the_security_log_tells_what_happened_and_no_secret() {
    let town = Town::new();
    let mut li = town.signed_in("approver").await;
    let session = li.cookies["zizhi-session"].clone();
    let token = li.token().await;
    li.post(PLAN, &yes()).await;
    li.get("/accounts").await;
    li.post("/sign-out", "").await;
    li.sign_in("approver", "my secret guess").await;
    li.sign_in("my-secret-password", "oops").await;
    let text = std::fs::read_to_string(town.folder().path().join("security.jsonl")).unwrap();
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let names: Vec<&str> = events
        .iter()
        .map(|e| e["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "signed-in",
            "ordered",
            "refused",
            "signed-out",
            "sign-in-failed",
            "sign-in-failed"
        ]
    );
    assert_eq!(events[1]["by"], "approver");
    assert_eq!(events[1]["sent"], true);
    assert_eq!(events[2]["route"], "/accounts");
    assert!(
        events
            .iter()
            .all(|e| e["from"] == "10.0.0.5" && e["at_ms"].as_u64() > Some(0)),
        "{text}"
    );
    for secret in [PASSWORD, "secret", "oops", session.as_str(), token.as_str()] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(town.folder().path().join("security.jsonl"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn without_accounts_it_says_how_to_have_some() {
    let town = Town::open();
    let mut anybody = town.browser("127.0.0.1");
    let page = anybody.get("/").await.text;
    assert!(
        page.contains("whoever is on this machine") && page.contains("/account"),
        "{page}"
    );
    let how = anybody.get("/account").await.text;
    assert!(
        how.contains("zizhi dashboard user add NAME --role admin"),
        "{how}"
    );
    let zh = anybody.get("/account?lang=zh").await.text;
    assert!(zh.contains("如何启用账号"), "{zh}");
    assert_eq!(anybody.get("/sign-in").await.to.as_deref(), Some("/"));
    assert_eq!(
        anybody.post("/stop", "on=true&reason=x").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        anybody.post_raw("/stop", "on=true&reason=x").await.status,
        StatusCode::FORBIDDEN,
        "no token"
    );
}
