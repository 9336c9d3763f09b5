//! Do the numbers have the right unit, and can the conditions be both true and false?
//!
//! In: the file and the playbook made from it. Out: problems. The reasoning is in [`crate::expr::units`] and
//! [`crate::expr::logic`]; here is what they are asked, and where an answer is shown.

use crate::compile::Compiler;
use crate::expr::logic::{self, Known, Outcome};
use crate::expr::units::{self, Unit};
use crate::expr::{Expr, Shape};
use crate::limits::VALUE;
use crate::planning;
use crate::playbook::{Operand, Playbook, Target};
use crate::problem::{Code, Place};
use crate::schema::File;
use zizhi_types::action::Value;

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (shape, place) in shapes(read, playbook) {
        let of = |path: &str| unit_of(path, playbook);
        let each = with_defaults(&shape, playbook);
        if let Some((message, fix)) = each.iter().find_map(|s| units::mismatch(s, &of)) {
            to.report(place, Code::UnitMismatch, message, fix);
        }
    }
    nothing_is_divided_by_zero(to, read, playbook);
    sorts_are_equal(to, read, playbook);
    nothing_measured_is_met_exactly(to, read, playbook);
    params_fit_their_unit(to, read, playbook);
    steps_get_their_unit(to, read, playbook);
    limits_are_in_the_metrics_unit(to, read, playbook);
    conditions_can_change(to, read, playbook);
    step_conditions_can_change(to, read, playbook);
}

/// A quotient without a value: a comparison with it says nothing about the network.
fn nothing_is_divided_by_zero(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let all = shapes(read, playbook);
    for (shape, place) in all {
        let each = with_numbers(&shape, playbook, &|_| true);
        if each.iter().any(divides_by_zero) && !to.told(place.line) {
            let message = format!("`{}` divides by 0", shape.say());
            let fix = "divide by a number that is not 0, or remove the division";
            to.report(place, Code::ExpressionFails, message, fix);
        }
    }
}

fn divides_by_zero(shape: &Shape) -> bool {
    let Shape::Call(name, parts) = shape else {
        return false;
    };
    let by = match parts.as_slice() {
        [_, by] if ["_/_", "_%_"].contains(&name.as_str()) => number(by),
        _ => None,
    };
    by.is_some_and(|n| n.abs() < f64::MIN_POSITIVE) || parts.iter().any(divides_by_zero)
}

/// A measured value is hardly ever just 0.05: the condition would hold once by accident, and never again.
fn nothing_measured_is_met_exactly(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (shape, place) in shapes(read, playbook) {
        if let Some(path) = exact(&shape)
            && !to.told(place.line)
        {
            let message = format!("`{path}` is measured, so it is hardly ever exactly that");
            let fix = "compare with >= or <=, or with both ends of a range";
            to.report(place, Code::ConstantCondition, message, fix);
        }
    }
}

fn exact(shape: &Shape) -> Option<&str> {
    let Shape::Call(name, parts) = shape else {
        return None;
    };
    if let (
        "_==_" | "_!=_",
        [Shape::Path(path), Shape::Number(n)] | [Shape::Number(n), Shape::Path(path)],
    ) = (name.as_str(), parts.as_slice())
        && n.fract() != 0.0
        && !path.starts_with("params.")
    {
        return Some(path);
    }
    parts.iter().find_map(exact)
}

/// The number that a part is whatever is measured.
fn number(shape: &Shape) -> Option<f64> {
    let Shape::Call(name, parts) = shape else {
        return match shape {
            Shape::Number(n) => Some(*n),
            _ => None,
        };
    };
    let parts: Option<Vec<f64>> = parts.iter().map(number).collect();
    match (name.as_str(), parts?.as_slice()) {
        ("_+_", [a, b]) => Some(a + b),
        ("_-_", [a, b]) => Some(a - b),
        ("_*_", [a, b]) => Some(a * b),
        ("-_", [a]) => Some(-a),
        ("double" | "int", [a]) => Some(*a),
        _ => None,
    }
}

