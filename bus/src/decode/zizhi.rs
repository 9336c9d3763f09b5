//! What does a batch of Zizhi's own telemetry say? [`zizhi_types::wire::TelemetryBatch`] as JSON.

use super::gather::{Gather, start};
use super::item::{Decoded, Kind, Limits, Point, Raw, Value};
use super::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use zizhi_types::wire::Sample;
use zizhi_types::{ManagedObject, Metric, NetTime};

/// Reads batches. A point is named by its metric; the tags `object` and `source` name what it is about and who measured.
pub fn decode(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    let mut gather = Gather::new(limits);
    for document in json::documents(raw.payload, &mut gather) {
        if let Err(reason) = batch(document, &mut gather) {
            gather.reject(reason, document.get());
        }
    }
    gather.finish()
}

fn batch(document: &RawValue, gather: &mut Gather<'_>) -> Result<(), String> {
    let fields = json::fields(document.get())?;
    let of = |key: &str| {
        fields
            .get(key)
            .ok_or_else(|| format!("no telemetry batch: `{key}` is missing"))
    };
    let source: ManagedObject =
        serde_json::from_str(of("source")?.get()).map_err(|e| format!("`source`: {e}"))?;
    let at: NetTime = serde_json::from_str(of("at")?.get()).map_err(|e| format!("`at`: {e}"))?;
    let room = gather.limits().items;
    let (samples, beyond) =
        json::elements(of("samples")?.get(), room).map_err(|e| format!("`samples`: {e}"))?;
    gather.skip(beyond);
    for sample in samples {
        match serde_json::from_str::<Sample>(sample.get()) {
            Ok(read) => gather.point(point(&source, at, &read)),
            Err(error) => gather.reject(
                format!("no sample: {}", start(&error.to_string(), 300)),
                sample.get(),
            ),
        }
    }
    Ok(())
}

fn point(source: &ManagedObject, at: NetTime, sample: &Sample) -> Point {
    let metric: Metric = sample.metric;
    Point {
        name: metric.as_str().to_owned(),
        tags: BTreeMap::from([
            ("object".to_owned(), sample.object.to_string()),
            ("source".to_owned(), source.to_string()),
        ]),
        value: Value::Number(sample.value),
        kind: Kind::Gauge,
        unit: metric.unit().to_owned(),
        at: Some(at),
    }
}
