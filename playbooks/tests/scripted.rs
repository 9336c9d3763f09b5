//! Tests that authors write into their playbooks: that they run, that they can fail, and what they leave out is told.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on should stop

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zizhi_playbooks::scripted::{Report, Tested, run_file};
use zizhi_types::topology::Network;

fn none(name: &str) -> Result<Network, String> {
    Err(format!("there is no network `{name}`"))
}

fn catalog() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    let read = |p: PathBuf| (p.clone(), fs::read_to_string(p).unwrap());
    files.into_iter().map(read).collect()
}

fn drain() -> String {
    let is_drain = |p: &Path| p.ends_with("transport.link.drain.yaml");
    catalog().into_iter().find(|(p, _)| is_drain(p)).unwrap().1
}

/// The drain playbook with one test of its own.
fn with_test(given: &str, expect: &str) -> Report {
    let text = drain();
    let head = text.split("\ntests:").next().unwrap();
    let test = format!("\ntests:\n  - name: one\n    given: {given}\n    expect: {expect}\n");
    run_file("drain.yaml", &format!("{head}{test}"), &none)
        .unwrap_or_else(|p| panic!("{}", p.iter().map(ToString::to_string).collect::<String>()))
}

fn told(report: &Report) -> String {
    let tell = |t: &Tested| {
        let each = t.mismatches.iter().map(|m| {
            let (field, expected, got) = (m.field, &m.expected, &m.got);
            format!("{}: {field}: expected {expected}, got {got}\n", t.name)
        });
        each.collect::<Vec<_>>().concat()
    };
    report.tests.iter().map(tell).collect()
}

#[test]
fn the_shipped_playbooks_pass_their_own_tests_each_in_under_a_tenth_of_a_second() {
    #[expect(clippy::disallowed_methods, reason = "our own speed is measured")]
    let clock = Instant::now;
    let mut tested = 0;
    for (path, text) in catalog() {
        let name = path.display().to_string();
        let begun = clock();
        let report = run_file(&name, &text, &none).unwrap_or_else(|p| panic!("{name}: {p:?}"));
        let each = begun.elapsed() / u32::try_from(report.tests.len().max(1)).unwrap();
        assert!(report.passed(), "{name}\n{}", told(&report));
        assert!(each < Duration::from_millis(100), "{name}: {each:?} a test");
        tested += usize::from(report.tests.len() >= 2);
    }
    assert!(tested >= 15, "only {tested} playbooks have two tests");
}

#[test]
fn a_wrong_expectation_fails_and_says_what_came_instead() {
    let report = with_test(
        "{suspect: link/A-C}",
        "{outcome: undone, ran: [drain], fits: true}",
    );
    assert_eq!(
        told(&report),
        "one: outcome: expected \"undone\", got \"helped\"\n"
    );
    let report = with_test(
        "{suspect: link/A-C}",
        "{fits: false, because: No other path}",
    );
    assert!(
        told(&report).starts_with("one: fits: expected false, got true\n"),
        "{}",
        told(&report)
    );
}

#[test]
fn a_test_that_tests_nothing_is_told_so() {
    let cases = [
        ("{suspect: link/A-C}", "{}", "it expects nothing"),
        (
            "{suspect: link/A-X}",
            "{fits: true}",
            "sample has no link/A-X",
        ),
        (
            "{suspect: link/A-C, answers: {drian: ok}}",
            "{fits: true}",
            "names no step",
        ),
        (
            "{suspect: link/A-C, fault: link-down}",
            "{fits: true}",
            "no remedy for link-down",
        ),
        (
            "{suspect: link/A-C, sees: {cell.up: 1}}",
            "{ran: [drain]}",
            "no check of the playbook",
        ),
        (
            "{suspect: link/A-C, network: mars}",
            "{fits: true}",
            "no network `mars`",
        ),
        (
            "{suspect: link/A-C, state: {port.eror_ratio: 1}}",
            "{fits: true}",
            "did you mean",
        ),
    ];
    for (given, expect, wanted) in cases {
        let report = with_test(given, expect);
        assert!(
            !report.passed() && told(&report).contains(wanted),
            "{given}: {}",
            told(&report)
        );
    }
}

