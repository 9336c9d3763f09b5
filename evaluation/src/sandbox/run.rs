//! The sandbox as others hold it: a world behind a lock, its driver, and its voice on the bus.

use super::doubles::GroundTruthDouble;
use super::driver::{SandboxDriver, lock};
use super::faults::{GroundTruth, NoTarget};
use super::scene::{FaultSpec, LieSpec, SceneError};
use super::world::{Notice, World};
use serde::Serialize;
use std::sync::{Arc, Mutex};
use zizhi_bus::batch::telemetry;
use zizhi_bus::{Bus, BusError};
use zizhi_types::topology::Network;
use zizhi_types::wire::{self, Clock, Inventory, TelemetryBatch};
use zizhi_types::{Domain, FaultKind, NetTime};

/// Who publishes what the network as a whole says.
const NETWORK: &str = "network";
/// Milliseconds of network time between two telemetry batches of a source.
const INTERVAL_MS: u64 = 10_000;

/// A simulated network. Cloning it gives another handle to the same world.
#[derive(Debug, Clone)]
pub struct Sandbox {
    world: Arc<Mutex<World>>,
    driver: Arc<SandboxDriver>,
    interval_ms: u64,
}

impl Sandbox {
    /// A network in steady state at `start`. The network must be one that [`super::network::load`] accepts.
    pub fn new(network: &Network, seed: u64, start: NetTime) -> Self {
        let world = Arc::new(Mutex::new(World::new(network, seed, start)));
        let driver = Arc::new(SandboxDriver::new(Arc::clone(&world)));
        Self {
            world,
            driver,
            interval_ms: INTERVAL_MS,
        }
    }

    /// The same with another telemetry interval in milliseconds (at least 1000, the length of a slot).
    #[must_use]
    pub fn with_interval(mut self, interval_ms: u64) -> Self {
        self.interval_ms = interval_ms.max(1000);
        self
    }

    /// The network as built, with instances added since.
    pub fn network(&self) -> Network {
        lock(&self.world).network().clone()
    }

    /// The door through which actions come in.
    pub fn driver(&self) -> Arc<SandboxDriver> {
        Arc::clone(&self.driver)
    }

    /// The network's time.
    pub fn now(&self) -> NetTime {
        lock(&self.world).now()
    }

    /// A copy of the world, for the judge.
    pub fn snapshot(&self) -> World {
        lock(&self.world).clone()
    }

    /// Makes a fault begin now; the seed chooses object and severity.
    pub fn inject(&self, kind: FaultKind) -> Result<GroundTruth, NoTarget> {
        lock(&self.world).inject(kind)
    }

    /// Makes exactly this fault begin now; its `at_s` is the caller's business.
    pub fn inject_as(&self, spec: &FaultSpec) -> Result<GroundTruth, SceneError> {
        lock(&self.world).inject_as(spec)
    }

    /// Makes a meter lie from now on; its `at_s` is the caller's business. Telemetry lies, the truth does not.
    pub fn lie(&self, spec: &LieSpec) -> Result<(), SceneError> {
        lock(&self.world).lie(spec)
    }

    /// Makes something happen that looks like a fault and is none.
    pub fn inject_double(&self, kind: FaultKind) -> Result<GroundTruthDouble, NoTarget> {
        lock(&self.world).inject_double(kind)
    }

    /// A field crew removes the physical cause of a fault; false when it is gone already or never was.
    pub fn repair(&self, id: &str) -> bool {
        lock(&self.world).repair(id)
    }

    /// The objectives that are truly broken now, and have been for their hold time.
    pub fn truly_violated(&self) -> Vec<zizhi_types::objective::Violation> {
        super::truth::true_violations(&lock(&self.world))
    }

    /// Every fault so far, with when it was cleared.
    pub fn ground_truth(&self) -> Vec<GroundTruth> {
        lock(&self.world).ground_truth()
    }

    /// Publishes every domain's inventory and the clock.
    pub async fn announce(&self, bus: &dyn Bus) -> Result<(), BusError> {
        let (network, now) = (self.network(), self.now());
        for domain in Domain::ALL {
            say_inventory(bus, &network, domain, now).await?;
        }
        say(bus, NETWORK, wire::CLOCK, now, &Clock { now }).await
    }

    /// Lets one interval pass, then publishes notices, every source's batch and the clock, in a fixed order. What
    /// was announced since the last step goes out before time passes.
    pub async fn step(&self, bus: &dyn Bus) -> Result<NetTime, BusError> {
        self.say_notices(bus).await?;
        let (now, batches) = self.pass_interval();
        self.say_notices(bus).await?;
        for batch in batches {
            let subject = wire::subject(batch.source.domain(), "obs", "telemetry");
            let source = batch.source.to_string();
            let messages = telemetry::messages(&batch)
                .expect("names of objects and metrics fit into a message");
            for payload in messages {
                match bus.publish(&source, &subject, now, payload).await {
                    // The bus counts what it drops; a gap in telemetry is part of life.
                    Ok(_) | Err(BusError::Full) => {}
                    Err(other) => return Err(other),
                }
            }
        }
        // Agents hear of the new time after all that was seen up to it, anomalies of their peers included.
        bus.settle().await;
        say(bus, NETWORK, wire::CLOCK, now, &Clock { now }).await?;
        Ok(now)
    }

    fn pass_interval(&self) -> (NetTime, Vec<TelemetryBatch>) {
        let mut world = lock(&self.world);
        let until = world.now() + self.interval_ms;
        world.advance(until);
        let readings = world.close_interval();
        let batches = world.telemetry(&readings);
        (until, batches)
    }

    async fn say_notices(&self, bus: &dyn Bus) -> Result<(), BusError> {
        let (notices, network, now) = {
            let mut world = lock(&self.world);
            let notices = std::mem::take(&mut world.notices);
            let network = (!notices.is_empty()).then(|| world.network().clone());
            (notices, network, world.now())
        };
        for notice in notices {
            match (notice, &network) {
                (Notice::ComputeInventory, Some(network)) => {
                    say_inventory(bus, network, Domain::Compute, now).await?;
                }
                (Notice::Maintenance(domain, work), _) => {
                    let subject = wire::subject(domain, "obs", "maintenance");
                    say(bus, NETWORK, &subject, now, &work).await?;
                }
                (Notice::ComputeInventory, None) => {}
            }
        }
        Ok(())
    }
}

async fn say_inventory(
    bus: &dyn Bus,
    network: &Network,
    domain: Domain,
    now: NetTime,
) -> Result<(), BusError> {
    let inventory = Inventory {
        domain,
        part: network.part(domain),
    };
    let subject = wire::subject(domain, "obs", "inventory");
    say(bus, NETWORK, &subject, now, &inventory).await
}

async fn say(
    bus: &dyn Bus,
    source: &str,
    subject: &str,
    now: NetTime,
    what: &impl Serialize,
) -> Result<(), BusError> {
    let payload = serde_json::to_vec(what).expect("wire types have string keys and finite numbers");
    bus.publish(source, subject, now, payload).await.map(|_| ())
}