/// Values of two sorts are never equal, and nothing complains when they are compared.
fn sorts_are_equal(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (shape, place) in shapes(read, playbook) {
        if let Some((left, right)) = unequal(&shape, to)
            && !to.told(place.line)
        {
            let message = format!("{left} is compared with {right}: they are never equal");
            let fix = "compare with a value of the same sort; true and false stand without quotes";
            to.report(place, Code::ExpressionFails, message, fix);
        }
    }
}

fn unequal(shape: &Shape, to: &Compiler<'_>) -> Option<(&'static str, &'static str)> {
    let Shape::Call(name, parts) = shape else {
        return None;
    };
    if let Some(found) = parts.iter().find_map(|p| unequal(p, to)) {
        return Some(found);
    }
    let sort = |part: &Shape| match part {
        Shape::Path(path) => to.sort_of(path),
        Shape::Number(_) => Some("a number"),
        Shape::Text(_) => Some("a text"),
        Shape::Bool(_) => Some("true or false"),
        _ => None,
    };
    let [a, b] = parts.as_slice() else {
        return None;
    };
    let (left, right) = (sort(a)?, sort(b)?);
    (["_==_", "_!=_"].contains(&name.as_str()) && left != right).then_some((left, right))
}

/// Every expression with its place.
fn shapes(read: &File, playbook: &Playbook) -> Vec<(Shape, Place)> {
    let mut out = vec![];
    let mut add = |expr: Option<&Expr>, at: Place| out.extend(expr.map(|e| (e.shape(), at)));
    for param in &playbook.params {
        let from = read.spec.params.get(&param.name);
        let from = from.and_then(|p| p.value.from.as_ref());
        let place = from.map(|f| f.referenced.into()).unwrap_or_default();
        add(computed(&param.value), place);
    }
    for (condition, written) in playbook.when.iter().zip(&read.spec.when) {
        add(Some(&condition.check), written.check.referenced.into());
    }
    for (step, written) in playbook.steps.iter().zip(&read.spec.steps) {
        add(targeted(&step.on), written.on.referenced.into());
        if let Some(when) = &written.when {
            add(step.when.as_ref(), when.referenced.into());
        }
        for (key, operand) in &step.with {
            let place = written.with.get(key).map(|w| w.referenced.into());
            add(computed(operand), place.unwrap_or_default());
        }
    }
    out
}

const fn computed(operand: &Operand) -> Option<&Expr> {
    match operand {
        Operand::Computed(expr) => Some(expr),
        Operand::Literal(_) => None,
    }
}

const fn targeted(target: &Target) -> Option<&Expr> {
    match target {
        Target::Computed(expr) => Some(expr),
        Target::Fixed(_) => None,
    }
}

/// Parameters of unknown unit stand for the number that they are, so that `most: 80` is seen beside a ratio.
fn with_defaults(shape: &Shape, playbook: &Playbook) -> Vec<Shape> {
    with_numbers(shape, playbook, &|path| unit_of(path, playbook).is_none())
}

/// The same with the numbers that parameters are written down as, once for each combination of choices.
fn with_numbers(shape: &Shape, playbook: &Playbook, which: &dyn Fn(&str) -> bool) -> Vec<Shape> {
    let of = |variant: &planning::Variant<'_>| {
        let written = |part: &Shape| {
            let Shape::Path(path) = part else { return None };
            let param = playbook.params.iter().find(|p| is_param(path, &p.name))?;
            let value = match (variant.get(param.name.as_str()), &param.value) {
                (Some(chosen), _) => chosen,
                (None, Operand::Literal(value)) => value,
                (None, Operand::Computed(_)) => return None,
            };
            match value {
                Value::Number(n) if which(path) => Some(Shape::Number(*n)),
                _ => None,
            }
        };
        shape.replaced(&written)
    };
    planning::variants(&playbook.params)
        .iter()
        .map(of)
        .collect()
}

