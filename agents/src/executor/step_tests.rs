//! Between two steps everything may have changed: the guards, the kill switch, the topology, the process.

use super::tests::{Story, a_drain, a_reset, ended, names};
use super::{ExecutorConfig, History, Input, Output, WaitingPlan};
use crate::testing::{at, bid, cost_receipt, incident, lease, object, plan, receipt};
use zizhi_playbooks::DriverError;
use zizhi_playbooks::guards::InFlight;
use zizhi_playbooks::policy::PolicyFile;
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::negotiation::{Bid, RunEnd};
use zizhi_types::plan::Mode;
use zizhi_types::record::Ruling;
use zizhi_types::topology::Bilingual;
use zizhi_types::wire::{Approval, BreakerOrder, KillOrder, Maintenance};
use zizhi_types::{Domain, Metric};

/// Three changes of one link's cost.
fn three_steps() -> Bid {
    let link = object("link/A-B");
    let step = |id, cost| {
        let action = Action::new(Verb::LinkSetCost, link.clone());
        (id, action.with("cost", Value::Number(cost)))
    };
    let steps = vec![step("one", 20.0), step("two", 40.0), step("three", 80.0)];
    let incident = incident("inc-transport-1");
    bid(
        plan(1, &incident, "transport.link.drain@1.0.0", &link, steps),
        9,
    )
}

fn steps_begun(outputs: &[Output]) -> usize {
    let begun = |o: &&Output| matches!(o, Output::Do { .. });
    outputs.iter().filter(begun).count()
}

#[test]
fn each_step_is_begun_only_after_the_guards_looked_at_the_network_as_it_is_then() {
    for after in 0..3 {
        let mut story = Story::in_mode(Mode::Auto);
        let mut outputs = story.execute(&three_steps());
        for _ in 0..after {
            assert_eq!(steps_begun(&outputs), 1, "{outputs:?}");
            outputs = story.driven(Ok(cost_receipt("link/A-B")));
        }
        if after == 2 {
            assert_eq!(steps_begun(&outputs), 1);
            continue;
        }
        story.picture.announce(Maintenance {
            ticket: "CHG-7".to_owned(),
            objects: vec![object("link/A-B")],
            from: at(90),
            until: at(900),
            title: Bilingual::default(),
            intended: vec![],
        });
        let outputs = story.driven(Ok(cost_receipt("link/A-B")));
        assert_eq!(
            names(&outputs),
            ["Answered", "Decided", "Answered", "Undo"],
            "what was done is taken back"
        );
        let Output::Decided { guards, ruling, .. } = &outputs[1] else {
            panic!("{outputs:?}")
        };
        assert_eq!(*ruling, Ruling::Deny);
        assert!(guards.iter().any(|g| g.guard == "change-freeze" && !g.pass));
        let mut undone = 1;
        let mut outputs = story.driven(Ok(receipt()));
        while ended(&outputs).is_none() {
            assert_eq!(names(&outputs), ["Answered", "Undo"]);
            undone += 1;
            outputs = story.driven(Ok(receipt()));
        }
        assert_eq!(undone, after + 1);
        assert_eq!(ended(&outputs), Some(RunEnd::Undone));
    }
}

#[test]
fn the_kill_switch_at_every_boundary_begins_no_step_and_ends_or_undoes_the_run() {
    // Pressed before anything, while each of three steps is with the driver, while it is verified, and while it is undone.
    for boundary in 0..6 {
        let mut story = Story::in_mode(Mode::Auto);
        let mut after_kill = vec![];
        if boundary == 0 {
            after_kill.extend(story.kill());
            after_kill.extend(story.execute(&three_steps()));
            assert_eq!(steps_begun(&after_kill), 0);
            assert_eq!(ended(&after_kill), Some(RunEnd::NotRun));
            continue;
        }
        story.execute(&three_steps());
        for _ in 1..boundary.min(4) {
            story.driven(Ok(cost_receipt("link/A-B")));
        }
        if boundary == 5 {
            story.verdict(zizhi_types::record::Verdict::Fail);
        }
        after_kill.extend(story.kill());
        for _ in 0..8 {
            after_kill.extend(story.driven(Ok(cost_receipt("link/A-B"))));
        }
        assert_eq!(steps_begun(&after_kill), 0, "boundary {boundary}");
        assert_eq!(
            ended(&after_kill),
            Some(RunEnd::Undone),
            "boundary {boundary}: {after_kill:?}"
        );
    }
}

