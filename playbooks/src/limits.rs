//! Which values pass, and which fail?
//!
//! In: the limits of a check as its author wrote them, and the variables of a plan. Out: plain numbers. A condition over
//! `value` becomes [`Range`]s here, once, when the plan is made: what is carried out later compares numbers and evaluates
//! nothing.

use crate::expr::{Expr, Scope, Shape};
use crate::planning::{self, Variant};
use crate::playbook::{CheckTemplate, Good, Operand, Param};
use crate::values;
use serde_json::{Value as Json, json};
use zizhi_types::objective::Comparison;
use zizhi_types::verify::{End, Range};

/// The name under which a condition sees what was measured.
pub(crate) const VALUE: &str = "value";

/// The limits of a check in numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    /// The side that is good; for a condition the one that comes nearest.
    pub comparison: Comparison,
    /// In the metric's unit.
    pub limit: f64,
    /// Good values, where a condition says which.
    pub pass: Vec<Range>,
    /// Values that show a failure.
    pub fail: Vec<Range>,
}

impl CheckTemplate {
    /// The limits with parameters filled in, or a sentence that says why there are none.
    pub(crate) fn limits(&self, scope: &Scope) -> Result<Limits, String> {
        let fail = match &self.fail {
            Some(expr) => ranges(expr, scope)?,
            None => vec![],
        };
        let (comparison, limit, pass) = match &self.pass {
            Good::Side(comparison, operand) => {
                (*comparison, values::number(operand, scope)?, vec![])
            }
            Good::Where(expr) => {
                let pass = ranges(expr, scope)?;
                let (comparison, limit) = nearest(&pass)
                    .ok_or_else(|| format!("`{}` is met by no value, or by all", expr.text()))?;
                (comparison, limit, pass)
            }
        };
        let good = if pass.is_empty() {
            vec![side(comparison, limit)]
        } else {
            pass.clone()
        };
        if good.iter().any(|g| fail.iter().any(|f| meet(*g, *f))) {
            return Err("some values would both pass and fail".to_owned());
        }
        Ok(Limits {
            comparison,
            limit,
            pass,
            fail,
        })
    }

    /// The good values where they depend on nothing but what the scope holds.
    pub(crate) fn good(&self, scope: &Scope) -> Option<Vec<Range>> {
        match &self.pass {
            Good::Side(comparison, operand) => {
                let limit = values::number(operand, scope).ok()?;
                Some(vec![side(*comparison, limit)])
            }
            Good::Where(expr) => ranges(expr, scope).ok(),
        }
    }
}

/// What is known before a plan is made: the parameters that are written down, once for each combination of choices.
pub(crate) fn written_down(params: &[Param]) -> Vec<Scope> {
    let of = |variant: &Variant<'_>| {
        let value = |param: &Param| match (variant.get(param.name.as_str()), &param.value) {
            (Some(value), _) => Some(json!(value)),
            (None, Operand::Literal(value)) => Some(json!(value)),
            (None, Operand::Computed(_)) => None,
        };
        let values = params
            .iter()
            .filter_map(|p| Some((p.name.clone(), value(p)?)));
        Scope::from([("params".to_owned(), Json::Object(values.collect()))])
    };
    planning::variants(params).iter().map(of).collect()
}

/// The values on the good side of a limit.
pub(crate) fn side(comparison: Comparison, limit: f64) -> Range {
    let end = Some(End {
        at: limit,
        included: true,
    });
    Range {
        from: end.filter(|_| comparison != Comparison::AtMost),
        to: end.filter(|_| comparison != Comparison::AtLeast),
    }
}

/// Every value from `low` to `high`.
pub(crate) fn between(low: f64, high: f64) -> Range {
    let end = |at: f64| at.is_finite().then_some(End { at, included: true });
    Range {
        from: end(low),
        to: end(high),
    }
}

/// Whether some number lies in both.
pub(crate) fn meet(a: Range, b: Range) -> bool {
    let below = |from: Option<End>, to: Option<End>| match (from, to) {
        (Some(from), Some(to)) => {
            from.at < to.at || (from.at <= to.at && from.included && to.included)
        }
        _ => true,
    };
    below(a.from, b.to) && below(b.from, a.to)
}

