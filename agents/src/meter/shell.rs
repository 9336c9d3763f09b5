//! What is answered at `/metrics`, `/healthz` and `/readyz`?

use super::{Meter, Readings, classic};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zizhi_bus::expose::{Answer, Ask};

/// The media type of `OpenMetrics` 1.0.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The media type of the Prometheus text format.
pub const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A meter that the writer of records and the scraper share.
#[derive(Debug, Clone)]
pub struct SharedMeter(Arc<Mutex<Meter>>);

impl SharedMeter {
    /// For a program of this version.
    pub fn new(version: &str) -> Self {
        Self(Arc::new(Mutex::new(Meter::new(version))))
    }

    /// Takes the next record of the journal: some microseconds, and never an await.
    pub fn observe(&self, record: &zizhi_types::Record) {
        self.lock().observe(record);
    }

    /// The page after these readings, as `OpenMetrics`.
    pub fn page(&self, readings: &Readings) -> String {
        let mut meter = self.lock();
        meter.read(readings);
        meter.render()
    }

    fn lock(&self) -> MutexGuard<'_, Meter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answers, for [`zizhi_bus::expose::serve`]. `readings` is called once a request and must not wait.
pub fn routes(
    meter: SharedMeter,
    readings: impl Fn() -> Readings + Send + Sync + 'static,
) -> impl Fn(Ask<'_>) -> Option<Answer> + Send + Sync + 'static {
    move |ask| match ask.path {
        "/metrics" => Some(metrics(&meter.page(&readings()), ask.accept)),
        "/healthz" => Some(Answer::text(200, "alive\n")),
        "/readyz" => Some(ready(&readings().not_ready)),
        _ => None,
    }
}

fn metrics(page: &str, accept: &str) -> Answer {
    let (content_type, body) = if accept.contains("application/openmetrics-text") {
        (OPENMETRICS, page.to_owned())
    } else {
        (CLASSIC, classic(page))
    };
    Answer {
        status: 200,
        content_type,
        body,
    }
}

fn ready(not_ready: &[String]) -> Answer {
    match not_ready {
        [] => Answer::text(200, "ready\n"),
        reasons => Answer::text(503, format!("not ready:\n{}\n", reasons.join("\n"))),
    }
}
