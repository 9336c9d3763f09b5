//! Can a condition be both true and false, or is it always the same?
//!
//! In: the [`Shape`] of one or several conditions and what is known of their names. Out: the answer, found by trying
//! every combination that matters: each number left of, at and right of every limit that it is compared with, each text
//! equal to every text that it is compared with and to none, every other part both ways. More than [`MAX_CASES`]
//! combinations are not tried, and nothing is claimed.

use super::{Shape, span};
use std::collections::BTreeMap;

/// Most combinations that are tried (our choice: below a millisecond).
const MAX_CASES: usize = 4_096;

/// What can be said of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// True whatever is measured.
    Always,
    /// False whatever is measured.
    Never,
    /// Both can happen, or it is too long to tell.
    Varies,
}

/// What is known of a name before anything is measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// A number from the first to the second, both included.
    Range(f64, f64),
    /// One of these texts.
    OneOf(Vec<String>),
}

/// What is known of names: by dotted path.
pub type Facts<'a> = &'a dyn Fn(&str) -> Option<Known>;

/// What becomes of the condition.
pub fn outcome(shape: &Shape, facts: Facts<'_>) -> Outcome {
    match cases(&[shape], facts) {
        Some((true, false)) => Outcome::Always,
        Some((false, true)) => Outcome::Never,
        _ => Outcome::Varies,
    }
}

/// Whether all of them can be true at one time; `true` where that cannot be told.
pub fn compatible(shapes: &[&Shape], facts: Facts<'_>) -> bool {
    cases(shapes, facts).is_none_or(|(some_true, _)| some_true)
}

/// The smallest part of a condition that is always the same, and which way.
pub fn stuck<'s>(shape: &'s Shape, facts: Facts<'_>) -> Option<(&'s Shape, Outcome)> {
    if let Shape::Call(name, parts) = shape
        && ["_&&_", "_||_", "!_"].contains(&name.as_str())
        && let Some(found) = parts.iter().find_map(|p| stuck(p, facts))
    {
        return Some(found);
    }
    match outcome(shape, facts) {
        Outcome::Varies => None,
        found => Some((shape, found)),
    }
}

/// A value that a name takes in one combination.
#[derive(Debug, Clone, PartialEq)]
enum Guess {
    Number(f64),
    /// One of the texts that it is compared with; `None` is any other.
    Text(Option<String>),
    Bool(bool),
}

/// Whether the conjunction is true in some combination, and whether it is false in some.
fn cases(shapes: &[&Shape], facts: Facts<'_>) -> Option<(bool, bool)> {
    let plain: Vec<Shape> = shapes.iter().map(|s| s.replaced(&spelt_out)).collect();
    let shapes = &plain;
    let mut compared: BTreeMap<String, Vec<Guess>> = BTreeMap::new();
    let mut sums = BTreeMap::new();
    for shape in shapes {
        gather(shape, &mut compared);
        gather_sums(shape, &mut sums);
    }
    let mut count = 1_usize;
    let mut choices = vec![];
    for (name, against) in compared {
        // A size is a count: it is never below 0.
        let size = name.starts_with("Call(\"size\"");
        let known = size.then_some(Known::Range(0.0, f64::INFINITY));
        let known = known.or_else(|| facts(&name));
        let known = known.or_else(|| span::of(sums.get(&name)?, facts));
        let guesses = guesses(&against, known);
        count = count.checked_mul(guesses.len())?;
        if count > MAX_CASES {
            return None;
        }
        choices.push((name, guesses));
    }
    let (mut some_true, mut some_false) = (false, false);
    for case in 0..count {
        let mut left = case;
        let mut world = BTreeMap::new();
        for (name, guesses) in &choices {
            let guess = guesses.get(left % guesses.len().max(1))?;
            left /= guesses.len().max(1);
            world.insert(name.as_str(), guess);
        }
        let all = shapes.iter().all(|s| holds(s, &world));
        some_true |= all;
        some_false |= !all;
    }
    Some((some_true, some_false))
}