#[test]
fn the_kill_switch_lasts_until_a_person_releases_it_also_over_a_restart() {
    let mut story = Story::in_mode(Mode::Auto);
    let history = History {
        killed: Some("a storm of changes".to_owned()),
        ..History::default()
    };
    story.tell(Input::Restore {
        runs: vec![],
        history: Box::new(history),
    });
    story.now_s = 130;
    story.all_is_heard();
    assert_eq!(ended(&story.execute(&a_reset())), Some(RunEnd::NotRun));
    assert!(story.kill().is_empty(), "it is on already");
    let off = KillOrder {
        on: false,
        by: "noc".to_owned(),
        reason: "it is over".to_owned(),
    };
    assert_eq!(names(&story.tell(Input::Kill(off))), ["Switched"]);
    assert_eq!(steps_begun(&story.execute(&a_reset())), 1);
}

#[test]
fn runs_of_other_domains_count_for_the_bound_over_all() {
    let mut story = Story::in_mode(Mode::Auto);
    let mut around = story.around();
    around.elsewhere = [Domain::Compute, Domain::Service, Domain::Access]
        .map(|domain| InFlight {
            incident: incident("inc-compute-1"),
            domain,
            sites: std::collections::BTreeSet::new(),
        })
        .to_vec();
    let outputs = story.tell(Input::Execute {
        lease: lease(Domain::Transport, 1),
        bid: Box::new(a_reset()),
        around,
    });
    assert_eq!(
        super::tests::denied_by(&outputs),
        ["concurrency"],
        "three are in flight"
    );
}

#[test]
fn two_rollbacks_open_the_breaker_until_a_person_closes_it() {
    let mut story = Story::in_mode(Mode::Auto);
    for number in 1..=2 {
        let link = ["link/A-B", "link/C-D"][number - 1];
        story.picture.observe(
            &object("port/A:A-B"),
            Metric::PortOperUp,
            1.0,
            at(story.now_s),
        );
        let incident = incident(&format!("inc-transport-{number}"));
        let drain = bid(crate::testing::drain(number as u64, &incident, link), 9);
        let outputs = story.execute(&drain);
        assert_eq!(steps_begun(&outputs), 1, "{outputs:?}");
        let run = zizhi_types::RunId::new(Domain::Transport, number as u64);
        for input in [Ok(cost_receipt(link)), Ok(receipt())] {
            let around = story.around();
            story.tell(Input::Driven {
                run: run.clone(),
                step: "drain".to_owned(),
                result: input,
                around,
            });
            story.tell(Input::Verdict {
                run: run.clone(),
                verdict: zizhi_types::record::Verdict::Fail,
            });
        }
        story.now_s += 60;
        story.all_is_heard();
    }
    story.picture.observe(
        &object("port/A:A-B"),
        Metric::PortOperUp,
        1.0,
        at(story.now_s),
    );
    let third = || {
        bid(
            crate::testing::drain(3, &incident("inc-transport-3"), "link/B-C"),
            9,
        )
    };
    let outputs = story.execute(&third());
    assert_eq!(super::tests::denied_by(&outputs), ["breaker"]);
    story.now_s += 86_400;
    story.all_is_heard();
    story.picture.observe(
        &object("port/A:A-B"),
        Metric::PortOperUp,
        1.0,
        at(story.now_s),
    );
    let outputs = story.execute(&third());
    assert_eq!(
        super::tests::denied_by(&outputs),
        ["breaker"],
        "a day later"
    );
    story.tell(Input::CloseBreaker(BreakerOrder {
        playbook: "transport.link.drain".to_owned(),
        by: "noc".to_owned(),
        reason: "the cause was found".to_owned(),
    }));
    assert_eq!(steps_begun(&story.execute(&third())), 1);
}

