//! How does something change along a scale? Lines and step curves, with reference marks.

use super::axis::tick;
use super::ink;
use super::mark::Mark;
use super::svg::{self, Chart, Surface, placed, refused};
use super::{Axis, In, PlotError, in_both};
use crate::report::{Cell, Table, figure_text};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use std::collections::BTreeMap;
use zizhi_types::topology::Bilingual;

/// Height of the part with the curves.
const HEIGHT: i32 = 380;

/// So many markers at most on one curve: more would hide it.
const MARKERS: usize = 12;

/// A named curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    name: Bilingual,
    points: Vec<(f64, f64)>,
    stepped: bool,
}

impl Series {
    /// Points joined by straight lines, in the order of x.
    pub const fn new(name: Bilingual, points: Vec<(f64, f64)>) -> Self {
        Self {
            name,
            points,
            stepped: false,
        }
    }

    /// A value that stays until the next point.
    pub const fn steps(name: Bilingual, points: Vec<(f64, f64)>) -> Self {
        Self {
            name,
            points,
            stepped: true,
        }
    }

    /// The share, in percent of `of`, of what has happened by then: one step for each time. `until` is the end of the
    /// watch: those that never happened keep the curve below 100 to its end.
    pub fn cumulative(name: Bilingual, times: &[f64], of: usize, until: f64) -> Self {
        let mut times: Vec<f64> = times.iter().copied().filter(|t| t.is_finite()).collect();
        times.sort_by(f64::total_cmp);
        let share = |count: usize| 100.0 * count as f64 / of.max(1) as f64;
        let mut points = vec![(0.0, 0.0)];
        points.extend(times.iter().enumerate().map(|(i, t)| (*t, share(i + 1))));
        points.push((until, share(times.len())));
        Self::steps(name, points)
    }

    fn finite(&self) -> Vec<(f64, f64)> {
        let finite = |(x, y): &&(f64, f64)| x.is_finite() && y.is_finite();
        self.points.iter().filter(finite).copied().collect()
    }

    /// The corners of the curve.
    fn path(&self) -> Vec<(f64, f64)> {
        let points = self.finite();
        if !self.stepped {
            return points;
        }
        let mut path: Vec<(f64, f64)> = Vec::with_capacity(points.len() * 2);
        for (x, y) in points {
            path.extend(path.last().map(|(_, before)| (x, *before)));
            path.push((x, y));
        }
        path
    }
}

/// A drawing of curves.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    x: Axis,
    y: Axis,
    series: Vec<Series>,
    marks: Vec<Mark>,
}

impl Lines {
    /// An empty drawing.
    pub const fn new(x: Axis, y: Axis) -> Self {
        Self {
            x,
            y,
            series: vec![],
            marks: vec![],
        }
    }

    /// Adds a curve.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a reference.
    #[must_use]
    pub fn mark(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    /// The drawing in both languages.
    pub fn draw(&self) -> Result<Bilingual, PlotError> {
        in_both(|lang| self.draw_in(lang))
    }

    fn draw_in(&self, lang: In) -> Result<String, PlotError> {
        let (x, y) = self.spans().ok_or(PlotError::NoPoints)?;
        let top = svg::legend_height(self.series.len());
        svg::draw((top + HEIGHT) as u32, |surface| {
            let (head, body) = surface.split_vertically(top);
            let names = self.series.iter().enumerate();
            let names: Vec<_> = names.map(|(i, s)| (lang(&s.name), ink::of(i))).collect();
            svg::legend(&head, &names)?;
            let mut chart = ChartBuilder::on(&body)
                .margin(12)
                .margin_right(24)
                .x_label_area_size(50)
                .y_label_area_size(64)
                .build_cartesian_2d(x.0..x.1, y.0..y.1)
                .map_err(refused)?;
            self.mesh(&mut chart, lang, x.1 - x.0, y.1 - y.0)?;
            for (index, series) in self.series.iter().enumerate() {
                curve(&body, &mut chart, series, index)?;
            }
            self.marks
                .iter()
                .try_for_each(|mark| mark.draw(&body, &chart, lang, x, y))
        })
    }

    /// What is shown of both scales; `None` without a point.
    fn spans(&self) -> Option<((f64, f64), (f64, f64))> {
        let points: Vec<(f64, f64)> = self.series.iter().flat_map(Series::finite).collect();
        if points.is_empty() {
            return None;
        }
        let xs = points
            .iter()
            .map(|p| p.0)
            .chain(self.marks.iter().filter_map(Mark::x_value));
        let ys = points
            .iter()
            .map(|p| p.1)
            .chain(self.marks.iter().filter_map(Mark::y_value));
        Some((self.x.span(xs)?, self.y.span(ys)?))
    }

    fn mesh(
        &self,
        chart: &mut Chart<'_, '_>,
        lang: In,
        wide: f64,
        high: f64,
    ) -> Result<(), PlotError> {
        chart
            .configure_mesh()
            .x_desc(lang(&self.x.label))
            .y_desc(lang(&self.y.label))
            .label_style(svg::words(16, HPos::Left, VPos::Top))
            .axis_desc_style(svg::words(17, HPos::Left, VPos::Top))
            .bold_line_style(BLACK.mix(0.12))
            .light_line_style(BLACK.mix(0.0))
            .x_label_formatter(&|v| tick(*v, wide))
            .y_label_formatter(&|v| tick(*v, high))
            .draw()
            .map_err(refused)
    }

    /// The points in a table: a row for each x, a column for each series.
    pub fn table(&self) -> Table {
        let mut rows: BTreeMap<u64, (f64, Vec<Option<f64>>)> = BTreeMap::new();
        for (index, series) in self.series.iter().enumerate() {
            for (x, y) in series.finite() {
                let empty = || (x, vec![None; self.series.len()]);
                rows.entry(ordered(x)).or_insert_with(empty).1[index] = Some(y);
            }
        }
        let head = std::iter::once(self.x.label.clone());
        let head = head
            .chain(self.series.iter().map(|s| s.name.clone()))
            .collect();
        let cells = |(x, ys): &(f64, Vec<Option<f64>>)| {
            let ys = ys.iter().map(|y| Cell::number(y.unwrap_or(f64::NAN), 3));
            std::iter::once(Cell::figure(crate::report::same(trimmed(*x))))
                .chain(ys)
                .collect()
        };
        Table::new(head)
            .caption(self.y.label.clone())
            .rows(rows.values().map(cells))
    }
}

/// A key that sorts like the number.
const fn ordered(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | (1 << 63)
    }
}

