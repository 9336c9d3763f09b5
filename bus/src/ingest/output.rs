//! What does the pipeline say to the swarm, and how is it written?

use crate::decode::{AlarmState, Format, Value};
use crate::mapping::{AlarmReading, EventReading, Reading, StateReading};
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

/// A value that the swarm has no use for: no rule places it, or the rule's quantity is none of the swarm's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unplaced {
    /// What it is about: what a rule says, else a guess from the sender's words.
    pub object: String,
    /// Which quantity: what a rule says, else the sender's word.
    pub metric: String,
    /// The value as text.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// When.
    pub at: NetTime,
    /// Whether a rule fits.
    pub is_mapped: bool,
    /// What is missing.
    pub why: String,
    /// What it is about, as its sender says.
    pub tags: BTreeMap<String, String>,
}

impl Unplaced {
    /// A number.
    pub(super) fn number(reading: Reading) -> Self {
        let why = if reading
            .counter
            .as_ref()
            .is_some_and(|c| c.becomes.is_some())
        {
            "a count: its rate needs a second value".to_owned()
        } else if reading.mapped {
            format!(
                "the swarm does not watch {} of {} in `{}`",
                reading.metric, reading.object, reading.unit
            )
        } else {
            NO_RULE.to_owned()
        };
        Self {
            value: reading.value.to_string(),
            object: reading.object,
            metric: reading.metric,
            unit: reading.unit,
            at: reading.at,
            is_mapped: reading.mapped,
            why,
            tags: reading.tags,
        }
    }

    /// A state by name.
    pub(super) fn state(state: StateReading) -> Self {
        let why = match (&state.text, state.mapped) {
            (None, _) => "the sender deleted it".to_owned(),
            (Some(text), true) => format!("the rule has no number for the state `{text}`"),
            (Some(_), false) => NO_RULE.to_owned(),
        };
        Self {
            value: state.text.unwrap_or_else(|| "(gone)".to_owned()),
            object: state.object,
            metric: state.metric,
            unit: String::new(),
            at: state.at,
            is_mapped: state.mapped,
            why,
            tags: state.tags,
        }
    }
}

/// Why a value has no place.
const NO_RULE: &str = "no rule of the mapping tables fits";

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
    /// What it is about: what a rule says, else a guess from the sender's words.
    pub object: String,
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
    pub(super) fn of(reading: EventReading, origin: Origin) -> Self {
        Self {
            origin,
            object: reading.object,
            name: reading.name,
            tags: reading.tags,
            text: reading.text,
            severity: reading.severity,
            at: reading.at,
        }
    }
}

/// An alarm of another system, as it is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Where it came from.
    pub origin: Origin,
    /// What it is about: what a rule says, else a guess from the sender's words.
    pub object: String,
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
    pub(super) fn of(reading: AlarmReading, origin: Origin) -> Self {
        let AlarmReading {
            event,
            fingerprint,
            state,
        } = reading;
        Self {
            origin,
            object: event.object,
            name: event.name,
            fingerprint,
            tags: event.tags,
            text: event.text,
            severity: match state {
                AlarmState::Raised => event.severity,
                AlarmState::Cleared => Severity::Cleared,
            },
            at: event.at,
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
    /// A count whose rate is not known yet; it is not published.
    Held(Unplaced),
    /// Something that happened.
    Event(Event),
    /// A condition of another system.
    Alarm(Alarm),
    /// What could not be used.
    DeadLetter(DeadLetter),
}
