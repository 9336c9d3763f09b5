//! The swarm is killed at random moments of incidents of a simulated network, and started again.
//!
//! A kill is a number of records: those were durable, what came after never happened. The network, which goes on, was reached
//! by every step whose beginning was durable, or by all but the last of them: the seed tells. Each seed is a network, a fault,
//! and up to three kills.
//!
//! | id | what always holds |
//! |---|---|
//! | INV-E1 | no step of a plan reaches the network twice, under whatever key |
//! | INV-E2 | what reaches the network was durable before as begun |
//! | INV-E3 | an incident that was opened is closed, once over all lives |
//! | INV-E4 | no record id is given twice |
//! | INV-E5 | a run that changed something ends: verified, taken back, or its object frozen or handed to a person |
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is told by the environment how long to go on"
)]

use async_trait::async_trait;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use zizhi_agents::{Ground, Resume, Swarm, SwarmConfig};
use zizhi_bus::{Bus, EmbeddedBus, Journal};
use zizhi_evaluation::sandbox::{Sandbox, SandboxDriver, network};
use zizhi_playbooks::{Catalog, Driver, DriverError, Recall};
use zizhi_types::action::{Action, Receipt, Verb};
use zizhi_types::record::{Ending, Verdict};
use zizhi_types::{Body, FaultKind, IncidentId, NetTime, Network, Record, RunId};

/// Seeds by default: our choice, some two minutes. More: `ZIZHI_SEEDS=1000 cargo test --release -p zizhi-evaluation --test killed`.
const SEEDS: u64 = 40;

const START: NetTime = NetTime::from_secs(8 * 3600);
/// Telemetry intervals before the fault: the detectors have to see what is usual.
const WARM_UP: usize = 33;
/// Intervals that a swarm gets for one fault, and then, once it is repaired, to come to rest.
const PATIENCE: usize = 50;
/// A kill comes within so many records after the fault, or after the kill before.
const RECORDS: u64 = 60;

/// The way to the network, until the process is dead.
struct Fuse {
    network: Arc<SandboxDriver>,
    journal: Arc<Journal>,
    /// Records that become durable before the kill; the highest number means that none comes.
    dies_after: AtomicU64,
    /// Whether a step that is begun by the last of them reaches the network.
    last_arrives: bool,
    /// What reached the network: key and action.
    reached: Arc<Mutex<Vec<(String, Action)>>>,
}

impl Fuse {
    /// Whether the process that asks now is alive, or died asking.
    fn lets_through(&self) -> bool {
        let written = self.journal.stats().records;
        let last = self.dies_after.load(Ordering::Relaxed);
        written < last || (written == last && self.last_arrives)
    }
}

#[async_trait]
impl Driver for Fuse {
    fn supports(&self, verb: Verb) -> bool {
        self.network.supports(verb)
    }

    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        if !self.lets_through() {
            return Err(DriverError::Unknown("its process is dead".to_owned()));
        }
        let reached = (key.to_owned(), action.clone());
        self.reached.lock().unwrap().push(reached);
        self.network.apply(key, action).await
    }

    async fn recall(&self, key: &str) -> Recall {
        self.network.recall(key).await
    }
}

/// What a life is started with, and what it leaves behind.
struct World {
    network: Network,
    sandbox: Sandbox,
    catalog: Arc<Catalog>,
    /// All that was durable, over all lives.
    records: Vec<Record>,
    reached: Arc<Mutex<Vec<(String, Action)>>>,
}

/// One process with its swarm.
struct Life {
    bus: Arc<dyn Bus>,
    journal: Arc<Journal>,
    fuse: Arc<Fuse>,
    swarm: Swarm,
    /// Records of earlier lives.
    before: u64,
}

impl Life {
    async fn begin(world: &World, last_arrives: bool) -> Self {
        let bus: Arc<dyn Bus> = Arc::new(EmbeddedBus::start(65_536));
        let journal = Arc::new(Journal::in_memory());
        journal.watch();
        let fuse = Arc::new(Fuse {
            network: world.sandbox.driver(),
            journal: Arc::clone(&journal),
            dies_after: AtomicU64::new(u64::MAX),
            last_arrives,
            reached: Arc::clone(&world.reached),
        });
        let resume = !world.records.is_empty();
        let ground = Ground {
            bus: Arc::clone(&bus),
            journal: Arc::clone(&journal),
            driver: fuse.clone(),
            catalog: Arc::clone(&world.catalog),
            network: world.network.name.clone(),
            seed: None,
            memory: vec![],
            now: world.sandbox.now(),
            share: None,
            resume: resume.then(|| Resume::from_records(&world.records)),
        };
        let swarm = Swarm::start(ground, SwarmConfig::default()).await.unwrap();
        world.sandbox.announce(&*bus).await.unwrap();
        Self {
            bus,
            journal,
            fuse,
            swarm,
            before: world.records.len() as u64,
        }
    }