/// Up to three decimals, without trailing zeros.
fn trimmed(value: f64) -> String {
    let text = figure_text(value, 3);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn curve(
    surface: &Surface<'_>,
    chart: &mut Chart<'_, '_>,
    series: &Series,
    index: usize,
) -> Result<(), PlotError> {
    let ink = ink::of(index);
    let line = LineSeries::new(series.path(), svg::stroke(ink));
    chart.draw_series(line).map_err(refused)?;
    let points = series.finite();
    // Markers of different series start apart, so that equal curves show both.
    let every = points.len().div_ceil(MARKERS).max(1);
    for point in points.iter().skip(index % every).step_by(every) {
        svg::marker(surface, placed(surface, chart, *point), ink)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{both, same};

    fn lines(points: Vec<(f64, f64)>) -> Lines {
        Lines::new(
            Axis::new(both("Rate, 1/s", "速率，次/秒")),
            Axis::new(both("Delay, ms", "时延，毫秒")),
        )
        .series(Series::new(both("ours", "本文"), points.clone()))
        .series(Series::steps(same("<paper>"), points))
        .mark(Mark::y(10.0, both("bound 10 ms", "上限 10 毫秒")))
        .mark(Mark::x(1.5, same("here")))
        .mark(Mark::point(1.0, 2.0, same("published")))
    }

    #[test]
    fn a_drawing_speaks_both_languages_and_takes_the_pages_colour() {
        let svg = lines(vec![(1.0, 9.0), (2.0, 9.96)]).draw().unwrap();
        assert!(
            svg.en.contains("Delay, ms") && svg.en.contains("bound 10 ms"),
            "{}",
            svg.en
        );
        assert!(
            svg.zh.contains("时延，毫秒") && svg.zh.contains("上限 10 毫秒"),
            "{}",
            svg.zh
        );
        assert!(svg.en.contains("&lt;paper&gt;"), "{}", svg.en);
        assert!(
            svg.en.contains("currentColor") && !svg.en.contains("#000000"),
            "{}",
            svg.en
        );
        assert!(
            svg.en.contains("viewBox") && !svg.en.contains("<svg width"),
            "{}",
            svg.en
        );
    }

    #[test]
    fn the_second_series_has_a_dash_of_its_own() {
        let svg = lines(vec![(1.0, 9.0), (2.0, 9.96)]).draw().unwrap().en;
        assert!(
            svg.contains("stroke=\"#2F7FD6\" stroke-width"),
            "the first is whole: {svg}"
        );
        assert!(svg.contains("stroke-dasharray=\"8 4\""), "{svg}");
    }

    #[test]
    fn what_is_no_number_is_left_out_and_nothing_at_all_is_told() {
        assert!(
            lines(vec![(1.0, f64::NAN), (2.0, 3.0), (f64::INFINITY, 1.0)])
                .draw()
                .is_ok()
        );
        assert_eq!(
            lines(vec![(1.0, f64::NAN)]).draw(),
            Err(PlotError::NoPoints)
        );
    }

    #[test]
    fn those_that_never_happened_keep_the_share_below_a_hundred() {
        let series = Series::cumulative(same("x"), &[30.0, 10.0, f64::NAN], 4, 60.0);
        assert_eq!(
            series.points,
            [(0.0, 0.0), (10.0, 25.0), (30.0, 50.0), (60.0, 50.0)]
        );
        assert_eq!(
            series.path()[..4],
            [(0.0, 0.0), (10.0, 0.0), (10.0, 25.0), (30.0, 25.0)]
        );
    }

    #[test]
    fn the_table_has_a_row_for_each_x_in_order() {
        let html = crate::report::Page::new(same("t"))
            .section(
                crate::report::Section::new(same("s"))
                    .table(lines(vec![(2.0, 1.0), (-1.0, 0.5)]).table()),
            )
            .render();
        let (first, second) = (html.find(">-1<").unwrap(), html.find(">2<").unwrap());
        assert!(first < second, "{html}");
        assert!(html.contains(">0.500<"), "{html}");
    }
}
