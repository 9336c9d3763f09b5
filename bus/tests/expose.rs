//! The pages for machines, before callers that want too much.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zizhi_bus::expose::{Answer, Ask, CONNECTIONS_MAX, DEFAULT_ADDRESS, ExposeError, serve};

fn routes(ask: Ask<'_>) -> Option<Answer> {
    (ask.path == "/here").then(|| Answer::text(200, "it is\n"))
}

async fn say(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![];
    while !answer.ends_with(b"\n") && stream.read_buf(&mut answer).await.unwrap() > 0 {}
    String::from_utf8(answer).unwrap()
}

fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[tokio::test]
async fn only_a_get_of_a_known_page_is_answered() {
    assert!(DEFAULT_ADDRESS.ip().is_loopback());
    let server = serve(anywhere(), routes).await.unwrap();
    for (request, status) in [
        ("GET /here?a=b HTTP/1.1\r\nhost: x\r\n\r\n", "200"),
        ("GET /there HTTP/1.1\r\nhost: x\r\n\r\n", "404"),
        (
            "POST /here HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
            "405",
        ),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let answer = say(&mut stream, request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn more_connections_than_there_are_places_are_closed() {
    let server = serve(anywhere(), routes).await.unwrap();
    let request = "GET /here HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut open = vec![];
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        assert!(say(&mut stream, request).await.contains("200"));
        open.push(stream);
    }
    let mut late = TcpStream::connect(server.address()).await.unwrap();
    let mut got = vec![];
    // Closed without a word: an end of the stream, or a reset.
    let _ = late.read_to_end(&mut got).await;
    assert!(got.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let server = serve(anywhere(), routes).await.unwrap();
    let error = serve(server.address(), routes).await.unwrap_err();
    assert!(matches!(&error, ExposeError::Bind { address, .. } if *address == server.address()));
    assert!(error.to_string().contains("name another address"));
}