/// Whether every number from `low` to `high` lies in one of the ranges. They are in order and apart.
pub(crate) fn cover(ranges: &[Range], low: f64, high: f64) -> bool {
    let whole = |r: &Range| {
        let from = r
            .from
            .is_none_or(|e| e.at < low || (e.included && e.at <= low));
        let to =
            r.to.is_none_or(|e| e.at > high || (e.included && e.at >= high));
        from && to
    };
    ranges.iter().any(whole)
}

/// The values that meet the condition, in order and apart from each other.
pub(crate) fn ranges(expr: &Expr, scope: &Scope) -> Result<Vec<Range>, String> {
    let shape = expr.shape();
    let mut marks = vec![];
    gather(&shape, scope, &mut marks)?;
    marks.sort_by(f64::total_cmp);
    marks.dedup();
    let mut out: Vec<Range> = vec![];
    let mut open = holds(&shape, scope, below(&marks)).then_some(None);
    for (i, mark) in marks.iter().enumerate() {
        let (at, after) = (
            holds(&shape, scope, *mark),
            holds(&shape, scope, behind(&marks, i)),
        );
        let end = |included| {
            Some(End {
                at: *mark,
                included,
            })
        };
        open = match (open, at, after) {
            (Some(from), true, true) => Some(from),
            (Some(from), included, more) => {
                out.push(Range {
                    from,
                    to: end(included),
                });
                more.then(|| end(false))
            }
            (None, included, true) => Some(end(included)),
            (None, true, false) => {
                out.push(Range {
                    from: end(true),
                    to: end(true),
                });
                None
            }
            (None, false, false) => None,
        };
    }
    out.extend(open.map(|from| Range { from, to: None }));
    Ok(out)
}

fn below(marks: &[f64]) -> f64 {
    marks.first().map_or(0.0, |m| m - m.abs().max(1.0))
}

/// A number between this mark and the next.
fn behind(marks: &[f64], i: usize) -> f64 {
    let here = marks.get(i).copied().unwrap_or_default();
    match marks.get(i + 1) {
        Some(next) => here + (next - here) / 2.0,
        None => here + here.abs().max(1.0),
    }
}

fn nearest(pass: &[Range]) -> Option<(Comparison, f64)> {
    let first = pass.first()?;
    match (first.from, first.to) {
        (Some(from), Some(to)) if from.at >= to.at => Some((Comparison::Equals, from.at)),
        (_, Some(to)) => Some((Comparison::AtMost, to.at)),
        (Some(from), None) => Some((Comparison::AtLeast, from.at)),
        (None, None) => None,
    }
}

const LOGICAL: [&str; 3] = ["_&&_", "_||_", "!_"];
const ORDER: [&str; 6] = ["_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_"];

/// Every number that `value` is compared with.
fn gather(shape: &Shape, scope: &Scope, into: &mut Vec<f64>) -> Result<(), String> {
    match shape {
        Shape::Call(name, parts) if LOGICAL.contains(&name.as_str()) => {
            parts.iter().try_for_each(|p| gather(p, scope, into))
        }
        _ => {
            let (limit, _) = compared(shape, scope)?;
            into.push(limit);
            Ok(())
        }
    }
}

/// The number that `value` is compared with, and whether `value` stands on the left.
fn compared(shape: &Shape, scope: &Scope) -> Result<(f64, bool), String> {
    let refused = || format!("`{}` does not compare `value` with a number", shape.say());
    let Shape::Call(name, parts) = shape else {
        return Err(refused());
    };
    let is_value = |s: &Shape| matches!(s, Shape::Path(path) if path == VALUE);
    let (other, left) = match parts.as_slice() {
        [a, b] if is_value(a) && !is_value(b) => (b, true),
        [a, b] if is_value(b) && !is_value(a) => (a, false),
        _ => return Err(refused()),
    };
    if !ORDER.contains(&name.as_str()) {
        return Err(refused());
    }
    let limit = number(other, scope).ok_or_else(refused)?;
    Ok((limit, left))
}

