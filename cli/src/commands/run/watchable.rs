//! What a process tells about itself: metrics over HTTP, one trace per incident to a collector.

use super::config::TelemetryConfig;
use super::ingest::Accounts;
use super::tell::wall;
use crate::fail::Failure;
use std::sync::Arc;
use std::time::Duration;
use zizhi_agents::meter::Readings;
use zizhi_agents::meter::shell::{SharedMeter, routes};
use zizhi_agents::tenure::Tenure;
use zizhi_agents::trace::{Settings, Traces};
use zizhi_bus::expose::{self, Exposed};
use zizhi_bus::otlp_export::{ExportConfig, Exporter, Resource};
use zizhi_bus::{Bus, Journal};
use zizhi_types::Record;

/// What is read at each scrape.
pub struct Watched {
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// The journal.
    pub journal: Arc<Journal>,
    /// The senders.
    pub accounts: Accounts,
    /// The leases of this process.
    pub tenures: Vec<Arc<Tenure>>,
}

impl Watched {
    fn read(&self) -> Readings {
        let held = self.tenures.iter().filter(|t| t.is_held()).count();
        let mut not_ready = vec![];
        if held < self.tenures.len() {
            not_ready.push("a lease of this process has run out: is the bus reachable?".to_owned());
        }
        if let Err(error) = self.journal.flush() {
            not_ready.push(error.to_string());
        }
        Readings {
            bus: Some(self.bus.stats()),
            journal: Some(self.journal.stats()),
            sources: self.accounts.sources(),
            leases_held: (!self.tenures.is_empty()).then_some(held as u64),
            not_ready,
            ..Readings::default()
        }
    }
}

/// Takes every record of the process, in order.
pub struct Watcher {
    meter: SharedMeter,
    traces: Option<(Traces, Exporter)>,
    exposed: Option<Exposed>,
}

impl Watcher {
    /// Begins to listen and to send, as far as the configuration says so.
    pub async fn start(
        config: &TelemetryConfig,
        name: &str,
        scope: String,
        clock_is_wall: bool,
        watched: Watched,
    ) -> Result<Self, Failure> {
        let meter = SharedMeter::new(env!("CARGO_PKG_VERSION"));
        let exposed = match config.listen {
            Some(address) => {
                let answers = routes(meter.clone(), move || watched.read());
                Some(expose::serve(address, answers).await?)
            }
            None => None,
        };
        let traces = match &config.otlp {
            Some(endpoint) => {
                let resource = Resource {
                    service: "zizhi".to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    instance: name.to_owned(),
                    scope: scope.clone(),
                };
                let exporter = Exporter::start(ExportConfig::new(endpoint, resource))?;
                // Simulated time is told from the moment on which this process started.
                let offset_ms = if clock_is_wall { 0 } else { wall().0 };
                Some((Traces::new(Settings { scope, offset_ms }), exporter))
            }
            None => None,
        };
        Ok(Self {
            meter,
            traces,
            exposed,
        })
    }

    /// Where the metrics are, if they are anywhere.
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        self.exposed.as_ref().map(Exposed::address)
    }

    /// What was written before a restart: no new spans of what was told.
    pub fn resume(&mut self, old: &[Record]) {
        if let Some((traces, _)) = &mut self.traces {
            traces.resume(old);
        }
    }

    /// The next record.
    pub fn observe(&mut self, record: &Record) {
        self.meter.observe(record);
        if let Some((traces, exporter)) = &mut self.traces {
            exporter.offer(traces.observe(record));
        }
    }

    /// Sends what is left.
    pub async fn stop(self) {
        if let Some((mut traces, exporter)) = self.traces {
            exporter.offer(traces.finish());
            exporter.stop(Duration::from_secs(5)).await;
        }
        if let Some(exposed) = self.exposed {
            exposed.stop().await;
        }
    }
}
