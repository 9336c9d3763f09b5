//! The bus and the leases over NATS: one process per domain, on one host or many.
//!
//! | what | how | promise |
//! |---|---|---|
//! | telemetry (`obs`) | core NATS | at most once; what is lost is counted by its numbers |
//! | everything else | JetStream, one stream | at least once, in the order of each publisher, each message once while the subscriber lives |
//! | questions | core request and reply | one answer or an error in time |
//! | leases | JetStream key-value | one holder; terms grow |
//!
//! A lasting message is published when the server has it in its store; until then it is tried again, up to a patience.
//! A subscriber has at most one lasting message at a time, so nothing that is delivered again can come behind what
//! follows it; the price is a round trip per message, which decisions can afford and telemetry cannot. Its place is kept by the
//! server under its name (`<identity>-<name>`), so what was published while its process was away comes when it is back. A reader that dies with
//! a message in hand gets that message again; and since a server that is killed forgets the acks of its last seconds, a process that
//! starts anew after that gets the messages of those seconds again. One that lives on knows them and passes over them.
//!
//! So one process per identity listens at a time: two that share one would share its messages out between them. A stand-by takes the lease of its
//! domain before it subscribes.

mod config;
mod connect;
mod context;
mod event;
mod facts;
mod inspect;
mod lasting;
mod lease;
mod publish;
mod request;
mod route;
mod settle;
mod shared;
mod subscribe;
mod tap;
mod version;

pub use config::{BadConfig, NatsConfig, StreamConfig, TlsConfig};
pub use connect::ConnectError;
pub use context::BadContext;
pub use facts::{BusFacts, ConsumerFacts, StreamFacts};
pub use inspect::{Inspection, inspect};
pub use lease::NatsLeases;
pub use tap::{NatsTap, TapConfig, TapDelivery, TapError, TapStats};
pub use version::Version;

use crate::account::Counts;
use crate::bus::{Bus, BusError, BusStats, Service, Subscription};
use async_trait::async_trait;
use shared::Shared;
use std::sync::Arc;
use std::time::Duration;
use zizhi_types::{MessageId, NetTime};

/// A bus of several processes over a NATS server. Cloning it gives another handle to the same connection.
#[derive(Clone)]
pub struct NatsBus {
    shared: Arc<Shared>,
}

impl NatsBus {
    /// Connects, checks the server and makes what is missing there: the stream and two buckets.
    ///
    /// `identity` is who this process is to the others, such as `transport`: one token of a subject. Must be called inside a
    /// tokio runtime.
    pub async fn connect(config: NatsConfig, identity: &str) -> Result<Self, ConnectError> {
        let shared = connect::connect(config, identity).await?;
        settle::answer_others(&shared).await?;
        Ok(Self { shared })
    }

    /// Leases that all processes on this bus share.
    pub fn leases(&self) -> NatsLeases {
        NatsLeases::over(&self.shared)
    }

    /// What came and what did not, per source and subject of telemetry, over the live subscriptions.
    pub fn losses(&self) -> Vec<(String, Counts)> {
        self.shared.losses()
    }

    /// What a person wants to know about the connection and the server.
    pub async fn facts(&self) -> Result<BusFacts, BusError> {
        facts::of(&self.shared).await
    }
}

#[async_trait]
impl Bus for NatsBus {
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError> {
        publish::publish(&self.shared, source, subject, at, payload).await
    }

    async fn subscribe(&self, name: &str, patterns: &[&str]) -> Subscription {
        subscribe::subscribe(&self.shared, name, patterns).await
    }

    async fn request(
        &self,
        source: &str,
        subject: &str,
        payload: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, BusError> {
        request::request(&self.shared, source, subject, payload, timeout).await
    }

    /// One server a subject within this process; which process serves is for leases to decide. Of two processes that serve
    /// the same subject both are asked, and the first answer counts.
    async fn serve(&self, subject: &str) -> Result<Service, BusError> {
        request::serve(&self.shared, subject).await
    }

    /// Asks every process on the bus until nothing waits anywhere, at most `settle_ms`. See the source of `settle.rs` for
    /// why two equal rounds of answers are enough.
    async fn settle(&self) {
        settle::settle(&self.shared).await;
    }

    fn stats(&self) -> BusStats {
        self.shared.stats()
    }

    async fn close(&self) {
        settle::close(&self.shared).await;
    }
}
