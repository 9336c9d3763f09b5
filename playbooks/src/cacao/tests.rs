//! There and back for every shipped playbook; the shape of what is written; what a foreign file becomes.

use super::{export, import};
use crate::catalog::{Catalog, lint};
use crate::playbook::Playbook;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use zizhi_types::plan::Mode;

fn shipped() -> Vec<Playbook> {
    Catalog::builtin().unwrap().playbooks().to_vec()
}

/// The playbook, without the text that it was read from.
fn meaning(file: &str, text: &str) -> Playbook {
    let (playbook, problems) = lint(file, text);
    assert!(
        !problems.iter().any(crate::Problem::is_error),
        "{problems:?}\n{text}"
    );
    let mut playbook = playbook.unwrap();
    playbook.file = String::new();
    playbook.source = String::new();
    playbook
}

#[test]
fn export_then_import_gives_the_same_playbook_with_the_same_tests() {
    for playbook in shipped() {
        let exported = export("x.yaml", &playbook.source).unwrap();
        let back = import("x.json", &exported.to_string()).unwrap();
        assert_eq!(back.notes, []);
        assert_eq!(
            meaning("", &back.text),
            meaning("", &playbook.source),
            "{}",
            back.text
        );
        let none = |_: &str| Err("none".to_owned());
        let tests = |text: &str| crate::scripted::run_file("x", text, &none).unwrap();
        let (there, here) = (tests(&back.text), tests(&playbook.source));
        assert_eq!(there.coverage, here.coverage, "{}", playbook.id);
        assert!(there.passed());
        assert_eq!(
            export("x.yaml", &back.text).unwrap(),
            exported,
            "{}",
            playbook.id
        );
    }
}

