//! Malformed playbooks: each message says where, what, and what to write instead.

use zizhi_playbooks::catalog::lint;
use zizhi_playbooks::problem::{Code, Severity};
use zizhi_playbooks::{Catalog, CatalogError};

/// A good playbook, line by line; each case spoils one line.
const GOOD: &str = r#"apiVersion: zizhi/v1
kind: Playbook
metadata:
  id: transport.link.drain
  version: 1.0.0
  title: {en: Drain a link, zh: 将流量移出链路}
  owner: noc-transport
spec:
  describe:
    what: {en: Raises its cost, zh: 调高链路开销}
    whenNotToUse: {en: Others are full, zh: 其他路径已满}
  domain: transport
  params:
    cost: {type: number, default: 65000, min: 1, max: 65535}
  trigger:
    faults: [link-lossy]
    minProbability: 0.3
  when:
    - check: suspect.alternate_path
      message: {en: No other path, zh: 没有其他路径}
  blastRadius: {maxObjects: 1, maxServices: 20}
  autonomy: {mode: auto, timeout: 5m, onTimeout: stop}
  costTokens: 1
  risk: 0.2
  temporary: true
  steps:
    - id: drain
      run: link.set-cost
      on: "${{ suspect }}"
      with: {cost: "${{ params.cost }}"}
      timeout: 30s
  verify:
    within: 90s
    checks:
      - {metric: port.utilization, on: "${{ suspect.ports }}", atMost: 0.05}
"#;

fn spoilt(good: &str, bad: &str) -> Vec<String> {
    assert!(GOOD.contains(good), "the good playbook has no `{good}`");
    let (_, problems) = lint("drain.yaml", &GOOD.replacen(good, bad, 1));
    problems.iter().map(ToString::to_string).collect()
}

