//! What does a metric in Telegraf's JSON say?
//!
//! `{name, tags, fields, timestamp}`, several under `metrics`, or a bare list of them. Stamps are seconds unless the
//! user set `json_timestamp_units` or `json_timestamp_format`; the size tells.

use super::Metric;
use crate::decode::gather::{Gather, start};
use crate::decode::item::{Decoded, Limits, Raw};
use crate::decode::json::{self, Scalar};
use crate::decode::number;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use zizhi_types::NetTime;

/// Reads Telegraf's JSON.
pub fn decode(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    let mut gather = Gather::new(limits);
    for document in json::documents(raw.payload, &mut gather) {
        if let Err(reason) = batch(document, &mut gather) {
            gather.reject(reason, document.get());
        }
    }
    gather.finish()
}

fn batch(document: &RawValue, gather: &mut Gather<'_>) -> Result<(), String> {
    let fields = json::fields(document.get())?;
    let Some(metrics) = fields.get("metrics").filter(|_| !fields.has("fields")) else {
        return one(&fields, gather);
    };
    let room = gather.limits().items;
    let (metrics, beyond) =
        json::elements(metrics.get(), room).map_err(|e| format!("`metrics`: {e}"))?;
    gather.skip(beyond);
    for metric in metrics {
        let read = json::fields(metric.get()).and_then(|fields| one(&fields, gather));
        if let Err(reason) = read {
            gather.reject(reason, metric.get());
        }
    }
    Ok(())
}

fn one(fields: &json::Fields<'_>, gather: &mut Gather<'_>) -> Result<(), String> {
    if gather.is_full() {
        gather.skip(1);
        return Ok(());
    }
    let name = fields
        .text("name")
        .filter(|n| !n.is_empty())
        .ok_or("no Telegraf metric: `name` is missing or no text")?;
    let values = fields.object("fields")?;
    if values.members.is_empty() {
        return Err(format!("metric `{}` has no fields", start(&name, 200)));
    }
    let mut metric = Metric {
        name: name.into_owned(),
        tags: tags(fields, gather)?,
        fields: Vec::with_capacity(values.members.len()),
        at: at(fields)?,
    };
    for (field, value) in &values.twice {
        gather.reject(
            format!("field `{field}` is written twice: the last one counts"),
            value.get(),
        );
    }
    for (field, value) in values.members {
        match json::leaf(value) {
            Ok(Some(value)) => metric.fields.push((field.into_owned(), value)),
            Ok(None) => {}
            Err(reason) => gather.reject(format!("field `{field}`: {reason}"), value.get()),
        }
    }
    super::emit(metric, gather);
    Ok(())
}

fn tags(
    fields: &json::Fields<'_>,
    gather: &mut Gather<'_>,
) -> Result<BTreeMap<String, String>, String> {
    let sent = fields.object("tags")?;
    for (key, value) in &sent.twice {
        gather.reject(
            format!("tag `{key}` is written twice: the last one counts"),
            value.get(),
        );
    }
    let mut tags = BTreeMap::new();
    for (key, value) in sent.members {
        match json::tag(value) {
            Some(text) => drop(tags.insert(key.into_owned(), text)),
            None => gather.reject(format!("tag `{key}` is no text"), value.get()),
        }
    }
    Ok(tags)
}

fn at(fields: &json::Fields<'_>) -> Result<Option<NetTime>, String> {
    match fields.get("timestamp").map(json::scalar) {
        Some(Scalar::Number(digits)) => number::moment(digits),
        Some(Scalar::Text(text)) => number::stamp(&text),
        _ => Ok(None),
    }
    .map_err(|e| format!("`timestamp`: {e}"))
}
