//! `zizhi demo` from the outside: what it prints for programs, that a seed decides everything, that modes and Ctrl-C are obeyed.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{DEMO, Demo, lines, said, told, zizhi};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Counts the records of one kind in a journal.
fn count(journal: &Path, kind: &str) -> usize {
    let needle = format!(r#""body":{{"kind":"{kind}""#);
    std::fs::read_to_string(journal)
        .unwrap()
        .lines()
        .filter(|line| line.contains(&needle))
        .count()
}

#[test]
fn a_program_reads_the_score_from_the_last_line() {
    let last = DEMO.printed.lines().last().unwrap();
    let names = last.split(|c: char| !(c.is_ascii_lowercase() || c == '_' || c == '1'));
    let names: Vec<&str> = names.filter(|n| n.len() > 1).collect();
    assert_eq!(
        names.join(" "),
        "summary faults detected cause_top1 fixed harmful doubles acted_on_doubles",
        "{last}"
    );
    let parsed = lines(&DEMO.printed);
    let summary = parsed.last().unwrap()["summary"].as_object().unwrap();
    assert_eq!(summary.len(), 7);
    assert!(summary.values().all(serde_json::Value::is_u64), "{last}");
    assert_eq!(summary["faults"], 2);
    assert_eq!(summary["doubles"], 1);
    // One result for each fault and double, and every record that went into the journal.
    let of = |key: &str| parsed.iter().filter(|l| l.get(key).is_some()).count();
    assert_eq!(of("result"), 3);
    assert_eq!(of("summary"), 1);
    let journal = std::fs::read_to_string(DEMO.journal()).unwrap();
    assert!(of("record") > 50 && of("record") <= journal.lines().count());
}

#[test]
fn equal_seeds_give_byte_equal_journals_and_another_seed_another_story() {
    let read = |demo: &Demo| std::fs::read(demo.journal()).unwrap();
    let again = Demo::play(3, "again.jsonl");
    assert!(read(&DEMO) == read(&again), "seed 3 told two stories");
    assert_eq!(DEMO.printed, again.printed);
    let other = Demo::play(4, "other.jsonl");
    assert!(read(&DEMO) != read(&other), "seeds 3 and 4 told the same");
}

#[test]
fn a_run_begins_with_what_an_earlier_one_taught_and_a_damaged_journal_teaches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let taught = DEMO.journal();
    let play = |memory: &Path| {
        let mut args = vec!["demo", "--network", "abilene", "--incidents", "1"];
        args.extend(["--fault", "link-down", "--json", "--journal", "next.jsonl"]);
        args.extend(["--memory", memory.to_str().unwrap()]);
        zizhi(folder.path(), &args)
    };
    let damaged = folder.path().join("damaged.jsonl");
    let text = std::fs::read_to_string(&taught).unwrap();
    std::fs::write(&damaged, text.replacen("\"helped\"", "\"undone\"", 1)).unwrap();
    let refused = play(&damaged);
    assert!(!refused.status.success(), "{}", told(&refused));
    assert!(
        told(&refused).contains("damaged.jsonl"),
        "{}",
        told(&refused)
    );
    assert!(
        !folder.path().join("next.jsonl").exists(),
        "it was refused late"
    );

    let _ = said(&play(&taught));
    let journal = std::fs::read_to_string(folder.path().join("next.jsonl")).unwrap();
    let started = &lines(&journal)[0]["record"]["body"];
    assert_eq!(started["kind"], "swarm-started");
    let cases = started["cases"].as_u64().unwrap();
    assert_eq!(cases as usize, count(&taught, "remembered"));
    assert!(cases > 0);
}

/// One fault that has a sure remedy, in a mode, with what a person types: how many steps were done?
fn steps_in(mode: &str, typed: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut args = vec![
        "demo",
        "--network",
        "abilene",
        "--incidents",
        "1",
        "--speed",
        "0",
    ];
    args.extend([
        "--fault",
        "link-rate-cut",
        "--journal",
        "j.jsonl",
        "--mode",
        mode,
        "--no-dashboard",
    ]);
    let mut command = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("zizhi"));
    let output = command
        .current_dir(folder.path())
        .args(&args)
        .write_stdin(typed)
        .output();
    let _ = said(&output.unwrap());
    count(&folder.path().join("j.jsonl"), "step-started")
}

#[test]
fn nothing_is_done_that_the_mode_or_the_person_did_not_allow() {
    assert_eq!(steps_in("observe", "yes\n"), 0, "observe acted");
    assert_eq!(steps_in("suggest", "yes\n"), 0, "suggest acted");
    assert_eq!(steps_in("approve", ""), 0, "silence was taken for a yes");
    assert_eq!(steps_in("approve", "no\n"), 0, "a no was not heard");
    assert!(steps_in("approve", "yes\n") > 0, "a yes did nothing");
}

#[test]
fn ctrl_c_leaves_a_journal_that_is_whole_and_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("zizhi"))
        .current_dir(folder.path())
        .args([
            "demo",
            "--network",
            "abilene",
            "--speed",
            "200",
            "--journal",
            "j.jsonl",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // In the middle of the first fault, something has just been noticed.
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(out.any(|line| line.unwrap().contains("  Detect  ")));
    let kill = format!("kill -INT {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
    let rest: Vec<String> = out.map(Result::unwrap).collect();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{err}");
    assert!(err.contains("stopping"), "{err}");
    assert!(
        !rest.iter().any(|l| l.starts_with("Fault 2/")),
        "it went on: {rest:?}"
    );
    let verdict = said(&zizhi(folder.path(), &["audit", "verify", "j.jsonl"]));
    assert!(verdict.contains("whole and sealed"), "{verdict}");
}

#[test]
fn a_reader_that_leaves_early_is_no_panic() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("zizhi"))
        .args(["playbook", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        told(&output)
    );
}
