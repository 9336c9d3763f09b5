//! What is an OTLP item about, as tags?

use crate::decode::Limits;
use crate::decode::bounds::clip;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use zizhi_types::NetTime;

/// Tags by name.
pub(super) type Tags = BTreeMap<String, String>;

/// The tags that everything below a resource and scope shares.
pub(super) fn shared(
    resource: Option<&Resource>,
    scope: Option<&InstrumentationScope>,
    limits: &Limits,
) -> Tags {
    let mut tags = Tags::new();
    if let Some(resource) = resource {
        add(&mut tags, &resource.attributes, limits);
    }
    if let Some(scope) = scope {
        if !scope.name.is_empty() {
            let name = clip(&scope.name, limits.text);
            tags.insert("otel.scope.name".to_owned(), name);
        }
        add(&mut tags, &scope.attributes, limits);
    }
    tags
}

/// The shared tags and an item's own; an error if they are too many.
pub(super) fn own(shared: &Tags, attributes: &[KeyValue], limits: &Limits) -> Result<Tags, String> {
    let mut tags = shared.clone();
    add(&mut tags, attributes, limits);
    if tags.len() > limits.tags {
        return Err(format!(
            "more than {} attributes: drop some at the sender",
            limits.tags
        ));
    }
    Ok(tags)
}

/// Adds attributes; what they take the name of stays as `outer.<name>`. One more than the limit is enough to be refused.
fn add(tags: &mut Tags, attributes: &[KeyValue], limits: &Limits) {
    for pair in attributes.iter().filter(|p| !p.key.is_empty()) {
        if tags.len() > limits.tags {
            return;
        }
        let value = clip(&text(pair.value.as_ref()), limits.text);
        let key = clip(&pair.key, limits.text);
        if let Some(before) = tags.insert(key.clone(), value.clone())
            && before != value
        {
            tags.entry(format!("outer.{key}")).or_insert(before);
        }
    }
}

/// An attribute value as text: a string as it is, all others as JSON, bytes in hexadecimal.
pub(super) fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|v| v.value.as_ref()) {
        None => String::new(),
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::BytesValue(bytes)) => hex(bytes),
        Some(other) => json(other).to_string(),
    }
}

fn json(value: &Any) -> Json {
    let inner = |v: &AnyValue| v.value.as_ref().map_or(Json::Null, json);
    match value {
        Any::StringValue(text) => json!(text),
        Any::BoolValue(flag) => json!(flag),
        Any::IntValue(number) => json!(number),
        Any::DoubleValue(number) => json!(number),
        Any::ArrayValue(list) => list.values.iter().map(inner).collect(),
        Any::KvlistValue(map) => map
            .values
            .iter()
            .map(|p| (p.key.clone(), p.value.as_ref().map_or(Json::Null, inner)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Any::BytesValue(bytes) => json!(hex(bytes)),
        // A place in the table of a profile; it means nothing here.
        Any::StringValueStrindex(_) => Json::Null,
    }
}

/// Lower-case hexadecimal digits, as OTLP writes ids.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Nanoseconds since 1970; 0 means that the sender does not say.
pub(super) const fn time(nanos: u64) -> Option<NetTime> {
    if nanos == 0 {
        None
    } else {
        Some(NetTime(nanos / 1_000_000))
    }
}
