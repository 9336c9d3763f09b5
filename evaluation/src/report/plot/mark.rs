//! What is a curve compared with? Bounds and published figures, in grey.

use super::ink::MARK;
use super::svg::{self, Chart, Surface, placed, refused};
use super::{In, MIDDLE, PlotError, shortened};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use zizhi_types::topology::Bilingual;

/// A reference to compare with: a bound, a published figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A value of x: an upright line.
    X(f64, Bilingual),
    /// A value of y: a level line.
    Y(f64, Bilingual),
    /// A point.
    Point((f64, f64), Bilingual),
}

impl Mark {
    /// An upright line.
    pub const fn x(at: f64, label: Bilingual) -> Self {
        Self::X(at, label)
    }

    /// A level line.
    pub const fn y(at: f64, label: Bilingual) -> Self {
        Self::Y(at, label)
    }

    /// A point.
    pub const fn point(x: f64, y: f64, label: Bilingual) -> Self {
        Self::Point((x, y), label)
    }

    pub(super) const fn x_value(&self) -> Option<f64> {
        match self {
            Self::X(x, _) | Self::Point((x, _), _) => Some(*x),
            Self::Y(..) => None,
        }
    }

    pub(super) const fn y_value(&self) -> Option<f64> {
        match self {
            Self::Y(y, _) | Self::Point((_, y), _) => Some(*y),
            Self::X(..) => None,
        }
    }

    /// Draws it with its label.
    pub(super) fn draw(
        &self,
        surface: &Surface<'_>,
        chart: &Chart<'_, '_>,
        lang: In,
        x: (f64, f64),
        y: (f64, f64),
    ) -> Result<(), PlotError> {
        let at = |point| placed(surface, chart, point);
        let (line, label, text) = match self {
            Self::X(v, text) => (vec![at((*v, y.0)), at((*v, y.1))], at((*v, y.1)), text),
            Self::Y(v, text) => (vec![at((x.0, *v)), at((x.1, *v))], at((x.0, *v)), text),
            Self::Point(point, text) => (vec![], at(*point), text),
        };
        if line.is_empty() {
            let diamond =
                [(-6, 0), (0, -6), (6, 0), (0, 6)].map(|(dx, dy)| (label.0 + dx, label.1 + dy));
            surface
                .draw(&Polygon::new(diamond.to_vec(), MARK.filled()))
                .map_err(refused)?;
        } else {
            surface
                .draw(&PathElement::new(line, MARK.stroke_width(1)))
                .map_err(refused)?;
        }
        // On the right half of the drawing the label stands to the left of its mark.
        let (h, dx) = if label.0 > MIDDLE {
            (HPos::Right, -9)
        } else {
            (HPos::Left, 9)
        };
        let (v, dy) = if matches!(self, Self::X(..)) {
            (VPos::Top, 2)
        } else {
            (VPos::Bottom, -3)
        };
        let style = svg::mark_words(h, v);
        let place = (label.0 + dx, label.1 + dy);
        surface
            .draw_text(&shortened(lang(text), 48), &style, place)
            .map_err(refused)
    }
}
