//! Whatever happens to a run, it does nothing twice, takes back in reverse, and ends.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on should stop

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_playbooks::run::{Effect, Input, Run, State, UndoReason};
use zizhi_playbooks::{DriverError, PlanDraft};
use zizhi_types::action::{Action, Receipt, Value, Verb};
use zizhi_types::negotiation::RunEnd;
use zizhi_types::plan::{Mode, PlanPolicy, PlannedStep, Retry, StepPolicy};
use zizhi_types::record::Verdict;
use zizhi_types::topology::Bilingual;
use zizhi_types::{Domain, FaultKind, IncidentId, ManagedObject, Plan, PlanId, RunId};

fn link(name: &str) -> ManagedObject {
    format!("link/{name}").parse().unwrap()
}

/// One step a link: `r` for a reset, which has no undo, any other letter for a cost; `c` is tried again.
fn plan(links: &[&str], temporary: bool) -> Plan {
    let step = |(i, name): (usize, &&str)| PlannedStep {
        id: format!("s{i}"),
        action: if name.starts_with('r') {
            Action::new(Verb::LinkReset, link(name))
        } else {
            Action::new(Verb::LinkSetCost, link(name)).with("cost", Value::Number(65_000.0))
        },
        timeout_ms: 30_000,
        policy: StepPolicy {
            retry: name.starts_with('c').then_some(Retry {
                max: 2,
                backoff_ms: 5_000,
            }),
            ..StepPolicy::default()
        },
    };
    let draft = PlanDraft {
        playbook: "test@1.0.0".into(),
        title: Bilingual::default(),
        domain: Domain::Transport,
        suspect: link("a"),
        fault: FaultKind::LinkLossy,
        params: BTreeMap::new(),
        steps: links.iter().enumerate().map(step).collect(),
        verify: vec![],
        verify_ms: 90_000,
        cost_tokens: 1.0,
        risk: 0.1,
        temporary,
        mode: Mode::Auto,
        policy: PlanPolicy::default(),
        blast_radius: zizhi_playbooks::playbook::BlastRadius {
            max_objects: 9,
            max_services: 9,
        },
        approval_ms: 1,
        hold_ms: 0,
    };
    let incident = IncidentId::new(Domain::Transport, 1);
    draft.into_plan(PlanId::new(Domain::Transport, 1), incident)
}

fn new(links: &[&str], temporary: bool) -> Run {
    Run::new(RunId::new(Domain::Transport, 7), plan(links, temporary))
}

fn receipt(action: &Action) -> Receipt {
    let undo = action
        .verb
        .can_undo()
        .then(|| action.clone().with("cost", Value::Number(10.0)));
    Receipt {
        before: "10".into(),
        after: "65000".into(),
        undo,
    }
}

fn answer(run: &Run, result: Result<Receipt, DriverError>) -> Input {
    Input::Answer {
        key: run.awaited().unwrap(),
        result,
    }
}

/// Answers the step at hand as a good driver would.
fn done(run: &mut Run) -> Vec<Effect> {
    let State::Stepping { step } = run.state() else {
        panic!("{}", run.state())
    };
    let receipt = receipt(&run.plan().steps[step].action);
    let input = answer(run, Ok(receipt));
    run.on(input).unwrap()
}

fn undone(run: &mut Run) -> Vec<Effect> {
    let ok = Receipt {
        before: "65000".into(),
        after: "10".into(),
        undo: None,
    };
    let input = answer(run, Ok(ok));
    run.on(input).unwrap()
}

fn undo_steps(effects: &[Effect]) -> Vec<&str> {
    let mut steps = vec![];
    for effect in effects {
        if let Effect::Undo { step, .. } = effect {
            steps.push(step.as_str());
        }
    }
    steps
}

#[test]
fn a_run_that_helps_ends_helped() {
    let mut run = new(&["a"], false);
    let effects = run.on(Input::Start).unwrap();
    assert!(matches!(&effects[..], [Effect::Do { key, .. }] if key == "run-transport-7/s0/do"));
    assert_eq!(done(&mut run), [Effect::BeginVerify]);
    let effects = run.on(Input::Verdict(Verdict::Pass)).unwrap();
    assert_eq!(effects, [Effect::Finished(RunEnd::Helped)]);
}

#[test]
fn a_temporary_run_is_held_and_taken_back_when_the_suspect_is_healthy() {
    let mut run = new(&["a"], true);
    run.on(Input::Start).unwrap();
    done(&mut run);
    assert_eq!(
        run.on(Input::Verdict(Verdict::Pass)).unwrap(),
        [Effect::Hold]
    );
    let effects = run.on(Input::Release).unwrap();
    assert_eq!(undo_steps(&effects), ["s0"]);
    assert_eq!(run.undo_reason(), Some(UndoReason::HealthyAgain));
    assert_eq!(undone(&mut run), [Effect::Finished(RunEnd::Helped)]);
}

