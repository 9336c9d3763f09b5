//! From what to what can a computed number go?
//!
//! In: the shape of a sum or product, and what is known of its names. Out: the least and the greatest value, where both
//! follow from what is known; each name is taken by itself, so the answer is never too narrow.

use super::Shape;
use super::logic::{Facts, Known};

/// The range of a computed number; nothing where a part of it is not known.
pub(super) fn of(shape: &Shape, facts: Facts<'_>) -> Option<Known> {
    let (low, high) = ends(shape, facts)?;
    Some(Known::Range(low, high))
}

fn ends(shape: &Shape, facts: Facts<'_>) -> Option<(f64, f64)> {
    let of = |part: &Shape| ends(part, facts);
    let found = match shape {
        Shape::Number(n) => (*n, *n),
        Shape::Path(path) => match facts(path)? {
            Known::Range(low, high) => (low, high),
            Known::OneOf(_) => return None,
        },
        Shape::Call(name, parts) => match (name.as_str(), parts.as_slice()) {
            ("_+_", [a, b]) => (of(a)?.0 + of(b)?.0, of(a)?.1 + of(b)?.1),
            ("_-_", [a, b]) => (of(a)?.0 - of(b)?.1, of(a)?.1 - of(b)?.0),
            ("_*_", [a, Shape::Number(n)] | [Shape::Number(n), a]) => scaled(of(a)?, *n),
            ("_/_", [a, Shape::Number(n)]) => scaled(of(a)?, n.recip()),
            ("-_", [a]) => scaled(of(a)?, -1.0),
            ("double", [a]) => of(a)?,
            _ => return None,
        },
        _ => return None,
    };
    (!found.0.is_nan() && !found.1.is_nan()).then_some(found)
}

fn scaled((low, high): (f64, f64), by: f64) -> (f64, f64) {
    let (a, b) = (low * by, high * by);
    (a.min(b), a.max(b))
}
