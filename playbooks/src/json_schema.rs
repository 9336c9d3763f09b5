//! The shape of a playbook file as a JSON Schema (draft 2020-12), for editors and for the API.
//!
//! In: nothing. Out: the schema of the very types that the parser reads, with the words that exist today (faults,
//! actions, metrics, domains, modes) as choices. `schema/playbook-v1.json` is its copy, kept the same by a test.

use crate::compile::CAUSES;
use crate::expr::units::Unit;
use crate::playbook::{ParamKind, ThrottleBy};
use crate::schema::{API_VERSION, File};
use serde_json::{Value, json};
use zizhi_types::{Domain, FaultKind, Metric, Verb};

/// The schema.
pub fn value() -> Value {
    let mut schema = schemars::schema_for!(File).to_value();
    without_null(&mut schema);
    let words: [(&str, &str, Vec<&str>); 14] = [
        (
            "Spec",
            "domain",
            Domain::ALL.iter().map(|d| d.as_str()).collect(),
        ),
        (
            "Step",
            "run",
            Verb::ALL.iter().map(|v| v.as_str()).collect(),
        ),
        ("Step", "onError", vec!["stop", "continue"]),
        (
            "UndoAction",
            "run",
            Verb::ALL.iter().map(|v| v.as_str()).collect(),
        ),
        (
            "Check",
            "metric",
            Metric::ALL.iter().map(|m| m.as_str()).collect(),
        ),
        (
            "Param",
            "type",
            ParamKind::ALL.map(ParamKind::as_str).to_vec(),
        ),
        ("Param", "unit", Unit::ALL.map(Unit::as_str).to_vec()),
        (
            "Autonomy",
            "mode",
            vec!["observe", "suggest", "approve", "auto"],
        ),
        ("Autonomy", "onTimeout", vec!["stop"]),
        (
            "Rehearsal",
            "fault",
            FaultKind::ALL.iter().map(|f| f.as_str()).collect(),
        ),
        (
            "Throttle",
            "by",
            ThrottleBy::ALL.map(ThrottleBy::as_str).to_vec(),
        ),
        ("Rollback", "on", CAUSES.iter().map(|c| c.0).collect()),
        ("Rollback", "order", vec!["reverse"]),
        (
            "Trigger",
            "faults",
            FaultKind::ALL.iter().map(|f| f.as_str()).collect(),
        ),
    ];
    for (of, field, choices) in words {
        let place = format!("/$defs/{of}/properties/{field}");
        choose(&mut schema, &place, &json!(choices));
    }
    choose(&mut schema, "/properties/apiVersion", &json!([API_VERSION]));
    choose(&mut schema, "/properties/kind", &json!(["Playbook"]));
    // The parser lets them be missing, so that the checker can say why they are needed.
    if let Some(Value::Array(required)) = schema.pointer_mut("/$defs/Spec/required") {
        required.extend([json!("blastRadius"), json!("verify")]);
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("title".to_owned(), json!("Zizhi playbook"));
    }
    schema
}

/// The schema as it is printed.
pub fn text() -> String {
    // A schema is made of texts and numbers: it can always be written.
    let text = serde_json::to_string_pretty(&value()).unwrap_or_default();
    text + "\n"
}

/// A field, or the items of a list, may only be one of these words.
fn choose(schema: &mut Value, place: &str, words: &Value) {
    let Some(field) = schema.pointer_mut(place).and_then(Value::as_object_mut) else {
        return;
    };
    let target = match field.get_mut("items").and_then(Value::as_object_mut) {
        Some(items) => items,
        None => field,
    };
    target.insert("enum".to_owned(), words.clone());
}

/// A field that may be left out may still not be empty: `null` is a trap, never a choice.
fn without_null(schema: &mut Value) {
    if let Some(fields) = schema.as_object_mut() {
        if let Some(Value::Array(types)) = fields.get_mut("type") {
            types.retain(|t| t != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                fields.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(any)) = fields.get_mut("anyOf") {
            any.retain(|t| *t != json!({"type": "null"}));
            if let [only] = any.as_slice()
                && let Some(only) = only.as_object().cloned()
            {
                fields.remove("anyOf");
                fields.extend(only);
            }
        }
        fields.remove("default");
        fields.values_mut().for_each(without_null);
    } else if let Some(items) = schema.as_array_mut() {
        items.iter_mut().for_each(without_null);
    }
}
