//! What does a message of gnmic say? Formats `event` (the default) and `json`.
//!
//! `event` is a list of `{name, timestamp, tags, values, deletes}`, one for each group of paths with the same keys
//! (`EventMsg` in gnmic's `pkg/formatters/event.go`); a single object is taken too. `json` has `updates` with paths
//! that carry their keys; both give the same points: named by path without keys, keys as tags `element_key`.

use super::gather::{Gather, start};
use super::item::{Decoded, Kind, Limits, Point, Raw, Value};
use super::json::{self, Fields, Scalar};
use super::number;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use zizhi_types::NetTime;

/// Leaves that name an element of a list in a value, in this order (our choice: the keys of the OpenConfig models).
const KEYS: [&str; 5] = ["name", "id", "index", "neighbor-address", "key"];

/// Reads gnmic's events.
pub fn decode(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    let mut gather = Gather::new(limits);
    for document in json::documents(raw.payload, &mut gather) {
        if let Err(reason) = event(document, &mut gather) {
            gather.reject(reason, document.get());
        }
    }
    gather.finish()
}

/// What all values of an event share.
struct Frame {
    tags: BTreeMap<String, String>,
    at: Option<NetTime>,
}

fn event(document: &RawValue, gather: &mut Gather<'_>) -> Result<(), String> {
    let fields = json::fields(document.get())?;
    if !["values", "deletes", "updates"]
        .iter()
        .any(|k| fields.has(k))
    {
        return Err(
            "no gnmic event: it has neither `values` nor `deletes` nor `updates`".to_owned(),
        );
    }
    let frame = Frame {
        tags: tags(&fields, gather)?,
        at: at(&fields)?,
    };
    let values = fields.object("values")?;
    for (path, value) in &values.twice {
        gather.reject(
            format!("`{path}` is written twice: the last one counts"),
            value.get(),
        );
    }
    for (path, value) in &values.members {
        flatten(
            &frame,
            path.to_string(),
            frame.tags.clone(),
            value,
            0,
            gather,
        );
    }
    updates(&fields, &frame, gather)?;
    deletes(&fields, &frame, gather)
}

fn at(fields: &Fields<'_>) -> Result<Option<NetTime>, String> {
    match fields.get("timestamp").map(json::scalar) {
        Some(Scalar::Number(digits)) => number::moment(digits),
        Some(Scalar::Text(text)) => number::stamp(&text),
        _ => Ok(None),
    }
    .map_err(|e| format!("`timestamp`: {e}"))
}

/// The tags; in format `json` the source and the subscription stand beside the values.
fn tags(fields: &Fields<'_>, gather: &mut Gather<'_>) -> Result<BTreeMap<String, String>, String> {
    let mut tags = BTreeMap::new();
    for key in ["source", "subscription-name", "target"] {
        if let Some(text) = fields.text(key) {
            tags.insert(key.to_owned(), text.into_owned());
        }
    }
    let sent = fields.object("tags")?;
    for (key, value) in &sent.twice {
        gather.reject(
            format!("tag `{key}` is written twice: the last one counts"),
            value.get(),
        );
    }
    for (key, value) in &sent.members {
        match json::tag(value) {
            Some(text) => drop(tags.insert(key.to_string(), text)),
            None => gather.reject(format!("tag `{key}` is no text"), value.get()),
        }
    }
    if let Some(name) = fields.text("name").filter(|n| !n.is_empty()) {
        tags.entry("subscription-name".to_owned())
            .or_insert_with(|| name.into_owned());
    }
    Ok(tags)
}

/// Gives the leaves of a value: members lengthen the path, elements of lists add a tag.
fn flatten(
    frame: &Frame,
    path: String,
    tags: BTreeMap<String, String>,
    value: &RawValue,
    depth: usize,
    gather: &mut Gather<'_>,
) {
    if gather.is_full() {
        gather.skip(1);
        return;
    }
    let kind = json::scalar(value);
    if depth > json::DEPTH && matches!(kind, Scalar::Object | Scalar::List) {
        let deepest = json::DEPTH;
        gather.reject(
            format!("nested deeper than {deepest} below `{}`", start(&path, 200)),
            value.get(),
        );
        return;
    }
    match kind {
        Scalar::Object => members(frame, &path, &tags, value, depth, gather),
        Scalar::List => list(frame, &path, &tags, value, depth, gather),
        _ => leaf(frame, path, tags, value, gather),
    }
}

fn members(
    frame: &Frame,
    path: &str,
    tags: &BTreeMap<String, String>,
    value: &RawValue,
    depth: usize,
    gather: &mut Gather<'_>,
) {
    let inside = match json::fields(value.get()) {
        Ok(inside) => inside,
        Err(reason) => return gather.reject(reason, value.get()),
    };
    for (key, value) in &inside.twice {
        gather.reject(
            format!("`{key}` is written twice: the last one counts"),
            value.get(),
        );
    }
    // A path longer than any text that is kept would only be cut: it does not grow on.
    let path = start(path, gather.limits().text).to_owned();
    for (key, value) in &inside.members {
        flatten(
            frame,
            format!("{path}/{key}"),
            tags.clone(),
            value,
            depth + 1,
            gather,
        );
    }
}

