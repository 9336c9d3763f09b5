//! The page around the sections: head, choice of language, contents.

use super::{Section, Table, anchor, joined, shown};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::collections::BTreeSet;
use zizhi_types::text::Language;
use zizhi_types::topology::Bilingual;

/// Everything the page looks like.
const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded from anywhere: a report opened on a quiet network tells nobody.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    title: Bilingual,
    lead: Vec<Bilingual>,
    sections: Vec<Section>,
    language: Language,
}

impl Page {
    /// An empty page, which opens in English.
    pub fn new(title: Bilingual) -> Self {
        Self {
            title,
            lead: vec![],
            sections: vec![],
            language: Language::En,
        }
    }

    /// The language it opens in; the reader can change it.
    #[must_use]
    pub fn opens_in(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// Adds a paragraph under the title: what was found, in a sentence or two.
    #[must_use]
    pub fn lead(mut self, text: Bilingual) -> Self {
        self.lead.push(text);
        self
    }

    /// Adds a section.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// Names that cells link to and nothing in the page carries. A finished report has none.
    pub fn broken_links(&self) -> Vec<String> {
        let tables = || self.sections.iter().flat_map(Section::tables);
        let mut reached: BTreeSet<&str> = tables().flat_map(Table::anchors).collect();
        reached.extend(self.sections.iter().filter_map(|s| s.anchor.as_deref()));
        let links: BTreeSet<&str> = tables().flat_map(Table::links).collect();
        links
            .difference(&reached)
            .map(|name| (*name).to_owned())
            .collect()
    }

    /// The whole page.
    pub fn render(&self) -> String {
        let lang = match self.language {
            Language::En => "en",
            Language::Zh => "zh-Hans",
        };
        let page = html! {
            (DOCTYPE)
            html lang=(lang) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { (joined(&self.title)) }
                    style { (PreEscaped(STYLE)) }
                }
                body { (self.choice()) (self.header()) (self.main()) }
            }
        };
        page.into_string()
    }

    /// Two radio buttons, first in the body, so that the style sheet can tell by them what follows.
    fn choice(&self) -> Markup {
        html! {
            input type="radio" name="lang" id="lang-en" checked[self.language == Language::En];
            label for="lang-en" lang="en" { "English" }
            input type="radio" name="lang" id="lang-zh" checked[self.language == Language::Zh];
            label for="lang-zh" lang="zh-Hans" { "中文" }
        }
    }

    fn header(&self) -> Markup {
        let listed = || self.sections.iter().filter(|s| s.anchor.is_some());
        html! {
            header {
                h1 { (shown(&self.title)) }
                @for text in &self.lead { p { (shown(text)) } }
                @if listed().count() > 1 {
                    nav { ul {
                        @for section in listed() {
                            li { a href={ "#" (section.anchor.as_deref().map(anchor::id).unwrap_or_default()) } { (shown(&section.title)) } }
                        }
                    } }
                }
            }
        }
    }

    fn main(&self) -> Markup {
        html! { main { @for section in &self.sections { (section.render()) } } }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plot::{Axis, Lines, Series};
    use super::super::{Cell, Figure, Tone, both, same};
    use super::*;

    const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&</script>";

    fn hostile() -> Page {
        let plot = Lines::new(Axis::new(same(HOSTILE)), Axis::new(same(HOSTILE)))
            .series(Series::new(same(HOSTILE), vec![(0.0, 1.0), (1.0, 2.0)]));
        let table = Table::new(vec![same(HOSTILE)])
            .caption(same(HOSTILE))
            .row_at(HOSTILE, vec![Cell::text(both(HOSTILE, "x"))])
            .row(vec![Cell::link(HOSTILE, same(HOSTILE))])
            .row(vec![Cell::judged(Tone::Bad, same(HOSTILE))]);
        let section = Section::new(same(HOSTILE))
            .anchor(HOSTILE)
            .text(same(HOSTILE))
            .points(vec![same(HOSTILE)])
            .table(table)
            .figure(Figure::lines(same(HOSTILE), &plot));
        Page::new(same(HOSTILE))
            .lead(same(HOSTILE))
            .section(section)
    }

    #[test]
    fn a_hostile_name_never_becomes_markup() {
        let html = hostile().render();
        assert!(html.contains("&lt;img src=x"), "the name is shown");
        assert!(!html.contains("<img"), "{html}");
        assert!(!html.contains("</script"), "{html}");
        assert!(!html.contains("\"'"), "a quote left an attribute: {html}");
    }

    #[test]
    fn the_page_needs_nothing_from_outside() {
        let html = hostile().render();
        for word in [
            "http://", "https://", "@import", "url(", "<script", "<link", "src=\"",
        ] {
            let found = html.replace("http://www.w3.org/2000/svg", "");
            assert!(!found.contains(word), "{word} in {found}");
        }
        assert!(html.contains("default-src 'none'"));
    }

    #[test]
    fn both_languages_are_in_the_page_and_marked() {
        let page = Page::new(both("Result", "结果")).section(Section::new(both("How", "方法")));
        let html = page.render();
        assert!(html.contains("<html lang=\"en\">"));
        assert!(
            html.contains("<span lang=\"en\">How</span><span lang=\"zh-Hans\">方法</span>"),
            "{html}"
        );
        assert!(html.contains("id=\"lang-en\" checked"), "{html}");
        let html = page.opens_in(Language::Zh).render();
        assert!(html.contains("<html lang=\"zh-Hans\">"));
        assert!(html.contains("id=\"lang-zh\" checked"), "{html}");
    }

    #[test]
    fn a_link_reaches_the_row_it_names_and_a_wrong_one_is_told() {
        let page = hostile();
        assert_eq!(page.broken_links(), Vec::<String>::new());
        let id = anchor::id(HOSTILE);
        let html = page.render();
        assert!(html.contains(&format!("<tr id=\"{id}\">")), "{html}");
        assert!(html.contains(&format!("href=\"#{id}\"")), "{html}");
        let lost = Table::new(vec![same("x")]).row(vec![Cell::link("nowhere", same("x"))]);
        let page = page.section(Section::new(same("y")).table(lost));
        assert_eq!(page.broken_links(), ["nowhere"]);
    }

    #[test]
    fn a_column_of_figures_is_aligned_with_its_head() {
        let table = Table::new(vec![same("name"), same("ms")])
            .row(vec![Cell::text(same("a")), Cell::number(1.0, 1)]);
        let html = Page::new(same("t"))
            .section(Section::new(same("s")).table(table))
            .render();
        assert!(
            html.contains("<th scope=\"col\" class=\"number\">ms</th>"),
            "{html}"
        );
        assert!(html.contains("<td class=\"number\">1.0</td>"), "{html}");
    }
}