fn is_param(path: &str, name: &str) -> bool {
    path.strip_prefix("params.") == Some(name)
}

fn unit_of(path: &str, playbook: &Playbook) -> Option<Unit> {
    let param = playbook.params.iter().find(|p| is_param(path, &p.name));
    match param {
        Some(param) => param.unit,
        None => units::of_path(path),
    }
}

fn params_fit_their_unit(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for param in &playbook.params {
        let Some(written) = read.spec.params.get(&param.name) else {
            continue;
        };
        let Some(unit) = param.unit else { continue };
        let numbers = param
            .literals()
            .chain(param.min)
            .chain(param.max.filter(|m| m.is_finite()));
        let wrong = numbers.into_iter().find_map(|n| unit.refuses(n));
        if let Some((message, fix)) = wrong {
            let place = Place::from(written.referenced);
            let message = format!("parameter `{}`: {message}", param.name);
            to.report(place, Code::UnitMismatch, message, fix);
        }
        let from = computed(&param.value)
            .and_then(|e| units::unit(&e.shape(), &units::of_path).filter(|found| *found != unit));
        if let Some(found) = from {
            let place = written.value.from.as_ref().map(|f| f.referenced.into());
            let (unit, found) = (unit.as_str(), found.as_str());
            let message = format!("parameter `{}` is in {unit}, but gets {found}", param.name);
            let fix = "convert the value, or name the parameter after its unit";
            to.report(place.unwrap_or_default(), Code::UnitMismatch, message, fix);
        }
    }
}

fn steps_get_their_unit(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (step, written) in playbook.steps.iter().zip(&read.spec.steps) {
        for (key, operand) in &step.with {
            let unit = match key.as_str() {
                "cost" => Some(Unit::Count),
                other => Unit::of_name(other),
            };
            let place = written.with.get(key).map(|w| w.referenced.into());
            if let Some(unit) = unit {
                fits(to, playbook, operand, unit, place.unwrap_or_default());
            }
        }
    }
}

fn limits_are_in_the_metrics_unit(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let Some(verify) = &read.spec.verify else {
        return;
    };
    for (check, written) in playbook.checks.iter().zip(&verify.checks) {
        let sides = [&written.at_most, &written.at_least, &written.equals];
        let place = sides
            .iter()
            .find_map(|s| Some(s.as_ref()?.referenced.into()));
        let unit = Unit::of_metric(check.metric);
        if let Some(limit) = check.operand() {
            fits(to, playbook, limit, unit, place.unwrap_or_default());
        }
        let of = |path: &str| match path {
            VALUE => Some(unit),
            other => unit_of(other, playbook),
        };
        let conditions = [&written.pass, &written.fail];
        for (expr, written) in check.conditions().zip(conditions.into_iter().flatten()) {
            if let Some((message, fix)) = units::mismatch(&expr.shape(), &of) {
                to.report(written.referenced.into(), Code::UnitMismatch, message, fix);
            }
        }
    }
}

/// A value that is given where a unit is wanted.
fn fits(to: &mut Compiler<'_>, playbook: &Playbook, operand: &Operand, unit: Unit, at: Place) {
    let of = |path: &str| unit_of(path, playbook);
    let shapes = match operand {
        Operand::Literal(Value::Number(n)) => vec![Shape::Number(*n)],
        Operand::Literal(_) => return,
        Operand::Computed(expr) => with_defaults(&expr.shape(), playbook),
    };
    let wrong = |shape: &Shape| match (shape, units::unit(shape, &of)) {
        (Shape::Number(n), _) => unit.refuses(*n),
        (_, Some(found)) if found != unit => {
            let message = format!(
                "{} is given where {} is wanted",
                found.as_str(),
                unit.as_str()
            );
            Some((message, format!("give a number in {}", unit.as_str())))
        }
        _ => units::mismatch(shape, &of),
    };
    if let Some((message, fix)) = shapes.iter().find_map(wrong) {
        to.report(at, Code::UnitMismatch, message, fix);
    }
}

