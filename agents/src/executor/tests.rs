//! One executor: what it may do, what it asks, what it takes back.

use super::{Executor, ExecutorConfig, Input, Output};
use crate::picture::Picture;
use crate::role::Engine;
use crate::testing::{
    at, bid, cost_receipt, drain, incident, lease, network, object, receipt, reset,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_playbooks::{Catalog, DriverError};
use zizhi_types::action::Receipt;
use zizhi_types::negotiation::{Bid, RunEnd};
use zizhi_types::plan::{Fingerprint, Mode};
use zizhi_types::record::{Ruling, Verdict};
use zizhi_types::topology::Bilingual;
use zizhi_types::wire::{Approval, Maintenance};
use zizhi_types::{Domain, Metric, RunId};

struct Story {
    executor: Executor,
    picture: Picture,
    now_s: u64,
}

impl Story {
    fn in_mode(ceiling: Mode) -> Self {
        let mut picture = Picture::empty();
        picture.learn(Domain::Transport, network().part(Domain::Transport));
        picture.observe(&object("port/A:A-B"), Metric::PortOperUp, 0.0, at(95));
        let catalog = Arc::new(Catalog::builtin().unwrap());
        let executor = Executor::new(
            Domain::Transport,
            ExecutorConfig::default(),
            ceiling,
            catalog,
        );
        Self {
            executor,
            picture,
            now_s: 100,
        }
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        self.executor.handle(input, at(self.now_s))
    }

    fn execute(&mut self, bid: &Bid) -> Vec<Output> {
        self.tell(Input::Execute {
            lease: lease(Domain::Transport, 1),
            bid: Box::new(bid.clone()),
            picture: Arc::new(self.picture.clone()),
            services: BTreeSet::new(),
        })
    }

    fn answer(&mut self, fingerprint: &Fingerprint, granted: bool) -> Vec<Output> {
        self.tell(Input::Approval(Approval {
            fingerprint: fingerprint.clone(),
            granted,
            by: "noc".to_owned(),
            reason: String::new(),
            considered_ms: None,
        }))
    }

    fn driven(&mut self, result: Result<Receipt, DriverError>) -> Vec<Output> {
        let (run, step) = (run(), "any".to_owned());
        self.tell(Input::Driven { run, step, result })
    }

    fn verdict(&mut self, verdict: Verdict) -> Vec<Output> {
        self.tell(Input::Verdict {
            run: run(),
            verdict,
        })
    }
}

fn run() -> RunId {
    RunId::new(Domain::Transport, 1)
}

fn a_reset() -> Bid {
    bid(reset(1, &incident("inc-transport-1"), "link/A-B"), 9)
}

fn a_drain() -> Bid {
    bid(drain(1, &incident("inc-transport-1"), "link/A-B"), 9)
}

/// The names of what is concluded, in order.
fn names(outputs: &[Output]) -> Vec<String> {
    let name = |o: &Output| {
        format!("{o:?}")
            .split([' ', '(', '{'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    outputs.iter().map(name).collect()
}

fn ended(outputs: &[Output]) -> Option<RunEnd> {
    outputs.iter().find_map(|o| match o {
        Output::Ended { outcome, .. } => Some(*outcome),
        _ => None,
    })
}

/// The guards that say no to a plan, when it is denied.
fn denied_by(outputs: &[Output]) -> Vec<String> {
    let [
        Output::Decided {
            guards,
            ruling: Ruling::Deny,
            ..
        },
        Output::Ended {
            outcome: RunEnd::NotRun,
            run: None,
            ..
        },
    ] = outputs
    else {
        panic!("{outputs:?}")
    };
    guards
        .iter()
        .filter(|g| !g.pass)
        .map(|g| g.guard.clone())
        .collect()
}

#[test]
fn an_awarded_plan_is_decided_committed_driven_and_watched() {
    let mut story = Story::in_mode(Mode::Auto);
    let outputs = story.execute(&a_reset());
    assert_eq!(names(&outputs), ["Decided", "Commit", "Do"]);
    let Some(Output::Do {
        key, timeout_ms, ..
    }) = outputs.last()
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(
        (key.as_str(), *timeout_ms),
        ("run-transport-1/reset/do", 60_000)
    );
    let outputs = story.driven(Ok(receipt()));
    assert_eq!(names(&outputs), ["Answered", "Verify"]);
    let Some(Output::Verify { before, .. }) = outputs.last() else {
        panic!("{outputs:?}")
    };
    assert_eq!(before.len(), 1, "what was violated before the first step");
    let outputs = story.verdict(Verdict::Pass);
    assert_eq!(ended(&outputs), Some(RunEnd::Helped));
    assert!(story.verdict(Verdict::Fail).is_empty(), "a run ends once");
}

#[test]
fn a_guard_that_says_no_ends_the_plan_with_nothing_done() {
    let mut story = Story::in_mode(Mode::Auto);
    story.picture.announce(Maintenance {
        ticket: "CHG-7".to_owned(),
        objects: vec![object("link/A-B")],
        from: at(90),
        until: at(900),
        title: Bilingual::default(),
        intended: vec![],
    });
    assert_eq!(denied_by(&story.execute(&a_reset())), ["change-freeze"]);

    let mut story = Story::in_mode(Mode::Auto);
    let mut changed = a_reset();
    changed.plan.steps[0].action.object = object("link/C-E");
    assert_eq!(denied_by(&story.execute(&changed)), ["fingerprint"]);

    let mut story = Story::in_mode(Mode::Auto);
    story.now_s = 95 + 61;
    assert_eq!(denied_by(&story.execute(&a_reset())), ["fresh-evidence"]);

    let mut story = Story::in_mode(Mode::Auto);
    story.tell(Input::Kill);
    assert_eq!(denied_by(&story.execute(&a_reset())), ["kill-switch"]);
}

#[test]
fn below_approve_a_plan_is_only_shown() {
    for mode in [Mode::Observe, Mode::Suggest] {
        let outputs = Story::in_mode(mode).execute(&a_reset());
        assert!(matches!(
            &outputs[0],
            Output::Decided {
                ruling: Ruling::ShowOnly,
                ..
            }
        ));
        assert_eq!(ended(&outputs), Some(RunEnd::NotRun));
        assert_eq!(outputs.len(), 2);
    }
}

#[test]
fn a_person_is_asked_and_only_the_answer_to_this_plan_counts_and_only_once() {
    let mut story = Story::in_mode(Mode::Approve);
    let plan = a_reset();
    assert_eq!(names(&story.execute(&plan)), ["Decided", "AskApproval"]);
    let other = Fingerprint("of another plan".to_owned());
    assert!(story.answer(&other, true).is_empty());
    let outputs = story.answer(&plan.plan.fingerprint, true);
    assert_eq!(names(&outputs), ["Approved", "Decided", "Commit", "Do"]);
    assert!(
        story.answer(&plan.plan.fingerprint, true).is_empty(),
        "a second yes finds nothing waiting"
    );
    assert!(
        story.answer(&plan.plan.fingerprint, false).is_empty(),
        "and so does a late no"
    );
}

#[test]
fn a_no_and_no_answer_in_time_both_end_in_stop() {
    let plan = a_reset();
    let mut story = Story::in_mode(Mode::Approve);
    story.execute(&plan);
    assert_eq!(
        ended(&story.answer(&plan.plan.fingerprint, false)),
        Some(RunEnd::NotRun)
    );

    let mut story = Story::in_mode(Mode::Approve);
    story.execute(&plan);
    story.now_s = 100 + 299;
    assert!(story.tell(Input::Tick).is_empty());
    story.now_s = 100 + 300;
    assert_eq!(ended(&story.tell(Input::Tick)), Some(RunEnd::NotRun));
    assert!(
        story.answer(&plan.plan.fingerprint, true).is_empty(),
        "too late"
    );
}

#[test]
fn a_request_ends_with_its_incident_and_a_late_yes_runs_nothing() {
    let bid = a_reset();
    let mut story = Story::in_mode(Mode::Approve);
    story.execute(&bid);
    let elsewhere = Input::Withdraw(incident("inc-transport-99"));
    assert_eq!(story.tell(elsewhere), []);
    let outputs = story.tell(Input::Withdraw(bid.plan.incident.clone()));
    assert_eq!(ended(&outputs), Some(RunEnd::NotRun));
    assert_eq!(story.answer(&bid.plan.fingerprint, true), []);
}

#[test]
fn after_a_yes_the_guards_look_again() {
    let mut story = Story::in_mode(Mode::Approve);
    let (first, second) = (
        a_reset(),
        bid(reset(2, &incident("inc-transport-2"), "link/A-B"), 9),
    );
    story.execute(&first);
    story.execute(&second);
    assert_eq!(
        names(&story.answer(&first.plan.fingerprint, true)),
        ["Approved", "Decided", "Commit", "Do"]
    );
    let outputs = story.answer(&second.plan.fingerprint, true);
    assert_eq!(
        denied_by(&outputs[1..]),
        ["one-at-a-time"],
        "the first is at work on the link now"
    );
}

#[test]
fn a_twin_that_was_far_off_cannot_open_the_gate_alone() {
    let mut story = Story::in_mode(Mode::Auto);
    let mut doubtful = a_reset();
    doubtful.rehearsal.error = 0.9;
    doubtful.rehearsal.error_samples = 5;
    assert_eq!(names(&story.execute(&doubtful)), ["Decided", "AskApproval"]);
    let mut few = bid(reset(2, &incident("inc-transport-2"), "link/C-D"), 9);
    few.rehearsal.error = 0.9;
    few.rehearsal.error_samples = 4;
    assert_eq!(
        names(&story.execute(&few)),
        ["Decided", "Commit", "Do"],
        "four misses are too few to judge by"
    );
}

#[test]
fn a_step_whose_effect_is_unknown_freezes_its_object_and_is_never_repeated() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    let outputs = story.driven(Err(DriverError::Unknown("no answer".to_owned())));
    assert_eq!(names(&outputs), ["Answered", "Frozen", "Ended"]);
    assert_eq!(ended(&outputs), Some(RunEnd::Stuck));
    let again = bid(drain(2, &incident("inc-transport-2"), "link/A-B"), 9);
    assert_eq!(denied_by(&story.execute(&again)), ["not-frozen"]);
}

#[test]
fn a_refused_step_leaves_nothing_to_take_back() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    let outputs = story.driven(Err(DriverError::Refused("not here".to_owned())));
    assert_eq!(ended(&outputs), Some(RunEnd::NotRun));
}

#[test]
fn what_did_not_help_is_taken_back() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    story.driven(Ok(cost_receipt("link/A-B")));
    let outputs = story.verdict(Verdict::Fail);
    let [
        Output::Undo {
            key,
            action,
            reason,
            ..
        },
    ] = &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(
        (key.as_str(), reason.as_str()),
        ("run-transport-1/drain/undo", "verify-failed")
    );
    assert_eq!(action.number("cost"), Some(10.0));
    assert_eq!(ended(&story.driven(Ok(receipt()))), Some(RunEnd::Undone));
}

#[test]
fn an_undo_that_fails_leaves_the_object_to_a_person() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    story.driven(Ok(cost_receipt("link/A-B")));
    story.verdict(Verdict::Fail);
    let outputs = story.driven(Err(DriverError::Failed("the device said no".to_owned())));
    assert_eq!(names(&outputs), ["Answered", "Frozen", "Ended"]);
    assert_eq!(ended(&outputs), Some(RunEnd::Stuck));
}

