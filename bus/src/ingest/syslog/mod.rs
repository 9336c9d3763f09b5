//! Who sends syslog, over UDP or TCP?
//!
//! A datagram is one message. A TCP stream is cut into messages by [`frames`]. A full queue drops datagrams, which are counted for
//! their sender, and holds back TCP senders. Syslog over TLS is left to a relay on this machine (rsyslog, syslog-ng), which is where
//! its certificates are kept.

pub mod frames;

use super::config::{Protocol, SyslogInput};
use super::http::{ListenError, pause};
use super::intake::{Arrived, Intake};
use crate::clock::wall;
use crate::decode::Format;
use frames::Frames;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Longest datagram, in bytes.
const DATAGRAM: usize = 65_535;

/// A bound listener.
pub struct SyslogListener {
    socket: Socket,
    intake: Intake,
    connections: usize,
    address: SocketAddr,
}

enum Socket {
    Udp(UdpSocket),
    Tcp(TcpListener),
}

impl SyslogListener {
    /// Takes the address. The configuration was checked.
    pub async fn bind(config: &SyslogInput, intake: Intake) -> Result<Self, ListenError> {
        let listen = config.listen;
        let failed = |source| ListenError::Bind { listen, source };
        let (socket, address) = match config.protocol {
            Protocol::Udp => {
                let socket = UdpSocket::bind(listen).await.map_err(failed)?;
                let address = socket.local_addr().map_err(failed)?;
                (Socket::Udp(socket), address)
            }
            Protocol::Tcp => {
                let listener = TcpListener::bind(listen).await.map_err(failed)?;
                let address = listener.local_addr().map_err(failed)?;
                (Socket::Tcp(listener), address)
            }
        };
        Ok(Self {
            socket,
            intake,
            connections: config.connections,
            address,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let Self {
            socket,
            intake,
            connections,
            ..
        } = self;
        match socket {
            Socket::Udp(socket) => stop.run_until_cancelled(datagrams(socket, intake)).await,
            Socket::Tcp(listener) => {
                let streams = accept(listener, intake, connections, stop.clone());
                stop.run_until_cancelled(streams).await
            }
        };
    }
}

async fn datagrams(socket: UdpSocket, intake: Intake) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        match socket.recv_from(&mut buffer).await {
            // Nobody can be told that there was no room; it was counted.
            Ok((length, peer)) => drop(intake.offer(arrived(buffer[..length].to_vec(), peer.ip()))),
            Err(error) => pause(&error).await,
        }
    }
}

async fn accept(
    listener: TcpListener,
    intake: Intake,
    connections: usize,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(connections));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (intake, stop) = (intake.clone(), stop.clone());
                tokio::spawn(async move {
                    stop.run_until_cancelled(read(stream, peer.ip(), intake))
                        .await;
                    drop(place);
                });
            }
            Err(error) => pause(&error).await,
        }
    }
}

/// Reads one stream to its end. What is in it goes on in order; a full queue makes the sender wait.
async fn read(mut stream: TcpStream, peer: IpAddr, intake: Intake) {
    let mut frames = Frames::new(DATAGRAM);
    let mut buffer = vec![0; 16 << 10];
    loop {
        let length = stream.read(&mut buffer).await.unwrap_or(0);
        let is_end = length == 0;
        let found = if is_end {
            frames.end()
        } else {
            frames.push(&buffer[..length])
        };
        for frame in found {
            if intake.put(arrived(frame, peer)).await.is_err() {
                return;
            }
        }
        for _ in 0..frames.take_dropped() {
            intake.drop_one(source(peer));
        }
        if is_end || frames.is_broken() {
            return;
        }
    }
}

fn source(peer: IpAddr) -> String {
    format!("syslog/{peer}")
}

fn arrived(payload: Vec<u8>, peer: IpAddr) -> Arrived {
    Arrived {
        source: source(peer),
        format: Format::Syslog,
        payload,
        subject: String::new(),
        content_type: String::new(),
        headers: BTreeMap::new(),
        received: wall(),
        sequence: None,
        answer: None,
    }
}
