//! A picture of spots in lanes, one lane for each domain. Severity is a colour, a shape and a word. Pure.

use crate::map::Spot;
use crate::sheet::escaped;
use std::fmt::Write as _;
use zizhi_types::text::{Language, agent, label};
use zizhi_types::{Domain, Severity};

const BOX: (usize, usize) = (150, 30);
const COLUMNS: usize = 7;

/// The shape of a severity, the same as on its badge.
pub const fn shape(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "▲",
        Severity::Major => "◆",
        Severity::Minor => "■",
        Severity::Warning => "●",
        Severity::Indeterminate => "○",
        Severity::Cleared => "✓",
    }
}

/// The picture.
pub fn draw(spots: &[Spot], name: &str, language: Language) -> String {
    let width = COLUMNS * (BOX.0 + 8) + 16;
    let mut body = String::new();
    let mut top = 0;
    for domain in Domain::ALL {
        let own: Vec<&Spot> = spots.iter().filter(|s| s.domain == domain).collect();
        if own.is_empty() {
            continue;
        }
        let title = escaped(&agent(Some(domain), language));
        let _ = write!(
            body,
            r#"<text class="lane" x="8" y="{}">{title}</text>"#,
            top + 20
        );
        top += 30;
        for (at, spot) in own.iter().enumerate() {
            let x = 8 + at % COLUMNS * (BOX.0 + 8);
            let y = top + at / COLUMNS * (BOX.1 + 8);
            one(&mut body, spot, (x, y), language);
        }
        top += own.len().div_ceil(COLUMNS) * (BOX.1 + 8) + 12;
    }
    let name = escaped(name);
    format!(
        r#"<svg role="group" aria-label="{name}" width="{width}" height="{top}" viewBox="0 0 {width} {top}" class="lanes">{body}</svg>"#
    )
}

fn one(svg: &mut String, spot: &Spot, at: (usize, usize), language: Language) {
    let (x, y, w, h) = (at.0, at.1, BOX.0, BOX.1);
    let class = spot.severity.map_or("calm", Severity::as_str);
    let mark = spot.severity.map_or("", shape);
    let word = spot
        .severity
        .map(|s| label(s, language))
        .unwrap_or_default();
    let short: String = spot.name.chars().take(17).collect();
    let dots = if short.len() == spot.name.len() {
        ""
    } else {
        "…"
    };
    if let Some(href) = &spot.href {
        let _ = write!(svg, r#"<a href="{}">"#, escaped(href));
    }
    if spot.halo {
        let _ = write!(
            svg,
            r#"<rect class="halo" x="{}" y="{}" width="{}" height="{}" rx="9"/>"#,
            x.saturating_sub(3),
            y.saturating_sub(3),
            w + 6,
            h + 6
        );
    }
    let _ = write!(
        svg,
        r#"<g class="spot {class}"><title>{} {word}</title><rect x="{x}" y="{y}" width="{w}" height="{h}" rx="5"/><text x="{}" y="{}">{mark} {}{dots}</text></g>"#,
        escaped(&spot.name),
        x + 7,
        y + 20,
        escaped(&short)
    );
    if spot.href.is_some() {
        svg.push_str("</a>");
    }
}
