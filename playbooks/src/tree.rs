//! A playbook file as plain values: lists, blocks, words and numbers.
//!
//! In: YAML text. Out: JSON values, and back to YAML text. Used where a file is compared or carried elsewhere field by
//! field, so that a field that is added to the language later takes part by itself.

use crate::problem::{Code, Place, Problem};
use serde_json::{Map, Value as Json};
use std::fmt::Write;

/// The values of a file.
pub(crate) fn read(file: &str, text: &str) -> Result<Json, Problem> {
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|e| {
        let error = e.without_snippet();
        let place = error.location().map(Place::from).unwrap_or_default();
        let fix = "check indentation, colons and quotes at this place";
        Problem::new(file, place, Code::Yaml, error.to_string(), fix)
    })
}

/// As YAML that the reader takes for the same values. Blocks are written in the order of `first`, then by name.
pub(crate) fn write(value: &Json, first: &[&str]) -> String {
    let mut out = String::new();
    block(value, 0, first, &mut out);
    out
}

fn block(value: &Json, depth: usize, first: &[&str], out: &mut String) {
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            for (key, value) in in_order(fields, first) {
                indent(depth, out);
                out.push_str(&word(key));
                out.push(':');
                below(value, depth + 1, first, out);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for item in items {
                let mut inner = String::new();
                block(item, depth + 1, first, &mut inner);
                indent(depth, out);
                out.push_str("- ");
                out.push_str(inner.trim_start());
            }
        }
        plain => {
            indent(depth, out);
            let _ = writeln!(out, "{}", scalar(plain));
        }
    }
}

fn below(value: &Json, depth: usize, first: &[&str], out: &mut String) {
    let long = match value {
        Json::Object(fields) => !fields.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => false,
    };
    if long {
        out.push('\n');
        block(value, depth, first, out);
    } else {
        let _ = writeln!(out, " {}", scalar(value));
    }
}

fn in_order<'f>(fields: &'f Map<String, Json>, first: &[&str]) -> Vec<(&'f String, &'f Json)> {
    let mut all: Vec<_> = fields.iter().collect();
    let rank = |key: &str| first.iter().position(|f| *f == key).unwrap_or(first.len());
    all.sort_by(|a, b| (rank(a.0), a.0).cmp(&(rank(b.0), b.0)));
    all
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// JSON's quoted texts, numbers, `[]` and `{}` are YAML too; a plain word goes without quotes.
fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => word(text),
        other => other.to_string(),
    }
}

fn word(text: &str) -> String {
    let plain = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let traps = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan",
    ];
    if plain && begins && !traps.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    Json::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn value() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Json::from),
            (-1.0e6..1.0e6_f64).prop_map(Json::from),
            "[ -~\u{4e00}-\u{4e20}]{0,12}".prop_map(Json::from),
            "(yes|no|null|1\\.10|on|~|a: b|- a|#x)".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map("[a-z ]{1,6}", inner, 0..4)
                    .prop_map(|m| Json::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(value in value()) {
            let value = json!({"top": value});
            let text = write(&value, &[]);
            let read = read("x.yaml", &text).unwrap_or_else(|p| panic!("{p}\n{text}"));
            prop_assert_eq!(plain(&read), plain(&value), "{}", text);
        }
    }

    /// Every number as a decimal.
    fn plain(value: &Json) -> Json {
        match value {
            Json::Number(n) => json!(n.as_f64()),
            Json::Array(items) => items.iter().map(plain).collect(),
            Json::Object(fields) => {
                Json::Object(fields.iter().map(|(k, v)| (k.clone(), plain(v))).collect())
            }
            other => other.clone(),
        }
    }
}
