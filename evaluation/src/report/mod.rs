//! How is a result shown? One self-contained page that anybody can open, in both languages.
//!
//! In: texts, tables and curves of an evaluation. Out: one HTML string with everything inside: no script, no network,
//! no font from outside. Called by every evaluation command that takes `--report`. Never here: reading, measuring,
//! judging, writing files.
//!
//! The language is chosen in the page, by two radio buttons and a style sheet; light and dark follow the reader's system.
//! All text is escaped by the template engine, so a name from a journal cannot become markup.
//!
//! ```
//! use zizhi_evaluation::report::{Cell, Figure, Page, Section, Table, both, same};
//! use zizhi_evaluation::report::plot::{Axis, Lines, Mark, Series};
//!
//! let runs = Table::new(vec![both("Run", "运行"), both("Delay, ms", "时延，毫秒")])
//!     .row_at("run-1", vec![Cell::text(same("run-1")), Cell::number(9.96, 2)]);
//! let curve = Lines::new(Axis::new(both("Rate, requests/s", "速率，请求/秒")), Axis::new(both("Delay, ms", "时延，毫秒")).from(0.0))
//!     .series(Series::new(both("measured", "实测"), vec![(1.0, 9.0), (30.0, 9.96)]))
//!     .mark(Mark::y(10.0, both("bound 10 ms", "上限 10 毫秒")));
//! let page = Page::new(both("Delay under load", "负载下的时延"))
//!     .lead(both("The bound holds.", "未超过上限。"))
//!     .section(
//!         Section::new(both("Result", "结果"))
//!             .text(both("One run.", "运行一次。"))
//!             .table(Table::new(vec![both("Claim", "结论"), both("Evidence", "证据")])
//!                 .row(vec![Cell::text(both("bound held", "未超限")), Cell::link("run-1", same("run-1"))]))
//!             .figure(Figure::lines(both("Delay by rate", "时延随速率的变化"), &curve)),
//!     )
//!     .section(Section::new(both("Runs", "各次运行")).table(runs));
//! assert!(page.broken_links().is_empty());
//! assert!(page.render().starts_with("<!DOCTYPE html>"));
//! ```

mod anchor;
mod figure;
mod page;
pub mod plot;
mod section;
mod table;

pub use figure::Figure;
pub use page::Page;
pub use section::Section;
pub use table::{Cell, Row, Table, Tone};

use maud::{Markup, html};
use zizhi_types::topology::Bilingual;

/// A text in both languages.
pub fn both(en: impl Into<String>, zh: impl Into<String>) -> Bilingual {
    Bilingual {
        en: en.into(),
        zh: zh.into(),
    }
}

/// A text that is the same in both languages: a name, an id, a figure.
pub fn same(text: impl Into<String>) -> Bilingual {
    let text = text.into();
    both(text.clone(), text)
}

/// A figure with so many decimals. Never `-0`; what is no number is a dash.
pub fn figure_text(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{value:.decimals$}");
    let is_zero = text
        .trim_start_matches('-')
        .chars()
        .all(|c| matches!(c, '0' | '.'));
    if is_zero {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

/// Both languages in place, each marked as what it is; the style sheet shows one.
fn shown(text: &Bilingual) -> Markup {
    html! {
        @if text.en == text.zh {
            (text.en)
        } @else {
            span lang="en" { (text.en) }
            span lang="zh-Hans" { (text.zh) }
        }
    }
}

/// Both languages in one line, for places that hold no markup (window title, labels for screen readers).
fn joined(text: &Bilingual) -> String {
    if text.en == text.zh {
        text.en.clone()
    } else {
        format!("{} / {}", text.en, text.zh)
    }
}

#[cfg(test)]
mod tests {
    use super::figure_text;

    #[test]
    fn a_figure_is_never_minus_zero_nor_a_word() {
        assert_eq!(figure_text(-0.0001, 2), "0.00");
        assert_eq!(figure_text(-0.0, 0), "0");
        assert_eq!(figure_text(-1.25, 1), "-1.2");
        assert_eq!(figure_text(f64::NAN, 3), "–");
        assert_eq!(figure_text(f64::INFINITY, 0), "–");
    }
}
