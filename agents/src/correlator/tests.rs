//! One correlator, tick by tick: what becomes an incident, who leads it, and what is left alone.

use super::{Correlator, CorrelatorConfig, Input, Known, Output};
use crate::picture::Picture;
use crate::role::Engine;
use crate::testing::{at, cause, down, incident, lease, network, object, situation};
use std::sync::Arc;
use zizhi_types::topology::Bilingual;
use zizhi_types::wire::Maintenance;
use zizhi_types::{Anomaly, Domain, FaultKind, Hypothesis, IncidentId, Metric};

struct Story {
    correlator: Correlator,
    picture: Picture,
}

impl Story {
    fn of(domain: Domain) -> Self {
        let mut picture = Picture::empty();
        for d in Domain::ALL {
            picture.learn(d, network().part(d));
        }
        let config = CorrelatorConfig {
            gather_ms: 10_000,
            lead_probability_min: 0.4,
            patience_ms: 90_000,
            echo_ms: 60_000,
        };
        Self {
            correlator: Correlator::new(domain, config),
            picture,
        }
    }

    /// Something goes down at `seconds`, and is told at once.
    fn falls(&mut self, number: u64, text: &str, metric: Metric, seconds: u64) -> Anomaly {
        let anomaly = down(number, text, metric, at(seconds));
        self.picture
            .observe(&anomaly.object, metric, 0.0, at(seconds));
        self.tell(Input::Raised(anomaly.clone()), seconds);
        anomaly
    }

    fn rises(&mut self, anomaly: &Anomaly, seconds: u64) {
        self.picture
            .observe(&anomaly.object, anomaly.metric, 1.0, at(seconds));
        self.tell(Input::Cleared(anomaly.id.clone()), seconds);
    }

    fn tell(&mut self, input: Input, seconds: u64) -> Vec<Output> {
        self.correlator.handle(input, at(seconds))
    }

    fn tick(&mut self, seconds: u64) -> Vec<Output> {
        let picture = Arc::new(self.picture.clone());
        self.tell(Input::Tick(picture), seconds)
    }

    fn diagnosed(
        &mut self,
        hypotheses: Vec<Hypothesis>,
        joined: Vec<(IncidentId, Vec<zizhi_types::AnomalyId>)>,
        seconds: u64,
    ) -> Vec<Output> {
        let input = Input::Diagnosed {
            situation: situation(&[]),
            joined,
            hypotheses,
            other: 0.1,
            need: None,
        };
        self.tell(input, seconds)
    }

    /// A tick, and the diagnoser's answer that this explains all.
    fn explained(&mut self, best: Hypothesis, seconds: u64) -> Vec<Output> {
        let asked = self.tick(seconds);
        assert!(diagnose(&asked).is_some(), "{asked:?}");
        self.diagnosed(vec![best], vec![], seconds)
    }
}

fn diagnose(outputs: &[Output]) -> Option<Vec<Anomaly>> {
    outputs.iter().find_map(|o| match o {
        Output::Diagnose { situation, .. } => Some(situation.symptoms.clone()),
        _ => None,
    })
}

fn lead(outputs: &[Output]) -> Option<&Known> {
    outputs.iter().find_map(|o| match o {
        Output::Lead { known, .. } => Some(known),
        _ => None,
    })
}

fn known(incident: IncidentId, leader: Domain, token: u64) -> Known {
    Known {
        incident,
        lease: lease(leader, token),
        suspect: object("link/A-B"),
        fault: FaultKind::LinkDown,
    }
}

#[test]
fn it_gathers_until_the_violation_lasts_and_the_effects_are_in() {
    let mut story = Story::of(Domain::Transport);
    story
        .picture
        .observe(&object("port/A:A-B"), Metric::PortOperUp, 0.0, at(100));
    let first = down(1, "port/A:A-B", Metric::PortOperUp, at(115));
    story.tell(Input::Raised(first.clone()), 115);
    assert_eq!(
        story.tick(119),
        [],
        "an objective is broken when it has not held for its time"
    );
    let second = story.falls(2, "port/B:A-B", Metric::PortOperUp, 121);
    assert_eq!(story.tick(124), [], "the effects of a fault are waited for");
    assert_eq!(diagnose(&story.tick(125)), Some(vec![first, second]));
}

#[test]
fn only_the_domain_of_the_first_cause_leads() {
    for domain in Domain::ALL {
        let mut story = Story::of(domain);
        let fallen = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
        let best = cause("link/A-B", FaultKind::LinkDown, 0.9, &[&fallen]);
        let outputs = story.explained(best, 130);
        match lead(&outputs) {
            Some(known) => {
                assert_eq!(domain, Domain::Transport);
                assert_eq!(
                    (known.lease, &known.suspect),
                    (lease(domain, 1), &object("link/A-B"))
                );
            }
            None => assert_ne!(domain, Domain::Transport),
        }
    }
}

