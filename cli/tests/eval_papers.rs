//! `zizhi eval papers`: what it prints, what it writes, and what its exit code says.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{lines, told, zizhi};

#[test]
fn every_claim_is_a_line_and_the_exit_code_says_whether_all_are_met() {
    let folder = tempfile::tempdir().unwrap();
    let output = zizhi(
        folder.path(),
        &[
            "eval",
            "papers",
            "--json",
            "--report",
            "papers.html",
            "--lang",
            "zh",
        ],
    );
    let claims = lines(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!(claims.len(), 17, "{}", told(&output));
    let unmet = claims.iter().filter(|claim| claim["met"] == false).count();
    let expected = if unmet == 0 { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(expected), "{claims:?}");
    // The routing paper's model is exact: each of its own claims holds, whatever the seed.
    for claim in claims
        .iter()
        .filter(|c| c["id"].as_str().unwrap().starts_with('C'))
    {
        assert_eq!(claim["met"], true, "{claim}");
    }
    let html = std::fs::read_to_string(folder.path().join("papers.html")).unwrap();
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"zh-Hans\">"));
    assert!(html.contains("10.11959/j.issn.1000-436x.2025160"));
}

#[test]
fn a_report_that_cannot_be_written_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = zizhi(
        folder.path(),
        &["eval", "papers", "--report", "missing/papers.html"],
    );
    assert_eq!(output.status.code(), Some(1));
    let told = told(&output);
    assert!(
        told.contains("missing/papers.html") && told.contains("a folder that exists"),
        "{told}"
    );
}
