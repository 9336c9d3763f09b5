//! The queue before a collector: spans go in without waiting, and leave in batches.

use super::encode::{Resource, encode};
use super::pace::{Next, after};
use super::send::send;
use super::span::Span;
use hyper::Uri;
use hyper::body::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Where spans go, and what bounds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportConfig {
    /// The collector's base address, such as `http://127.0.0.1:4318`; `/v1/traces` is appended. Only `http`: a collector
    /// stands beside the process or behind a proxy that adds TLS.
    pub endpoint: String,
    /// Who sends.
    pub resource: Resource,
    /// Most spans in one request.
    pub batch_spans: usize,
    /// Most spans that wait; more are dropped and counted.
    pub queue_spans: usize,
}

impl ExportConfig {
    /// The usual bounds: 512 spans a request and 4,096 waiting; the first is OpenTelemetry's own default, the second
    /// twice that.
    pub fn new(endpoint: &str, resource: Resource) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            resource,
            batch_spans: 512,
            queue_spans: 4_096,
        }
    }
}

/// Why spans cannot be exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The address is none that is spoken.
    #[error(
        "`{endpoint}` is no collector's address: write http://HOST:PORT (https is not spoken: put a collector beside the process)"
    )]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
}

/// What became of the spans so far. `offered = sent + rejected + dropped + failed` once the queue is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportStats {
    /// Spans given to the exporter.
    pub offered: u64,
    /// Spans that the collector took.
    pub sent: u64,
    /// Spans that it answered for with success and did not take.
    pub rejected: u64,
    /// Spans that found the queue full.
    pub dropped: u64,
    /// Spans of batches that were given up.
    pub failed: u64,
    /// Requests that were repeated.
    pub retries: u64,
}

#[derive(Debug, Default)]
struct Counters {
    offered: AtomicU64,
    sent: AtomicU64,
    rejected: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    retries: AtomicU64,
}

impl Counters {
    fn read(&self) -> ExportStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ExportStats {
            offered: read(&self.offered),
            sent: read(&self.sent),
            rejected: read(&self.rejected),
            dropped: read(&self.dropped),
            failed: read(&self.failed),
            retries: read(&self.retries),
        }
    }
}

fn add(counter: &AtomicU64, spans: u64) {
    counter.fetch_add(spans, Ordering::Relaxed);
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Host and port.
    pub authority: String,
    /// With `/v1/traces` at its end.
    pub path: String,
}

impl Place {
    fn read(endpoint: &str) -> Result<Self, ExportError> {
        let bad = || ExportError::Endpoint {
            endpoint: endpoint.to_owned(),
        };
        let uri: Uri = endpoint.parse().map_err(|_| bad())?;
        let authority = uri.authority().ok_or_else(bad)?;
        let odd = uri.scheme_str() != Some("http")
            || uri.query().is_some()
            || authority.as_str().contains('@');
        if odd || authority.host().is_empty() {
            return Err(bad());
        }
        Ok(Self {
            authority: format!(
                "{}:{}",
                authority.host(),
                authority.port_u16().unwrap_or(80)
            ),
            path: format!("{}/v1/traces", uri.path().trim_end_matches('/')),
        })
    }
}

/// Takes spans and sends them from a task of its own.
#[derive(Debug)]
pub struct Exporter {
    queue: mpsc::Sender<Span>,
    counters: Arc<Counters>,
    task: JoinHandle<()>,
}

impl Exporter {
    /// Begins to send; a collector that is not there yet is no error. Needs a tokio runtime.
    pub fn start(config: ExportConfig) -> Result<Self, ExportError> {
        let place = Place::read(&config.endpoint)?;
        let (queue, waiting) = mpsc::channel(config.queue_spans.max(1));
        let counters = Arc::new(Counters::default());
        let task = tokio::spawn(deliver(place, config, waiting, Arc::clone(&counters)));
        Ok(Self {
            queue,
            counters,
            task,
        })
    }

    /// Puts spans into the queue. Never waits: what finds the queue full is dropped and counted.
    pub fn offer(&self, spans: impl IntoIterator<Item = Span>) {
        for span in spans {
            add(&self.counters.offered, 1);
            if self.queue.try_send(span).is_err() {
                add(&self.counters.dropped, 1);
            }
        }
    }

    /// What became of the spans so far.
    pub fn stats(&self) -> ExportStats {
        self.counters.read()
    }

    /// Tells what became of the spans, whenever it is asked.
    pub fn watch(&self) -> impl Fn() -> ExportStats + Send + Sync + use<> {
        let counters = Arc::clone(&self.counters);
        move || counters.read()
    }

    /// Takes nothing more, sends what waits for at most `within`, and says how it went; what was not sent by then is
    /// counted as failed.
    pub async fn stop(self, within: Duration) -> ExportStats {
        let Self {
            queue,
            counters,
            mut task,
        } = self;
        drop(queue);
        if tokio::time::timeout(within, &mut task).await.is_err() {
            task.abort();
            let _ = task.await;
        }
        let seen = counters.read();
        ExportStats {
            failed: (seen.offered).saturating_sub(seen.sent + seen.rejected + seen.dropped),
            ..seen
        }
    }
}

async fn deliver(
    place: Place,
    config: ExportConfig,
    mut waiting: mpsc::Receiver<Span>,
    counters: Arc<Counters>,
) {
    let most = config.batch_spans.max(1);
    let mut batch = Vec::with_capacity(most);
    while waiting.recv_many(&mut batch, most).await > 0 {
        let body = Bytes::from(encode(&config.resource, &batch));
        settle(&place, body, batch.len() as u64, &counters).await;
        batch.clear();
    }
}

async fn settle(place: &Place, body: Bytes, spans: u64, counters: &Counters) {
    for tried in 1.. {
        match after(send(place, body.clone()).await, tried) {
            Next::Done { rejected } => {
                let rejected = rejected.min(spans);
                add(&counters.rejected, rejected);
                add(&counters.sent, spans - rejected);
                return;
            }
            Next::Again { pause } => {
                add(&counters.retries, 1);
                tokio::time::sleep(pause).await;
            }
            Next::GiveUp { why } => {
                tracing::warn!(collector = %place.authority, spans, why, "spans were given up");
                add(&counters.failed, spans);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_by_host_and_port() {
        let place = Place::read("http://collector:4318").unwrap();
        assert_eq!(
            (place.authority.as_str(), place.path.as_str()),
            ("collector:4318", "/v1/traces")
        );
        let below = Place::read("http://[::1]/otlp/").unwrap();
        assert_eq!(
            (below.authority.as_str(), below.path.as_str()),
            ("[::1]:80", "/otlp/v1/traces")
        );
    }

    #[test]
    fn an_address_that_is_not_spoken_is_refused_with_a_good_one() {
        for bad in [
            "",
            "collector:4318",
            "https://collector",
            "http://u:p@c",
            "http://c?a=1",
            "ftp://c",
            "/v1",
        ] {
            let message = Place::read(bad).unwrap_err().to_string();
            assert!(message.contains("http://HOST:PORT"), "{bad}: {message}");
        }
    }
}
