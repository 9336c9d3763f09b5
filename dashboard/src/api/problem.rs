//! What does a program get when a request has no answer?
//!
//! In: a failure. Out: `application/problem+json` (RFC 9457) with a stable `type`, the same under every path of the API.

use super::said::WholeQuery;
use crate::failure::Failure;
use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// A failure on its way to a program.
#[derive(Debug)]
pub enum ApiFailure {
    /// The dashboard has no answer.
    House(Failure),
    /// The request itself is wrong.
    Request(Refusal),
}

/// What is wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("there is nothing at {0}: /api/v1/openapi.json names every path")]
    NoPath(String),
    #[error("{0} takes no such method: the header Allow names those that it takes")]
    NoMethod(String),
    #[error("the query cannot be read: {0}")]
    Query(String),
    #[error("limit is {0}: write a number from 1 to {max}", max = WholeQuery::LIMIT_MAX)]
    Limit(u64),
    #[error("the cursor was not made here: take it from `next` of the page before")]
    Cursor,
    #[error("{0}")]
    Path(String),
    #[error(
        "unknown topic `{0}`: write records, incidents, decisions, heartbeat, with commas between"
    )]
    Topic(String),
    #[error("Last-Event-ID is no position: write the id of the last event that arrived, a number")]
    LastEvent,
    #[error("the body is no JSON: {0}")]
    Json(String),
    #[error("the body is not of the wanted shape: {0}")]
    Shape(String),
    #[error("the body is no application/json: say so in Content-Type")]
    Media,
    #[error("the body is longer than {0} bytes")]
    Long(usize),
    #[error("Idempotency-Key is 1 to 128 visible ASCII characters without spaces")]
    Key,
    #[error("this Idempotency-Key was used for another request: make a new one for each order")]
    KeyReused,
    #[error("the first request with this Idempotency-Key is still under way: ask again")]
    KeyBusy,
    #[error("all {0} live streams are taken: close one, or ask again later")]
    Streams(usize),
}

impl Refusal {
    const fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::NoPath(_) => (S::NOT_FOUND, "no-path", "Nothing is there"),
            Self::NoMethod(_) => (
                S::METHOD_NOT_ALLOWED,
                "no-method",
                "The method is not taken",
            ),
            Self::Query(_) | Self::Topic(_) | Self::LastEvent => {
                (S::BAD_REQUEST, "bad-query", "The query cannot be read")
            }
            Self::Limit(_) => (S::BAD_REQUEST, "bad-limit", "The limit is out of bounds"),
            Self::Cursor => (S::BAD_REQUEST, "bad-cursor", "The cursor cannot be read"),
            Self::Path(_) => (S::BAD_REQUEST, "bad-id", "The id cannot be read"),
            Self::Json(_) => (S::BAD_REQUEST, "bad-json", "The body is no JSON"),
            Self::Shape(_) => (
                S::UNPROCESSABLE_ENTITY,
                "bad-body",
                "The body is of another shape",
            ),
            Self::Media => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "bad-media",
                "The body is no JSON",
            ),
            Self::Long(_) => (S::PAYLOAD_TOO_LARGE, "too-long", "The body is too long"),
            Self::Key => (
                S::BAD_REQUEST,
                "bad-key",
                "The idempotency key cannot be read",
            ),
            Self::KeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "key-reused",
                "The key was used before",
            ),
            Self::KeyBusy => (S::CONFLICT, "key-busy", "The first request is under way"),
            Self::Streams(_) => (S::SERVICE_UNAVAILABLE, "streams-taken", "No stream is free"),
        }
    }
}

impl<E: Into<Failure>> From<E> for ApiFailure {
    fn from(failure: E) -> Self {
        Self::House(failure.into())
    }
}

impl From<Refusal> for ApiFailure {
    fn from(refusal: Refusal) -> Self {
        Self::Request(refusal)
    }
}

