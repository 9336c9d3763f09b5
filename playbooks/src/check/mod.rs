//! Is the playbook, taken as a whole, safe to have?
//!
//! In: the file and the playbook made from it. Out: problems. What a single field may be is checked in
//! [`crate::compile`]; here are the rules that look at several fields at once.

mod fights;
mod limits;
mod meaning;
mod own_tests;
mod policy;
mod secrets;
mod series;
mod times;

pub(crate) use fights::fights;

use crate::compile::Compiler;
use crate::playbook::{CheckTemplate, Operand, Playbook, Target, Undo};
use crate::problem::{Code, Place};
use crate::rehearsal;
use crate::schema::File;
use std::collections::BTreeSet;

/// Applies every rule.
pub(crate) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    steps_exist_once(to, read);
    verbs_belong(to, read, playbook);
    errors_end_somewhere(to, read, playbook);
    undo_or_reason(to, read, playbook);
    undo_differs(to, read, playbook);
    conditions_look_at_something(to, read, playbook);
    meaning::check(to, read, playbook);
    limits::check(to, read, playbook);
    policy::check(to, read, playbook);
    secrets::check(to, read, playbook);
    times::check(to, read, playbook);
    rehearsal::check(to, read, playbook);
    series::check(to, read, playbook);
    own_tests::check(to, read, playbook);
    // What is refused elsewhere often leaves its parameter unused: one message is enough.
    if !to.has_errors() {
        params_are_used(to, read, playbook);
        id_tells_the_domain(to, read, playbook);
    }
}

/// An id that begins with another domain's name sends people to the wrong place.
fn id_tells_the_domain(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let first = playbook.id.split('.').next().unwrap_or_default();
    let named: Option<zizhi_types::Domain> = first.parse().ok();
    if let Some(other) = named.filter(|d| *d != playbook.domain) {
        let message = format!(
            "the id begins with {other}, and the playbook belongs to {}",
            playbook.domain
        );
        let fix = format!("begin it with {}", playbook.domain);
        to.report(
            read.metadata.id.referenced.into(),
            Code::BadId,
            message,
            fix,
        );
    }
}

fn steps_exist_once(to: &mut Compiler<'_>, read: &File) {
    if read.spec.steps.is_empty() {
        let place = Place::from(read.metadata.id.referenced);
        to.report(
            place,
            Code::NoSteps,
            "the playbook has no step",
            "write at least one step",
        );
    }
    let mut seen = BTreeSet::new();
    for step in &read.spec.steps {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let id = &step.id.value;
        let ends = id.starts_with('-') || id.ends_with('-');
        if id.is_empty() || id.len() > 80 || ends || !id.chars().all(fits) {
            let message = format!("`{id}` is no step id");
            to.report(
                step.id.referenced.into(),
                Code::BadId,
                message,
                "use 1 to 80 small letters, digits and -, and begin with a letter or digit",
            );
        }
        if !seen.insert(id) {
            let message = format!("two steps are called `{id}`");
            to.report(
                step.id.referenced.into(),
                Code::DuplicateStep,
                message,
                "give each step its own id",
            );
        }
    }
}

/// Passing over the only step would leave nothing to verify.
fn errors_end_somewhere(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let all_pass_over = playbook.steps.iter().all(|s| s.continue_on_error);
    if let Some(first) = read.spec.steps.first()
        && all_pass_over
        && let Some(written) = &first.on_error
    {
        let message = "every step is passed over when it fails: the run would verify nothing";
        let fix = "leave onError: stop on the step that cures";
        to.report(written.referenced.into(), Code::BadUndo, message, fix);
    }
}

fn verbs_belong(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (step, written) in playbook.steps.iter().zip(&read.spec.steps) {
        let owner = step.verb.domain();
        if owner != playbook.domain {
            let message = format!(
                "{} belongs to {owner}, not to {}",
                step.verb, playbook.domain
            );
            let fix = format!(
                "write domain: {owner}, or use an action of {}",
                playbook.domain
            );
            to.report(
                written.run.referenced.into(),
                Code::ForeignVerb,
                message,
                fix,
            );
        }
    }
}

