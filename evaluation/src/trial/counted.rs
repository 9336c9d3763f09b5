//! A bus that counts what agents say to each other, so that a trial knows what agreement cost.

use async_trait::async_trait;
use std::sync::atomic::{AtomicU64, Ordering};
use zizhi_bus::{Bus, BusError, BusStats, EmbeddedBus, Service, Subscription};
use zizhi_types::{MessageId, NetTime};

/// The embedded bus with a count.
pub(super) struct CountedBus {
    inner: EmbeddedBus,
    said: AtomicU64,
}

impl CountedBus {
    pub(super) fn start(capacity: usize) -> Self {
        Self {
            inner: EmbeddedBus::start(capacity),
            said: AtomicU64::new(0),
        }
    }

    /// Messages so far that are not observations of the network.
    pub(super) fn said(&self) -> u64 {
        self.said.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Bus for CountedBus {
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError> {
        if !subject.contains(".obs.") {
            self.said.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.publish(source, subject, at, payload).await
    }

    async fn subscribe(&self, name: &str, patterns: &[&str]) -> Subscription {
        self.inner.subscribe(name, patterns).await
    }

    async fn request(
        &self,
        source: &str,
        subject: &str,
        payload: Vec<u8>,
        timeout: std::time::Duration,
    ) -> Result<Vec<u8>, BusError> {
        self.inner.request(source, subject, payload, timeout).await
    }

    async fn serve(&self, subject: &str) -> Result<Service, BusError> {
        self.inner.serve(subject).await
    }

    async fn settle(&self) {
        self.inner.settle().await;
    }

    fn stats(&self) -> BusStats {
        self.inner.stats()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
