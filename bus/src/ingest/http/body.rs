//! How does a body get into memory, and no more of it than there is room for?

use super::Shared;
use super::header;
use super::route::{Dialect, Target};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::{Request, StatusCode};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// A request that is not taken, before anything of its message was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: StatusCode,
    /// What is wrong and what would be right.
    pub reason: String,
    /// Headers that say more.
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: &str) -> Self {
        Self {
            status,
            reason: reason.to_owned(),
            headers: vec![],
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// There is no room: the sender is to come again.
    pub(super) fn busy() -> Self {
        let reason = "too much is waiting to be read: send it again later";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason).with("retry-after", "1")
    }

    /// The sender did not say the token.
    pub(super) fn stranger() -> Self {
        let reason = "send `Authorization: Bearer <token>`, or the user and password, of the receiver's token_file";
        Self::new(StatusCode::UNAUTHORIZED, reason).with("www-authenticate", "Bearer, Basic")
    }
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Plain,
    Gzip,
    Deflate,
}

impl Shared {
    /// The body, decompressed, and the room that it takes: given back when the permit is dropped.
    pub(super) async fn body(
        &self,
        request: Request<Incoming>,
        target: Target,
    ) -> Result<(Vec<u8>, OwnedSemaphorePermit), Refusal> {
        let most = self.config.body_bytes;
        let coding = coding(&header(request.headers(), "content-encoding"), target)?;
        let stated = request.body().size_hint().exact();
        if stated.is_some_and(|length| length > most as u64) {
            return Err(too_long(most));
        }
        let timeout = Duration::from_secs(self.config.read_timeout_s);
        let bytes = room(stated, coding, most);
        let held =
            tokio::time::timeout(timeout, Arc::clone(&self.budget).acquire_many_owned(bytes));
        let held = held
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or_else(Refusal::busy)?;
        let body = Limited::new(request.into_body(), most).collect();
        let body = tokio::time::timeout(timeout, body).await.map_err(|_| {
            Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not come in whole in time",
            )
        })?;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                too_long(most)
            } else {
                Refusal::new(StatusCode::BAD_REQUEST, "the body broke off")
            }
        })?;
        let plain = decompress(body.to_bytes().into(), coding, most)?;
        Ok((plain, held))
    }
}

/// The bytes to keep room for: what is compressed, or of unknown length, may become the longest there is.
fn room(stated: Option<u64>, coding: Coding, most: usize) -> u32 {
    let bytes = match (stated, coding) {
        (Some(length), Coding::Plain) => usize::try_from(length).unwrap_or(most).min(most),
        _ => most,
    };
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn coding(name: &str, target: Target) -> Result<Coding, Refusal> {
    let is_write = matches!(target.dialect, Dialect::RemoteWrite(_));
    match name.to_ascii_lowercase().as_str() {
        // The snappy block of remote write is taken apart by its decoder, which checks its size first.
        "snappy" if is_write => Ok(Coding::Plain),
        "" | "identity" => Ok(Coding::Plain),
        "gzip" if !is_write => Ok(Coding::Gzip),
        "deflate" if !is_write => Ok(Coding::Deflate),
        other => {
            let wanted = if is_write {
                "snappy"
            } else {
                "gzip, deflate or nothing"
            };
            let reason = format!("bodies compressed with `{other}` are not read: use {wanted}");
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, &reason))
        }
    }
}

fn decompress(body: Vec<u8>, coding: Coding, most: usize) -> Result<Vec<u8>, Refusal> {
    match coding {
        Coding::Plain => Ok(body),
        Coding::Gzip => inflate(MultiGzDecoder::new(&*body), most),
        Coding::Deflate => inflate(ZlibDecoder::new(&*body), most),
    }
}

/// Stops one byte beyond the bound, whatever the compressed bytes claim.
fn inflate(reader: impl Read, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut plain = vec![];
    let read = reader.take(most as u64 + 1).read_to_end(&mut plain);
    if read.is_err() {
        let reason = "the body is not compressed as its Content-Encoding says";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, reason));
    }
    if plain.len() > most {
        return Err(too_long(most));
    }
    Ok(plain)
}

fn too_long(most: usize) -> Refusal {
    let reason = format!("the body has more than {most} bytes: send smaller batches");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, &reason)
}
