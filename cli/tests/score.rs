//! A level that nobody can flatter: computed from a journal, checked by hand, refused where the evidence is no evidence.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{DEMO, lines, said, told, zizhi};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

const VECTOR: &str = "A2 B2 C4 D4 E3 F2 G3 H3 I3 J3 K3";

/// Scores the demo's journal in a folder of its own.
fn score(folder: &Path, more: &[&str]) -> Output {
    let journal = DEMO.journal();
    let mut args = vec!["score", "--journal", journal.to_str().unwrap()];
    args.extend(more);
    zizhi(folder, &args)
}

/// What a failed command says.
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", told(output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_published_vector_gives_the_published_numbers_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    for lang in ["en", "zh"] {
        let text = said(&zizhi(
            folder.path(),
            &["score", "--levels", VECTOR, "--lang", lang],
        ));
        for number in ["3.21", "2.91", "2.86", "2.73", "SHA-256"] {
            assert!(text.contains(number), "{text}");
        }
    }
    let json = lines(&said(&zizhi(
        folder.path(),
        &["score", "--levels", VECTOR, "--json"],
    )));
    assert_eq!(json[0]["methods"]["least"], 2);
    let wrong = zizhi(folder.path(), &["score", "--levels", "A9"]);
    assert!(refused(&wrong).contains("for example C4"));
}

#[test]
fn a_handful_of_incidents_is_unknown_and_says_how_many_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let found = lines(&said(&score(folder.path(), &["--json"])));
    assert_eq!(found.len(), 2, "both flows");
    let n = found[0]["score"]["incidents"].as_u64().unwrap();
    assert!((1..20).contains(&n), "{n}");
    assert_eq!(found[0]["score"]["level"], Value::Null);
    assert_eq!(found[0]["score"]["sub_scenarios"][0]["lacking"], 20 - n);
    assert_eq!(found[0]["instrument"]["sha256"].as_str().unwrap().len(), 64);
    let [en, zh] = ["en", "zh"].map(|lang| said(&score(folder.path(), &["--lang", lang])));
    assert!(en.contains("more closed incidents are needed"), "{en}");
    assert!(zh.contains("未知") && zh.contains("已关闭的事件"), "{zh}");
}

#[test]
fn the_exported_table_scores_like_the_journal_and_the_page_shows_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let more = [
        "--json",
        "--csv",
        "rows.csv",
        "--report",
        "score.html",
        "--by",
        "domain",
    ];
    let from_journal = lines(&said(&score(folder.path(), &more)));
    let from_table = lines(&said(&zizhi(
        folder.path(),
        &["score", "--actors", "rows.csv", "--json", "--by", "domain"],
    )));
    for (one, other) in from_journal.iter().zip(&from_table) {
        assert_eq!(one["score"], other["score"]);
        assert!(one["indicators"].is_object() && other["indicators"].is_null());
    }
    let page = std::fs::read_to_string(folder.path().join("score.html")).unwrap();
    let rows = std::fs::read_to_string(folder.path().join("rows.csv")).unwrap();
    let evidence = rows
        .split([',', ';'])
        .filter(|c| c.starts_with("demo.jsonl#rec-"));
    let mut seen = 0;
    for id in evidence {
        assert!(page.contains(id), "{id}");
        seen += 1;
    }
    assert!(seen > 20, "only {seen} records prove anything");
    let spoiled = rows.replacen(",S,", ",X,", 1);
    std::fs::write(folder.path().join("rows.csv"), spoiled).unwrap();
    let message = refused(&zizhi(folder.path(), &["score", "--actors", "rows.csv"]));
    assert!(
        message.contains("rows.csv: line") && message.contains("write H, HS or S"),
        "{message}"
    );
}

#[test]
fn a_damaged_journal_proves_nothing_unless_asked_and_then_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(DEMO.journal()).unwrap();
    let mut kept: Vec<&str> = text.lines().collect();
    kept.remove(kept.len() / 2);
    std::fs::write(folder.path().join("cut.jsonl"), kept.join("\n") + "\n").unwrap();
    let args = ["score", "--journal", "cut.jsonl"];
    let message = refused(&zizhi(folder.path(), &args));
    assert!(
        message.contains("damaged") && message.contains("--allow-damaged"),
        "{message}"
    );
    let allowed = zizhi(
        folder.path(),
        &["score", "--journal", "cut.jsonl", "--allow-damaged"],
    );
    assert!(
        String::from_utf8_lossy(&allowed.stderr).contains("DAMAGED"),
        "{}",
        told(&allowed)
    );
    said(&allowed);
}

#[test]
fn the_same_history_does_not_count_twice_even_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    std::fs::create_dir(&runs).unwrap();
    for name in ["a.jsonl", "b.jsonl"] {
        std::fs::copy(DEMO.journal(), runs.join(name)).unwrap();
    }
    let message = refused(&zizhi(folder.path(), &["score", "--journal", "runs"]));
    assert!(message.contains("the same journal"), "{message}");
    std::fs::remove_file(runs.join("b.jsonl")).unwrap();
    said(&zizhi(folder.path(), &["score", "--journal", "runs"]));
    std::fs::remove_file(runs.join("a.jsonl")).unwrap();
    let message = refused(&zizhi(folder.path(), &["score", "--journal", "runs"]));
    assert!(message.contains("no *.jsonl"), "{message}");
}

#[test]
fn an_own_instrument_is_read_strictly_and_its_ceilings_fail_the_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../evaluation/instruments/default.yaml"
    );
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("own.yaml"), text).unwrap();
    write(&shipped.replacen("shares:", "shaers:", 1));
    let message = refused(&score(folder.path(), &["--instrument", "own.yaml"]));
    assert!(
        message.contains("own.yaml") && message.contains("shaers") && message.contains("line"),
        "{message}"
    );
    write(&shipped.replacen("rules: []", "rules: [{class: 4}]", 1));
    let output = score(folder.path(), &["--instrument", "own.yaml"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("ABOVE THE CEILING"));
}

#[test]
fn a_scope_or_list_that_names_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let message = refused(&score(folder.path(), &["--scenario", "moon"]));
    assert!(
        message.contains("a domain (transport") && message.contains("link-down"),
        "{message}"
    );
    std::fs::write(folder.path().join("false.txt"), "inc-transport-999\n").unwrap();
    let message = refused(&score(folder.path(), &["--false-actions", "false.txt"]));
    assert!(
        message.contains("false.txt: line 1: no journal has an incident"),
        "{message}"
    );
    let message = refused(&zizhi(
        folder.path(),
        &["score", "--journal", "nowhere.jsonl"],
    ));
    assert!(message.contains("nowhere.jsonl"), "{message}");
}
