//! A receiver on loopback that keeps what came out, and a client that speaks plain HTTP/1.1.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use zizhi_bus::ingest::account::Counts;
use zizhi_bus::ingest::config::{HttpInput, IngestConfig};
use zizhi_bus::ingest::output::{Origin, Output};
use zizhi_bus::ingest::run::{Ingest, Sink};
use zizhi_bus::mapping::Mapper;
use zizhi_types::NetTime;

/// How long a state is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Places `up` of a router, and nothing else.
pub fn only_up() -> Mapper {
    let mut mapper = Mapper::default();
    let pack = "pack: test\nabout: One rule\nrules:\n  - match: {name: [up]}\n    object: \"router/{instance}\"\n    metric: router.up\n    unit: \"1\"\n";
    mapper.add("test.yaml", pack).unwrap();
    mapper
}

/// Everything that came out.
#[derive(Clone, Default)]
pub struct Kept(pub Arc<Mutex<Vec<Output>>>);

#[async_trait]
impl Sink for Kept {
    async fn outputs(&mut self, _: &Origin, outputs: Vec<Output>, _: NetTime) {
        self.0.lock().unwrap().extend(outputs);
    }

    async fn counts(&mut self, _: BTreeMap<String, Counts>, _: NetTime) {}
}

impl Kept {
    /// Waits until there are so many outputs.
    pub async fn wait(&self, outputs: usize) -> Vec<Output> {
        let enough = async {
            while self.0.lock().unwrap().len() < outputs {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.unwrap();
        self.0.lock().unwrap().clone()
    }
}

pub fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A receiver with an HTTP listener, after some changes to its configuration.
pub async fn receiver(change: impl FnOnce(&mut IngestConfig)) -> (Ingest, Kept) {
    receiver_with(only_up(), change).await
}

/// The same with other mapping tables.
pub async fn receiver_with(
    mapper: Mapper,
    change: impl FnOnce(&mut IngestConfig),
) -> (Ingest, Kept) {
    let mut config = IngestConfig {
        http: Some(HttpInput {
            listen: loopback(),
            ..HttpInput::default()
        }),
        ..IngestConfig::default()
    };
    change(&mut config);
    let kept = Kept::default();
    let ingest = Ingest::start(&config, mapper, kept.clone()).await.unwrap();
    (ingest, kept)
}

/// What a server answered.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Heard {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Heard {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: zizhi\r\nconnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "content-length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may answer and close before it has read a body that it does not want.
    let _ = stream.write_all(body).await;
    read(&mut stream).await
}

/// Reads one answer until the server closes.
pub async fn read(stream: &mut TcpStream) -> Heard {
    let mut bytes = vec![];
    let read = stream.read_to_end(&mut bytes);
    let _ = tokio::time::timeout(PATIENCE, read).await.unwrap();
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|l| l.split(' ').nth(1));
    Heard {
        status: status.and_then(|s| s.parse().ok()).unwrap_or(0),
        headers: lines
            .filter_map(|l| l.split_once(": "))
            .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
            .collect(),
        body: bytes.get(end + 4..).unwrap_or_default().to_vec(),
    }
}
