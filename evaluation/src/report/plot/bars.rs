//! How do a few things compare? Level bars, grouped, with error bars.

use super::axis::tick;
use super::ink;
use super::svg::{self, Chart, Surface, refused};
use super::{Axis, In, PlotError, in_both, pixels, shortened};
use crate::report::{Cell, Table, both, figure_text, same};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use zizhi_types::topology::Bilingual;

/// Thickness of a bar, and room between groups.
const BAR: i32 = 20;
const GAP: i32 = 14;

/// A value with its interval, all in the axis' unit. Without an interval `low` and `high` are `None`; what was not
/// measured is not a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    value: f64,
    interval: Option<(f64, f64)>,
}

impl Bar {
    /// A value alone.
    pub const fn new(value: f64) -> Self {
        Self {
            value,
            interval: None,
        }
    }

    /// A value with an error bar from `low` to `high`.
    pub const fn within(value: f64, low: f64, high: f64) -> Self {
        Self {
            value,
            interval: Some((low, high)),
        }
    }

    fn interval(&self) -> Option<(f64, f64)> {
        self.interval
            .filter(|(low, high)| low.is_finite() && high.is_finite())
    }

    fn ends(&self) -> impl Iterator<Item = f64> {
        let interval = self
            .interval()
            .into_iter()
            .flat_map(|(low, high)| [low, high]);
        std::iter::once(self.value).chain(interval)
    }

    fn text(&self, decimals: usize) -> String {
        let value = figure_text(self.value, decimals);
        match self.interval() {
            Some((low, high)) => format!(
                "{value} [{}, {}]",
                figure_text(low, decimals),
                figure_text(high, decimals)
            ),
            None => value,
        }
    }
}

/// One bar for each group.
#[derive(Debug, Clone, PartialEq)]
pub struct BarSeries {
    name: Bilingual,
    bars: Vec<Bar>,
}

impl BarSeries {
    /// Bars in the order of the groups.
    pub const fn new(name: Bilingual, bars: Vec<Bar>) -> Self {
        Self { name, bars }
    }
}

/// A drawing of bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    scale: Axis,
    groups: Vec<Bilingual>,
    series: Vec<BarSeries>,
}

impl Bars {
    /// An empty drawing with these groups, top to bottom.
    pub const fn new(scale: Axis, groups: Vec<Bilingual>) -> Self {
        Self {
            scale,
            groups,
            series: vec![],
        }
    }

    /// Adds a bar to each group.
    #[must_use]
    pub fn series(mut self, series: BarSeries) -> Self {
        self.series.push(series);
        self
    }

    /// The drawing in both languages.
    pub fn draw(&self) -> Result<Bilingual, PlotError> {
        in_both(|lang| self.draw_in(lang))
    }

    fn draw_in(&self, lang: In) -> Result<String, PlotError> {
        // Bars begin at nothing: a cut scale flatters.
        let ends = self.series.iter().flat_map(|s| &s.bars).flat_map(Bar::ends);
        let mut ends = ends.filter(|v| v.is_finite()).peekable();
        ends.peek().ok_or(PlotError::NoPoints)?;
        let (low, high) = self
            .scale
            .span(ends.chain([0.0]))
            .ok_or(PlotError::NoPoints)?;
        let low = if low < 0.0 && low > -0.06 * (high - low) {
            0.0
        } else {
            low
        };
        let top = svg::legend_height(self.series.len());
        let height = pixels(self.groups.len()) * (pixels(self.series.len()) * BAR + GAP) + 80;
        svg::draw((top + height) as u32, |surface| {
            let (head, body) = surface.split_vertically(top);
            let names = self.series.iter().enumerate();
            let names: Vec<_> = names.map(|(i, s)| (lang(&s.name), ink::of(i))).collect();
            svg::legend(&head, &names)?;
            let mut chart = ChartBuilder::on(&body)
                .margin(12)
                .margin_right(24)
                .x_label_area_size(50)
                .y_label_area_size(180)
                .build_cartesian_2d(low..high, 0.0..self.groups.len() as f64)
                .map_err(refused)?;
            self.mesh(&mut chart, lang, high - low)?;
            self.groups
                .iter()
                .enumerate()
                .try_for_each(|(group, name)| self.group(&body, &chart, group, lang(name), low))
        })
    }

    fn mesh(&self, chart: &mut Chart<'_, '_>, lang: In, span: f64) -> Result<(), PlotError> {
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(0)
            .x_desc(lang(&self.scale.label))
            .label_style(svg::words(16, HPos::Left, VPos::Top))
            .axis_desc_style(svg::words(17, HPos::Left, VPos::Top))
            .bold_line_style(BLACK.mix(0.12))
            .light_line_style(BLACK.mix(0.0))
            .x_label_formatter(&|v| tick(*v, span))
            .draw()
            .map_err(refused)
    }

