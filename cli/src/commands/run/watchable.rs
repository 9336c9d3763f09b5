//! What a process tells about itself: metrics over HTTP, one trace per incident to a collector.

use super::config::TelemetryConfig;
use super::ingest::Accounts;
use crate::fail::Failure;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use zizhi_agents::meter::Readings;
use zizhi_agents::meter::shell::{SharedMeter, routes};
use zizhi_agents::tenure::Tenure;
use zizhi_agents::trace::{Settings, Traces};
use zizhi_bus::clock::wall;
use zizhi_bus::expose::{self, Exposed};
use zizhi_bus::otlp_export::{ExportConfig, ExportStats, Exporter, Resource};
use zizhi_bus::{Bus, Journal};
use zizhi_types::{NetTime, Record};

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
    /// What waits, by queue.
    pub queues: Queues,
}

type Gauge = Box<dyn Fn() -> u64 + Send + Sync>;

/// How many messages wait in each queue; queues come when they are made.
#[derive(Clone, Default)]
pub struct Queues(Arc<Mutex<BTreeMap<String, Gauge>>>);

impl Queues {
    /// One more queue, or the same again.
    pub fn add(&self, name: &str, waiting: impl Fn() -> u64 + Send + Sync + 'static) {
        let mut gauges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.insert(name.to_owned(), Box::new(waiting));
    }

    fn read(&self) -> BTreeMap<String, u64> {
        let gauges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gauges
            .iter()
            .map(|(n, gauge)| (n.clone(), gauge()))
            .collect()
    }
}

impl Watched {
    fn read(&self, spans: Option<ExportStats>) -> Readings {
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
            journal_lag: self.journal.lag(),
            sources: self.accounts.sources(),
            leases_held: (!self.tenures.is_empty()).then_some(held as u64),
            peers: self.tenures.iter().flat_map(|t| t.peers()).collect(),
            queues: self.queues.read(),
            spans,
            not_ready,
        }
    }
}

/// Spans on their way.
struct Tracing {
    scope: String,
    clock_is_wall: bool,
    /// Made with the first record that has a time: simulated time is placed by when it was heard.
    traces: Option<Traces>,
    exporter: Exporter,
}

impl Tracing {
    fn traces(&mut self, now: NetTime) -> Option<&mut Traces> {
        if now == NetTime(0) {
            return None;
        }
        let offset_ms = if self.clock_is_wall {
            0
        } else {
            wall().since(now)
        };
        let scope = &self.scope;
        Some(self.traces.get_or_insert_with(|| {
            let scope = scope.clone();
            Traces::new(Settings { scope, offset_ms })
        }))
    }

    fn observe(&mut self, record: &Record) {
        let spans = self.traces(record.at).map(|t| t.observe(record));
        self.exporter.offer(spans.unwrap_or_default());
    }
}

/// Takes every record of the process, in order.
pub struct Watcher {
    meter: SharedMeter,
    traces: Option<Tracing>,
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
        let traces = match &config.otlp {
            Some(endpoint) => {
                let resource = Resource {
                    service: "zizhi".to_owned(),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    instance: name.to_owned(),
                    scope: scope.clone(),
                };
                let exporter = Exporter::start(ExportConfig::new(endpoint, resource))?;
                Some(Tracing {
                    scope,
                    clock_is_wall,
                    traces: None,
                    exporter,
                })
            }
            None => None,
        };
        let exposed = match config.listen {
            Some(address) => {
                let spans = traces.as_ref().map(|t| t.exporter.watch());
                let read = move || watched.read(spans.as_ref().map(|told| told()));
                let answers = routes(meter.clone(), read);
                Some(expose::serve(address, answers).await?)
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

    /// What was written before a restart: counters go on from it, and what was told gives no new spans.
    pub fn resume(&mut self, old: &[Record]) {
        for record in old {
            self.meter.observe(record);
        }
        let now = old.last().map_or(NetTime(0), |r| r.at);
        if let Some(traces) = self.traces.as_mut().and_then(|t| t.traces(now)) {
            traces.resume(old);
        }
    }

    /// The next record.
    pub fn observe(&mut self, record: &Record) {
        self.meter.observe(record);
        if let Some(tracing) = &mut self.traces {
            tracing.observe(record);
        }
    }

    /// Time passes without records: what is told by `now` is sent.
    pub fn tick(&mut self, now: NetTime) {
        let Some(Tracing {
            traces, exporter, ..
        }) = &mut self.traces
        else {
            return;
        };
        exporter.offer(traces.as_mut().map(|t| t.due(now)).unwrap_or_default());
    }

    /// Sends what is left.
    pub async fn stop(self) {
        if let Some(tracing) = self.traces {
            let left = tracing.traces.map(|mut t| t.finish());
            tracing.exporter.offer(left.unwrap_or_default());
            tracing.exporter.stop(Duration::from_secs(5)).await;
        }
        if let Some(exposed) = self.exposed {
            exposed.stop().await;
        }
    }
}
