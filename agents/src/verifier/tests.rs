//! One verifier, tick by tick: when is a run good, bad, or not to be told?

use super::{Input, Output, Verifier, Watch};
use crate::picture::{Picture, Series};
use crate::role::Engine;
use crate::testing::{at, drain, incident, network, object, reset, violation};
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_types::plan::PredictedChange;
use zizhi_types::record::Verdict;
use zizhi_types::verify::{End, Range, Readings};
use zizhi_types::{Domain, Metric, Plan, RunId};

const PORTS: [&str; 2] = ["port/A:A-B", "port/B:A-B"];

struct Story {
    verifier: Verifier,
    picture: Picture,
    unusual: BTreeSet<Series>,
    elsewhere: BTreeSet<Series>,
}

fn run() -> RunId {
    RunId::new(Domain::Transport, 1)
}

fn a_reset() -> Plan {
    reset(1, &incident("inc-transport-1"), "link/A-B")
}

fn a_drain() -> Plan {
    drain(1, &incident("inc-transport-1"), "link/A-B")
}

impl Story {
    /// Both ports are down at 90 s.
    fn new() -> Self {
        let mut picture = Picture::empty();
        picture.learn(Domain::Transport, network().part(Domain::Transport));
        let mut story = Self {
            verifier: Verifier::default(),
            picture,
            unusual: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
        };
        story.ports_are(0.0, 90);
        story
    }

    /// The run's last step is done at 100 s.
    fn watching(plan: Plan) -> Self {
        let mut story = Self::new();
        let watch = Watch {
            run: run(),
            plan,
            before: PORTS.map(|p| violation(p, Metric::PortOperUp)).to_vec(),
            predicted: vec![PredictedChange {
                object: object(PORTS[0]),
                metric: Metric::PortOperUp,
                without: 0.0,
                with: 1.0,
            }],
        };
        story
            .verifier
            .handle(Input::Watch(Box::new(watch)), at(100));
        story
    }

    fn ports_are(&mut self, up: f64, seconds: u64) {
        for port in PORTS {
            self.measured(port, Metric::PortOperUp, up, seconds);
        }
    }

    fn measured(&mut self, text: &str, metric: Metric, value: f64, seconds: u64) {
        self.picture
            .observe(&object(text), metric, value, at(seconds));
    }

    fn tick(&mut self, seconds: u64) -> Vec<Output> {
        let input = Input::Tick {
            picture: Arc::new(self.picture.clone()),
            unusual: Arc::new(self.unusual.clone()),
            elsewhere: Arc::new(self.elsewhere.clone()),
        };
        self.verifier.handle(input, at(seconds))
    }

    /// Ticks with these ports until there is a verdict; gives it with its reason and its second.
    fn judged(&mut self, up: impl Fn(u64) -> Option<f64>, most: u64) -> (Verdict, String, u64) {
        for seconds in (110..=most).step_by(10) {
            if let Some(up) = up(seconds) {
                self.ports_are(up, seconds);
            }
            if let [
                Output::Verdict {
                    verdict, reason, ..
                },
            ] = &self.tick(seconds)[..]
            {
                return (*verdict, reason.clone(), seconds);
            }
        }
        panic!("no verdict within {most} s");
    }
}

#[test]
fn one_good_reading_may_be_luck_two_are_a_pass() {
    let mut story = Story::watching(a_reset());
    story.ports_are(1.0, 110);
    assert_eq!(story.tick(110), []);
    story.ports_are(1.0, 120);
    let outputs = story.tick(120);
    let [
        Output::Verdict {
            verdict,
            before,
            after,
            twin_error,
            actions,
            ..
        },
    ] = &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!((*verdict, before.len(), after.len()), (Verdict::Pass, 2, 0));
    assert_eq!(
        (*twin_error, actions.len()),
        (Some(0.0), 1),
        "the twin had said so"
    );
    assert_eq!(story.tick(130), [], "there is one verdict a run");
}

