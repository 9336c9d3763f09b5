//! What does a Prometheus remote-write request say?
//!
//! Remote write 1.0 (`prometheus.WriteRequest`) and 2.0 (`io.prometheus.write.v2.Request`), as a snappy block; the size after
//! decompression is checked before memory is taken for it. Each series is read by itself: a bad one is a [`Reject`] and the
//! others stand.
//!
//! The label `__name__` is the name of a point and the other labels are its tags. A sample with Prometheus' staleness marker
//! is [`crate::decode::Value::Gone`]; any other NaN and an infinity say that there is no value, which is no fault of the sender: they
//! are counted apart ([`Written::empty`]). How a value moves comes from the metadata where the request has it (2.0 does, 1.0 sends it
//! apart), else from the name: `_total`, `_count`, `_sum` and `_bucket` are counters by the naming rules of `OpenMetrics`.
//!
//! A native histogram becomes `<name>_count` and `<name>_sum`. Its buckets are left out, our choice: their bounds move
//! with the resolution, so a series for each would begin and end all the time. Exemplars are counted only.

mod message;
mod series;

#[cfg(test)]
mod tests;

use super::bounds::{clip, reject, sample};
use super::fields::{Fields, Shape, nested, parts_max, shape};
use super::{Decoded, Limits, Raw, Reject};
use message::{MetadataV1, SeriesV1, SeriesV2};
use prost::Message;
use series::{Context, Symbols};
use std::collections::BTreeMap;

/// Longest series of a request, in bytes: our choice, some 60,000 samples. It bounds the memory of decoding one.
const SERIES_BYTES: usize = 1 << 20;

/// Which message a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `prometheus.WriteRequest`.
    V1,
    /// `io.prometheus.write.v2.Request`.
    V2,
}

impl Version {
    /// After the `Content-Type`: without a `proto` parameter it is 1.0 (specification of remote write 2.0).
    ///
    /// `None` if it is neither.
    pub fn of(content_type: &str) -> Option<Self> {
        let mut parts = content_type.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("application/x-protobuf") {
            return None;
        }
        let proto = parts.find_map(|p| p.strip_prefix("proto="));
        match proto.map(|p| p.trim_matches('"')) {
            None | Some("prometheus.WriteRequest") => Some(Self::V1),
            Some("io.prometheus.write.v2.Request") => Some(Self::V2),
            Some(_) => None,
        }
    }
}

/// What a request says and how much of it counts as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// Points and rejects.
    pub decoded: Decoded,
    /// Samples that were taken, those without a value included.
    pub samples: u64,
    /// Native histograms that were taken.
    pub histograms: u64,
    /// Exemplars that were seen.
    pub exemplars: u64,
    /// Samples without a value (NaN, infinity): nothing that the sender could better, and no reject.
    pub empty: u64,
}

/// Reads a 1.0 request.
pub fn v1(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    whole(read(raw.payload, Version::V1, limits))
}

/// Reads a 2.0 request.
pub fn v2(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    whole(read(raw.payload, Version::V2, limits))
}

fn whole(read: Result<Written, Reject>) -> Decoded {
    let Written {
        mut decoded, empty, ..
    } = match read {
        Ok(written) => written,
        Err(whole) => Written {
            decoded: Decoded {
                items: vec![],
                rejects: vec![whole],
            },
            ..Written::default()
        },
    };
    if empty > 0 {
        let reason = format!("{empty} samples are NaN or infinite, which is no value");
        decoded.rejects.push(reject(reason, ""));
    }
    decoded
}

/// Reads a request. An error means that nothing of it could be read.
pub fn read(payload: &[u8], version: Version, limits: &Limits) -> Result<Written, Reject> {
    let plain = decompress(payload, limits)?;
    bounded(&plain, version, limits)?;
    match version {
        Version::V1 => read_v1(&plain, limits),
        Version::V2 => read_v2(&plain, limits),
    }
}