/// What is known before anything is measured.
fn known(path: &str, playbook: &Playbook) -> Option<Known> {
    match path {
        "probability" => Some(Known::Range(playbook.min_probability, 1.0)),
        "fault" => {
            let faults = playbook.faults.iter().map(|f| f.as_str().to_owned());
            Some(Known::OneOf(faults.collect()))
        }
        "suspect.kind" => {
            let kinds = playbook.faults.iter().map(|f| f.object_kind().as_str());
            Some(Known::OneOf(kinds.map(str::to_owned).collect()))
        }
        "suspect.tier" => {
            let tiers = ["core", "aggregation", "edge"];
            Some(Known::OneOf(tiers.map(str::to_owned).to_vec()))
        }
        _ => {
            let param = playbook.params.iter().find(|p| is_param(path, &p.name));
            if let Some(param) = param {
                return param.known();
            }
            let (low, high) = unit_of(path, playbook)?.range();
            Some(Known::Range(low, high))
        }
    }
}

fn conditions_can_change(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let facts = |path: &str| known(path, playbook);
    let shapes: Vec<Shape> = playbook.when.iter().map(|c| c.check.shape()).collect();
    let mut all_can_change = true;
    for (i, written) in read.spec.when.iter().enumerate() {
        let place = Place::from(written.check.referenced);
        let Some(shape) = shapes.get(i) else { continue };
        let looks = playbook
            .when
            .get(i)
            .is_some_and(|c| !c.check.names().paths.is_empty());
        if !looks || to.told(place.line) {
            all_can_change = false;
            continue;
        }
        if let Some((part, how)) = logic::stuck(shape, &facts) {
            all_can_change = false;
            stuck(to, part, how, place);
        } else if all_can_change && !agree(shapes.get(..=i).unwrap_or_default(), &facts) {
            all_can_change = false;
            let message = "this condition can never hold together with those above it";
            let fix = "correct one of the limits, or remove one of the conditions";
            to.report(place, Code::Contradiction, message, fix);
        }
    }
}

/// A step's condition that is always the same.
fn step_conditions_can_change(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (step, written) in playbook.steps.iter().zip(&read.spec.steps) {
        let (Some(expr), Some(when)) = (&step.when, &written.when) else {
            continue;
        };
        let shape = expr.shape();
        let found = logic::stuck(&shape, &|path| known(path, playbook));
        if let Some((part, how)) = found.filter(|_| !to.told(when.referenced.line())) {
            stuck(to, part, how, when.referenced.into());
        } else if !agree(&conditions_and(playbook, &shape), &|path| {
            known(path, playbook)
        }) && agree(&conditions_and(playbook, &Shape::Bool(true)), &|path| {
            known(path, playbook)
        }) && !to.told(when.referenced.line())
        {
            let message = "this step is never done: its condition excludes those of the playbook";
            let fix = "correct one of the limits, or remove the step";
            to.report(when.referenced.into(), Code::Contradiction, message, fix);
        }
    }
}

/// What must hold for the playbook, and this beside.
fn conditions_and(playbook: &Playbook, shape: &Shape) -> Vec<Shape> {
    let conditions = playbook.when.iter().map(|c| c.check.shape());
    conditions.chain([shape.clone()]).collect()
}

fn agree(shapes: &[Shape], facts: logic::Facts<'_>) -> bool {
    logic::compatible(&shapes.iter().collect::<Vec<_>>(), facts)
}

fn stuck(to: &mut Compiler<'_>, part: &Shape, how: Outcome, place: Place) {
    let (word, fix) = match how {
        Outcome::Never => (
            "never true",
            "correct the limits: nothing can meet this, so the playbook would never run",
        ),
        _ => (
            "always true",
            "remove this part, or compare with what can really vary",
        ),
    };
    let message = format!("`{}` is {word}", part.say());
    to.report(place, Code::ConstantCondition, message, fix);
}