#[test]
fn a_mistake_in_the_block_is_found_at_its_line() {
    let cases = [
        (
            "{suspect: link/A-C, aproval: granted}",
            "{fits: true}",
            "ZP002",
        ),
        (
            "{suspect: link/A-C, answers: {drain: maybe}}",
            "{fits: true}",
            "maybe",
        ),
        ("{suspect: link A-C}", "{fits: true}", "kind/name"),
        (
            "{suspect: link/A-C}",
            "{outcom: helped}",
            "did you mean `outcome`?",
        ),
    ];
    for (given, expect, wanted) in cases {
        let text = drain();
        let head = text.split("\ntests:").next().unwrap();
        let file =
            format!("{head}\ntests:\n  - name: one\n    given: {given}\n    expect: {expect}\n");
        let problems = run_file("drain.yaml", &file, &none).unwrap_err();
        let message = problems[0].to_string();
        let line = head.lines().count() as u64;
        assert!(message.contains(wanted), "{message}");
        assert!(problems[0].place.line > line, "{message}");
    }
}

#[test]
fn modes_guards_and_people_decide_before_the_first_step() {
    let cases = [
        (
            "mode: approve",
            "{approval: required, ran: [drain], outcome: helped}",
        ),
        (
            "mode: approve, approval: refused",
            "{approval: required, ran: [], outcome: not-run}",
        ),
        (
            "mode: approve, approval: expired",
            "{ran: [], outcome: not-run}",
        ),
        (
            "mode: observe",
            "{fits: true, approval: not-required, ran: [], outcome: not-run}",
        ),
        ("ceiling: suggest", "{ran: [], outcome: not-run}"),
        (
            "guards: {killSwitch: true}",
            "{refusedBy: [kill-switch], ran: []}",
        ),
        (
            "guards: {busy: [link/A-C]}",
            "{refusedBy: [one-at-a-time], outcome: not-run}",
        ),
        ("guards: {frozen: [link/A-C]}", "{refusedBy: [not-frozen]}"),
        (
            "guards: {maintenance: [link/A-C]}",
            "{refusedBy: [change-freeze]}",
        ),
        // What is newest of all is no newer of the target.
        (
            "guards: {evidenceAge: 5m}",
            "{refusedBy: [fresh-evidence, target-heard]}",
        ),
        ("kill: drain", "{ran: [drain, drain.undo], outcome: undone}"),
        (
            "kill: verify",
            "{ran: [drain, drain.undo], outcome: undone}",
        ),
        ("then: kill", "{ran: [drain, drain.undo], outcome: undone}"),
        (
            "answers: {drain: refused}",
            "{ran: [drain], outcome: not-run, frozen: []}",
        ),
        (
            "answers: {drain: unknown}",
            "{ran: [drain], outcome: stuck, frozen: [link/A-C]}",
        ),
        (
            "answers: {drain: no-undo}, sees: fail",
            "{ran: [drain], outcome: stuck}",
        ),
        ("sees: inconclusive", "{ran: [drain], outcome: unclear}"),
        (
            "sees: inconclusive, person: did-not-help",
            "{outcome: undone}",
        ),
        ("probability: 0.1", "{fits: false, because: less than 0.30}"),
    ];
    for (given, expect) in cases {
        let report = with_test(&format!("{{suspect: link/A-C, {given}}}"), expect);
        assert!(report.passed(), "{given}: {}", told(&report));
    }
}

#[test]
fn coverage_names_what_no_test_reached() {
    let report = with_test("{suspect: link/A-C}", "{fits: true}");
    let missed: Vec<String> = report.coverage.missed.iter().map(|b| b.tell().en).collect();
    assert_eq!(
        missed,
        [
            "the cause is not probable enough",
            "condition 1 does not hold",
            "condition 2 does not hold",
            "step drain fails",
            "step drain is taken back",
            "verification fails",
            "verification cannot tell",
            "the suspect is healthy again and the remedy is taken back",
        ]
    );
    assert_eq!((report.coverage.reached, report.coverage.all), (3, 11));
}
