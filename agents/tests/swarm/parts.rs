//! What a swarm does when a part of it is left out, and what it carries from run to run.

use crate::rig::Rig;
use std::sync::Arc;
use zizhi_agents::{AgentConfig, Part, SwarmConfig, memory};
use zizhi_bus::{EmbeddedBus, Journal};
use zizhi_knowledge::Case;
use zizhi_types::negotiation::RunEnd;
use zizhi_types::record::Ending;
use zizhi_types::{Body, Record, RecordId};

fn closed(body: &Body) -> bool {
    matches!(body, Body::IncidentClosed { .. })
}

async fn swarm(without: &[Part], memory: Vec<Case>) -> Rig {
    let config = SwarmConfig {
        agent: AgentConfig {
            without: without.iter().copied().collect(),
            ..AgentConfig::default()
        },
        ..SwarmConfig::default()
    };
    let bus = Arc::new(EmbeddedBus::start(10_000));
    let mut rig = Rig::start_with(bus, Journal::in_memory(), config, memory).await;
    rig.ticks(3).await;
    rig
}

/// Cuts a link and lets the swarm work on it; gives how the incident ended.
async fn cut(rig: &mut Rig, link: &str) -> Ending {
    rig.cut(link);
    let end = rig.until(60, "the incident is closed", closed).await;
    match end.body {
        Body::IncidentClosed { ending } => ending,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whatever_is_left_out_a_cut_link_is_found_and_reset_by_one_action() {
    for part in Part::ALL {
        let mut rig = swarm(&[part], vec![]).await;
        assert_eq!(
            cut(&mut rig, "A-B").await,
            Ending::Fixed,
            "without {part}: {}",
            rig.story()
        );
        assert_eq!(rig.calls().len(), 1, "without {part}");
        let verified = |b: &Body| matches!(b, Body::Verified { .. });
        assert_eq!(
            rig.count(verified),
            1,
            "without {part} the outcome is verified"
        );
        every_cause_was_written_before(&rig.records, part);
    }
}

fn every_cause_was_written_before(records: &[Record], part: Part) {
    for (index, record) in records.iter().enumerate() {
        let known = |id: &RecordId| records[..index].iter().any(|r| r.id == *id);
        let step = matches!(record.body, Body::StepStarted { .. });
        assert!(
            record.causes.iter().all(known) && !(step && record.causes.is_empty()),
            "without {part}: {record:?}"
        );
    }
}

#[tokio::test]
async fn nothing_is_rehearsed_asked_or_remembered_by_a_swarm_that_goes_without() {
    type Fits = fn(&Body) -> bool;
    let traces: [(Part, Fits); 3] = [
        (Part::Twin, |b| matches!(b, Body::Rehearsed { .. })),
        (Part::Negotiation, |b| {
            matches!(b, Body::Called { .. } | Body::BidReceived { .. })
        }),
        (Part::Learning, |b| matches!(b, Body::Remembered { .. })),
    ];
    let mut whole = swarm(&[], vec![]).await;
    cut(&mut whole, "A-B").await;
    for (part, trace) in traces {
        assert!(whole.count(trace) > 0, "{part}");
        let mut rig = swarm(&[part], vec![]).await;
        cut(&mut rig, "A-B").await;
        assert_eq!(rig.count(trace), 0, "without {part}: {}", rig.story());
        let told = |b: &Body| matches!(b, Body::SwarmStarted { without, .. } if *without == [part.to_string()]);
        assert_eq!(rig.count(told), 1, "the journal says what was left out");
    }
}

#[tokio::test]
async fn without_negotiation_only_the_leader_agrees() {
    let agreed = |rig: &Rig| {
        rig.records.iter().find_map(|r| match &r.body {
            Body::Awarded { agreed, .. } => Some(agreed.len()),
            _ => None,
        })
    };
    let mut whole = swarm(&[], vec![]).await;
    cut(&mut whole, "A-B").await;
    assert_eq!(agreed(&whole), Some(4));
    let mut alone = swarm(&[Part::Negotiation], vec![]).await;
    cut(&mut alone, "A-B").await;
    assert_eq!(agreed(&alone), Some(1), "{}", alone.story());
}

#[tokio::test]
async fn a_journal_gives_back_what_the_learners_held_at_its_end() {
    let mut rig = swarm(&[], vec![]).await;
    cut(&mut rig, "A-B").await;
    rig.ticks(10).await;
    cut(&mut rig, "C-E").await;
    let held = rig.cases().await;
    rig.drain().await;
    let told = memory::cases_of(&rig.records, "monday");
    assert!(told.len() >= 2, "{told:?}");
    assert!(told.iter().all(|c| !c.signature.is_empty()), "{told:?}");
    let unlabelled = |c: &Case| Case {
        origin: None,
        ..c.clone()
    };
    let told: Vec<Case> = told.iter().map(unlabelled).collect();
    // Both incidents were led by the transport domain, the first of all.
    assert_eq!(held[0], told);
    let bare = |c: &Case| Case {
        signature: [].into(),
        ..c.clone()
    };
    for peer in &held[1..] {
        let peer: Vec<Case> = peer.iter().map(bare).collect();
        assert_eq!(peer, told.iter().map(bare).collect::<Vec<_>>());
    }
}

/// How often the first plan that was offered had been tried on like incidents, and the example it was taken from.
fn first_offer(rig: &Rig) -> (u32, Option<String>) {
    let tried = rig.records.iter().find_map(|r| match &r.body {
        Body::BidReceived { bid, .. } => Some(bid.tried),
        _ => None,
    });
    let example = rig.records.iter().find_map(|r| match &r.body {
        Body::Planned {
            from_case: Some(case),
            from_run,
            ..
        } => Some(format!("{case} of {}", from_run.as_deref().unwrap_or("-"))),
        _ => None,
    });
    (tried.unwrap(), example)
}

#[tokio::test]
async fn what_an_earlier_run_taught_is_used_and_told_apart_from_what_this_one_teaches() {
    let mut monday = swarm(&[], vec![]).await;
    cut(&mut monday, "A-B").await;
    monday.drain().await;
    assert_eq!(first_offer(&monday), (0, None));

    let memory = memory::cases_of(&monday.records, "monday");
    let mut tuesday = swarm(&[], memory.clone()).await;
    let told = |b: &Body| matches!(b, Body::SwarmStarted { cases: 1, .. });
    assert_eq!(tuesday.count(told), 1, "{}", tuesday.story());
    cut(&mut tuesday, "A-B").await;
    let example = "inc-transport-1 of monday".to_owned();
    assert_eq!(first_offer(&tuesday), (1, Some(example)));
    // Both runs count from one: their incidents do not replace each other.
    let held = tuesday.cases().await;
    for cases in &held {
        let origins: Vec<_> = cases.iter().map(|c| c.origin.as_deref()).collect();
        assert_eq!(origins, [Some("monday"), None]);
        assert!(cases.iter().all(|c| c.outcome == RunEnd::Helped));
    }

    let mut forgetful = swarm(&[Part::Learning], memory.clone()).await;
    cut(&mut forgetful, "A-B").await;
    assert_eq!(first_offer(&forgetful), (0, None));
    assert!(forgetful.cases().await.iter().all(Vec::is_empty));

    // Who never hears of another domain's outcomes is not told them from memory either.
    let alone = swarm(&[Part::Negotiation], memory).await;
    let held: Vec<usize> = alone.cases().await.iter().map(Vec::len).collect();
    assert_eq!(held, [1, 0, 0, 0]);
}
