//! Which values does YAML read as something else than their author meant?
//!
//! In: a file's text. Out: problems, each with the place of the value and what to write instead. Called before the
//! parser, which sees only what YAML made of the text. Nothing is expanded here, so no alias can grow.

mod line;
mod unseen;

use crate::problem::{Code, Place, Problem};
use line::{glued, look_alike, meant, number_like, quoted, taken_apart, unclosed, value_of};
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
        key: Place::default(),
        begun: None,
        found: vec![],
    };
    walk.tabs();
    walk.look_alikes();
    walk.turned_texts();
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => walk.see(&event, span),
            Err(error) => {
                walk.stopped(&error);
                break;
            }
        }
        if walk.open.len() > MAX_OPEN {
            walk.too_deep(walk.begun.unwrap_or_default());
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
    /// Where the key that was read last stands.
    key: Place,
    /// Where the block or list begins of which nothing was read yet.
    begun: Option<Place>,
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

    /// Full-width punctuation, curly quotes and odd spaces where YAML wants its own; inside texts they are welcome.
    fn look_alikes(&mut self) {
        let found: Vec<(usize, usize, char)> = self
            .lines
            .iter()
            .enumerate()
            .filter_map(|(i, line)| look_alike(line).map(|(column, c)| (i, column, c)))
            .collect();
        for (line, column, c) in found {
            let meant = meant(c);
            let message = format!(
                "`{c}` (U+{:04X}) looks like {meant} and is none",
                u32::from(c)
            );
            let fix = format!("type {meant} on the keyboard's English layout");
            self.report(place(line + 1, column), Code::LookAlike, message, fix);
        }
    }

    /// Marks that turn the direction of a text show a person something else than what is read.
    fn turned_texts(&mut self) {
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let lines = self.lines.iter().enumerate();
        let found: Vec<(usize, usize, char)> = lines
            .filter_map(|(i, line)| {
                let (column, c) = line.chars().enumerate().find(|(_, c)| turns(*c))?;
                Some((i, column, c))
            })
            .collect();
        for (line, column, c) in found {
            let message = format!(
                "U+{:04X} turns the direction of the text: people see something else than is read",
                u32::from(c)
            );
            let fix = "remove it; it cannot be seen, so type the text anew".to_owned();
            self.report(place(line + 1, column), Code::LookAlike, message, fix);
        }
    }

    fn see(&mut self, event: &Event<'_>, span: Span) {
        let at = place(span.start.line(), span.start.col());
        let begun = self.begun.take();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.marked(*anchor, tag.is_some(), at);
                self.invisible(text, *style == ScalarStyle::DoubleQuoted, at);
                self.scalar(text, *style == ScalarStyle::Plain, at);
            }
            Event::MappingStart(style, anchor, tag) => {
                self.marked(*anchor, tag.is_some(), at);
                let flow = *style == StructureStyle::Flow;
                self.braces(flow, at);
                self.begun = Some(at);
                self.open.push(Open::Map {
                    keys: BTreeSet::new(),
                    next: None,
                    flow,
                });
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.marked(*anchor, tag.is_some(), at);
                let field = self.field();
                self.begun = Some(at);
                self.open.push(Open::List(field));
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
                if let Some(at) = begun {
                    self.empty_block(at);
                }
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
            self.nothing(text);
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
        self.key = at;
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
        if let Some(at) = self.nested_too_deep() {
            self.too_deep(at);
            return;
        }
        let line = error.marker().line();
        for number in [line, line.saturating_sub(1)] {
            let text = self.line(number as u64).to_owned();
            if let Some((column, message, fix)) = taken_apart(&text) {
                self.report(place(number, column), Code::Unquoted, message, fix);
                return;
            }
        }
        for number in [line, line.saturating_sub(1)] {
            if let Some(column) = glued(self.line(number as u64)) {
                let message = "no space stands after the colon".to_owned();
                let fix = "write `field: value`, with a space".to_owned();
                self.report(place(number, column), Code::Yaml, message, fix);
                return;
            }
        }
        let before = self.lines.get(..line).unwrap_or_default().iter();
        let open = before
            .enumerate()
            .find_map(|(i, l)| Some((i, unclosed(l)?)));
        if let Some((i, (column, code, message, fix))) = open {
            self.report(
                place(i + 1, column),
                code,
                message.to_owned(),
                fix.to_owned(),
            );
            return;
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
