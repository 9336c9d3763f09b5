//! What is a span? A named stretch of time in a trace, with what was known about it.

use std::fmt;

/// Names a trace: 16 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub [u8; 16]);

/// Names a span within its trace: 8 bytes, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub [u8; 8]);

macro_rules! shown_in_hex {
    ($($id:ident),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    )*};
}

shown_in_hex!(TraceId, SpanId);

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Words.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Any number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Something that happened at one moment of a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// When, in nanoseconds since 1970-01-01T00:00:00Z.
    pub at_ns: u64,
    /// What.
    pub name: String,
    /// What else is known.
    pub attributes: Vec<(&'static str, Value)>,
}

/// Another span that this one follows from without being its child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The other's trace.
    pub trace: TraceId,
    /// The other.
    pub span: SpanId,
}

/// How a span ended, in the three words of OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanStatus {
    /// Nothing is claimed.
    Unset,
    /// As intended.
    Ok,
    /// Not as intended, and why.
    Error(String),
}

/// One span.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its trace.
    pub trace: TraceId,
    /// Itself.
    pub id: SpanId,
    /// The span around it; `None` for the root.
    pub parent: Option<SpanId>,
    /// A short name of few different ones.
    pub name: String,
    /// Its begin, in nanoseconds since 1970-01-01T00:00:00Z.
    pub start_ns: u64,
    /// Its end, not before its begin.
    pub end_ns: u64,
    /// What is known about it.
    pub attributes: Vec<(&'static str, Value)>,
    /// What happened in it.
    pub moments: Vec<Moment>,
    /// What it follows from.
    pub links: Vec<Link>,
    /// How it ended.
    pub status: SpanStatus,
}