#[test]
fn every_step_of_the_workflow_leads_to_one_that_is_there() {
    for playbook in shipped() {
        let json = export("x.yaml", &playbook.source).unwrap();
        let steps = json["workflow"].as_object().unwrap();
        assert!(steps.contains_key(json["workflow_start"].as_str().unwrap()));
        for (id, step) in steps {
            let kind = step["type"].as_str().unwrap();
            assert!(id.starts_with(&format!("{kind}--")), "{id}");
            for next in ["on_completion", "on_success", "on_failure"] {
                let there = step
                    .get(next)
                    .is_none_or(|n| steps.contains_key(n.as_str().unwrap()));
                assert!(there, "{id} {next}");
            }
            assert_eq!(
                kind == "end",
                step.get("on_completion")
                    .or(step.get("on_success"))
                    .is_none()
            );
            for (list, definitions) in [
                ("targets", "target_definitions"),
                ("agents", "agent_definitions"),
            ] {
                for name in step
                    .get(list)
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                {
                    assert!(
                        json[definitions].get(name.as_str().unwrap()).is_some(),
                        "{name}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_failing_step_leads_to_the_undo_of_the_one_before() {
    let text = crate::template::text("x", None, None, zizhi_types::text::Language::En).unwrap();
    let second = "    - id: again\n      run: link.set-cost\n      on: \"${{ suspect }}\"\n      with: {cost: 65001}\n      timeout: 60s\n  verify:";
    let json = export("x.yaml", &text.replacen("  verify:", second, 1)).unwrap();
    let steps = json["workflow"].as_object().unwrap();
    let named = |name: &str| steps.iter().find(|(_, s)| s["name"] == name).unwrap();
    assert_eq!(named("again").1["on_failure"], *named("act.undo").0);
    assert_eq!(named("verify").1["on_failure"], *named("again.undo").0);
    assert_eq!(named("again.undo").1["on_completion"], *named("act.undo").0);
}

#[test]
fn what_was_changed_in_the_cacao_file_is_changed_in_the_playbook() {
    let drain = Catalog::builtin()
        .unwrap()
        .get("transport.link.drain")
        .unwrap()
        .clone();
    let mut json = export("x.yaml", &drain.source).unwrap();
    json["name"] = json!("Another name");
    json["playbook_variables"]["__cost__"]["value"] = json!("64000");
    let step = json["workflow"].as_object_mut().unwrap().values_mut();
    step.into_iter().find(|s| s["name"] == "drain").unwrap()["timeout"] = json!(45_000);
    let back = import("x.json", &json.to_string()).unwrap();
    let back = meaning("", &back.text);
    assert_eq!(back.title.en, "Another name");
    assert_eq!(back.steps[0].timeout_ms, 45_000);
    let number = crate::playbook::Operand::Literal(zizhi_types::action::Value::Number(64_000.0));
    assert_eq!(back.params[0].value, number);
}

/// A playbook as a security team might have it.
fn other_maker(command: &str, target: &str) -> Json {
    json!({
        "type": "playbook", "spec_version": "cacao-2.0", "id": "playbook--61a6c41e-6efc-4516-a242-dfbc5c89d562",
        "name": "Isolate: a \"host\"\n# and more", "workflow_start": "start--1",
        "workflow": {
            "start--1": {"type": "start", "on_completion": "if-condition--1"},
            "if-condition--1": {"type": "if-condition", "name": "is it bad?", "condition": "x", "on_completion": "action--1"},
            "action--1": {"type": "action", "name": "Block it\nrun: evil", "on_success": "action--2",
                "commands": [{"type": "bash", "command": "iptables -A INPUT -j DROP"}]},
            "action--2": {"type": "action", "name": "Reset", "on_success": "end--1", "targets": ["t--1"],
                "commands": [{"type": "manual", "command": command}]},
            "end--1": {"type": "end"},
        },
        "target_definitions": {"t--1": {"type": "net-address", "name": target}},
    })
}

#[test]
fn a_foreign_file_is_a_draft_that_only_observes_and_says_what_was_refused() {
    let draft = import("x.json", &other_maker("link.reset", "link/A-C").to_string()).unwrap();
    assert!(draft.text.contains("mode: observe"));
    assert!(
        draft
            .text
            .contains("# refused: Block it run: evil: no registered action does `bash: iptables"),
        "{}",
        draft.text
    );
    assert!(
        draft.text.contains("run: link.reset\n      on: link/A-C"),
        "{}",
        draft.text
    );
    assert_eq!(draft.notes.len(), 3, "{:?}", draft.notes);
    assert!(draft.notes.iter().all(|n| !n.zh.is_empty()));
    let (playbook, problems) = lint("draft.yaml", &draft.text);
    assert!(playbook.is_none_or(|p| p.mode == Mode::Observe));
    assert!(
        problems
            .iter()
            .all(|p| p.code != crate::problem::Code::Yaml),
        "{problems:?}\n{}",
        draft.text
    );
}

#[test]
fn foreign_text_never_becomes_an_expression_or_a_command() {
    for (command, target) in [
        ("link.reset", "${{ suspect }}"),
        ("link.reset; rm", "link/A-C"),
        ("link.reset", "cell/c1"),
    ] {
        let draft = import("x.json", &other_maker(command, target).to_string()).unwrap();
        assert!(!draft.text.contains("- id:"), "{}", draft.text);
        assert_eq!(draft.notes.len(), 4);
    }
}

#[test]
fn what_is_no_cacao_playbook_is_refused_with_what_is_wrong() {
    let mut circle = other_maker("link.reset", "link/A-C");
    circle["workflow"]["action--2"]["on_success"] = json!("action--1");
    let mut hole = other_maker("link.reset", "link/A-C");
    hole["workflow_start"] = json!("start--9");
    let cases = [
        ("{".to_owned(), "give a JSON file"),
        ("{}".to_owned(), "`type` is missing"),
        (
            json!({"type": "playbook", "spec_version": "1.1"}).to_string(),
            "`spec_version` is 1.1",
        ),
        (circle.to_string(), "comes back to step `action--1`"),
        (hole.to_string(), "`start--9` is not in the workflow"),
    ];
    for (text, wanted) in cases {
        let message = import("x.json", &text).unwrap_err().to_string();
        assert!(message.contains(wanted), "{message}");
    }
}

proptest! {
    #[test]
    fn no_json_makes_the_reader_panic(name in ".{0,20}", command in ".{0,20}", target in ".{0,20}", cut in 0_usize..400) {
        let mut json = other_maker(&command, &target);
        json["name"] = json!(name);
        let draft = import("x.json", &json.to_string()).unwrap();
        let (_, problems) = lint("draft.yaml", &draft.text);
        prop_assert!(problems.iter().all(|p| p.code != crate::problem::Code::Yaml), "{:?}\n{}", problems, draft.text);
        let text = json.to_string();
        let cut = text.char_indices().nth(cut).map_or(text.len(), |c| c.0);
        prop_assert!(import("x.json", &text[..cut]).is_err() || cut == text.len());
    }
}

/// A shipped playbook that says all that the language has words for.
fn patient() -> String {
    let catalog = Catalog::builtin().unwrap();
    let source = &catalog.get("transport.link.drain").unwrap().source;
    let edits = [
        (
            "  when:\n",
            "    hold: 60s\n    throttle: {once: 10m, by: object}\n  when:\n",
        ),
        (
            "      timeout: 30s\n",
            "      timeout: 30s\n      retry: {max: 2, backoff: 5s}\n",
        ),
        (
            "    within: 90s\n",
            "    within: 3m\n    every: 15s\n    minPass: 4\n",
        ),
        ("atMost: 0.05}", "pass: value <= 0.05, fail: value > 0.3}"),
        ("  temporary: true\n", ""),
        ("mode: auto", "mode: approve"),
        (
            "  verify:\n",
            "  rollback: {on: [stepFailed, operator], reason: {en: Left to the field crew, zh: 由现场人员处理}}\n  verify:\n",
        ),
    ];
    edits.iter().fold(source.clone(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn what_a_playbook_waits_for_tries_again_and_keeps_travels_too() {
    let text = patient();
    let exported = export("x.yaml", &text).unwrap();
    let back = import("x.json", &exported.to_string()).unwrap();
    assert_eq!(back.notes, []);
    assert_eq!(meaning("", &back.text), meaning("", &text), "{}", back.text);
    let steps = exported["workflow"].as_object().unwrap();
    let of = |name: &str| steps.values().find(|s| s["name"] == name).unwrap();
    let failed = of("verify")["on_failure"].as_str().unwrap();
    assert_eq!(
        steps[failed]["type"], "end",
        "a failed verification takes nothing back"
    );
}