#[test]
fn a_good_reading_between_bad_ones_is_no_pass() {
    let mut story = Story::watching(a_reset());
    let flapping = |s: u64| Some(f64::from(u8::from((s / 10).is_multiple_of(2))));
    let (verdict, _, seconds) = story.judged(flapping, 400);
    assert_eq!(verdict, Verdict::Fail);
    assert!(seconds >= 220, "the checks are given their time: {seconds}");
}

#[test]
fn what_is_violated_as_before_when_the_time_is_over_fails() {
    let mut story = Story::watching(a_reset());
    let (verdict, reason, seconds) = story.judged(|_| Some(0.0), 400);
    assert_eq!((verdict, seconds), (Verdict::Fail, 220));
    assert!(reason.contains("checks do not hold"), "{reason}");
}

#[test]
fn what_was_not_measured_since_is_inconclusive() {
    let mut story = Story::watching(a_reset());
    let (verdict, reason, seconds) = story.judged(|_| None, 400);
    assert_eq!((verdict, seconds), (Verdict::Inconclusive, 220));
    assert!(reason.contains("not measured"), "{reason}");
}

#[test]
fn something_else_that_gets_worse_and_stays_so_is_a_regression() {
    let mut story = Story::watching(a_reset());
    story.measured("port/C:C-E", Metric::PortOperUp, 0.0, 110);
    let (verdict, reason, seconds) = story.judged(|_| Some(1.0), 400);
    assert_eq!(
        (verdict, seconds),
        (Verdict::Fail, 150),
        "40 s after it was first seen"
    );
    assert!(reason.contains("port/C:C-E"), "{reason}");
}

#[test]
fn what_another_open_incident_explains_is_no_regression() {
    let mut story = Story::watching(a_reset());
    story.measured("port/C:C-E", Metric::PortOperUp, 0.0, 110);
    story
        .elsewhere
        .insert((object("port/C:C-E"), Metric::PortOperUp));
    assert_eq!(story.judged(|_| Some(1.0), 400).0, Verdict::Pass);
}

#[test]
fn the_settings_that_the_plan_itself_changes_are_no_regression() {
    let mut story = Story::watching(a_drain());
    for port in PORTS {
        story.measured(port, Metric::PortCost, 65_000.0, 105);
    }
    assert_eq!(
        story.picture.violations(at(110)).len(),
        4,
        "two ports down, two costs off"
    );
    assert_eq!(story.judged(|_| Some(1.0), 400).0, Verdict::Pass);

    let mut story = Story::watching(a_drain());
    story.measured("port/C:C-E", Metric::PortCost, 65_000.0, 105);
    assert_eq!(
        story.judged(|_| Some(1.0), 400).0,
        Verdict::Fail,
        "another link's cost is not the plan's"
    );
}

#[test]
fn a_forgotten_run_gets_no_verdict() {
    let mut story = Story::watching(a_reset());
    story.verifier.handle(Input::Forget(run()), at(105));
    for seconds in (110..400).step_by(10) {
        assert_eq!(story.tick(seconds), []);
    }
}

fn guarding() -> Story {
    let mut story = Story::new();
    let plan = Box::new(a_drain());
    story
        .verifier
        .handle(Input::Guard { run: run(), plan }, at(100));
    story
}

/// The second in which a standing remedy is not needed any more, if there is one.
fn healthy_at(story: &mut Story, from: u64, most: u64) -> Option<u64> {
    let kept = [
        (Metric::PortAdjacencyUp, 1.0),
        (Metric::PortDiscard, 0.0),
        (Metric::PortError, 0.0),
        (Metric::PortFlaps, 0.0),
        (Metric::PortRate, 1000.0),
    ];
    (from..=most).step_by(10).find(|&seconds| {
        story.ports_are(1.0, seconds);
        for port in PORTS {
            for (metric, value) in kept {
                story.measured(port, metric, value, seconds);
            }
        }
        story.tick(seconds) == [Output::HealthyAgain(run())]
    })
}

