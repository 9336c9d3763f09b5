//! The whole process is killed, at every moment of an incident, and started again with what its journal tells.
//!
//! A moment is a prefix of the records of an undisturbed run: what had been written when the process died. The network
//! remembers what was done to it. Where the last record begins a step, both are tried: the network was reached, and it
//! was not.
//!
//! | id | what always holds |
//! |---|---|
//! | INV-K1 | no key is driven twice, over both lives |
//! | INV-K2 | an incident that was opened is closed, once: fixed, recovered, or handed to a person |
//! | INV-K3 | no id is given twice |
//! | INV-K4 | a verified run is not begun again, and what was done is verified or taken back |

use crate::rig::{Drive, Rig, World};
use crate::testing::network;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use zizhi_agents::{Resume, SwarmConfig};
use zizhi_bus::{EmbeddedBus, Journal};
use zizhi_types::record::Ending;
use zizhi_types::{Action, Body, IncidentId, Record, RecordId};

/// What an undisturbed swarm writes from the first sign of a cut to the end.
async fn undisturbed() -> Vec<Record> {
    let bus = Arc::new(EmbeddedBus::start(10_000));
    let mut rig = Rig::start(bus, Journal::in_memory(), SwarmConfig::default()).await;
    rig.ticks(3).await;
    rig.cut("A-B");
    let closed = |b: &Body| matches!(b, Body::IncidentClosed { .. });
    rig.until(40, "the incident is closed", closed).await;
    rig.records
}

/// The steps that were begun, with their keys, in order.
fn begun(records: &[Record]) -> Vec<(String, Action)> {
    let step = |r: &Record| match &r.body {
        Body::StepStarted { key, action, .. } => Some((key.clone(), action.clone())),
        _ => None,
    };
    records.iter().filter_map(step).collect()
}

/// The network as the first life left it. `last_arrived`: the step that the last record begins had reached it.
fn left_behind(records: &[Record], last_arrived: bool) -> World {
    let mut world = World::new(network());
    let anomalies = |r: &Record| matches!(r.body, Body::AnomalyRaised { .. });
    if records.iter().any(anomalies) {
        world.down.insert("A-B".to_owned());
    }
    let mut steps = begun(records);
    let open = matches!(
        records.last().map(|r| &r.body),
        Some(Body::StepStarted { .. })
    );
    if open && !last_arrived {
        steps.pop();
    }
    for (key, action) in steps {
        world.drive(&key, &action);
    }
    world
}

struct After {
    story: String,
    ended: Option<Ending>,
    problems: Vec<String>,
}

async fn second_life(first: &[Record], last_arrived: bool) -> After {
    let world = Arc::new(Mutex::new(left_behind(first, last_arrived)));
    let now = first.last().map(|r| r.at).unwrap();
    let bus = Arc::new(EmbeddedBus::start(10_000));
    let resume = Some(Resume::from_records(first));
    let mut rig = Rig::start_on(
        bus,
        Journal::in_memory(),
        SwarmConfig::default(),
        vec![],
        world,
        now,
        resume,
    )
    .await;
    let opened = |records: &[Record]| {
        let mut open: BTreeSet<IncidentId> = BTreeSet::new();
        for record in records {
            match (&record.body, &record.incident) {
                (Body::IncidentOpened { .. }, Some(i)) => drop(open.insert(i.clone())),
                (Body::IncidentClosed { .. }, Some(i)) => drop(open.remove(i)),
                _ => {}
            }
        }
        open
    };
    for _ in 0..120 {
        rig.tick().await;
        let all: Vec<Record> = first.iter().chain(&rig.records).cloned().collect();
        let over = all
            .iter()
            .any(|r| matches!(r.body, Body::IncidentClosed { .. }));
        if over && opened(&all).is_empty() {
            break;
        }
    }
    let all: Vec<Record> = first.iter().chain(&rig.records).cloned().collect();
    let keys: Vec<String> = rig.calls().into_iter().map(|(key, _)| key).collect();
    let mut problems = broken(&all, &keys);
    let open = opened(&all);
    if !open.is_empty() {
        problems.push(format!("INV-K2: {open:?} is never closed\n{}", rig.story()));
    }
    let ended = all.iter().rev().find_map(|r| match &r.body {
        Body::IncidentClosed { ending } => Some(*ending),
        _ => None,
    });
    After {
        story: rig.story(),
        ended,
        problems,
    }
}

