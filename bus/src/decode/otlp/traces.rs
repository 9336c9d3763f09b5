//! Which events are in OTLP traces?

use super::attributes::{self, Tags};
use super::logs::add_ids;
use crate::decode::bounds::{clip, reject};
use crate::decode::{Decoded, EventItem, Item, Limits};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use zizhi_types::severity::Severity;

/// The status code of a span that failed.
const ERROR: i32 = 2;

/// One event for each failed span, or one reject.
pub(super) fn events(groups: Vec<ResourceSpans>, limits: &Limits, out: &mut Decoded) {
    for group in groups {
        for scope in &group.scope_spans {
            let shared = attributes::shared(group.resource.as_ref(), scope.scope.as_ref(), limits);
            for span in scope.spans.iter().filter(|s| failed(s)) {
                match event(span, &shared, limits, out.items.len()) {
                    Ok(event) => out.items.push(Item::Event(event)),
                    Err(reason) => out.rejects.push(reject(reason, &span.name)),
                }
            }
        }
    }
}

fn failed(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|s| s.code == ERROR)
}

fn event(span: &Span, shared: &Tags, limits: &Limits, taken: usize) -> Result<EventItem, String> {
    if taken >= limits.items {
        return Err(format!(
            "more than {} failed spans in one message: send smaller batches",
            limits.items
        ));
    }
    let mut tags = attributes::own(shared, &span.attributes, limits)?;
    add_ids(&mut tags, &span.trace_id, &span.span_id);
    Ok(EventItem {
        name: clip(&span.name, limits.text),
        tags,
        text: clip(&why(span), limits.text),
        severity: Severity::Major,
        at: attributes::time(span.end_time_unix_nano),
    })
}

/// What the status says, else what the exception that the span recorded says.
fn why(span: &Span) -> String {
    let status = span.status.as_ref().map_or("", |s| &s.message);
    if !status.is_empty() {
        return status.to_owned();
    }
    let exception = span.events.iter().rev().flat_map(|e| &e.attributes);
    let message = exception
        .filter(|a| a.key == "exception.message")
        .map(|a| attributes::text(a.value.as_ref()))
        .next();
    message.unwrap_or_default()
}
