//! The shape of the house, held by tests: who imports whom, where outside libraries live, what stays pure.
//!
//! The same rules with their reasons: docs/architecture.md. In: the manifests and sources of the workspace.
//! No network, and nothing is built.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which floor a package is on. It may import packages of lower floors only, so neighbours never import each other.
const FLOORS: &[(&str, u8)] = &[
    ("zizhi-types", 0),
    ("zizhi-bus", 1),
    ("zizhi-knowledge", 1),
    ("zizhi-models", 1),
    ("zizhi-playbooks", 1),
    ("zizhi-twin-link", 1),
    ("zizhi-agents", 2),
    ("zizhi-evaluation", 3),
    ("zizhi-dashboard", 3),
    ("zizhi", 4),
];

/// Outside libraries that shape the code around them, and the one package that may know each.
/// `deny.toml` has the same table, for `cargo deny`.
const HOMES: &[(&str, &str)] = &[
    ("ractor", "zizhi-agents"),
    ("prometheus-client", "zizhi-agents"),
    ("async-nats", "zizhi-bus"),
    ("hyper", "zizhi-bus"),
    ("hyper-util", "zizhi-bus"),
    ("http-body-util", "zizhi-bus"),
    ("opentelemetry-proto", "zizhi-bus"),
    ("prost", "zizhi-bus"),
    ("snap", "zizhi-bus"),
    ("ed25519-dalek", "zizhi-bus"),
    ("oxigraph", "zizhi-knowledge"),
    ("tantivy", "zizhi-knowledge"),
    ("axum", "zizhi-dashboard"),
    ("askama", "zizhi-dashboard"),
    ("argon2", "zizhi-dashboard"),
    ("utoipa", "zizhi-dashboard"),
    ("clap", "zizhi"),
    ("rmcp", "zizhi"),
    ("cel", "zizhi-playbooks"),
    ("schemars", "zizhi-playbooks"),
    ("k8s-openapi", "zizhi-playbooks"),
    ("kube", "zizhi-playbooks"),
    ("reqwest", "zizhi-playbooks"),
    ("nix", "zizhi-evaluation"),
    ("maud", "zizhi-evaluation"),
    ("plotters", "zizhi-evaluation"),
    ("fluent-bundle", "zizhi-types"),
];

/// Libraries for plain work (errors, encoding, hashing, tests): everyone may use them.
const EVERYWHERE: &[&str] = &[
    "assert_cmd",
    "async-trait",
    "comfy-table",
    "csv",
    "flate2",
    "futures-util",
    "getrandom",
    "indicatif",
    "insta",
    "jiff",
    "proptest",
    "rand",
    "rand_chacha",
    "rand_distr",
    "rustc-hash",
    "rustix",
    "rustls",
    "tokio-rustls",
    "serde",
    "serde-saphyr",
    "serde_json",
    "sha2",
    "tempfile",
    "thiserror",
    "tokio",
    "tokio-util",
    "toml",
    "tower",
    "tracing",
    "tracing-subscriber",
    "unic-langid",
];

/// Packages that are pure as a whole: no await, no clock, no unseeded randomness.
const PURE: &[&str] = &["types", "models", "twin-link", "knowledge"];

/// The files of `agents` that wait and act for the engines; everything else there is pure too.
const SHELLS: &[&str] = &["actor.rs", "shell.rs", "role.rs", "swarm.rs", "lib.rs"];

/// What makes a function depend on more than its arguments.
const IMPURE: &[&str] = &[
    ".await",
    "SystemTime",
    "Instant::now",
    "rand::rng()",
    "rand::random",
    "thread_rng",
    "from_os_rng",
    "OsRng",
    "tokio::",
    "thread::sleep",
];

/// Lines of own code below which a package would only be a corridor to others.
const OWN_LINES_MIN: usize = 60;

