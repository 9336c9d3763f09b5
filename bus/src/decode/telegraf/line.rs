//! What does a line of line protocol say?
//!
//! `measurement,tag=value field=value,field=value timestamp`, after the `InfluxDB` line protocol reference and what
//! Telegraf's own serialiser writes. A string may run over several lines; `#` begins a comment. The timestamp is in
//! nanoseconds unless the sender rounds it to another unit; the size tells.

use super::Metric;
use crate::decode::gather::{Gather, start};
use crate::decode::item::{Decoded, Limits, Raw, Value};
use crate::decode::number;
use std::collections::BTreeMap;

/// Reads line protocol. Bytes that are no UTF-8 spoil their own line only.
pub fn decode(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    let mut gather = Gather::new(limits);
    let text = String::from_utf8_lossy(raw.payload);
    let broken = matches!(text, std::borrow::Cow::Owned(_));
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
    loop {
        rest = rest.trim_start_matches(['\n', '\r', ' ', '\t', '\0']);
        if rest.is_empty() {
            return gather.finish();
        }
        if !rest.starts_with('#') {
            match one(rest, &mut gather) {
                Ok((metric, after)) => {
                    let line = &rest[..rest.len() - after.len()];
                    if broken && line.contains('\u{fffd}') {
                        gather.reject("no line protocol: no UTF-8 text", line);
                    } else {
                        super::emit(metric, &mut gather);
                    }
                    rest = after;
                    continue;
                }
                Err(reason) => {
                    let line = rest.split('\n').next().unwrap_or(rest);
                    gather.reject(format!("no line protocol: {reason}"), line);
                }
            }
        }
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
}

/// Whether a text begins with a line of line protocol.
pub(crate) fn fits(text: &str) -> bool {
    let limits = Limits::default();
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest
            .split_once('\n')
            .map_or("", |(_, after)| after.trim_start());
    }
    one(rest, &mut Gather::new(&limits)).is_ok()
}

/// Reads one metric; gives what follows its line.
fn one<'a>(text: &'a str, gather: &mut Gather<'_>) -> Result<(Metric, &'a str), String> {
    let mut cursor = Cursor { rest: text };
    let name = cursor.word(&[',', ' ']);
    if name.is_empty() {
        return Err("the measurement has no name".to_owned());
    }
    let tags = cursor.tags()?;
    cursor.blanks()?;
    let fields = cursor.fields(gather)?;
    let at = cursor.stamp()?;
    if fields.is_empty() {
        return Err("no field has a value".to_owned());
    }
    Ok((
        Metric {
            name,
            tags,
            fields,
            at,
        },
        cursor.rest,
    ))
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Text up to an unescaped character of `ends` or the end of the line. A backslash before a comma, an equals
    /// sign or a space makes it part of the text; before anything else it is itself.
    fn word(&mut self, ends: &[char]) -> String {
        let mut word = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\n' => {
                    self.rest = &self.rest[at..];
                    return word;
                }
                '\\' => {
                    let next = self.rest[at + 1..].chars().next();
                    match next {
                        Some(escaped @ (',' | '=' | ' ')) => {
                            word.push(escaped);
                            letters.next();
                        }
                        _ => word.push('\\'),
                    }
                }
                _ if ends.contains(&letter) => {
                    self.rest = &self.rest[at..];
                    return word;
                }
                _ => word.push(letter),
            }
        }
        self.rest = "";
        word
    }

    fn tags(&mut self) -> Result<BTreeMap<String, String>, String> {
        let mut tags = BTreeMap::new();
        while self.eat(',') {
            let key = self.word(&['=', ',', ' ']);
            if key.is_empty() || !self.eat('=') {
                return Err(format!("tag `{}` has no `=value`", start(&key, 80)));
            }
            let value = self.word(&[',', ' ', '=']);
            if self.peek() == Some('=') {
                return Err(format!(
                    "tag `{}` has an `=` without a backslash before it",
                    start(&key, 80)
                ));
            }
            if !value.is_empty() {
                tags.insert(key, value);
            }
        }
        Ok(tags)
    }

    fn blanks(&mut self) -> Result<(), String> {
        let rest = self.rest.trim_start_matches(' ');
        if rest.len() == self.rest.len() {
            return Err("no fields: write `measurement,tag=value field=1`".to_owned());
        }
        self.rest = rest;
        Ok(())
    }

    fn fields(&mut self, gather: &mut Gather<'_>) -> Result<Vec<(String, Value)>, String> {
        let mut fields = vec![];
        loop {
            let key = self.word(&['=', ',', ' ']);
            if key.is_empty() || !self.eat('=') {
                return Err(format!("field `{}` has no `=value`", start(&key, 80)));
            }
            match self.value()? {
                Ok(value) => fields.push((key, value)),
                Err((reason, sample)) => {
                    gather.reject(format!("field `{}`: {reason}", start(&key, 80)), sample);
                }
            }
            if !self.eat(',') {
                return Ok(fields);
            }
        }
    }

    /// A value; the inner error is of this value alone.
    fn value(&mut self) -> Result<Result<Value, (&'static str, &'a str)>, String> {
        if self.rest.starts_with('"') {
            let text = self.string()?;
            return Ok(number::text(&text).map_err(|reason| (reason, "")));
        }
        let end = self
            .rest
            .find([',', ' ', '\n', '\r'])
            .unwrap_or(self.rest.len());
        let (bare, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(plain(bare).map_err(|reason| (reason, bare)))
    }

    /// A string in quotes; it may hold anything, line ends too.
    fn string(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match self.rest[at + 1..].chars().next() {
                    Some(escaped @ ('"' | '\\')) => {
                        text.push(escaped);
                        letters.next();
                    }
                    _ => text.push('\\'),
                },
                _ => text.push(letter),
            }
        }
        Err("a string has no closing quote".to_owned())
    }

    /// The rest of the line: a timestamp or nothing.
    fn stamp(&mut self) -> Result<Option<zizhi_types::NetTime>, String> {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        let word = line.trim_matches([' ', '\r', '\t', '\0']);
        if word.is_empty() {
            return Ok(None);
        }
        if !line.starts_with(' ') || word.parse::<i64>().is_err() {
            return Err(format!(
                "`{}` after the fields is no timestamp",
                start(word, 80)
            ));
        }
        number::moment(word)
    }
}

/// A value without quotes: `1.5`, `-3i`, `7u`, `t`, `false`.
fn plain(bare: &str) -> Result<Value, &'static str> {
    match bare {
        "" => return Err("the value is missing"),
        "t" | "T" | "true" | "True" | "TRUE" => return Ok(Value::Flag(true)),
        "f" | "F" | "false" | "False" | "FALSE" => return Ok(Value::Flag(false)),
        _ => {}
    }
    if let Some(digits) = bare.strip_suffix('i') {
        let whole: i64 = digits.parse().map_err(|_| "no whole number of 64 bits")?;
        return Ok(u64::try_from(whole).map_or(Value::Number(whole as f64), number::whole));
    }
    if let Some(digits) = bare.strip_suffix('u') {
        return digits
            .parse()
            .map(number::whole)
            .map_err(|_| "no whole number of 64 bits without a sign");
    }
    number::number(bare).unwrap_or(Err(
        "no value: write a number, true, false, or a text in quotes",
    ))
}
