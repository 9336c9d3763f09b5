//! No agent can read the truth: nothing of it is on the bus, and its labels change nothing of what agents do.

#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

use std::path::Path;
use std::sync::{Arc, Mutex};
use zizhi_agents::{Ground, Swarm, SwarmConfig};
use zizhi_bus::{Bus, BusError, BusStats, EmbeddedBus, Journal, Service, Subscription};
use zizhi_evaluation::sandbox::{Sandbox, network};
use zizhi_evaluation::scenario::{START, Scenario, Shape, suite};
use zizhi_playbooks::Catalog;
use zizhi_types::action::Verb;
use zizhi_types::{MessageId, NetTime};

/// A bus that keeps a copy of everything.
struct Tapped {
    bus: EmbeddedBus,
    heard: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Bus for Tapped {
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError> {
        let text = String::from_utf8_lossy(&payload).into_owned();
        self.heard
            .lock()
            .unwrap()
            .push(format!("{source} {subject} {text}"));
        self.bus.publish(source, subject, at, payload).await
    }

    async fn subscribe(&self, name: &str, patterns: &[&str]) -> Subscription {
        self.bus.subscribe(name, patterns).await
    }

    async fn request(
        &self,
        source: &str,
        subject: &str,
        payload: Vec<u8>,
        timeout: std::time::Duration,
    ) -> Result<Vec<u8>, BusError> {
        self.bus.request(source, subject, payload, timeout).await
    }

    async fn serve(&self, subject: &str) -> Result<Service, BusError> {
        self.bus.serve(subject).await
    }

    async fn settle(&self) {
        self.bus.settle().await;
    }

    fn stats(&self) -> BusStats {
        self.bus.stats()
    }

    async fn close(&self) {
        self.bus.close().await;
    }
}

/// Plays a scenario with the swarm for some minutes; what was on the bus, and the journal.
async fn play(scenario: &Scenario, journal: &Path) -> (Vec<String>, Vec<u8>) {
    let network = network::load(&scenario.network).unwrap();
    let sandbox = Sandbox::new(&network, scenario.seed, START);
    let tapped = Arc::new(Tapped {
        bus: EmbeddedBus::start(4096),
        heard: Mutex::default(),
    });
    let bus: Arc<dyn Bus> = tapped.clone();
    let ground = Ground {
        bus: Arc::clone(&bus),
        journal: Arc::new(Journal::create(journal).unwrap()),
        driver: sandbox.driver(),
        catalog: Arc::new(Catalog::builtin().unwrap()),
        network: network.name.clone(),
        seed: Some(scenario.seed),
        memory: vec![],
        now: START,
        share: None,
        resume: None,
    };
    let swarm = Swarm::start(ground, SwarmConfig::default()).await.unwrap();
    sandbox.announce(&*bus).await.unwrap();
    for _ in 0..scenario.warm_up_s / 10 {
        sandbox.step(&*bus).await.unwrap();
    }
    for lie in &scenario.lies {
        sandbox.lie(lie).unwrap();
    }
    for fault in &scenario.faults {
        sandbox.inject_as(fault).unwrap();
    }
    for _ in 0..30 {
        sandbox.step(&*bus).await.unwrap();
    }
    swarm.drain(sandbox.now(), "over").await.unwrap();
    let heard = tapped.heard.lock().unwrap().clone();
    (heard, std::fs::read(journal).unwrap())
}

fn lying() -> Scenario {
    let all = suite("core").unwrap();
    all.into_iter()
        .find(|s| s.network == "abilene" && s.shape == Shape::LyingTelemetry)
        .unwrap()
}

#[tokio::test]
async fn nothing_of_the_truth_is_on_the_bus_and_its_labels_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = lying();
    let (heard, journal) = play(&scenario, &folder.path().join("a.journal")).await;
    assert!(heard.len() > 1000, "{} messages", heard.len());
    let secrets = [
        "fault-1",
        "double-1",
        "ground_truth",
        "zizhi.scenario",
        "lying-telemetry",
        "\"lie\"",
        scenario.name.as_str(),
        scenario.title.en.as_str(),
        scenario.title.zh.as_str(),
    ];
    for secret in secrets {
        let told = heard.iter().find(|m| m.contains(secret));
        assert!(told.is_none(), "`{secret}` is in {}", told.unwrap());
    }
    let mut relabelled = scenario.clone();
    "something-else".clone_into(&mut relabelled.name);
    "Something else".clone_into(&mut relabelled.title.en);
    "别的".clone_into(&mut relabelled.title.zh);
    relabelled.description = relabelled.title.clone();
    relabelled.faults[0].cures = vec![Verb::CellRestart];
    let (_, again) = play(&relabelled, &folder.path().join("b.journal")).await;
    assert!(journal == again, "labels of the truth changed the journal");
}
