//! One executor: what it may do, what it asks, what it takes back.

use super::{Around, Executor, ExecutorConfig, Input, Output};
use crate::picture::Picture;
use crate::role::Engine;
use crate::testing::{
    at, bid, cost_receipt, drain, incident, lease, network, object, receipt, reset,
};
use std::sync::Arc;
use zizhi_playbooks::{Catalog, DriverError};
use zizhi_types::action::Receipt;
use zizhi_types::negotiation::{Bid, RunEnd};
use zizhi_types::plan::{Fingerprint, Mode};
use zizhi_types::record::{Ruling, Verdict};
use zizhi_types::topology::Bilingual;
use zizhi_types::wire::{Approval, KillOrder, Maintenance};
use zizhi_types::{Domain, Metric, RunId};

pub(super) struct Story {
    pub(super) executor: Executor,
    pub(super) picture: Picture,
    pub(super) now_s: u64,
}

impl Story {
    pub(super) fn in_mode(ceiling: Mode) -> Self {
        Self::set(ceiling, ExecutorConfig::default())
    }

    pub(super) fn set(ceiling: Mode, config: ExecutorConfig) -> Self {
        let catalog = Arc::new(Catalog::builtin().unwrap());
        let executor = Executor::new(Domain::Transport, config, ceiling, catalog);
        let mut story = Self {
            executor,
            picture: Picture::empty(),
            now_s: 95,
        };
        for domain in Domain::ALL {
            story.picture.learn(domain, network().part(domain));
        }
        story.all_is_heard();
        story.now_s = 100;
        story
    }

    /// Every source has just sent: one port is down, all else is well.
    pub(super) fn all_is_heard(&mut self) {
        let now = at(self.now_s);
        for link in network().links {
            for router in [&link.a, &link.b] {
                let port = object(&format!("port/{router}:{}", link.id));
                self.picture.observe(&port, Metric::PortOperUp, 1.0, now);
                self.picture.observe(&port, Metric::PortCost, 10.0, now);
            }
        }
        for instance in network().instances {
            let instance = object(&format!("instance/{}", instance.id));
            self.picture
                .observe(&instance, Metric::InstanceUp, 1.0, now);
        }
        self.picture
            .observe(&object("port/A:A-B"), Metric::PortOperUp, 0.0, now);
    }

    pub(super) fn around(&self) -> Around {
        Around {
            picture: Arc::new(self.picture.clone()),
            elsewhere: vec![],
        }
    }

    pub(super) fn tell(&mut self, input: Input) -> Vec<Output> {
        self.executor.handle(input, at(self.now_s))
    }

    pub(super) fn execute(&mut self, bid: &Bid) -> Vec<Output> {
        self.tell(Input::Execute {
            lease: lease(Domain::Transport, 1),
            bid: Box::new(bid.clone()),
            around: self.around(),
        })
    }

    pub(super) fn answer(&mut self, fingerprint: &Fingerprint, granted: bool) -> Vec<Output> {
        self.answer_by("noc", fingerprint, granted)
    }

    pub(super) fn answer_by(
        &mut self,
        by: &str,
        fingerprint: &Fingerprint,
        granted: bool,
    ) -> Vec<Output> {
        let approval = Approval {
            fingerprint: fingerprint.clone(),
            revision: None,
            granted,
            by: by.to_owned(),
            reason: String::new(),
            considered_ms: None,
        };
        let around = self.around();
        self.tell(Input::Approval { approval, around })
    }

    pub(super) fn tick(&mut self) -> Vec<Output> {
        let around = self.around();
        self.tell(Input::Tick(around))
    }

    pub(super) fn kill(&mut self) -> Vec<Output> {
        self.tell(Input::Kill(KillOrder {
            on: true,
            by: "noc".to_owned(),
            reason: "a storm of changes".to_owned(),
        }))
    }

