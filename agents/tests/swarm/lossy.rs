//! A bus that loses, repeats and reorders what agents say to each other; telemetry and the clock arrive.
//!
//! | id | what always holds |
//! |---|---|
//! | INV-S1 | a step follows from an award of its plan, written before it |
//! | INV-S2 | no key and no plan is driven twice |
//! | INV-S3 | an incident is opened once and closed at most once |
//! | INV-S4 | every cause was written before what it caused, and every step walks back to a raw message |
//! | INV-S5 | the journal passes its audit |

use crate::rig::{Rig, ancestry};
use async_trait::async_trait;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use zizhi_agents::SwarmConfig;
use zizhi_bus::journal::{State, audit};
use zizhi_bus::{Bus, BusError, BusStats, EmbeddedBus, Journal, Service, Subscription};
use zizhi_types::{Body, IncidentId, MessageId, NetTime, PlanId, Record, RecordId};

struct LossyBus {
    inner: EmbeddedBus,
    state: Mutex<Post>,
}

struct Post {
    dice: ChaCha8Rng,
    sound: bool,
    /// Letters on their way, with the number of publications that overtake each.
    held: Vec<(u32, Letter)>,
}

#[derive(Clone)]
struct Letter {
    source: String,
    subject: String,
    at: NetTime,
    payload: Vec<u8>,
}

impl LossyBus {
    fn new(seed: u64) -> Self {
        let post = Post {
            dice: ChaCha8Rng::seed_from_u64(seed),
            sound: true,
            held: vec![],
        };
        Self {
            inner: EmbeddedBus::start(100_000),
            state: Mutex::new(post),
        }
    }

    fn set_sound(&self, sound: bool) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .sound = sound;
    }

    /// What is sent on now: the letters whose time has come, and as many copies of the new one as the dice say.
    fn sort(&self, letter: Letter) -> Vec<Letter> {
        let mut post = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = vec![];
        for (wait, _) in &mut post.held {
            *wait = wait.saturating_sub(1);
        }
        let (due, held) = std::mem::take(&mut post.held)
            .into_iter()
            .partition(|(wait, _)| *wait == 0);
        post.held = held;
        let telemetry = letter.subject.split('.').nth(3) == Some("obs");
        if telemetry || post.sound {
            out.push(letter);
        } else {
            let copies = match post.dice.random_range(0..100) {
                0..12 => 0,
                12..27 => 2,
                _ => 1,
            };
            for _ in 0..copies {
                match post.dice.random_range(0..100) {
                    0..15 => {
                        let wait = post.dice.random_range(1..12);
                        post.held.push((wait, letter.clone()));
                    }
                    _ => out.push(letter.clone()),
                }
            }
        }
        let due: Vec<(u32, Letter)> = due;
        out.extend(due.into_iter().map(|(_, l)| l));
        out
    }
}

#[async_trait]
impl Bus for LossyBus {
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError> {
        let letter = Letter {
            source: source.to_owned(),
            subject: subject.to_owned(),
            at,
            payload,
        };
        let mut id = MessageId::new("lost", 1);
        for l in self.sort(letter) {
            id = self
                .inner
                .publish(&l.source, &l.subject, l.at, l.payload)
                .await?;
        }
        Ok(id)
    }

    async fn subscribe(&self, name: &str, patterns: &[&str]) -> Subscription {
        self.inner.subscribe(name, patterns).await
    }

    async fn request(
        &self,
        source: &str,
        subject: &str,
        payload: Vec<u8>,
        timeout: std::time::Duration,
    ) -> Result<Vec<u8>, BusError> {
        self.inner.request(source, subject, payload, timeout).await
    }

    async fn serve(&self, subject: &str) -> Result<Service, BusError> {
        self.inner.serve(subject).await
    }

    async fn settle(&self) {
        self.inner.settle().await;
    }

