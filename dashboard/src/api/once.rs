//! Was this order given before?
//!
//! In: an order with its `Idempotency-Key` and who gives it. Out: the first answer again, if the same person gave the same
//! order under the same key. At most [`KEPT_MAX`] answers are kept, each for at most [`KEPT`]; the oldest leave first. An
//! order that could not be sent is forgotten, so that it can be tried again.

use super::problem::{ApiFailure, Refusal};
use super::said::Told;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Answers that are kept at most.
pub const KEPT_MAX: usize = 1000;

/// How long an answer is kept at most.
pub const KEPT: Duration = Duration::from_hours(24);

type Key = (String, String);

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

struct Kept {
    digest: [u8; 32],
    since: Instant,
    /// `None` while the first request is under way.
    answer: Option<Answer>,
}

#[derive(Default)]
struct Shelf {
    kept: HashMap<Key, Kept>,
    order: VecDeque<(Key, Instant)>,
}

/// The answers of the last orders.
#[derive(Default)]
pub struct Once(Mutex<Shelf>);

/// Takes back the place of an order that got no answer, also when whoever asked has gone.
struct Place<'a> {
    once: &'a Once,
    key: Option<Key>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.once.shelf().kept.remove(&key);
        }
    }
}

impl Once {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the order, unless it was given before.
    pub async fn give<T>(
        &self,
        by: &str,
        told: Told<T>,
        give: impl AsyncFnOnce(T) -> Result<Response, ApiFailure>,
    ) -> Response {
        let Some(key) = told.key else {
            return give(told.order).await.into_response();
        };
        let key = (by.to_owned(), key);
        match self.begin(&key, told.digest, now()) {
            Ok(Some(answer)) => return answer.again(),
            Ok(None) => {}
            Err(refusal) => return ApiFailure::from(refusal).into_response(),
        }
        let mut place = Place {
            once: self,
            key: Some(key.clone()),
        };
        let answer = give(told.order).await.into_response();
        if answer.status().is_server_error() {
            return answer;
        }
        place.key = None;
        self.keep(&key, answer).await
    }

    /// The answer that was given before, or nothing, and then a place is taken.
    fn begin(&self, key: &Key, digest: [u8; 32], now: Instant) -> Result<Option<Answer>, Refusal> {
        let mut shelf = self.shelf();
        shelf.clear(now);
        match shelf.kept.get(key) {
            Some(kept) if kept.digest != digest => Err(Refusal::KeyReused),
            Some(kept) => kept.answer.clone().map(Some).ok_or(Refusal::KeyBusy),
            None => {
                let kept = Kept {
                    digest,
                    since: now,
                    answer: None,
                };
                shelf.kept.insert(key.clone(), kept);
                shelf.order.push_back((key.clone(), now));
                Ok(None)
            }
        }
    }

    async fn keep(&self, key: &Key, answer: Response) -> Response {
        let (parts, body) = answer.into_parts();
        // Our own answers are whole and short; one that is not cannot be given again, and is not given at all.
        let Ok(body) = to_bytes(body, 1 << 16).await else {
            self.shelf().kept.remove(key);
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        };
        if let Some(kept) = self.shelf().kept.get_mut(key) {
            kept.answer = Some(answer.clone());
        }
        answer.first()
    }
}

impl Shelf {
    fn clear(&mut self, now: Instant) {
        while let Some((key, since)) = self.order.front() {
            let old = now.duration_since(*since) >= KEPT;
            if !old && self.order.len() < KEPT_MAX {
                return;
            }
            // A key whose first order failed may have been taken again since: that one has its own line.
            if self.kept.get(key).is_some_and(|k| k.since == *since) {
                self.kept.remove(key);
            }
            self.order.pop_front();
        }
    }
}

impl Answer {
    fn first(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    fn again(self) -> Response {
        let mut response = self.first();
        let name = HeaderName::from_static("idempotency-replayed");
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("true"));
        response
    }
}

#[expect(clippy::disallowed_methods, reason = "programs try again in real time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        ("noc".to_owned(), n.to_string())
    }

    #[test]
    fn the_shelf_has_a_bound_and_old_answers_leave() {
        let once = Once::default();
        let start = now();
        for n in 0..KEPT_MAX + 5 {
            assert!(once.begin(&key(n), [0; 32], start).unwrap().is_none());
        }
        assert_eq!(once.shelf().kept.len(), KEPT_MAX);
        assert!(matches!(
            once.begin(&key(9), [0; 32], start),
            Err(Refusal::KeyBusy)
        ));
        assert!(matches!(
            once.begin(&key(9), [1; 32], start),
            Err(Refusal::KeyReused)
        ));
        assert!(
            once.begin(&key(9), [1; 32], start + KEPT)
                .unwrap()
                .is_none()
        );
        assert_eq!(once.shelf().kept.len(), 1);
    }
}
