//! What stands in a table: cells of text, figures, links and judgements.

use super::{anchor, figure_text, joined, same, shown};
use maud::{Markup, html};
use zizhi_types::topology::Bilingual;

/// How a judgement reads, told by sign and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Met, better, right.
    Good,
    /// Not met, worse, wrong.
    Bad,
    /// Not decided, or worth a look.
    Unsure,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unsure => "unsure",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Unsure => "?",
        }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    text: Bilingual,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Text,
    Number,
    Link(String),
    Judged(Tone),
}

impl Cell {
    /// Words.
    pub fn text(text: Bilingual) -> Self {
        Self {
            text,
            kind: Kind::Text,
        }
    }

    /// A figure with so many decimals, aligned to the right; the unit belongs into the column's head. What is no
    /// number (not measured) is shown as a dash.
    pub fn number(value: f64, decimals: usize) -> Self {
        Self::figure(same(figure_text(value, decimals)))
    }

    /// A figure that is written already (`9.96 [9.90, 10.02]`), aligned to the right.
    pub fn figure(text: Bilingual) -> Self {
        Self {
            text,
            kind: Kind::Number,
        }
    }

    /// A link to the row or section with this anchor, in the same page.
    pub fn link(to: impl Into<String>, text: Bilingual) -> Self {
        Self {
            text,
            kind: Kind::Link(to.into()),
        }
    }

    /// A judgement: told by a sign as well as by colour.
    pub fn judged(tone: Tone, text: Bilingual) -> Self {
        Self {
            text,
            kind: Kind::Judged(tone),
        }
    }

    const fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Number)
    }

    fn render(&self) -> Markup {
        html! {
            @match &self.kind {
                Kind::Text => td { (shown(&self.text)) },
                Kind::Number => td.number { (shown(&self.text)) },
                Kind::Link(to) => td { a href={ "#" (anchor::id(to)) } { (shown(&self.text)) } },
                Kind::Judged(tone) => td.judged.(tone.class()) {
                    span.sign aria-hidden="true" { (tone.sign()) } " " (shown(&self.text))
                },
            }
        }
    }
}

/// A row, perhaps reachable by an anchor.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    anchor: Option<String>,
    cells: Vec<Cell>,
}

/// From so many columns of words on a table keeps its width on a small screen and scrolls.
const MANY: usize = 4;

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    head: Vec<Bilingual>,
    rows: Vec<Row>,
    caption: Option<Bilingual>,
}

impl Table {
    /// A table with these column heads, each with its unit.
    pub fn new(head: Vec<Bilingual>) -> Self {
        Self {
            head,
            rows: vec![],
            caption: None,
        }
    }

    /// What the table shows, above it.
    #[must_use]
    pub fn caption(mut self, caption: Bilingual) -> Self {
        self.caption = Some(caption);
        self
    }

    /// Adds a row.
    #[must_use]
    pub fn row(mut self, cells: Vec<Cell>) -> Self {
        self.rows.push(Row {
            anchor: None,
            cells,
        });
        self
    }

    /// Adds a row that links can reach.
    #[must_use]
    pub fn row_at(mut self, anchor: impl Into<String>, cells: Vec<Cell>) -> Self {
        self.rows.push(Row {
            anchor: Some(anchor.into()),
            cells,
        });
        self
    }

    /// Adds rows.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        let rows = rows.into_iter().map(|cells| Row {
            anchor: None,
            cells,
        });
        self.rows.extend(rows);
        self
    }

    /// Names that links in the table lead to.
    pub(super) fn links(&self) -> impl Iterator<Item = &str> {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        cells.filter_map(|cell| match &cell.kind {
            Kind::Link(to) => Some(to.as_str()),
            _ => None,
        })
    }

    /// Names that links can reach in the table.
    pub(super) fn anchors(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|row| row.anchor.as_deref())
    }

    /// Whether a column holds figures: then its head is aligned like them.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        cells.next().is_some_and(Cell::is_number)
    }

    /// Whether a small screen would break its words one by one.
    fn is_wordy(&self) -> bool {
        (0..self.head.len())
            .filter(|column| !self.is_numeric(*column))
            .count()
            >= MANY
    }

    pub(super) fn render(&self) -> Markup {
        let label = self.caption.as_ref().or(self.head.first()).map(joined);
        html! {
            // Wide tables scroll in their own box, which the keyboard can reach.
            div.wide tabindex="0" role="region" aria-label=[label] {
                table class=[(self.is_wordy()).then_some("many")] {
                    @if let Some(caption) = &self.caption { caption { (shown(caption)) } }
                    thead { tr {
                        @for (column, head) in self.head.iter().enumerate() {
                            th scope="col" class=[self.is_numeric(column).then_some("number")] { (shown(head)) }
                        }
                    } }
                    tbody {
                        @for row in &self.rows {
                            tr id=[row.anchor.as_deref().map(anchor::id)] { @for cell in &row.cells { (cell.render()) } }
                        }
                    }
                }
            }
        }
    }
}