#[test]
fn a_standing_remedy_is_released_after_a_healthy_minute() {
    let mut story = guarding();
    assert_eq!(story.tick(110), [], "the ports are still down");
    assert_eq!(healthy_at(&mut story, 120, 300), Some(180));
}

#[test]
fn a_relapse_begins_the_healthy_minute_again() {
    let mut story = guarding();
    assert_eq!(healthy_at(&mut story, 120, 160), None);
    story.unusual.insert((object(PORTS[0]), Metric::PortError));
    assert_eq!(story.tick(170), []);
    story.unusual.clear();
    assert_eq!(healthy_at(&mut story, 180, 400), Some(240));
}

#[test]
fn silence_is_not_health() {
    let mut story = guarding();
    assert_eq!(healthy_at(&mut story, 120, 160), None);
    for seconds in (230..900).step_by(10) {
        assert_eq!(
            story.tick(seconds),
            [],
            "the last good values are too old at {seconds} s"
        );
    }
}

/// The second in which the remedy is not needed any more, when it is put in place again at `again`.
fn healthy_after_relapse(story: &mut Story, again: u64) -> Option<u64> {
    story.verifier.handle(Input::Forget(run()), at(again));
    let plan = Box::new(a_drain());
    story
        .verifier
        .handle(Input::Guard { run: run(), plan }, at(again));
    healthy_at(story, again + 10, again + 1200)
}

#[test]
fn a_remedy_that_is_needed_again_at_once_stays_twice_as_long_each_time() {
    let mut story = guarding();
    assert_eq!(healthy_at(&mut story, 120, 300), Some(180));
    assert_eq!(healthy_after_relapse(&mut story, 200), Some(330));
    assert_eq!(healthy_after_relapse(&mut story, 340), Some(590));
    let much_later = 590 + 1000;
    assert_eq!(
        healthy_after_relapse(&mut story, much_later),
        Some(much_later + 70),
        "an old relapse is forgotten"
    );
}

/// A reset whose ports are read every 15 s, four times in a row; below one half it has failed.
fn a_patient_reset() -> Plan {
    let mut plan = a_reset();
    plan.policy.readings = Readings {
        every_ms: 15_000,
        min_pass: 4,
    };
    for check in &mut plan.verify {
        check.fail = vec![Range {
            from: None,
            to: Some(End {
                at: 0.5,
                included: false,
            }),
        }];
    }
    plan
}

#[test]
fn a_value_that_shows_the_failure_ends_it_at_once() {
    let mut story = Story::watching(a_patient_reset());
    let (verdict, reason, seconds) = story.judged(|_| Some(0.0), 300);
    assert_eq!((verdict, seconds), (Verdict::Fail, 110));
    assert!(reason.contains("port.oper_up of port/A:A-B"), "{reason}");
}

#[test]
fn a_value_in_between_is_left_to_a_person_when_the_time_is_over() {
    let mut story = Story::watching(a_patient_reset());
    let (verdict, reason, seconds) = story.judged(|_| Some(0.7), 300);
    assert_eq!((verdict, seconds), (Verdict::Inconclusive, 220));
    assert_eq!(reason, "what was measured is neither good nor a failure");
}

#[test]
fn so_many_good_readings_so_far_apart_make_a_pass() {
    let mut story = Story::watching(a_patient_reset());
    let (verdict, _, seconds) = story.judged(|_| Some(1.0), 300);
    // Read at 110, 130, 150 and 170: it is looked at every 10 s, and 15 s lie between two that count.
    assert_eq!((verdict, seconds), (Verdict::Pass, 170));
}

#[test]
fn good_readings_that_are_broken_off_are_no_pass_and_no_failure() {
    let mut story = Story::watching(a_patient_reset());
    let up = |seconds| Some(if seconds % 50 == 0 { 0.7 } else { 1.0 });
    let (verdict, reason, _) = story.judged(up, 300);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(
        reason.ends_with("good readings in a row, and 4 are asked for"),
        "{reason}"
    );
}
