//! What changed in meaning between two versions of a playbook, and is it looser or tighter?
//!
//! In: two files. Out: changes by field, each marked as loosening or tightening what may be done, or neither. The order
//! of lines, comments and quotes does not matter. A field that the table of directions does not know is told as changed.

mod direction;

use crate::compile::CAUSES;
use crate::problem::Problem;
use crate::tree;
use direction::direction;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Which way a change moves what may be done without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More may be done, or with less certainty: a reviewer looks twice.
    Looser,
    /// Less may be done, or with more certainty.
    Tighter,
    /// Something else is done or said.
    Other,
}

/// One change of one field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The path of the field: `spec.steps[drain].with.cost`.
    pub field: String,
    /// As it was; nothing when it is new.
    pub old: Option<Json>,
    /// As it is; nothing when it is gone.
    pub new: Option<Json>,
    /// Which way it goes.
    pub direction: Direction,
}

/// The changes, the looser first, then by field.
pub fn diff(old: (&str, &str), new: (&str, &str)) -> Result<Vec<Change>, Problem> {
    let old = flat(&with_usual(tree::read(old.0, old.1)?));
    let new = flat(&with_usual(tree::read(new.0, new.1)?));
    let fields: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes: Vec<Change> = fields
        .into_iter()
        .filter(|field| old.get(*field) != new.get(*field))
        .map(|field| change(field, old.get(field), new.get(field)))
        .collect();
    changes = without_insides(changes);
    changes.sort_by(|a, b| (a.direction, &a.field).cmp(&(b.direction, &b.field)));
    Ok(changes)
}

fn change(field: &str, old: Option<&Json>, new: Option<&Json>) -> Change {
    Change {
        field: field.to_owned(),
        old: old.cloned(),
        new: new.cloned(),
        direction: direction(field, old, new),
    }
}

/// A list item that came or went is one change, not one for each of its fields.
fn without_insides(changes: Vec<Change>) -> Vec<Change> {
    let whole: BTreeSet<String> = changes
        .iter()
        .filter(|c| c.field.ends_with(']') && (c.old.is_none() || c.new.is_none()))
        .map(|c| format!("{}.", c.field))
        .collect();
    let inside = |c: &Change| whole.iter().any(|w| c.field.starts_with(w.as_str()));
    changes.into_iter().filter(|c| !inside(c)).collect()
}

/// What is not written but holds: a file that begins to say it has not changed.
fn with_usual(mut file: Json) -> Json {
    if let Some(spec) = file.get_mut("spec").and_then(Json::as_object_mut) {
        let rollback = spec.entry("rollback").or_insert_with(|| {
            let causes: Vec<&str> = CAUSES.iter().map(|c| c.0).collect();
            serde_json::json!({ "on": causes })
        });
        if let Some(rollback) = rollback.as_object_mut() {
            rollback
                .entry("order")
                .or_insert_with(|| Json::from("reverse"));
        }
    }
    file
}

type Flat = BTreeMap<String, Json>;

fn flat(file: &Json) -> Flat {
    let mut out = Flat::new();
    walk("", file, &mut out);
    out
}

fn walk(path: &str, value: &Json, out: &mut Flat) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Json::Object(fields) => {
            for (key, value) in fields {
                walk(&below(key), value, out);
            }
        }
        Json::Array(items) => list(path, items, out),
        plain => {
            out.insert(path.to_owned(), number(plain));
        }
    }
}

/// Items are known by what names them, not by their place; their order is a field of its own where it matters.
fn list(path: &str, items: &[Json], out: &mut Flat) {
    let mut names = vec![];
    for item in items {
        let name = unique(name_of(item), &names);
        let place = format!("{path}[{name}]");
        out.insert(place.clone(), Json::from(summary(item)));
        if item.is_object() {
            walk(&place, item, out);
        }
        names.push(name);
    }
    if path == "spec.steps" && names.len() > 1 {
        out.insert(format!("{path}.order"), Json::from(names.join(", ")));
    }
}

fn unique(name: String, taken: &[String]) -> String {
    let mut next = name.clone();
    let mut count = 1;
    while taken.contains(&next) {
        count += 1;
        next = format!("{name} #{count}");
    }
    next
}

fn name_of(item: &Json) -> String {
    let text = |key: &str| item.get(key).and_then(Json::as_str);
    if let (Some(metric), Some(on)) = (text("metric"), text("on")) {
        return format!("{metric} on {on}");
    }
    let known = ["id", "name", "check"].into_iter().find_map(text);
    known.map_or_else(|| summary(item), str::to_owned)
}

/// What a list item is, without its fields: they are compared by themselves.
fn summary(item: &Json) -> String {
    match item {
        Json::String(text) => text.clone(),
        Json::Object(fields) => {
            let run = fields.get("run").or_else(|| fields.get("check"));
            run.and_then(Json::as_str).unwrap_or("").to_owned()
        }
        other => other.to_string(),
    }
}

/// `1` and `1.0` are the same number.
fn number(value: &Json) -> Json {
    match value.as_f64() {
        Some(n) => serde_json::json!(n),
        None => value.clone(),
    }
}

#[cfg(test)]
mod tests;
