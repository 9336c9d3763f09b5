//! Locking, barring and counting instances in the simulated network: each is read back, idempotent and taken back.

#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

mod sandbox_common;

use sandbox_common::Recorder;
use zizhi_evaluation::sandbox::{FaultSpec, Sandbox, network, truth};
use zizhi_playbooks::Driver;
use zizhi_types::action::{Action, Receipt, Value, Verb};
use zizhi_types::{FaultKind, NetTime};

fn village() -> Sandbox {
    let noon = NetTime::from_secs(12 * 3600);
    Sandbox::new(&network::load("village").unwrap(), 7, noon)
}

fn on(verb: Verb, object: &str) -> Action {
    Action::new(verb, object.parse().unwrap())
}

async fn act(sandbox: &Sandbox, key: &str, action: &Action) -> Receipt {
    sandbox.driver().apply(key, action).await.unwrap()
}

/// What is violated after some intervals.
async fn violated(sandbox: &Sandbox, intervals: usize) -> Vec<String> {
    let bus = Recorder::new();
    for _ in 0..intervals {
        sandbox.step(&bus).await.unwrap();
    }
    let seen = truth::true_violations(&sandbox.snapshot());
    seen.iter()
        .map(|v| format!("{} {}", v.object, v.metric.as_str()))
        .collect()
}

#[tokio::test]
async fn a_locked_cell_stays_off_the_air_through_a_restart_until_it_is_unlocked() {
    let sandbox = village();
    let lock = act(&sandbox, "a", &on(Verb::CellLock, "cell/c-2")).await;
    assert_eq!(lock.before, "on the air, admits 1");
    assert_eq!(lock.after, "off the air, locked, admits 1");
    assert_eq!(lock.undo, Some(on(Verb::CellUnlock, "cell/c-2")));
    act(&sandbox, "b", &on(Verb::CellRestart, "cell/c-2")).await;
    let up = "cell/c-2 cell.up".to_owned();
    assert!(violated(&sandbox, 6).await.contains(&up));
    // Locked twice is locked once, and what takes the second lock back leaves the first.
    let again = act(&sandbox, "c", &on(Verb::CellLock, "cell/c-2")).await;
    assert_eq!(again.undo, Some(on(Verb::CellLock, "cell/c-2")));
    let unlocked = act(&sandbox, "d", &lock.undo.unwrap()).await;
    assert_eq!(unlocked.after, "on the air, admits 1");
    assert!(!violated(&sandbox, 6).await.contains(&up));
}

#[tokio::test]
async fn unlocking_cures_no_cell_that_is_broken() {
    let sandbox = village();
    let fault = FaultSpec {
        kind: FaultKind::CellOutage,
        object: "cell/c-2".parse().unwrap(),
        at_s: 0,
        params: std::collections::BTreeMap::new(),
        ramp_s: 0,
        cures: vec![],
    };
    sandbox.inject_as(&fault).unwrap();
    act(&sandbox, "a", &on(Verb::CellLock, "cell/c-2")).await;
    let unlocked = act(&sandbox, "b", &on(Verb::CellUnlock, "cell/c-2")).await;
    assert_eq!(unlocked.after, "off the air, admits 1");
}

#[tokio::test]
async fn barred_users_fail_and_come_back() {
    let sandbox = village();
    let users = "group/g2-infer group.success_ratio".to_owned();
    assert!(!violated(&sandbox, 3).await.contains(&users));
    let half = on(Verb::CellLimitAdmission, "cell/c-2").with("share", Value::Number(0.5));
    let limited = act(&sandbox, "a", &half).await;
    assert_eq!(limited.after, "on the air, admits 0.5");
    let seen = violated(&sandbox, 3).await;
    assert!(seen.contains(&users), "{seen:?}");
    // Who is barred does not ask the cell, so it has failed nobody.
    let cell = "cell/c-2 cell.failure_ratio".to_owned();
    assert!(!seen.contains(&cell), "{seen:?}");
    act(&sandbox, "b", &limited.undo.unwrap()).await;
    assert!(!violated(&sandbox, 6).await.contains(&users));
    let double = on(Verb::CellLimitAdmission, "cell/c-2").with("share", Value::Number(2.0));
    let refused = sandbox.driver().apply("c", &double).await.unwrap_err();
    assert!(refused.to_string().contains("must be 0 to 1"), "{refused}");
}

#[tokio::test]
async fn replicas_grow_into_the_room_that_there_is_and_shrink_to_what_was_built() {
    let noon = NetTime::from_secs(12 * 3600);
    let sandbox = Sandbox::new(&network::load("metro").unwrap(), 7, noon);
    let set = |n: f64| {
        on(Verb::SiteSetReplicas, "site/regional-1")
            .with("service", Value::Text("infer".to_owned()))
            .with("replicas", Value::Number(n))
    };
    let grown = act(&sandbox, "a", &set(3.0)).await;
    assert_eq!(grown.before, "3 instances, room for 2 more");
    assert_eq!(grown.after, "5 instances, room for 0 more");
    assert_eq!(grown.undo, Some(set(1.0)));
    // The same number again changes nothing.
    assert_eq!(act(&sandbox, "b", &set(3.0)).await.after, grown.after);
    for (key, wrong) in [("c", 4.0), ("d", 0.0), ("e", 2.5)] {
        let refused = sandbox.driver().apply(key, &set(wrong)).await.unwrap_err();
        assert!(refused.to_string().contains("replicas is"), "{refused}");
    }
    let back = act(&sandbox, "f", &grown.undo.unwrap()).await;
    assert_eq!(back.after, grown.before);
}