fn undo_or_reason(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let fixed: Vec<_> = playbook
        .steps
        .iter()
        .zip(&read.spec.steps)
        .filter(|(step, _)| !step.can_undo())
        .collect();
    for (step, written) in &fixed {
        let place = Place::from(written.run.referenced);
        if playbook.irreversible.is_none() {
            let message = format!("{} cannot be undone", step.verb);
            let fix = "say why that is acceptable: irreversible: {en: ..., zh: ...}";
            to.report(place, Code::NoUndo, message, fix);
        }
        if playbook.temporary {
            let message = format!(
                "{} cannot be taken back when the suspect is healthy",
                step.verb
            );
            to.report(
                place,
                Code::TemporaryForever,
                message,
                "remove temporary: true",
            );
        }
    }
    if let Some(reason) = &read.spec.irreversible
        && fixed.is_empty()
    {
        let message = "every step can be undone, but the playbook says irreversible";
        to.report(
            reason.en.referenced.into(),
            Code::NeedlessIrreversible,
            message,
            "remove irreversible",
        );
    }
}

/// An undo that does what the step did takes nothing back.
fn undo_differs(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (step, written) in playbook.steps.iter().zip(&read.spec.steps) {
        if let (Undo::Action(verb, with), Some(undo)) = (&step.undo, &written.undo)
            && *verb == step.verb
            && *with == step.with
            && !with.is_empty()
        {
            let message = format!("the undo does what the step does: {verb} with the same values");
            let fix = "give the undo what was there before, for example cost: \"${{ suspect.cost }}\", or remove undo";
            to.report(undo.referenced.into(), Code::BadUndo, message, fix);
        }
    }
}

fn conditions_look_at_something(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (condition, written) in playbook.when.iter().zip(&read.spec.when) {
        if condition.check.names().paths.is_empty() {
            let message = format!(
                "`{}` looks at nothing and is always the same",
                condition.check.text()
            );
            let fix = "compare something of suspect, state, params or probability, or remove it";
            to.report(
                written.check.referenced.into(),
                Code::ConstantCondition,
                message,
                fix,
            );
        }
    }
    if playbook.when.is_empty() {
        let place = Place::from(read.metadata.id.referenced);
        let fix = "write when: with what must be true of the suspect";
        to.report(
            place,
            Code::NoCondition,
            "the playbook has no condition",
            fix,
        );
    }
}

fn params_are_used(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let used = used_paths(playbook);
    for (name, written) in &read.spec.params {
        let path = format!("params.{name}");
        if !used.contains(path.as_str()) && !used.contains("params") {
            let message = format!("parameter `{name}` is never used");
            let fix = format!("use ${{{{ {path} }}}}, or remove it");
            to.report(written.referenced.into(), Code::UnusedParam, message, fix);
        }
    }
}

fn used_paths(playbook: &Playbook) -> BTreeSet<&str> {
    let targets = playbook.steps.iter().map(|s| &s.on);
    let targets = targets.chain(playbook.checks.iter().map(|c| &c.on));
    let operands = playbook.steps.iter().flat_map(|s| &s.with).map(|w| &w.1);
    let undos = playbook.steps.iter().flat_map(|s| match &s.undo {
        Undo::Action(_, with) => with.as_slice(),
        Undo::Auto | Undo::None => &[],
    });
    let operands = operands.chain(undos.map(|w| &w.1));
    let operands = operands.chain(playbook.checks.iter().filter_map(CheckTemplate::operand));
    let of_targets = targets.filter_map(|t| match t {
        Target::Computed(expr) => Some(expr),
        Target::Fixed(_) => None,
    });
    let of_operands = operands.filter_map(|o| match o {
        Operand::Computed(expr) => Some(expr),
        Operand::Literal(_) => None,
    });
    let conditions = playbook.when.iter().map(|c| &c.check);
    let conditions = conditions.chain(playbook.steps.iter().filter_map(|s| s.when.as_ref()));
    let conditions = conditions.chain(playbook.checks.iter().flat_map(CheckTemplate::conditions));
    of_targets
        .chain(of_operands)
        .chain(conditions)
        .flat_map(|expr| expr.names().paths.iter().map(String::as_str))
        .collect()
}
