//! What is in a `CloudEvents` envelope, and what does that say?
//!
//! Structured (`application/cloudevents+json`: `data` or `data_base64` beside the attributes) and binary (attributes as
//! `ce-` headers, percent-encoded; the payload is the data), after version 1.0.2 and its NATS and HTTP bindings.
//! The data are read in the format that their `datacontenttype` and their content show. Data of no known format are an
//! event named by the envelope's `type`.

use super::gather::{Gather, garbage, start};
use super::item::{Decoded, EventItem, Item, Limits, Raw};
use super::json::{self, Scalar};
use super::{number, sniff};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use zizhi_types::{NetTime, Severity};

/// Deepest nesting of envelopes (our choice: a gateway may wrap what a sender wrapped).
const ENVELOPES: usize = 3;

/// Opens the envelope and reads what is inside.
pub fn decode(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    open(raw, limits, ENVELOPES)
}

fn open(raw: &Raw<'_>, limits: &Limits, depth: usize) -> Decoded {
    if raw.headers.contains_key("ce-specversion") {
        return match binary(raw) {
            Ok(envelope) => inside(&envelope, raw, limits, depth),
            Err(reason) => garbage(reason, raw.payload, limits),
        };
    }
    let mut gather = Gather::new(limits);
    let documents = json::documents(raw.payload, &mut gather);
    for document in documents {
        gather.take(match structured(document) {
            Ok(envelope) => inside(&envelope, raw, limits, depth),
            Err(reason) => garbage(reason, document.get().as_bytes(), limits),
        });
    }
    gather.finish()
}

struct Envelope {
    attributes: BTreeMap<String, String>,
    data: Vec<u8>,
}

impl Envelope {
    fn get(&self, key: &str) -> &str {
        self.attributes.get(key).map_or("", String::as_str)
    }
}

fn binary(raw: &Raw<'_>) -> Result<Envelope, String> {
    let mut attributes = BTreeMap::new();
    for (name, value) in raw.headers {
        if let Some(name) = name.strip_prefix("ce-") {
            attributes.insert(name.to_owned(), percent_decoded(value)?);
        }
    }
    attributes.insert("datacontenttype".to_owned(), raw.content_type.to_owned());
    checked(Envelope {
        attributes,
        data: raw.payload.to_vec(),
    })
}

fn structured(document: &RawValue) -> Result<Envelope, String> {
    let fields = json::fields(document.get())?;
    let mut attributes = BTreeMap::new();
    for (key, value) in &fields.members {
        if key != "data" && key != "data_base64" {
            attributes.extend(json::tag(value).map(|text| (key.to_string(), text)));
        }
    }
    let data = match (fields.get("data"), fields.text("data_base64")) {
        (Some(data), _) => match json::scalar(data) {
            // Data that are no JSON stand in a JSON text.
            Scalar::Text(text) => text.into_owned().into_bytes(),
            Scalar::Null => vec![],
            _ => data.get().as_bytes().to_vec(),
        },
        (None, Some(text)) => base64(&text)?,
        (None, None) => vec![],
    };
    checked(Envelope { attributes, data })
}

fn checked(envelope: Envelope) -> Result<Envelope, String> {
    if !envelope.get("specversion").starts_with("1.") && envelope.get("specversion") != "0.3" {
        return Err(format!(
            "CloudEvents 1.0 is read, not version `{}`",
            start(envelope.get("specversion"), 40)
        ));
    }
    for key in ["id", "source", "type"] {
        if envelope.get(key).is_empty() {
            return Err(format!("no CloudEvent: `{key}` is missing"));
        }
    }
    Ok(envelope)
}

fn inside(envelope: &Envelope, raw: &Raw<'_>, limits: &Limits, depth: usize) -> Decoded {
    let none = BTreeMap::new();
    let inner = Raw {
        payload: &envelope.data,
        subject: raw.subject,
        content_type: envelope.get("datacontenttype"),
        headers: &none,
        received: time(envelope).unwrap_or(raw.received),
    };
    let mut read = match sniff(&inner) {
        Some(super::Format::CloudEvents) if depth == 0 => garbage(
            "envelopes in envelopes: open them at the sender",
            &envelope.data,
            limits,
        ),
        Some(super::Format::CloudEvents) => open(&inner, limits, depth - 1),
        Some(format) => super::decode(format, &inner, limits),
        None => unknown(envelope, limits),
    };
    // What has no time of its own is of the envelope's time.
    for item in &mut read.items {
        let at = match item {
            Item::Point(point) => &mut point.at,
            Item::Event(event) => &mut event.at,
            Item::Alarm(alarm) => &mut alarm.at,
        };
        *at = at.or_else(|| time(envelope));
    }
    read
}

fn time(envelope: &Envelope) -> Option<NetTime> {
    number::rfc3339(envelope.get("time")).ok().flatten()
}

/// Data of no known format: an event that says them as they are.
fn unknown(envelope: &Envelope, limits: &Limits) -> Decoded {
    let mut gather = Gather::new(limits);
    let mut tags = envelope.attributes.clone();
    tags.remove("specversion");
    let word = ["severity", "level"]
        .iter()
        .find_map(|k| super::severity::of_word(envelope.get(k)));
    gather.push(Item::Event(EventItem {
        name: envelope.get("type").to_owned(),
        tags,
        text: String::from_utf8_lossy(&envelope.data).into_owned(),
        severity: word.unwrap_or(Severity::Indeterminate),
        at: time(envelope),
    }));
    gather.finish()
}

/// A header's text: `%XX` is a byte of UTF-8.
fn percent_decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let digits = (*byte == b'%').then(|| after.get(..2)).flatten();
        let decoded = digits.and_then(|d| Some(hex(d[0])? << 4 | hex(d[1])?));
        if let Some(decoded) = decoded {
            bytes.push(decoded);
            rest = &after[2..];
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| format!("header `{}` is no percent-encoded UTF-8", start(text, 80)))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

/// RFC 4648 base64, with or without padding.
fn base64(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    let (mut held, mut bits) = (0u32, 0u32);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err("`data_base64` is no base64".to_owned()),
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_percent_signs_are_undone() {
        assert_eq!(base64("aGVsbG8=").unwrap(), b"hello");
        assert_eq!(base64("aGVsbG8h").unwrap(), b"hello!");
        assert!(base64("a b").is_err());
        assert_eq!(percent_decoded("Euro%20%E2%82%AC%2").unwrap(), "Euro €%2");
        assert!(percent_decoded("%ff").is_err());
    }
}
