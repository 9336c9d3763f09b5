//! What a newcomer types first: help with an example everywhere, playbooks, search, and what this machine can do.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{lines, said, told, zizhi};
use std::path::Path;

/// Runs in the repository.
fn here(args: &[&str]) -> std::process::Output {
    zizhi(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), args)
}

/// Names under "Commands:" of a help text.
fn subcommands(help: &str) -> Vec<String> {
    let after = help.split("Commands:\n").nth(1).unwrap_or_default();
    let block = after.lines().take_while(|line| line.starts_with("  "));
    // A description that goes on in the next line is indented further.
    let names = block.filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Checks a command's help and that of all below it; returns how many there are.
fn walk(path: &[String]) -> usize {
    let mut args: Vec<&str> = path.iter().map(String::as_str).collect();
    args.push("--help");
    let help = said(&here(&args));
    let name = format!("zizhi {}", path.join(" "));
    let mut examples = help.lines().skip_while(|line| !line.starts_with("Example"));
    assert!(
        examples.any(|line| line.contains(name.trim())),
        "`{name} --help` shows no example of it:\n{help}"
    );
    let below = subcommands(&help);
    1 + below
        .into_iter()
        .map(|next| walk(&[path, &[next]].concat()))
        .sum::<usize>()
}

#[test]
fn every_command_shows_an_example_of_itself() {
    let commands = walk(&[]);
    assert!(commands >= 16, "only {commands} commands were found");
}

#[test]
fn the_exit_codes_are_told() {
    assert!(said(&here(&["--help"])).contains("Exit codes: 0 done; 1 failed"));
}

#[test]
fn every_shipped_playbook_is_listed_and_clean() {
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("../playbooks/catalog");
    let files = std::fs::read_dir(catalog).unwrap().count();
    let listed = lines(&said(&here(&["playbook", "list", "--json"])));
    assert_eq!(listed.len(), files);
    let [en, zh] = ["en", "zh"].map(|lang| said(&here(&["playbook", "list", "--lang", lang])));
    for playbook in &listed {
        assert!(
            en.contains(playbook["title"]["en"].as_str().unwrap()),
            "{playbook}"
        );
        assert!(
            zh.contains(playbook["title"]["zh"].as_str().unwrap()),
            "{playbook}"
        );
    }
    let checked = said(&here(&["playbook", "lint", "playbooks/catalog"]));
    assert_eq!(checked.matches(": good (").count(), files, "{checked}");
    assert_eq!(
        said(&here(&["playbook", "lint", "playbooks/catalog", "--json"])),
        ""
    );
}

#[test]
fn the_same_playbook_is_found_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = "transport.link.drain@1.0.0";
    for words in [
        &["lossy", "link"][..],
        &["drain"],
        &["丢包"],
        &["隔离", "链路"],
    ] {
        for lang in ["en", "zh"] {
            let mut args = vec!["search", "--json", "--lang", lang];
            args.extend(words);
            let hits = lines(&said(&zizhi(folder.path(), &args)));
            assert!(
                hits.iter().any(|h| h["id"] == wanted),
                "{words:?} in {lang}: {hits:?}"
            );
        }
    }
    let nothing = said(&zizhi(folder.path(), &["search", "xylophone"]));
    assert!(nothing.contains("nothing found"), "{nothing}");
}

#[test]
fn the_doctor_answers_a_program_and_says_how_to_get_what_is_missing() {
    let output = here(&["lab", "doctor", "--json"]);
    let findings = lines(std::str::from_utf8(&output.stdout).unwrap());
    for finding in &findings {
        assert!(
            finding["what"].is_string() && finding["needed"].is_boolean(),
            "{finding}"
        );
        let how = finding["how"].as_str().unwrap();
        assert!(
            finding["works"] == true || !how.is_empty(),
            "no way out: {finding}"
        );
    }
    let lacking = findings
        .iter()
        .any(|f| f["works"] == false && f["needed"] == true);
    match output.status.code() {
        Some(0) => assert!(!lacking && !findings.is_empty(), "{findings:?}"),
        Some(3) => assert!(lacking, "{findings:?}"),
        _ => println!(
            "SKIPPED: the lab's doctor cannot examine this machine: {}",
            told(&output)
        ),
    }
}
