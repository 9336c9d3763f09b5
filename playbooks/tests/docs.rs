//! The pages for operators say what the code does, in both languages.

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use zizhi_playbooks::catalog::{lint, shipped};
use zizhi_playbooks::expr::FUNCTIONS;
use zizhi_playbooks::names_for;
use zizhi_playbooks::page::page;
use zizhi_playbooks::problem::Code;
use zizhi_types::text::Language;
use zizhi_types::{FaultKind, Verb};

const ENGLISH: &str = include_str!("../../docs/playbooks.md");
const CHINESE: &str = include_str!("../../docs/playbooks.zh.md");

fn example(page: &str) -> &str {
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_example_loads_as_it_stands() {
    let (playbook, problems) = lint("docs/playbooks.md", example(ENGLISH));
    assert_eq!(problems, []);
    assert_eq!(playbook.unwrap().id, "transport.link.lower-load");
    assert_eq!(example(ENGLISH), example(CHINESE));
}

#[test]
fn the_sample_message_is_what_the_checker_says() {
    let bad = example(ENGLISH).replace("link-lossy", "link-losy");
    let (_, problems) = lint("lower-load.yaml", &bad);
    let message = problems[0].to_string();
    for page in [ENGLISH, CHINESE] {
        assert!(page.contains(&message), "{message}");
    }
}

#[test]
fn every_code_action_and_function_is_on_both_pages() {
    for page in [ENGLISH, CHINESE] {
        for code in Code::ALL {
            assert!(page.contains(&format!("| {code} |")), "{code}");
        }
        for word in Verb::ALL
            .iter()
            .map(|v| v.as_str())
            .chain(FUNCTIONS.iter().copied())
        {
            assert!(page.contains(&format!("`{word}")), "{word}");
        }
    }
    for code in Code::ALL {
        assert!(ENGLISH.contains(code.describe()), "{code}");
    }
}

#[test]
fn the_catalogue_page_is_made_from_the_files() {
    let pages = [
        (
            Language::En,
            include_str!("../../docs/catalogue.md"),
            "en > docs/catalogue.md",
        ),
        (
            Language::Zh,
            include_str!("../../docs/catalogue.zh.md"),
            "zh > docs/catalogue.zh.md",
        ),
    ];
    for (language, copy, into) in pages {
        let current = page(shipped().iter().copied(), language);
        assert_eq!(
            copy, current,
            "run: zizhi playbook list --page --lang {into}"
        );
    }
}

#[test]
fn every_name_that_expressions_may_use_is_on_both_pages() {
    let a_link_has_it = |n: &str| n.replace("hottest_link.", "");
    for name in FaultKind::ALL.iter().flat_map(|f| names_for(*f)) {
        // Metrics are under `state.` by their own names.
        if name.starts_with("state.") {
            continue;
        }
        for page in [ENGLISH, CHINESE] {
            let found = [name.clone(), a_link_has_it(&name)]
                .iter()
                .any(|n| page.contains(&format!("`{n}`")));
            assert!(found, "{name}");
        }
    }
}
