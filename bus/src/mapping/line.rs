//! How is a reading written as one line of JSON? For the command line, files and tests.

use super::reading::{EventReading, Mapped, ReadingSource};
use crate::decode::AlarmState;
use serde::Serialize;
use std::collections::BTreeMap;
use zizhi_types::NetTime;

#[derive(Serialize)]
struct Source<'a> {
    format: &'static str,
    subject: &'a str,
    seq: u64,
}

/// Up to here a float has all digits of a whole number: 2^53.
const FLOATS: u64 = 1 << 53;

/// A value with all its digits.
#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Whole(u64),
    Float(f64),
}

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    object: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<&'a str>,
    at: Option<String>,
    at_ms: u64,
    source: Source<'a>,
    mapped: bool,
    tags: &'a BTreeMap<String, String>,
}

/// One line of JSON: `type` is `measurement` (a number), `state` (a text for which no rule has a number), `gone` (the
/// sender deleted it), `event` or `alarm`. `at` is RFC 3339, `at_ms` the same in milliseconds. A measurement with
/// `counter` is a count as it was sent; without, it is a value or a rate.
pub fn json(mapped: &Mapped) -> String {
    let line = match mapped {
        Mapped::Reading(r) => Line {
            metric: Some(&r.metric),
            value: Some(match r.exact {
                Some(exact) if r.counter.is_some() || exact > FLOATS => Number::Whole(exact),
                _ => Number::Float(r.value),
            }),
            unit: Some(&r.unit),
            counter: r.counter.as_ref().map(|_| true),
            ..blank("measurement", &r.object, r.at, &r.source, r.mapped, &r.tags)
        },
        Mapped::State(s) => Line {
            metric: Some(&s.metric),
            text: s.text.as_deref(),
            ..blank(
                if s.text.is_some() { "state" } else { "gone" },
                &s.object,
                s.at,
                &s.source,
                s.mapped,
                &s.tags,
            )
        },
        Mapped::Event(event) => happening("event", event),
        Mapped::Alarm(alarm) => Line {
            state: Some(match alarm.state {
                AlarmState::Raised => "raised",
                AlarmState::Cleared => "cleared",
            }),
            fingerprint: Some(&alarm.fingerprint),
            ..happening("alarm", &alarm.event)
        },
    };
    // A line has only texts, finite numbers and texts as keys, which JSON can always say.
    serde_json::to_string(&line).unwrap_or_default()
}

fn happening<'a>(kind: &'static str, event: &'a EventReading) -> Line<'a> {
    Line {
        name: Some(&event.name),
        text: Some(&event.text),
        severity: Some(event.severity.as_str()),
        ..blank(
            kind,
            &event.object,
            event.at,
            &event.source,
            event.mapped,
            &event.tags,
        )
    }
}

fn blank<'a>(
    kind: &'static str,
    object: &'a str,
    at: NetTime,
    source: &'a ReadingSource,
    mapped: bool,
    tags: &'a BTreeMap<String, String>,
) -> Line<'a> {
    Line {
        r#type: kind,
        object,
        metric: None,
        name: None,
        value: None,
        unit: None,
        counter: None,
        text: None,
        severity: None,
        state: None,
        fingerprint: None,
        at: rfc3339(at),
        at_ms: at.0,
        source: Source {
            format: source.format.as_str(),
            subject: &source.subject,
            seq: source.seq,
        },
        mapped,
        tags,
    }
}

fn rfc3339(at: NetTime) -> Option<String> {
    let ms = i64::try_from(at.0).ok()?;
    Some(jiff::Timestamp::from_millisecond(ms).ok()?.to_string())
}
