//! What an attacker gets.
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
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST};
use axum::http::{Request, StatusCode};
use common::HOSTILE;
use std::time::Duration;
use tower::ServiceExt as _;
use town::{PASSWORD, Town, token_in};

const PLAN: &str = "/decisions/plan-transport-1";

fn yes() -> String {
    format!("granted=true&fingerprint={}&revision=r7", "4f".repeat(32))
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
