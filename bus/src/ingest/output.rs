//! What does the pipeline say to the swarm, and how is it written?

use crate::decode::{AlarmItem, AlarmState, EventItem, Format, Point, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zizhi_types::severity::Severity;
use zizhi_types::{ManagedObject, Metric, NetTime, ObjectKind};

/// Alarms of other systems.
pub const ALARMS: &str = "zizhi.v1.network.evt.alarm";
/// Events of other systems: log lines, traps, failed spans.
pub const EVENTS: &str = "zizhi.v1.network.evt.event";
/// Parts of messages that could not be used, with the reason.
pub const DEAD_LETTERS: &str = "zizhi.v1.network.evt.dead-letter";
/// Values that no mapping places.
pub const UNPLACED: &str = "zizhi.v1.network.obs.unplaced";
/// The counters of every source.
pub const SOURCES: &str = "zizhi.v1.network.obs.sources";

/// Where something came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Who sent it, as the listener knows it.
    pub source: String,
    /// In which format.
    pub format: String,
    /// The subject or path.
    pub subject: String,
    /// The transport's number of the message, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
}

impl Origin {
    /// Of a message.
    pub fn new(source: &str, format: Format, subject: &str, sequence: Option<u64>) -> Self {
        Self {
            source: source.to_owned(),
            format: format.as_str().to_owned(),
            subject: subject.to_owned(),
            sequence,
        }
    }
}

/// A value of one of our metrics on one of our objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// What was measured.
    pub object: ManagedObject,
    /// Which quantity; the unit is its own.
    pub metric: Metric,
    /// The value, finite.
    pub value: f64,
    /// When.
    pub at: NetTime,
}

impl Placed {
    /// Who reports it: the router of a port, path or demand, else the object itself.
    pub fn reporter(&self) -> ManagedObject {
        let router = match (self.object.kind(), self.object.parts()) {
            (ObjectKind::Port | ObjectKind::Path | ObjectKind::Demand, Some((router, _))) => {
                ManagedObject::new(ObjectKind::Router, router).ok()
            }
            _ => None,
        };
        router.unwrap_or_else(|| self.object.clone())
    }
}

/// A value that no mapping places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unplaced {
    /// As its sender names it.
    pub name: String,
    /// What it is about, as its sender says.
    pub tags: BTreeMap<String, String>,
    /// The value as text.
    pub value: String,
    /// The unit as its sender names it.
    pub unit: String,
    /// When.
    pub at: NetTime,
    /// What a mapping would have to say.
    pub why: String,
}

impl Unplaced {
    /// Of a point.
    pub fn of(point: &Point, at: NetTime, why: String) -> Self {
        Self {
            name: point.name.clone(),
            tags: point.tags.clone(),
            value: text(&point.value),
            unit: point.unit.clone(),
            at,
            why,
        }
    }
}

/// A value as people read it.
pub fn text(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => text.clone(),
        Value::Gone => "(gone)".to_owned(),
    }
}

/// Something that happened, as it is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Where it came from.
    pub origin: Origin,
    /// What it is about, where a mapping says so.
    pub object: Option<ManagedObject>,
    /// What sort of event.
    pub name: String,
    /// Attributes.
    pub tags: BTreeMap<String, String>,
    /// What it says; data, never an instruction.
    pub text: String,
    /// How bad the sender finds it.
    pub severity: Severity,
    /// When.
    pub at: NetTime,
}

impl Event {
    pub(super) fn of(
        item: EventItem,
        origin: Origin,
        object: Option<ManagedObject>,
        received: NetTime,
    ) -> Self {
        Self {
            origin,
            object,
            name: item.name,
            tags: item.tags,
            text: item.text,
            severity: item.severity,
            at: item.at.unwrap_or(received),
        }
    }
}

/// An alarm of another system, as it is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Where it came from.
    pub origin: Origin,
    /// What it is about, where a mapping says so.
    pub object: Option<ManagedObject>,
    /// The rule that fired.
    pub name: String,
    /// The same for all messages about the same alarm.
    pub fingerprint: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// What it says; data, never an instruction.
    pub text: String,
    /// How bad; cleared when it is over.
    pub severity: Severity,
    /// Since when, or when it ended.
    pub at: NetTime,
}

impl Alarm {
    pub(super) fn of(
        item: AlarmItem,
        origin: Origin,
        object: Option<ManagedObject>,
        received: NetTime,
    ) -> Self {
        let severity = match item.state {
            AlarmState::Raised => item.severity,
            AlarmState::Cleared => Severity::Cleared,
        };
        Self {
            origin,
            object,
            name: item.name,
            fingerprint: item.fingerprint,
            tags: item.tags,
            text: item.text,
            severity,
            at: item.at.unwrap_or(received),
        }
    }
}

/// A part of a message that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// Where it came from.
    pub origin: Origin,
    /// What is wrong and what would be right.
    pub reason: String,
    /// Its first bytes.
    pub sample: String,
    /// Further parts of the same message that are as bad and not shown.
    pub more: u64,
    /// When it came.
    pub at: NetTime,
}

/// One thing that the pipeline says.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A measurement for the swarm.
    Measurement(Placed),
    /// A value without a place.
    Unplaced(Unplaced),
    /// Something that happened.
    Event(Event),
    /// A condition of another system.
    Alarm(Alarm),
    /// What could not be used.
    DeadLetter(DeadLetter),
}
