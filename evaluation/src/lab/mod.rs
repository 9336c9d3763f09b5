//! The real-router network: FRR routers, hosts, HTTP services and shaped links in network namespaces of one machine.
//!
//! In: a [`LabConfig`]. Out: a running [`Lab`], its telemetry on a bus, a [`driver::LabDriver`] that really changes it,
//! faults with ground truth, the routers' own words as evidence. Called by `zizhi lab`. What it makes it writes down
//! before, and removes after, also after a crash; it never touches what it has not made.
//!
//! Who is not root goes through [`rootless`]: `run` and `doctor` start themselves again with [`rootless::command`]; `up` and
//! `down` are [`hold::up`] and [`hold::down`], and [`hold::command`] enters such a lab again. Inside, [`rootless::prepare`]
//! comes first. Root calls [`Lab::up`], [`up::up`], [`up::down`] and [`status::of`] at once.

pub mod clock;
pub mod collect;
pub mod command;
pub mod control;
pub mod doctor;
pub mod driver;
pub mod error;
pub mod evidence;
pub mod fault;
pub mod frr;
pub mod gateway;
pub mod hold;
pub mod http;
pub mod inside;
pub mod ledger;
pub mod load;
pub mod namespace;
pub mod observer;
pub mod plan;
pub mod probe;
pub mod process;
pub mod reading;
pub mod recent;
pub mod rig;
pub mod rootless;
pub mod service;
pub mod session;
pub mod state;
pub mod status;
pub mod steering;
pub mod up;
pub mod vty;
pub mod worker;

pub use error::LabError;
pub use evidence::Statement;
pub use fault::GroundTruth;
pub use plan::Plan;
pub use rig::LabConfig;
pub use state::LabId;
pub use up::Removed;

use driver::LabDriver;
use observer::Observer;
use rig::Rig;
use state::StateFile;
use std::sync::{Arc, Mutex, PoisonError};
use zizhi_bus::Bus;
use zizhi_bus::batch::telemetry;
use zizhi_playbooks::Driver;
use zizhi_types::wire::{CLOCK, Clock, Inventory, TelemetryBatch, subject};
use zizhi_types::{Domain, FaultKind, ManagedObject, NetTime, Network};

/// Milliseconds between two rounds of collecting, unless the caller chooses otherwise.
pub const ROUND_MS: u64 = 1_000;

/// A running lab with its users.
#[derive(Debug)]
pub struct Lab {
    rig: Arc<Rig>,
    driver: Arc<LabDriver>,
    /// Gone once the lab is down.
    observer: Option<Arc<Mutex<Observer>>>,
}

impl Drop for Lab {
    /// A lab that is not meant to live on is removed with its last user, also when that one panics.
    fn drop(&mut self) {
        let left = self.observer.take();
        if left.is_none() || self.rig.keeps() {
            return;
        }
        drop(left);
        if let Err(e) = up::down(&self.rig.root(), self.rig.id()) {
            tracing::error!(lab = %self.rig.id(), error = %e, "the lab could not be removed: run `zizhi lab down`");
        }
    }
}

impl Lab {
    /// Builds a lab, waits until it is routed, and lets the users begin. Blocks for 6 to 8 s.
    pub fn up(config: LabConfig, progress: &dyn Fn(&str)) -> Result<Self, LabError> {
        let (root, id) = (config.root.clone(), config.id.clone());
        let lab = Self::over(up::up(config, progress)?);
        if lab.is_err() {
            up::down(&root, &id)?;
        }
        lab
    }

    /// Watches and drives a lab that another process has built.
    pub fn attach(config: LabConfig) -> Result<Self, LabError> {
        let file = StateFile::open(&config.root, &config.id)?;
        Self::over(Rig::new(config, file)?)
    }

    fn over(rig: Rig) -> Result<Self, LabError> {
        let rig = Arc::new(rig);
        let observer = Observer::start(Arc::clone(&rig))?;
        Ok(Self {
            driver: Arc::new(LabDriver::new(Arc::clone(&rig))),
            observer: Some(Arc::new(Mutex::new(observer))),
            rig,
        })
    }

    /// The intended network.
    pub fn network(&self) -> &Network {
        &self.rig.plan().network
    }

    /// The only door through which this lab is changed on purpose.
    pub fn driver(&self) -> Arc<dyn Driver> {
        Arc::clone(&self.driver) as Arc<dyn Driver>
    }

    /// Says on the bus what each domain consists of.
    pub async fn publish_inventory(&self, bus: &dyn Bus) -> Result<(), LabError> {
        let at = clock::now();
        for domain in Domain::ALL {
            let inventory = Inventory {
                domain,
                part: self.network().part(domain),
            };
            let subject = subject(domain, "obs", "inventory");
            bus.publish("lab", &subject, at, json(&inventory)?).await?;
        }
        Ok(())
    }

    /// Reads the whole network once and publishes what was seen, then the time.
    pub async fn publish_round(&self, bus: &dyn Bus) -> Result<NetTime, LabError> {
        let (at, batches) = self.round().await;
        for batch in &batches {
            let subject = subject(batch.source.domain(), "obs", "telemetry");
            let source = batch.source.to_string();
            let messages = telemetry::messages(batch)
                .map_err(|e| LabError::file("write", "a message")(std::io::Error::other(e)))?;
            for payload in messages {
                match bus.publish(&source, &subject, at, payload).await {
                    // The bus counts what it drops; the next round is only a second away.
                    Ok(_) | Err(zizhi_bus::BusError::Full) => {}
                    Err(e) => return Err(e.into()),
                }
            }
        }
        // Agents hear of the new time after all that was seen up to it, anomalies of their peers included.
        bus.settle().await;
        bus.publish("lab", CLOCK, at, json(&Clock { now: at })?)
            .await?;
        Ok(at)
    }

    /// Reads the whole network once.
    pub async fn round(&self) -> (NetTime, Vec<TelemetryBatch>) {
        let Some(observer) = self.observer.clone() else {
            return (clock::now(), vec![]);
        };
        let read = move || {
            // A reader that died left the last whole round.
            let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
            observer.round()
        };
        let round = tokio::task::spawn_blocking(read).await;
        round.unwrap_or_else(|_| (clock::now(), vec![]))
    }

    /// Breaks something: the named object, or the fault's own choice.
    pub fn inject(&self, kind: FaultKind, object: Option<&str>) -> Result<GroundTruth, LabError> {
        fault::inject(&self.rig, kind, object)
    }

    /// Takes a fault away from outside.
    pub fn clear(&self, truth: &GroundTruth) -> Result<(), LabError> {
        fault::clear(&self.rig, truth)
    }

    /// The network's own words about an object.
    pub fn evidence(&self, object: &ManagedObject) -> Vec<Statement> {
        evidence::about(&self.rig, object)
    }

    /// Ends the users and removes everything.
    pub fn down(mut self) -> Result<Removed, LabError> {
        drop(self.observer.take());
        up::down(&self.rig.root(), self.rig.id())
    }
}

fn json(message: &impl serde::Serialize) -> Result<Vec<u8>, LabError> {
    serde_json::to_vec(message)
        .map_err(|e| LabError::file("write", "a message")(std::io::Error::other(e)))
}