fn broken(records: &[Record], keys: &[String]) -> Vec<String> {
    let mut found = vec![];
    let different: BTreeSet<&String> = keys.iter().collect();
    if different.len() != keys.len() {
        found.push(format!("INV-K1: {keys:?}"));
    }
    let mut ids: BTreeSet<&RecordId> = BTreeSet::new();
    let mut closed: BTreeMap<&IncidentId, u32> = BTreeMap::new();
    let mut verified = BTreeSet::new();
    for record in records {
        if !ids.insert(&record.id) {
            found.push(format!("INV-K3: {} twice", record.id));
        }
        match &record.body {
            Body::IncidentClosed { .. } => {
                if let Some(incident) = &record.incident {
                    *closed.entry(incident).or_default() += 1;
                }
            }
            Body::Verified { run, .. } => drop(verified.insert(run.clone())),
            Body::StepStarted { run, .. } if verified.contains(run) => {
                found.push(format!("INV-K4: {run} begins a step after its verdict"));
            }
            _ => {}
        }
    }
    let twice = closed.into_iter().filter(|(_, n)| *n > 1);
    found.extend(twice.map(|(i, n)| format!("INV-K2: {i} was closed {n} times")));
    found
}

#[tokio::test]
async fn a_swarm_that_is_killed_at_any_moment_brings_its_incident_to_an_end() {
    let whole = undisturbed().await;
    let mut endings: BTreeMap<String, u32> = BTreeMap::new();
    let (mut problems, mut handed_over) = (vec![], vec![]);
    for cut in 1..whole.len() {
        let first = &whole[..cut];
        let begins = matches!(first[cut - 1].body, Body::StepStarted { .. });
        for last_arrived in if begins {
            vec![false, true]
        } else {
            vec![true]
        } {
            let after = second_life(first, last_arrived).await;
            let kind = serde_json::to_value(&first[cut - 1].body).unwrap()["kind"].clone();
            let place = format!("killed after record {cut} ({kind}, arrived {last_arrived})");
            problems.extend(after.problems.iter().map(|p| format!("{place}: {p}")));
            if after.ended == Some(Ending::Escalated) {
                handed_over.push(format!("{place}:\n{}", after.story));
            }
            let Some(ending) = after.ended.map(|e| format!("{e:?}")) else {
                continue;
            };
            *endings.entry(ending).or_default() += 1;
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    // Handing everything to a person would be easy.
    let fixed = endings.get("Fixed").copied().unwrap_or(0);
    let all: u32 = endings.values().sum();
    assert!(
        fixed * 10 >= all * 8,
        "{endings:?}\n{}",
        handed_over.join("\n\n")
    );
}

#[tokio::test]
async fn a_step_whose_driver_cannot_tell_is_never_done_again() {
    let whole = undisturbed().await;
    let cut = 1 + whole
        .iter()
        .position(|r| matches!(r.body, Body::StepStarted { .. }))
        .unwrap();
    let mut world = left_behind(&whole[..cut], true);
    world.drive = Drive::Forgets;
    let bus = Arc::new(EmbeddedBus::start(10_000));
    let mut rig = Rig::start_on(
        bus,
        Journal::in_memory(),
        SwarmConfig::default(),
        vec![],
        Arc::new(Mutex::new(world)),
        whole[cut - 1].at,
        Some(Resume::from_records(&whole[..cut])),
    )
    .await;
    let calls = rig.calls().len();
    let frozen = |b: &Body| matches!(b, Body::Frozen { .. });
    rig.until(40, "the object is frozen", frozen).await;
    rig.ticks(20).await;
    assert_eq!(rig.calls().len(), calls, "{}", rig.story());
}
