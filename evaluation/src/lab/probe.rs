//! Our own probes: over each link one way, and between users and sites there and back.
//!
//! In: a [`Rig`]. Out: ledgers that the collector judges. Over a link the probes have a TTL of 1, so that none can reach
//! the far end by another way. Called by the observer; runs on threads inside the namespaces.

use super::clock::Stopwatch;
use super::error::LabError;
use super::inside::Inside;
use super::ledger::{Judged, Ledger};
use super::plan::{End, HostPlan};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;

const LINK_PORT: u16 = 8620;
const ECHO_PORT: u16 = 8621;
/// Ten probes a second and direction: one lost second is seen at once, and the load is 6 kbit/s.
const EVERY: Duration = Duration::from_millis(100);

/// Probes from one place to another.
#[derive(Debug, Clone)]
pub struct Probes {
    ledger: Arc<Mutex<Ledger>>,
    started: Stopwatch,
}

impl Probes {
    fn new() -> Self {
        Self {
            ledger: Arc::new(Mutex::new(Ledger::default())),
            started: Stopwatch::start(),
        }
    }

    /// What became of the probes since the last call.
    pub fn judge(&self) -> Judged {
        let now = self.now_ms();
        self.with(|ledger| ledger.judge(now))
    }

    fn now_ms(&self) -> f64 {
        self.started.ms()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> T {
        work(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn send(self, socket: Arc<UdpSocket>) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            let now = self.now_ms();
            let number = self.with(|ledger| ledger.send(now));
            // Where there is no way the probe counts as lost, which is what it is.
            let _ = socket.send(&number.to_be_bytes()).await;
        }
    }

    async fn receive(self, socket: Arc<UdpSocket>) {
        loop {
            let mut bytes = [0; 8];
            if let Ok(8) = socket.recv(&mut bytes).await {
                let now = self.now_ms();
                self.with(|ledger| ledger.receive(u64::from_be_bytes(bytes), now));
            } else {
                // An ICMP error comes as an error of the socket; the next receive works again.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Starts probes both ways over a link; `places` are the two ends' namespaces. First those from `a` to `b`.
pub fn over_link(ends: &[End; 2], places: [&Inside; 2]) -> [Probes; 2] {
    let directions = [Probes::new(), Probes::new()];
    for (own, far) in [(0, 1), (1, 0)] {
        let (from, to) = (ends[own].address, ends[far].address);
        let (out, back) = (directions[own].clone(), directions[far].clone());
        places[own].spawn(async move {
            match link_socket(from, to).await {
                Ok(socket) => {
                    let socket = Arc::new(socket);
                    tokio::join!(out.send(Arc::clone(&socket)), back.receive(socket));
                }
                Err(e) => tracing::error!(%from, %to, error = %e, "link probe cannot start"),
            }
        });
    }
    directions
}

async fn link_socket(from: Ipv4Addr, to: Ipv4Addr) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::from((from, LINK_PORT))).await?;
    socket.set_ttl(1)?;
    socket.connect(SocketAddr::from((to, LINK_PORT))).await?;
    Ok(socket)
}

/// Starts to answer probes in a host.
pub fn answer(place: &Inside) {
    place.spawn(async {
        let Ok(socket) = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, ECHO_PORT)).await else {
            tracing::error!("the echo port is taken");
            return;
        };
        let mut bytes = [0; 64];
        loop {
            if let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                let _ = socket.send_to(&bytes[..length], from).await;
            }
        }
    });
}

/// Starts probes to a host and back.
pub fn to_host(place: &Inside, host: &HostPlan) -> Probes {
    let probes = Probes::new();
    let (out, back, to) = (probes.clone(), probes.clone(), host.address);
    place.spawn(async move {
        match path_socket(to).await {
            Ok(socket) => {
                let socket = Arc::new(socket);
                tokio::join!(out.send(Arc::clone(&socket)), back.receive(socket));
            }
            Err(e) => tracing::error!(%to, error = %e, "path probe cannot start"),
        }
    });
    probes
}

async fn path_socket(to: Ipv4Addr) -> Result<UdpSocket, std::io::Error> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(SocketAddr::from((to, ECHO_PORT))).await?;
    Ok(socket)
}

/// Enters the namespace of a node.
pub fn enter(rig: &super::rig::Rig, node: &str) -> Result<Inside, LabError> {
    Inside::enter(&rig.id().namespace(node))
}
