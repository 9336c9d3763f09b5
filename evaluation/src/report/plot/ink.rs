//! In which colour, dash and with which marker is a series drawn?

use plotters::style::RGBColor;

/// How a series looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ink {
    pub(super) color: RGBColor,
    /// SVG `stroke-dasharray`; empty: a whole line.
    pub(super) dash: &'static str,
    pub(super) marker: Marker,
}

/// The sign on the points of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Dot,
    Triangle,
    Cross,
    Ring,
}

/// What marks and their labels are drawn in: grey, beside the series.
pub(super) const MARK: RGBColor = RGBColor(0x7d, 0x85, 0x90);

/// Every look once; each has contrast of 3:1 (WCAG 1.4.11) on white and on the dark theme's paper.
const INKS: [Ink; 8] = [
    ink(0x2f, 0x7f, 0xd6, "", Marker::Dot),
    ink(0xd2, 0x69, 0x1e, "8 4", Marker::Triangle),
    ink(0x2b, 0x94, 0x55, "2 3", Marker::Cross),
    ink(0xc2, 0x45, 0x92, "12 3 2 3", Marker::Ring),
    ink(0x8a, 0x63, 0xd2, "5 2", Marker::Triangle),
    ink(0x9a, 0x7b, 0x0a, "1 4", Marker::Dot),
    ink(0xd6, 0x3b, 0x3b, "6 2 2 2", Marker::Cross),
    ink(0x0d, 0x8c, 0x98, "16 4", Marker::Ring),
];

const fn ink(r: u8, g: u8, b: u8, dash: &'static str, marker: Marker) -> Ink {
    Ink {
        color: RGBColor(r, g, b),
        dash,
        marker,
    }
}

/// The look of the series at this place; after the last the looks begin again.
pub(super) const fn of(index: usize) -> Ink {
    INKS[index % INKS.len()]
}

/// Dash of a line drawn in this colour, if it has one.
pub(super) fn dashes() -> impl Iterator<Item = (RGBColor, &'static str)> {
    let series = INKS.iter().map(|ink| (ink.color, ink.dash));
    series
        .chain([(MARK, "4 4")])
        .filter(|(_, dash)| !dash.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance after WCAG 2.2.
    fn luminance(RGBColor(r, g, b): RGBColor) -> f64 {
        let [r, g, b] = [r, g, b].map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        });
        0.0722f64.mul_add(b, 0.2126f64.mul_add(r, 0.7152 * g))
    }

    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn every_colour_can_be_seen_on_both_papers() {
        for color in INKS.map(|ink| ink.color).into_iter().chain([MARK]) {
            for paper in [RGBColor(0xff, 0xff, 0xff), RGBColor(0x14, 0x17, 0x1c)] {
                let contrast = contrast(color, paper);
                assert!(contrast >= 3.0, "{color:?} on {paper:?}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn no_two_series_differ_by_colour_alone() {
        for a in 0..INKS.len() {
            for b in 0..a {
                let (a, b) = (of(a), of(b));
                assert!(a.dash != b.dash && a.color != b.color, "{a:?} {b:?}");
            }
        }
    }
}