/// One value in each region that the comparisons make.
fn guesses(against: &[Guess], known: Option<Known>) -> Vec<Guess> {
    if against.iter().any(|g| matches!(g, Guess::Bool(_))) {
        return vec![Guess::Bool(true), Guess::Bool(false)];
    }
    let mut numbers: Vec<f64> = against.iter().filter_map(number).collect();
    if !numbers.is_empty() {
        let (low, high) = match known {
            Some(Known::Range(low, high)) => (low, high),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        numbers.extend([low, high].iter().filter(|n| n.is_finite()));
        numbers.sort_by(f64::total_cmp);
        let between = numbers.windows(2).map(|w| w.iter().sum::<f64>() / 2.0);
        let ends = [numbers.first(), numbers.last()];
        let ends = ends.iter().flatten().zip([-1.0, 1.0]);
        let ends: Vec<f64> = ends.map(|(n, step)| *n + step).collect();
        let all = numbers.iter().copied().chain(between).chain(ends);
        let all = all.filter(|n| (low..=high).contains(n));
        return all.map(Guess::Number).collect();
    }
    let texts: Vec<Guess> = match known {
        Some(Known::OneOf(texts)) => texts.into_iter().map(|t| Guess::Text(Some(t))).collect(),
        _ => against.iter().cloned().chain([Guess::Text(None)]).collect(),
    };
    texts
}

const fn number(guess: &Guess) -> Option<f64> {
    match guess {
        Guess::Number(n) => Some(*n),
        _ => None,
    }
}

/// `x in ['a', 'b']` as comparisons, and tests of a text that every text passes.
fn spelt_out(shape: &Shape) -> Option<Shape> {
    let Shape::Call(name, parts) = shape else {
        return None;
    };
    match (name.as_str(), parts.as_slice()) {
        ("@in", [one, Shape::Call(list, items)]) if list == "[]" => {
            let equal =
                |item: &Shape| Shape::Call("_==_".to_owned(), vec![one.clone(), item.clone()]);
            let each = items.iter().map(equal);
            let either = |a, b| Shape::Call("_||_".to_owned(), vec![a, b]);
            Some(each.reduce(either).unwrap_or(Shape::Bool(false)))
        }
        ("contains" | "startsWith" | "endsWith", [_, Shape::Text(part)]) if part.is_empty() => {
            Some(Shape::Bool(true))
        }
        ("matches", [_, Shape::Text(pattern)])
            if ["", ".*", "^.*$"].contains(&pattern.as_str()) =>
        {
            Some(Shape::Bool(true))
        }
        _ => None,
    }
}

/// What each name, or part that is not looked into, is compared with.
fn gather(shape: &Shape, into: &mut BTreeMap<String, Vec<Guess>>) {
    if let Some(parts) = logical(shape) {
        for part in parts {
            gather(part, into);
        }
    } else if let Some((name, _, guess)) = comparison(shape) {
        into.entry(name).or_default().push(guess);
    } else if !matches!(shape, Shape::Bool(_)) && literals(shape).is_none() && !same_sides(shape) {
        into.entry(shape.key()).or_default().push(Guess::Bool(true));
    }
}

/// What is computed and then compared, by the name under which it is compared.
fn gather_sums(shape: &Shape, into: &mut BTreeMap<String, Shape>) {
    let Shape::Call(_, parts) = shape else { return };
    if logical(shape).is_none() && comparison(shape).is_none() {
        return;
    }
    for part in parts {
        if matches!(part, Shape::Call(..)) {
            into.insert(part.key(), part.clone());
            gather_sums(part, into);
        }
    }
}

fn logical(shape: &Shape) -> Option<&[Shape]> {
    match shape {
        Shape::Call(name, parts) if LOGICAL.contains(&name.as_str()) => Some(parts),
        _ => None,
    }
}

/// How conditions are joined; a choice that stands where a condition is wanted chooses between conditions.
const LOGICAL: [&str; 4] = ["_&&_", "_||_", "!_", "_?_:_"];

const ORDER: [(&str, &str); 6] = [
    ("_<_", "_>_"),
    ("_<=_", "_>=_"),
    ("_>_", "_<_"),
    ("_>=_", "_<=_"),
    ("_==_", "_==_"),
    ("_!=_", "_!=_"),
];

/// A name, how it is compared, and with which literal; the literal may stand on either side.
fn comparison(shape: &Shape) -> Option<(String, &'static str, Guess)> {
    let Shape::Call(name, parts) = shape else {
        return None;
    };
    let (as_is, turned) = ORDER.iter().find(|(op, _)| op == name)?;
    let literal = |s: &Shape| match s {
        Shape::Number(n) => Some(Guess::Number(*n)),
        Shape::Text(t) => Some(Guess::Text(Some(t.clone()))),
        _ => None,
    };
    // A computed number is a name too: `size(x) > 1 && size(x) < 1` is told like `x > 1 && x < 1`.
    let named = |s: &Shape| match s {
        Shape::Path(path) => Some(path.clone()),
        Shape::Call(..) => Some(s.key()),
        _ => None,
    };
    let [left, right] = parts.as_slice() else {
        return None;
    };
    match (named(left), literal(right)) {
        (Some(name), Some(guess)) => Some((name, as_is, guess)),
        _ => Some((named(right)?, turned, literal(left)?)),
    }
}

/// Both sides of a comparison are written down.
fn literals(shape: &Shape) -> Option<bool> {
    let Shape::Call(name, parts) = shape else {
        return None;
    };
    match parts.as_slice() {
        [Shape::Number(a), Shape::Number(b)] => compared(name, a.partial_cmp(b)?),
        [Shape::Text(a), Shape::Text(b)] => compared(name, a.cmp(b)),
        _ => None,
    }
}

fn same_sides(shape: &Shape) -> bool {
    match shape {
        Shape::Call(name, parts) => {
            let known = ORDER.iter().any(|(op, _)| op == name);
            known && matches!(parts.as_slice(), [a, b] if a == b)
        }
        _ => false,
    }
}

fn compared(operator: &str, order: std::cmp::Ordering) -> Option<bool> {
    Some(match operator {
        "_<_" => order.is_lt(),
        "_<=_" => order.is_le(),
        "_>_" => order.is_gt(),
        "_>=_" => order.is_ge(),
        "_==_" => order.is_eq(),
        "_!=_" => order.is_ne(),
        _ => return None,
    })
}

fn holds(shape: &Shape, world: &BTreeMap<&str, &Guess>) -> bool {
    match shape {
        Shape::Bool(b) => *b,
        Shape::Call(name, parts) if name == "_&&_" => parts.iter().all(|p| holds(p, world)),
        Shape::Call(name, parts) if name == "_||_" => parts.iter().any(|p| holds(p, world)),
        Shape::Call(name, parts) if name == "_?_:_" => match parts.as_slice() {
            [chosen, a, _] if holds(chosen, world) => holds(a, world),
            [_, _, b] => holds(b, world),
            _ => false,
        },
        Shape::Call(name, parts) if name == "!_" => !parts.iter().any(|p| holds(p, world)),
        other => atom(other, world),
    }
}

fn atom(shape: &Shape, world: &BTreeMap<&str, &Guess>) -> bool {
    if let Some(told) = literals(shape) {
        return told;
    }
    if same_sides(shape) {
        let Shape::Call(name, _) = shape else {
            return false;
        };
        return compared(name, std::cmp::Ordering::Equal).unwrap_or(false);
    }
    if let Some((name, operator, with)) = comparison(shape) {
        let order = match (world.get(name.as_str()), with) {
            (Some(Guess::Number(a)), Guess::Number(b)) => a.partial_cmp(&b),
            (Some(Guess::Text(a)), Guess::Text(b)) => Some(a.cmp(&b)),
            _ => None,
        };
        return order.and_then(|o| compared(operator, o)).unwrap_or(false);
    }
    matches!(world.get(shape.key().as_str()), Some(Guess::Bool(true)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Expr;

    fn told(text: &str) -> Outcome {
        let ratio = |name: &str| {
            name.ends_with("utilization")
                .then_some(Known::Range(0.0, 1.0))
        };
        outcome(&Expr::compile(text).unwrap().shape(), &ratio)
    }

    #[test]
    fn a_condition_that_cannot_change_is_seen() {
        for always in [
            "true",
            "a || true",
            "a > 1 || a <= 1",
            "a || !a",
            "a == a",
            "'x' == 'x'",
            "utilization >= 0",
            "size(a) > 1 || size(a) < 2 || b != 3 || b == 3",
            "a ? true : true",
            "a.startsWith('')",
            "a.matches('.*') || b",
            "utilization * 100 >= 0",
            "utilization - 1 <= 0",
        ] {
            assert_eq!(told(always), Outcome::Always, "{always}");
        }
        for never in [
            "a > 1 && a < 0",
            "a == 'x' && a == 'y'",
            "a && !a",
            "utilization > 1",
            "80 < utilization",
            "has(a.b) && false",
            "1 > 2",
            "size(a) < 0",
            "a in []",
            "utilization * 100 > 120",
            "1 - utilization < 0",
            "a in ['x', 'y'] && a == 'z'",
            "a ? utilization > 1 : false",
        ] {
            assert_eq!(told(never), Outcome::Never, "{never}");
        }
    }

    #[test]
    fn a_condition_that_can_change_is_left_alone() {
        for varies in [
            "a",
            "a > 0 && a < 1",
            "a > b",
            "a == 'x' || a == 'y'",
            "!has(a.b) || a.b < 1",
            "utilization > 0.8",
            "a.exists(x, x > 1)",
            "a in ['x', 'y']",
            "a ? b : c",
            "a ? true : false",
            "a.startsWith('x')",
            "utilization * 100 > 80",
            "utilization * a > 120",
            "utilization - other.utilization > 0",
        ] {
            assert_eq!(told(varies), Outcome::Varies, "{varies}");
        }
    }

    #[test]
    fn the_part_that_is_stuck_is_named() {
        let expr = Expr::compile("b || (a > 1 && a < 0)").unwrap();
        let shape = expr.shape();
        let (part, how) = stuck(&shape, &|_| None).unwrap();
        assert_eq!(how, Outcome::Never);
        assert!(matches!(part, Shape::Call(name, _) if name == "_&&_"));
    }
}
