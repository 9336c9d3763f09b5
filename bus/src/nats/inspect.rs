//! What is wrong with a server, looked at without changing anything on it?

use super::config::NatsConfig;
use super::connect::{self, ConnectError};
use super::shared::{STREAM, Said};
use super::version::Version;
use async_nats::jetstream;
use std::sync::Arc;

/// What a server has of what the swarm needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its version, as it says.
    pub version: String,
    /// Whether that is new enough.
    pub is_new_enough: bool,
    /// Whether it keeps messages.
    pub has_jetstream: bool,
    /// Whether the stream of decisions is there; the first process of the swarm makes it.
    pub has_stream: bool,
}

/// Connects as `identity`, looks, and goes.
pub async fn inspect(mut config: NatsConfig, identity: &str) -> Result<Inspection, ConnectError> {
    let said = Arc::new(Said::default());
    let client = connect::open(&mut config, identity, &said).await?;
    let server = client.server_info();
    let stream = jetstream::new(client).get_stream(STREAM).await;
    Ok(Inspection {
        is_new_enough: Version::parse(&server.version).is_some_and(Version::is_enough),
        version: server.version,
        has_jetstream: server.jetstream,
        has_stream: stream.is_ok(),
    })
}
