//! A swarm on a network of a hand's size: five routers, two sites, a driver that notes every call.
//!
//! The network is as simple as can be: links are up or down and have a cost. Everything else is always well. Telemetry
//! is published by hand, one batch a source and then the clock, so that a test decides what is seen and when.

use crate::testing::{at, network, object};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use zizhi_agents::{Ground, Resume, Swarm, SwarmConfig};
use zizhi_bus::{Bus, BusError, Journal};
use zizhi_knowledge::Case;
use zizhi_playbooks::{Catalog, Driver, DriverError, Recall};
use zizhi_types::action::{Action, Receipt, Value, Verb};
use zizhi_types::topology::Network;
use zizhi_types::wire::{self, Clock, Inventory, Sample, TelemetryBatch};
use zizhi_types::{Body, Domain, ManagedObject, Metric, NetTime, Record, RecordId};

/// One interval of every source, in milliseconds.
pub const TICK_MS: u64 = 10_000;

/// What the driver does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// What it is asked.
    Works,
    /// It says so, but nothing changes.
    Nothing,
    /// It works, and remembers no key.
    Forgets,
    /// It is torn down in the middle: the role that called it dies.
    Panics,
}

/// The network's state and what was done to it.
pub struct World {
    pub network: Network,
    pub down: BTreeSet<String>,
    pub costs: BTreeMap<String, f64>,
    pub drive: Drive,
    /// Every call of the driver: key and action.
    pub calls: Vec<(String, Action)>,
    answers: BTreeMap<String, Receipt>,
    /// Keys that were looked up before they came.
    closed: BTreeSet<String>,
}

struct FakeDriver(Arc<Mutex<World>>);

#[async_trait]
impl Driver for FakeDriver {
    fn supports(&self, _: Verb) -> bool {
        true
    }

    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        let mut world = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        world.apply(key, action)
    }

    async fn recall(&self, key: &str) -> Recall {
        let mut world = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if world.drive == Drive::Forgets {
            return Recall::Unknown;
        }
        if let Some(receipt) = world.answers.get(key) {
            return Recall::Answered(Ok(receipt.clone()));
        }
        world.closed.insert(key.to_owned());
        Recall::NeverCame
    }
}

impl World {
    /// All is well.
    pub fn new(network: Network) -> Self {
        Self {
            network,
            down: BTreeSet::new(),
            costs: BTreeMap::new(),
            drive: Drive::Works,
            calls: vec![],
            answers: BTreeMap::new(),
            closed: BTreeSet::new(),
        }
    }

    /// Makes a change as the driver would.
    pub fn drive(&mut self, key: &str, action: &Action) {
        self.apply(key, action).unwrap();
    }

    fn apply(&mut self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        self.calls.push((key.to_owned(), action.clone()));
        assert!(
            !self.closed.contains(key),
            "{key} comes after it was looked up"
        );
        if let Some(first) = self.answers.get(key) {
            return Ok(first.clone());
        }
        let receipt = match self.drive {
            Drive::Panics => panic!("the driver is torn down during {action}"),
            Drive::Nothing => Receipt {
                before: "as it was".to_owned(),
                after: "as it was".to_owned(),
                undo: None,
            },
            Drive::Works | Drive::Forgets => self.change(action)?,
        };
        self.answers.insert(key.to_owned(), receipt.clone());
        Ok(receipt)
    }

    fn change(&mut self, action: &Action) -> Result<Receipt, DriverError> {
        let link = action.object.name().to_owned();
        match (action.verb, action.number("cost")) {
            (Verb::LinkReset, _) => {
                let was = self.down.remove(&link);
                Ok(Receipt {
                    before: if was { "down" } else { "up" }.to_owned(),
                    after: "up".to_owned(),
                    undo: None,
                })
            }
            (Verb::LinkSetCost, Some(cost)) => {
                let old = self.costs.insert(link, cost).unwrap_or(10.0);
                let back = Action::new(Verb::LinkSetCost, action.object.clone());
                Ok(Receipt {
                    before: format!("cost {old}"),
                    after: format!("cost {cost}"),
                    undo: Some(back.with("cost", Value::Number(old))),
                })
            }
            _ => Err(DriverError::Refused(format!(
                "{action} is not in this story"
            ))),
        }
    }

