//! What the language says is what a plan and a run do: choices, types, step conditions, onError, undo.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on should stop

use zizhi_playbooks::catalog::lint;
use zizhi_playbooks::run::{Effect, Input, Run};
use zizhi_playbooks::{Catalog, Context, DriverError, PlanDraft, candidates};
use zizhi_types::action::{Action, Receipt, Value};
use zizhi_types::hypothesis::HypothesisState;
use zizhi_types::negotiation::RunEnd;
use zizhi_types::plan::{Mode, StepUndo};
use zizhi_types::record::Verdict;
use zizhi_types::topology::{Link, Network, Router, Tier};
use zizhi_types::{
    Domain, FaultKind, Hypothesis, IncidentId, ManagedObject, Metric, PlanId, RunId,
};

const GOOD: &str = r#"apiVersion: zizhi/v1
kind: Playbook
metadata:
  id: transport.link.ease
  version: 1.0.0
  title: {en: Ease a link, zh: 为链路减负}
  owner: noc-transport
spec:
  describe:
    what: {en: Raises its cost, zh: 调高链路开销}
    whenNotToUse: {en: Others are full, zh: 其他路径已满}
  domain: transport
  params:
    cost: {type: number, default: 30}
  trigger: {faults: [link-lossy], minProbability: 0.3}
  when:
    - check: suspect.cost > 0
      message: {en: No cost is known, zh: 开销未知}
  blastRadius: {maxObjects: 2, maxServices: 20}
  autonomy: {mode: auto, timeout: 5m, onTimeout: stop}
  costTokens: 1
  risk: 0.2
  steps:
    - id: ease
      run: link.set-cost
      on: "${{ suspect }}"
      with: {cost: "${{ params.cost }}"}
      timeout: 30s
  verify:
    within: 90s
    checks:
      - {metric: port.utilization, on: "${{ suspect.ports }}", atMost: 0.5}
"#;

fn network() -> Network {
    let mut network = Network::empty("two");
    network.routers = ["A", "B"]
        .map(|id| Router {
            id: id.into(),
            tier: Tier::Core,
            lat: None,
            lon: None,
            weight: 1.0,
        })
        .into();
    network.links = vec![Link {
        id: "A-B".into(),
        a: "A".into(),
        b: "B".into(),
        capacity_mbps: 1_000.0,
        delay_ms: 1.0,
        cost: 10,
    }];
    network
}

/// What is planned from the good playbook with some lines changed, for a lossy link.
fn planned(changes: &[(&str, &str)]) -> (Vec<PlanDraft>, Vec<String>) {
    let mut text = GOOD.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let catalog = Catalog::from_texts([("ease.yaml", text.as_str())]).unwrap();
    let hypothesis = Hypothesis {
        object: "link/A-B".parse().unwrap(),
        fault: FaultKind::LinkLossy,
        probability: 0.9,
        state: HypothesisState::Supported,
        evidence_for: vec![],
        evidence_against: vec![],
    };
    let measured = |_: &ManagedObject, _: Metric| Some(0.4);
    let context = Context::of(&network(), &measured, &hypothesis);
    let (drafts, rejected) = candidates(&catalog, &hypothesis, &context);
    (drafts, rejected.into_iter().map(|r| r.reason.en).collect())
}

fn actions(drafts: &[PlanDraft]) -> Vec<Vec<String>> {
    let of = |d: &PlanDraft| d.steps.iter().map(|s| s.action.to_string()).collect();
    drafts.iter().map(of).collect()
}

const DEFAULT: &str = "{type: number, default: 30}";

