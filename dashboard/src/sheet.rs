//! A page made of parts: each a heading, sentences, a picture and the same as a table.
//!
//! In: what a screen found in the journal. Out: HTML. Every screen that only shows something is one of these, so a picture
//! without its table is hard to write.

use crate::failure::Failure;
use crate::pages::Frame;
use crate::story::Badge;
use askama::Template;
use zizhi_types::{NetTime, RecordId};

/// One of several links to choose from.
#[derive(Debug, Clone)]
pub struct Choice {
    pub href: String,
    pub text: String,
    /// This one is shown.
    pub here: bool,
}

/// A place in a table.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub text: String,
    /// Shown in place of the text.
    pub links: Vec<Choice>,
    /// The severity's class, where the text is a severity.
    pub badge: Option<&'static str>,
    pub at: Option<NetTime>,
    pub number: bool,
}

impl Cell {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A number with its unit.
    pub fn number(text: impl ToString) -> Self {
        Self {
            text: text.to_string(),
            number: true,
            ..Self::default()
        }
    }

    /// A moment.
    pub fn at(at: NetTime) -> Self {
        Self {
            text: at.to_string(),
            at: Some(at),
            ..Self::default()
        }
    }

    /// A severity.
    pub fn badge(badge: Badge) -> Self {
        Self {
            text: badge.text,
            badge: Some(badge.class),
            ..Self::default()
        }
    }

    /// One link.
    pub fn link(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self::links(vec![to(href, text)])
    }

    /// Several links.
    pub fn links(links: Vec<Choice>) -> Self {
        Self {
            links,
            ..Self::default()
        }
    }

    /// A record, or nothing.
    pub fn record(id: Option<&RecordId>, keep: &str) -> Self {
        let link = |id: &RecordId| Self::link(format!("/records/{id}{keep}"), id.to_string());
        id.map(link).unwrap_or_default()
    }
}

/// A link that is not the page itself.
pub fn to(href: impl Into<String>, text: impl Into<String>) -> Choice {
    Choice {
        href: href.into(),
        text: text.into(),
        here: false,
    }
}

/// Rows under heads; the first cell of each row names it.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub heads: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
}

/// A part of a page.
#[derive(Debug, Default)]
pub struct Part {
    pub heading: String,
    pub choices: Vec<Choice>,
    /// A place in the journal and the last one: a form to choose another.
    pub slider: Option<(usize, usize)>,
    pub texts: Vec<String>,
    /// An SVG element of our own making, every text in it escaped.
    pub picture: Option<String>,
    /// Text as it was written.
    pub written: Option<String>,
    pub table: Option<Table>,
}

impl Part {
    /// With nothing in it yet.
    pub fn new(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            ..Self::default()
        }
    }

    /// With a table.
    #[must_use]
    pub fn table(mut self, heads: Vec<&'static str>, rows: Vec<Vec<Cell>>) -> Self {
        self.table = Some(Table { heads, rows });
        self
    }

    /// With a sentence.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.texts.push(text.into());
        self
    }
}

/// A page.
#[derive(Debug, Default)]
pub struct Sheet {
    pub crumbs: Vec<Choice>,
    pub title: String,
    pub badge: Option<Badge>,
    /// Pages about the same thing.
    pub ways: Vec<Choice>,
    pub lead: Vec<String>,
    pub parts: Vec<Part>,
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage {
    frame: Frame,
    sheet: Sheet,
}

impl Sheet {
    /// As HTML.
    pub fn render(self, mut frame: Frame) -> Result<String, Failure> {
        if frame.title.is_empty() {
            frame.title.clone_from(&self.title);
        }
        Ok(SheetPage { frame, sheet: self }.render()?)
    }
}

/// Text inside a picture.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}