#[test]
fn a_cause_that_is_not_probable_or_explains_no_broken_objective_is_not_led() {
    let mut story = Story::of(Domain::Transport);
    let fallen = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
    let unsure = cause("link/A-B", FaultKind::LinkDown, 0.39, &[&fallen]);
    assert_eq!(story.explained(unsure, 130), []);
    let beside = down(9, "port/C:C-D", Metric::PortOperUp, at(100));
    let elsewhere = cause("link/C-D", FaultKind::LinkDown, 0.9, &[&beside]);
    assert_eq!(story.explained(elsewhere, 140), []);
}

#[test]
fn what_an_open_incident_explains_joins_it_and_is_not_diagnosed_again() {
    let mut story = Story::of(Domain::Transport);
    let first = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
    let outputs = story.explained(cause("link/A-B", FaultKind::LinkDown, 0.9, &[&first]), 130);
    let own = lead(&outputs).unwrap().incident.clone();
    let second = story.falls(2, "port/B:A-B", Metric::PortOperUp, 130);
    assert_eq!(diagnose(&story.tick(150)), Some(vec![second.clone()]));
    let outputs = story.diagnosed(vec![], vec![(own.clone(), vec![second.id.clone()])], 150);
    assert_eq!(
        outputs,
        [Output::Joined {
            incident: own,
            symptoms: vec![second.id]
        }]
    );
    assert_eq!(story.tick(160), []);
}

#[test]
fn what_a_peers_incident_explains_is_left_to_the_peer() {
    let mut story = Story::of(Domain::Transport);
    let fallen = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
    let theirs = known(incident("inc-compute-1"), Domain::Compute, 3);
    story.tell(
        Input::Claimed {
            known: theirs,
            symptoms: vec![fallen.id],
        },
        110,
    );
    assert_eq!(story.tick(130), []);
    // The token grows beyond every one that was heard.
    let other = story.falls(2, "port/C:C-D", Metric::PortOperUp, 130);
    let outputs = story.explained(cause("link/C-D", FaultKind::LinkDown, 0.9, &[&other]), 160);
    assert_eq!(lead(&outputs).unwrap().lease, lease(Domain::Transport, 4));
}

fn two_leaders(
    own: Domain,
    text: &str,
    metric: Metric,
    fault: FaultKind,
) -> (Story, IncidentId, Anomaly) {
    let mut story = Story::of(own);
    // A claim of no concern has brought the token to 5.
    story.tell(
        Input::Claimed {
            known: known(incident("inc-service-1"), Domain::Service, 5),
            symptoms: vec![],
        },
        50,
    );
    let fallen = story.falls(1, text, metric, 100);
    let suspect = if own == Domain::Transport {
        "link/A-B"
    } else {
        text
    };
    let outputs = story.explained(cause(suspect, fault, 0.9, &[&fallen]), 130);
    let known = lead(&outputs).unwrap().clone();
    assert_eq!(known.lease.token, 6);
    (story, known.incident, fallen)
}

#[test]
fn of_two_leaders_of_one_trouble_the_one_with_the_older_lease_goes_on() {
    // Transport comes first among domains, but its lease is the younger one.
    let (mut story, own, fallen) = two_leaders(
        Domain::Transport,
        "port/A:A-B",
        Metric::PortOperUp,
        FaultKind::LinkDown,
    );
    let theirs = known(incident("inc-access-1"), Domain::Access, 2);
    let claim = Input::Claimed {
        known: theirs.clone(),
        symptoms: vec![fallen.id.clone()],
    };
    assert_eq!(
        story.tell(claim, 131),
        [Output::Merge {
            incident: own,
            into: theirs.incident
        }]
    );

    let (mut story, _, fallen) = two_leaders(
        Domain::Compute,
        "instance/i1",
        Metric::InstanceUp,
        FaultKind::InstanceCrash,
    );
    let younger = known(incident("inc-transport-1"), Domain::Transport, 7);
    let claim = Input::Claimed {
        known: younger,
        symptoms: vec![fallen.id],
    };
    assert_eq!(story.tell(claim, 131), [], "the older one does not yield");
}

#[test]
fn who_has_changed_the_network_does_not_yield() {
    let (mut story, own, fallen) = two_leaders(
        Domain::Transport,
        "port/A:A-B",
        Metric::PortOperUp,
        FaultKind::LinkDown,
    );
    story.tell(
        Input::Changed {
            incident: own,
            until: at(190),
        },
        130,
    );
    let theirs = known(incident("inc-access-1"), Domain::Access, 2);
    assert_eq!(
        story.tell(
            Input::Claimed {
                known: theirs,
                symptoms: vec![fallen.id]
            },
            131
        ),
        []
    );
}

