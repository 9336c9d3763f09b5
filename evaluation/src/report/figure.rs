//! A curve or bars with a caption, and the figures behind them in a table that folds out.

use super::plot::{Bars, Lines, PlotError};
use super::{Table, both, shown};
use maud::{Markup, PreEscaped, html};
use zizhi_types::topology::Bilingual;

/// A drawing with its caption and its table.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    caption: Bilingual,
    drawing: Result<Bilingual, PlotError>,
    pub(super) table: Option<Table>,
}

impl Figure {
    /// Lines or step curves.
    pub fn lines(caption: Bilingual, plot: &Lines) -> Self {
        Self {
            caption,
            drawing: plot.draw(),
            table: Some(plot.table()),
        }
    }

    /// Bars.
    pub fn bars(caption: Bilingual, plot: &Bars) -> Self {
        Self {
            caption,
            drawing: plot.draw(),
            table: Some(plot.table()),
        }
    }

    /// Another table instead of the one made from the drawing: one whose rows can be linked to.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.table = Some(table);
        self
    }

    pub(super) fn render(&self) -> Markup {
        html! {
            figure {
                @match &self.drawing {
                    Ok(svg) => {
                        (drawn("en", &svg.en, &self.caption.en))
                        (drawn("zh-Hans", &svg.zh, &self.caption.zh))
                    },
                    Err(reason) => p.judged.unsure { span.sign aria-hidden="true" { "?" } " " (shown(&reason.text())) },
                }
                figcaption { (shown(&self.caption)) }
                @if let Some(table) = &self.table {
                    details {
                        summary { (shown(&both("The figures", "数据表"))) }
                        (table.render())
                    }
                }
            }
        }
    }
}

/// A drawing in one language. The only place where text is not escaped here: the drawing library has done it.
fn drawn(lang: &str, svg: &str, caption: &str) -> Markup {
    html! {
        div.chart lang=(lang) tabindex="0" role="img" aria-label=(caption) { (PreEscaped(svg)) }
    }
}
