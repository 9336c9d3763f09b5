//! How do the pipeline's outputs reach the swarm?

use super::account::Counts;
use super::output::{
    ALARMS, DEAD_LETTERS, EVENTS, Origin, Output, Placed, SOURCES, UNPLACED, Unplaced,
};
use super::run::Sink;
use crate::batch::{Encoder, SAMPLES_MAX, telemetry};
use crate::bus::{Bus, BusError};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use zizhi_types::domain::Domain;
use zizhi_types::wire::{Sample, TelemetryBatch, subject};
use zizhi_types::{ManagedObject, NetTime};

/// Under which name everything here is published.
const SOURCE: &str = "ingest";

/// Where numbers in bulk go that nobody placed.
const BULK: &str = "zizhi.v1.network.obs.samples";

/// Values without a place that one message tells; further ones are counted.
const UNPLACED_SHOWN: usize = 100;

/// Values of one message that no mapping places. Subject: [`UNPLACED`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnplacedValues {
    /// Where they came from.
    pub origin: Origin,
    /// The first of them.
    pub values: Vec<Unplaced>,
    /// How many more there were.
    pub more: u64,
}

/// The accounts of all sources, every ten seconds. Subject: [`SOURCES`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceCounts {
    /// When.
    pub at: NetTime,
    /// Since the start, by source.
    pub sources: BTreeMap<String, Counts>,
}

/// Publishes on a bus.
pub struct BusSink {
    bus: Arc<dyn Bus>,
    /// Numbers the series that nobody placed, for the screener; made with the first value.
    bulk: Option<Encoder>,
    refused: u64,
}

impl BusSink {
    /// On this one.
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self {
            bus,
            bulk: None,
            refused: 0,
        }
    }

    /// A full queue drops telemetry and counts it itself; whatever else is wrong is told once in a while.
    async fn publish(&mut self, subject: &str, at: NetTime, payload: Vec<u8>) {
        match self.bus.publish(SOURCE, subject, at, payload).await {
            Ok(_) | Err(BusError::Full) => {}
            Err(error) => {
                if self.refused.is_power_of_two() || self.refused == 0 {
                    tracing::error!(%subject, %error, times = self.refused + 1, "cannot publish");
                }
                self.refused += 1;
            }
        }
    }

    /// What no mapping places is watched all the same: its numbers go where the screener listens.
    async fn screen(&mut self, unplaced: &[Unplaced], at: NetTime) {
        if self.bulk.is_none() {
            self.bulk = Encoder::new(SOURCE, at.0).ok();
        }
        let Some(bulk) = &mut self.bulk else { return };
        let mut messages = vec![];
        for one in unplaced {
            let value = one.value.parse::<f64>().ok().filter(|v| v.is_finite());
            // A series that has no number any more (too many, too long a name) is not screened; it is counted as unplaced.
            let id = bulk.intern(&one.object, &one.metric, &one.unit).ok();
            if let (Some(value), Some(id)) = (value, id) {
                messages.extend(bulk.push(id, one.at, value));
            }
        }
        messages.extend(bulk.flush());
        for message in messages {
            self.publish(BULK, at, message).await;
        }
    }

    async fn publish_json(&mut self, subject: &str, at: NetTime, value: &impl Serialize) {
        match serde_json::to_vec(value) {
            Ok(payload) => self.publish(subject, at, payload).await,
            Err(error) => tracing::error!(%subject, %error, "cannot be written as JSON"),
        }
    }
}

#[async_trait]
impl Sink for BusSink {
    async fn outputs(&mut self, origin: &Origin, outputs: Vec<Output>, at: NetTime) {
        let mut placed = vec![];
        let mut unplaced = vec![];
        for output in outputs {
            match output {
                Output::Measurement(one) => placed.push(one),
                Output::Unplaced(one) => unplaced.push(one),
                Output::Held(_) => {}
                Output::Event(event) => self.publish_json(EVENTS, event.at, &event).await,
                Output::Alarm(alarm) => self.publish_json(ALARMS, alarm.at, &alarm).await,
                Output::DeadLetter(letter) => self.publish_json(DEAD_LETTERS, at, &letter).await,
            }
        }
        for (domain, batch) in batches(placed) {
            let subject = subject(domain, "obs", "telemetry");
            match telemetry::encode(&batch) {
                Ok(payload) => self.publish(&subject, batch.at, payload).await,
                Err(error) => tracing::error!(%subject, %error, "a batch cannot be written"),
            }
        }
        self.screen(&unplaced, at).await;
        if !unplaced.is_empty() {
            let more = unplaced.len().saturating_sub(UNPLACED_SHOWN) as u64;
            unplaced.truncate(UNPLACED_SHOWN);
            let values = UnplacedValues {
                origin: origin.clone(),
                values: unplaced,
                more,
            };
            self.publish_json(UNPLACED, at, &values).await;
        }
    }

    async fn counts(&mut self, sources: BTreeMap<String, Counts>, at: NetTime) {
        self.publish_json(SOURCES, at, &SourceCounts { at, sources })
            .await;
    }
}

/// Measurements by domain, reporting object and time, so that each batch says what one object saw at one moment.
pub fn batches(placed: Vec<Placed>) -> Vec<(Domain, TelemetryBatch)> {
    let mut groups: BTreeMap<(Domain, ManagedObject, NetTime), Vec<Sample>> = BTreeMap::new();
    for one in placed {
        let key = (one.object.domain(), one.reporter(), one.at);
        groups.entry(key).or_default().push(Sample {
            object: one.object,
            metric: one.metric,
            value: one.value,
        });
    }
    let mut found = vec![];
    for ((domain, source, at), samples) in groups {
        for chunk in samples.chunks(SAMPLES_MAX) {
            let source = source.clone();
            let samples = chunk.to_vec();
            let batch = TelemetryBatch {
                source,
                at,
                samples,
            };
            found.push((domain, batch));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use zizhi_types::Metric;

    #[test]
    fn measurements_of_one_router_at_one_moment_are_one_batch() {
        let placed = |object: &str, metric, at| Placed {
            object: object.parse().unwrap(),
            metric,
            value: 1.0,
            at: NetTime(at),
        };
        let found = batches(vec![
            placed("port/A:A-B", Metric::PortOperUp, 1000),
            placed("router/A", Metric::RouterUp, 1000),
            placed("instance/i1", Metric::InstanceUp, 1000),
            placed("router/A", Metric::RouterUp, 2000),
        ]);
        let shape: Vec<_> = found
            .iter()
            .map(|(d, b)| (*d, b.source.to_string(), b.at.0, b.samples.len()))
            .collect();
        let router = || "router/A".to_owned();
        assert_eq!(
            shape,
            [
                (Domain::Transport, router(), 1000, 2),
                (Domain::Transport, router(), 2000, 1),
                (Domain::Compute, "instance/i1".to_owned(), 1000, 1),
            ]
        );
    }
}
