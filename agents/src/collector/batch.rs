//! A telemetry batch, JSON or binary, whose samples are read one by one: what is wrong with one is said of that one.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use serde_json::Value;
use zizhi_bus::batch::{is_batch, telemetry};
use zizhi_types::wire::Sample;
use zizhi_types::{ManagedObject, Metric, NetTime};

/// A batch whose samples may be wrong.
pub(super) struct Loose {
    pub source: ManagedObject,
    pub at: NetTime,
    /// What was measured, or why it cannot be read.
    pub samples: Vec<Result<Sample, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseJson {
    source: ManagedObject,
    at: NetTime,
    samples: Vec<Value>,
}

impl Loose {
    /// The first byte tells which form it is: no JSON begins as a binary batch does.
    pub fn read(payload: &[u8]) -> Result<Self, String> {
        if is_batch(payload) {
            Self::binary(payload)
        } else {
            Self::json(payload)
        }
    }

    fn json(payload: &[u8]) -> Result<Self, String> {
        let batch: LooseJson = serde_json::from_slice(payload).map_err(|e| e.to_string())?;
        let sample = |s| serde_json::from_value(s).map_err(|e| e.to_string());
        Ok(Self {
            source: batch.source,
            at: batch.at,
            samples: batch.samples.into_iter().map(sample).collect(),
        })
    }

    fn binary(payload: &[u8]) -> Result<Self, String> {
        let told = telemetry::decode(payload).map_err(|e| e.to_string())?;
        let source: ManagedObject = told
            .source
            .parse()
            .map_err(|e| format!("its source: {e}"))?;
        Ok(Self {
            source,
            at: told.at,
            samples: told.samples.iter().map(sample).collect(),
        })
    }
}

fn sample(told: &telemetry::Sample<'_>) -> Result<Sample, String> {
    let name: StrDeserializer<'_, Error> = told.metric.into_deserializer();
    let metric = Metric::deserialize(name).map_err(|e| e.to_string())?;
    if !told.unit.is_empty() && told.unit != metric.unit() {
        let (name, unit) = (metric.as_str(), metric.unit());
        return Err(format!(
            "{name} is measured in {unit}, not in {}: convert it",
            told.unit
        ));
    }
    Ok(Sample {
        object: told
            .object
            .parse::<ManagedObject>()
            .map_err(|e| e.to_string())?,
        metric,
        value: told.value,
    })
}
