//! From text to the shape of a playbook.
//!
//! In: a file's name and text. Out: [`File`], or the one problem that stopped the reader, with its line and column.
//! No meaning is checked here; that is [`crate::compile`] and [`crate::check`].

use crate::problem::{Code, Place, Problem};
use crate::schema::File;
use crate::suggest::did_you_mean;
use serde_saphyr::Error as Yaml;

/// Largest playbook file, in bytes (our choice: fifty times the longest shipped one).
const MAX_BYTES: usize = 100_000;

/// Reads one playbook.
pub fn parse(file: &str, text: &str) -> Result<File, Problem> {
    read(file, text)
}

/// Reads one file of any of our shapes.
pub(crate) fn read<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Problem> {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, more than {MAX_BYTES}", text.len());
        return Err(Problem::new(
            file,
            Place::default(),
            Code::Yaml,
            message,
            "split it into several playbooks",
        ));
    }
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|e| explain(file, &e))
}

fn explain(file: &str, error: &Yaml) -> Problem {
    let error = error.without_snippet();
    let place = error.location().map(Place::from).unwrap_or_default();
    let (code, message, fix) = match error {
        Yaml::SerdeUnknownField {
            field, expected, ..
        } => (
            Code::UnknownField,
            format!("unknown field `{field}`"),
            did_you_mean(field, expected.iter().copied()),
        ),
        Yaml::SerdeMissingField { field, .. } => (
            Code::MissingField,
            format!("field `{field}` is missing"),
            format!("write `{field}:` in this block; docs/playbooks.md shows its form"),
        ),
        Yaml::DuplicateMappingKey { key, .. } => (
            Code::Yaml,
            format!("`{}` is written twice", key.as_deref().unwrap_or("a key")),
            "keep one of the two".to_owned(),
        ),
        Yaml::SerdeInvalidType {
            unexpected,
            expected,
            ..
        } => (
            Code::Yaml,
            format!("found {unexpected}, but {expected} is wanted"),
            format!("write {expected}"),
        ),
        other => (Code::Yaml, without_place(&other.to_string()), advice(other)),
    };
    Problem::new(file, place, code, message, fix)
}

/// What to write instead, for the mistakes that YAML makes easy.
fn advice(error: &Yaml) -> String {
    let text = error.to_string();
    let known = [
        (
            "u32",
            "write a whole number of 0 or more, and close every brace",
        ),
        ("non-finite", "write a number that ends, for example 0.5"),
        ("boolean", "write true or false"),
        ("floating point", "write a number, for example 0.5"),
        (
            "null",
            "write a text; put an expression that starts with ! in quotes",
        ),
        (
            "mapping values",
            "put a text or expression with `: ` in quotes",
        ),
        (
            "sequence start",
            "write a list: [a, b], or one `- ` line for each",
        ),
        (
            "mapping start",
            "write a block of `field: value` lines, or {field: value}",
        ),
        ("tab", "indent with spaces, not tabs"),
        (
            "end of input",
            "write a playbook; docs/playbooks.md has one to start from",
        ),
    ];
    let found = known.iter().find(|(word, _)| text.contains(word));
    let plain = "check indentation, colons and quotes at this place";
    found.map_or(plain, |k| k.1).to_owned()
}

/// The reader's sentence without its own "at line 3, column 5": the place stands before the message.
fn without_place(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let end = line.rfind(" at line ").unwrap_or(line.len());
    let said = line.get(..end).unwrap_or(line).trim();
    if said.contains("null into string") {
        return "nothing stands where a text is wanted".to_owned();
    }
    said.to_owned()
}
