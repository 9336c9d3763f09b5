//! How does a message get to the server?

use super::event::{BadEvent, Event, name};
use super::route::{Way, way};
use super::shared::Shared;
use crate::bus::BusError;
use crate::subject;
use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use std::sync::atomic::Ordering;
use std::time::Duration;
use zizhi_types::{MessageId, NetTime};

/// How long telemetry waits for room on the way out before it is dropped and counted. Our choice: a burst passes, an outage
/// does not stop the publisher.
const ROOM: Duration = Duration::from_millis(250);

/// Pauses between tries of a lasting message.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Publishes by the way of the subject's plane. Of lasting messages, `Ok` says that the server has it in its store.
pub(super) async fn publish(
    shared: &Shared,
    source: &str,
    subject: &str,
    at: NetTime,
    payload: Vec<u8>,
) -> Result<MessageId, BusError> {
    if !subject::is_publishable(subject) {
        return Err(BusError::BadSubject(subject.to_owned()));
    }
    let limit = shared.client.max_payload();
    // Headers of ours are well below 1 KiB, and the server counts them.
    if payload.len() + 1024 > limit {
        let why = format!(
            "a message of {} bytes is more than the server takes ({limit}): send smaller batches, or raise `max_payload` there",
            payload.len()
        );
        return Err(BusError::Unavailable(why));
    }
    match way(subject) {
        Way::Telemetry => telemetry(shared, source, subject, at, payload).await,
        Way::Lasting => lasting(shared, source, subject, at, payload).await,
        Way::None => Err(BusError::Unavailable(format!(
            "nothing carries `{subject}`: write zizhi.v1.<domain>.<plane>.<kind>, the plane being obs, evt, neg, plan, act or audit"
        ))),
    }
}

async fn telemetry(
    shared: &Shared,
    source: &str,
    subject: &str,
    at: NetTime,
    payload: Vec<u8>,
) -> Result<MessageId, BusError> {
    if shared.closed.is_cancelled() {
        return Err(BusError::Closed);
    }
    let id = shared.next_id(source)?;
    let sequence = shared.next_sequence(source, subject);
    let event = Event { id, at, sequence };
    let headers = headers(&event, subject)?;
    // Its number is used up either way, so receivers see the gap.
    if !shared.is_connected() {
        shared.dropped.fetch_add(1, Ordering::Relaxed);
        return Err(shared.unavailable("not connected: telemetry message dropped and counted"));
    }
    let send = shared
        .client
        .publish_with_headers(subject.to_owned(), headers, payload.into());
    match tokio::time::timeout(ROOM, send).await {
        Ok(Ok(())) => {
            shared.published.fetch_add(1, Ordering::AcqRel);
            Ok(event.id)
        }
        Ok(Err(error)) => Err(shared.unavailable(error)),
        Err(_) => {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            Err(BusError::Full)
        }
    }
}

async fn lasting(
    shared: &Shared,
    source: &str,
    subject: &str,
    at: NetTime,
    payload: Vec<u8>,
) -> Result<MessageId, BusError> {
    let _in_line = shared.in_line.take();
    let mut last = "it waited for those before it".to_owned();
    let work = async {
        // Taken in turn, so the stream has the messages in the order of their numbers.
        let _turn = shared.line.lock().await;
        let id = shared.next_id(source)?;
        let event = Event {
            id,
            at,
            sequence: None,
        };
        let headers = headers(&event, subject)?;
        until_kept(shared, subject, &headers, &payload, &mut last).await?;
        shared.published.fetch_add(1, Ordering::AcqRel);
        Ok(event.id)
    };
    let result = tokio::select! {
        biased;
        () = shared.closed.cancelled() => return Err(BusError::Closed),
        result = tokio::time::timeout(shared.config.patience(), work) => result,
    };
    result.unwrap_or_else(|_| {
        let waited = shared.config.patience_ms;
        Err(shared.unavailable(format!(
            "not confirmed within {waited} ms, so it may be kept or not: {last}"
        )))
    })
}

/// Tries until the server confirms. The stream knows the id, so trying again makes no second message.
async fn until_kept(
    shared: &Shared,
    subject: &str,
    headers: &HeaderMap,
    payload: &[u8],
    last: &mut String,
) -> Result<(), BusError> {
    let mut pause = PAUSE_MIN;
    loop {
        let message = PublishMessage::build()
            .headers(headers.clone())
            .payload(payload.to_vec().into());
        let sent = shared.jetstream.send_publish(subject.to_owned(), message);
        let error = match sent.await {
            Ok(confirmed) => match confirmed.await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if error.kind() == PublishErrorKind::MaxPayloadExceeded {
            return Err(shared.unavailable(error));
        }
        tracing::debug!(%subject, %error, "a lasting message is tried again");
        *last = error.to_string();
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

fn headers(event: &Event, subject: &str) -> Result<HeaderMap, BusError> {
    let refused = |e: BadEvent| BusError::Unavailable(e.to_string());
    let mut map = HeaderMap::new();
    for (name, value) in event.headers(subject).map_err(refused)? {
        if value.contains(['\r', '\n']) {
            let why = format!("`{name}` would be two lines: a source is one word");
            return Err(BusError::Unavailable(why));
        }
        map.insert(name, value.as_str());
    }
    if event.sequence.is_none() {
        map.insert(name::DEDUP, event.id.to_string().as_str());
    }
    Ok(map)
}
