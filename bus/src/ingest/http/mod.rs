//! Who sends over HTTP, and what do they hear back?
//!
//! One listener for OTLP/HTTP (`/v1/metrics`, `/v1/logs`, `/v1/traces`), Prometheus remote write (`/api/v1/write`), Alertmanager
//! (`/alertmanager`), Grafana (`/grafana`) and everything else (`/ingest`, the format is found out). `/healthz` says that it
//! lives.
//!
//! Everything is bounded: connections, the time in which a request must have come in, the length of a body as sent and after
//! decompression, and the bytes of all bodies in memory together. TLS is left to a proxy in front, our choice: certificates
//! and their renewal are kept there already.

mod answer;
mod auth;
mod body;
mod route;

pub use auth::{Door, DoorError};

use super::config::HttpInput;
use super::intake::{Arrived, Intake, Verdict};
use crate::clock::wall;
use answer::Answer;
use body::Refusal;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use route::{Path, Target};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Bodies in memory at a time, in longest bodies: our choice, 64 MiB with the default length.
const BODIES: usize = 8;

/// How long a message may wait for its verdict before the sender is asked to come again.
const VERDICT: Duration = Duration::from_secs(10);

/// How long requests under way may take to end when the listener stops.
const GRACE: Duration = Duration::from_secs(5);

/// Why the listener did not start.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// It would be open to everybody, or a number is out of range.
    #[error(transparent)]
    Config(#[from] super::config::ConfigError),
    /// The token file cannot be used.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The address is taken or not this machine's.
    #[error("cannot listen on {listen}: is something else listening there?")]
    Bind {
        /// Where.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A bound listener.
pub struct HttpListener {
    listener: TcpListener,
    shared: Arc<Shared>,
}

struct Shared {
    config: HttpInput,
    door: Door,
    intake: Intake,
    /// Bytes of bodies that may still be taken into memory.
    budget: Arc<Semaphore>,
}

impl HttpListener {
    /// Checks the configuration and takes the address.
    pub async fn bind(config: HttpInput, intake: Intake) -> Result<Self, ListenError> {
        config.check()?;
        let door = Door::open(config.token_file.as_deref())?;
        let listen = config.listen;
        let bound = TcpListener::bind(listen).await;
        let listener = bound.map_err(|source| ListenError::Bind { listen, source })?;
        let budget = Arc::new(Semaphore::new(config.body_bytes.saturating_mul(BODIES)));
        let shared = Arc::new(Shared {
            config,
            door,
            intake,
            budget,
        });
        Ok(Self { listener, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        let configured = self.shared.config.listen;
        self.listener.local_addr().unwrap_or(configured)
    }

    /// Answers until `stop`; then lets requests under way end.
    pub async fn run(self, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(self.shared.config.connections));
        let tasks = TaskTracker::new();
        loop {
            // A place first: connections beyond the bound wait in the system's own queue.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                break;
            };
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection =
                        connection(stream, peer, Arc::clone(&self.shared), stop.clone());
                    tasks.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => pause(&error).await,
            }
        }
        tasks.close();
        let _ = tokio::time::timeout(GRACE, tasks.wait()).await;
    }
}

/// A failed accept is the other side's doing, or there are no file handles left: then some will be given back.
pub(super) async fn pause(error: &std::io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    let timeout = Duration::from_secs(shared.config.read_timeout_s);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(shared.serve(request, peer).await.into_response()) }
    });
    let mut connection = std::pin::pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(timeout)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

impl Shared {
    async fn serve(&self, request: Request<Incoming>, peer: SocketAddr) -> Answer {
        let content_type = header(request.headers(), "content-type");
        let target = match route::route(request.method(), request.uri().path(), &content_type) {
            Ok(Path::Health) => return Answer::alive(),
            Ok(Path::To(target)) => target,
            Err(refusal) => return Answer::refusal(&refusal, None),
        };
        if !self
            .door
            .lets_in(&header(request.headers(), "authorization"))
        {
            return Answer::refusal(&Refusal::stranger(), Some(target));
        }
        let taken = self.take(request, peer, target, content_type).await;
        match taken {
            Ok(verdict) => Answer::verdict(target, &verdict),
            Err(refusal) => Answer::refusal(&refusal, Some(target)),
        }
    }

    async fn take(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        target: Target,
        content_type: String,
    ) -> Result<Verdict, Refusal> {
        let headers = open_headers(request.headers());
        let path = request.uri().path().to_owned();
        let (payload, _held) = self.body(request, target).await?;
        let (answer, verdict) = oneshot::channel();
        let arrived = Arrived {
            source: format!("http/{}{path}", peer.ip()),
            format: target.format,
            payload,
            subject: path,
            content_type,
            headers,
            received: wall(),
            sequence: None,
            answer: Some(answer),
        };
        self.intake.offer(arrived).map_err(|_| Refusal::busy())?;
        match tokio::time::timeout(VERDICT, verdict).await {
            Ok(Ok(verdict)) => Ok(verdict),
            _ => Err(Refusal::busy()),
        }
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|v| v.to_str().ok());
    value.unwrap_or("").trim().to_owned()
}

/// Headers that decoders may see: none that carries a secret.
fn open_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let is_secret = |name: &str| ["authorization", "cookie", "proxy-authorization"].contains(&name);
    headers
        .iter()
        .filter(|(name, _)| !is_secret(name.as_str()))
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect()
}

impl Answer {
    fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            if let Ok(value) = value.parse() {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
