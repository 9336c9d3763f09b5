//! A step that failed without effect, in the hands of the executor: waits, guards, the kill switch, throttles.

use super::tests::{Story, ended, names};
use super::{History, Output, engine};
use crate::recovery::OpenRun;
use crate::testing::{at, bid, cost_receipt, incident, object, plan};
use zizhi_playbooks::DriverError;
use zizhi_playbooks::fingerprint::fingerprint;
use zizhi_playbooks::run::{self, Run, State};
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::negotiation::{Bid, RunEnd};
use zizhi_types::plan::{Mode, Retry};
use zizhi_types::topology::Bilingual;
use zizhi_types::wire::Maintenance;

/// Two changes of one link's cost; each is tried again twice.
fn patient() -> Bid {
    let link = object("link/A-B");
    let step = |id, cost| {
        let action = Action::new(Verb::LinkSetCost, link.clone());
        (id, action.with("cost", Value::Number(cost)))
    };
    let incident = incident("inc-transport-1");
    let steps = vec![step("one", 20.0), step("two", 40.0)];
    let mut plan = plan(1, &incident, "transport.link.drain@1.0.0", &link, steps);
    for step in &mut plan.steps {
        step.policy.retry = Some(Retry {
            max: 2,
            backoff_ms: 5_000,
        });
    }
    plan.fingerprint = fingerprint(&plan);
    bid(plan, 9)
}

fn failed() -> Result<zizhi_types::Receipt, DriverError> {
    Err(DriverError::Failed("the router is busy".to_owned()))
}

fn key(outputs: &[Output]) -> Option<&str> {
    outputs.iter().find_map(|o| match o {
        Output::Do { key, .. } => Some(key.as_str()),
        _ => None,
    })
}

/// The second step has failed once, at 100 s.
fn waiting() -> Story {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&patient());
    story.driven(Ok(cost_receipt("link/A-B")));
    assert_eq!(names(&story.driven(failed())), ["Answered"]);
    story
}

#[test]
fn the_next_try_comes_after_its_wait_under_its_own_key() {
    let mut story = waiting();
    story.now_s = 104;
    assert_eq!(names(&story.tick()), [""; 0], "5 s at the least");
    story.now_s = 108;
    let outputs = story.tick();
    assert_eq!(key(&outputs), Some("run-transport-1/two/do-2"));
    assert_eq!(names(&story.tick()), [""; 0], "once");
    let outputs = story.driven(Ok(cost_receipt("link/A-B")));
    assert_eq!(names(&outputs), ["Answered", "Verify"]);
}

#[test]
fn the_guards_are_asked_before_the_next_try() {
    let mut story = waiting();
    story.picture.announce(Maintenance {
        ticket: "CHG-7".to_owned(),
        objects: vec![object("link/A-B")],
        from: at(90),
        until: at(900),
        title: Bilingual::default(),
        intended: vec![],
    });
    story.now_s = 110;
    let outputs = story.tick();
    assert_eq!(key(&outputs), None);
    assert_eq!(names(&outputs), ["Decided", "Answered", "Undo"]);
    let Output::Decided { guards, .. } = &outputs[0] else {
        panic!("{outputs:?}")
    };
    let denied = guards.iter().filter(|g| !g.pass).map(|g| g.guard.as_str());
    assert_eq!(denied.collect::<Vec<_>>(), ["change-freeze"]);
}

#[test]
fn the_kill_switch_ends_the_wait_and_takes_back_what_was_done() {
    let mut story = waiting();
    assert_eq!(names(&story.kill()), ["Switched", "Undo"]);
    story.now_s = 200;
    assert_eq!(key(&story.tick()), None);
    let outputs = story.driven(Ok(cost_receipt("link/A-B")));
    assert_eq!(ended(&outputs), Some(RunEnd::Undone));
}

#[test]
fn an_unknown_effect_is_never_tried_again() {
    let mut story = Story::in_mode(Mode::Auto);
    story.execute(&patient());
    let outputs = story.driven(Err(DriverError::Unknown("no answer".to_owned())));
    assert_eq!(ended(&outputs), Some(RunEnd::Stuck), "{outputs:?}");
    story.now_s = 300;
    assert_eq!(key(&story.tick()), None);
}

/// The run of [`waiting`] as the journal tells it to the next process.
fn found_waiting() -> OpenRun {
    let bid = patient();
    let mut run = Run::new("run-transport-1".parse().unwrap(), bid.plan.clone());
    let mut tell = |input| drop(run.on(input).unwrap());
    tell(run::Input::Start);
    for (key, result) in [
        ("run-transport-1/one/do", Ok(cost_receipt("link/A-B"))),
        ("run-transport-1/two/do", failed()),
    ] {
        let key = key.to_owned();
        tell(run::Input::Answer { key, result });
    }
    assert!(matches!(run.state(), State::Waiting { .. }), "{run:?}");
    OpenRun {
        run,
        lease: crate::testing::lease(zizhi_types::Domain::Transport, 1),
        bid,
        before: vec![],
        in_flight: None,
        began: at(90),
        newest: "rec-transport-9".parse().unwrap(),
        at: at(100),
    }
}

#[test]
fn a_process_killed_between_two_tries_never_tries_again_and_takes_back_what_was_done() {
    let mut story = Story::in_mode(Mode::Auto);
    let outputs = story.tell(super::Input::Restore {
        runs: vec![found_waiting()],
        history: Box::default(),
    });
    assert_eq!(key(&outputs), None, "{outputs:?}");
    assert!(names(&outputs).iter().any(|n| n == "Undo"), "{outputs:?}");
    story.now_s = 300;
    assert_eq!(key(&story.tick()), None);
    let outputs = story.driven(Ok(cost_receipt("link/A-B")));
    assert_eq!(ended(&outputs), Some(RunEnd::Undone), "{outputs:?}");
}

#[test]
fn what_was_begun_before_a_restart_is_remembered_for_throttles() {
    let mut story = Story::in_mode(Mode::Auto);
    let ran = engine::ran(&patient().plan, at(60));
    let history = History {
        ran: vec![ran.clone()],
        ..History::default()
    };
    story.tell(super::Input::Restore {
        runs: vec![],
        history: Box::new(history),
    });
    assert_eq!(story.executor.ran, [ran]);
}
