//! The neutral form that every decoder gives.

use serde::Serialize;
use std::collections::BTreeMap;
use zizhi_types::NetTime;
use zizhi_types::severity::Severity;

/// A message as it came, with what its transport knows.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The bytes.
    pub payload: &'a [u8],
    /// The NATS subject, or the path of an HTTP request; empty where there is none.
    pub subject: &'a str,
    /// The `Content-Type`, or what the configuration says; empty where nobody says.
    pub content_type: &'a str,
    /// Headers in lower case; values as they came.
    pub headers: &'a BTreeMap<String, String>,
    /// When it was received: for what carries no time of its own.
    pub received: NetTime,
}

/// Bounds on what one message may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest message, in bytes; longer ones are rejected whole.
    pub bytes: usize,
    /// Most items of one message; those beyond are counted in one reject.
    pub items: usize,
    /// Most tags of one item; an item with more is rejected.
    pub tags: usize,
    /// Longest name, tag or text value, in bytes; longer texts are cut at a character boundary.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Our choice: NATS sends at most 1 MiB by default, HTTP senders batch to a few MiB.
        Self {
            bytes: 16 << 20,
            items: 100_000,
            tags: 64,
            text: 4096,
        }
    }
}

/// How a value moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It may go up and down.
    Gauge,
    /// Only its increase means something; it starts again from 0 now and then.
    Counter,
    /// It is the increase since the last message.
    Delta,
    /// The sender does not say.
    Unknown,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// A number; finite.
    Number(f64),
    /// A whole number too large for a float to hold exactly is kept as it is, for the difference of two counters.
    Whole(u64),
    /// Yes or no.
    Flag(bool),
    /// A state by name, such as `UP` or `ESTABLISHED`.
    Text(String),
    /// It is gone: the sender deleted it.
    Gone,
}

/// One value of one quantity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The quantity as its sender names it: a metric name, a path, `measurement.field`.
    pub name: String,
    /// What it is about, as its sender says: labels, tags, attributes.
    pub tags: BTreeMap<String, String>,
    /// The value.
    pub value: Value,
    /// How it moves.
    pub kind: Kind,
    /// The unit as its sender names it (UCUM where the format says so); empty where it does not say.
    pub unit: String,
    /// When it was true; `None` where the sender does not say.
    pub at: Option<NetTime>,
}

/// Something that happened: a log line, a trap, a span that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventItem {
    /// What sort of event, where the sender says: a message id, a trap name.
    pub name: String,
    /// Attributes.
    pub tags: BTreeMap<String, String>,
    /// What it says, for people and for templates.
    pub text: String,
    /// How bad the sender finds it.
    pub severity: Severity,
    /// When.
    pub at: Option<NetTime>,
}

/// Whether an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmState {
    /// It stands.
    Raised,
    /// It is over.
    Cleared,
}

/// A condition that somebody else's system watches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlarmItem {
    /// The rule that fired.
    pub name: String,
    /// The same for all messages about the same alarm.
    pub fingerprint: String,
    /// What it is about.
    pub tags: BTreeMap<String, String>,
    /// For people.
    pub text: String,
    /// How bad.
    pub severity: Severity,
    /// Whether it stands.
    pub state: AlarmState,
    /// Since when, or when it ended.
    pub at: Option<NetTime>,
}

/// One thing that a message says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "item", rename_all = "lowercase")]
pub enum Item {
    /// A value.
    Point(Point),
    /// Something that happened.
    Event(EventItem),
    /// A condition.
    Alarm(AlarmItem),
}

/// A part of a message that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// What is wrong, where, and what would be right.
    pub reason: String,
    /// The first bytes of the part, as text.
    pub sample: String,
}

/// What a message says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// In the order of the message.
    pub items: Vec<Item>,
    /// What could not be read.
    pub rejects: Vec<Reject>,
}