#[test]
fn the_kill_switch_waits_for_the_step_and_takes_it_back() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    assert!(
        story.tell(Input::Kill).is_empty(),
        "the step is with the driver"
    );
    let outputs = story.driven(Ok(cost_receipt("link/A-B")));
    assert_eq!(names(&outputs), ["Answered", "Undo"]);
    assert!(matches!(&outputs[1], Output::Undo { reason, .. } if reason == "operator"));
    assert_eq!(ended(&story.driven(Ok(receipt()))), Some(RunEnd::Undone));
}

#[test]
fn the_kill_switch_ends_what_waits_for_a_person() {
    let mut story = Story::in_mode(Mode::Approve);
    let plan = a_reset();
    story.execute(&plan);
    assert_eq!(ended(&story.tell(Input::Kill)), Some(RunEnd::NotRun));
    assert!(story.answer(&plan.plan.fingerprint, true).is_empty());
}

#[test]
fn a_temporary_remedy_stands_keeps_its_object_and_is_released() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    story.driven(Ok(cost_receipt("link/A-B")));
    let outputs = story.verdict(Verdict::Pass);
    assert_eq!(names(&outputs), ["Standing", "Ended"]);
    assert_eq!(ended(&outputs), Some(RunEnd::Helped));
    let other = bid(reset(2, &incident("inc-transport-2"), "link/A-B"), 9);
    assert_eq!(denied_by(&story.execute(&other)), ["one-at-a-time"]);
    assert!(
        story.tell(Input::Kill).is_empty(),
        "what has proved itself stands"
    );
    let outputs = story.tell(Input::Release(run()));
    assert!(
        matches!(&outputs[..], [Output::Undo { reason, .. }] if reason == "healthy-again"),
        "{outputs:?}"
    );
    let outputs = story.driven(Ok(receipt()));
    assert_eq!(
        names(&outputs),
        ["Answered", "Released"],
        "its end was told when it was verified"
    );
}

