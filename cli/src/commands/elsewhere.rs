//! A simulated network whose swarm runs in other processes: it tells the time, is changed over the bus, and hears what
//! the agents wrote.

use super::json_line;
use crate::args::DemoArgs;
use crate::fail::Failure;
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use zizhi_agents::remote;
use zizhi_bus::nats::{NatsBus, NatsConfig};
use zizhi_bus::{Bus, BusError, BusStats, Journal, Service, Subscription};
use zizhi_evaluation::sandbox::{Sandbox, SandboxDriver};
use zizhi_playbooks::{Driver, DriverError};
use zizhi_types::action::{Action, Receipt, Verb};
use zizhi_types::{Domain, MessageId, NetTime, Record};

/// How often a message is tried again while the server is away, and the pause between: a minute in all.
const PATIENCE: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

/// Where the agents are.
pub struct Elsewhere<'a> {
    /// The NATS server.
    url: &'a str,
    /// Longest wait for them at one moment of network time, in ms.
    patience_ms: u64,
    /// Whether what is done to the network is printed.
    json: bool,
}

impl<'a> Elsewhere<'a> {
    /// If they are elsewhere.
    pub fn of(args: &'a DemoArgs) -> Option<Self> {
        let url = args.bus.as_deref()?;
        Some(Self {
            url,
            patience_ms: args.patience,
            json: args.json,
        })
    }
}

/// Connects as the network, serves its changes, announces it to every agent that says hello, and copies the records of
/// all processes into `journal`.
pub async fn serve(
    place: &Elsewhere<'_>,
    sandbox: &Sandbox,
    journal: Arc<Journal>,
) -> Result<Arc<dyn Bus>, Failure> {
    let config = NatsConfig {
        url: vec![place.url.to_owned()],
        settle_ms: place.patience_ms,
        ..NatsConfig::default()
    };
    let bus: Arc<dyn Bus> = Arc::new(Patient(NatsBus::connect(config, "network").await?));
    for domain in Domain::ALL {
        let driver: Arc<dyn Driver> = Arc::new(Told {
            driver: sandbox.driver(),
            json: place.json,
        });
        remote::serve(Arc::clone(&bus), domain, driver).await?;
    }
    copy_records(&*bus, journal).await;
    announce_to_newcomers(Arc::clone(&bus), sandbox.clone()).await;
    Ok(bus)
}

/// A bus whose publisher stands still while the server is away: simulated time can wait, where real time could not.
struct Patient(NatsBus);

#[async_trait]
impl Bus for Patient {
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError> {
        for _ in 0..PATIENCE {
            let published = self.0.publish(source, subject, at, payload.clone()).await;
            if !matches!(published, Err(BusError::Unavailable(_))) {
                return published;
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.0.publish(source, subject, at, payload).await
    }

    async fn subscribe(&self, name: &str, patterns: &[&str]) -> Subscription {
        self.0.subscribe(name, patterns).await
    }

    async fn request(
        &self,
        source: &str,
        subject: &str,
        payload: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, BusError> {
        self.0.request(source, subject, payload, timeout).await
    }

    async fn serve(&self, subject: &str) -> Result<Service, BusError> {
        self.0.serve(subject).await
    }

    async fn settle(&self) {
        self.0.settle().await;
    }

    fn stats(&self) -> BusStats {
        self.0.stats()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

/// The network's own word of what was done to it, for whoever compares it with the journals.
struct Told {
    driver: Arc<SandboxDriver>,
    json: bool,
}

#[async_trait]
impl Driver for Told {
    fn supports(&self, verb: Verb) -> bool {
        self.driver.supports(verb)
    }

    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        let bare = remote::unscoped(key);
        let answer = self.driver.apply_scoped(key, bare, action);
        if self.json {
            let done = answer.is_ok();
            let _ = json_line(&serde_json::json!({
                "changed": { "key": key, "action": action, "done": done }
            }));
        }
        answer
    }
}

async fn copy_records(bus: &dyn Bus, journal: Arc<Journal>) {
    let mut records = bus.subscribe("records", &["zizhi.v1.*.audit.record"]).await;
    tokio::spawn(async move {
        let mut seen = BTreeSet::new();
        while let Some(delivery) = records.next().await {
            match serde_json::from_slice::<Record>(&delivery.message.payload) {
                // One that was told twice is the same.
                Ok(record) if !seen.insert(record.id.clone()) => {}
                Ok(record) => {
                    if let Err(error) = journal.append(record) {
                        tracing::error!(%error, "record not kept");
                    }
                }
                Err(error) => tracing::warn!(%error, "not a record"),
            }
        }
    });
}

async fn announce_to_newcomers(bus: Arc<dyn Bus>, sandbox: Sandbox) {
    let mut hellos = bus.subscribe("hellos", &["zizhi.v1.*.evt.hello"]).await;
    tokio::spawn(async move {
        while let Some(hello) = hellos.next().await {
            drop(hello);
            if let Err(error) = sandbox.announce(&*bus).await {
                tracing::warn!(%error, "the network was not announced");
            }
        }
    });
}