    /// The name of a group and its bars.
    fn group(
        &self,
        surface: &Surface<'_>,
        chart: &Chart<'_, '_>,
        group: usize,
        name: &str,
        low: f64,
    ) -> Result<(), PlotError> {
        let base = surface.get_base_pixel();
        let at = |x: f64, y: f64| {
            let (x, y) = chart.backend_coord(&(x, y));
            (x - base.0, y - base.1)
        };
        // The first group stands on top.
        let middle = self.groups.len() as f64 - group as f64 - 0.5;
        let (left, y) = at(low, middle);
        let style = svg::words(16, HPos::Right, VPos::Center);
        surface
            .draw_text(&shortened(name, 22), &style, (left - 8, y))
            .map_err(refused)?;
        for (index, series) in self.series.iter().enumerate() {
            let Some(bar) = series.bars.get(group).filter(|bar| bar.value.is_finite()) else {
                continue;
            };
            let y = y + pixels(index) * BAR - pixels(self.series.len()) * BAR / 2 + BAR / 2;
            let zero = at(low.max(0.0), middle).0;
            draw_bar(surface, bar, |x| at(x, middle).0, (zero, y), index)?;
        }
        Ok(())
    }

    /// The bars in a table.
    pub fn table(&self) -> Table {
        let head = std::iter::once(both("Group", "组别"))
            .chain(self.series.iter().map(|s| s.name.clone()));
        let row = |(group, name): (usize, &Bilingual)| {
            let bars = self
                .series
                .iter()
                .map(|s| s.bars.get(group).copied().unwrap_or(Bar::new(f64::NAN)));
            let bars = bars.map(|bar| Cell::figure(same(bar.text(3))));
            std::iter::once(Cell::text(name.clone()))
                .chain(bars)
                .collect()
        };
        Table::new(head.collect())
            .caption(self.scale.label.clone())
            .rows(self.groups.iter().enumerate().map(row))
    }
}

/// One bar, the marker of its series at its end, and its error bar.
fn draw_bar(
    surface: &Surface<'_>,
    bar: &Bar,
    x: impl Fn(f64) -> i32,
    (zero, y): (i32, i32),
    index: usize,
) -> Result<(), PlotError> {
    let half = BAR / 2 - 2;
    let ink = ink::of(index);
    let body = Rectangle::new(
        [(zero, y - half), (x(bar.value), y + half)],
        ink.color.mix(0.55).filled(),
    );
    surface.draw(&body).map_err(refused)?;
    svg::marker(surface, (x(bar.value), y), ink)?;
    let Some((low, high)) = bar.interval() else {
        return Ok(());
    };
    let (low, high) = (x(low), x(high));
    for line in [
        [(low, y), (high, y)],
        [(low, y - 5), (low, y + 5)],
        [(high, y - 5), (high, y + 5)],
    ] {
        surface
            .draw(&PathElement::new(line.to_vec(), BLACK.stroke_width(1)))
            .map_err(refused)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(values: Vec<Bar>) -> Bars {
        let groups = vec![both("link cut", "链路中断"), same("<overload>")];
        Bars::new(Axis::new(both("Time to repair, s", "修复时间，秒")), groups)
            .series(BarSeries::new(both("swarm", "智能体群"), values.clone()))
            .series(BarSeries::new(both("rules", "规则"), values))
    }

    #[test]
    fn bars_speak_both_languages_and_show_their_interval() {
        let plot = bars(vec![Bar::within(3.0, 2.0, 4.5), Bar::new(1.0)]);
        let svg = plot.draw().unwrap();
        assert!(
            svg.en.contains("link cut") && svg.en.contains("&lt;overload&gt;"),
            "{}",
            svg.en
        );
        assert!(svg.zh.contains("修复时间，秒"), "{}", svg.zh);
        let error_bars = svg
            .en
            .matches("opacity=\"1\" stroke=\"currentColor\" stroke-width=\"1\" points")
            .count();
        assert!(
            error_bars >= 6,
            "two error bars of three strokes each: {error_bars}"
        );
    }

    #[test]
    fn a_bar_that_was_not_measured_is_a_dash_in_the_table() {
        let plot = bars(vec![Bar::new(f64::NAN), Bar::within(1.0, 0.5, 2.0)]);
        assert!(plot.draw().is_ok());
        let table = format!("{:?}", plot.table());
        assert!(
            table.contains('–') && table.contains("1.000 [0.500, 2.000]"),
            "{table}"
        );
        assert_eq!(
            bars(vec![Bar::new(f64::NAN)]).draw(),
            Err(PlotError::NoPoints)
        );
    }
}
