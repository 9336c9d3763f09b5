//! Mistakes that operators make: each file is bad in one way, and is refused at the right line with a fix.
//!
//! The first line of each file says what is expected: `# expect: ZP017 21`.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on should stop

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use zizhi_playbooks::catalog::{lint, lint_all};
use zizhi_playbooks::explain::explain;
use zizhi_playbooks::problem::Code;

struct Bad {
    name: String,
    text: String,
    code: Code,
    line: u64,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn texts(of: &Path) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(of).unwrap().map(|e| e.unwrap().path());
    files
        .filter(|p| p.extension().is_some_and(|e| e == "yaml"))
        .map(|p| {
            let name = p.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&p).unwrap())
        })
        .collect()
}

fn bad_files() -> Vec<Bad> {
    let read = |(name, text): (String, String)| {
        let first = text.lines().next().unwrap();
        let wanted = first
            .strip_prefix("# expect: ")
            .unwrap_or_else(|| panic!("{name}: {first}"));
        let (code, line) = wanted.split_once(' ').unwrap();
        Bad {
            code: code.parse().unwrap(),
            line: line.parse().unwrap(),
            name,
            text,
        }
    };
    texts(&folder("bad")).into_iter().map(read).collect()
}

#[test]
fn every_bad_file_is_refused_at_the_right_line_with_a_fix_and_nothing_else_is_said() {
    let mut wrong = vec![];
    for bad in bad_files() {
        let (_, problems) = lint(&bad.name, &bad.text);
        let as_expected = matches!(problems.as_slice(), [only] if only.code == bad.code
            && only.place.line == bad.line && only.place.column > 0 && !only.fix.is_empty());
        if !as_expected {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            wrong.push(format!("{} {}: {said:#?}", bad.code, bad.line));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_is_a_bad_file_for_every_code() {
    let shown: BTreeSet<Code> = bad_files().into_iter().map(|b| b.code).collect();
    // Two codes are about several files at once; their files are below.
    let pairs = [Code::DuplicateId, Code::Fight];
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|c| !shown.contains(c) && !pairs.contains(c))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(bad_files().len() >= 60);
}

#[test]
fn every_code_is_explained_in_both_languages_with_two_examples() {
    for code in Code::ALL {
        let said = explain(*code);
        for text in [
            said.what.en,
            said.what.zh,
            said.why.en,
            said.why.zh,
            said.bad,
            said.good,
        ] {
            assert!(text.len() > 5, "{code}: {text}");
        }
        assert!(
            !said.what.zh.is_ascii() && !said.why.zh.is_ascii(),
            "{code}"
        );
        assert_ne!(said.bad, said.good, "{code}");
    }
}

fn told_together(of: &str) -> Vec<(String, Code)> {
    let texts = texts(&folder(of));
    let (_, problems) = lint_all(texts.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    problems.into_iter().map(|p| (p.file, p.code)).collect()
}

#[test]
fn two_playbooks_with_one_id_are_told_apart() {
    assert_eq!(
        told_together("bad/twins"),
        [("b.yaml".to_owned(), Code::DuplicateId)]
    );
}

#[test]
fn two_automatic_playbooks_that_pull_a_link_both_ways_are_refused() {
    assert_eq!(
        told_together("bad/fight"),
        [("raise.yaml".to_owned(), Code::Fight)]
    );
}

#[test]
fn a_person_in_between_or_conditions_that_exclude_each_other_end_the_fight() {
    let texts = texts(&folder("bad/fight"));
    let (raise, lower) = (&texts["raise.yaml"], &texts["lower.yaml"]);
    let cures = [
        lower.replace("mode: auto", "mode: approve"),
        lower.replace(
            "state.port.utilization < 0.9",
            "state.port.utilization < 0.5",
        ),
        lower.replace("[link-lossy]", "[link-rate-cut]"),
        lower.replace("suspect.cost * 0.5", "suspect.cost * 2.0"),
    ];
    for cure in cures {
        assert_ne!(cure, *lower);
        let (_, problems) = lint_all([("raise.yaml", raise.as_str()), ("lower.yaml", &cure)]);
        assert_eq!(problems, [], "{cure}");
    }
}