struct Package {
    name: String,
    folder: PathBuf,
    /// Names of what it depends on, tests included.
    needs: BTreeSet<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    let package = |p: &serde_json::Value| Package {
        name: text(&p["name"]),
        folder: Path::new(&text(&p["manifest_path"]))
            .parent()
            .unwrap()
            .to_owned(),
        needs: p["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| text(&d["name"]))
            .collect(),
    };
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(package)
        .collect()
}

/// Every file under `folder` whose name ends in one of `ends`, sorted; build output and history left out.
fn files(folder: &Path, ends: &[&str]) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() {
                if name != "target" && name != ".git" {
                    open.push(path);
                }
            } else if ends.iter().any(|end| name.ends_with(end)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn is_test_file(path: &Path) -> bool {
    path.components().any(|c| {
        let name = c.as_os_str().to_string_lossy();
        name == "tests" || name == "benches" || name.ends_with("tests.rs")
    })
}

/// Lines of code with their numbers, without comments and without the test module at the end of the file.
fn code(source: &str) -> Vec<(usize, &str)> {
    source
        .lines()
        .enumerate()
        .take_while(|(_, l)| l.trim() != "#[cfg(test)]")
        .map(|(n, l)| (n + 1, l.split("//").next().unwrap_or("").trim()))
        .filter(|(_, l)| !l.is_empty())
        .collect()
}

/// Whether `line` has `word` with no letter, digit or underscore right after it: `.awaited()` is no `.await`.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let next = line[at + word.len()..].chars().next();
        word.ends_with(':') || next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

fn impurities(source: &str) -> Vec<String> {
    code(source)
        .into_iter()
        .filter_map(|(n, line)| {
            let word = IMPURE.iter().find(|w| has_word(line, w))?;
            Some(format!("line {n} has `{word}`"))
        })
        .collect()
}

#[test]
fn every_package_has_a_floor() {
    let names: BTreeSet<String> = packages().into_iter().map(|p| p.name).collect();
    let floors: BTreeSet<String> = FLOORS.iter().map(|(n, _)| (*n).to_owned()).collect();
    assert_eq!(
        names, floors,
        "add the package to FLOORS and to docs/architecture.md"
    );
}

#[test]
fn arrows_point_downwards_only() {
    let floors: BTreeMap<&str, u8> = FLOORS.iter().copied().collect();
    for package in packages() {
        let own = floors[package.name.as_str()];
        for need in &package.needs {
            if let Some(other) = floors.get(need.as_str()) {
                assert!(
                    *other < own,
                    "{} (floor {own}) imports {need} (floor {other})",
                    package.name
                );
            }
        }
    }
}

#[test]
fn an_outside_library_has_one_home() {
    let homes: BTreeMap<&str, &str> = HOMES.iter().copied().collect();
    for package in packages() {
        for need in package.needs.iter().filter(|n| !n.starts_with("zizhi")) {
            match homes.get(need.as_str()) {
                Some(home) => assert_eq!(
                    package.name, *home,
                    "{need} lives in {home}: ask it through our own words"
                ),
                None => assert!(
                    EVERYWHERE.contains(&need.as_str()),
                    "{} needs {need}, which is in neither HOMES nor EVERYWHERE",
                    package.name
                ),
            }
        }
    }
}

#[test]
fn cargo_deny_is_told_the_same_homes() {
    let deny = read(&root().join("deny.toml"));
    for (library, home) in HOMES {
        let row = format!("{{ crate = \"{library}\", wrappers = [\"{home}\"");
        assert!(deny.contains(&row), "deny.toml lacks {row}");
    }
}

#[test]
fn no_package_is_only_a_corridor() {
    for package in packages() {
        let own: usize = files(&package.folder.join("src"), &[".rs"])
            .iter()
            .map(|f| {
                let source = read(f);
                let lines = code(&source);
                lines
                    .iter()
                    .filter(|(_, l)| !l.starts_with("pub use ") && !l.starts_with("pub mod "))
                    .count()
            })
            .sum();
        assert!(
            own > OWN_LINES_MIN,
            "{} has {own} lines of its own: merge it into its users",
            package.name
        );
    }
}

#[test]
fn types_know_no_runtime() {
    let types = packages()
        .into_iter()
        .find(|p| p.name == "zizhi-types")
        .unwrap();
    for runtime in ["tokio", "async-trait", "futures-util", "tracing"] {
        assert!(
            !types.needs.contains(runtime),
            "zizhi-types needs {runtime}"
        );
    }
    for file in files(&types.folder.join("src"), &[".rs"]) {
        for (n, line) in code(&read(&file)) {
            assert!(!line.contains("async fn"), "{}:{n}: async", file.display());
        }
    }
}

#[test]
fn engines_and_pure_packages_depend_on_their_arguments_only() {
    let root = root();
    let is_engine = |f: &PathBuf| f.file_name().is_some_and(|n| n == "engine.rs");
    let in_pure = |f: &PathBuf| PURE.iter().any(|p| f.starts_with(root.join(p).join("src")));
    let in_agents = |f: &PathBuf| {
        let is_shell = f
            .file_name()
            .is_some_and(|n| SHELLS.iter().any(|s| n == *s));
        f.starts_with(root.join("agents/src")) && !is_shell
    };
    let mut seen = 0;
    for file in files(&root, &[".rs"]) {
        if (is_engine(&file) || in_pure(&file) || in_agents(&file)) && !is_test_file(&file) {
            seen += 1;
            let found = impurities(&read(&file));
            assert!(found.is_empty(), "{}: {}", file.display(), found.join(", "));
        }
    }
    assert!(
        seen > 20,
        "only {seen} pure files were found: has a folder been renamed?"
    );
}

#[test]
fn nothing_is_promised_for_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    let ends = [
        ".rs",
        ".md",
        ".toml",
        ".ftl",
        ".yaml",
        ".html",
        ".css",
        ".svg",
        "scripts/test",
        "check-docs",
    ];
    for file in files(&root(), &ends) {
        let text = read(&file);
        for (n, line) in text.lines().enumerate() {
            let mark = marks.iter().find(|m| line.contains(*m));
            assert!(
                mark.is_none(),
                "{}:{}: {}",
                file.display(),
                n + 1,
                line.trim()
            );
        }
    }
}

#[test]
fn every_package_obeys_the_workspace_lints() {
    for package in packages() {
        let manifest = read(&package.folder.join("Cargo.toml"));
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} has its own lints",
            package.name
        );
    }
}