#[test]
fn each_choice_becomes_a_plan_with_a_name_and_a_fingerprint_of_its_own() {
    let (drafts, rejected) = planned(&[(DEFAULT, "{type: number, choices: [20, 40, 80]}")]);
    assert_eq!(rejected, Vec::<String>::new());
    let names: Vec<_> = drafts.iter().map(|d| d.playbook.as_str()).collect();
    assert_eq!(
        names,
        [
            "transport.link.ease~20@1.0.0",
            "transport.link.ease~40@1.0.0",
            "transport.link.ease~80@1.0.0"
        ]
    );
    assert_eq!(
        actions(&drafts),
        [20, 40, 80].map(|c| vec![format!("link.set-cost link/A-B cost={c}")])
    );
    assert_eq!(drafts[1].title.en, "Ease a link (cost 40)");
    let incident = IncidentId::new(Domain::Transport, 1);
    let id = PlanId::new(Domain::Transport, 1);
    let seal = |d: &PlanDraft| {
        d.clone()
            .into_plan(id.clone(), incident.clone())
            .fingerprint
    };
    assert_ne!(seal(&drafts[0]), seal(&drafts[1]));
    let catalog = Catalog::builtin().unwrap();
    let found = catalog.get("transport.surge.shift~1.5@1.0.0").unwrap();
    assert_eq!(found.id, "transport.surge.shift");
}

#[test]
fn a_condition_may_leave_single_choices_out() {
    let changes = [
        (DEFAULT, "{type: number, choices: [20, 40, 80]}"),
        ("suspect.cost > 0", "params.cost < suspect.cost * 5"),
    ];
    let (drafts, rejected) = planned(&changes);
    assert_eq!(drafts.len(), 2);
    assert_eq!(rejected, Vec::<String>::new());
}

#[test]
fn a_bool_a_duration_and_allowed_values_are_what_they_say() {
    let changes = [
        (
            DEFAULT,
            "{type: number, from: suspect.cost * 2, oneOf: [20, 40]}\n    force: {type: bool, default: true}\n    wait: {type: duration, default: 90s}",
        ),
        ("suspect.cost > 0", "params.force && params.wait == 90000"),
    ];
    let (drafts, _) = planned(&changes);
    assert_eq!(drafts[0].params["force"], Value::Bool(true));
    assert_eq!(drafts[0].params["wait"], Value::Number(90_000.0));
    let outside = [(
        DEFAULT,
        "{type: number, from: suspect.cost * 3, oneOf: [20, 40]}",
    )];
    let (drafts, rejected) = planned(&outside);
    assert!(drafts.is_empty());
    assert_eq!(rejected, ["`cost` is 30, but must be one of 20, 40"]);
}

#[test]
fn a_secret_stays_a_name_in_the_plan() {
    let text = GOOD.replace(
        DEFAULT,
        "{type: number, default: 30}\n    key: {type: string, secret: true, from: secret://gateway}",
    );
    let (playbook, problems) = lint("ease.yaml", &text);
    // Not used by any step: a warning, and nothing that keeps it from loading.
    assert!(problems.iter().all(|p| !p.is_error()), "{problems:?}");
    let key = playbook.unwrap().params.into_iter().find(|p| p.secret);
    let shown = format!("{:?}", key.unwrap().value);
    assert!(shown.contains("secret://gateway"), "{shown}");
}

#[test]
fn a_step_whose_condition_is_false_is_left_out_and_none_left_means_no_plan() {
    let second = "      timeout: 30s\n    - id: more\n      run: link.set-cost\n      on: \"${{ suspect }}\"\n      with: {cost: 99}\n      timeout: 30s\n      when: state.port.utilization > 0.8\n";
    let (drafts, _) = planned(&[("      timeout: 30s\n", second)]);
    assert_eq!(
        actions(&drafts),
        [vec!["link.set-cost link/A-B cost=30".to_owned()]]
    );
    let none = "      timeout: 30s\n      when: state.port.utilization > 0.8\n";
    let (drafts, rejected) = planned(&[("      timeout: 30s\n", none)]);
    assert!(drafts.is_empty());
    assert!(
        rejected[0].contains("nothing is to be done"),
        "{rejected:?}"
    );
}

