//! Which values does YAML read as something else than their author meant?
//!
//! In: a file's text. Out: problems, each with the place of the value and what to write instead. Called before the
//! parser, which sees only what YAML made of the text. Nothing is expanded here, so no alias can grow.

use crate::problem::{Code, Place, Problem};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};
use std::collections::BTreeSet;

/// Deepest blocks within blocks that are looked at (our choice: four times what a playbook has).
const MAX_OPEN: usize = 32;

/// Everything in the text that is a trap.
pub fn find(file: &str, text: &str) -> Vec<Problem> {
    let mut walk = Walk {
        file,
        lines: text.lines().collect(),
        open: vec![],
        documents: 0,
        found: vec![],
    };
    walk.tabs();
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => walk.see(&event, span),
            Err(error) => {
                walk.stopped(&error);
                break;
            }
        }
        if walk.open.len() > MAX_OPEN {
            break;
        }
    }
    walk.found
}

/// A block that is not closed yet.
enum Open {
    /// A mapping: its keys so far, and the key whose value comes next.
    Map {
        keys: BTreeSet<String>,
        next: Option<String>,
        flow: bool,
    },
    /// A list, with the name of the field that it is the value of.
    List(String),
}

struct Walk<'t> {
    file: &'t str,
    lines: Vec<&'t str>,
    open: Vec<Open>,
    documents: usize,
    found: Vec<Problem>,
}