#[test]
fn every_documented_command_is_run_by_the_docs_check() {
    let root = root();
    let mut expected = vec![];
    let mut pages = files(&root.join("docs"), &[".md"]);
    pages.extend(
        ["README.md", "README.zh.md", "CONTRIBUTING.md"]
            .map(|p| root.join(p))
            .into_iter()
            .filter(|p| p.exists()),
    );
    for page in &pages {
        let name = page.strip_prefix(&root).unwrap().display().to_string();
        for (line, info) in fences(&read(page)) {
            let language = info.split_whitespace().next().unwrap_or("");
            let dodges = ["bash", "shell", "console", "shell-session", "zsh"].contains(&language);
            assert!(
                !dodges,
                "{name}:{line}: write ```sh, so that the block is run"
            );
            if language == "sh" {
                expected.push(format!("{name}:{line}"));
            }
        }
    }
    let output = Command::new("bash")
        .arg(root.join("scripts/check-docs"))
        .arg("--list")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut listed: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|l| l.split(' ').next().map(str::to_owned))
        .collect();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);
}

/// The opening fences of a page: line number and what follows the back-ticks.
fn fences(page: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = vec![];
    for (n, line) in page.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            if !inside {
                found.push((n + 1, info));
            }
            inside = !inside;
        }
    }
    found
}

#[test]
fn the_checks_see_what_they_look_for() {
    let source =
        "fn a() {} // SystemTime in words\nlet t = SystemTime::now();\n#[cfg(test)]\nx.await";
    assert_eq!(impurities(source), ["line 2 has `SystemTime`"]);
    assert_eq!(
        impurities("run.awaited();\nrun.await?;"),
        ["line 2 has `.await`"]
    );
    assert_eq!(
        fences("a\n```sh skip=x\nb\n```\n```text\n```"),
        [(2, "sh skip=x"), (5, "text")]
    );
}

/// Words that only the evaluator may know.
const TRUTH_WORDS: &[&str] = &[
    "GroundTruth",
    "FaultSpec",
    "DecoySpec",
    "LieSpec",
    "zizhi_evaluation",
    "zizhi.scenario",
];