/// What is replaced, by what, and what must be said.
const CASES: &[(&str, &str, &str)] = &[
    (
        "risk: 0.2",
        "rsk: 0.2",
        "drain.yaml:24:3: error ZP002: unknown field `rsk` (fix: did you mean `risk`?)",
    ),
    (
        "minProbability: 0.3",
        "min_probability: 0.3",
        "17:5: error ZP002: unknown field `min_probability` (fix: did you mean `minProbability`?)",
    ),
    ("  risk: 0.2\n", "", "error ZP003: field `risk` is missing"),
    (
        "[link-lossy]",
        "[link-losy]",
        "16:14: error ZP004: unknown fault `link-losy` (fix: did you mean `link-lossy`?)",
    ),
    (
        "run: link.set-cost",
        "run: link.setcost",
        "28:12: error ZP005: unknown action `link.setcost` (fix: did you mean `link.set-cost`?)",
    ),
    (
        "check: suspect.alternate_path",
        "check: suspect.alternate_path &&",
        "19:14: error ZP006: `suspect.alternate_path &&` does not compile: it ends too early (fix: look at character 26 of the expression)",
    ),
    (
        "check: suspect.alternate_path",
        "check: suspect.alternate_pth",
        "19:14: error ZP007: `suspect.alternate_pth`: a link suspect gives no `alternate_pth` (fix: did you mean `alternate_path`?)",
    ),
    (
        "check: suspect.alternate_path",
        "check: suspct.alternate_path",
        "19:14: error ZP007: `suspct.alternate_path`: a link suspect gives no `suspct` (fix: did you mean `suspect`?)",
    ),
    (
        "check: suspect.alternate_path",
        "check: exec(suspect.name)",
        "19:14: error ZP007: unknown function `exec`",
    ),
    (
        "check: suspect.alternate_path",
        "check: suspect.cost",
        "19:14: error ZP008: with a link as suspect: `suspect.cost` cannot be told: its value is neither true nor false",
    ),
    (
        "check: suspect.alternate_path",
        "check: suspect.cost > 'high'",
        "19:14: error ZP008: with a link as suspect: `suspect.cost > 'high'` cannot be told: `>` cannot be applied to a number and a text",
    ),
    (
        "check: suspect.alternate_path",
        "check: \"${{ suspect.alternate_path }}\"",
        "19:14: error ZP006: `${{ }}` is not used here (fix: write it without the delimiter: suspect.alternate_path)",
    ),
    (
        "check: suspect.alternate_path",
        "check: 1 < 2",
        "19:14: error ZP017: `1 < 2` looks at nothing and is always the same",
    ),
    (
        "default: 65000, ",
        "",
        "14:11: error ZP009: parameter `cost` needs exactly one of default, from and choices",
    ),
    (
        "default: 65000",
        "default: 70000",
        "error ZP009: `cost` is 70000, but must be 1 to 65535",
    ),
    (
        "default: 65000",
        "default: high",
        "error ZP009: the default `high` of `cost` is not of its type",
    ),
    (
        "with: {cost: \"${{ params.cost }}\"}",
        "with: {}",
        "28:12: error ZP010: link.set-cost needs `cost` (fix: write with: {cost: ...})",
    ),
    (
        "with: {cost: \"${{ params.cost }}\"}",
        "with: {cost: 1, why: x}",
        "error ZP011: link.set-cost takes no `why` (fix: write one of cost)",
    ),
    (
        "with: {cost: \"${{ params.cost }}\"}",
        "with: {cost: \"${{ params.kost }}\"}",
        "error ZP007: `params.kost`: a link suspect gives no `kost` (fix: did you mean `cost`?)",
    ),
    (
        "with: {cost: \"${{ params.cost }}\"}",
        "with: {cost: \"cost ${{ params.cost }}\"}",
        "error ZP006: `cost ${{ params.cost }}` is only in part an expression",
    ),
    (
        "domain: transport",
        "domain: service",
        "28:12: error ZP012: link.set-cost belongs to transport, not to service",
    ),
    (
        "domain: transport",
        "domain: transprot",
        "12:11: error ZP029: unknown domain `transprot` (fix: did you mean `transport`?)",
    ),
    (
        "on: \"${{ suspect }}\"",
        "on: \"${{ suspect.ports }}\"",
        "29:11: error ZP013: with a link as suspect: port/A:A-C is no link (fix: link.set-cost acts on a link)",
    ),
    (
        "on: \"${{ suspect }}\"",
        "on: suspect",
        "29:11: error ZP013: `suspect` is no managed object",
    ),
    (
        "run: link.set-cost\n      on: \"${{ suspect }}\"\n      with: {cost: \"${{ params.cost }}\"}",
        "run: link.reset\n      on: \"${{ suspect }}\"",
        "28:12: error ZP014: link.reset cannot be undone (fix: say why that is acceptable: irreversible: {en: ..., zh: ...})",
    ),
    (
        "run: link.set-cost\n      on: \"${{ suspect }}\"\n      with: {cost: \"${{ params.cost }}\"}",
        "run: link.reset\n      on: \"${{ suspect }}\"",
        "28:12: error ZP028",
    ),
    (
        "  verify:\n    within: 90s\n    checks:\n      - {metric: port.utilization, on: \"${{ suspect.ports }}\", atMost: 0.05}\n",
        "",
        "error ZP015: nothing says how success is seen",
    ),
    (
        "  blastRadius: {maxObjects: 1, maxServices: 20}\n",
        "",
        "error ZP016: no blastRadius (fix: write blastRadius: {maxObjects: 1, maxServices: 3} in spec)",
    ),
    (
        "maxObjects: 1",
        "maxObjects: 0",
        "error ZP018: maxObjects is 0",
    ),
    (
        "minProbability: 0.3",
        "minProbability: 3",
        "17:21: error ZP018: minProbability is 3, but must be 0 to 1",
    ),
    (
        "risk: 0.2",
        "risk: .nan",
        "error ZP018: risk is NaN, but must be 0 to 1",
    ),
    (
        "apiVersion: zizhi/v1",
        "apiVersion: zizhi/v2",
        "1:13: error ZP019: apiVersion `zizhi/v2` cannot be read (fix: write apiVersion: zizhi/v1)",
    ),
    (
        "version: 1.0.0",
        "version: 1.0",
        "error ZP019: version `1.0` is not three numbers (fix: write it as 1.0.0)",
    ),
    (
        "id: transport.link.drain",
        "id: Drain a link!",
        "4:7: error ZP030: `Drain a link!` is no playbook id",
    ),
    (
        "  steps:\n",
        "  steps:\n    - {id: drain, run: link.set-cost, on: \"${{ suspect }}\", with: {cost: 5}, timeout: 1s}\n",
        "error ZP021: two steps are called `drain`",
    ),
    (
        "timeout: 30s",
        "timeout: 30",
        "31:16: error ZP023: `30` is no duration (fix: write a whole number and ms, s, m or h, up to 24h, for example 90s)",
    ),
    (
        "metric: port.utilization",
        "metric: port.utilisation",
        "error ZP024: unknown metric `port.utilisation` (fix: did you mean `port.utilization`?)",
    ),
    (
        "atMost: 0.05",
        "atMost: 0.05, atLeast: 0",
        "error ZP024: a check needs exactly one of atMost, atLeast, equals and pass",
    ),
    (
        "on: \"${{ suspect.ports }}\"",
        "on: \"${{ suspect }}\"",
        "error ZP013: with a link as suspect: link/A-C is no port (fix: port.utilization is measured on a port)",
    ),
    (
        "onTimeout: stop",
        "onTimeout: run",
        "error ZP029: onTimeout `run`: an expired request only ever stops (fix: write onTimeout: stop)",
    ),
    (
        "mode: auto",
        "mode: automatic",
        "error ZP029: unknown mode `automatic`",
    ),
    (
        "temporary: true",
        "temporary: yes",
        "25:14: error ZP033: a bare `yes` is a text to some readers, true or false to others (fix: write true or false)",
    ),
    (
        "check: suspect.alternate_path",
        "check: !has(suspect.cost)",
        "19:14: error ZP032: `!has(suspect.cost)` starts with `!`, which YAML reads as a type tag (fix: put the whole value in quotes: \"!has(suspect.cost)\")",
    ),
    (
        "check: suspect.alternate_path",
        "check: suspect.alternate_path 3",
        "does not compile: extraneous input '3' (fix: look at character 24 of the expression)",
    ),
    (
        "faults: [link-lossy]",
        "faults: link-lossy",
        "16:13: error ZP001: expected sequence start (fix: write a list: [a, b], or one `- ` line for each)",
    ),
    (
        "  risk: 0.2\n",
        "  risk: 0.2\n  risk: 0.3\n",
        "25:3: error ZP038: `risk` is written twice",
    ),
    ("costTokens: 1", "costTokens: cheap", "23:15: error ZP001"),
    (
        "zh: 没有其他路径",
        "zh: ''",
        "warning ZP026: the Chinese text is empty",
    ),
    (
        "  temporary: true\n",
        "  irreversible: {en: why, zh: 原因}\n",
        "warning ZP025",
    ),
    (
        "with: {cost: \"${{ params.cost }}\"}",
        "with: {cost: 65000}",
        "14:11: warning ZP027: parameter `cost` is never used",
    ),
    (
        "  when:\n    - check: suspect.alternate_path\n      message: {en: No other path, zh: 没有其他路径}\n",
        "",
        "warning ZP031",
    ),
];