impl Walk<'_> {
    fn report(&mut self, place: Place, code: Code, message: String, fix: String) {
        // One value is told once, by what is most special about it.
        if self.found.iter().all(|p| p.place.line != place.line) {
            self.found
                .push(Problem::new(self.file, place, code, message, fix));
        }
    }

    fn tabs(&mut self) {
        let indented = |line: &&str| line.trim_start_matches(' ').starts_with('\t');
        let Some(at) = self.lines.iter().position(indented) else {
            return;
        };
        let column = self
            .lines
            .get(at)
            .and_then(|line| line.find('\t'))
            .unwrap_or_default();
        self.report(
            place(at + 1, column),
            Code::Tab,
            "the line is indented with a tab".to_owned(),
            "indent with spaces, two for each level".to_owned(),
        );
    }

    fn see(&mut self, event: &Event<'_>, span: Span) {
        let at = place(span.start.line(), span.start.col());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.marked(*anchor, tag.is_some(), at);
                self.scalar(text, *style == ScalarStyle::Plain, at);
            }
            Event::MappingStart(style, anchor, tag) => {
                self.marked(*anchor, tag.is_some(), at);
                let flow = *style == StructureStyle::Flow;
                self.braces(flow, at);
                self.open.push(Open::Map {
                    keys: BTreeSet::new(),
                    next: None,
                    flow,
                });
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.marked(*anchor, tag.is_some(), at);
                let field = self.field();
                self.open.push(Open::List(field));
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
                self.value_done();
            }
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents == 2 {
                    let message = "a second document starts here".to_owned();
                    let fix = "remove the `---`, or write one playbook a file".to_owned();
                    self.report(at, Code::Yaml, message, fix);
                }
            }
            Event::Alias(_) => {
                self.alias(at);
                self.value_done();
            }
            _ => {}
        }
    }

    /// The field that a value which starts now belongs to.
    fn field(&self) -> String {
        match self.open.last() {
            Some(Open::Map { next, .. }) => next.clone().unwrap_or_default(),
            Some(Open::List(field)) => field.clone(),
            None => String::new(),
        }
    }

    fn value_done(&mut self) {
        if let Some(Open::Map { next, .. }) = self.open.last_mut() {
            *next = None;
        }
    }

    fn scalar(&mut self, text: &str, plain: bool, at: Place) {
        let key = matches!(self.open.last(), Some(Open::Map { next: None, .. }));
        if key {
            self.key(text, at);
            return;
        }
        if plain {
            self.plain(text, at);
        }
        self.value_done();
    }

    fn key(&mut self, text: &str, at: Place) {
        if text == "<<" {
            self.alias(at);
        }
        let Some(Open::Map { keys, next, .. }) = self.open.last_mut() else {
            return;
        };
        *next = Some(text.to_owned());
        if !keys.insert(text.to_owned()) {
            let message = format!("`{text}` is written twice");
            let fix = "keep one of the two: most YAML readers silently take the last";
            self.report(at, Code::DuplicateKey, message, fix.to_owned());
        }
    }

    /// A value without quotes.
    fn plain(&mut self, text: &str, at: Place) {
        let field = self.field();
        if ["yes", "no", "on", "off"].contains(&text.to_lowercase().as_str()) {
            let message =
                format!("a bare `{text}` is a text to some readers, true or false to others");
            let fix = if field == "temporary" || field == "secret" {
                "write true or false".to_owned()
            } else {
                format!("put it in quotes, \"{text}\", or write true or false")
            };
            self.report(at, Code::BooleanWord, message, fix);
        }
        if let Some((message, fix)) = number_like(&field, text) {
            self.report(at, Code::NumberLike, message, fix);
        }
    }

    /// A tag or an anchor before a value.
    fn marked(&mut self, anchor: usize, tagged: bool, at: Place) {
        let at = self.value_start(at);
        if tagged {
            self.tag(at);
        } else if anchor > 0 {
            self.alias(at);
        }
    }

    fn tag(&mut self, at: Place) {
        let written = self.rest(at);
        let message = format!("`{written}` starts with `!`, which YAML reads as a type tag");
        let fix = format!("put the whole value in quotes: {}", quoted(&written));
        self.report(at, Code::YamlTag, message, fix);
    }

    fn alias(&mut self, at: Place) {
        let message = "anchors, aliases and merge keys are not used in playbooks".to_owned();
        let fix = "write the value out where it is used; put an expression in quotes".to_owned();
        self.report(at, Code::Anchor, message, fix);
    }

    /// `{{ x }}` is a map whose key is a map.
    fn braces(&mut self, flow: bool, at: Place) {
        let outer = match self.open.last() {
            Some(Open::Map { keys, next, flow }) => *flow && keys.is_empty() && next.is_none(),
            _ => false,
        };
        if flow && outer {
            let at = self.value_start(at);
            let written = self.rest(at);
            let message = format!("`{written}` without quotes is a map within a map");
            let inner = written.trim_matches(|c| "{} $".contains(c));
            let fix = format!("write \"${{{{ {inner} }}}}\"");
            self.report(at, Code::Unquoted, message, fix);
        }
    }

    /// Where the value on this line starts: after `key: ` or `- `, with its tag or anchor.
    fn value_start(&self, at: Place) -> Place {
        let line = self.line(at.line);
        let before: String = line
            .chars()
            .take(usize::try_from(at.column).unwrap_or(1).saturating_sub(1))
            .collect();
        let start = before.rfind(": ").map_or_else(
            || before.find("- ").map_or(before.len(), |i| i + 2),
            |i| i + 2,
        );
        let columns = before.get(..start).unwrap_or_default().chars().count();
        let gap = line.chars().skip(columns).take_while(|c| *c == ' ').count();
        let column = (columns + gap + 1) as u64;
        Place {
            line: at.line,
            column: column.min(at.column),
        }
    }

    fn line(&self, number: u64) -> &str {
        let index = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
        self.lines.get(index).copied().unwrap_or_default()
    }

    /// What stands from this place to the end of the line, without a comment.
    fn rest(&self, at: Place) -> String {
        let column = usize::try_from(at.column).unwrap_or(1).saturating_sub(1);
        let rest: String = self.line(at.line).chars().skip(column).collect();
        rest.split(" #")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// The reader gave up: say why if the line shows it. Without a finding here the parser's own words are used.
    fn stopped(&mut self, error: &ScanError) {
        let line = error.marker().line();
        for number in [line, line.saturating_sub(1)] {
            let text = self.line(number as u64).to_owned();
            if let Some((column, message, fix)) = taken_apart(&text) {
                self.report(place(number, column), Code::Unquoted, message, fix);
                return;
            }
        }
        let text = self.line(line as u64).to_owned();
        let Some((column, value)) = value_of(&text) else {
            return;
        };
        let at = place(line, column);
        match value.chars().next() {
            Some('*' | '&') => self.alias(at),
            Some('!') => self.tag(at),
            _ => {}
        }
    }
}

fn place(line: usize, column: usize) -> Place {
    Place {
        line: line as u64,
        column: column as u64 + 1,
    }
}