#[test]
fn no_agent_can_name_the_truth() {
    let packages = packages();
    let needs: BTreeMap<&str, &BTreeSet<String>> = packages
        .iter()
        .map(|p| (p.name.as_str(), &p.needs))
        .collect();
    let evaluation = FLOORS
        .iter()
        .find(|(n, _)| *n == "zizhi-evaluation")
        .unwrap()
        .1;
    let below: BTreeSet<&str> = FLOORS
        .iter()
        .filter(|(_, floor)| *floor < evaluation)
        .map(|(name, _)| *name)
        .collect();
    assert!(below.contains("zizhi-agents") && below.len() >= 7);
    for name in &below {
        let mut open = vec![*name];
        let mut reached = BTreeSet::new();
        while let Some(next) = open.pop() {
            if reached.insert(next)
                && let Some(own) = needs.get(next)
            {
                open.extend(own.iter().map(String::as_str));
            }
        }
        assert!(
            !reached.contains("zizhi-evaluation"),
            "{name} reaches the truth"
        );
    }
    for package in packages.iter().filter(|p| below.contains(p.name.as_str())) {
        for file in files(&package.folder.join("src"), &[".rs"]) {
            for (n, line) in code(&read(&file)) {
                let word = TRUTH_WORDS.iter().find(|w| line.contains(**w));
                assert!(word.is_none(), "{}:{n}: {line}", file.display());
            }
        }
    }
}

/// The files of the author's loop: they try, test and rehearse playbooks.
const DRY: &[&str] = &[
    "cli/src/commands/playbook/try_.rs",
    "cli/src/commands/playbook/test.rs",
    "cli/src/commands/playbook/rehearse.rs",
    "cli/src/commands/playbook/rehearse/rehearsals.rs",
    "cli/src/commands/playbook/situation.rs",
    "cli/src/commands/playbook/traffic.rs",
    "cli/src/commands/playbook/journal_case.rs",
    "cli/src/commands/playbook/new.rs",
    "cli/src/commands/playbook/diff.rs",
    "cli/src/commands/playbook/cacao.rs",
    "cli/src/commands/playbook/rules.rs",
    "playbooks/src/case.rs",
    "playbooks/src/case/signs.rs",
    "playbooks/src/examine.rs",
    "playbooks/src/rehearsal.rs",
    "playbooks/src/scripted/mod.rs",
    "playbooks/src/scripted/play.rs",
    "playbooks/src/diff/mod.rs",
    "playbooks/src/rules/mod.rs",
    "playbooks/src/rules/evaluate.rs",
];

/// What a file would have to name to reach a network.
const WET: &[&str] = &[
    "Driver",
    "drivers",
    "zizhi_agents",
    "executor",
    "Swarm",
    "tokio",
    "std::process::Command",
    "std::net",
    "async fn",
    "super::super::lab",
    "super::super::run",
    "super::super::demo",
];

/// The only doors that those files have into packages which can act: pure readers.
const PURE_DOORS: &[(&str, &str)] = &[
    ("zizhi_evaluation", "zizhi_evaluation::sandbox::network"),
    ("zizhi_bus", "zizhi_bus::journal"),
];

fn wet(source: &str) -> Vec<String> {
    let mut found = vec![];
    for (n, line) in code(source) {
        // The answers that a test writes down are values; a driver is not.
        let line = line.replace("DriverError", "");
        let line = line.replace("crate::driver::", "");
        found.extend(
            WET.iter()
                .filter(|w| has_word(&line, w))
                .map(|w| format!("line {n} has `{w}`")),
        );
        for (package, door) in PURE_DOORS {
            if line.contains(package) && !line.contains(door) {
                found.push(format!("line {n} reaches into {package}"));
            }
        }
    }
    found
}

#[test]
fn a_dry_run_has_no_driver_in_reach() {
    for name in DRY {
        let found = wet(&read(&root().join(name)));
        assert!(found.is_empty(), "{name}: {}", found.join(", "));
    }
    let folder = root().join("cli/src/commands/playbook");
    let own = [
        "list.rs",
        "lint.rs",
        "schema.rs",
        "mod.rs",
        "explain_code.rs",
        // Reads a journal and writes down what a person sets; it neither plans nor runs anything.
        "promote.rs",
    ];
    for file in files(&folder, &[".rs"]) {
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        let known = DRY.contains(&name.as_str()) || own.iter().any(|o| name.ends_with(o));
        assert!(known, "{name} is in no list: may it act?");
    }
    let bad = "use zizhi_playbooks::Driver;\nuse zizhi_evaluation::sandbox::SandboxDriver;\nlet e: DriverError;";
    assert_eq!(wet(bad).len(), 3, "{:?}", wet(bad));
}
