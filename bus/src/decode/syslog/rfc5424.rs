//! What does a message of RFC 5424 say?
//!
//! `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID SD MSG`; `-` stands for a field that is missing.

use super::Line;
use crate::decode::gather::start;
use crate::decode::number;
use std::collections::BTreeMap;

/// The rest after `<PRI>` without the version, if it is of this format.
pub(super) fn after_version(rest: &str) -> Option<&str> {
    rest.strip_prefix("1 ")
}

/// Reads header, structured data and text. Wrong parts are noted in the line; the error is for a header that is cut short.
pub(super) fn read(rest: &str) -> Result<Line, String> {
    let mut line = Line::default();
    let mut rest = rest;
    let mut next = |what: &str| -> Result<&str, String> {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        if word.is_empty() {
            return Err(format!("no RFC 5424 message: {what} is missing"));
        }
        rest = after;
        Ok(word)
    };
    let stamp = next("the timestamp")?;
    if stamp != "-" {
        match number::rfc3339(stamp) {
            Ok(at) => line.at = at,
            Err(reason) => line.wrong.push(reason),
        }
    }
    for key in ["hostname", "appname", "procid", "msgid"] {
        let word = next(key)?;
        if word != "-" {
            line.tags.insert(key.to_owned(), word.to_owned());
        }
    }
    let text = match structured(rest, &mut line.tags) {
        Ok(text) => text,
        Err(reason) => {
            line.wrong.push(reason);
            rest
        }
    };
    let text = text.strip_prefix(' ').unwrap_or(text);
    text.strip_prefix('\u{feff}')
        .unwrap_or(text)
        .clone_into(&mut line.text);
    line.name = line.tags.get("msgid").cloned().unwrap_or_default();
    Ok(line)
}

/// Reads `[id name="value"]...` or `-` into tags `id.name`; gives what follows.
fn structured<'a>(text: &'a str, tags: &mut BTreeMap<String, String>) -> Result<&'a str, String> {
    if let Some(rest) = text.strip_prefix('-') {
        return Ok(rest);
    }
    if !text.starts_with('[') {
        return Err("structured data are missing: write - or [id name=\"value\"]".to_owned());
    }
    let mut rest = text;
    let mut found = BTreeMap::new();
    while let Some(inside) = rest.strip_prefix('[') {
        rest = element(inside, &mut found)?;
    }
    tags.append(&mut found);
    Ok(rest)
}

fn element<'a>(text: &'a str, tags: &mut BTreeMap<String, String>) -> Result<&'a str, String> {
    let end = text
        .find([' ', ']'])
        .ok_or("an element of the structured data has no end")?;
    let (id, mut rest) = text.split_at(end);
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(']') {
            return Ok(after);
        }
        let (name, after) = rest
            .split_once("=\"")
            .ok_or("structured data: name=\"value\" is wanted")?;
        if name.contains([']', ' ', '"']) {
            return Err(format!("structured data: `{}` is no name", start(name, 40)));
        }
        let (value, after) = quoted(after)?;
        tags.insert(format!("{id}.{name}"), value);
        rest = after;
    }
}

/// A value up to its closing quote. A backslash escapes a quote, a bracket or itself; before all else it is itself.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match text[at + 1..].chars().next() {
                Some(escaped @ ('"' | '\\' | ']')) => {
                    value.push(escaped);
                    letters.next();
                }
                _ => value.push('\\'),
            },
            _ => value.push(letter),
        }
    }
    Err("structured data: a value has no closing quote".to_owned())
}