    /// One interval; false once the process is dead.
    async fn step(&self, world: &mut World) -> bool {
        world.sandbox.step(&*self.bus).await.unwrap();
        self.bus.settle().await;
        let lives_for = self.fuse.dies_after.load(Ordering::Relaxed);
        for record in self.journal.take_new() {
            let written = world.records.len() as u64 - self.before;
            if written < lives_for {
                world.records.push(record);
            }
        }
        world.records.len() as u64 - self.before < lives_for
    }

    fn dies_within(&self, records: u64) {
        let written = self.journal.stats().records;
        self.fuse
            .dies_after
            .store(written + records, Ordering::Relaxed);
    }
}

fn open(records: &[Record]) -> BTreeSet<IncidentId> {
    let mut open = BTreeSet::new();
    for record in records {
        match (&record.body, &record.incident) {
            (Body::IncidentOpened { .. }, Some(incident)) => drop(open.insert(incident.clone())),
            (Body::IncidentClosed { .. }, Some(incident)) => drop(open.remove(incident)),
            _ => {}
        }
    }
    open
}

/// What one seed came to.
#[derive(Default)]
struct Told {
    kills: u64,
    incidents: u64,
    steps: u64,
    endings: BTreeMap<String, u64>,
    problems: Vec<String>,
}

impl Told {
    fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.incidents += other.incidents;
        self.steps += other.steps;
        self.problems.extend(other.problems);
        for (ending, times) in other.endings {
            *self.endings.entry(ending).or_default() += times;
        }
    }
}

/// Plays a seed: one life after the other, each on a runtime of its own that dies with it.
fn play(seed: u64, network: &Network, catalog: &Arc<Catalog>) -> Told {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World {
        network: network.clone(),
        sandbox: Sandbox::new(network, seed, START),
        catalog: Arc::clone(catalog),
        records: vec![],
        reached: Arc::default(),
    };
    let kills = dice.random_range(1..=3);
    let mut fault = None;
    let mut struck = 0;
    for life in 0..=kills {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let is_last = life == kills;
        let within = (!is_last).then(|| dice.random_range(1..=RECORDS));
        let last_arrives = dice.random();
        let died = runtime.block_on(async {
            let life = Life::begin(&world, last_arrives).await;
            if fault.is_none() {
                for _ in 0..WARM_UP {
                    life.step(&mut world).await;
                }
                fault = strike(&world.sandbox, &mut dice);
            }
            if let Some(records) = within {
                life.dies_within(records);
            }
            let died = live(&life, &mut world, fault.as_deref(), is_last).await;
            if is_last {
                life.swarm
                    .drain(world.sandbox.now(), "the end")
                    .await
                    .unwrap();
            }
            died
        });
        struck += u64::from(died);
    }
    judge(seed, struck, &world)
}

/// A fault that this network can have.
fn strike(sandbox: &Sandbox, dice: &mut ChaCha8Rng) -> Option<String> {
    (0..20).find_map(|_| {
        let kind = FaultKind::ALL.choose(dice)?;
        Some(sandbox.inject(*kind).ok()?.id)
    })
}

/// Lives until it is killed; the last one until all has come to rest.
async fn live(life: &Life, world: &mut World, fault: Option<&str>, is_last: bool) -> bool {
    for _ in 0..PATIENCE {
        if !life.step(world).await {
            return true;
        }
    }
    if is_last {
        fault.map(|f| world.sandbox.repair(f));
        for _ in 0..PATIENCE {
            life.step(world).await;
        }
    }
    false
}