fn decompress(payload: &[u8], limits: &Limits) -> Result<Vec<u8>, Reject> {
    let no_block = || Reject {
        reason: "no snappy block: remote write compresses with the snappy block format".to_owned(),
        sample: sample(payload),
    };
    let length = snap::raw::decompress_len(payload).map_err(|_| no_block())?;
    if length > limits.bytes {
        return Err(Reject {
            reason: format!(
                "{length} bytes after decompression, at most {} are read: send smaller batches (queue_config.max_samples_per_send)",
                limits.bytes
            ),
            sample: sample(payload),
        });
    }
    snap::raw::Decoder::new()
        .decompress_vec(payload)
        .map_err(|_| no_block())
}

static LABELS: [Shape; 1] = [shape(1, &[])];
static SERIES_V1: [Shape; 4] = [
    shape(1, &[]),
    shape(2, &[]),
    shape(3, &LABELS),
    shape(4, &[]),
];
static SERIES_V2: [Shape; 3] = [shape(2, &[]), shape(3, &[]), shape(4, &[])];
static REQUEST_V1: [Shape; 2] = [shape(1, &SERIES_V1), shape(3, &[])];
static REQUEST_V2: [Shape; 2] = [shape(4, &[]), shape(5, &SERIES_V2)];

/// Refuses a request with more parts than memory should be taken for.
fn bounded(plain: &[u8], version: Version, limits: &Limits) -> Result<(), Reject> {
    let most = parts_max(limits);
    let shapes: &[Shape] = match version {
        Version::V1 => &REQUEST_V1,
        Version::V2 => &REQUEST_V2,
    };
    match nested(plain, shapes, most) {
        Ok(found) if found > most => Err(Reject {
            reason: format!(
                "more than {most} parts in one request: send smaller batches (queue_config.max_samples_per_send)"
            ),
            sample: String::new(),
        }),
        // Broken protobuf is told by whoever reads it.
        _ => Ok(()),
    }
}

fn no_message(version: &str, payload: &[u8]) -> Reject {
    Reject {
        reason: format!("no {version} message: the protobuf is broken"),
        sample: sample(payload),
    }
}

fn read_v1(plain: &[u8], limits: &Limits) -> Result<Written, Reject> {
    const NAME: &str = "prometheus.WriteRequest";
    let broken = |_| no_message(NAME, plain);
    let mut kinds = BTreeMap::new();
    for field in Fields::of(plain) {
        let (tag, bytes) = field.map_err(broken)?;
        if tag == 3
            && let Ok(about) = MetadataV1::decode(bytes)
        {
            kinds.insert(about.family, (about.kind, clip(&about.unit, limits.text)));
        }
    }
    let mut context = Context::new(limits);
    for field in Fields::of(plain) {
        let (tag, bytes) = field.map_err(broken)?;
        if tag == 1 {
            context.take(bytes, SERIES_BYTES, |context, bytes| {
                SeriesV1::decode(bytes)
                    .map_err(|_| "the series is broken protobuf".to_owned())
                    .map(|series| context.series_v1(series, &kinds))
            });
        }
    }
    Ok(context.done())
}

fn read_v2(plain: &[u8], limits: &Limits) -> Result<Written, Reject> {
    const NAME: &str = "io.prometheus.write.v2.Request";
    let mut symbols = vec![];
    for field in Fields::of(plain) {
        let (tag, bytes) = field.map_err(|_| no_message(NAME, plain))?;
        if tag == 4 {
            symbols.push(bytes);
        }
    }
    if symbols.first().is_some_and(|first| !first.is_empty()) {
        return Err(reject(
            "the first symbol is not empty, as the specification wants it: is this a 1.0 message?",
            "",
        ));
    }
    let symbols = Symbols(symbols);
    let mut context = Context::new(limits);
    for field in Fields::of(plain) {
        let (tag, bytes) = field.map_err(|_| no_message(NAME, plain))?;
        if tag == 5 {
            context.take(bytes, SERIES_BYTES, |context, bytes| {
                SeriesV2::decode(bytes)
                    .map_err(|_| "the series is broken protobuf".to_owned())
                    .and_then(|series| context.series_v2(series, &symbols))
            });
        }
    }
    Ok(context.done())
}
