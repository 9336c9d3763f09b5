//! The name of a plan's content.
//!
//! In: a plan. Out: SHA-256 over its canonical JSON (keys sorted, no spaces) without `id` and `fingerprint`. Approvals
//! name it, so an approval given for one plan cannot be used for another.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use zizhi_types::Plan;
use zizhi_types::plan::Fingerprint;

/// The fingerprint that the plan's content has, whatever its `fingerprint` field says.
pub fn fingerprint(plan: &Plan) -> Fingerprint {
    // A plan is made of texts, finite numbers and maps with text keys: serde_json can always write it.
    let mut json = serde_json::to_value(plan).unwrap_or_default();
    if let Some(fields) = json.as_object_mut() {
        fields.remove("id");
        fields.remove("fingerprint");
    }
    let mut text = String::new();
    canonical(&json, &mut text);
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    Fingerprint(hex)
}

/// Sorted here, because whether `serde_json` sorts depends on features that any other package may switch on.
fn canonical(json: &Json, out: &mut String) {
    match json {
        Json::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            list(out, ['{', '}'], sorted, |(key, value), out| {
                out.push_str(&Json::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
            });
        }
        Json::Array(items) => list(out, ['[', ']'], items, canonical),
        plain => out.push_str(&plain.to_string()),
    }
}

fn list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}
