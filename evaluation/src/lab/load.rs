//! The users: real requests at a steady rate from their namespaces through the gateway, and health checks at the sites.
//!
//! In: a group's rate, an instance's address. Out: what the users got, what the instances say. Open loop: a slow answer
//! does not slow the next request. Called by the observer; runs on threads inside the namespaces.

use super::clock::Stopwatch;
use super::gateway::ask;
use super::http::Request;
use super::inside::Inside;
use super::recent::{Recent, Summary};
use super::service::ServiceStats;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;

/// An answer later than this is no answer to a user.
const USER_PATIENCE: Duration = Duration::from_secs(1);
/// Requests a group may have open; at 30 per second and 1 s of patience 30 are possible.
const OPEN_MAX: usize = 200;
const CHECK_EVERY: Duration = Duration::from_millis(500);
const CHECK_PATIENCE: Duration = Duration::from_millis(400);

/// The requests of one group.
#[derive(Debug, Clone)]
pub struct Users {
    recent: Arc<Mutex<Recent>>,
    started: Stopwatch,
}

impl Users {
    /// Starts to ask the gateway for a path, `rate_rps` times per second.
    pub fn start(
        place: &Inside,
        gateway: SocketAddr,
        path: &str,
        group: &str,
        rate_rps: f64,
    ) -> Self {
        let users = Self {
            recent: Arc::new(Mutex::new(Recent::default())),
            started: Stopwatch::start(),
        };
        let request = Request::new("GET", path, Some(group));
        let every = Duration::from_secs_f64(1.0 / rate_rps.max(0.1));
        place.spawn(users.clone().run(gateway, request, every));
        users
    }

    /// What they got in the last seconds.
    pub fn summary(&self) -> Summary {
        let now = self.now_ms();
        self.with(|recent| recent.summary(now))
    }

    async fn run(self, gateway: SocketAddr, request: Request, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let open = Arc::new(Semaphore::new(OPEN_MAX));
        loop {
            ticks.tick().await;
            let Ok(place) = Arc::clone(&open).try_acquire_owned() else {
                self.done(USER_PATIENCE, false);
                continue;
            };
            let (users, request) = (self.clone(), request.clone());
            tokio::spawn(async move {
                let begun = Stopwatch::start();
                let answer = ask(gateway, &request, USER_PATIENCE).await;
                users.done(begun.elapsed(), answer.is_ok_and(|r| r.status == 200));
                drop(place);
            });
        }
    }

    fn done(&self, took: Duration, good: bool) {
        let (now, took_ms) = (self.now_ms(), took.as_secs_f64() * 1000.0);
        self.with(|recent| recent.add(now, took_ms, took_ms, good));
    }

    fn now_ms(&self) -> u64 {
        self.started.whole_ms()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Recent) -> T) -> T {
        work(&mut self.recent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The health of one instance, checked from its own host.
#[derive(Debug, Clone)]
pub struct Health {
    last: Arc<Mutex<Option<ServiceStats>>>,
}

impl Health {
    /// Starts to check.
    pub fn start(place: &Inside, instance: SocketAddr) -> Self {
        let health = Self {
            last: Arc::new(Mutex::new(None)),
        };
        place.spawn(health.clone().run(instance));
        health
    }

    /// What it said at the last check; `None` if it did not answer.
    pub fn last(&self) -> Option<ServiceStats> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self, instance: SocketAddr) {
        let mut ticks = tokio::time::interval(CHECK_EVERY);
        let request = Request::new("GET", "/stats", None);
        loop {
            ticks.tick().await;
            let answer = ask(instance, &request, CHECK_PATIENCE).await.ok();
            let stats = answer
                .filter(|r| r.status == 200)
                .and_then(|r| serde_json::from_slice(&r.body).ok());
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = stats;
        }
    }
}
