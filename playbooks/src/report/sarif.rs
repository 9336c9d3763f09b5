//! The findings as a SARIF 2.1.0 log (OASIS), which code hosts and editors show beside the line.
//!
//! In: problems. Out: one run of one tool, with a rule for each code that was found and a result for each problem.

use crate::explain::explain;
use crate::problem::{Code, Problem, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The log. `version` is that of the program.
pub fn sarif(problems: &[Problem], version: &str) -> Value {
    let used: BTreeSet<Code> = problems.iter().map(|p| p.code).collect();
    let used: Vec<Code> = used.into_iter().collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "zizhi playbook lint",
                "version": version,
                "rules": used.iter().map(|c| rule(*c)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": problems.iter().map(|p| result(p, &used)).collect::<Vec<_>>(),
        }],
    })
}

fn rule(code: Code) -> Value {
    let said = explain(code);
    json!({
        "id": code.as_str(),
        "name": format!("{code:?}"),
        "shortDescription": {"text": code.describe()},
        "fullDescription": {"text": said.why.en},
        "help": {"text": format!("{}\n\nInstead of:\n{}\nwrite:\n{}", said.why.en, said.bad, said.good)},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(problem: &Problem, rules: &[Code]) -> Value {
    let mut location = json!({"artifactLocation": {"uri": uri(&problem.file)}});
    // A problem of the whole file has no region: SARIF counts lines from 1.
    if problem.place.line > 0
        && let Some(fields) = location.as_object_mut()
    {
        let region = json!({
            "startLine": problem.place.line,
            "startColumn": problem.place.column.max(1),
        });
        fields.insert("region".to_owned(), region);
    }
    json!({
        "ruleId": problem.code.as_str(),
        "ruleIndex": rules.iter().position(|c| *c == problem.code),
        "level": level(problem.severity),
        "message": {"text": format!("{}. Fix: {}", problem.message, problem.fix)},
        "locations": [{"physicalLocation": location}],
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A path as a URI: slashes forward, and what a URI cannot carry in percent.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
