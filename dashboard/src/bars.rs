//! Before and after, as bars one above the other, with the range of the second. Every bar has its number beside it. Pure.

use crate::phrases::Phrases;
use crate::sheet::escaped;
use std::fmt::Write as _;

/// One quantity under two futures.
#[derive(Debug, Clone)]
pub struct Bar {
    pub name: String,
    /// The value, and as text with its unit.
    pub before: (f64, String),
    pub after: (f64, String),
    /// What the second may be, by the twin's own past error.
    pub range: Option<(f64, f64)>,
}

const WIDTH: f64 = 420.0;
const LEFT: f64 = 8.0;
const ROW: usize = 74;

/// The picture; each quantity has its own scale from nought to its largest value.
pub fn draw(bars: &[Bar], words: &Phrases) -> String {
    let height = bars.len() * ROW + 8;
    let mut svg = format!(
        r#"<svg role="img" aria-label="{}" width="640" height="{height}" viewBox="0 0 640 {height}" class="bars">"#,
        escaped(words.twin_compared)
    );
    for (i, bar) in bars.iter().enumerate() {
        one(&mut svg, bar, i * ROW, words);
    }
    svg.push_str("</svg>");
    svg
}

fn one(svg: &mut String, bar: &Bar, top: usize, words: &Phrases) {
    let most = [
        bar.before.0.abs(),
        bar.after.0.abs(),
        bar.range.map_or(0.0, |r| r.1.abs()),
    ];
    let most = most.into_iter().fold(f64::MIN_POSITIVE, f64::max);
    let long = |value: f64| (value.abs() / most).clamp(0.0, 1.0) * WIDTH;
    let _ = write!(
        svg,
        r#"<text x="{LEFT}" y="{}">{}</text>"#,
        top + 18,
        escaped(&bar.name)
    );
    for (row, (class, name, (value, text))) in [
        ("before", words.without, &bar.before),
        ("after", words.with, &bar.after),
    ]
    .into_iter()
    .enumerate()
    {
        let y = top + 24 + row * 22;
        let w = long(*value).max(1.0);
        let _ = write!(
            svg,
            r#"<rect class="{class}" x="{LEFT}" y="{y}" width="{w:.1}" height="16"/><text class="mark" x="{:.1}" y="{}">{} · {}</text>"#,
            LEFT + w + 8.0,
            y + 13,
            escaped(text),
            escaped(name),
        );
    }
    if let Some((low, high)) = bar.range {
        let (a, b, y) = (LEFT + long(low), LEFT + long(high), top + 24 + 22 + 8);
        let _ = write!(
            svg,
            r#"<path class="range" d="M{a:.1} {} v10 M{a:.1} {y} H{b:.1} M{b:.1} {} v10"/>"#,
            y - 5,
            y - 5
        );
    }
}
