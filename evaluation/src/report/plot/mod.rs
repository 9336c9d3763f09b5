//! Curves and bars as SVG text, one drawing a language.
//!
//! In: points with names and units. Out: SVG that takes its text colour and font from the page around it, has no
//! background, and tells series apart by colour and by dash or marker. Points that are no numbers are left out.
//! Never here: measuring, averaging.

mod axis;
mod bars;
mod ink;
mod lines;
mod mark;
mod svg;

pub use axis::Axis;
pub use bars::{Bar, BarSeries, Bars};
pub use lines::{Lines, Series};
pub use mark::Mark;

use super::both;
use zizhi_types::topology::Bilingual;

/// Width of every drawing, in its own units: the page scales it.
const WIDTH: u32 = 760;

/// Half of it.
const MIDDLE: i32 = 380;

/// A count as pixels.
fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Why there is no drawing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlotError {
    /// No point is a finite number.
    #[error("nothing to draw: no point is a number; look at the table")]
    NoPoints,
    /// The drawing library refused.
    #[error("the curve could not be drawn: {0}; look at the table")]
    Drawing(String),
}

impl PlotError {
    /// The same for readers of the page.
    pub fn text(&self) -> Bilingual {
        match self {
            Self::NoPoints => both(self.to_string(), "没有可绘制的数据点；请查看数据表"),
            Self::Drawing(reason) => both(
                self.to_string(),
                format!("无法绘制曲线：{reason}；请查看数据表"),
            ),
        }
    }
}

/// Takes one language out of a text.
type In = fn(&Bilingual) -> &str;

/// Draws once for each language.
fn in_both(draw: impl Fn(In) -> Result<String, PlotError>) -> Result<Bilingual, PlotError> {
    Ok(both(draw(|text| &text.en)?, draw(|text| &text.zh)?))
}

/// As much of a name as fits beside a drawing; the table has all of it.
fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}
