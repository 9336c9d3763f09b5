//! Everything that a person can get wrong is refused before anything starts: where, what, and what to do instead.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{told, zizhi};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Every file below a folder with its content.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(content(&entry.path()));
        } else {
            found.insert(entry.path(), std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// A folder with one good file changed in one place.
fn with(name: &str, source: &str, from: &str, to: &str) -> TempDir {
    let text = std::fs::read_to_string(repository(source)).unwrap();
    assert!(text.contains(from), "{source} has no {from} any more");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    folder
}

/// Runs a command that must be refused, with every needle in the message and the folder as it was.
fn refused(folder: &Path, args: &[&str], needles: &[&str]) {
    let before = content(folder);
    let output = zizhi(folder, args);
    let message = told(&output);
    assert!(!output.status.success(), "{args:?} was accepted: {message}");
    assert_ne!(
        output.status.code(),
        Some(101),
        "{args:?} panicked: {message}"
    );
    assert!(
        output.stdout.is_empty(),
        "{args:?} began to work: {message}"
    );
    for needle in needles {
        assert!(
            message.contains(needle),
            "{args:?} does not say {needle}: {message}"
        );
    }
    assert!(
        content(folder) == before,
        "{args:?} changed {}",
        folder.display()
    );
}

const ABILENE: &str = "evaluation/networks/abilene.yaml";
const DRAIN: &str = "playbooks/catalog/transport.link.drain.yaml";

#[test]
fn a_network_file_with_an_unknown_key_is_refused_at_its_line() {
    let folder = with("net.yaml", ABILENE, "id: KANS,", "id: KANS, colour: red,");
    let args = ["demo", "--network", "net.yaml", "--journal", "j.jsonl"];
    refused(
        folder.path(),
        &args,
        &["net.yaml", "line 14", "colour", "expected one of id, tier"],
    );
}

#[test]
fn a_network_file_that_names_a_missing_router_is_refused_at_its_line() {
    let folder = with("net.yaml", ABILENE, "b: DENV,", "b: DENVER,");
    let args = ["demo", "--network", "net.yaml", "--journal", "j.jsonl"];
    let needles = [
        "net.yaml:25",
        "SEAT-DENV",
        "DENVER",
        "list it or correct the name",
    ];
    refused(folder.path(), &args, &needles);
}

#[test]
fn a_network_that_is_nowhere_or_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    refused(
        folder.path(),
        &["demo", "--network", "atlantis"],
        &["atlantis", "metro, county, geant, abilene"],
    );
    refused(
        folder.path(),
        &["demo", "--network", "none.yaml"],
        &["none.yaml", "No such file"],
    );
    std::fs::write(folder.path().join("noise.yaml"), [0xff, 0xfe, 0x00, 0x41]).unwrap();
    refused(
        folder.path(),
        &["demo", "--network", "noise.yaml"],
        &["noise.yaml"],
    );
    std::fs::write(folder.path().join("half.json"), "{\"schema\":").unwrap();
    refused(
        folder.path(),
        &["demo", "--network", "half.json"],
        &["half.json", "line 1"],
    );
}

#[test]
fn one_bad_playbook_keeps_all_of_them_from_loading() {
    let folder = with("books/drain.yaml", DRAIN, "link-lossy", "link-losy");
    let args = ["demo", "--playbooks", "books", "--journal", "j.jsonl"];
    let needles = [
        "drain.yaml:20:14",
        "ZP004",
        "link-losy",
        "did you mean `link-lossy`?",
    ];
    refused(folder.path(), &args, &needles);
    let lint = zizhi(folder.path(), &["playbook", "lint", "books"]);
    assert_eq!(lint.status.code(), Some(3), "{}", told(&lint));
    assert!(told(&lint).contains("drain.yaml:20:14"), "{}", told(&lint));
}

#[test]
fn a_playbook_folder_that_is_empty_or_missing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("books")).unwrap();
    let needles = ["books", "put at least one .yaml file there"];
    refused(folder.path(), &["demo", "--playbooks", "books"], &needles);
    let needles = ["nothere", "check that it exists"];
    refused(folder.path(), &["demo", "--playbooks", "nothere"], &needles);
    refused(
        folder.path(),
        &["playbook", "list", "--playbooks", "nothere"],
        &needles,
    );
}

#[test]
fn an_unknown_setting_is_refused_at_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("swarm.yaml"),
        "mode: auto\nagent:\n  corelator: {}\n",
    )
    .unwrap();
    let args = ["demo", "--config", "swarm.yaml", "--journal", "j.jsonl"];
    let needles = [
        "swarm.yaml",
        "line 3",
        "corelator",
        "expected one of detector, correlator",
    ];
    refused(folder.path(), &args, &needles);
    refused(
        folder.path(),
        &["demo", "--config", "none.yaml"],
        &["none.yaml", "No such file"],
    );
}

#[test]
fn an_unknown_word_on_the_command_line_is_refused_with_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &[&str]); 7] = [
        (
            &["demo", "--fault", "gremlins"],
            &["gremlins", "write one of link-down, "],
        ),
        (
            &["demo", "--mode", "yolo"],
            &["yolo", "observe, suggest, approve, auto"],
        ),
        (&["demo", "--speed", "-1"], &["write 0 or more"]),
        (&["demo", "--incidents", "0"], &["1..=10000"]),
        (&["demo", "--lang", "fr"], &["write en or zh"]),
        (
            &["lab", "run", "--fault", "gremlins"],
            &["gremlins", "write link-down, silent-cut"],
        ),
        (&["demonstrate"], &["demonstrate", "demo"]),
    ];
    for (args, needles) in cases {
        refused(folder.path(), args, needles);
    }
}

#[test]
fn a_journal_that_is_there_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("night.jsonl"), "evidence\n").unwrap();
    let needles = ["night.jsonl exists already", "name another file"];
    refused(
        folder.path(),
        &["demo", "--journal", "night.jsonl"],
        &needles,
    );
}

#[test]
fn a_journal_that_cannot_be_written_is_refused_before_the_demo_begins() {
    let folder = tempfile::tempdir().unwrap();
    let needles = ["no folder nothere", "name another file"];
    refused(
        folder.path(),
        &["demo", "--journal", "nothere/j.jsonl"],
        &needles,
    );
    // Nobody, not even root, makes a file here.
    let needles = ["cannot open journal /proc/zizhi.jsonl"];
    refused(
        folder.path(),
        &["demo", "--journal", "/proc/zizhi.jsonl"],
        &needles,
    );
    std::fs::write(
        folder.path().join("zizhi-runs"),
        "a file where the folder should be",
    )
    .unwrap();
    let needles = [
        "cannot make folder zizhi-runs",
        "name a file with --journal",
    ];
    refused(folder.path(), &["demo"], &needles);
}

#[test]
fn a_journal_that_is_missing_is_told_by_every_command_that_reads_one() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [&[&str]; 5] = [
        &["incidents", "--journal", "none.jsonl"],
        &["explain", "inc-transport-1", "--journal", "none.jsonl"],
        &["audit", "verify", "none.jsonl"],
        &["dashboard", "--journal", "none.jsonl"],
        &["search", "link", "--journal", "none.jsonl"],
    ];
    for args in cases {
        refused(folder.path(), args, &["none.jsonl"]);
    }
}
