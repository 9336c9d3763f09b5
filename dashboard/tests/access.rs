//! Who comes in, who may do what, and what an attacker gets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[allow(dead_code, reason = "each test file uses a part of the common story")]
mod common;
#[path = "access/town.rs"]
mod town;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST};
use axum::http::{Request, StatusCode};
use common::HOSTILE;
use futures_util::StreamExt as _;
use std::time::Duration;
use tower::ServiceExt as _;
use town::{PASSWORD, Town, token_in};
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
        "/api/v1/stream",
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
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let town = Town::new();
    let mut browser = town.browser("10.0.0.9");
    let wrong = browser.sign_in("viewer", "not the password").await;
    let nobody = browser.sign_in("nobody", "not the password").await;
    assert_eq!(
        (wrong.status, nobody.status),
        (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
    );
    let plain =
        |text: &str, name: &str| text.replace(name, "").replace(&token_in(text).unwrap(), "");
    assert_eq!(plain(&wrong.text, "viewer"), plain(&nobody.text, "nobody"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a measurement of our own speed")]
fn the_same_work_is_done_for_a_name_that_does_not_exist() {
    let time = |kept: Option<&str>| {
        let started = std::time::Instant::now();
        assert!(!zizhi_dashboard::password::verify(kept, "not the password"));
        started.elapsed()
    };
    let kept = zizhi_dashboard::password::hash(PASSWORD).unwrap();
    time(None);
    let known: Duration = (0..5).map(|_| time(Some(&kept))).sum();
    let unknown: Duration = (0..5).map(|_| time(None)).sum();
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.3..3.0).contains(&ratio), "{known:?} {unknown:?}");
}

#[tokio::test]
async fn a_session_set_before_signing_in_is_worth_nothing_after_it() {
    let town = Town::new();
    let mut victim = town.browser("10.0.0.5");
    let planted = "ab".repeat(32);
    victim
        .cookies
        .insert("zizhi-session".to_owned(), planted.clone());
    victim.sign_in("operator", PASSWORD).await;
    let given = victim.cookies["zizhi-session"].clone();
    assert_ne!(given, planted);
    let mut attacker = town.browser("10.0.0.9");
    attacker.cookies.insert("zizhi-session".to_owned(), planted);
    assert_eq!(attacker.get("/").await.status, StatusCode::SEE_OTHER);
    victim.sign_in("operator", PASSWORD).await;
    assert_ne!(
        victim.cookies["zizhi-session"], given,
        "each sign-in makes a new one"
    );
    attacker.cookies.insert("zizhi-session".to_owned(), given);
    assert_eq!(
        attacker.get("/").await.status,
        StatusCode::SEE_OTHER,
        "and ends the one before"
    );
}

#[tokio::test]
async fn a_stolen_cookie_is_worth_nothing_after_signing_out() {
    let town = Town::new();
    let mut li = town.signed_in("operator").await;
    let mut thief = li.clone();
    assert_eq!(thief.get("/").await.status, StatusCode::OK);
    let out = li.post("/sign-out", "").await;
    assert_eq!(out.to.as_deref(), Some("/sign-in"));
    assert!(!li.cookies.contains_key("zizhi-session"));
    assert_eq!(thief.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        thief.get("/api/v1/incidents").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_live_stream_ends_with_its_session() {
    let mut town = Town::new();
    let mut li = town.signed_in("viewer").await;
    let request = li
        .request("GET", "/api/v1/stream?after=0")
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

#[tokio::test]
async fn a_form_without_its_sessions_token_does_nothing() {
    let town = Town::new();
    let mut li = town.signed_in("approver").await;
    let mut wang = town.signed_in("operator").await;
    let of_wang = wang.token().await;
    let old = li.token().await;
    li.post("/sign-out", "").await;
    li.sign_in("approver", PASSWORD).await;
    let forged = [
        "",
        "form_token=",
        "form_token=00",
        &format!("form_token={}", "0".repeat(64)),
        &format!("form_token={of_wang}"),
        &format!("form_token={old}"),
    ]
    .map(str::to_owned);
    for token in forged {
        for (at, form) in [
            (PLAN, yes()),
            ("/stop", "on=true&reason=x".to_owned()),
            ("/sign-out", String::new()),
        ] {
            let seen = li.post_raw(at, &format!("{form}&{token}")).await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{at} {token}");
        }
    }
    assert!(town.orders().is_empty());
    assert_eq!(li.get("/").await.status, StatusCode::OK, "still signed in");
    assert_eq!(li.post(PLAN, &yes()).await.status, StatusCode::SEE_OTHER);
    assert_eq!(town.orders().len(), 1);
}

#[tokio::test]
async fn a_sign_in_form_of_somebody_else_signs_nobody_in() {
    let town = Town::new();
    let mut attacker = town.browser("10.0.0.9");
    let token = token_in(&attacker.get("/sign-in").await.text).unwrap();
    let mut victim = town.browser("10.0.0.5");
    victim.get("/sign-in").await;
    let form = format!(
        "name=viewer&password={}&form_token={token}",
        PASSWORD.replace(' ', "+")
    );
    let seen = victim.post_raw("/sign-in", &form).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(!victim.cookies.contains_key("zizhi-session"));
}

#[tokio::test]
async fn another_sites_page_does_nothing_even_with_the_token() {
    let town = Town::new();
    let mut li = town.signed_in("approver").await;
    let form = format!("{}&form_token={}", yes(), li.token().await);
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
    ] {
        let request = li
            .request("POST", PLAN)
            .header(header, value)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.clone()));
        let answer = town.app.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{header}: {value}");
    }
    assert!(town.orders().is_empty());
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_shows_nothing() {
    let town = Town::new();
    let li = town.signed_in("admin").await;
    for host in ["evil.example", "127.0.0.1.evil.example:8080"] {
        let request = Request::get("/")
            .header(HOST, host)
            .header(COOKIE, li.cookie_header());
        let answer = town
            .app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await;
        assert_eq!(
            answer.unwrap().status(),
            StatusCode::MISDIRECTED_REQUEST,
            "{host}"
        );
    }
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
async fn guessing_is_slowed_down_for_names_that_exist_or_not_and_locks_nobody_out() {
    let town = Town::new();
    let mut li = town.browser("10.0.0.5");
    assert_eq!(
        li.sign_in("operator", PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    let mut seen = Vec::new();
    for name in ["operator", "nobody"] {
        let mut attacker = town.browser(if name == "operator" {
            "10.0.0.9"
        } else {
            "10.0.0.8"
        });
        let mut refused = 0;
        for n in 0..12 {
            let answer = attacker.sign_in(name, &format!("guess number {n}")).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                refused += 1;
                assert!(answer.retry_after.is_some());
            }
        }
        seen.push(refused);
    }
    assert_eq!(seen, [7, 7], "five tries, then waiting");
    let from_elsewhere = town.browser("10.0.0.7").sign_in("operator", PASSWORD).await;
    assert_eq!(
        from_elsewhere.status,
        StatusCode::TOO_MANY_REQUESTS,
        "even the right one waits"
    );
    assert_eq!(
        li.sign_in("operator", PASSWORD).await.status,
        StatusCode::SEE_OTHER,
        "not where li is known"
    );
    town.later(60_000);
    assert_eq!(
        town.browser("10.0.0.7")
            .sign_in("operator", PASSWORD)
            .await
            .status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    let town = Town::new();
    let mut li = town.signed_in("operator").await;
    let large = format!("on=true&reason={}", "x".repeat(65 * 1024));
    assert_eq!(
        li.post("/stop", &large).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    // Without a length: it is counted as it comes, and what would come after the bound is never asked for.
    let asked_for = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&asked_for);
    let endless = futures_util::stream::repeat_with(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok::<_, std::io::Error>("x".repeat(1024))
    });
    let request = li
        .request("POST", "/stop")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = town
        .app
        .clone()
        .oneshot(request.body(Body::from_stream(endless)).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(asked_for.load(std::sync::atomic::Ordering::Relaxed) <= 66);
    assert!(town.orders().is_empty());
}

#[tokio::test]
async fn a_path_leads_nowhere_but_to_records() {
    let town = Town::new();
    let mut li = town.signed_in("viewer").await;
    let dots = [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2faccounts.json",
        "..",
        "a%00b",
        "%ff",
        "....//etc/passwd",
    ];
    for under in [
        "/records/",
        "/incidents/",
        "/decisions/",
        "/assets/",
        "/api/v1/records/",
        "/api/v1/incidents/",
    ] {
        for dot in dots {
            let seen = li.get(&format!("{under}{dot}")).await;
            assert!(
                seen.status.is_client_error(),
                "{under}{dot}: {}",
                seen.status
            );
            for leak in ["root:", "argon2id", "No such file"] {
                assert!(!seen.text.contains(leak), "{under}{dot}: {}", seen.text);
            }
        }
    }
}

#[tokio::test]
async fn what_a_device_or_a_stranger_wrote_stays_text() {
    let town = Town::hostile();
    let mut li = town.signed_in("operator").await;
    let raw = li.get("/records/rec-transport-2").await.text;
    assert!(
        raw.contains("&#60;script&#62;") && !raw.contains(HOSTILE),
        "{raw}"
    );
    for at in [
        "/",
        "/stop",
        "/incidents",
        "/incidents/inc-transport-1",
        PLAN,
    ] {
        let page = li.get(at).await.text;
        assert!(!page.contains(HOSTILE), "{at}: {page}");
    }
    assert!(
        li.get("/").await.text.contains("&#60;script&#62;"),
        "the reason of the kill switch is shown"
    );
    let mut stranger = town.browser("10.0.0.9");
    let seen = stranger
        .sign_in("%3Cscript%3Ealert(1)%3C/script%3E", "x")
        .await
        .text;
    assert!(
        !seen.contains(HOSTILE) && seen.contains("&#60;script&#62;"),
        "{seen}"
    );
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let town = Town::behind_tls("zizhi.example");
    for at in [
        "/",
        "/sign-in",
        "/assets/style.css",
        "/api/v1/incidents",
        "/healthz",
        "/none",
    ] {
        let request = Request::get(at)
            .header(HOST, "zizhi.example")
            .header("x-forwarded-proto", "https");
        let answer = town
            .app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{at}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("strict-transport-security").starts_with("max-age=31536000"));
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn behind_a_proxy_only_tls_and_the_right_name_are_answered() {
    let town = Town::behind_tls("zizhi.example");
    let ask = |host: &'static str, proto: Option<&'static str>| {
        let mut request = Request::get("/sign-in").header(HOST, host);
        if let Some(proto) = proto {
            request = request.header("x-forwarded-proto", proto);
        }
        town.app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
    };
    let served = ask("zizhi.example", Some("https")).await.unwrap();
    assert_eq!(served.status(), StatusCode::OK);
    let cookie = served.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-zizhi-visit=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    for (host, proto, status) in [
        ("zizhi.example", None, StatusCode::FORBIDDEN),
        ("zizhi.example", Some("http"), StatusCode::FORBIDDEN),
        (
            "127.0.0.1:8080",
            Some("https"),
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (
            "evil.example",
            Some("https"),
            StatusCode::MISDIRECTED_REQUEST,
        ),
    ] {
        assert_eq!(
            ask(host, proto).await.unwrap().status(),
            status,
            "{host} {proto:?}"
        );
    }
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
