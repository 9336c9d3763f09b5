//! What an author sees: the line, a caret, a fix; a log for machines; a page for every code; a schema for the editor.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::zizhi;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Exit code and what was printed.
fn said(args: &[&str]) -> (Option<i32>, String) {
    let output = zizhi(&repository("playbooks/tests/bad"), args);
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn a_finding_shows_the_line_a_caret_and_the_fix() {
    let (code, text) = said(&["playbook", "lint", "zp039-percent-in-a-condition.yaml"]);
    assert_eq!(code, Some(3));
    let wanted = "\
zp039-percent-in-a-condition.yaml:23:14: error ZP039: 20 is no ratio: ratios go from 0 to 1
  23 |     - check: state.port.utilization > 20
     |              ^
  fix: write 0.2 for 20 %
";
    assert!(text.starts_with(wanted), "{text}");
    assert!(
        text.contains("files: 1, errors: 1, warnings: 0; what a code means: zizhi explain ZP039")
    );
    let (_, chinese) = said(&[
        "--lang",
        "zh",
        "playbook",
        "lint",
        "zp039-percent-in-a-condition.yaml",
    ]);
    assert!(
        chinese.contains("错误 ZP039") && chinese.contains("改法"),
        "{chinese}"
    );
}

#[test]
fn a_warning_alone_is_no_failure() {
    let (code, text) = said(&["playbook", "lint", "zp043-two-hours.yaml"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("warning ZP043"), "{text}");
}

#[test]
fn json_is_a_line_each_and_sarif_is_one_log_with_rules_and_places() {
    let (_, lines) = said(&["playbook", "lint", "fight", "--json"]);
    let finding: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(finding["code"], "ZP042");
    assert_eq!(said(&["playbook", "lint", "fight", "-o", "json"]).1, lines);
    let (code, log) = said(&[
        "playbook",
        "lint",
        "fight",
        "zp017-or-true.yaml",
        "-o",
        "sarif",
    ]);
    assert_eq!(code, Some(3));
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["shortDescription"]["text"].is_string());
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(
            result["message"]["text"]
                .as_str()
                .unwrap()
                .contains("Fix: ")
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert!(
            place["artifactLocation"]["uri"]
                .as_str()
                .unwrap()
                .to_lowercase()
                .contains(".yaml")
        );
        assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
    }
    assert_eq!(run["results"].as_array().unwrap().len(), 2);
}

#[test]
fn every_code_has_a_page_in_both_languages() {
    let (code, english) = said(&["explain", "zp017"]);
    assert_eq!(code, Some(0));
    assert!(
        english.starts_with("ZP017 (error): A condition"),
        "{english}"
    );
    let (_, chinese) = said(&["explain", "ZP017", "--lang", "zh"]);
    assert!(chinese.starts_with("ZP017 (错误): 条件"), "{chinese}");
    let (_, json) = said(&["explain", "ZP017", "--json"]);
    let page: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(page["code"], "ZP017");
    assert!(page["bad"].is_string() && page["why"]["zh"].is_string());
    assert_eq!(said(&["explain", "ZP999"]).0, Some(1));
}

#[test]
fn the_schema_that_is_printed_is_the_one_in_the_repository() {
    let (code, text) = said(&["playbook", "schema"]);
    assert_eq!(code, Some(0));
    let copy = std::fs::read_to_string(repository("playbooks/schema/playbook-v1.json")).unwrap();
    assert_eq!(text, copy);
}