fn judge(seed: u64, kills: u64, world: &World) -> Told {
    let records = &world.records;
    let mut told = Told {
        kills,
        ..Told::default()
    };
    let mut keys: BTreeMap<&str, (String, String)> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut closed: BTreeMap<&IncidentId, u32> = BTreeMap::new();
    let mut say = |what: String| told.problems.push(format!("seed {seed}: {what}"));
    for record in records {
        if !ids.insert(&record.id) {
            say(format!("INV-E4: {} stands twice", record.id));
        }
        match &record.body {
            Body::StepStarted {
                key, plan, step, ..
            } => {
                told.steps += 1;
                if keys.insert(key, (plan.to_string(), step.clone())).is_some() {
                    say(format!("INV-E1: {key} is begun twice"));
                }
            }
            Body::IncidentOpened { .. } => told.incidents += 1,
            Body::IncidentClosed { ending } => {
                *told.endings.entry(format!("{ending:?}")).or_default() += 1;
                let incident = record.incident.as_ref();
                *incident.map_or(&mut 0, |i| closed.entry(i).or_default()) += 1;
            }
            _ => {}
        }
    }
    for (incident, times) in closed.iter().filter(|(_, n)| **n > 1) {
        say(format!("INV-E3: {incident} was closed {times} times"));
    }
    for incident in open(records) {
        say(format!("INV-E3: {incident} was never closed"));
    }
    let mut done = BTreeSet::new();
    for (key, action) in world.reached.lock().unwrap().iter() {
        match keys.get(key.as_str()) {
            Some(step) if !done.insert(step.clone()) => {
                say(format!("INV-E1: {step:?} reached the network twice"));
            }
            None if !is_undo(records, key, action) => {
                say(format!("INV-E2: {key} was not durable"));
            }
            _ => {}
        }
    }
    for run in unfinished(records) {
        say(format!("INV-E5: {run} changed something and never ended"));
    }
    told
}

/// Whether a change is the taking back of a step that was written down before.
fn is_undo(records: &[Record], key: &str, action: &Action) -> bool {
    let told = |r: &Record| match &r.body {
        Body::UndoStarted {
            run,
            step,
            action: undo,
            ..
        } => undo == action && key.contains(&run.to_string()) && key.contains(step.as_str()),
        _ => false,
    };
    records.iter().any(told)
}

/// Runs that changed something and have neither verdict nor undo nor a person.
fn unfinished(records: &[Record]) -> BTreeSet<RunId> {
    let mut unfinished: BTreeMap<RunId, Option<&IncidentId>> = BTreeMap::new();
    for record in records {
        match &record.body {
            Body::StepDone { run, .. } => {
                unfinished.insert(run.clone(), record.incident.as_ref());
            }
            Body::Verified { run, verdict, .. } if *verdict == Verdict::Pass => {
                unfinished.remove(run);
            }
            Body::UndoDone { run, .. } | Body::UndoFailed { run, .. } => {
                unfinished.remove(run);
            }
            // A person has it, or an action without undo had nothing to take back.
            Body::IncidentClosed { ending } if *ending != Ending::Merged => {
                unfinished.retain(|_, i| *i != record.incident.as_ref());
            }
            _ => {}
        }
    }
    unfinished.into_keys().collect()
}

fn seeds() -> u64 {
    let set = std::env::var("ZIZHI_SEEDS").ok();
    set.and_then(|s| s.parse().ok()).unwrap_or(SEEDS)
}

#[test]
fn a_swarm_that_is_killed_at_random_loses_nothing_and_does_nothing_twice() {
    let networks = ["village", "abilene"].map(|n| network::load(n).unwrap());
    let catalog = Arc::new(Catalog::builtin().unwrap());
    let next = AtomicU64::new(0);
    let work = || {
        let mut told = Told::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds() {
                return told;
            }
            let network = &networks[usize::from(seed % 4 == 3)];
            told.add(play(seed, network, &catalog));
        }
    };
    let mut all = Told::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            all.add(worker.join().unwrap());
        }
    });
    eprintln!(
        "{} seeds, {} kills, {} incidents, {} steps, endings {:?}",
        seeds(),
        all.kills,
        all.incidents,
        all.steps,
        all.endings
    );
    assert!(
        all.problems.is_empty(),
        "{} problems\n{}",
        all.problems.len(),
        all.problems[..all.problems.len().min(30)].join("\n")
    );
    // A storm that hits nothing, or a swarm that hands everything over, would be easy.
    assert!(all.kills * 2 > seeds(), "{} kills", all.kills);
    assert!(all.steps * 3 > seeds(), "{} steps", all.steps);
}
