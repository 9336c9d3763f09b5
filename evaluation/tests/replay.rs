//! A recorded run, lived through again without its network: the swarm decides the same, to the byte.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zizhi_agents::{Ground, Swarm, SwarmConfig};
use zizhi_bus::recording::{Item, Reader, Recorder, SIZE_LIMIT, Tap, Written};
use zizhi_bus::{Bus, EmbeddedBus, Journal, journal};
use zizhi_evaluation::campaign::{Campaign, CampaignConfig};
use zizhi_evaluation::replay::{
    self, Decision, Played, RecordingDriver, Setting, cut, decisions, differences,
};
use zizhi_evaluation::sandbox::{Sandbox, network};
use zizhi_playbooks::{Catalog, Driver};
use zizhi_types::plan::Mode;
use zizhi_types::wire::Approval;
use zizhi_types::{Body, NetTime, Plan};

const START: NetTime = NetTime::from_secs(8 * 3600);
const CAPACITY: usize = 4096;

/// A run of three faults that is recorded: its journal and its recording.
async fn recorded(folder: &Path, seed: u64, mode: Mode) -> (PathBuf, PathBuf, Written) {
    let [written, recording] = ["run.jsonl", "run.zrec"].map(|n| folder.join(n));
    let network = network::load("abilene").unwrap();
    let sandbox = Sandbox::new(&network, seed, START);
    let setting = Setting {
        config: SwarmConfig {
            mode,
            ..SwarmConfig::default()
        },
        memory: vec![],
        bus_capacity: CAPACITY,
    };
    let driver: Arc<dyn Driver> = sandbox.driver();
    let header = replay::header("abilene", Some(seed), START, &*driver, &setting).unwrap();
    let recorder = Arc::new(Recorder::create(&recording, header, SIZE_LIMIT).unwrap());
    let bus: Arc<dyn Bus> = Arc::new(EmbeddedBus::start(CAPACITY));
    let journal = Arc::new(Journal::create(&written).unwrap());
    let ground = Ground {
        bus: Arc::clone(&bus),
        journal: Arc::clone(&journal),
        driver: Arc::new(RecordingDriver::new(driver, Arc::clone(&recorder))),
        catalog: Arc::new(Catalog::builtin().unwrap()),
        network: "abilene".to_owned(),
        seed: Some(seed),
        memory: vec![],
        now: START,
        share: None,
        resume: None,
    };
    let swarm = Swarm::start(ground, setting.config).await.unwrap();
    let tap: Arc<dyn Bus> = Arc::new(Tap::new(bus, Arc::clone(&recorder)));
    let config = CampaignConfig {
        faults: 3,
        seed,
        warm_up_ms: 300_000,
        ..CampaignConfig::default()
    };
    let mut campaign = Campaign::new(sandbox, tap, journal, config)
        .with_approver(Box::new(|plan| Some(approve(plan))));
    campaign
        .run(&mut |_| ControlFlow::Continue(()))
        .await
        .unwrap();
    let (at, reason) = (campaign.now(), "the campaign is over".to_owned());
    swarm.drain(at, &reason).await.unwrap();
    recorder.add(Item::End { at, reason });
    let size = recorder.finish().unwrap();
    (written, recording, size)
}

/// Grants every second plan.
fn approve(plan: &Plan) -> Approval {
    Approval {
        fingerprint: plan.fingerprint.clone(),
        revision: None,
        granted: plan.id.number % 2 == 1,
        by: "night shift".to_owned(),
        reason: "by number".to_owned(),
        considered_ms: Some(1000),
    }
}

async fn replayed(recording: &Path, to: &Path) -> Played {
    let reader = Reader::open(recording).unwrap();
    let journal = Journal::create(to).unwrap();
    let catalog = Catalog::builtin().unwrap();
    replay::play(reader, catalog, journal, &mut |_| ControlFlow::Continue(()))
        .await
        .unwrap()
}

fn decided(journal: &Path) -> Vec<Decision> {
    let entries = journal::read(journal).unwrap();
    decisions(entries.iter().map(|e| &e.record))
}

#[tokio::test]
async fn a_replay_decides_the_same_and_writes_the_same_journal_whatever_the_seed() {
    for (seed, mode) in [
        (1, Mode::Auto),
        (2, Mode::Auto),
        (3, Mode::Approve),
        (4, Mode::Suggest),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (first, recording, size) = recorded(folder.path(), seed, mode).await;
        let again = folder.path().join("again.jsonl");
        let played = replayed(&recording, &again).await;
        let decisions = decided(&first);
        assert!(decisions.len() >= 2, "seed {seed}: {decisions:?}");
        if mode == Mode::Auto {
            assert!(
                decisions.iter().any(|d| !d.plans.is_empty()),
                "{decisions:?}"
            );
        }
        assert_eq!(
            differences(&decisions, &played.decisions),
            [],
            "seed {seed}"
        );
        assert_eq!(played.strangers, Vec::<String>::new());
        let [first, again] = [first, again].map(|p| std::fs::read(p).unwrap());
        assert!(first == again, "seed {seed}: the journals differ");
        println!(
            "seed {seed}: {} incidents, {} messages, journal {} B, recording {} B",
            decisions.len(),
            played.messages,
            first.len(),
            size.bytes
        );
    }
}

#[tokio::test]
async fn a_recording_cut_after_an_incident_reaches_its_decision() {
    let folder = tempfile::tempdir().unwrap();
    let (first, recording, _) = recorded(folder.path(), 5, Mode::Auto).await;
    let entries = journal::read(&first).unwrap();
    let mut checked = 0;
    for decision in decided(&first) {
        let own = entries
            .iter()
            .filter(|e| e.record.incident.as_ref() == Some(&decision.incident));
        let closed = own.filter(|e| matches!(e.record.body, Body::IncidentClosed { .. }));
        let Some(closed) = closed.map(|e| e.record.at).next_back() else {
            continue;
        };
        let part = folder.path().join(format!("{}.zrec", decision.incident));
        let reader = Reader::open(&recording).unwrap();
        cut(reader, &part, &decision.incident, closed).unwrap();
        let again = folder.path().join(format!("{}.jsonl", decision.incident));
        let played = replayed(&part, &again).await;
        let same = played
            .decisions
            .iter()
            .find(|d| d.incident == decision.incident);
        assert_eq!(same, Some(&decision));
        checked += 1;
    }
    assert!(checked >= 2, "{checked}");
    let late = cut(
        Reader::open(&recording).unwrap(),
        &folder.path().join("late.zrec"),
        &"inc-transport-1".parse().unwrap(),
        NetTime(u64::MAX),
    );
    assert!(late.unwrap_err().to_string().contains("before incident"));
}

#[tokio::test]
async fn what_was_never_answered_is_refused_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let (_, recording, _) = recorded(folder.path(), 1, Mode::Auto).await;
    let silent = folder.path().join("silent.zrec");
    let mut reader = Reader::open(&recording).unwrap();
    let recorder = Recorder::create(&silent, reader.header().clone(), SIZE_LIMIT).unwrap();
    while let Some(item) = reader.next_item().unwrap() {
        if !matches!(item, Item::Answer { .. }) {
            recorder.add(item);
        }
    }
    recorder.finish().unwrap();
    let played = replayed(&silent, &folder.path().join("silent.jsonl")).await;
    assert!(!played.strangers.is_empty());
}
