//! Which ids do a trace and its spans have? Those that follow from the journal, so that equal records give equal spans.

use sha2::{Digest, Sha256};
use zizhi_bus::otlp_export::{SpanId, TraceId};
use zizhi_types::{IncidentId, RecordId};

/// The trace of an incident: the first 16 bytes of SHA-256 over the swarm's name and the incident's id.
pub fn trace_id(scope: &str, incident: &IncidentId) -> TraceId {
    TraceId(first(&[scope, &incident.to_string()]))
}

/// The root span of an incident's trace.
pub fn root_span(scope: &str, incident: &IncidentId) -> SpanId {
    SpanId(first(&[scope, &incident.to_string(), "root"]))
}

/// A span that a record begins; `sort` tells apart those that the same record begins.
pub(super) fn span_id(scope: &str, incident: &IncidentId, sort: &str, begun: &RecordId) -> SpanId {
    SpanId(first(&[
        scope,
        &incident.to_string(),
        sort,
        &begun.to_string(),
    ]))
}

fn first<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let mut bytes = [0; N];
    bytes.copy_from_slice(&digest[..N]);
    bytes
}