    fn batches(&self, at: NetTime) -> Vec<TelemetryBatch> {
        let n = &self.network;
        let mut out = vec![];
        let mut add = |source: String, samples: Vec<(String, Metric, f64)>| {
            let sample = |(o, metric, value): (String, Metric, f64)| Sample {
                object: object(&o),
                metric,
                value,
            };
            let samples = samples.into_iter().map(sample).collect();
            out.push(TelemetryBatch {
                source: object(&source),
                at,
                samples,
            });
        };
        for r in &n.routers {
            add(format!("router/{}", r.id), self.router(&r.id));
        }
        for s in &n.sites {
            let mut samples = vec![(format!("site/{}", s.id), Metric::SiteUtilization, 0.3)];
            for i in n.instances.iter().filter(|i| i.site == s.id) {
                samples.extend(steady(
                    &format!("instance/{}", i.id),
                    &[
                        (Metric::InstanceUp, 1.0),
                        (Metric::InstanceUtilization, 0.3),
                        (Metric::InstanceService, 20.0),
                        (Metric::InstanceRate, 20.0),
                        (Metric::InstanceRejected, 0.0),
                    ],
                ));
            }
            add(format!("site/{}", s.id), samples);
        }
        let mut samples = steady(
            "gateway/gw",
            &[(Metric::GatewayUp, 1.0), (Metric::GatewayPolicyAge, 10.0)],
        );
        for g in &n.groups {
            samples.extend(steady(
                &format!("group/{}", g.id),
                &[
                    (Metric::GroupRate, 30.0),
                    (Metric::GroupSuccess, 1.0),
                    (Metric::GroupLatency, 40.0),
                ],
            ));
        }
        add("gateway/gw".to_owned(), samples);
        for c in &n.cells {
            let cell = format!("cell/{}", c.id);
            add(
                cell.clone(),
                steady(
                    &cell,
                    &[
                        (Metric::CellUp, 1.0),
                        (Metric::CellUtilization, 0.3),
                        (Metric::CellUsers, 10.0),
                        (Metric::CellFailure, 0.0),
                    ],
                ),
            );
        }
        out
    }

    fn router(&self, router: &str) -> Vec<(String, Metric, f64)> {
        let mut samples = steady(&format!("router/{router}"), &[(Metric::RouterUp, 1.0)]);
        let ends = |l: &&zizhi_types::topology::Link| l.a == router || l.b == router;
        for link in self.network.links.iter().filter(ends) {
            let up = f64::from(u8::from(!self.down.contains(&link.id)));
            let cost = self.costs.get(&link.id).copied().unwrap_or(10.0);
            samples.extend(steady(
                &format!("port/{router}:{}", link.id),
                &[
                    (Metric::PortOperUp, up),
                    (Metric::PortAdjacencyUp, up),
                    (Metric::PortCost, cost),
                    (Metric::PortRate, 1000.0),
                    (Metric::PortOut, 100.0 * up),
                    (Metric::PortUtilization, 0.1 * up),
                    (Metric::PortDiscard, 0.0),
                    (Metric::PortError, 0.0),
                ],
            ));
        }
        samples
    }
}

fn steady(object: &str, values: &[(Metric, f64)]) -> Vec<(String, Metric, f64)> {
    values
        .iter()
        .map(|(m, v)| (object.to_owned(), *m, *v))
        .collect()
}

/// A running swarm, its network and what it wrote.
pub struct Rig {
    pub bus: Arc<dyn Bus>,
    pub world: Arc<Mutex<World>>,
    pub records: Vec<Record>,
    pub now: NetTime,
    journal: Arc<Journal>,
    swarm: Option<Swarm>,
}

impl Rig {
    /// Starts a swarm without experience and tells it the inventory.
    pub async fn start(bus: Arc<dyn Bus>, journal: Journal, config: SwarmConfig) -> Self {
        Self::start_with(bus, journal, config, vec![]).await
    }

    /// Starts a swarm with what other runs taught it.
    pub async fn start_with(
        bus: Arc<dyn Bus>,
        journal: Journal,
        config: SwarmConfig,
        memory: Vec<Case>,
    ) -> Self {
        let world = Arc::new(Mutex::new(World::new(network())));
        Self::start_on(bus, journal, config, memory, world, at(100), None).await
    }

    /// Starts a swarm on a network that is there already, with what the journal of a killed one tells.
    pub async fn start_on(
        bus: Arc<dyn Bus>,
        journal: Journal,
        config: SwarmConfig,
        memory: Vec<Case>,
        world: Arc<Mutex<World>>,
        now: NetTime,
        resume: Option<Resume>,
    ) -> Self {
        journal.watch();
        let journal = Arc::new(journal);
        let ground = Ground {
            bus: Arc::clone(&bus),
            journal: Arc::clone(&journal),
            driver: Arc::new(FakeDriver(Arc::clone(&world))),
            catalog: Arc::new(Catalog::builtin().unwrap()),
            network: "small".to_owned(),
            seed: None,
            memory,
            now,
            share: None,
            resume,
        };
        let swarm = Swarm::start(ground, config).await.unwrap();
        let rig = Self {
            bus,
            world,
            records: vec![],
            now,
            journal,
            swarm: Some(swarm),
        };
        for domain in Domain::ALL {
            let part = network().part(domain);
            rig.publish(
                &wire::subject(domain, "obs", "inventory"),
                &Inventory { domain, part },
            )
            .await
            .unwrap();
        }
        rig.bus.settle().await;
        rig
    }