#[test]
fn the_good_one_is_good() {
    let (playbook, problems) = lint("drain.yaml", GOOD);
    assert!(playbook.is_some());
    assert_eq!(problems, []);
}

#[test]
fn every_message_says_where_what_and_what_to_write_instead() {
    for (good, bad, wanted) in CASES {
        let found = spoilt(good, bad);
        assert!(
            found.iter().any(|m| m.contains(wanted)),
            "`{bad}` gives {found:#?}, not {wanted}"
        );
    }
}

#[test]
fn an_author_sees_every_problem_of_a_file_at_once() {
    let text = GOOD
        .replace("link-lossy", "link-losy")
        .replace("link.set-cost", "link.cost")
        .replace("30s", "half a minute")
        .replace("port.utilization", "port.load");
    let (_, problems) = lint("drain.yaml", &text);
    let codes: Vec<_> = problems.iter().map(|p| p.code.as_str()).collect();
    assert_eq!(codes, ["ZP004", "ZP005", "ZP023", "ZP024"]);
}

#[test]
fn nothing_loads_when_one_file_is_bad() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.yaml"), GOOD).unwrap();
    let catalog = Catalog::load_dir(dir.path()).unwrap();
    assert_eq!(
        catalog.playbooks()[0].reference(),
        "transport.link.drain@1.0.0"
    );
    std::fs::write(dir.path().join("b.yaml"), GOOD.replace("0.3", "30")).unwrap();
    let error = Catalog::load_dir(dir.path()).unwrap_err();
    let CatalogError::Refused(problems) = &error else {
        panic!("{error}")
    };
    let codes: Vec<_> = problems.iter().map(|p| p.code).collect();
    assert_eq!(codes, [Code::OutOfRange, Code::DuplicateId]);
    assert!(error.to_string().contains("b.yaml:17:21"), "{error}");
}

#[test]
fn a_missing_or_empty_folder_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        Catalog::load_dir(dir.path()),
        Err(CatalogError::Empty(_))
    ));
    let nowhere = dir.path().join("nowhere");
    assert!(matches!(
        Catalog::load_dir(&nowhere),
        Err(CatalogError::Unreadable { .. })
    ));
}

#[test]
fn hostile_files_are_refused_and_do_no_harm() {
    let deep = "[".repeat(5_000);
    let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n";
    let long = "x".repeat(200_000);
    let nested = GOOD.replace(
        "check: suspect.alternate_path",
        &format!(
            "check: \"{}suspect.alternate_path{}\"",
            "(".repeat(400),
            ")".repeat(400)
        ),
    );
    for text in [
        "", "\0", "- 1", "a: b: c", "\u{feff}", "%YAML 9", &deep, bomb, &long, &nested,
    ] {
        let (playbook, problems) = lint("hostile.yaml", text);
        assert!(playbook.is_none());
        assert!(problems.iter().any(|p| p.severity == Severity::Error));
    }
}

#[test]
fn codes_are_numbered_without_gaps() {
    for (i, code) in Code::ALL.iter().enumerate() {
        assert_eq!(code.as_str(), format!("ZP{:03}", i + 1));
    }
}
