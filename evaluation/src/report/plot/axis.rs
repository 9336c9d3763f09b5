//! Which part of a scale is shown?

use zizhi_types::topology::Bilingual;

/// A scale: what is measured, in which unit, and from where to where where that is not left to the points.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub(super) label: Bilingual,
    from: Option<f64>,
    to: Option<f64>,
}

impl Axis {
    /// An axis as long as its points need. The label ends with the unit: `Delay, ms`.
    pub const fn new(label: Bilingual) -> Self {
        Self {
            label,
            from: None,
            to: None,
        }
    }

    /// Where it begins.
    #[must_use]
    pub fn from(mut self, from: f64) -> Self {
        self.from = Some(from);
        self
    }

    /// Where it ends.
    #[must_use]
    pub fn to(mut self, to: f64) -> Self {
        self.to = Some(to);
        self
    }

    /// The part to show for these values; `None` if none is a number. Never empty: a single value gets room around it.
    pub(super) fn span(&self, values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
        let (low, high) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        if low > high {
            return None;
        }
        let room = if high > low {
            (high - low) * 0.05
        } else {
            high.abs().max(1.0) * 0.1
        };
        let from = self.from.filter(|v| v.is_finite()).unwrap_or(low - room);
        let to = self.to.filter(|v| v.is_finite()).unwrap_or(high + room);
        Some(if to > from {
            (from, to)
        } else {
            (from, from + room)
        })
    }
}

/// How a value is written beside an axis that spans this much.
pub(super) fn tick(value: f64, span: f64) -> String {
    let decimals = if span > 20.0 {
        0
    } else if span > 2.0 {
        1
    } else {
        2
    };
    crate::report::figure_text(value, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::same;

    #[test]
    fn an_axis_is_never_empty() {
        let axis = Axis::new(same("ms"));
        assert_eq!(axis.span([f64::NAN].into_iter()), None);
        for values in [vec![0.0], vec![5.0, 5.0], vec![-3.0, 7.0, f64::INFINITY]] {
            let (from, to) = axis.span(values.iter().copied()).unwrap();
            assert!(from < to, "{values:?}: {from} to {to}");
        }
        let (from, to) = axis.from(3.0).to(1.0).span([2.0].into_iter()).unwrap();
        assert!(from < to, "a wrong order is repaired: {from} to {to}");
    }
}