/// The value in double quotes, or in single ones where it has double ones itself.
fn quoted(text: &str) -> String {
    if text.contains('"') {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// Octal, hexadecimal, grouped and sexagesimal numbers, and versions that lose a zero.
fn number_like(field: &str, text: &str) -> Option<(String, String)> {
    let digits = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
    let unsigned = text.trim_start_matches(['-', '+']);
    if field == "version" {
        let (whole, part) = text.split_once('.')?;
        let lossy = digits(whole) && digits(part) && part.len() > 1 && part.ends_with('0');
        let short = part.trim_end_matches('0');
        return lossy.then(|| {
            let message = format!("version {text} is read as the number {whole}.{short}");
            (message, format!("write three numbers: {text}.0"))
        });
    }
    let octal = unsigned.len() > 1 && unsigned.starts_with('0') && digits(unsigned);
    if octal || unsigned.starts_with("0o") || unsigned.starts_with("0x") {
        let plain = unsigned.trim_start_matches('0');
        let message = format!("`{text}` is octal or hexadecimal to some readers");
        return Some((
            message,
            format!("write {plain} as a decimal number, or quote it"),
        ));
    }
    let grouped = unsigned.contains('_') && digits(&unsigned.replace('_', ""));
    let minutes = unsigned.split_once(':');
    let sexagesimal = minutes.is_some_and(|(a, b)| digits(a) && digits(&b.replace(':', "")));
    if grouped {
        let plain = unsigned.replace('_', "");
        return Some((
            format!("`{text}` is a number to some readers, a text to others"),
            format!("write {plain}"),
        ));
    }
    sexagesimal.then(|| {
        let message = format!("`{text}` is a number to the base of 60 to some readers");
        (
            message,
            "write a duration such as 90s, or put it in quotes".to_owned(),
        )
    })
}

/// The value of a `key: value` line, or of a `- value` line, and its column from 0.
fn value_of(line: &str) -> Option<(usize, &str)> {
    let key = line
        .char_indices()
        .find(|(i, c)| *c == ':' && line.get(i + 1..).is_some_and(|r| r.starts_with(' ')));
    let start = match key {
        Some((i, _)) => i + 2,
        None => line.find("- ")? + 2,
    };
    let value = line.get(start..)?;
    let trimmed = value.trim_start();
    let column = line
        .get(..start + value.len() - trimmed.len())?
        .chars()
        .count();
    Some((column, trimmed.trim_end()))
}

/// Why YAML cannot read a line, for the ways in which expressions and texts break it.
fn taken_apart(line: &str) -> Option<(usize, String, String)> {
    let (column, value) = value_of(line)?;
    let whole = || format!("put the whole value in quotes: {}", quoted(value));
    let quote = value.chars().next().filter(|c| "\"'".contains(*c));
    if let Some(quote) = quote {
        let closing = value.get(1..)?.find(quote)? + 2;
        let after = value.get(closing..)?.trim();
        let ends = after.is_empty() || after.starts_with(['#', ',', '}', ']']);
        return (!ends).then(|| {
            let message = format!("YAML ends the value at the second {quote}");
            (column, message, whole())
        });
    }
    if value.starts_with(['%', '@', '`']) {
        let message = format!("`{value}` starts with a character that YAML keeps for itself");
        return Some((column, message, whole()));
    }
    if let Some(at) = bare_braces(line) {
        let message = "an expression in `{{ }}` is a map to YAML unless it stands in quotes";
        let fix = "put quotes around it: \"${{ ... }}\"";
        return Some((at, message.to_owned(), fix.to_owned()));
    }
    if value.starts_with(['{', '[', '*', '&', '!']) {
        return None;
    }
    if value.contains(" ? ") && value.contains(" : ") {
        let message =
            "a ternary `a ? b : c` without quotes is a key and a value to YAML".to_owned();
        return Some((column, message, whole()));
    }
    value.contains(": ").then(|| {
        let message = format!("`{value}` contains `: `, which starts a value in YAML");
        (column, message, whole())
    })
}

/// The column of a `{{` or `${{` that stands outside quotes.
fn bare_braces(line: &str) -> Option<usize> {
    let mut quote = None;
    let chars: Vec<char> = line.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        match quote {
            Some(q) if q == *c => quote = None,
            None if *c == '"' || *c == '\'' => quote = Some(*c),
            None if *c == '{' && chars.get(i + 1) == Some(&'{') => {
                let dollar = i > 0 && chars.get(i - 1) == Some(&'$');
                return Some(if dollar { i - 1 } else { i });
            }
            Some(_) | None => {}
        }
    }
    None
}
