//! As much HTTP/1.1 as the lab's own processes speak with each other: one request per connection.
//!
//! In: a stream. Out: a request or a response. Called by the service, the gateway, the load and the control sockets.
//! Heads and bodies are bounded. Nothing outside the lab is ever spoken to.

use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const HEAD_BYTES_MAX: usize = 8 << 10;
const BODY_BYTES_MAX: u64 = 4 << 20;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// Path with query.
    pub target: String,
    /// The user group, from `x-group`.
    pub group: Option<String>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200 and so on.
    pub status: u16,
    /// All of it.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer in text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            body: text.into().into_bytes(),
        }
    }
}

impl Request {
    /// Asks for a path.
    pub fn new(method: &str, target: &str, group: Option<&str>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            group: group.map(str::to_owned),
        }
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A value of the query.
    pub fn query(&self, key: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(k, _)| *k == key).map(|(_, value)| value)
    }

    /// Reads a request; `None` where the head is no HTTP.
    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let group = header(head, "x-group");
        Some(Self::new(method, target, group))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = head.split("\r\n").skip(1).filter_map(|l| l.split_once(':'));
    pairs
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Reads one request.
pub async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Request> {
    let (head, _) = read_head(stream).await?;
    Request::parse(&head).ok_or_else(|| bad("no HTTP request"))
}

/// Writes one response and ends the stream.
pub async fn write_response<S: AsyncWrite + Unpin>(
    stream: &mut S,
    response: &Response,
) -> Result<()> {
    let head = format!(
        "HTTP/1.1 {} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        response.status,
        response.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&response.body).await?;
    stream.shutdown().await
}

/// Sends one request and reads the response.
pub async fn exchange<S>(stream: &mut S, request: &Request) -> Result<Response>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let group = request.group.as_ref();
    let group = group.map_or_else(String::new, |g| format!("x-group: {g}\r\n"));
    let head = format!(
        "{} {} HTTP/1.1\r\nhost: lab\r\n{group}connection: close\r\n\r\n",
        request.method, request.target
    );
    stream.write_all(head.as_bytes()).await?;
    read_response(stream).await
}

async fn read_response<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Response> {
    let (head, mut body) = read_head(stream).await?;
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
    let status = status.ok_or_else(|| bad("no HTTP response"))?;
    let length: u64 = header(&head, "content-length")
        .and_then(|l| l.parse().ok())
        .filter(|length| *length <= BODY_BYTES_MAX)
        .ok_or_else(|| bad("no or too large content-length"))?;
    let missing = length.saturating_sub(body.len() as u64);
    let read = stream.take(missing).read_to_end(&mut body).await?;
    if (read as u64) < missing {
        return Err(bad("the body ends early"));
    }
    Ok(Response { status, body })
}

/// Reads up to the empty line; also returns what came after it.
async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> Result<(String, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(bad("the head ends early"));
        }
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(bad("the head is too long"));
        }
    }
}

fn bad(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_and_its_response_cross_a_stream() {
        let (mut near, mut far) = tokio::io::duplex(64);
        let server = tokio::spawn(async move {
            let request = read_request(&mut far).await.unwrap();
            write_response(&mut far, &Response::text(200, "x".repeat(500)))
                .await
                .unwrap();
            request
        });
        let sent = Request::new("GET", "/v1/infer?a=1&b=2", Some("g1"));
        let response = exchange(&mut near, &sent).await.unwrap();
        let seen = server.await.unwrap();
        assert_eq!((response.status, response.body.len()), (200, 500));
        assert_eq!((seen.path(), seen.query("b")), ("/v1/infer", Some("2")));
        assert_eq!(seen, sent);
    }

    #[tokio::test]
    async fn a_cut_body_and_an_endless_head_are_errors() {
        let cut = b"HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\nabc";
        assert!(read_response(&mut cut.as_slice()).await.is_err());
        let endless = vec![b'a'; 20_000];
        assert!(read_request(&mut endless.as_slice()).await.is_err());
        let huge = b"HTTP/1.1 200 x\r\ncontent-length: 99999999999\r\n\r\n";
        assert!(read_response(&mut huge.as_slice()).await.is_err());
    }
}
