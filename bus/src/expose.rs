//! What does this process show of itself over HTTP? A few pages for machines: GET only, bounded, stopped in order.
//!
//! Meant for a scraper and for whoever starts and stops processes. It has no login, so it listens on the loopback
//! address unless somebody configures another one.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where it listens unless told otherwise; 9464 is the port that OpenTelemetry gives to Prometheus exporters.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// Connections at a time; more are closed at once. A few scrapers and probes need no more (our choice).
pub const CONNECTIONS_MAX: usize = 32;

/// How long a connection may stand without a whole request.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);

/// How long a connection may last: one whose reader takes nothing ends here.
const CONNECTION_WITHIN: Duration = Duration::from_mins(5);

/// How long open answers may take after the stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Longest head of a request, in bytes.
const HEAD_MAX: usize = 16 * 1024;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask<'a> {
    /// The path, without a query.
    pub path: &'a str,
    /// The `Accept` header; empty where there is none.
    pub accept: &'a str,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// An HTTP status; one that is none becomes 500.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A line of plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: body.into(),
        }
    }
}

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum ExposeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: name another address, or stop what has it")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A listening server. Dropping it ends it too, without waiting.
#[derive(Debug)]
pub struct Exposed {
    address: SocketAddr,
    stop: CancellationToken,
    connections: TaskTracker,
}

impl Exposed {
    /// Where it listens: the real port, where port 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes nothing more, finishes what is being answered, for 5 s at most.
    pub async fn stop(self) {
        self.stop.cancel();
        self.connections.close();
        let _ = tokio::time::timeout(STOP_WITHIN, self.connections.wait()).await;
    }
}

impl Drop for Exposed {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Answers GET requests on `address` by `routes`; `None` is 404. Routes are called on the server's tasks: they must not
/// wait.
pub async fn serve<R>(address: SocketAddr, routes: R) -> Result<Exposed, ExposeError>
where
    R: Fn(Ask<'_>) -> Option<Answer> + Send + Sync + 'static,
{
    let bind = |source| ExposeError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let stop = CancellationToken::new();
    let connections = TaskTracker::new();
    let accepting = accept(
        listener,
        Arc::new(routes),
        stop.clone(),
        connections.clone(),
    );
    connections.spawn(accepting);
    Ok(Exposed {
        address,
        stop,
        connections,
    })
}

async fn accept<R>(
    listener: TcpListener,
    routes: Arc<R>,
    stop: CancellationToken,
    connections: TaskTracker,
) where
    R: Fn(Ask<'_>) -> Option<Answer> + Send + Sync + 'static,
{
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: leave time for one to come free.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let (routes, stop) = (Arc::clone(&routes), stop.clone());
        connections.spawn(async move {
            let _place = place;
            let _ = tokio::time::timeout(CONNECTION_WITHIN, converse(stream, routes, stop)).await;
        });
    }
}

async fn converse<R>(stream: TcpStream, routes: Arc<R>, stop: CancellationToken)
where
    R: Fn(Ask<'_>) -> Option<Answer> + Send + Sync + 'static,
{
    let service = service_fn(move |request| {
        let response = respond(&request, &*routes);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

fn respond(
    request: &Request<Incoming>,
    routes: &dyn Fn(Ask<'_>) -> Option<Answer>,
) -> Response<Full<Bytes>> {
    let mut refused = None;
    if request.method() != Method::GET {
        refused = Some(Answer::text(405, "only GET is answered here\n"));
    }
    let header = request.headers().get(ACCEPT);
    let ask = Ask {
        path: request.uri().path(),
        accept: header.and_then(|v| v.to_str().ok()).unwrap_or(""),
    };
    let answer = refused.or_else(|| routes(ask)).unwrap_or_else(|| {
        Answer::text(
            404,
            "nothing is here: ask for /metrics, /healthz or /readyz\n",
        )
    });
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if answer.status == 405 {
        headers.insert(ALLOW, HeaderValue::from_static("GET"));
    }
    response
}
