//! Recording what is published through one handle of a bus.

use super::{Item, Recorder};
use crate::bus::{Bus, BusError, BusStats, Message, Service, Subscription};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use zizhi_types::{MessageId, NetTime};

/// A bus that records what is published through it, and when it was found settled. Whoever stands outside the swarm
/// (the network, the people) publishes through this; the agents meet on the bus itself, and are not recorded.
pub struct Tap {
    bus: Arc<dyn Bus>,
    recorder: Arc<Recorder>,
}

impl Tap {
    /// Over `bus`, into `recorder`.
    pub fn new(bus: Arc<dyn Bus>, recorder: Arc<Recorder>) -> Self {
        Self { bus, recorder }
    }
}

#[async_trait]
impl Bus for Tap {
    /// A message that the bus drops is not recorded: it did not enter.
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError> {
        let id = self
            .bus
            .publish(source, subject, at, payload.clone())
            .await?;
        let message = Message {
            id: id.clone(),
            subject: subject.to_owned(),
            at,
            payload,
        };
        self.recorder.add(message.into());
        Ok(id)
    }

    async fn subscribe(&self, name: &str, patterns: &[&str]) -> Subscription {
        self.bus.subscribe(name, patterns).await
    }

    async fn request(
        &self,
        source: &str,
        subject: &str,
        payload: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, BusError> {
        self.bus.request(source, subject, payload, timeout).await
    }

    async fn serve(&self, subject: &str) -> Result<Service, BusError> {
        self.bus.serve(subject).await
    }

    async fn settle(&self) {
        self.bus.settle().await;
        self.recorder.add(Item::Settled);
    }

    fn stats(&self) -> BusStats {
        self.bus.stats()
    }

    async fn close(&self) {
        self.bus.close().await;
    }
}
