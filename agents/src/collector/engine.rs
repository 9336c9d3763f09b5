//! Decoding with nothing lost: a bad sample spoils itself, not its batch.

use super::batch::Loose;
use super::{Input, Output};
use crate::role::Engine;
use zizhi_bus::Message;
use zizhi_bus::batch::telemetry;
use zizhi_types::domain::Domain;
use zizhi_types::wire::Sample;
use zizhi_types::{Measurement, NetTime};

/// The longest piece of a message that a dead letter keeps, in characters.
const SAMPLE_CHARS: usize = 200;

/// A batch that claims to be so much later than the network's clock is refused, in milliseconds. Our choice: more than any
/// sender's drift; a series that took one such value would not hear anything before that moment comes.
const AHEAD_MS: u64 = 600_000;

/// Decodes Zizhi's own telemetry ([`zizhi_types::wire::TelemetryBatch`], as JSON or binary) for one domain.
pub struct Collector {
    domain: Domain,
}

impl Collector {
    /// For one domain's telemetry.
    pub const fn new(domain: Domain) -> Self {
        Self { domain }
    }

    fn measurement(
        &self,
        sample: Sample,
        at: NetTime,
        message: &Message,
    ) -> Result<Measurement, String> {
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
        let batch = match Loose::read(&message.payload) {
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
        for (index, sample) in batch.samples.into_iter().enumerate() {
            match sample.and_then(|s| self.measurement(s, batch.at, &message)) {
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
    let text = telemetry::readable(&message.payload);
    Output::DeadLetter {
        reason,
        sample: text.chars().take(SAMPLE_CHARS).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use zizhi_types::wire::TelemetryBatch;
    use zizhi_types::{MessageId, Metric};

    fn message(payload: impl AsRef<[u8]>) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId::new("router/A", 7),
            subject: "zizhi.v1.transport.obs.telemetry".to_owned(),
            at: NetTime(0),
            payload: payload.as_ref().to_vec(),
        })
    }

    fn read(payload: impl AsRef<[u8]>) -> Vec<Output> {
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

    fn spoken() -> TelemetryBatch {
        let sample = |object: &str, metric, value| Sample {
            object: object.parse().unwrap(),
            metric,
            value,
        };
        TelemetryBatch {
            source: "router/A".parse().unwrap(),
            at: NetTime(10_000),
            samples: vec![
                sample("port/A:A-B", Metric::PortOperUp, 1.0),
                sample("site/S", Metric::SiteUtilization, 1.0),
                sample("router/A", Metric::PortOperUp, 1.0),
                sample("port/A:A-B", Metric::PortOut, 0.1 + 0.2),
            ],
        }
    }

    #[test]
    fn a_binary_batch_says_the_same_as_its_json() {
        let json = serde_json::to_string(&spoken()).unwrap();
        let binary = telemetry::encode(&spoken()).unwrap();
        assert_eq!(read(json), read(binary));
    }

    #[test]
    fn a_bad_sample_of_a_binary_batch_spoils_itself_only() {
        let mut batch = spoken();
        batch.samples.truncate(1);
        batch.samples.push(Sample {
            value: f64::NAN,
            ..batch.samples[0].clone()
        });
        let out = read(telemetry::encode(&batch).unwrap());
        let [
            Output::DeadLetter { reason, sample },
            Output::Batch { measurements, .. },
        ] = out.as_slice()
        else {
            panic!("{out:?}")
        };
        assert!(
            reason.contains("sample 2") && reason.contains("no finite number"),
            "{reason}"
        );
        assert!(sample.starts_with("{\"source\":\"router/A\""), "{sample}");
        assert_eq!(measurements.len(), 1);
    }

    #[test]
    fn a_damaged_binary_batch_is_a_dead_letter_that_can_be_read() {
        let binary = telemetry::encode(&spoken()).unwrap();
        let out = read(&binary[..60]);
        let [Output::DeadLetter { reason, sample }] = out.as_slice() else {
            panic!("{out:?}")
        };
        assert!(reason.contains("cut off"), "{reason}");
        assert!(
            sample.starts_with("sample batch FA 5A 53 42 01"),
            "{sample}"
        );
    }
}