fn list(
    frame: &Frame,
    path: &str,
    tags: &BTreeMap<String, String>,
    value: &RawValue,
    depth: usize,
    gather: &mut Gather<'_>,
) {
    let room = gather.limits().items;
    let (elements, beyond) = match json::elements(value.get(), room) {
        Ok(found) => found,
        Err(reason) => return gather.reject(reason, value.get()),
    };
    gather.skip(beyond);
    let list = path.rsplit('/').next().unwrap_or(path);
    for (number, element) in elements.into_iter().enumerate() {
        let (key, name) = identity(element).unwrap_or_else(|| ("index", number.to_string()));
        let mut tags = tags.clone();
        tags.insert(format!("{}_{key}", start(list, 200)), name);
        flatten(frame, path.to_owned(), tags, element, depth + 1, gather);
    }
}

/// What names an element of a list: its first key leaf.
fn identity(element: &RawValue) -> Option<(&'static str, String)> {
    let fields = json::fields(element.get()).ok()?;
    KEYS.into_iter().find_map(|key| {
        let text = json::tag(fields.get(key)?)?;
        (!text.is_empty()).then_some((key, text))
    })
}

fn leaf(
    frame: &Frame,
    name: String,
    tags: BTreeMap<String, String>,
    value: &RawValue,
    gather: &mut Gather<'_>,
) {
    match json::leaf(value) {
        Ok(Some(value)) => gather.point(Point {
            name,
            tags,
            value,
            kind: Kind::Unknown,
            unit: String::new(),
            at: frame.at,
        }),
        Ok(None) => {}
        Err(reason) => gather.reject(format!("`{}`: {reason}", start(&name, 200)), value.get()),
    }
}

/// The `updates` of format `json`: `[{"Path": "a/b[k=v]/c", "values": {"a/b/c": 1}}]`.
fn updates(fields: &Fields<'_>, frame: &Frame, gather: &mut Gather<'_>) -> Result<(), String> {
    let Some(list) = fields.get("updates").filter(|u| u.get() != "null") else {
        return Ok(());
    };
    let (updates, beyond) =
        json::elements(list.get(), gather.limits().items).map_err(|e| format!("`updates`: {e}"))?;
    gather.skip(beyond);
    for update in updates {
        if let Err(reason) = one_update(update, fields, frame, gather) {
            gather.reject(reason, update.get());
        }
    }
    Ok(())
}

fn one_update(
    update: &RawValue,
    fields: &Fields<'_>,
    frame: &Frame,
    gather: &mut Gather<'_>,
) -> Result<(), String> {
    let inside = json::fields(update.get())?;
    let mut tags = frame.tags.clone();
    let longest = gather.limits().text;
    let prefix = fields.text("prefix").unwrap_or_default();
    let (prefix, keys) = split_keys(start(&prefix, longest));
    tags.extend(keys);
    if let Some(path) = inside.text("Path").or_else(|| inside.text("path")) {
        tags.extend(split_keys(start(&path, longest)).1);
    }
    for (path, value) in &inside.object("values")?.members {
        let path = if prefix.is_empty() {
            path.to_string()
        } else {
            format!(
                "{}/{}",
                prefix.trim_end_matches('/'),
                path.trim_start_matches('/')
            )
        };
        flatten(frame, path, tags.clone(), value, 0, gather);
    }
    Ok(())
}

fn deletes(fields: &Fields<'_>, frame: &Frame, gather: &mut Gather<'_>) -> Result<(), String> {
    let Some(list) = fields.get("deletes").filter(|d| d.get() != "null") else {
        return Ok(());
    };
    let (paths, beyond) =
        json::elements(list.get(), gather.limits().items).map_err(|e| format!("`deletes`: {e}"))?;
    gather.skip(beyond);
    for path in paths {
        let Scalar::Text(text) = json::scalar(path) else {
            gather.reject("a deleted path is a text", path.get());
            continue;
        };
        let (name, keys) = split_keys(start(&text, gather.limits().text));
        let mut tags = frame.tags.clone();
        tags.extend(keys);
        gather.point(Point {
            name,
            tags,
            value: Value::Gone,
            kind: Kind::Unknown,
            unit: String::new(),
            at: frame.at,
        });
    }
    Ok(())
}

/// A path, no longer than a text may be, without its keys, and the keys as `element_key`: `/a/b[k=v]/c` is `/a/b/c` and `b_k` = `v`.
fn split_keys(path: &str) -> (String, Vec<(String, String)>) {
    let mut plain = String::with_capacity(path.len());
    let mut keys = vec![];
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((key, after)) = after.split_once(']') else {
            plain.push('[');
            rest = after;
            continue;
        };
        rest = after;
        let element = plain.rsplit('/').next().unwrap_or_default();
        let element = element.rsplit(':').next().unwrap_or_default();
        if let Some((name, value)) = key.split_once('=') {
            keys.push((format!("{}_{name}", start(element, 200)), value.to_owned()));
        }
    }
    plain.push_str(rest);
    (plain, keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_leave_the_path_and_become_tags() {
        let (path, keys) = split_keys("/interfaces/interface[name=ethernet-1/1]/state[a=b][c=d]/x");
        assert_eq!(path, "/interfaces/interface/state/x");
        let keys: Vec<String> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            keys,
            ["interface_name=ethernet-1/1", "state_a=b", "state_c=d"]
        );
        assert_eq!(split_keys("/a[b").0, "/a[b");
        assert_eq!(split_keys("").0, "");
    }
}