/// The number that a part stands for; nothing for what is no finite number.
fn number(shape: &Shape, scope: &Scope) -> Option<f64> {
    let found = match shape {
        Shape::Number(n) => *n,
        Shape::Path(path) => at(path, scope)?,
        Shape::Call(name, parts) => {
            let parts: Option<Vec<f64>> = parts.iter().map(|p| number(p, scope)).collect();
            match (name.as_str(), parts?.as_slice()) {
                ("_+_", [a, b]) => a + b,
                ("_-_", [a, b]) => a - b,
                ("_*_", [a, b]) => a * b,
                ("_/_", [a, b]) => a / b,
                ("-_", [a]) => -a,
                ("double", [a]) => *a,
                _ => return None,
            }
        }
        _ => return None,
    };
    found.is_finite().then_some(found)
}

fn at(path: &str, scope: &Scope) -> Option<f64> {
    let mut parts = path.split('.');
    let mut here: &Json = scope.get(parts.next()?)?;
    for part in parts {
        here = here.get(part)?;
    }
    here.as_f64()
}

fn holds(shape: &Shape, scope: &Scope, value: f64) -> bool {
    let Shape::Call(name, parts) = shape else {
        return false;
    };
    match name.as_str() {
        "_&&_" => parts.iter().all(|p| holds(p, scope, value)),
        "_||_" => parts.iter().any(|p| holds(p, scope, value)),
        "!_" => !parts.iter().any(|p| holds(p, scope, value)),
        operator => match compared(shape, scope) {
            Ok((limit, true)) => ordered(operator, value, limit),
            Ok((limit, false)) => ordered(operator, limit, value),
            Err(_) => false,
        },
    }
}

fn ordered(operator: &str, left: f64, right: f64) -> bool {
    let Some(order) = left.partial_cmp(&right) else {
        return false;
    };
    match operator {
        "_<_" => order.is_lt(),
        "_<=_" => order.is_le(),
        "_>_" => order.is_gt(),
        "_>=_" => order.is_ge(),
        "_==_" => order.is_eq(),
        "_!=_" => order.is_ne(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<String, String> {
        let scope = Scope::from([("params".to_owned(), json!({"most": 0.02, "zero": 0.0}))]);
        let found = ranges(&Expr::compile(text).unwrap(), &scope)?;
        let said = found.iter().map(|r| {
            let from = r
                .from
                .map(|e| format!("{}{}", if e.included { "[" } else { "(" }, e.at));
            let to =
                r.to.map(|e| format!("{}{}", e.at, if e.included { "]" } else { ")" }));
            format!(
                "{},{}",
                from.unwrap_or_else(|| "(".to_owned()),
                to.unwrap_or_else(|| ")".to_owned())
            )
        });
        Ok(said.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_condition_becomes_the_values_that_meet_it() {
        for (text, wanted) in [
            ("value < 1", "(,1)"),
            ("1 >= value", "(,1]"),
            ("value > params.most", "(0.02,)"),
            ("value > params.most * 2.0 + 0.01", "(0.05,)"),
            ("value == 3", "[3,3]"),
            ("value != 3", "(,3) (3,)"),
            ("value > 1 && value <= 2", "(1,2]"),
            ("value < 1 || value > 2", "(,1) (2,)"),
            ("!(value < 1) && value < 5", "[1,5)"),
            ("value > 2 && value < 1", ""),
            ("value > 1 || value <= 1", "(,)"),
            ("value >= 1 && value <= 1", "[1,1]"),
        ] {
            assert_eq!(told(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_comparison_of_the_value_is_refused() {
        for text in [
            "true",
            "value",
            "value < value",
            "params.most < 1",
            "value == 'x'",
            "value + 1 < 2",
            "value < 1 / params.zero",
            "value in [1, 2]",
            "value < params.none",
            "value < 1 ? true : false",
        ] {
            assert!(told(text).is_err(), "{text}: {:?}", told(text));
        }
    }
}
