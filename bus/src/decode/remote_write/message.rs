//! What do the bytes of a remote-write request look like?
//!
//! The message shapes of `prometheus.WriteRequest` (remote write 1.0) and `io.prometheus.write.v2.Request` (2.0): field numbers
//! and types are facts of those specifications. Buckets of native histograms are not read (see [`super`]), so they have
//! no field here and are skipped.

use prost::{Message, Oneof};

/// One series of a 1.0 request.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SeriesV1 {
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub exemplars: Vec<Exemplar>,
    #[prost(message, repeated, tag = "4")]
    pub histograms: Vec<Histogram>,
}

/// One series of a 2.0 request: its label names and values are places in the table of symbols.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SeriesV2 {
    #[prost(uint32, repeated, tag = "1")]
    pub labels_refs: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    pub samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub histograms: Vec<Histogram>,
    #[prost(message, repeated, tag = "4")]
    pub exemplars: Vec<Exemplar>,
    #[prost(message, optional, tag = "5")]
    pub metadata: Option<MetadataV2>,
    /// When the counter began, in ms; 0 where the sender does not say.
    #[prost(int64, tag = "6")]
    pub created_timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Label {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A value and its time in ms since 1970.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Sample {
    #[prost(double, tag = "1")]
    pub value: f64,
    #[prost(int64, tag = "2")]
    pub timestamp: i64,
}

/// Counted only.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Exemplar {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MetadataV1 {
    #[prost(int32, tag = "1")]
    pub kind: i32,
    #[prost(string, tag = "2")]
    pub family: String,
    #[prost(string, tag = "5")]
    pub unit: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct MetadataV2 {
    #[prost(int32, tag = "1")]
    pub kind: i32,
    #[prost(uint32, tag = "4")]
    pub unit_ref: u32,
}

/// A native histogram without its buckets.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Histogram {
    #[prost(oneof = "Count", tags = "1, 2")]
    pub count: Option<Count>,
    #[prost(double, tag = "3")]
    pub sum: f64,
    #[prost(int64, tag = "15")]
    pub timestamp: i64,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum Count {
    #[prost(uint64, tag = "1")]
    Whole(u64),
    #[prost(double, tag = "2")]
    Float(f64),
}

/// A request of either version as the tests write it.
#[cfg(test)]
#[derive(Clone, PartialEq, Message)]
pub(super) struct RequestV1 {
    #[prost(message, repeated, tag = "1")]
    pub series: Vec<SeriesV1>,
    #[prost(message, repeated, tag = "3")]
    pub metadata: Vec<MetadataV1>,
}

/// A 2.0 request as the tests write it.
#[cfg(test)]
#[derive(Clone, PartialEq, Message)]
pub(super) struct RequestV2 {
    #[prost(string, repeated, tag = "4")]
    pub symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    pub series: Vec<SeriesV2>,
}
