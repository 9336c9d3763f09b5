//! What happens, as it happens?
//!
//! In: topics and the position after which to begin. Out: server-sent events. Each carries the position of the journal as its
//! id, but only the last of several with the same position does, so that a reader that lost the line and names the last id
//! misses nothing, and may see some events again. A reader is asked for, never pushed: it costs at most one batch of events,
//! however slow it is; one that takes nothing at all for [`PATIENCE`] is let go, with the position to go on from.

use super::decisions::DecisionOut;
use super::incidents::IncidentOut;
use super::now::Agents;
use super::problem::{ApiFailure, Looking, Refusal};
use super::records::Told;
use super::said::WholeQuery;
use crate::house::House;
use crate::source::Source;
use crate::view::View;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use utoipa::IntoParams;
use zizhi_types::{Body, IncidentId, PlanId, Record};

/// How often the file is looked at. Our choice: a person does not notice half a second.
const LOOK: Duration = Duration::from_millis(500);

/// Records that one look takes: the bound on what a slow reader costs.
const BATCH: usize = 200;

/// Live streams at a time.
const STREAMS: usize = 256;

/// How long a reader may leave an event lying before it is let go.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the heartbeat is sent where nothing about it changes.
const BEAT: Duration = Duration::from_secs(10);

/// The places for readers.
#[derive(Clone)]
pub struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS)))
    }
}

/// What is wanted, and where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Of records, incidents, decisions, heartbeat, with commas between; records where nothing is said
    #[param(
        pattern = "^(records|incidents|decisions|heartbeat)(,(records|incidents|decisions|heartbeat))*$",
        example = "incidents,decisions"
    )]
    topics: Option<String>,
    /// Send what follows this position; without it, only what comes from now on
    after: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Topics {
    records: bool,
    incidents: bool,
    decisions: bool,
    heartbeat: bool,
}

impl Topics {
    fn read(text: Option<&str>) -> Result<Self, Refusal> {
        let mut topics = Self::default();
        for topic in text.unwrap_or("records").split(',') {
            match topic {
                "records" => topics.records = true,
                "incidents" => topics.incidents = true,
                "decisions" => topics.decisions = true,
                "heartbeat" => topics.heartbeat = true,
                _ => return Err(Refusal::Topic(topic.to_owned())),
            }
        }
        Ok(topics)
    }
}

/// One event before it is written: without an id, another with the same position follows.
type Ready = (&'static str, Option<u64>, String);

struct Follower {
    source: Arc<Source>,
    topics: Topics,
    /// How many records, in the order in which they were read, were looked at.
    seen: u64,
    ready: VecDeque<Ready>,
    /// The newest heartbeat and when it was sent.
    beat: Option<(Agents, Instant)>,
    /// When the reader took the last event.
    taken: Option<Instant>,
    /// The id of the last event that the reader took.
    resume: u64,
    over: bool,
    look: Interval,
    closing: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

/// New records, incidents, decisions and heartbeats as server-sent events
///
/// The events are `record`, `incident`, `decision`, `heartbeat`, and `resume` where a reader was too slow: its `after` is where to go on. `incident` and `decision` tell the state now, once for several changes at a time. The id is the position in the journal.
#[utoipa::path(get, path = "/api/v1/events", tag = "live",
    params(Wanted, ("Last-Event-ID" = Option<u64>, Header, description = "The id of the last event that arrived; goes before `after`")),
    responses((status = 200, description = "A stream that does not end by itself; a comment line every 15 s where nothing happens", body = String, content_type = "text/event-stream"), Looking))]