#[test]
fn a_failed_verdict_takes_everything_back_in_reverse() {
    let mut run = new(&["a", "b", "c"], false);
    run.on(Input::Start).unwrap();
    done(&mut run);
    done(&mut run);
    done(&mut run);
    let effects = run.on(Input::Verdict(Verdict::Fail)).unwrap();
    assert_eq!(undo_steps(&effects), ["s2"]);
    assert_eq!(undo_steps(&undone(&mut run)), ["s1"]);
    assert_eq!(undo_steps(&undone(&mut run)), ["s0"]);
    assert_eq!(undone(&mut run), [Effect::Finished(RunEnd::Undone)]);
}

#[test]
fn an_unknown_effect_freezes_its_object_and_undoes_the_others() {
    let mut run = new(&["a", "b"], false);
    run.on(Input::Start).unwrap();
    done(&mut run);
    let input = answer(&run, Err(DriverError::Unknown("timeout".into())));
    let effects = run.on(input).unwrap();
    assert!(matches!(&effects[0], Effect::Freeze { object, .. } if *object == link("b")));
    assert_eq!(undo_steps(&effects), ["s0"]);
    assert_eq!(undone(&mut run), [Effect::Finished(RunEnd::Stuck)]);
}

#[test]
fn nothing_more_is_done_to_a_frozen_object() {
    let mut run = new(&["a", "a"], false);
    run.on(Input::Start).unwrap();
    done(&mut run);
    let input = answer(&run, Err(DriverError::Unknown("timeout".into())));
    let effects = run.on(input).unwrap();
    assert_eq!(undo_steps(&effects), Vec::<&str>::new());
    assert_eq!(effects.last(), Some(&Effect::Finished(RunEnd::Stuck)));
}

#[test]
fn a_refused_first_step_means_that_nothing_was_run() {
    let mut run = new(&["a", "b"], false);
    run.on(Input::Start).unwrap();
    let input = answer(&run, Err(DriverError::Refused("busy".into())));
    assert_eq!(run.on(input).unwrap(), [Effect::Finished(RunEnd::NotRun)]);
}

#[test]
fn a_failed_undo_freezes_and_ends_stuck() {
    let mut run = new(&["a"], false);
    run.on(Input::Start).unwrap();
    done(&mut run);
    run.on(Input::Verdict(Verdict::Fail)).unwrap();
    let input = answer(&run, Err(DriverError::Refused("no session".into())));
    let effects = run.on(input).unwrap();
    assert!(matches!(&effects[0], Effect::Freeze { reason, .. } if reason.contains("no session")));
    assert_eq!(effects[1], Effect::Finished(RunEnd::Stuck));
}

#[test]
fn an_undo_that_failed_without_effect_is_tried_three_times_each_under_its_own_key() {
    let mut run = new(&["a"], false);
    run.on(Input::Start).unwrap();
    done(&mut run);
    run.on(Input::Verdict(Verdict::Fail)).unwrap();
    let mut waits = vec![];
    for again in ["undo-2", "undo-3"] {
        let input = answer(&run, Err(DriverError::Failed("busy".into())));
        let effects = run.on(input).unwrap();
        let [Effect::UndoAgain { key, wait_ms, .. }] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert!(key.ends_with(again), "{key}");
        assert_eq!(run.awaited().as_ref(), Some(key));
        waits.push(*wait_ms);
    }
    assert!(waits[0] >= 10_000 && waits[1] >= 20_000, "{waits:?}");
    assert_ne!(waits[1] % 10_000, 0, "the wait is jittered by the key");
    let (before, wanted, after) = run.left_behind().unwrap();
    assert_eq!((before, after), ("10", "65000"));
    assert_eq!(wanted.number("cost"), Some(10.0));
    let input = answer(&run, Err(DriverError::Failed("busy".into())));
    let effects = run.on(input).unwrap();
    assert!(matches!(&effects[0], Effect::Freeze { .. }), "{effects:?}");
    assert_eq!(effects[1], Effect::Finished(RunEnd::Stuck));
}

#[test]
fn an_undo_with_an_unknown_effect_is_never_tried_again() {
    let mut run = new(&["a"], false);
    run.on(Input::Start).unwrap();
    done(&mut run);
    run.on(Input::Verdict(Verdict::Fail)).unwrap();
    let input = answer(&run, Err(DriverError::Failed("busy".into())));
    run.on(input).unwrap();
    let input = answer(&run, Err(DriverError::Unknown("no answer".into())));
    let effects = run.on(input).unwrap();
    assert!(matches!(&effects[0], Effect::Freeze { .. }), "{effects:?}");
}