#[test]
fn when_it_cannot_be_told_a_person_says_and_without_an_answer_it_is_taken_back() {
    let begin = || {
        let mut story = Story::in_mode(Mode::Auto);
        story.execute(&a_drain());
        story.driven(Ok(cost_receipt("link/A-B")));
        assert_eq!(names(&story.verdict(Verdict::Inconclusive)), ["Unclear"]);
        story
    };
    let plan = a_drain().plan;
    let mut story = begin();
    assert_eq!(
        names(&story.answer(&plan.fingerprint, true)),
        ["Approved", "Standing", "Ended"]
    );
    let mut story = begin();
    assert_eq!(
        names(&story.answer(&plan.fingerprint, false)),
        ["Approved", "Undo"]
    );
    let mut story = begin();
    story.now_s = 399;
    assert!(story.tell(Input::Tick).is_empty());
    story.now_s = 400;
    assert_eq!(names(&story.tell(Input::Tick)), ["Undo"]);
}

#[test]
fn one_object_is_not_acted_on_again_and_again() {
    let mut story = Story::in_mode(Mode::Auto);
    for number in 1..=4 {
        let plan = bid(reset(number, &incident("inc-transport-1"), "link/A-B"), 9);
        let outputs = story.execute(&plan);
        if number == 4 {
            assert_eq!(denied_by(&outputs), ["rate"]);
            return;
        }
        let run = RunId::new(Domain::Transport, number);
        let step = "reset".to_owned();
        story.tell(Input::Driven {
            run: run.clone(),
            step,
            result: Ok(receipt()),
        });
        let outputs = story.tell(Input::Verdict {
            run,
            verdict: Verdict::Fail,
        });
        assert_eq!(ended(&outputs), Some(RunEnd::Undone));
    }
}