/// The body of every error (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What sort of error it is; stable, for programs.
    #[serde(rename = "type")]
    #[schema(examples("urn:zizhi:problem:bad-limit"))]
    kind: String,
    /// The sort in words; the same for every error of the sort.
    title: String,
    /// The HTTP status again.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request, for people.
    detail: String,
}

impl Problem {
    fn of(failure: &ApiFailure) -> Self {
        let (status, kind, title, detail) = match failure {
            ApiFailure::House(failure) => {
                let status = failure.status();
                let (kind, title) = sort(failure, status);
                (status, kind, title, failure.explain())
            }
            ApiFailure::Request(refusal) => {
                let (status, kind, title) = refusal.kind();
                (status, kind, title, refusal.to_string())
            }
        };
        Self {
            kind: format!("urn:zizhi:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
        }
    }
}

fn sort(failure: &Failure, status: StatusCode) -> (&'static str, &'static str) {
    match failure {
        Failure::BadId(_) => ("bad-id", "The id cannot be read"),
        Failure::NotWaiting(_) => ("not-waiting", "Nobody is asked any more"),
        Failure::NoDesk => ("no-swarm", "Nothing can be ordered here"),
        Failure::Journal(_) => ("no-journal", "The journal cannot be read"),
        Failure::Desk(_) => ("not-sent", "The order was not sent"),
        _ => match status {
            StatusCode::UNAUTHORIZED => ("sign-in", "Nobody is signed in"),
            StatusCode::FORBIDDEN => ("forbidden", "It is not allowed"),
            StatusCode::NOT_FOUND => ("not-found", "It is not in this journal"),
            StatusCode::UNPROCESSABLE_ENTITY => ("bad-body", "The body is of another shape"),
            StatusCode::TOO_MANY_REQUESTS => ("too-many", "Too many requests"),
            _ => ("failed", "The request failed"),
        },
    }
}

impl IntoResponse for ApiFailure {
    fn into_response(self) -> Response {
        let problem = Problem::of(&self);
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        let media = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, media);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// How a look at everything can fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub enum Looking {
    /// The request cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(Problem),
    /// Nobody is signed in, or the session has ended
    #[response(status = 401, content_type = "application/problem+json")]
    SignedOut(Problem),
    /// The person may not, or the request is not from this dashboard's own pages or not over TLS where that is due
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The dashboard is not known by this host name
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Problem),
    /// The journal cannot be read now
    #[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds to wait")))]
    Away(Problem),
}

/// How a look at one thing can fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub enum Finding {
    /// The request cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(Problem),
    /// Nobody is signed in, or the session has ended
    #[response(status = 401, content_type = "application/problem+json")]
    SignedOut(Problem),
    /// The person may not, or the request is not from this dashboard's own pages or not over TLS where that is due
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The dashboard is not known by this host name
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Problem),
    /// It is not in this journal
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(Problem),
    /// The journal cannot be read now
    #[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds to wait")))]
    Away(Problem),
}

/// How an order can fail. Then nothing was sent.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub enum Ordering {
    /// The request cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(Problem),
    /// Nobody is signed in, or the session has ended
    #[response(status = 401, content_type = "application/problem+json")]
    SignedOut(Problem),
    /// The person may not, or the request is not from this dashboard's own pages or not over TLS where that is due
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The dashboard is not known by this host name
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Problem),
    /// Nobody is asked about the plan any more, no swarm listens, or the first request with the key is under way
    #[response(status = 409, content_type = "application/problem+json")]
    Late(Problem),
    /// The body is longer than 16 KiB
    #[response(status = 413, content_type = "application/problem+json")]
    Long(Problem),
    /// The body is no JSON
    #[response(status = 415, content_type = "application/problem+json")]
    Media(Problem),
    /// The body is of another shape, or the key was used for another request
    #[response(status = 422, content_type = "application/problem+json")]
    Shape(Problem),
    /// The journal cannot be read, or the bus does not take the order
    #[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds to wait")))]
    Away(Problem),
}