fn started(draft: PlanDraft) -> (Run, Vec<Effect>) {
    let incident = IncidentId::new(Domain::Transport, 1);
    let plan = draft.into_plan(PlanId::new(Domain::Transport, 1), incident);
    let mut run = Run::new(RunId::new(Domain::Transport, 1), plan);
    let effects = run.on(Input::Start).unwrap();
    (run, effects)
}

fn answer(run: &mut Run, result: Result<Receipt, DriverError>) -> Vec<Effect> {
    let key = run.awaited().unwrap();
    run.on(Input::Answer { key, result }).unwrap()
}

fn receipt(action: &Action) -> Receipt {
    Receipt {
        before: "17".into(),
        after: "30".into(),
        undo: Some(action.clone().with("cost", Value::Number(17.0))),
    }
}

const TIMEOUT: &str = "      timeout: 30s\n";

#[test]
fn the_undo_of_the_playbook_goes_before_that_of_the_driver() {
    let own = "      timeout: 30s\n      undo: {run: link.set-cost, with: {cost: \"${{ suspect.cost }}\"}}\n";
    let (mut drafts, _) = planned(&[(TIMEOUT, own)]);
    let (mut run, effects) = started(drafts.remove(0));
    let [Effect::Do { action, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    answer(&mut run, Ok(receipt(action)));
    let effects = run.on(Input::Verdict(Verdict::Fail)).unwrap();
    assert!(
        matches!(effects.as_slice(), [Effect::Undo { action, .. }] if action.number("cost") == Some(10.0)),
        "{effects:?}"
    );
}

#[test]
fn a_step_without_undo_stays_and_freezes_nothing() {
    let changes = [
        (TIMEOUT, "      timeout: 30s\n      undo: none\n"),
        (
            "  risk: 0.2\n",
            "  risk: 0.2\n  irreversible: {en: It is checked by hand, zh: 由人工核对}\n",
        ),
    ];
    let (mut drafts, _) = planned(&changes);
    assert_eq!(drafts[0].steps[0].policy.undo, StepUndo::None);
    let (mut run, effects) = started(drafts.remove(0));
    let [Effect::Do { action, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(!run.plan().reversible());
    answer(&mut run, Ok(receipt(action)));
    let effects = run.on(Input::Verdict(Verdict::Fail)).unwrap();
    assert_eq!(effects, [Effect::Finished(RunEnd::Undone)]);
    assert!(run.frozen().is_empty());
}

/// Two steps; the first may fail.
fn two_steps() -> PlanDraft {
    let both = "      timeout: 30s\n      onError: continue\n    - id: then\n      run: link.set-cost\n      on: \"${{ suspect }}\"\n      with: {cost: 50}\n      timeout: 30s\n";
    let (mut drafts, _) = planned(&[(TIMEOUT, both)]);
    assert_eq!(drafts[0].mode, Mode::Auto);
    drafts.remove(0)
}

#[test]
fn a_failure_without_effect_is_passed_over_where_the_step_says_so() {
    let (mut run, _) = started(two_steps());
    let effects = answer(&mut run, Err(DriverError::Failed("busy".into())));
    let [Effect::Do { step, action, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(step, "then");
    let effects = answer(&mut run, Ok(receipt(action)));
    assert_eq!(effects, [Effect::BeginVerify]);
}

#[test]
fn an_unknown_effect_is_never_passed_over() {
    let (mut run, _) = started(two_steps());
    let effects = answer(&mut run, Err(DriverError::Unknown("lost".into())));
    assert!(
        matches!(
            effects.as_slice(),
            [Effect::Freeze { .. }, Effect::Finished(RunEnd::Stuck)]
        ),
        "{effects:?}"
    );
}

#[test]
fn after_a_kill_nothing_is_passed_over_any_more() {
    let (mut run, _) = started(two_steps());
    run.on(Input::Kill).unwrap();
    let effects = answer(&mut run, Err(DriverError::Failed("busy".into())));
    assert_eq!(effects, [Effect::Finished(RunEnd::NotRun)]);
}
