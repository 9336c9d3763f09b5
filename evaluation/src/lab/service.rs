//! A compute instance: a real HTTP server with a bounded number of workers and a bounded queue.
//!
//! In: requests for its path. Out: an answer of [`super::plan::ANSWER_BYTES`] after its service time; `/health`; `/stats`.
//! Runs as a process of its own inside a site's namespace, so that a fault can really kill it.

use super::clock::Stopwatch;
use super::http::{Request, Response, read_request, write_response};
use super::recent::{Recent, Summary};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};

/// Requests that may wait for a worker; more are refused with 503.
const QUEUE_MAX: u32 = 64;

/// How an instance serves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Requests at the same time.
    pub workers: u32,
    /// Time a worker spends on a request, in milliseconds.
    pub base_ms: f64,
    /// The path it answers.
    pub url_path: String,
    /// Bytes of an answer.
    pub answer_bytes: usize,
}

/// What `/stats` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceStats {
    /// Requests in work now.
    pub busy: u32,
    /// Refused since the start.
    pub refused: u64,
    /// Accepted since the start.
    pub accepted: u64,
    /// The last seconds.
    pub recent: Summary,
}

struct Service {
    config: ServiceConfig,
    workers: Semaphore,
    inside: AtomicU32,
    accepted: AtomicU64,
    refused: AtomicU64,
    recent: Mutex<Recent>,
    started: Stopwatch,
}

/// Serves until the process is ended.
pub async fn serve(config: ServiceConfig) -> std::io::Result<()> {
    let listener = TcpListener::bind(config.listen).await?;
    let service = Arc::new(Service {
        workers: Semaphore::new(config.workers as usize),
        config,
        inside: AtomicU32::new(0),
        accepted: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        recent: Mutex::new(Recent::default()),
        started: Stopwatch::start(),
    });
    loop {
        let (stream, _) = listener.accept().await?;
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            // A client that goes away in the middle is its own affair.
            let _ = service.answer(stream).await;
        });
    }
}

impl Service {
    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let request = read_request(&mut stream).await?;
        let response = match request.path() {
            "/health" => Response::text(200, "ok"),
            "/stats" => self.stats().await,
            path if path == self.config.url_path => self.work(&request).await,
            _ => Response::text(404, "no such path"),
        };
        write_response(&mut stream, &response).await
    }

    async fn work(&self, _request: &Request) -> Response {
        let arrived = Stopwatch::start();
        if self.inside.fetch_add(1, Ordering::Relaxed) >= self.config.workers + QUEUE_MAX {
            self.inside.fetch_sub(1, Ordering::Relaxed);
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Response::text(503, "queue full");
        }
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let worker = self.workers.acquire().await;
        let begun = Stopwatch::start();
        tokio::time::sleep(Duration::from_secs_f64(self.config.base_ms / 1000.0)).await;
        drop(worker);
        self.inside.fetch_sub(1, Ordering::Relaxed);
        let (latency, service) = (arrived.ms(), begun.ms());
        let now = self.started.whole_ms();
        self.recent.lock().await.add(now, latency, service, true);
        Response {
            status: 200,
            body: vec![b'z'; self.config.answer_bytes],
        }
    }

    async fn stats(&self) -> Response {
        let now = self.started.whole_ms();
        let stats = ServiceStats {
            busy: self.inside.load(Ordering::Relaxed).min(self.config.workers),
            refused: self.refused.load(Ordering::Relaxed),
            accepted: self.accepted.load(Ordering::Relaxed),
            recent: self.recent.lock().await.summary(now),
        };
        match serde_json::to_string(&stats) {
            Ok(text) => Response::text(200, text),
            Err(e) => Response::text(500, e.to_string()),
        }
    }
}
