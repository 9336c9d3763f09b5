//! The accounts of the dashboard, as an operator keeps them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use assert_cmd::Command;
use common::{DEMO, said, told, zizhi};
use std::path::Path;
use std::process::Output;

fn typed(folder: &Path, args: &[&str], password: &str) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("zizhi"));
    command
        .current_dir(folder)
        .args(["dashboard", "user"])
        .args(args);
    command
        .write_stdin(format!("{password}\n"))
        .output()
        .unwrap()
}

#[test]
fn accounts_are_added_listed_changed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let good = "green tea at dawn";
    let add = [
        "add",
        "li",
        "--role",
        "admin",
        "--accounts",
        "data",
        "--json",
    ];
    assert!(said(&typed(at, &add, good)).contains(r#""changed":"added""#));
    let weak = typed(
        at,
        &["add", "wang", "--role", "viewer", "--accounts", "data"],
        "password1",
    );
    assert!(
        !weak.status.success() && told(&weak).contains("tried first"),
        "{}",
        told(&weak)
    );
    said(&typed(
        at,
        &["add", "wang", "--role", "viewer", "--accounts", "data"],
        good,
    ));
    said(&typed(
        at,
        &["role", "wang", "operator", "--accounts", "data"],
        "",
    ));
    said(&typed(
        at,
        &["passwd", "wang", "--accounts", "data"],
        "another cup of tea",
    ));
    let list = said(&typed(at, &["list", "--accounts", "data", "--json"], ""));
    assert!(
        list.contains(r#""name":"wang","role":"operator""#)
            || list.contains(r#""role":"operator""#),
        "{list}"
    );
    assert!(!list.contains("argon2"), "{list}");
    let zh = said(&zizhi(
        at,
        &[
            "--lang",
            "zh",
            "dashboard",
            "user",
            "list",
            "--accounts",
            "data",
        ],
    ));
    assert!(zh.contains("管理员") && zh.contains("操作员"), "{zh}");
    let last = typed(at, &["remove", "li", "--accounts", "data"], "");
    assert!(
        !last.status.success() && told(&last).contains("last admin"),
        "{}",
        told(&last)
    );
    said(&typed(at, &["remove", "wang", "--accounts", "data"], ""));
    let log = std::fs::read_to_string(at.join("data/security.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 5, "{log}");
    assert!(!log.contains(good) && log.contains("role-changed"), "{log}");
}

#[test]
fn what_would_be_open_to_others_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let add = ["add", "li", "--role", "admin", "--accounts", "data"];
    said(&typed(at, &add, "green tea at dawn"));
    let journal = DEMO.journal();
    let journal = journal.to_str().unwrap();
    let far = ["dashboard", "--journal", journal, "--listen", "0.0.0.0:0"];
    let refused = [
        (far.to_vec(), "there are no accounts"),
        ([&far[..], &["--accounts", "data"]].concat(), "in the clear"),
        (
            [&far[..], &["--behind-tls-proxy", "zizhi.example"]].concat(),
            "must be accounts",
        ),
        (
            vec!["demo", "--listen", "0.0.0.0:0"],
            "a demo has no accounts",
        ),
    ];
    for (args, why) in refused {
        let output = zizhi(at, &args);
        assert!(
            !output.status.success() && told(&output).contains(why),
            "{args:?}: {}",
            told(&output)
        );
    }
}
