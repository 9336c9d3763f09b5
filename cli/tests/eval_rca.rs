//! `zizhi eval rca` as a person would use it: a folder of cases in, figures out, and strange folders refused.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{said, told, zizhi};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

/// A data set of one case without its recordings, and an answer of somebody else.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("data/s");
    std::fs::create_dir_all(&set).unwrap();
    let truth = r#"{"id":"c","root_nodes":["db"],"fault":"cpu"}"#;
    std::fs::write(set.join("truth.jsonl"), truth).unwrap();
    std::fs::write(
        folder.path().join("theirs.jsonl"),
        r#"{"id":"c","nodes":["web","db"],"ms":2.5}"#,
    )
    .unwrap();
    folder
}

fn run(folder: &Path, more: &[&str]) -> std::process::Output {
    let args: Vec<&str> = ["eval", "rca", "data"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    zizhi(folder, &args)
}

#[test]
fn foreign_answers_give_one_json_object_with_the_figures() {
    let folder = folder();
    let printed = said(&run(folder.path(), &["--json", "--score", "theirs.jsonl"]));
    assert_eq!(printed.lines().count(), 1);
    let replay: Value = serde_json::from_str(&printed).unwrap();
    let set = &replay["sets"]["s"];
    assert_eq!((&set["cases"], &set["ac1"]), (&1.into(), &0.0.into()));
    assert_eq!((&set["ac3"], &set["mrr"]), (&1.0.into(), &0.5.into()));
    assert_eq!(set["ms_mean"], 2.5);
    assert_eq!(replay["macro"]["ac1"], 0.0);
    assert!(replay["alarms"].is_null() && replay["incidents"].is_null());
}

#[test]
fn a_miss_is_explained_in_both_languages_and_on_a_page() {
    let folder = folder();
    let args = ["--score", "theirs.jsonl", "--report", "page.html"];
    let en = said(&run(folder.path(), &args));
    assert!(en.contains("web came first. db came 2 of 2"), "{en}");
    let zh = said(&run(
        folder.path(),
        &[&args[..], &["--lang", "zh"]].concat(),
    ));
    assert!(zh.contains("web 排在第一。db 排在第 2（共 2）"), "{zh}");
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("web came first") && page.contains("web 排在第一"));
}

#[test]
fn what_cannot_be_used_is_refused_with_what_to_do() {
    let folder = folder();
    let case = run(folder.path(), &[]);
    assert_eq!(case.status.code(), Some(1));
    let why = told(&case);
    assert!(
        why.contains("data/s/cases/c/case.json: cannot be read; check that"),
        "{why}"
    );
    let set = told(&run(folder.path(), &["--set", "t"]));
    assert!(
        set.contains("there is no set `t`; choose one of s"),
        "{set}"
    );
    std::fs::write(folder.path().join("theirs.jsonl"), r#"{"id":"x"}"#).unwrap();
    let foreign = told(&run(folder.path(), &["--score", "theirs.jsonl"]));
    assert!(
        foreign.contains("theirs.jsonl, line 1: `x` is no case here"),
        "{foreign}"
    );
}