    pub(super) fn driven(&mut self, result: Result<Receipt, DriverError>) -> Vec<Output> {
        let (run, step) = (run(), "any".to_owned());
        let around = self.around();
        self.tell(Input::Driven {
            run,
            step,
            result,
            around,
        })
    }

    pub(super) fn verdict(&mut self, verdict: Verdict) -> Vec<Output> {
        self.tell(Input::Verdict {
            run: run(),
            verdict,
        })
    }
}

pub(super) fn run() -> RunId {
    RunId::new(Domain::Transport, 1)
}

pub(super) fn a_reset() -> Bid {
    bid(reset(1, &incident("inc-transport-1"), "link/A-B"), 9)
}

pub(super) fn a_drain() -> Bid {
    bid(drain(1, &incident("inc-transport-1"), "link/A-B"), 9)
}

/// The names of what is concluded, in order.
pub(super) fn names(outputs: &[Output]) -> Vec<String> {
    let name = |o: &Output| {
        format!("{o:?}")
            .split([' ', '(', '{'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    outputs.iter().map(name).collect()
}

pub(super) fn ended(outputs: &[Output]) -> Option<RunEnd> {
    outputs.iter().find_map(|o| match o {
        Output::Ended { outcome, .. } => Some(*outcome),
        _ => None,
    })
}

/// The guards that say no to a plan, when it is denied.
pub(super) fn denied_by(outputs: &[Output]) -> Vec<String> {
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
    changed.plan.cost_tokens = 2.0;
    assert_eq!(denied_by(&story.execute(&changed)), ["fingerprint"]);

    let mut story = Story::in_mode(Mode::Auto);
    story.now_s = 95 + 61;
    assert_eq!(denied_by(&story.execute(&a_reset())), ["fresh-evidence"]);

    let mut story = Story::in_mode(Mode::Auto);
    story.now_s = 300;
    story
        .picture
        .observe(&object("port/C:C-D"), Metric::PortOperUp, 1.0, at(299));
    assert_eq!(denied_by(&story.execute(&a_drain())), ["target-heard"]);

    let mut story = Story::in_mode(Mode::Auto);
    story.kill();
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
    assert_eq!(names(&story.answer(&other, true)), ["AnswerRefused"]);
    let outputs = story.answer(&plan.plan.fingerprint, true);
    assert_eq!(names(&outputs), ["Approved", "Decided", "Commit", "Do"]);
    for late in [true, false] {
        let outputs = story.answer(&plan.plan.fingerprint, late);
        assert_eq!(names(&outputs), ["AnswerRefused"], "it was answered");
    }
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
    assert!(story.tick().is_empty());
    story.now_s = 100 + 300;
    assert_eq!(ended(&story.tick()), Some(RunEnd::NotRun));
    assert_eq!(
        names(&story.answer(&plan.plan.fingerprint, true)),
        ["AnswerRefused"],
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
    let late = story.answer(&bid.plan.fingerprint, true);
    assert_eq!(names(&late), ["AnswerRefused"]);
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
        ["one-at-a-time", "concurrency"],
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
    let mut few = bid(reset(2, &incident("inc-transport-2"), "link/A-B"), 9);
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
    assert_eq!(
        denied_by(&story.execute(&again)),
        ["not-frozen", "cool-down"]
    );
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
    let outputs = story.driven(Err(DriverError::Refused("the device said no".to_owned())));
    assert_eq!(names(&outputs), ["Answered", "Frozen", "Ended"]);
    assert_eq!(ended(&outputs), Some(RunEnd::Stuck));
}

#[test]
fn an_undo_that_failed_is_tried_three_times_and_then_the_exact_difference_is_told() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    story.driven(Ok(cost_receipt("link/A-B")));
    for router in ["A", "B"] {
        let port = object(&format!("port/{router}:A-B"));
        story
            .picture
            .observe(&port, Metric::PortCost, 65_000.0, at(100));
    }
    story.verdict(Verdict::Fail);
    let busy = || Err(DriverError::Failed("the device is busy".to_owned()));
    let mut keys = vec![];
    for wait_s in [16, 26] {
        assert_eq!(names(&story.driven(busy())), ["Answered"]);
        assert_eq!(story.tick(), [], "not at once");
        story.now_s += wait_s;
        let again = story.tick();
        let [Output::Undo { key, .. }] = &again[..] else {
            panic!("{again:?}")
        };
        keys.push(key.clone());
        assert_eq!(story.tick(), [], "once");
    }
    assert_eq!(
        keys,
        [
            "run-transport-1/drain/undo-2",
            "run-transport-1/drain/undo-3"
        ]
    );
    let outputs = story.driven(busy());
    assert_eq!(names(&outputs), ["Answered", "Frozen", "Ended"]);
    let Output::Answered {
        difference: Some(difference),
        ..
    } = &outputs[0]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(difference.before, "cost 10");
    assert!(difference.wanted.contains("cost=10"), "{difference:?}");
    assert_eq!(
        difference.found,
        "port/A:A-B port.cost 65000, port/B:A-B port.cost 65000"
    );
    assert!(
        matches!(&outputs[1], Output::Frozen { reason, .. } if reason.contains("found now: port/A:A-B")),
        "{outputs:?}"
    );
}

#[test]
fn the_kill_switch_waits_for_the_step_and_takes_it_back() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    assert_eq!(
        names(&story.kill()),
        ["Switched"],
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
    assert_eq!(ended(&story.kill()), Some(RunEnd::NotRun));
    let late = story.answer(&plan.plan.fingerprint, true);
    assert_eq!(names(&late), ["AnswerRefused"]);
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
    assert_eq!(
        names(&story.kill()),
        ["Switched"],
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
    assert!(story.tick().is_empty());
    story.now_s = 400;
    assert_eq!(names(&story.tick()), ["Undo"]);
}

#[test]
fn one_object_is_not_acted_on_again_and_again() {
    let mut config = ExecutorConfig::default();
    config.for_drills();
    let mut story = Story::set(Mode::Auto, config);
    for number in 1..=4 {
        let plan = bid(reset(number, &incident("inc-transport-1"), "link/A-B"), 9);
        let outputs = story.execute(&plan);
        if number == 4 {
            assert_eq!(denied_by(&outputs), ["rate"]);
            return;
        }
        let run = RunId::new(Domain::Transport, number);
        let step = "reset".to_owned();
        let around = story.around();
        story.tell(Input::Driven {
            run: run.clone(),
            step,
            result: Ok(receipt()),
            around,
        });
        let outputs = story.tell(Input::Verdict {
            run,
            verdict: Verdict::Fail,
        });
        assert_eq!(ended(&outputs), Some(RunEnd::Undone));
    }
}

/// What a playbook has lost counts for the next plan, for the class of objects that it lost it on.
#[test]
fn a_playbook_that_was_lowered_asks_again() {
    let policy = "apiVersion: zizhi/v1\nkind: Policy\nclasses: [{name: core, objects: [link/A-B]}]";
    let config = ExecutorConfig {
        policy: zizhi_playbooks::policy::PolicyFile::parse(policy).unwrap(),
        ..ExecutorConfig::default()
    };
    for (class, asked) in [("core", true), ("other", false)] {
        let mut story = Story::set(Mode::Auto, config.clone());
        let track = zizhi_playbooks::autonomy::Track {
            playbook: "transport.link-down.reset".to_owned(),
            class: Some(class.to_owned()),
        };
        let mode = Mode::Approve;
        assert!(story.tell(Input::Stand { track, mode }).is_empty());
        let plan = reset(1, &incident("inc-transport-1"), "link/A-B");
        let outputs = story.execute(&bid(plan, 9));
        let waits = outputs
            .iter()
            .any(|o| matches!(o, Output::AskApproval { .. }));
        assert_eq!(waits, asked, "{class}: {outputs:?}");
    }
}
