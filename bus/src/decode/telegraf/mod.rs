//! What does a message of Telegraf say? Line protocol ([`line`]) and JSON ([`json`]) give the same items.
//!
//! Each field of a metric is a point named `measurement.field`. Two measurements are no values but happenings: what
//! `inputs.snmp_trap` and `inputs.syslog` write becomes events.

pub mod json;
pub mod line;

use super::gather::Gather;
use super::item::{EventItem, Item, Kind, Point, Value};
use super::{number, severity};
use std::collections::BTreeMap;
use zizhi_types::{NetTime, Severity};

/// One metric in Telegraf's sense: a measurement with tags and fields at a moment.
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) fields: Vec<(String, Value)>,
    pub(super) at: Option<NetTime>,
}

pub(super) fn emit(metric: Metric, gather: &mut Gather<'_>) {
    match metric.name.as_str() {
        "snmp_trap" => gather.push(Item::Event(trap(metric))),
        "syslog" if metric.fields.iter().any(|(name, _)| name == "message") => {
            gather.push(Item::Event(log_line(metric)));
        }
        _ => points(metric, gather),
    }
}

fn points(metric: Metric, gather: &mut Gather<'_>) {
    let Metric {
        name: measurement,
        mut tags,
        mut fields,
        at,
    } = metric;
    let last = fields.pop();
    let mut give = |field: String, value, tags| {
        gather.point(Point {
            name: format!("{measurement}.{field}"),
            tags,
            value,
            kind: Kind::Unknown,
            unit: String::new(),
            at,
        });
    };
    for (field, value) in fields {
        give(field, value, tags.clone());
    }
    if let Some((field, value)) = last {
        give(field, value, std::mem::take(&mut tags));
    }
}

/// A trap: its variables become attributes beside the tags, and its text.
fn trap(metric: Metric) -> EventItem {
    let mut tags = metric.tags;
    let name = ["name", "oid"]
        .iter()
        .find_map(|k| tags.get(*k))
        .cloned()
        .unwrap_or_default();
    let mut text = name.clone();
    for (field, value) in metric.fields {
        let value = as_text(&value);
        text.extend([" ", &field, "=", &value]);
        tags.entry(field).or_insert(value);
    }
    EventItem {
        name,
        tags,
        text,
        severity: Severity::Indeterminate,
        at: metric.at,
    }
}

/// A log line: the fields are those of RFC 5424, the structured data are fields `id_name`.
fn log_line(metric: Metric) -> EventItem {
    let mut tags = metric.tags;
    let mut text = String::new();
    let mut at = metric.at;
    let mut code = None;
    for (field, value) in metric.fields {
        match (field.as_str(), &value) {
            ("message", _) => as_text(&value).trim_end().clone_into(&mut text),
            ("timestamp", _) => at = number::moment(&as_text(&value)).ok().flatten().or(at),
            ("severity_code", Value::Number(number)) => code = Some(*number as u8),
            _ => drop(tags.entry(field).or_insert_with(|| as_text(&value))),
        }
    }
    let word = tags
        .get("severity")
        .and_then(|word| severity::of_syslog_word(word));
    let severity = code
        .map(severity::of_syslog)
        .or(word)
        .unwrap_or(Severity::Indeterminate);
    let name = ["msgid", "appname"]
        .iter()
        .find_map(|k| tags.get(*k))
        .cloned()
        .unwrap_or_default();
    EventItem {
        name,
        tags,
        text,
        severity,
        at,
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => text.clone(),
        Value::Gone => String::new(),
    }
}