#[test]
fn what_begins_after_a_change_is_its_echo_for_a_while_and_what_began_before_is_not() {
    let mut story = Story::of(Domain::Transport);
    let before = story.falls(1, "port/A:A-B", Metric::PortOperUp, 95);
    story.tell(
        Input::Changed {
            incident: incident("inc-transport-9"),
            until: at(160),
        },
        100,
    );
    let echo = story.falls(2, "port/C:C-D", Metric::PortOperUp, 105);
    let asked = story.tick(130);
    assert_eq!(
        diagnose(&asked),
        Some(vec![before.clone(), echo.clone()]),
        "{asked:?}"
    );
    story.rises(&before, 131);
    assert_eq!(
        diagnose(&story.tick(140)),
        None,
        "an echo alone is no trouble"
    );
    assert!(
        diagnose(&story.tick(161)).is_some(),
        "what lasts longer than an echo is"
    );
}

#[test]
fn planned_work_and_what_breaks_no_objective_is_put_aside_once() {
    let mut story = Story::of(Domain::Transport);
    story.picture.announce(Maintenance {
        ticket: "CHG-7".to_owned(),
        objects: vec![object("link/A-B")],
        from: at(90),
        until: at(900),
        title: Bilingual::default(),
        intended: vec![],
    });
    let planned = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
    let harmless = Anomaly {
        violates: None,
        ..down(2, "port/C:C-D", Metric::PortUtilization, at(100))
    };
    story.tell(Input::Raised(harmless.clone()), 100);
    assert_eq!(story.tick(130), [], "watched, not judged yet");
    let aside = |anomaly: &Anomaly, reason, detail: &str| Output::Suppress {
        anomaly: anomaly.id.clone(),
        reason,
        detail: detail.to_owned(),
    };
    assert_eq!(
        story.tick(161),
        [
            aside(&planned, "planned-work", "CHG-7"),
            aside(&harmless, "no-objective-violated", "")
        ]
    );
    assert_eq!(story.tick(171), []);
}

#[test]
fn what_nobody_explains_goes_to_a_person_by_the_domain_that_saw_it_first() {
    for domain in [Domain::Transport, Domain::Compute] {
        let mut story = Story::of(domain);
        let fallen = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
        story.tick(130);
        assert_eq!(story.diagnosed(vec![], vec![], 130), []);
        story.tick(219);
        assert_eq!(story.diagnosed(vec![], vec![], 219), [], "patience");
        story.tick(220);
        let outputs = story.diagnosed(vec![], vec![], 220);
        match &outputs[..] {
            [
                Output::Unexplained {
                    symptoms,
                    violations,
                    need,
                    ..
                },
            ] => {
                assert_eq!(domain, Domain::Transport);
                assert_eq!((symptoms, violations.len()), (&vec![fallen.id.clone()], 1));
                assert!(!need.is_empty());
                assert_eq!(story.tick(230), [], "told once");
            }
            [] => assert_eq!(domain, Domain::Compute),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_incident_recovers_alone_only_if_nothing_was_done_about_it() {
    for changed in [false, true] {
        let mut story = Story::of(Domain::Transport);
        let fallen = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
        let outputs = story.explained(cause("link/A-B", FaultKind::LinkDown, 0.9, &[&fallen]), 130);
        let own = lead(&outputs).unwrap().incident.clone();
        if changed {
            story.tell(
                Input::Changed {
                    incident: own.clone(),
                    until: at(190),
                },
                130,
            );
        }
        story.rises(&fallen, 140);
        assert_eq!(story.tick(150), [], "it may come back");
        let expected = if changed {
            vec![]
        } else {
            vec![Output::RecoveredAlone(own)]
        };
        assert_eq!(story.tick(160), expected);
    }
}

#[test]
fn a_violation_that_falls_silent_keeps_its_incident_open() {
    let mut story = Story::of(Domain::Transport);
    let fallen = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
    story.explained(cause("link/A-B", FaultKind::LinkDown, 0.9, &[&fallen]), 130);
    story
        .picture
        .set_silent(Domain::Transport, &[object("router/A")]);
    for seconds in [200, 400, 800] {
        assert_eq!(story.tick(seconds), []);
    }
}

#[test]
fn what_a_verified_remedy_did_not_cure_is_diagnosed_again_and_what_it_cured_is_not() {
    for fixed in [true, false] {
        let mut story = Story::of(Domain::Transport);
        let cured = story.falls(1, "port/A:A-B", Metric::PortOperUp, 100);
        let left = story.falls(2, "port/B:A-B", Metric::PortOperUp, 100);
        let both = cause("link/A-B", FaultKind::LinkDown, 0.9, &[&cured, &left]);
        let outputs = story.explained(both, 130);
        let incident = lead(&outputs).unwrap().incident.clone();
        story.rises(&cured, 150);
        story.tell(Input::Closed { incident, fixed }, 160);
        for seconds in (170..=260).step_by(10) {
            story
                .picture
                .observe(&left.object, left.metric, 0.0, at(seconds));
            let again =
                diagnose(&story.tick(seconds)).map(|s| s.into_iter().map(|a| a.id).collect());
            let expected = (fixed && seconds >= 250).then(|| vec![left.id.clone()]);
            assert_eq!(again, expected, "fixed: {fixed}, at {seconds} s");
        }
    }
}