    fn stats(&self) -> BusStats {
        self.inner.stats()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// What is broken in what a swarm wrote and drove.
fn broken(records: &[Record], keys: &[String]) -> Vec<String> {
    let mut found = vec![];
    let mut written: BTreeSet<&RecordId> = BTreeSet::new();
    let mut awarded: BTreeSet<&PlanId> = BTreeSet::new();
    let mut committed: BTreeSet<&PlanId> = BTreeSet::new();
    let mut ends: BTreeMap<&IncidentId, [u32; 2]> = BTreeMap::new();
    for record in records {
        for cause in record.causes.iter().filter(|c| !written.contains(c)) {
            found.push(format!(
                "INV-S4: {} names {cause}, which was not written before it",
                record.id
            ));
        }
        if !written.insert(&record.id) {
            found.push(format!("INV-S4: {} was written twice", record.id));
        }
        match &record.body {
            Body::Awarded { plan, .. } => {
                awarded.insert(plan);
            }
            Body::Committed { plan, .. } if !committed.insert(plan) => {
                found.push(format!("INV-S2: {plan} is run again"));
            }
            Body::StepStarted { plan, .. } => {
                if !awarded.contains(plan) {
                    found.push(format!("INV-S1: {plan} was not awarded"));
                }
                let raw = |r: &&Record| matches!(r.body, Body::Raw { .. });
                if !ancestry(records, record).iter().any(raw) {
                    found.push(format!(
                        "INV-S4: {} does not walk back to a raw message",
                        record.id
                    ));
                }
            }
            Body::IncidentOpened { .. } | Body::IncidentClosed { .. } => {
                let closed = usize::from(matches!(record.body, Body::IncidentClosed { .. }));
                if let Some(incident) = &record.incident {
                    ends.entry(incident).or_default()[closed] += 1;
                }
            }
            _ => {}
        }
    }
    let once = ends
        .into_iter()
        .filter(|(_, [opened, closed])| *opened != 1 || *closed > 1);
    found.extend(
        once.map(|(i, [o, c])| format!("INV-S3: {i} was opened {o} times and closed {c} times")),
    );
    let different: BTreeSet<&String> = keys.iter().collect();
    if different.len() != keys.len() {
        found.push(format!("INV-S2: a key was driven twice: {keys:?}"));
    }
    found
}

/// Gives the number of driver calls and of incidents that were opened.
async fn storm(seed: u64, folder: &std::path::Path) -> (usize, usize) {
    let path = folder.join(format!("{seed}.jsonl"));
    let bus = Arc::new(LossyBus::new(seed));
    let journal = Journal::create(&path).unwrap();
    let mut rig = Rig::start(
        Arc::clone(&bus) as Arc<dyn Bus>,
        journal,
        SwarmConfig::default(),
    )
    .await;
    rig.ticks(2).await;
    bus.set_sound(false);
    for link in ["A-B", "C-E"] {
        rig.cut(link);
        rig.ticks(18).await;
    }
    rig.drain().await;
    let keys: Vec<String> = rig.calls().into_iter().map(|(key, _)| key).collect();
    let mut problems = broken(&rig.records, &keys);
    let found = audit(&path).unwrap();
    if found.damage.is_some() || found.state != Some(State::Sealed) {
        problems.push(format!("INV-S5: {found:?}"));
    }
    assert!(
        problems.is_empty(),
        "seed {seed}: {problems:#?}\n{}",
        rig.story()
    );
    (
        keys.len(),
        rig.count(|b| matches!(b, Body::IncidentOpened { .. })),
    )
}

async fn storms(seeds: std::ops::Range<u64>) {
    let folder = tempfile::tempdir().unwrap();
    let (mut calls, mut opened) = (0, 0);
    for seed in seeds.clone() {
        let (c, o) = storm(seed, folder.path()).await;
        calls += c;
        opened += o;
    }
    // Storms in which nothing happens prove nothing.
    let storms = seeds.count();
    assert!(
        calls >= storms && opened >= storms,
        "{calls} calls, {opened} incidents in {storms} storms"
    );
}

// Two halves, so that they are weathered side by side.

#[tokio::test]
async fn on_a_lossy_bus_nothing_is_done_without_an_award() {
    storms(0..15).await;
}

#[tokio::test]
async fn on_a_lossy_bus_nothing_is_done_twice() {
    storms(15..30).await;
}
