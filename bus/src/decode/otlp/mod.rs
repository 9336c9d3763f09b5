//! What does an OTLP message say?
//!
//! Metrics, logs and traces of OTLP 1.x, from protobuf and from JSON. Which of the two is decided by the content type, and where
//! none is known by the first byte.
//!
//! **Tags.** Attributes of the resource, then of the scope (with `otel.scope.name`), then of the point, log record or span. Where
//! two have one name the more specific one has it, and the outermost stays as `outer.<name>`, our choice: so the host of a resource
//! cannot be hidden. Lists and maps are JSON texts, bytes are hexadecimal.
//!
//! **Metrics.** The name stays as it is, `hw.*` included.
//!
//! | OTLP | points | moves |
//! |---|---|---|
//! | gauge | `<name>` | gauge |
//! | sum, cumulative | `<name>` | counter if monotonic, else gauge |
//! | sum, delta | `<name>` | delta |
//! | histogram | `<name>.count`, `.sum`, `.bucket` with tag `le` (counts of all values up to the bound, as Prometheus counts), `.min`, `.max` | by temporality; min and max gauges |
//! | exponential histogram | `<name>.count`, `.sum`, `.min`, `.max` | the same |
//! | summary | `<name>.count`, `.sum`, `.quantile` with tag `quantile` | counters; gauges |
//!
//! The buckets of an exponential histogram are left out, our choice: their bounds move with its scale, so a series for each would
//! begin and end all the time. The flag "no recorded value" is [`crate::decode::Value::Gone`].
//!
//! **Logs** are events: the name is `event.name`, the text is the body, the severity number becomes FATAL critical, ERROR major, WARN
//! warning, everything below indeterminate.
//!
//! **Traces.** A span with the status *error* is an event of severity major. Other spans say nothing here: durations belong
//! into metrics, where the sender aggregates them (the span metrics connector of the collector).
//!
//! The JSON is read by hand into the same message types. The `serde` implementations of `opentelemetry-proto` do not do here: one unknown
//! field in an attribute value, one `null` or one `"NaN"` refuses or silently empties what it is in, and OTLP asks receivers
//! to ignore unknown fields.

mod attributes;
mod json;
mod logs;
mod metrics;
mod traces;
mod wire;

#[cfg(test)]
mod tests;

use super::{Decoded, Limits, Raw, Reject};
use crate::decode::bounds::{reject, sample};

/// A decoder of one signal: `Err` means that nothing of the message could be read.
pub type Read = fn(&Raw<'_>, &Limits) -> Result<Decoded, Reject>;

/// Metrics as points.
pub fn metrics(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    whole(read_metrics(raw, limits))
}

/// Logs as events.
pub fn logs(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    whole(read_logs(raw, limits))
}

/// Failed spans as events.
pub fn traces(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    whole(read_traces(raw, limits))
}

/// As [`metrics`]; an error means that nothing of it could be read.
pub fn read_metrics(raw: &Raw<'_>, limits: &Limits) -> Result<Decoded, Reject> {
    let mut out = Decoded::default();
    let groups = if is_json(raw)? {
        json::metrics(&json::parse(raw.payload, limits)?, &mut out)?
    } else {
        wire::metrics(raw.payload, limits)?
    };
    metrics::points(groups, limits, &mut out);
    Ok(out)
}

/// As [`logs`]; an error means that nothing of it could be read.
pub fn read_logs(raw: &Raw<'_>, limits: &Limits) -> Result<Decoded, Reject> {
    let mut out = Decoded::default();
    let groups = if is_json(raw)? {
        json::logs(&json::parse(raw.payload, limits)?, &mut out)?
    } else {
        wire::logs(raw.payload, limits)?
    };
    logs::events(groups, limits, &mut out);
    Ok(out)
}

/// As [`traces`]; an error means that nothing of it could be read.
pub fn read_traces(raw: &Raw<'_>, limits: &Limits) -> Result<Decoded, Reject> {
    let mut out = Decoded::default();
    let groups = if is_json(raw)? {
        json::traces(&json::parse(raw.payload, limits)?, &mut out)?
    } else {
        wire::traces(raw.payload, limits)?
    };
    traces::events(groups, limits, &mut out);
    Ok(out)
}

/// Which encoding: what the content type says, else whether it begins like a JSON object.
fn is_json(raw: &Raw<'_>) -> Result<bool, Reject> {
    let essence = raw.content_type.split(';').next().unwrap_or("").trim();
    match essence.to_ascii_lowercase().as_str() {
        "application/json" => Ok(true),
        "application/x-protobuf" | "application/protobuf" => Ok(false),
        "" | "application/octet-stream" => {
            let first = raw.payload.iter().find(|b| !b.is_ascii_whitespace());
            Ok(first == Some(&b'{'))
        }
        _ => Err(reject(
            format!(
                "OTLP is application/x-protobuf or application/json, not `{}`",
                crate::decode::bounds::clip(essence, 80)
            ),
            "",
        )),
    }
}

fn whole(read: Result<Decoded, Reject>) -> Decoded {
    read.unwrap_or_else(|reject| Decoded {
        items: vec![],
        rejects: vec![reject],
    })
}

fn too_long(payload: &[u8], limits: &Limits) -> Option<Reject> {
    (payload.len() > limits.bytes).then(|| Reject {
        reason: format!(
            "{} bytes, at most {} are read: send smaller batches",
            payload.len(),
            limits.bytes
        ),
        sample: sample(payload),
    })
}
