//! How do spans leave this process? Encoded as OTLP, in batches, over HTTP, and never in anybody's way.
//!
//! [`Span`] is what a span is; `encode` puts spans into the protobuf of OTLP 1.x and reads a collector's answer;
//! `pace` says what to do after an answer; [`Exporter`] holds the queue and the connection. A collector that is slow,
//! full or gone costs spans, which are counted, and nothing else.

mod encode;
mod exporter;
mod pace;
mod send;
mod span;

pub use encode::{ReadSpan, Resource, decode, encode};
pub use exporter::{ExportConfig, ExportError, ExportStats, Exporter};
pub use span::{Link, Moment, Span, SpanId, SpanStatus, TraceId, Value};
