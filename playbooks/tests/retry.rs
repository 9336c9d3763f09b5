//! A step that surely changed nothing is tried again, within bounds; what a playbook keeps is kept, and a person is told.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on should stop

use std::collections::{BTreeMap, BTreeSet};
use zizhi_playbooks::run::{Effect, Input, Run, State};
use zizhi_playbooks::{DriverError, PlanDraft};
use zizhi_types::action::{Action, Receipt, Value, Verb};
use zizhi_types::negotiation::RunEnd;
use zizhi_types::plan::{Mode, PlanPolicy, PlannedStep, Retry, RollbackCause, StepPolicy};
use zizhi_types::record::Verdict;
use zizhi_types::topology::Bilingual;
use zizhi_types::{Domain, FaultKind, IncidentId, ManagedObject, PlanId, RunId};

fn link(name: &str) -> ManagedObject {
    format!("link/{name}").parse().unwrap()
}

/// Two steps; the second is tried again twice.
fn run(number: u64, keeps: &[RollbackCause]) -> Run {
    let step = |id: &str, retry| PlannedStep {
        id: id.to_owned(),
        action: Action::new(Verb::LinkSetCost, link(id)).with("cost", Value::Number(65_000.0)),
        timeout_ms: 30_000,
        policy: StepPolicy {
            retry,
            ..StepPolicy::default()
        },
    };
    let retry = Retry {
        max: 2,
        backoff_ms: 5_000,
    };
    let draft = PlanDraft {
        playbook: "test@1.0.0".into(),
        title: Bilingual::default(),
        domain: Domain::Transport,
        suspect: link("a"),
        fault: FaultKind::LinkLossy,
        params: BTreeMap::new(),
        steps: vec![step("first", None), step("second", Some(retry))],
        verify: vec![],
        verify_ms: 90_000,
        cost_tokens: 1.0,
        risk: 0.1,
        temporary: false,
        mode: Mode::Approve,
        policy: PlanPolicy {
            keeps: keeps.iter().copied().collect(),
            ..PlanPolicy::default()
        },
        blast_radius: zizhi_playbooks::playbook::BlastRadius {
            max_objects: 9,
            max_services: 9,
        },
        approval_ms: 1,
        hold_ms: 0,
    };
    let incident = IncidentId::new(Domain::Transport, 1);
    let plan = draft.into_plan(PlanId::new(Domain::Transport, 1), incident);
    Run::new(RunId::new(Domain::Transport, number), plan)
}

fn answer(run: &mut Run, result: Result<(), DriverError>) -> Vec<Effect> {
    let key = run.awaited().unwrap();
    let cost = Action::new(Verb::LinkSetCost, link("x")).with("cost", Value::Number(10.0));
    let result = result.map(|()| Receipt {
        before: "10".into(),
        after: "65000".into(),
        undo: Some(cost),
    });
    run.on(Input::Answer { key, result }).unwrap()
}

fn failed() -> Result<(), DriverError> {
    Err(DriverError::Failed("the device is busy".into()))
}

fn at_the_second_step(number: u64, keeps: &[RollbackCause]) -> Run {
    let mut run = run(number, keeps);
    run.on(Input::Start).unwrap();
    answer(&mut run, Ok(()));
    run
}

fn wait_of(effects: &[Effect]) -> u64 {
    match effects {
        [Effect::TryAgain { wait_ms, .. }] => *wait_ms,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_clean_failure_is_tried_again_under_a_new_key_until_it_works() {
    let mut run = at_the_second_step(7, &[]);
    for (key, waits) in [
        ("run-transport-7/second/do", 5_000..7_500),
        ("run-transport-7/second/do-2", 10_000..15_000),
    ] {
        assert_eq!(run.awaited().as_deref(), Some(key));
        let effects = answer(&mut run, failed());
        assert!(waits.contains(&wait_of(&effects)), "{effects:?}");
        assert_eq!(run.state(), State::Waiting { step: 1 });
        assert_eq!(run.awaited(), None);
        run.on(Input::Again).unwrap();
    }
    assert_eq!(
        run.awaited().as_deref(),
        Some("run-transport-7/second/do-3")
    );
    assert_eq!(answer(&mut run, Ok(())), [Effect::BeginVerify]);
}

#[test]
fn after_the_last_try_what_was_done_is_taken_back() {
    let mut run = at_the_second_step(7, &[]);
    for _ in 0..2 {
        answer(&mut run, failed());
        run.on(Input::Again).unwrap();
    }
    let effects = answer(&mut run, failed());
    assert!(
        matches!(&effects[..], [Effect::Undo { step, .. }] if step == "first"),
        "{effects:?}"
    );
}

#[test]
fn what_was_refused_or_is_unknown_is_never_tried_again() {
    for error in [
        DriverError::Refused("no".into()),
        DriverError::Unknown("no answer".into()),
    ] {
        let mut run = at_the_second_step(7, &[]);
        let effects = answer(&mut run, Err(error));
        assert!(!effects.iter().any(|e| matches!(e, Effect::TryAgain { .. })));
        assert_eq!(run.state(), State::Undoing { step: 0 });
    }
}

#[test]
fn a_step_whose_playbook_asks_for_no_retry_has_none() {
    let mut run = run(7, &[]);
    run.on(Input::Start).unwrap();
    let effects = answer(&mut run, failed());
    assert_eq!(effects, [Effect::Finished(RunEnd::NotRun)]);
}

#[test]
fn waits_are_the_same_for_a_replay_and_differ_between_runs() {
    let wait = |number| wait_of(&answer(&mut at_the_second_step(number, &[]), failed()));
    assert_eq!(wait(7), wait(7));
    let all: BTreeSet<u64> = (1..20).map(wait).collect();
    assert!(all.len() > 10, "{all:?}");
}

#[test]
fn a_person_ends_a_run_that_waits_and_nothing_is_tried_after_that() {
    let mut run = at_the_second_step(7, &[]);
    answer(&mut run, failed());
    let effects = run.on(Input::Kill).unwrap();
    assert!(
        matches!(&effects[..], [Effect::Undo { step, .. }] if step == "first"),
        "{effects:?}"
    );
    assert!(run.on(Input::Again).is_err());
}

#[test]
fn a_run_that_waits_outlives_its_process() {
    let mut run = at_the_second_step(7, &[]);
    let first = wait_of(&answer(&mut run, failed()));
    let text = serde_json::to_string(&run).unwrap();
    let mut again: Run = serde_json::from_str(&text).unwrap();
    assert_eq!(wait_of(&again.resume(false).unwrap()), first);
}

#[test]
fn what_a_playbook_keeps_stays_frozen_and_is_left_to_a_person() {
    let mut run = at_the_second_step(7, &[RollbackCause::VerifyFailed]);
    answer(&mut run, Ok(()));
    let effects = run.on(Input::Verdict(Verdict::Fail)).unwrap();
    assert!(!effects.iter().any(|e| matches!(e, Effect::Undo { .. })));
    let frozen: Vec<String> = run.frozen().iter().map(ToString::to_string).collect();
    assert_eq!(frozen, ["link/first", "link/second"]);
    assert_eq!(effects.last(), Some(&Effect::Finished(RunEnd::Stuck)));
    // For every other cause it is taken back as ever.
    let mut other = at_the_second_step(7, &[RollbackCause::VerifyFailed]);
    let effects = answer(&mut other, Err(DriverError::Refused("no".into())));
    assert!(matches!(&effects[..], [Effect::Undo { .. }]), "{effects:?}");
}
