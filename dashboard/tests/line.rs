//! Slow and too many connections, over a real port.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[allow(dead_code, reason = "each test file uses a part of the common story")]
mod common;

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use zizhi_dashboard::{Pace, Source, serve_at};

const PACE: Pace = Pace {
    request: Duration::from_millis(400),
    rest: Duration::from_millis(1500),
};

/// Longer than any test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

async fn served(connections: usize) -> (SocketAddr, oneshot::Sender<()>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let journal = common::whole(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stop_when = async {
        let _ = stopped.await;
    };
    let source = Source::new(&journal);
    tokio::spawn(serve_at(listener, source, (connections, PACE), stop_when));
    (address, stop, folder)
}

/// What the server says until it closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut text))
        .await
        .expect("the connection is cut");
    String::from_utf8_lossy(&text).into_owned()
}

async fn healthy(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_request_that_comes_a_byte_at_a_time_is_cut_and_others_are_served() {
    let (address, _stop, _folder) = served(64).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n")
        .await
        .unwrap();
    healthy(address).await;
    let drip = async {
        while slow.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, drip)
        .await
        .expect("dripping goes on for ever");
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_too() {
    let (address, _stop, _folder) = served(64).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    let head = b"POST /stop HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\non=";
    slow.write_all(head).await.unwrap();
    let answer = rest(&mut slow).await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    healthy(address).await;
}

#[tokio::test]
async fn idle_connections_give_their_places_back() {
    let (address, _stop, _folder) = served(4).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    // Every place is taken, and the next in line are idle as well; each gives its place back after its rest.
    healthy(address).await;
}
