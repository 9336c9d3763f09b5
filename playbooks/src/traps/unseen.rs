//! What is written and cannot be seen: keys with nothing behind them, marks without a width, brackets without an end.
//!
//! In: what the walk over a file meets. Out: problems, at the place of the key or value.

use super::{MAX_OPEN, Open, Walk};
use crate::problem::{Code, Place};

/// Fields without which there is no playbook: the reader says itself what it wants there.
const NEVER_EMPTY: [&str; 24] = [
    "apiVersion",
    "kind",
    "id",
    "version",
    "owner",
    "en",
    "zh",
    "domain",
    "check",
    "run",
    "on",
    "mode",
    "timeout",
    "onTimeout",
    "within",
    "metric",
    "type",
    "name",
    "risk",
    "costTokens",
    "minProbability",
    "once",
    "by",
    "temporary",
];

/// Lists and blocks that are left out where they hold nothing.
const MAY_BE_LEFT_OUT: [&str; 4] = ["tests", "params", "choices", "oneOf"];

impl Walk<'_> {
    /// A key with nothing behind it: whoever wrote it meant something, and most readers pass over it.
    pub(super) fn nothing(&mut self, text: &str) {
        let null = ["", "~", "null", "Null", "NULL"].contains(&text);
        let field = self.field();
        let value = matches!(self.open.last(), Some(Open::Map { .. }));
        // `{en: this, or that}`: the comma ended the text, and the rest is a key without a colon.
        let colon = self.rest(self.key);
        let colon = colon
            .strip_prefix(&field)
            .is_some_and(|r| r.starts_with(':'));
        if null && value && colon && !NEVER_EMPTY.contains(&field.as_str()) {
            self.says_nothing(&field, self.key);
        }
    }

    pub(super) fn empty_block(&mut self, at: Place) {
        let field = self.field();
        if MAY_BE_LEFT_OUT.contains(&field.as_str()) {
            self.says_nothing(&field, at);
        }
    }

    fn says_nothing(&mut self, field: &str, at: Place) {
        let message = format!("`{field}` is written, and nothing stands in it");
        let fix = "fill it in, or remove it".to_owned();
        self.report(at, Code::EmptyField, message, fix);
    }

    /// Control characters and marks without a width make two texts that look the same differ, and spoil a log.
    pub(super) fn invisible(&mut self, text: &str, escapes: bool, at: Place) {
        let odd = |c: &char| match c {
            '\n' | '\t' => escapes && *c == '\n' && self.line(at.line).contains("\\n"),
            '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2060}'
            | '\u{feff}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => true,
            other => other.is_control(),
        };
        let Some(found) = text.chars().find(odd) else {
            return;
        };
        let message = format!(
            "U+{:04X} cannot be seen, and people are shown something else than is read",
            u32::from(found)
        );
        let fix = "remove it; type the text anew if it does not show".to_owned();
        self.report(at, Code::LookAlike, message, fix);
    }

    /// Where brackets and braces stand deeper within each other than any playbook needs.
    pub(super) fn nested_too_deep(&self) -> Option<Place> {
        let mut open = 0_usize;
        for (i, line) in self.lines.iter().enumerate() {
            for (column, c) in line.chars().enumerate() {
                match c {
                    '[' | '{' => open += 1,
                    ']' | '}' => open = open.saturating_sub(1),
                    _ => {}
                }
                if open > MAX_OPEN {
                    return Some(super::place(i + 1, column));
                }
            }
        }
        None
    }

    pub(super) fn too_deep(&mut self, at: Place) {
        let message = format!("more than {MAX_OPEN} blocks and lists stand within each other");
        let fix = "remove the brackets, braces or hyphens that were not meant".to_owned();
        self.report(at, Code::Yaml, message, fix);
    }
}
