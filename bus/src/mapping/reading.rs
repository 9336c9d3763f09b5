//! What an item means to us: an object, a quantity, a value, and where it came from.

use crate::decode::{AlarmState, Format};
use std::collections::BTreeMap;
use zizhi_types::{ManagedObject, Measurement, MessageId, Metric, NetTime, Severity};

/// Which message said it: the evidence link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingSource {
    /// In which format.
    pub format: Format,
    /// The subject, or the path of an HTTP request, or the file.
    pub subject: String,
    /// The number of the message at its receiver.
    pub seq: u64,
}

/// A number that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What was measured: `kind/name`.
    pub object: String,
    /// Which quantity.
    pub metric: String,
    /// The value, finite.
    pub value: f64,
    /// The value with all its digits, where it is a whole number and is as it was sent.
    pub exact: Option<u64>,
    /// Its unit; empty where nobody says.
    pub unit: String,
    /// When it was true.
    pub at: NetTime,
    /// Which message said it.
    pub source: ReadingSource,
    /// All that the sender said about it.
    pub tags: BTreeMap<String, String>,
    /// Whether a rule gave object and metric; otherwise they are the sender's words.
    pub mapped: bool,
    /// Set while the value is a count whose change is wanted: see [`crate::mapping::Rates`].
    pub counter: Option<Counter>,
}

/// A count, before it becomes a rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Counter {
    /// It is already the increase since the last message.
    pub is_delta: bool,
    /// What it becomes; `None` where no rule says: it stays a count.
    pub becomes: Option<Becomes>,
}

/// What a count becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Becomes {
    /// The quantity.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Units of it in one unit of the sender.
    pub scale: f64,
    /// Per second, or all of the time since the last message.
    pub per_second: bool,
    /// After how many bits the count begins again from 0, where that is known: 32 or 64.
    pub bits: Option<u8>,
}

impl Reading {
    /// The same in the swarm's own words: only if the metric is one of [`Metric`], and the object one of its kind.
    pub fn measurement(&self) -> Option<Measurement> {
        let metric = *Metric::ALL.iter().find(|m| m.as_str() == self.metric)?;
        let object: ManagedObject = self.object.parse().ok()?;
        let fits = object.kind() == metric.object_kind()
            && self.unit == metric.unit()
            && self.value.is_finite();
        fits.then(|| Measurement {
            object,
            metric,
            value: self.value,
            at: self.at,
            source: MessageId::new(
                format!("{}/{}", self.source.format, self.source.subject),
                self.source.seq,
            ),
        })
    }
}

/// A state by name for which no rule has a number.
#[derive(Debug, Clone, PartialEq)]
pub struct StateReading {
    /// What it is about.
    pub object: String,
    /// Which quantity.
    pub metric: String,
    /// The state; `None`: it is gone, the sender deleted it.
    pub text: Option<String>,
    /// When it was true.
    pub at: NetTime,
    /// Which message said it.
    pub source: ReadingSource,
    /// All that the sender said about it.
    pub tags: BTreeMap<String, String>,
    /// Whether a rule gave object and metric.
    pub mapped: bool,
}

/// Something that happened to an object.
#[derive(Debug, Clone, PartialEq)]
pub struct EventReading {
    /// To what.
    pub object: String,
    /// What sort of event.
    pub name: String,
    /// What it says.
    pub text: String,
    /// How bad.
    pub severity: Severity,
    /// When.
    pub at: NetTime,
    /// Which message said it.
    pub source: ReadingSource,
    /// All that the sender said about it.
    pub tags: BTreeMap<String, String>,
    /// Whether a rule gave object and name.
    pub mapped: bool,
}

/// A condition of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmReading {
    /// As for an event; the name is the rule that fired.
    pub event: EventReading,
    /// The same for all messages about the same alarm.
    pub fingerprint: String,
    /// Whether it stands.
    pub state: AlarmState,
}

/// One thing that an item means.
#[derive(Debug, Clone, PartialEq)]
pub enum Mapped {
    /// A number.
    Reading(Reading),
    /// A state by name, or its end.
    State(StateReading),
    /// Something that happened.
    Event(EventReading),
    /// A condition.
    Alarm(AlarmReading),
}