#[test]
fn a_step_without_undo_leaves_nothing_to_take_back() {
    let mut run = new(&["r"], false);
    run.on(Input::Start).unwrap();
    done(&mut run);
    let effects = run.on(Input::Verdict(Verdict::Fail)).unwrap();
    assert_eq!(effects, [Effect::Finished(RunEnd::Undone)]);
}

#[test]
fn a_driver_that_owes_an_undo_and_gives_none_freezes_the_object() {
    let mut run = new(&["a"], false);
    run.on(Input::Start).unwrap();
    let mut poor = receipt(&run.plan().steps[0].action);
    poor.undo = None;
    let input = answer(&run, Ok(poor));
    run.on(input).unwrap();
    let effects = run.on(Input::Verdict(Verdict::Fail)).unwrap();
    assert_eq!(effects.last(), Some(&Effect::Finished(RunEnd::Stuck)));
}

#[test]
fn a_kill_waits_for_the_step_that_is_under_way_and_takes_it_back() {
    let mut run = new(&["a", "b"], false);
    run.on(Input::Start).unwrap();
    assert_eq!(run.on(Input::Kill).unwrap(), []);
    assert_eq!(undo_steps(&done(&mut run)), ["s0"]);
    assert_eq!(undone(&mut run), [Effect::Finished(RunEnd::Undone)]);
}

#[test]
fn a_run_killed_with_a_step_under_way_never_repeats_it() {
    let mut run = new(&["a"], false);
    run.on(Input::Start).unwrap();
    let text = serde_json::to_string(&run).unwrap();
    let mut again: Run = serde_json::from_str(&text).unwrap();
    assert_eq!(again, run);
    let effects = again.resume(true).unwrap();
    assert!(!effects.iter().any(|e| matches!(e, Effect::Do { .. })));
    assert_eq!(effects.last(), Some(&Effect::Finished(RunEnd::Stuck)));
    // If the driver never got the step, the same key goes out for the first time.
    assert!(
        matches!(&run.resume(false).unwrap()[..], [Effect::Do { key, .. }] if key.ends_with("s0/do"))
    );
}

#[test]
fn an_answer_to_another_key_is_refused_and_changes_nothing() {
    let mut run = new(&["a"], false);
    run.on(Input::Start).unwrap();
    let before = run.clone();
    let stray = Input::Answer {
        key: "run-transport-6/s0/do".into(),
        result: Err(DriverError::Failed("late".into())),
    };
    assert!(run.on(stray).is_err());
    assert_eq!(run, before);
}

/// What may happen at one moment.
#[derive(Debug, Clone)]
enum Event {
    Start,
    Ok,
    OkWithoutUndo,
    Refused,
    Failed,
    Unknown,
    Stray,
    Verdict(Verdict),
    Release,
    Kill,
    Again,
    Crash { in_flight: bool },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::Start),
        8 => Just(Event::Ok),
        1 => Just(Event::OkWithoutUndo),
        1 => Just(Event::Refused),
        3 => Just(Event::Failed),
        2 => Just(Event::Again),
        1 => Just(Event::Unknown),
        1 => Just(Event::Stray),
        3 => Just(Event::Verdict(Verdict::Pass)),
        2 => Just(Event::Verdict(Verdict::Fail)),
        1 => Just(Event::Verdict(Verdict::Inconclusive)),
        2 => Just(Event::Release),
        1 => Just(Event::Kill),
        1 => any::<bool>().prop_map(|in_flight| Event::Crash { in_flight }),
    ]
}

/// Carries out effects as an executor would, and keeps the books.
#[derive(Default)]
struct Books {
    keys: BTreeSet<String>,
    done: Vec<String>,
    undone: Vec<String>,
    frozen: BTreeSet<ManagedObject>,
    finished: Vec<RunEnd>,
    /// An effect that was given but has not reached the driver.
    waiting: Option<Effect>,
}

impl Books {
    /// `delivered`: the driver really gets the effect; a crash before that leaves the key unused.
    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Do { .. } | Effect::Undo { .. } => self.waiting = Some(effect),
                Effect::UndoAgain {
                    step,
                    key,
                    action,
                    reason,
                    ..
                } => {
                    self.waiting = Some(Effect::Undo {
                        step,
                        key,
                        action,
                        reason,
                    });
                }
                Effect::Freeze { object, .. } => assert!(self.frozen.insert(object)),
                Effect::Finished(end) => self.finished.push(end),
                Effect::TryAgain { .. }
                | Effect::BeginVerify
                | Effect::Hold
                | Effect::AskPerson => {}
            }
        }
    }

    fn deliver(&mut self) {
        if let Some(Effect::Do { key, action, .. } | Effect::Undo { key, action, .. }) =
            self.waiting.take()
        {
            assert!(
                !self.frozen.contains(&action.object),
                "{key} touches a frozen object"
            );
            assert!(self.keys.insert(key.clone()), "{key} was used twice");
        }
    }
}

