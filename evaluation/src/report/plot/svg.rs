//! How does a drawing become part of the page? Common strokes, and what the drawing library cannot say.

use super::ink::{self, Ink, Marker};
use super::{MIDDLE, PlotError, WIDTH, pixels, shortened};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A surface to draw on.
pub(super) type Surface<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A chart with two plain scales.
pub(super) type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Colour of marks' labels.
const QUIET: RGBAColor = RGBAColor(0, 0, 0, 0.75);

/// Height of a line of the legend.
const ENTRY: i32 = 22;

/// Runs a drawing on a fresh surface of this height and fits it into the page.
pub(super) fn draw(
    height: u32,
    strokes: impl FnOnce(&Surface<'_>) -> Result<(), PlotError>,
) -> Result<String, PlotError> {
    let mut text = String::new();
    {
        let surface = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        strokes(&surface)?;
        surface.present().map_err(refused)?;
    }
    Ok(fitted(&text, height))
}

/// What the library said, as our error.
pub(super) fn refused(error: impl std::fmt::Display) -> PlotError {
    PlotError::Drawing(error.to_string())
}

/// Black becomes the page's text colour, the font the page's font, the size the page's choice; lines get their dash.
/// Texts in the drawing are escaped, quotes too, so none of these patterns can stand in one.
fn fitted(svg: &str, height: u32) -> String {
    let mut svg = svg
        .replacen(&format!("width=\"{WIDTH}\" height=\"{height}\" "), "", 1)
        .replace("\"#000000\"", "\"currentColor\"")
        .replace(" font-family=\"sans-serif\"", "");
    for (RGBColor(r, g, b), dash) in ink::dashes() {
        let line =
            format!("<polyline fill=\"none\" opacity=\"1\" stroke=\"#{r:02X}{g:02X}{b:02X}\"");
        svg = svg.replace(&line, &format!("{line} stroke-dasharray=\"{dash}\""));
    }
    svg
}

/// Text of a size, in the page's colour.
pub(super) fn words(size: i32, h: HPos, v: VPos) -> TextStyle<'static> {
    ("sans-serif", size)
        .into_font()
        .color(&BLACK)
        .pos(Pos::new(h, v))
}

/// The label of a reference mark: quieter than the axes, still of a contrast of 4.5:1 and more on both papers.
pub(super) fn mark_words(h: HPos, v: VPos) -> TextStyle<'static> {
    words(16, h, v).color(&QUIET)
}

/// A line in a series' colour; the dash comes with `fitted`.
pub(super) fn stroke(ink: Ink) -> ShapeStyle {
    ink.color.stroke_width(2)
}

/// A marker at a place on the surface.
pub(super) fn marker(surface: &Surface<'_>, at: (i32, i32), ink: Ink) -> Result<(), PlotError> {
    let full = ink.color.filled();
    let drawn = match ink.marker {
        Marker::Dot => surface.draw(&Circle::new(at, 4, full)),
        Marker::Triangle => surface.draw(&TriangleMarker::new(at, 5, full)),
        Marker::Cross => surface.draw(&Cross::new(at, 4, ink.color.stroke_width(2))),
        Marker::Ring => surface.draw(&Circle::new(at, 4, ink.color.stroke_width(2))),
    };
    drawn.map_err(refused)
}

/// Height that the legend of so many series takes, two beside each other.
pub(super) fn legend_height(series: usize) -> i32 {
    pixels(series.div_ceil(2)) * ENTRY + 6
}

/// Draws the legend at the top.
pub(super) fn legend(surface: &Surface<'_>, names: &[(&str, Ink)]) -> Result<(), PlotError> {
    // A name alone may be as long as the drawing is wide.
    let most = if names.len() == 1 { 88 } else { 40 };
    for (index, (name, ink)) in names.iter().enumerate() {
        let x = if index % 2 == 0 { 20 } else { MIDDLE };
        let y = pixels(index / 2) * ENTRY + ENTRY / 2;
        let line = PathElement::new(vec![(x, y), (x + 40, y)], stroke(*ink));
        surface.draw(&line).map_err(refused)?;
        marker(surface, (x + 20, y), *ink)?;
        let style = words(17, HPos::Left, VPos::Center);
        surface
            .draw_text(&shortened(name, most), &style, (x + 48, y))
            .map_err(refused)?;
    }
    Ok(())
}

/// Where on this surface a point lies. The library answers for the whole drawing.
pub(super) fn placed(
    surface: &Surface<'_>,
    chart: &Chart<'_, '_>,
    point: (f64, f64),
) -> (i32, i32) {
    let (x, y) = chart.backend_coord(&point);
    let (left, top) = surface.get_base_pixel();
    (x - left, y - top)
}
