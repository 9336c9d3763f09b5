//! What a person would see of a swarm, from a cut link to a sealed journal.

use crate::rig::{Drive, Rig, ancestry, is_link};
use std::sync::Arc;
use zizhi_agents::SwarmConfig;
use zizhi_bus::journal::{State, audit};
use zizhi_bus::{BusError, EmbeddedBus, Journal};
use zizhi_types::action::Verb;
use zizhi_types::plan::Mode;
use zizhi_types::record::{Ending, Ruling, Verdict};
use zizhi_types::wire::{self, Approval};
use zizhi_types::{Body, Domain, Record};

async fn rig() -> Rig {
    rig_in(Mode::Auto, Journal::in_memory()).await
}

async fn rig_in(mode: Mode, journal: Journal) -> Rig {
    let bus = Arc::new(EmbeddedBus::start(10_000));
    let config = SwarmConfig {
        mode,
        ..SwarmConfig::default()
    };
    Rig::start(bus, journal, config).await
}

fn closed(body: &Body) -> bool {
    matches!(body, Body::IncidentClosed { .. })
}

fn started(body: &Body) -> bool {
    matches!(body, Body::StepStarted { .. })
}

/// The kinds of what was written about incidents, in order, each once in a row.
fn kinds(records: &[Record]) -> Vec<String> {
    let kind = |r: &Record| {
        serde_json::to_value(&r.body).unwrap()["kind"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mut kinds: Vec<String> = records
        .iter()
        .filter(|r| r.incident.is_some())
        .map(kind)
        .collect();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn a_cut_link_is_found_reset_verified_and_closed() {
    let mut rig = rig().await;
    rig.ticks(3).await;
    assert!(
        rig.count(|b| matches!(b, Body::AnomalyRaised { .. })) == 0,
        "{}",
        rig.story()
    );
    rig.cut("A-B");
    let end = rig.until(40, "the incident is closed", closed).await;
    assert_eq!(
        end.body,
        Body::IncidentClosed {
            ending: Ending::Fixed
        },
        "{}",
        rig.story()
    );
    let told = kinds(&rig.records);
    let mut rest = told.iter();
    for wanted in [
        "incident-opened",
        "diagnosed",
        "called",
        "planned",
        "rehearsed",
        "bid-received",
        "awarded",
        "decided",
        "committed",
        "step-started",
        "step-done",
        "verified",
        "remembered",
        "incident-closed",
    ] {
        assert!(
            rest.any(|k| k == wanted),
            "no {wanted} in its place: {told:?}"
        );
    }
    let [(_, action)] = &rig.calls()[..] else {
        panic!("one call was enough: {:?}", rig.calls())
    };
    assert_eq!(
        (action.verb, action.object.to_string().as_str()),
        (Verb::LinkReset, "link/A-B")
    );
    assert_eq!(
        rig.count(|b| matches!(
            b,
            Body::Verified {
                verdict: Verdict::Pass,
                ..
            }
        )),
        1
    );
}

#[tokio::test]
async fn every_action_walks_back_to_the_raw_message_that_started_it() {
    let mut rig = rig().await;
    rig.ticks(3).await;
    rig.cut("A-B");
    rig.until(40, "the incident is closed", closed).await;
    let steps: Vec<&Record> = rig.records.iter().filter(|r| started(&r.body)).collect();
    assert!(!steps.is_empty());
    for step in steps {
        assert!(is_link(step.object.as_ref(), "A-B"));
        let raw = ancestry(&rig.records, step)
            .into_iter()
            .find_map(|r| match &r.body {
                Body::Raw { payload, .. } => Some(payload.clone()),
                _ => None,
            });
        let raw = raw.expect("the walk ends at a raw message");
        assert!(raw.contains("A-B") && raw.contains("oper_up"), "{raw}");
    }
    // Nothing at all names a cause that was not written, or was written later.
    for (index, record) in rig.records.iter().enumerate() {
        for cause in &record.causes {
            let earlier = rig.records[..index].iter().any(|r| r.id == *cause);
            assert!(
                earlier,
                "{} names {cause}, which was not written before it",
                record.id
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_becomes_a_dead_letter_and_stops_nothing() {
    let mut rig = rig().await;
    rig.ticks(2).await;
    let telemetry = wire::subject(Domain::Transport, "obs", "telemetry");
    rig.send(&telemetry, b"\xff\x00 no json".to_vec())
        .await
        .unwrap();
    let foreign = r#"{"source":"router/A","at":1,"samples":[{"object":"cell/c1","metric":"cell.up","value":0}]}"#;
    rig.send(&telemetry, foreign.into()).await.unwrap();
    for subject in ["neg.say", "evt.anomaly", "evt.lead", "evt.state"] {
        let (plane, kind) = subject.split_once('.').unwrap();
        rig.send(&wire::subject(Domain::Compute, plane, kind), b"{}".to_vec())
            .await
            .unwrap();
    }
    rig.send(wire::CLOCK, b"[]".to_vec()).await.unwrap();
    rig.tick().await;
    let letters: Vec<(&str, &str)> = rig
        .records
        .iter()
        .filter_map(|r| match &r.body {
            Body::DeadLetter {
                subject, reason, ..
            } => Some((subject.as_str(), reason.as_str())),
            _ => None,
        })
        .collect();
    let about = |s: &str| {
        letters
            .iter()
            .filter(|(subject, _)| *subject == s)
            .map(|(_, r)| *r)
            .collect::<Vec<_>>()
    };
    assert_eq!(about(&telemetry).len(), 2, "{letters:?}");
    assert!(about(&telemetry)[1].contains("cell/c1"), "{letters:?}");
    for subject in ["neg.say", "evt.anomaly", "evt.lead"] {
        let reasons = about(&format!("zizhi.v1.compute.{subject}"));
        assert_eq!(reasons.len(), 4, "each domain hears it: {letters:?}");
        assert!(
            reasons
                .iter()
                .all(|r| r.contains("missing field") || r.contains("tag")),
            "{reasons:?}"
        );
    }
    rig.cut("A-B");
    let end = rig.until(40, "the incident is closed", closed).await;
    assert_eq!(
        end.body,
        Body::IncidentClosed {
            ending: Ending::Fixed
        }
    );
}

#[tokio::test]
async fn drained_the_swarm_leaves_a_sealed_journal_and_hears_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let mut rig = rig_in(Mode::Auto, Journal::create(&path).unwrap()).await;
    rig.ticks(2).await;
    rig.drain().await;
    let found = audit(&path).unwrap();
    assert_eq!((found.state, found.damage), (Some(State::Sealed), None));
    let [.., drained, sealed] = rig.records.as_slice() else {
        panic!("{}", rig.story())
    };
    assert!(
        matches!(&drained.body, Body::SwarmDrained { messages, dropped: 0, .. } if *messages > 20)
    );
    assert!(matches!(sealed.body, Body::Sealed { .. }));
    assert_eq!(rig.send(wire::CLOCK, vec![]).await, Err(BusError::Closed));
}

async fn whole_story(path: &std::path::Path) -> Vec<u8> {
    let mut rig = rig_in(Mode::Auto, Journal::create(path).unwrap()).await;
    rig.ticks(3).await;
    rig.cut("A-B");
    rig.until(40, "the incident is closed", closed).await;
    rig.cut("C-E");
    rig.until(60, "the next incident is closed", closed).await;
    rig.drain().await;
    std::fs::read(path).unwrap()
}

#[test]
fn equal_inputs_give_equal_journals_byte_for_byte_on_one_thread_or_four() {
    let folder = tempfile::tempdir().unwrap();
    let one = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let four = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let first = one.block_on(whole_story(&folder.path().join("first")));
    let second = one.block_on(whole_story(&folder.path().join("second")));
    let third = four.block_on(async {
        let path = folder.path().join("third");
        tokio::spawn(async move { whole_story(&path).await })
            .await
            .unwrap()
    });
    assert!(first.len() > 10_000);
    assert!(first == second, "two runs on one thread differ");
    assert!(first == third, "a run on four threads differs");
}

#[tokio::test]
async fn when_its_driver_is_torn_down_the_executor_is_frozen_and_a_person_is_asked() {
    let mut rig = rig().await;
    rig.ticks(3).await;
    rig.change(|w| w.drive = Drive::Panics);
    rig.cut("A-B");
    let died = rig
        .until(40, "a role died", |b| matches!(b, Body::RoleDied { .. }))
        .await;
    assert_eq!(died.domain, Some(Domain::Transport));
    let Body::RoleDied { role, measure, .. } = &died.body else {
        panic!("{died:?}")
    };
    assert_eq!((role.as_str(), measure.as_str()), ("executor", "freeze"));
    let end = rig.until(120, "the incident is handed over", closed).await;
    assert_eq!(
        end.body,
        Body::IncidentClosed {
            ending: Ending::Escalated
        },
        "{}",
        rig.story()
    );
    // What it did is unknown, so it is not done again; and the death is told once, not at every tick.
    assert_eq!(rig.calls().len(), 1);
    assert_eq!(rig.count(|b| matches!(b, Body::RoleDied { .. })), 1);
    // The other domains and the rest of this one go on.
    rig.cut("C-E");
    rig.until(20, "the next fault is seen", |b| {
        matches!(b, Body::IncidentOpened { .. })
    })
    .await;
    assert_eq!(rig.calls().len(), 1);
}

#[tokio::test]
async fn a_remedy_that_changes_nothing_fails_its_verification_and_a_person_is_asked() {
    let mut rig = rig().await;
    rig.ticks(3).await;
    rig.change(|w| w.drive = Drive::Nothing);
    rig.cut("A-B");
    let end = rig.until(120, "the incident is closed", closed).await;
    assert_eq!(
        end.body,
        Body::IncidentClosed {
            ending: Ending::Escalated
        },
        "{}",
        rig.story()
    );
    assert!(
        rig.count(|b| matches!(
            b,
            Body::Verified {
                verdict: Verdict::Fail,
                ..
            }
        )) >= 1
    );
    assert_eq!(
        rig.count(|b| matches!(
            b,
            Body::Verified {
                verdict: Verdict::Pass,
                ..
            }
        )),
        0
    );
}

#[tokio::test]
async fn in_mode_suggest_the_swarm_says_what_it_would_do_and_does_nothing() {
    let mut rig = rig_in(Mode::Suggest, Journal::in_memory()).await;
    rig.ticks(3).await;
    rig.cut("A-B");
    rig.until(20, "it is shown", |b| {
        matches!(
            b,
            Body::Decided {
                ruling: Ruling::ShowOnly,
                ..
            }
        )
    })
    .await;
    rig.ticks(20).await;
    assert!(rig.calls().is_empty());
}

#[tokio::test]
async fn in_mode_approve_nothing_is_done_before_a_person_says_yes_to_this_plan() {
    let mut rig = rig_in(Mode::Approve, Journal::in_memory()).await;
    rig.ticks(3).await;
    rig.cut("A-B");
    let asked = rig
        .until(20, "a person is asked", |b| {
            matches!(
                b,
                Body::Decided {
                    ruling: Ruling::Ask,
                    ..
                }
            )
        })
        .await;
    let Body::Decided { plan, .. } = &asked.body else {
        panic!("{asked:?}")
    };
    let subject = wire::subject(Domain::Transport, "plan", "approval");
    let answer = |fingerprint: &str| Approval {
        fingerprint: zizhi_types::plan::Fingerprint(fingerprint.to_owned()),
        revision: None,
        granted: true,
        by: "noc".to_owned(),
        reason: String::new(),
        considered_ms: Some(41_000),
    };
    rig.publish(&subject, &answer("of another plan"))
        .await
        .unwrap();
    rig.ticks(2).await;
    assert!(rig.calls().is_empty());
    for _ in 0..2 {
        rig.publish(&subject, &answer(&plan.fingerprint.0))
            .await
            .unwrap();
    }
    let end = rig.until(40, "the incident is closed", closed).await;
    assert_eq!(
        end.body,
        Body::IncidentClosed {
            ending: Ending::Fixed
        },
        "{}",
        rig.story()
    );
    assert_eq!(rig.calls().len(), 1);
    let step = rig.records.iter().find(|r| started(&r.body)).unwrap();
    let by_person = |r: &&Record| {
        matches!(
            &r.body,
            Body::Approved {
                granted: true,
                considered_ms: Some(41_000),
                ..
            }
        )
    };
    assert!(
        ancestry(&rig.records, step).iter().any(by_person),
        "the step follows from the yes"
    );
}

#[tokio::test]
async fn an_incident_that_recovers_while_a_person_is_asked_ends_once_and_leads_to_nothing_more() {
    let mut rig = rig_in(Mode::Approve, Journal::in_memory()).await;
    rig.ticks(3).await;
    rig.cut("A-B");
    rig.until(20, "a person is asked", |b| {
        matches!(
            b,
            Body::Decided {
                ruling: Ruling::Ask,
                ..
            }
        )
    })
    .await;
    rig.change(|w| w.down.clear());
    let end = rig.until(20, "the incident is closed", closed).await;
    assert_eq!(
        end.body,
        Body::IncidentClosed {
            ending: Ending::RecoveredAlone
        }
    );
    let awards = rig.count(|b| matches!(b, Body::Awarded { .. }));
    rig.ticks(60).await;
    assert_eq!(rig.count(closed), 1, "{}", rig.story());
    assert_eq!(
        rig.count(|b| matches!(b, Body::Awarded { .. })),
        awards,
        "{}",
        rig.story()
    );
    assert!(rig.calls().is_empty());
}

#[tokio::test]
async fn the_kill_switch_keeps_every_domain_from_acting() {
    let mut rig = rig().await;
    rig.ticks(3).await;
    rig.send(wire::KILL_SWITCH, b"stop".to_vec()).await.unwrap();
    rig.cut("A-B");
    let denied = rig
        .until(20, "the plan is denied", |b| {
            matches!(
                b,
                Body::Decided {
                    ruling: Ruling::Deny,
                    ..
                }
            )
        })
        .await;
    let Body::Decided { guards, .. } = &denied.body else {
        panic!("{denied:?}")
    };
    assert!(guards.iter().any(|g| g.guard == "kill-switch" && !g.pass));
    rig.ticks(30).await;
    let escalated = |b: &Body| {
        matches!(
            b,
            Body::IncidentClosed {
                ending: Ending::Escalated
            }
        )
    };
    assert_eq!(rig.count(escalated), 1, "{}", rig.story());
    assert!(rig.calls().is_empty());
}

#[tokio::test]
async fn what_a_full_bus_drops_is_counted_and_stands_in_the_last_record() {
    let bus = Arc::new(EmbeddedBus::start(40));
    let mut rig = Rig::start(bus, Journal::in_memory(), SwarmConfig::default()).await;
    rig.tick().await;
    let telemetry = wire::subject(Domain::Transport, "obs", "telemetry");
    let mut refused = 0;
    for _ in 0..100 {
        // This task does not give way in between, so nobody takes from the queue.
        match rig
            .send(
                &telemetry,
                br#"{"source":"router/A","at":1,"samples":[]}"#.to_vec(),
            )
            .await
        {
            Ok(()) => {}
            Err(BusError::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, 60);
    rig.bus.settle().await;
    rig.tick().await;
    rig.drain().await;
    let dropped = rig.records.iter().find_map(|r| match r.body {
        Body::SwarmDrained { dropped, .. } => Some(dropped),
        _ => None,
    });
    assert_eq!(dropped, Some(60));
}
