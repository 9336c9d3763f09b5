//! Decoding with nothing lost: a bad sample spoils itself, not its batch.

use super::{Input, Output};
use crate::role::Engine;
use serde::Deserialize;
use serde_json::Value;
use zizhi_bus::Message;
use zizhi_types::domain::Domain;
use zizhi_types::wire::Sample;
use zizhi_types::{ManagedObject, Measurement, NetTime};

/// The longest piece of a message that a dead letter keeps, in characters.
const SAMPLE_CHARS: usize = 200;

/// A batch that claims to be so much later than the network's clock is refused, in milliseconds. Our choice: more than any
/// sender's drift; a series that took one such value would not hear anything before that moment comes.
const AHEAD_MS: u64 = 600_000;

/// Decodes Zizhi's own telemetry format ([`zizhi_types::wire::TelemetryBatch`]) for one domain.
pub struct Collector {
    domain: Domain,
}

/// A batch whose samples are not yet checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseBatch {
    source: ManagedObject,
    at: NetTime,
    samples: Vec<Value>,
}

impl Collector {
    /// For one domain's telemetry.
    pub const fn new(domain: Domain) -> Self {
        Self { domain }
    }

    fn measurement(
        &self,
        sample: &Value,
        at: NetTime,
        message: &Message,
    ) -> Result<Measurement, String> {
        let sample: Sample = serde_json::from_value(sample.clone()).map_err(|e| e.to_string())?;
        if sample.object.domain() != self.domain {
            let (object, domain) = (&sample.object, self.domain);
            return Err(format!(
                "{object} does not belong to the {domain} domain: send it on its own domain's subject"
            ));
        }
        if sample.object.kind() != sample.metric.object_kind() {
            return Err(format!(
                "{} is measured on a {}, not on {}",
                sample.metric.as_str(),
                sample.metric.object_kind().as_str(),
                sample.object
            ));
        }
        if !sample.value.is_finite() {
            return Err(format!(
                "{} of {} is no finite number",
                sample.metric.as_str(),
                sample.object
            ));
        }
        Ok(Measurement {
            object: sample.object,
            metric: sample.metric,
            value: sample.value,
            at,
            source: message.id.clone(),
        })
    }
}

impl Engine for Collector {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, Input(message): Input, now: NetTime) -> Vec<Output> {
        let batch: LooseBatch = match serde_json::from_slice(&message.payload) {
            Ok(batch) => batch,
            Err(error) => {
                return vec![dead_letter(
                    &message,
                    format!("no telemetry batch: {error}"),
                )];
            }
        };
        // Before the first clock nobody knows what is late.
        if now > NetTime(0) && batch.at > now + AHEAD_MS {
            let reason = format!(
                "measured at {} although it is {now}: set the clock of {}",
                batch.at, batch.source
            );
            return vec![dead_letter(&message, reason)];
        }
        let mut measurements = Vec::with_capacity(batch.samples.len());
        let mut outputs = vec![];
        for (index, sample) in batch.samples.iter().enumerate() {
            match self.measurement(sample, batch.at, &message) {
                Ok(measurement) => measurements.push(measurement),
                Err(reason) => outputs.push(dead_letter(
                    &message,
                    format!("sample {}: {reason}", index + 1),
                )),
            }
        }
        outputs.push(Output::Batch {
            source: batch.source,
            at: batch.at,
            measurements,
        });
        outputs
    }
}

fn dead_letter(message: &Message, reason: String) -> Output {
    let text = String::from_utf8_lossy(&message.payload);
    Output::DeadLetter {
        reason,
        sample: text.chars().take(SAMPLE_CHARS).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use zizhi_types::{MessageId, Metric};

    fn message(payload: &str) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId::new("router/A", 7),
            subject: "zizhi.v1.transport.obs.telemetry".to_owned(),
            at: NetTime(0),
            payload: payload.as_bytes().to_vec(),
        })
    }

    fn read(payload: &str) -> Vec<Output> {
        Collector::new(Domain::Transport).handle(Input(message(payload)), NetTime(0))
    }

    #[test]
    fn a_measurement_keeps_the_message_it_came_from() {
        let out = read(
            r#"{"source":"router/A","at":10000,"samples":[{"object":"port/A:A-B","metric":"port.oper_up","value":1}]}"#,
        );
        let [Output::Batch { measurements, .. }] = out.as_slice() else {
            panic!("{out:?}")
        };
        assert_eq!(measurements[0].metric, Metric::PortOperUp);
        assert_eq!(measurements[0].source, MessageId::new("router/A", 7));
    }

    #[test]
    fn one_bad_sample_does_not_spoil_the_others() {
        let out = read(
            r#"{"source":"router/A","at":1,"samples":[
                {"object":"port/A:A-B","metric":"port.oper_up","value":1},
                {"object":"site/S","metric":"site.utilization","value":1},
                {"object":"router/A","metric":"port.oper_up","value":1},
                {"object":"router/A","metric":"router.moon_phase","value":1}]}"#,
        );
        let reasons: Vec<&str> = out
            .iter()
            .filter_map(|o| match o {
                Output::DeadLetter { reason, .. } => Some(reason.as_str()),
                Output::Batch { .. } => None,
            })
            .collect();
        assert_eq!(reasons.len(), 3);
        assert!(
            reasons[0].contains("sample 2") && reasons[0].contains("own domain"),
            "{reasons:?}"
        );
        assert!(reasons[1].contains("measured on a port"), "{reasons:?}");
        assert!(reasons[2].contains("router.moon_phase"), "{reasons:?}");
        let [.., Output::Batch { measurements, .. }] = out.as_slice() else {
            panic!("{out:?}")
        };
        assert_eq!(measurements.len(), 1);
    }

    #[test]
    fn a_batch_from_a_clock_that_runs_far_ahead_is_a_dead_letter() {
        let mut collector = Collector::new(Domain::Transport);
        let text = r#"{"source":"router/A","at":700000,"samples":[]}"#;
        let mut at = |now_s| {
            let message = message(text);
            collector.handle(Input(message), NetTime::from_secs(now_s))
        };
        assert!(
            matches!(&at(0)[..], [Output::Batch { .. }]),
            "nobody knows the time yet"
        );
        assert!(matches!(&at(100)[..], [Output::Batch { .. }]));
        let refused = at(99);
        let [Output::DeadLetter { reason, .. }] = &refused[..] else {
            panic!("{refused:?}")
        };
        assert!(reason.contains("set the clock of router/A"), "{reason}");
    }

    #[test]
    fn what_is_no_batch_becomes_a_dead_letter() {
        let out = read("\u{1}garbage");
        assert!(
            matches!(out.as_slice(), [Output::DeadLetter { .. }]),
            "{out:?}"
        );
    }
}
