//! What does a message of somebody else's format say?
//!
//! In: bytes as a sender sent them, with what the transport knows about them ([`Raw`]). Out: neutral [`Item`]s, and a
//! [`Reject`] with the reason for every part that means nothing ([`Decoded`]). Which object and which quantity an item is
//! about is not decided here but by the tables of [`crate::mapping`].
//!
//! Pure: no I/O, no clock, no panic on any input, memory bounded by [`Limits`].

pub mod alertmanager;
pub(crate) mod bounds;
pub mod cloudevents;
pub(crate) mod fields;
mod format;
mod gather;
pub mod gnmic;
mod item;
mod json;
mod number;
mod numbers;
pub mod otlp;
pub mod remote_write;
mod severity;
mod sniff;
pub mod syslog;
pub mod telegraf;
pub mod vector;
pub mod zizhi;

pub use format::{Format, UnknownFormat};
pub use item::{
    AlarmItem, AlarmState, Decoded, EventItem, Item, Kind, Limits, Point, Raw, Reject, Value,
};
pub use number::rfc3339;
pub use numbers::{Numbered, numbers};
pub use sniff::sniff;

/// Reads a message. [`Format::Auto`] is found out by [`sniff`]; who needs to know what it was asks that first.
///
/// A message that is too long, that fits no format, or of which nothing can be read is one reject.
pub fn decode(format: Format, raw: &Raw<'_>, limits: &Limits) -> Decoded {
    if raw.payload.len() > limits.bytes {
        let (most, long) = (limits.bytes, raw.payload.len());
        return gather::garbage(
            format!("{long} bytes, more than {most}"),
            raw.payload,
            limits,
        );
    }
    match format {
        Format::Auto => match sniff(raw) {
            Some(found) => decode(found, raw, limits),
            None => gather::garbage(why_unknown(raw.payload), raw.payload, limits),
        },
        Format::GnmicEvent => gnmic::decode(raw, limits),
        Format::TelegrafLine => telegraf::line::decode(raw, limits),
        Format::TelegrafJson => telegraf::json::decode(raw, limits),
        Format::Syslog => syslog::decode(raw, limits),
        Format::OtlpMetrics => otlp::metrics(raw, limits),
        Format::OtlpLogs => otlp::logs(raw, limits),
        Format::OtlpTraces => otlp::traces(raw, limits),
        Format::RemoteWriteV1 => remote_write::v1(raw, limits),
        Format::RemoteWriteV2 => remote_write::v2(raw, limits),
        Format::Alertmanager | Format::Grafana => alertmanager::decode(raw, limits),
        Format::CloudEvents => cloudevents::decode(raw, limits),
        Format::Vector => vector::decode(raw, limits),
        Format::Zizhi => zizhi::decode(raw, limits),
    }
}

fn why_unknown(payload: &[u8]) -> String {
    let payload = payload.trim_ascii_start();
    if payload.is_empty() {
        return "an empty message".to_owned();
    }
    let broken = payload.starts_with(b"{") || payload.starts_with(b"[");
    match serde_json::from_slice::<serde::de::IgnoredAny>(payload) {
        Err(error) if broken => format!("fits no known format, and is broken JSON: {error}"),
        _ => "fits no known format: name the format, or add a decoder".to_owned(),
    }
}
