//! How are the connection and the server?

use super::shared::{STREAM, Shared};
use super::subscribe::is_live;
use crate::bus::{BusError, BusStats};
use futures_util::TryStreamExt;
use serde::Serialize;
use std::time::{Duration, Instant};

/// What a person wants to know about a bus over NATS.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BusFacts {
    /// The server's version, as it says.
    pub server_version: String,
    /// Its name.
    pub server_name: String,
    /// Whether it keeps messages.
    pub jetstream: bool,
    /// Largest message that it takes, in bytes.
    pub max_payload_bytes: usize,
    /// Which start of a process on this bus this one is.
    pub epoch: u64,
    /// One round trip, in ms; `None` if none succeeded.
    pub round_trip_ms: Option<f64>,
    /// What is kept where. Only what this user may see.
    pub streams: Vec<StreamFacts>,
    /// How far the readers of the stream of decisions are.
    pub consumers: Vec<ConsumerFacts>,
    /// What has travelled, here.
    #[serde(skip)]
    pub stats: BusStats,
    /// What the server complained about last; empty if about nothing.
    pub last_complaint: String,
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamFacts {
    /// Its name; those of buckets begin with `KV_`.
    pub name: String,
    /// Messages in it.
    pub messages: u64,
    /// Their size.
    pub bytes: u64,
    /// The number of the newest.
    pub last_sequence: u64,
}

/// One reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsumerFacts {
    /// Its durable name.
    pub name: String,
    /// Messages that it has not been given.
    pub pending: u64,
    /// Messages that it was given and has not confirmed.
    pub in_hand: u64,
    /// Messages given again since the start.
    pub redelivered: u64,
}

/// How long the server may take to list things. Our choice.
const ANSWER: Duration = Duration::from_secs(5);

pub(super) async fn of(shared: &Shared) -> Result<BusFacts, BusError> {
    let server = shared.client.server_info();
    let round_trip_ms = round_trip(shared).await;
    if round_trip_ms.is_none() {
        return Err(shared.unavailable("the NATS server does not answer"));
    }
    Ok(BusFacts {
        server_version: server.version,
        server_name: server.server_name,
        jetstream: server.jetstream,
        max_payload_bytes: server.max_payload,
        epoch: shared.epoch,
        round_trip_ms,
        streams: streams(shared).await,
        consumers: consumers(shared).await.unwrap_or_default(),
        stats: shared.stats(),
        last_complaint: shared.said.last(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement of the connection's own speed"
)]
async fn round_trip(shared: &Shared) -> Option<f64> {
    let start = Instant::now();
    let is_live = is_live(shared).await;
    is_live.then(|| start.elapsed().as_secs_f64() * 1000.0)
}

/// All streams, or those of ours where listing is not allowed.
async fn streams(shared: &Shared) -> Vec<StreamFacts> {
    let listed = shared.jetstream.streams().try_collect::<Vec<_>>();
    if let Ok(Ok(infos)) = tokio::time::timeout(ANSWER, listed).await {
        return infos.iter().map(stream_facts).collect();
    }
    let mut found = vec![];
    for name in [STREAM, "KV_zizhi_leases", "KV_zizhi_epochs"] {
        if let Ok(stream) = shared.jetstream.get_stream(name).await {
            found.push(stream_facts(stream.cached_info()));
        }
    }
    found
}

fn stream_facts(info: &async_nats::jetstream::stream::Info) -> StreamFacts {
    StreamFacts {
        name: info.config.name.clone(),
        messages: info.state.messages,
        bytes: info.state.bytes,
        last_sequence: info.state.last_sequence,
    }
}

/// All readers, or this process's own where listing is not allowed.
async fn consumers(shared: &Shared) -> Option<Vec<ConsumerFacts>> {
    let stream = shared.jetstream.get_stream_no_info(STREAM).await.ok()?;
    let listed = stream.consumers().try_collect::<Vec<_>>();
    if let Ok(Ok(infos)) = tokio::time::timeout(ANSWER, listed).await {
        return Some(infos.iter().map(consumer_facts).collect());
    }
    let mut found = vec![];
    for inbox in shared.inboxes() {
        if let Some(consumer) = inbox.consumer.get()
            && let Ok(info) = consumer.get_info().await
        {
            found.push(consumer_facts(&info));
        }
    }
    Some(found)
}

fn consumer_facts(info: &async_nats::jetstream::consumer::Info) -> ConsumerFacts {
    ConsumerFacts {
        name: info.name.clone(),
        pending: info.num_pending,
        in_hand: info.num_ack_pending as u64,
        redelivered: info.num_redelivered as u64,
    }
}
