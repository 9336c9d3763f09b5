//! What did a program ask for?
//!
//! In: a request. Out: its query, its id, its body, each checked, or a problem that says what is wrong. Nothing unknown is
//! passed over: a misspelt filter would look like an answer.

use super::problem::{ApiFailure, Refusal};
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use std::fmt::Display;
use std::str::FromStr;
use zizhi_types::ids::BadId;

/// Longest body of an order, in bytes. Our choice: a reason has at most 500 characters.
const BODY_MAX: usize = 16 * 1024;

/// The query, all of it known.
pub struct WholeQuery<Q>(pub Q);

impl WholeQuery<Nothing> {
    /// Most items on a page.
    pub const LIMIT_MAX: u64 = 200;
}

/// No query at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<S: Sync, Q: DeserializeOwned> FromRequestParts<S> for WholeQuery<Q> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiFailure> {
        match Query::<Q>::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(Self(query)),
            Err(error) => {
                let source = std::error::Error::source(&error);
                let why = source.map_or_else(|| error.to_string(), ToString::to_string);
                Err(Refusal::Query(why).into())
            }
        }
    }
}

/// The id in the path, written as we write it: `inc-transport-07` names nothing.
pub struct Id<T>(pub T);

impl<S, T> FromRequestParts<S> for Id<T>
where
    S: Send + Sync,
    T: FromStr<Err = BadId> + Display,
{
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|e| Refusal::Path(e.body_text()))?;
        let id: T = text.parse()?;
        if id.to_string() == text {
            Ok(Self(id))
        } else {
            Err(Refusal::Path(format!("`{text}` is no id: write {id}")).into())
        }
    }
}

/// An order: its body, and how it is recognised if it comes again.
pub struct Told<T> {
    /// What is ordered.
    pub order: T,
    /// The key that the program gave it.
    pub key: Option<String>,
    /// SHA-256 of path and body.
    pub digest: [u8; 32],
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = ApiFailure;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiFailure> {
        let (parts, body) = request.into_parts();
        let key = key(&parts)?;
        let media = parts.headers.get(CONTENT_TYPE);
        let media = media.and_then(|m| m.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::Media.into());
        }
        let read = to_bytes(body, BODY_MAX).await;
        let bytes = read.map_err(|_| Refusal::Long(BODY_MAX))?;
        let digest = Sha256::new()
            .chain_update(parts.uri.path())
            .chain_update([0])
            .chain_update(&bytes);
        Ok(Self {
            order: shaped(&bytes)?,
            key,
            digest: digest.finalize().into(),
        })
    }
}

fn key(parts: &Parts) -> Result<Option<String>, Refusal> {
    let mut keys = parts.headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let bytes = key.as_bytes();
    let good = (1..=128).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(text) if good && keys.next().is_none() => Ok(Some(text.to_owned())),
        _ => Err(Refusal::Key),
    }
}

/// Text that is no JSON is told apart from JSON that says something else. A list is no order, though serde would read one.
fn shaped<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let any: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(bytes);
    any.map_err(|e| Refusal::Json(e.to_string()))?;
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(Refusal::Shape("an object is wanted".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|e| Refusal::Shape(e.to_string()))
}