    /// Publishes a message as it is meant to be.
    pub async fn publish<T: serde::Serialize>(
        &self,
        subject: &str,
        content: &T,
    ) -> Result<(), BusError> {
        self.send(subject, serde_json::to_vec(content).unwrap())
            .await
    }

    /// Publishes any bytes.
    pub async fn send(&self, subject: &str, payload: Vec<u8>) -> Result<(), BusError> {
        self.bus
            .publish("net", subject, self.now, payload)
            .await
            .map(|_| ())
    }

    /// One interval of network time: everybody sends, the clock moves, the swarm works until it is quiet.
    pub async fn tick(&mut self) {
        self.now = self.now + TICK_MS;
        let batches = self
            .world
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .batches(self.now);
        for batch in batches {
            let subject = wire::subject(batch.source.domain(), "obs", "telemetry");
            self.publish(&subject, &batch).await.unwrap();
        }
        self.publish(wire::CLOCK, &Clock { now: self.now })
            .await
            .unwrap();
        self.bus.settle().await;
        self.records.extend(self.journal.take_new());
    }

    /// So many intervals.
    pub async fn ticks(&mut self, count: usize) {
        for _ in 0..count {
            self.tick().await;
        }
    }

    /// Intervals until something was written that fits; a story that does not come so far fails.
    pub async fn until(&mut self, most: usize, what: &str, fits: impl Fn(&Body) -> bool) -> Record {
        let from = self.records.len();
        for _ in 0..most {
            self.tick().await;
            if let Some(record) = self.records[from..].iter().find(|r| fits(&r.body)) {
                return record.clone();
            }
        }
        panic!("not within {most} intervals: {what}\n{}", self.story());
    }

    /// What was written, one line a record, without the telemetry.
    pub fn story(&self) -> String {
        let line = |r: &Record| {
            let mut text = format!("{} {} {} {:?}", r.at, r.id, r.stage, r.body);
            text.truncate(text.char_indices().nth(220).map_or(text.len(), |(i, _)| i));
            text
        };
        let told = self
            .records
            .iter()
            .filter(|r| !matches!(r.body, Body::Raw { .. }));
        told.map(line).collect::<Vec<_>>().join("\n")
    }

    /// Takes a link down, as a digger would.
    pub fn cut(&self, link: &str) {
        self.change(|w| {
            w.down.insert(link.to_owned());
        });
    }

    /// Changes the network behind the swarm's back.
    pub fn change(&self, by: impl FnOnce(&mut World)) {
        by(&mut self
            .world
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// The calls of the driver so far.
    pub fn calls(&self) -> Vec<(String, Action)> {
        self.world
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .calls
            .clone()
    }

    /// What every domain's learner holds.
    pub async fn cases(&self) -> Vec<Vec<Case>> {
        self.swarm.as_ref().unwrap().cases().await
    }

    /// Drains the swarm and gives everything that it wrote.
    pub async fn drain(&mut self) {
        if let Some(swarm) = self.swarm.take() {
            swarm.drain(self.now, "the story is over").await.unwrap();
        }
        self.records.extend(self.journal.take_new());
    }

    /// How often something was written.
    pub fn count(&self, fits: impl Fn(&Body) -> bool) -> usize {
        self.records.iter().filter(|r| fits(&r.body)).count()
    }
}

/// Every record that `start` follows from, itself included; a cause that was never written fails.
pub fn ancestry<'r>(records: &'r [Record], start: &'r Record) -> Vec<&'r Record> {
    let by_id: BTreeMap<&RecordId, &Record> = records.iter().map(|r| (&r.id, r)).collect();
    let mut seen: BTreeSet<&RecordId> = BTreeSet::new();
    let mut todo = vec![&start.id];
    let mut found = vec![];
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        let record = by_id
            .get(id)
            .unwrap_or_else(|| panic!("{id} is named as a cause and was never written"));
        todo.extend(&record.causes);
        found.push(*record);
    }
    found
}

/// A link's two ports, for checking what a plan is about.
pub fn is_link(object: Option<&ManagedObject>, name: &str) -> bool {
    object.is_some_and(|o| o.to_string() == format!("link/{name}"))
}
