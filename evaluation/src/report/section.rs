//! What stands under one heading, in order.

use super::{Figure, Table, anchor, shown};
use maud::{Markup, html};
use zizhi_types::topology::Bilingual;

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub(super) title: Bilingual,
    pub(super) anchor: Option<String>,
    pub(super) blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    Text(Bilingual),
    Points(Vec<Bilingual>),
    Table(Table),
    Figure(Figure),
}

impl Section {
    /// A section with nothing in it yet.
    pub fn new(title: Bilingual) -> Self {
        Self {
            title,
            anchor: None,
            blocks: vec![],
        }
    }

    /// Lets links reach the section, and lists it in the contents.
    #[must_use]
    pub fn anchor(mut self, name: impl Into<String>) -> Self {
        self.anchor = Some(name.into());
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(self, text: Bilingual) -> Self {
        self.with(Block::Text(text))
    }

    /// Adds a list of points.
    #[must_use]
    pub fn points(self, points: Vec<Bilingual>) -> Self {
        self.with(Block::Points(points))
    }

    /// Adds a table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.with(Block::Table(table))
    }

    /// Adds a figure.
    #[must_use]
    pub fn figure(self, figure: Figure) -> Self {
        self.with(Block::Figure(figure))
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Tables of the section, those beside figures too.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            Block::Figure(figure) => figure.table.as_ref(),
            Block::Text(_) | Block::Points(_) => None,
        })
    }

    pub(super) fn render(&self) -> Markup {
        html! {
            section id=[self.anchor.as_deref().map(anchor::id)] {
                h2 { (shown(&self.title)) }
                @for block in &self.blocks {
                    @match block {
                        Block::Text(text) => p { (shown(text)) },
                        Block::Points(points) => ul { @for point in points { li { (shown(point)) } } },
                        Block::Table(table) => (table.render()),
                        Block::Figure(figure) => (figure.render()),
                    }
                }
            }
        }
    }
}
