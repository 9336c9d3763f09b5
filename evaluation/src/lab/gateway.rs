//! The service gateway: a reverse proxy that steers each request by URL path and group to an instance.
//!
//! In: users' requests on TCP, commands on a control socket. Out: the instances' answers, `/stats`. Runs as a process of
//! its own inside the gateway's namespace. What goes where is decided in [`super::steering`].

use super::clock::Stopwatch;
use super::http::{Request, Response, exchange, read_request, write_response};
use super::recent::{Recent, Summary};
use super::steering::{Steering, Target};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use zizhi_types::topology::Preference;

/// A health check every second; two failures in a row take an instance out, one success brings it back.
const CHECK_EVERY: Duration = Duration::from_secs(1);
const CHECK_PATIENCE: Duration = Duration::from_millis(800);
/// The policy is computed anew this often by itself.
const POLICY_EVERY: Duration = Duration::from_secs(30);
/// An instance that does not answer within this has failed the request.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);

/// What a gateway needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Where users reach it.
    pub listen: SocketAddr,
    /// Where it takes commands.
    pub control: PathBuf,
    /// The instances.
    pub targets: Vec<Target>,
    /// The groups and what they prefer.
    pub groups: BTreeMap<String, Preference>,
    /// The path it steers.
    pub url_path: String,
}

/// What `/stats` says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GatewayStats {
    /// Seconds since the policy was computed.
    pub policy_age_s: f64,
    /// Group, then instance: share of the group's last requests that went there.
    pub shares: BTreeMap<String, BTreeMap<String, f64>>,
    /// Group, then instance: the policy.
    pub weights: BTreeMap<String, BTreeMap<String, f64>>,
    /// Instance: what its health checks say.
    pub healthy: BTreeMap<String, bool>,
    /// Instance: share of its capacity that it may be sent.
    pub limits: BTreeMap<String, f64>,
    /// Instance: the last seconds as the gateway saw them.
    pub instances: BTreeMap<String, Summary>,
}

struct Gateway {
    url_path: String,
    steering: Mutex<Steering>,
    sent: Mutex<BTreeMap<(String, String), Recent>>,
    started: Stopwatch,
}

/// Steers until the process is ended.
pub async fn serve(config: GatewayConfig) -> std::io::Result<()> {
    let users = TcpListener::bind(config.listen).await?;
    let control = UnixListener::bind(&config.control)?;
    let gateway = Arc::new(Gateway {
        url_path: config.url_path,
        steering: Mutex::new(Steering::new(config.targets, config.groups, 0)),
        sent: Mutex::new(BTreeMap::new()),
        started: Stopwatch::start(),
    });
    for target in lock(&gateway.steering).targets() {
        tokio::spawn(Arc::clone(&gateway).check(target));
    }
    tokio::spawn(Arc::clone(&gateway).recompute());
    loop {
        tokio::select! {
            stream = users.accept() => {
                let (stream, gateway) = (stream?.0, Arc::clone(&gateway));
                tokio::spawn(async move { gateway.user(stream).await });
            }
            stream = control.accept() => {
                let (stream, gateway) = (stream?.0, Arc::clone(&gateway));
                tokio::spawn(async move { gateway.operator(stream).await });
            }
        }
    }
}

/// The data behind the lock is whole even if a holder died: each change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gateway {
    fn now_ms(&self) -> u64 {
        self.started.whole_ms()
    }

    async fn user(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let request = read_request(&mut stream).await?;
        let response = if request.path() == self.url_path {
            self.steer(&request).await
        } else {
            Response::text(404, "no such service")
        };
        write_response(&mut stream, &response).await
    }

    async fn steer(&self, request: &Request) -> Response {
        let group = request.group.clone().unwrap_or_default();
        let chosen = lock(&self.steering).choose(&group, self.now_ms());
        let Some(target) = chosen else {
            return Response::text(503, "no instance");
        };
        let begun = Stopwatch::start();
        let answer = ask(target.address, request, ANSWER_PATIENCE).await;
        let latency_ms = begun.ms();
        let response = answer.unwrap_or_else(|e| Response::text(502, e.to_string()));
        let good = response.status == 200;
        if good {
            lock(&self.steering).answered(&target.id, latency_ms);
        }
        lock(&self.sent).entry((group, target.id)).or_default().add(
            self.now_ms(),
            latency_ms,
            latency_ms,
            good,
        );
        response
    }

    async fn operator<S>(&self, mut stream: S) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let request = read_request(&mut stream).await?;
        let response = match (request.method.as_str(), request.path()) {
            ("GET", "/stats") => self.stats(),
            ("POST", "/refresh") => {
                lock(&self.steering).compute(self.now_ms());
                self.stats()
            }
            ("POST", "/limit") => self.limit(&request),
            _ => Response::text(404, "no such command"),
        };
        write_response(&mut stream, &response).await
    }

    fn limit(&self, request: &Request) -> Response {
        let share = request.query("share").and_then(|s| s.parse().ok());
        let (Some(id), Some(share)) = (request.query("instance"), share) else {
            return Response::text(400, "write instance and share");
        };
        let before = lock(&self.steering).limit(id, share, self.now_ms());
        match before {
            Some(_) => self.stats(),
            None => Response::text(404, "no such instance"),
        }
    }

    fn stats(&self) -> Response {
        let now = self.now_ms();
        let (mut counts, mut instances) = (BTreeMap::new(), BTreeMap::new());
        for ((group, instance), recent) in lock(&self.sent).iter_mut() {
            let summary = recent.summary(now);
            instances.insert(instance.clone(), summary);
            let of_group: &mut BTreeMap<_, _> = counts.entry(group.clone()).or_default();
            of_group.insert(instance.clone(), summary.rps);
        }
        for shares in counts.values_mut() {
            let sum: f64 = shares.values().sum();
            for share in shares.values_mut() {
                *share /= sum.max(1e-9);
            }
        }
        let steering = lock(&self.steering);
        let limit = |t: Target| Some((steering.share(&t.id)?, t.id));
        let limits = steering.targets().into_iter().filter_map(limit);
        let stats = GatewayStats {
            policy_age_s: steering.age_s(now),
            shares: counts,
            weights: steering.weights().clone(),
            healthy: steering.health(),
            limits: limits.map(|(share, id)| (id, share)).collect(),
            instances,
        };
        match serde_json::to_string(&stats) {
            Ok(text) => Response::text(200, text),
            Err(e) => Response::text(500, e.to_string()),
        }
    }

    async fn check(self: Arc<Self>, target: Target) {
        let mut failures = 0;
        let mut ticks = tokio::time::interval(CHECK_EVERY);
        let health = Request::new("GET", "/health", None);
        loop {
            ticks.tick().await;
            let answer = ask(target.address, &health, CHECK_PATIENCE).await;
            let good = answer.is_ok_and(|r| r.status == 200);
            failures = if good { 0 } else { failures + 1 };
            if good || failures >= 2 {
                lock(&self.steering).checked(&target.id, good, self.now_ms());
            }
        }
    }

    async fn recompute(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(POLICY_EVERY);
        loop {
            ticks.tick().await;
            lock(&self.steering).compute(self.now_ms());
        }
    }
}

/// One request over a connection of its own, with a limit on the whole.
pub async fn ask(
    address: SocketAddr,
    request: &Request,
    patience: Duration,
) -> std::io::Result<Response> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        exchange(&mut stream, request).await
    };
    tokio::time::timeout(patience, exchange)
        .await
        .unwrap_or_else(|_| Err(Error::from(ErrorKind::TimedOut)))
}
