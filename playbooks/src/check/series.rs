//! Does each step do something that the one before did not, and that the next leaves in place?
//!
//! In: the file and the playbook made from it. Out: problems. Only neighbours are compared: with something done in
//! between, as in lock, reset, unlock, doing and taking back is the point.

use crate::compile::Compiler;
use crate::playbook::{Operand, Playbook, Step, Target};
use crate::problem::Code;
use crate::schema::File;
use zizhi_types::Verb;

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
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