#[test]
fn a_changed_topology_supersedes_the_request_and_it_is_asked_for_anew() {
    let mut story = Story::in_mode(Mode::Approve);
    let asked = story.execute(&a_reset());
    let revision = |outputs: &[Output]| {
        let found = outputs.iter().find_map(|o| match o {
            Output::AskApproval { revision, .. } => Some(revision.clone()),
            _ => None,
        });
        found.unwrap()
    };
    let first = revision(&asked);
    story
        .picture
        .observe(&object("port/C:C-D"), Metric::PortOperUp, 0.0, at(100));
    let outputs = story.answer(&a_reset().plan.fingerprint, true);
    assert_eq!(
        names(&outputs),
        ["ApprovalEnded", "Decided", "AskApproval", "AnswerRefused"],
        "the person had the old topology in view"
    );
    let second = revision(&outputs);
    assert_ne!(first, second);
    let mut old = Approval {
        fingerprint: a_reset().plan.fingerprint,
        revision: Some(first.0),
        granted: true,
        by: "noc".to_owned(),
        reason: String::new(),
        considered_ms: None,
    };
    let around = story.around();
    let outputs = story.tell(Input::Approval {
        approval: old.clone(),
        around: around.clone(),
    });
    assert_eq!(names(&outputs), ["AnswerRefused"]);
    old.revision = Some(second.0);
    let outputs = story.tell(Input::Approval {
        approval: old,
        around,
    });
    assert_eq!(names(&outputs), ["Approved", "Decided", "Commit", "Do"]);
}

#[test]
fn a_flapping_suspect_does_not_supersede_its_own_request() {
    let mut story = Story::in_mode(Mode::Approve);
    story.execute(&a_reset());
    for value in [1.0, 0.0, 1.0, 0.0] {
        story
            .picture
            .observe(&object("port/A:A-B"), Metric::PortOperUp, value, at(100));
        assert_eq!(story.tick(), []);
    }
    assert_eq!(
        steps_begun(&story.answer(&a_reset().plan.fingerprint, true)),
        1
    );
}

/// A policy that asks for two people on one link.
fn careful() -> ExecutorConfig {
    ExecutorConfig {
        policy: PolicyFile::parse(
            "apiVersion: zizhi/v1\nkind: Policy\nclasses: [{name: core, objects: [link/A-B], ceiling: approve, people: 2}]",
        )
        .unwrap(),
        ..ExecutorConfig::default()
    }
}

#[test]
fn where_the_class_asks_for_two_people_one_is_not_enough_and_the_author_is_none_of_them() {
    let mut story = Story::set(Mode::Auto, careful());
    let print = a_drain().plan.fingerprint;
    assert_eq!(
        names(&story.execute(&a_drain())),
        ["Decided", "AskApproval"]
    );
    assert_eq!(names(&story.answer_by("Li Na", &print, true)), ["Approved"]);
    for nobody in ["li na", "noc-transport"] {
        let outputs = story.answer_by(nobody, &print, true);
        assert_eq!(names(&outputs), ["AnswerRefused"], "{nobody}");
    }
    let outputs = story.answer_by("Wang Wei", &print, true);
    assert_eq!(names(&outputs), ["Approved", "Decided", "Commit", "Do"]);
}

#[test]
fn what_waited_for_people_waits_on_after_a_restart_with_the_answers_that_were_given() {
    let mut before = Story::set(Mode::Auto, careful());
    let print = a_drain().plan.fingerprint;
    before.execute(&a_drain());
    before.answer_by("Li Na", &print, true);
    let request = before.executor.approvals.pending(&print).unwrap().clone();

    let mut story = Story::set(Mode::Auto, careful());
    let history = History {
        waiting: vec![WaitingPlan {
            lease: lease(Domain::Transport, 1),
            bid: a_drain(),
            request,
        }],
        ..History::default()
    };
    let outputs = story.tell(Input::Restore {
        runs: vec![],
        history: Box::new(history),
    });
    assert!(matches!(
        &outputs[..],
        [Output::AskApproval { again: true, .. }]
    ));
    let early = story.answer_by("Wang Wei", &print, true);
    assert_eq!(
        names(&early),
        ["AnswerRefused"],
        "it does not see the network yet"
    );
    story.now_s = 121;
    story.all_is_heard();
    assert_eq!(story.tick(), [], "the topology is the same");
    assert_eq!(
        names(&story.answer_by("Li Na", &print, true)),
        ["AnswerRefused"]
    );
    let outputs = story.answer_by("Wang Wei", &print, true);
    assert_eq!(names(&outputs), ["Approved", "Decided", "Commit", "Do"]);
}

#[test]
fn an_unknown_effect_of_an_undo_is_never_tried_again() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&a_drain());
    story.driven(Ok(cost_receipt("link/A-B")));
    story.verdict(zizhi_types::record::Verdict::Fail);
    let outputs = story.driven(Err(DriverError::Unknown("no answer".to_owned())));
    assert_eq!(names(&outputs), ["Answered", "Frozen", "Ended"]);
    story.now_s += 3_600;
    assert_eq!(story.tick(), []);
}
