//! The HTTP driver against a server, and what the gate remembers of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and waits for programs"
)]

#[path = "drivers_common/mod.rs"]
mod common;

use common::{Server, apply, gate, number, recall, serve};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use zizhi_playbooks::{DriverError, Recall};
use zizhi_types::Verb;

const VERB: Verb = Verb::InstanceSteerLimit;

fn file(server: &Server, more: &str) -> String {
    format!(
        r#"
apiVersion: zizhi/v1
kind: Drivers
targets:
  steering: {{http: {{url: "{}"}}}}
objects:
  instance/*: {{at: steering}}
drivers:
  - verb: instance.steer-limit
    timeout: 500ms
    settle: 500ms
    idempotent: true
    want: "${{params.share}}"
    undo: {{verb: instance.steer-limit, set: {{share: "${{before.state}}"}}}}
    http:
      read: {{path: "/limits/${{name}}", take: /share}}
      apply: {{method: PUT, path: "/limits/${{name}}", body: {{share: "${{params.share}}"}}{more}}}
"#,
        server.url
    )
}

/// A server that keeps one share in percent; `strange` answers a change otherwise after it was made.
async fn steering(strange: Option<fn() -> common::Reply>) -> Server {
    let percent = Arc::new(AtomicU32::new(75));
    serve(move |came| {
        if came.line.starts_with("PUT") {
            let body: serde_json::Value = serde_json::from_str(&came.body).unwrap();
            let share = body["share"].as_f64().unwrap();
            percent.store((share * 100.0) as u32, Ordering::SeqCst);
            if let Some(strange) = strange {
                return strange();
            }
        }
        let share = f64::from(percent.load(Ordering::SeqCst)) / 100.0;
        Some((200, format!(r#"{{"share": {share}}}"#)))
    })
    .await
}

#[tokio::test]
async fn a_limit_is_set_read_back_and_taken_back() {
    let server = steering(None).await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&file(&server, ""), folder.path());
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    let receipt = apply(&gate, 1, "run-1/a/do", &limit).await.unwrap();
    assert_eq!(
        (receipt.before.as_str(), receipt.after.as_str()),
        ("state=0.75", "state=0.5")
    );
    let undo = receipt.undo.unwrap();
    assert_eq!(undo.number("share"), Some(0.75));
    assert_eq!(server.lines()[1], "PUT /limits/web-1");
    assert!(
        server.changes()[0]
            .head
            .contains("idempotency-key: \"run-1/a/do\"")
    );
    let back = apply(&gate, 1, "run-1/a/undo", &undo).await.unwrap();
    assert_eq!(back.after, "state=0.75");
}

#[tokio::test]
async fn a_key_is_used_once_also_after_a_restart_and_an_older_term_is_refused() {
    let server = steering(None).await;
    let folder = tempfile::tempdir().unwrap();
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    let first = {
        let gate = gate(&file(&server, ""), folder.path());
        apply(&gate, 7, "k", &limit).await
    };
    let changes = server.changes().len();
    let gate = gate(&file(&server, ""), folder.path());
    assert_eq!(apply(&gate, 7, "k", &limit).await, first);
    assert_eq!(recall(&gate, "k").await, Recall::Answered(first));
    let stale = apply(&gate, 6, "k2", &limit).await;
    assert!(
        matches!(&stale, Err(DriverError::Refused(why)) if why.contains("term 6 is over")),
        "{stale:?}"
    );
    assert_eq!(recall(&gate, "never").await, Recall::NeverCame);
    let late = apply(&gate, u64::MAX, "never", &limit).await;
    assert!(matches!(late, Err(DriverError::Refused(_))), "{late:?}");
    assert_eq!(server.changes().len(), changes, "nothing was sent again");
}

#[tokio::test]
async fn two_processes_never_share_a_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let _first = zizhi_playbooks::drivers::Memory::open(&path).unwrap();
    let second = zizhi_playbooks::drivers::Memory::open(&path).unwrap_err();
    assert!(
        second.to_string().contains("in use by another process"),
        "{second}"
    );
}

#[tokio::test]
async fn a_process_that_died_after_sending_finds_out_and_never_sends_again() {
    let server = steering(None).await;
    let folder = tempfile::tempdir().unwrap();
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    // As the memory stands when the power goes after the request was sent: begun, and no answer.
    let begun = |key: &str, was: &str| {
        let action = serde_json::to_string(&limit).unwrap();
        format!(r#"{{"begun":{{"key":"{key}","action":{action},"before":{{"state":"{was}"}}}}}}"#)
    };
    let memory = format!("{}\n{{\"begun\":{{\"key\":\"to", begun("sent", "0.75"));
    std::fs::write(folder.path().join("drivers.keys"), memory).unwrap();
    let gate = gate(&file(&server, ""), folder.path());
    assert_eq!(
        recall(&gate, "sent").await,
        Recall::Unknown,
        "it still reads 0.75"
    );
    let again = apply(&gate, u64::MAX, "sent", &limit).await;
    assert!(matches!(again, Err(DriverError::Unknown(_))), "{again:?}");
    assert!(server.changes().is_empty(), "{:?}", server.changes());
    // Now it came after all.
    let put = number(VERB, "instance/web-1", "share", 0.5);
    apply(&gate, u64::MAX, "by-hand", &put).await.unwrap();
    let Recall::Answered(Ok(receipt)) = recall(&gate, "sent").await else {
        panic!("the state is as wanted");
    };
    assert_eq!(
        receipt.undo.unwrap().number("share"),
        Some(0.75),
        "from the state before it"
    );
}

#[tokio::test]
async fn what_the_server_says_decides_what_is_known() {
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    let folder = tempfile::tempdir().unwrap();
    let nobody = Server {
        url: "http://127.0.0.1:9".into(),
        came: Arc::default(),
    };
    let gone = apply(&gate(&file(&nobody, ""), folder.path()), 1, "gone", &limit).await;
    assert!(matches!(gone, Err(DriverError::Failed(_))), "{gone:?}");
    // It did it and then said nothing: the state read back settles it, for the operator promised idempotency.
    let silent = steering(Some(|| None)).await;
    let done = apply(
        &gate(&file(&silent, ""), folder.path()),
        1,
        "silent",
        &limit,
    )
    .await;
    assert_eq!(done.unwrap().after, "state=0.5");
    // Without that promise nobody knows.
    let shy = file(&silent, "").replace("idempotent: true", "idempotent: false");
    let again = number(VERB, "instance/web-1", "share", 0.25);
    let unknown = apply(&gate(&shy, folder.path()), 1, "shy", &again).await;
    assert!(
        matches!(unknown, Err(DriverError::Unknown(_))),
        "{unknown:?}"
    );
    // It did it and then said no: the state is not as before, so it is put back.
    let liar = steering(Some(|| Some((409, "conflict".into())))).await;
    let lied = apply(&gate(&file(&liar, ""), folder.path()), 1, "liar", &limit).await;
    assert!(
        matches!(&lied, Err(DriverError::Failed(why)) if why.contains("back as it was")),
        "{lied:?}"
    );
}

#[tokio::test]
async fn a_server_that_accepts_and_does_nothing_is_found_out() {
    let server = serve(|_| Some((200, r#"{"share": 0.75}"#.into()))).await;
    let folder = tempfile::tempdir().unwrap();
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    let answer = apply(&gate(&file(&server, ""), folder.path()), 1, "k", &limit).await;
    let Err(DriverError::Unknown(why)) = answer else {
        panic!("{answer:?}");
    };
    assert!(
        why.contains("reads back as state=0.75 instead of state=0.5"),
        "{why}"
    );
}

#[tokio::test]
async fn a_secret_is_sent_and_is_nowhere_else() {
    const CANARY: &str = "canary-5d1f0c";
    let server = serve(|came| {
        assert!(
            came.head.contains("authorization: Bearer canary-5d1f0c"),
            "{}",
            came.head
        );
        // A server that repeats the token in its complaint.
        let status = if came.line.starts_with("GET") {
            200
        } else {
            401
        };
        Some((status, format!(r#"{{"share": "{CANARY}"}}"#)))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("steering-token");
    std::fs::write(&secret, format!("{CANARY}\n")).unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, closed).unwrap();
    let url = format!("url: \"{}\"", server.url);
    let text = file(&server, "")
        .replace(&url, &format!("{url}, bearer: secret://steering-token"))
        .replace(
            "targets:",
            &format!("secrets: {}\ntargets:", folder.path().display()),
        );
    let gate = gate(&text, folder.path());
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    let answer = apply(&gate, 1, "k", &limit).await;
    let told = format!("{answer:?} {gate:?}");
    assert!(told.contains("***") && !told.contains(CANARY), "{told}");
    let kept = std::fs::read_to_string(folder.path().join("drivers.keys")).unwrap();
    assert!(kept.contains("***") && !kept.contains(CANARY), "{kept}");
    let drivers = zizhi_playbooks::drivers::check("f", &text).unwrap();
    let shown = serde_json::to_string(&drivers.script("k", &limit).unwrap()).unwrap();
    assert!(
        shown.contains("secret://steering-token") && !shown.contains(CANARY),
        "{shown}"
    );
}

/// A drivers file whose server takes a secret that a plan names, and the folder with that secret.
fn file_with_secret(server: &Server, folder: &std::path::Path, accepts: &str) -> String {
    let secret = folder.join("quota");
    std::fs::write(&secret, "canary-91ab").unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, closed).unwrap();
    let body = r#"{token: "${params.service}"}"#;
    format!(
        r#"
apiVersion: zizhi/v1
kind: Drivers
secrets: {}
targets:
  pool: {{http: {{url: "{}"{accepts}}}}}
objects:
  site/*: {{at: pool}}
drivers:
  - verb: site.scale-out
    timeout: 500ms
    settle: 500ms
    changed: true
    http:
      read: {{path: "/size", take: /size}}
      apply: {{method: POST, path: "/size", body: {body}}}
"#,
        folder.display(),
        server.url
    )
}

#[tokio::test]
async fn a_secret_that_a_plan_names_is_sent_where_it_is_meant_for_and_is_nowhere_else() {
    let size = Arc::new(AtomicU32::new(1));
    let server = serve(move |came| {
        if came.line.starts_with("POST") {
            assert_eq!(came.body, r#"{"token":"canary-91ab"}"#);
            size.fetch_add(1, Ordering::SeqCst);
        }
        let size = size.load(Ordering::SeqCst);
        Some((200, format!(r#"{{"size": {size}, "said": "canary-91ab"}}"#)))
    })
    .await;
    let grow = |name: &str| {
        let service = zizhi_types::action::Value::Text(format!("secret://{name}"));
        let action =
            zizhi_types::action::Action::new(Verb::SiteScaleOut, "site/s".parse().unwrap());
        action.with("service", service)
    };
    let folder = tempfile::tempdir().unwrap();
    let text = file_with_secret(&server, folder.path(), ", accepts: [secret://quota]");
    let own = gate(&text, folder.path());
    let answer = apply(&own, 1, "k", &grow("quota")).await;
    let told = format!("{answer:?} {own:?}");
    assert!(answer.is_ok() && !told.contains("canary"), "{told}");
    let kept = std::fs::read_to_string(folder.path().join("drivers.keys")).unwrap();
    assert!(
        kept.contains("secret://quota") && !kept.contains("canary"),
        "{kept}"
    );
    // What the network's own words name is no choice of the operator's.
    let other = apply(&own, 1, "k2", &grow("other")).await;
    assert!(
        matches!(&other, Err(DriverError::Refused(why)) if why.contains("accepts")),
        "{other:?}"
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let text = file_with_secret(&server, elsewhere.path(), "");
    let closed = gate(&text, elsewhere.path());
    let none = apply(&closed, 1, "k", &grow("quota")).await;
    assert!(matches!(none, Err(DriverError::Refused(_))), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_no_half_change_behind() {
    let server = steering(Some(|| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        Some((200, "{}".into()))
    }))
    .await;
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&file(&server, ""), folder.path());
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    let patience = std::time::Duration::from_millis(100);
    let gone = tokio::time::timeout(patience, apply(&gate, 1, "k", &limit)).await;
    assert!(gone.is_err(), "{gone:?}");
    let Recall::Answered(Ok(receipt)) = recall(&gate, "k").await else {
        panic!("the change was cut off");
    };
    assert_eq!(receipt.after, "state=0.5");
    assert_eq!(server.changes().len(), 1);
}
