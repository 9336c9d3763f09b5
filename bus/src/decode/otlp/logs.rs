//! Which events are in OTLP logs?

use super::attributes::{self, Tags};
use crate::decode::bounds::{clip, reject};
use crate::decode::{Decoded, EventItem, Item, Limits};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs};
use zizhi_types::severity::Severity;

/// One event for each log record, or one reject.
pub(super) fn events(groups: Vec<ResourceLogs>, limits: &Limits, out: &mut Decoded) {
    for group in groups {
        for scope in &group.scope_logs {
            let shared = attributes::shared(group.resource.as_ref(), scope.scope.as_ref(), limits);
            for record in &scope.log_records {
                match event(record, &shared, limits, out.items.len()) {
                    Ok(event) => out.items.push(Item::Event(event)),
                    Err(reason) => {
                        let text = attributes::text(record.body.as_ref());
                        out.rejects.push(reject(reason, &text));
                    }
                }
            }
        }
    }
}

fn event(
    record: &LogRecord,
    shared: &Tags,
    limits: &Limits,
    taken: usize,
) -> Result<EventItem, String> {
    if taken >= limits.items {
        return Err(format!(
            "more than {} log records in one message: send smaller batches",
            limits.items
        ));
    }
    let mut tags = attributes::own(shared, &record.attributes, limits)?;
    add_ids(&mut tags, &record.trace_id, &record.span_id);
    let name = if record.event_name.is_empty() {
        tags.get("event.name").cloned().unwrap_or_default()
    } else {
        clip(&record.event_name, limits.text)
    };
    // The time at which the collector saw it stands in for a record without a time of its own (OTLP data model).
    let at = attributes::time(record.time_unix_nano)
        .or(attributes::time(record.observed_time_unix_nano));
    Ok(EventItem {
        name,
        tags,
        text: clip(&attributes::text(record.body.as_ref()), limits.text),
        severity: severity(record.severity_number),
        at,
    })
}

/// The ids under which traces name what a log record or span belongs to.
pub(super) fn add_ids(tags: &mut Tags, trace: &[u8], span: &[u8]) {
    for (name, id) in [("trace_id", trace), ("span_id", span)] {
        // Ids have 16 and 8 bytes; anything longer is none.
        if !id.is_empty() && id.len() <= 16 {
            tags.insert(name.to_owned(), attributes::hex(id));
        }
    }
}

/// After the severity number: 13 to 16 is WARN, 17 to 20 ERROR, 21 to 24 FATAL.
const fn severity(number: i32) -> Severity {
    match number {
        21..=24 => Severity::Critical,
        17..=20 => Severity::Major,
        13..=16 => Severity::Warning,
        _ => Severity::Indeterminate,
    }
}