pub async fn follow(
    State(house): State<Arc<House>>,
    Extension(places): Extension<Places>,
    WholeQuery(wanted): WholeQuery<Wanted>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiFailure> {
    let topics = Topics::read(wanted.topics.as_deref())?;
    let last = headers
        .get("last-event-id")
        .map(|h| h.to_str().ok().and_then(|t| t.parse().ok()));
    let last: Option<u64> = last.map(|id| id.ok_or(Refusal::LastEvent)).transpose()?;
    let taken = places.0.try_acquire_owned();
    let place = taken.map_err(|_| Refusal::Streams(STREAMS))?;
    let end = house.source.current().await?.entries.len() as u64;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begin = last.or(wanted.after).unwrap_or(end);
    let follower = Follower {
        source: Arc::clone(&house.source),
        topics,
        seen: begin,
        ready: VecDeque::new(),
        beat: None,
        taken: None,
        resume: begin,
        over: false,
        look,
        closing: house.source.closing().subscribe(),
        _place: place,
    };
    Ok(Sse::new(unfold(follower, next)).keep_alive(KeepAlive::default()))
}

async fn next(mut follower: Follower) -> Option<(Result<Event, Infallible>, Follower)> {
    loop {
        if follower.over {
            return None;
        }
        let now = now();
        let since = follower.taken.take();
        if since.is_some_and(|at| now.duration_since(at) > PATIENCE) && !follower.ready.is_empty() {
            follower.over = true;
            let why = json!({ "after": follower.resume, "reason": "too slow" });
            let event = Event::default().event("resume").data(why.to_string());
            return Some((Ok(event), follower));
        }
        if let Some((name, id, data)) = follower.ready.pop_front() {
            let mut event = Event::default().event(name);
            if let Some(id) = id {
                event = event.id(id.to_string());
                follower.resume = id;
            }
            follower.taken = Some(now);
            return Some((Ok(event.data(data)), follower));
        }
        let closing = tokio::select! {
            _ = follower.closing.wait_for(|closing| *closing) => true,
            _ = follower.look.tick() => false,
        };
        if closing {
            return None;
        }
        follower.take_new(now).await;
    }
}

impl Follower {
    /// Queues what was appended since the last look. A journal that cannot be read now is looked at again later.
    async fn take_new(&mut self, now: Instant) {
        let Ok(view) = self.source.current().await else {
            return;
        };
        let known = usize::try_from(self.seen).unwrap_or(usize::MAX);
        let fresh: Vec<&Record> = view
            .entries
            .iter()
            .skip(known)
            .take(BATCH)
            .map(|e| &e.record)
            .collect();
        let newest = Newest::of(&view, &fresh);
        for record in &fresh {
            self.seen += 1;
            let before = self.ready.len();
            self.tell(&view, record, &newest);
            // Only the last event of a position has its id: whoever has it has everything up to there.
            if self.ready.len() > before
                && let Some(last) = self.ready.back_mut()
            {
                last.1 = Some(self.seen);
            }
        }
        if self.topics.heartbeat {
            self.beat(&view, now);
        }
    }

    fn tell(&mut self, view: &View, record: &Record, newest: &Newest) {
        if self.topics.records {
            let told = Told::of(record);
            self.queue(
                "record",
                &Placed {
                    position: self.seen,
                    told,
                },
            );
        }
        let of = record.incident.as_ref().filter(|_| self.topics.incidents);
        if let Some(id) = of
            && newest.incidents.get(id) == Some(&&record.id)
            && let Some(incident) = view.incident(id)
        {
            self.queue("incident", &IncidentOut::of(view, incident));
        }
        let of = decided(view, record).filter(|_| self.topics.decisions);
        if let Some(plan) = of
            && newest.decisions.get(plan) == Some(&&record.id)
            && let Some(decision) = DecisionOut::of(view, plan)
        {
            self.queue("decision", &decision);
        }
    }

    fn beat(&mut self, view: &View, now: Instant) {
        let agents = Agents::of(view);
        let due = self
            .beat
            .as_ref()
            .is_none_or(|(last, at)| now.duration_since(*at) >= BEAT || last.changed(&agents));
        if due {
            self.queue("heartbeat", &agents);
            self.beat = Some((agents, now));
        }
    }

    fn queue(&mut self, name: &'static str, what: &impl Serialize) {
        if let Ok(data) = serde_json::to_string(what) {
            self.ready.push_back((name, None, data));
        }
    }
}

#[derive(Serialize)]
struct Placed {
    position: u64,
    #[serde(flatten)]
    told: Told,
}

/// The last record of a batch that changes an incident or a decision: one event tells what several records did.
#[derive(Default)]
struct Newest<'a> {
    incidents: HashMap<&'a IncidentId, &'a zizhi_types::RecordId>,
    decisions: HashMap<&'a PlanId, &'a zizhi_types::RecordId>,
}

impl<'a> Newest<'a> {
    fn of(view: &'a View, records: &[&'a Record]) -> Self {
        let mut newest = Self::default();
        for record in records {
            if let Some(id) = &record.incident {
                newest.incidents.insert(id, &record.id);
            }
            if let Some(plan) = decided(view, record) {
                newest.decisions.insert(plan, &record.id);
            }
        }
        newest
    }
}

/// The plan whose decision a record changes.
fn decided<'a>(view: &'a View, record: &'a Record) -> Option<&'a PlanId> {
    match &record.body {
        Body::Decided { plan, .. } => Some(&plan.id),
        Body::ApprovalAsked { plan, .. } | Body::ApprovalEnded { plan, .. } => Some(plan),
        // An answer names the plan's content, not the plan.
        Body::Approved { fingerprint, .. } => {
            let incident = view.incident(record.incident.as_ref()?)?;
            let mut records = view.records(incident);
            records.find_map(|r| match &r.body {
                Body::Decided { plan, .. } if plan.fingerprint == *fingerprint => Some(&plan.id),
                _ => None,
            })
        }
        _ => None,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a reader's patience is real time"
)]
fn now() -> Instant {
    Instant::now()
}
