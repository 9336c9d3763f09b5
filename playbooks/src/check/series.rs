//! Does each step, condition and check say something that no other one says?
//!
//! In: the file and the playbook made from it. Out: problems. Of steps only neighbours are compared: with something done
//! in between, as in lock, reset, unlock, doing and taking back is the point.

use crate::compile::Compiler;
use crate::playbook::{Operand, Playbook, Step, Target};
use crate::problem::{Code, Place};
use crate::schema::File;
use zizhi_types::Verb;

/// What to do about a twin.
const TWICE: &str = "remove one of the two, or write what was meant";

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    steps(to, read, playbook);
    conditions(to, read, playbook);
    checks(to, read, playbook);
}

/// A condition that stands there twice was meant to be another one.
fn conditions(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let shapes: Vec<_> = playbook.when.iter().map(|c| c.check.shape()).collect();
    for (i, (shape, written)) in shapes.iter().zip(&read.spec.when).enumerate() {
        let place = Place::from(written.check.referenced);
        if shapes.iter().take(i).any(|s| s == shape) && !to.told(place.line) {
            let message = format!("`{}` stands here twice", written.check.value);
            to.report(place, Code::DuplicateKey, message, TWICE);
        }
    }
}

fn checks(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let all = &playbook.checks;
    let written = read.spec.verify.iter().flat_map(|v| &v.checks);
    for (i, (check, written)) in all.iter().zip(written).enumerate() {
        let place = Place::from(written.metric.referenced);
        if all.iter().take(i).any(|c| c == check) && !to.told(place.line) {
            let message = format!(
                "the same check of {} stands here twice",
                check.metric.as_str()
            );
            to.report(place, Code::DuplicateKey, message, TWICE);
        }
    }
}

fn steps(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let steps = playbook.steps.iter().zip(&read.spec.steps);
    let next = playbook.steps.iter().zip(&read.spec.steps).skip(1);
    for ((first, _), (second, written)) in steps.zip(next) {
        if !same(&first.on, &second.on) || first.when != second.when {
            continue;
        }
        let message = if first.verb == second.verb && first.with == second.with {
            format!(
                "{} was just done to the same object with the same values",
                second.verb
            )
        } else if opposite(first, second) {
            format!("{} takes back what the step before did", second.verb)
        } else {
            continue;
        };
        let fix = "remove one of the two steps, or do what they are for in between";
        to.report(written.run.referenced.into(), Code::IdleSteps, message, fix);
    }
}

fn same(first: &Target, second: &Target) -> bool {
    match (first, second) {
        (Target::Fixed(a), Target::Fixed(b)) => a == b,
        (Target::Computed(a), Target::Computed(b)) => a.shape() == b.shape(),
        _ => false,
    }
}

fn opposite(first: &Step, second: &Step) -> bool {
    let pairs = [
        (Verb::CellLock, Verb::CellUnlock),
        (Verb::SiteScaleOut, Verb::SiteScaleIn),
    ];
    let both = (first.verb, second.verb);
    let before = |with: &[(String, Operand)]| match with {
        [(_, Operand::Computed(expr))] => expr.text() == "suspect.cost",
        _ => false,
    };
    if both == (Verb::LinkSetCost, Verb::LinkSetCost) {
        return before(&second.with);
    }
    pairs
        .iter()
        .any(|(a, b)| both == (*a, *b) || both == (*b, *a))
}
