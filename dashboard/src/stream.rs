//! New records as they come, as server-sent events.

use crate::api::ApiFailure;
use crate::house::House;
use crate::source::Source;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};
use zizhi_types::text::{Language, sentence};

/// How often the file is looked at. Our choice: a person does not notice half a second.
const LOOK: Duration = Duration::from_millis(500);

/// Records queued for one reader at a look: the bound on what a slow reader costs.
const BATCH: usize = 1000;

/// Where to begin.
#[derive(Debug, Deserialize)]
pub struct Start {
    /// Position after which records are sent; the end of the journal where nothing is said.
    after: Option<u64>,
}

struct Follower {
    source: Arc<Source>,
    /// How many records, in the order in which they were read, were sent.
    sent: u64,
    ready: VecDeque<Event>,
    look: Interval,
    closing: watch::Receiver<bool>,
}

/// The event `record` for every new record; its id is the position, so a browser that lost the line goes on where it was.
pub async fn records(
    State(house): State<Arc<House>>,
    Query(start): Query<Start>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiFailure> {
    let last_seen = headers
        .get("last-event-id")
        .and_then(|h| h.to_str().ok())
        .and_then(|h| h.parse().ok());
    let end = house.source.current().await?.entries.len() as u64;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let closing = house.source.closing().subscribe();
    let follower = Follower {
        source: Arc::clone(&house.source),
        sent: last_seen.or(start.after).unwrap_or(end),
        ready: VecDeque::new(),
        look,
        closing,
    };
    Ok(Sse::new(unfold(follower, next)).keep_alive(KeepAlive::default()))
}

async fn next(mut follower: Follower) -> Option<(Result<Event, Infallible>, Follower)> {
    loop {
        if let Some(event) = follower.ready.pop_front() {
            return Some((Ok(event), follower));
        }
        let closing = tokio::select! {
            _ = follower.closing.wait_for(|closing| *closing) => true,
            _ = follower.look.tick() => false,
        };
        if closing {
            return None;
        }
        follower.take_new().await;
    }
}

impl Follower {
    /// Queues what was appended since the last look. A journal that cannot be read now is looked at again later.
    async fn take_new(&mut self) {
        let Ok(view) = self.source.current().await else {
            return;
        };
        let known = usize::try_from(self.sent).unwrap_or(usize::MAX);
        for (number, entry) in (1u64..).zip(&view.entries).skip(known).take(BATCH) {
            let body = json!({
                "position": number,
                "record": entry.record,
                "sentence": {
                    "en": sentence(&entry.record, Language::En),
                    "zh": sentence(&entry.record, Language::Zh),
                },
            });
            let event = Event::default()
                .event("record")
                .id(number.to_string())
                .data(body.to_string());
            self.ready.push_back(event);
            self.sent = number;
        }
    }
}