fn input(run: &Run, event: &Event) -> Input {
    let result = match event {
        Event::Ok | Event::OkWithoutUndo => {
            let step = match run.state() {
                State::Stepping { step } | State::Undoing { step } => step,
                _ => 0,
            };
            let any = Action::new(Verb::LinkSetCost, link("a"));
            let step = run.plan().steps.get(step);
            let mut receipt = receipt(step.map_or(&any, |s| &s.action));
            if matches!(event, Event::OkWithoutUndo) {
                receipt.undo = None;
            }
            Ok(receipt)
        }
        Event::Refused => Err(DriverError::Refused("no".into())),
        Event::Failed => Err(DriverError::Failed("no".into())),
        Event::Unknown => Err(DriverError::Unknown("no answer".into())),
        _ => Err(DriverError::Failed("stray".into())),
    };
    match event {
        Event::Start => Input::Start,
        Event::Verdict(verdict) => Input::Verdict(*verdict),
        Event::Release => Input::Release,
        Event::Kill => Input::Kill,
        Event::Again => Input::Again,
        Event::Stray => Input::Answer {
            key: "run-transport-9/s0/do".into(),
            result,
        },
        _ => Input::Answer {
            key: run.awaited().unwrap_or_default(),
            result,
        },
    }
}

fn happen(run: &mut Run, books: &mut Books, event: &Event) {
    let (before, awaited) = (run.clone(), run.awaited());
    if let Event::Crash { in_flight } = event {
        if *in_flight {
            books.deliver();
        }
        if !matches!(run.state(), State::Ended { .. }) {
            let text = serde_json::to_string(run).unwrap();
            *run = serde_json::from_str(&text).unwrap();
            let effects = run.resume(*in_flight).unwrap();
            books.take(effects);
        }
        return;
    }
    let answered = matches!(event, Event::Ok | Event::OkWithoutUndo) && awaited.is_some();
    let replies = matches!(
        event,
        Event::Ok | Event::OkWithoutUndo | Event::Refused | Event::Failed | Event::Unknown
    );
    if awaited.is_some() && replies {
        books.deliver();
    }
    match run.on(input(run, event)) {
        Ok(effects) => {
            if answered {
                let key = awaited.unwrap();
                let (step, what) = key.rsplit_once('/').unwrap();
                if ["do", "do-2", "do-3"].contains(&what) {
                    assert!(!books.done.contains(&step.to_owned()), "{key}");
                    books.done.push(step.to_owned());
                } else {
                    assert!(["undo", "undo-2", "undo-3"].contains(&what), "{key}");
                    books.undone.push(step.to_owned());
                }
            }
            books.take(effects);
        }
        Err(_) => assert_eq!(*run, before, "a refused input changes nothing"),
    }
}

/// What brings any run to its end: answers, and a person who decides.
fn drive_to_the_end(run: &mut Run, books: &mut Books) {
    for _ in 0..64 {
        let event = match run.state() {
            State::Ready => Event::Start,
            State::Waiting { .. } => Event::Again,
            State::Stepping { .. } | State::Undoing { .. } => Event::Ok,
            State::Verifying => Event::Verdict(Verdict::Pass),
            State::Unclear => Event::Verdict(Verdict::Fail),
            State::Held => Event::Release,
            State::Ended { .. } => return,
        };
        happen(run, books, &event);
    }
    panic!("{} is no end", run.state());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_run_does_anything_twice_and_every_run_ends(
        names in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "r"]), 0..4),
        temporary in any::<bool>(),
        events in prop::collection::vec(event(), 0..24),
    ) {
        let mut run = new(&names, temporary);
        let mut books = Books::default();
        for event in &events {
            happen(&mut run, &mut books, event);
        }
        drive_to_the_end(&mut run, &mut books);
        prop_assert_eq!(books.finished.len(), 1);
        let in_reverse: Vec<_> = books.done.iter().rev().filter(|s| books.undone.contains(s)).collect();
        prop_assert_eq!(in_reverse, books.undone.iter().collect::<Vec<_>>());
        prop_assert_eq!(books.finished[0] == RunEnd::Stuck, !books.frozen.is_empty());
    }
}
