//! The listeners of `zizhi run`: telemetry of the senders that are there, put on the bus for the agents.

use super::config::RunConfig;
use crate::fail::Failure;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use zizhi_agents::meter::Source;
use zizhi_bus::Bus;
use zizhi_bus::ingest::Ingest;
use zizhi_bus::ingest::account::Counts;
use zizhi_bus::ingest::output::{Origin, Output};
use zizhi_bus::ingest::publish::BusSink;
use zizhi_bus::ingest::run::Sink;
use zizhi_types::NetTime;

/// The newest account of every sender, for the metrics.
#[derive(Clone, Default)]
pub struct Accounts(Arc<Mutex<BTreeMap<String, Counts>>>);

impl Accounts {
    fn keep(&self, sources: &BTreeMap<String, Counts>) {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.clone_from(sources);
    }

    /// As the metrics show them.
    pub fn sources(&self) -> Vec<Source> {
        let accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.iter().map(|(name, c)| source(name, c)).collect()
    }
}

fn source(name: &str, counts: &Counts) -> Source {
    let values = [
        ("out", counts.out),
        ("rejected", counts.rejected),
        ("late", counts.late),
        ("future", counts.future),
        ("duplicate", counts.duplicate),
        ("capped", counts.capped),
        ("unplaced", counts.unplaced),
    ];
    Source {
        name: name.to_owned(),
        format: counts.format.clone(),
        messages: counts.messages,
        dropped: counts.dropped,
        values: values.into(),
        missed: counts.gaps,
        skew_ms: counts.skew_ms,
    }
}

/// Publishes, and keeps the accounts where the metrics find them.
struct Kept {
    bus: BusSink,
    accounts: Accounts,
}

#[async_trait]
impl Sink for Kept {
    async fn outputs(&mut self, origin: &Origin, outputs: Vec<Output>, at: NetTime) {
        self.bus.outputs(origin, outputs, at).await;
    }

    async fn counts(&mut self, sources: BTreeMap<String, Counts>, at: NetTime) {
        self.accounts.keep(&sources);
        self.bus.counts(sources, at).await;
    }
}

/// Starts what the table `[ingest]` names; nothing if it names nothing.
pub async fn start(
    config: &RunConfig,
    bus: Arc<dyn Bus>,
    accounts: Accounts,
) -> Result<Option<Ingest>, Failure> {
    let ingest = &config.ingest;
    if ingest.http.is_none() && ingest.syslog.is_empty() && ingest.nats.is_empty() {
        return Ok(None);
    }
    let mapper = crate::commands::ingest::mapper(&ingest.mappings)?;
    let sink = Kept {
        bus: BusSink::new(bus),
        accounts,
    };
    let started = Ingest::start(ingest, mapper, sink).await?;
    if !ingest.nats.is_empty() {
        let server = config.bus.clone().unwrap_or_default();
        started.tap(&ingest.nats, &server).await?;
    }
    Ok(Some(started))
}
