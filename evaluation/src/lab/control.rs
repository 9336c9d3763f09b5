//! Gives the gateway commands over its control socket.
//!
//! In: a command. Out: what the gateway says of itself afterwards. Called by collectors and drivers. Blocking, with limits.

use super::gateway::GatewayStats;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(1);
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Asks the gateway how it does.
pub fn stats(socket: &Path) -> Result<GatewayStats> {
    command(socket, "GET", "/stats")
}

/// Makes it compute its policy anew.
pub fn refresh(socket: &Path) -> Result<GatewayStats> {
    command(socket, "POST", "/refresh")
}

/// Limits an instance to a share of its capacity, 0 to 1.
pub fn limit(socket: &Path, instance: &str, share: f64) -> Result<GatewayStats> {
    command(
        socket,
        "POST",
        &format!("/limit?instance={instance}&share={share}"),
    )
}

fn command(socket: &Path, method: &str, target: &str) -> Result<GatewayStats> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = format!("{method} {target} HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut text = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut text)?;
    let bad = |why: String| Error::new(ErrorKind::InvalidData, why);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| bad("no HTTP response".into()))?;
    if head.split(' ').nth(1) != Some("200") {
        return Err(bad(format!("the gateway refused `{target}`: {body}")));
    }
    serde_json::from_str(body).map_err(|e| bad(e.to_string()))
}
