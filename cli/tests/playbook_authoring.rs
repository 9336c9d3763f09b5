//! The author's loop on the command line: new, lint, test, try, rehearse, diff, export, import.

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn zizhi(folder: &Path, args: &[&str]) -> Said {
    let mut command = Command::cargo_bin("zizhi").unwrap();
    let output = command.current_dir(folder).args(args).output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn catalog(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../playbooks/catalog");
    let path: PathBuf = root.join(name);
    path.display().to_string()
}

#[test]
fn a_new_playbook_is_good_at_once_and_is_never_overwritten() {
    let dir = TempDir::new().unwrap();
    let said = zizhi(
        dir.path(),
        &["playbook", "new", "transport.mine", "--fault", "link-lossy"],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    let said = zizhi(dir.path(), &["playbook", "lint", "transport.mine.yaml"]);
    assert_eq!(
        (said.code, said.out.contains("good")),
        (0, true),
        "{}",
        said.out
    );
    let said = zizhi(dir.path(), &["playbook", "test", "transport.mine.yaml"]);
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(said.out.contains("2 passed, 0 failed"), "{}", said.out);
    let before = std::fs::read(dir.path().join("transport.mine.yaml")).unwrap();
    let said = zizhi(dir.path(), &["playbook", "new", "transport.mine"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("exists already"), "{}", said.err);
    assert_eq!(
        std::fs::read(dir.path().join("transport.mine.yaml")).unwrap(),
        before
    );
}

#[test]
fn a_failing_test_is_told_with_what_came_instead() {
    let dir = TempDir::new().unwrap();
    zizhi(
        dir.path(),
        &["playbook", "new", "a.b", "--fault", "cell-outage"],
    );
    let file = dir.path().join("a.b.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("outcome: helped", "outcome: stuck")).unwrap();
    let said = zizhi(dir.path(), &["playbook", "test", "a.b.yaml"]);
    assert_eq!(said.code, 3);
    assert!(
        said.out.contains("FAIL") && said.out.contains("expected \"stuck\""),
        "{}",
        said.out
    );
    let said = zizhi(dir.path(), &["playbook", "test", "a.b.yaml", "--json"]);
    let json: Value = serde_json::from_str(said.out.trim()).unwrap();
    assert_eq!(json["report"]["tests"][0]["mismatches"][0]["got"], "helped");
    let said = zizhi(
        dir.path(),
        &["playbook", "test", "a.b.yaml", "--lang", "zh"],
    );
    assert!(said.out.contains("没有测试覆盖"), "{}", said.out);
}

#[test]
fn try_says_which_fit_and_why_the_others_do_not() {
    let dir = TempDir::new().unwrap();
    let flags = [
        "playbook",
        "try",
        "--fault",
        "link-rate-cut",
        "--on",
        "link/A-C",
    ];
    let said = zizhi(
        dir.path(),
        &[&flags[..], &["--set", "port.rate_mbps=1000"]].concat(),
    );
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("link.set-cost link/A-C cost=65000"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("Both ends already run at full rate"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("state.port.rate_mbps = 1000"),
        "{}",
        said.out
    );
    let said = zizhi(
        dir.path(),
        &[&flags[..], &["--probability", "0.1", "--json"]].concat(),
    );
    assert_eq!(said.code, 3);
    let first: Value = serde_json::from_str(said.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["obstacles"][0]["what"], "probability");
    let said = zizhi(
        dir.path(),
        &[
            "playbook",
            "try",
            "--fault",
            "link-lossy",
            "--on",
            "link/A-D",
        ],
    );
    assert_eq!(said.code, 1);
    assert!(said.err.contains("sample has no link/A-D"), "{}", said.err);
}

#[test]
fn rehearse_shows_the_objectives_before_and_after_and_the_verdict() {
    let dir = TempDir::new().unwrap();
    let drain = catalog("transport.link.drain.yaml");
    let said = zizhi(
        dir.path(),
        &["playbook", "rehearse", &drain, "--on", "link/A-C", "--json"],
    );
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let json: Value = serde_json::from_str(said.out.trim()).unwrap();
    assert_eq!(json["verdict"], "helps", "{json}");
    let said = zizhi(
        dir.path(),
        &["playbook", "rehearse", &drain, "--on", "link/A-C"],
    );
    assert!(
        said.out.contains("nothing done") && said.out.contains("verdict"),
        "{}",
        said.out
    );
    let alone = ["--set", "port/A:A-B/port.oper_up=0"];
    let said = zizhi(
        dir.path(),
        &[
            &["playbook", "rehearse", &drain, "--on", "link/A-C"][..],
            &alone,
        ]
        .concat(),
    );
    assert_eq!(said.code, 3);
    assert!(said.out.contains("No other path"), "{}", said.out);
}

/// Each shipped playbook fits its own situation, keeps its promise there, and makes nothing worse.
#[test]
fn every_shipped_playbook_keeps_what_it_promises_on_the_twin() {
    let dir = TempDir::new().unwrap();
    let said = zizhi(
        dir.path(),
        &["playbook", "rehearse", &catalog(""), "--json"],
    );
    let lines: Vec<Value> = said
        .out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let broken: Vec<&Value> = lines.iter().filter(|l| l["holds"] != true).collect();
    assert!(broken.is_empty(), "{broken:?}");
    let unwritten = lines.iter().filter(|l| l["verdict"] == "unwritten");
    assert_eq!(unwritten.count(), 0, "{}", said.out);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let helps = lines.iter().filter(|l| l["verdict"] == "helps").count();
    assert!(
        lines.len() >= 25 && helps * 4 >= lines.len() * 3,
        "{helps} of {}",
        lines.len()
    );
}

#[test]
fn a_promise_that_the_twin_does_not_confirm_is_an_exit_code() {
    let dir = TempDir::new().unwrap();
    let drain = std::fs::read_to_string(catalog("transport.link.drain.yaml")).unwrap();
    let modest = drain.replace(
        "expect: helps",
        "expect: no-effect\n  why: {en: We are modest, zh: 谦虚}",
    );
    let file = dir.path().join("modest.yaml");
    std::fs::write(&file, modest).unwrap();
    let said = zizhi(dir.path(), &["playbook", "rehearse", "modest.yaml"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.err.contains("the file promises less"), "{}", said.err);
    std::fs::write(&file, drain.replace("expect: helps", "expect: no-effect")).unwrap();
    let said = zizhi(dir.path(), &["playbook", "rehearse", "modest.yaml"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("does not say why"), "{}", said.err);
}

#[test]
fn diff_marks_what_is_looser() {
    let dir = TempDir::new().unwrap();
    let old = catalog("transport.link.drain.yaml");
    let text = std::fs::read_to_string(&old).unwrap();
    std::fs::write(
        dir.path().join("new.yaml"),
        text.replace("maxObjects: 1", "maxObjects: 9"),
    )
    .unwrap();
    let said = zizhi(dir.path(), &["playbook", "diff", &old, "new.yaml"]);
    assert_eq!(said.code, 3);
    assert_eq!(
        said.out,
        "LOOSER   spec.blastRadius.maxObjects: 1.0 → 9.0\n"
    );
    let said = zizhi(
        dir.path(),
        &["playbook", "diff", "new.yaml", &old, "--lang", "zh"],
    );
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "收紧  spec.blastRadius.maxObjects: 9.0 → 1.0\n")
    );
    let said = zizhi(dir.path(), &["playbook", "diff", &old, &old]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "no change of meaning\n")
    );
}

#[test]
fn cacao_goes_out_and_comes_back_without_a_change_of_meaning() {
    let dir = TempDir::new().unwrap();
    let drain = catalog("transport.link.drain.yaml");
    let said = zizhi(
        dir.path(),
        &[
            "playbook",
            "export",
            "cacao",
            &drain,
            "--output",
            "drain.json",
        ],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    let said = zizhi(
        dir.path(),
        &[
            "playbook",
            "import",
            "cacao",
            "drain.json",
            "--output",
            "back.yaml",
        ],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    let said = zizhi(dir.path(), &["playbook", "diff", &drain, "back.yaml"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "no change of meaning\n")
    );
}

#[test]
fn rules_are_checked_and_tried() {
    let dir = TempDir::new().unwrap();
    let rules = "apiVersion: zizhi/v1\nkind: Rules\nmetadata: {id: r, version: 1.0.0, title: {en: t, zh: t}, owner: noc}\nrules:\n  - name: a dead link hurts its routers\n    entities: {link: {kind: link}, router: {kind: router}}\n    when: {all: [{alarm: link-down, on: link}, {relation: connected, from: link, to: router}]}\n    then: [{raise: degraded, on: router}]\n";
    std::fs::write(dir.path().join("r.yaml"), rules).unwrap();
    let said = zizhi(dir.path(), &["playbook", "rules", "check", "r.yaml"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "good: 1 rules in 1 layers\n")
    );
    let said = zizhi(
        dir.path(),
        &[
            "playbook",
            "rules",
            "try",
            "r.yaml",
            "--alarm",
            "link-down@link/A-C",
        ],
    );
    assert_eq!(said.code, 0);
    assert!(
        said.out
            .contains("alarm degraded @ router/A\n  alarm degraded @ router/C"),
        "{}",
        said.out
    );
    let said = zizhi(
        dir.path(),
        &[
            "playbook",
            "rules",
            "try",
            "r.yaml",
            "--alarm",
            "link-up@link/A-C",
        ],
    );
    assert_eq!((said.code, said.out.as_str()), (3, "nothing follows\n"));
    std::fs::write(
        dir.path().join("r.yaml"),
        rules.replace("kind: link}", "kind: lnk}"),
    )
    .unwrap();
    let said = zizhi(dir.path(), &["playbook", "rules", "check", "r.yaml"]);
    assert_eq!(said.code, 3);
    assert!(said.out.contains("did you mean `link`?"), "{}", said.out);
}
