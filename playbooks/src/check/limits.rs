//! Can the limits of a playbook be met, and can they be missed?
//!
//! In: the file and the playbook made from it. Out: problems about the limits of `verify` and of `blastRadius`.

use crate::compile::Compiler;
use crate::expr::Scope;
use crate::expr::units::Unit;
use crate::limits::{between, cover, meet, written_down};
use crate::planning;
use crate::playbook::{BlastRadius, Good, Operand, Playbook, Target};
use crate::problem::{Code, Place};
use crate::schema::{File, Verify};
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use zizhi_types::Metric;
use zizhi_types::action::Value;
use zizhi_types::metric::Nature;
use zizhi_types::objective::Comparison;
use zizhi_types::verify::Range;

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    limits_agree(to, read, playbook);
    limits_can_be_missed(to, read, playbook);
    limits_can_be_hit(to, read, playbook);
    checks_look_at_what_was_done(to, read, playbook);
    steps_fit_the_blast_radius(to, read, playbook);
}

/// A measured quantity is never twice the same to the last digit; only settings and states are.
fn limits_can_be_hit(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let checks = read.spec.verify.iter().flat_map(|v| &v.checks);
    for (check, written) in playbook.checks.iter().zip(checks) {
        let Good::Side(Comparison::Equals, Operand::Literal(Value::Number(limit))) = &check.pass
        else {
            continue;
        };
        let (low, high) = Unit::of_metric(check.metric).range();
        let inside = *limit > low && *limit < high;
        let place = written.equals.as_ref().map(|e| Place::from(e.referenced));
        let place = place.unwrap_or_default();
        if inside && check.metric.nature() == Nature::HighIsBad && !to.told(place.line) {
            let name = check.metric.as_str();
            let message = format!("{name} is measured: it will hardly ever be {limit} exactly");
            let fix = "write atMost: or atLeast:, or a range in pass:";
            to.report(place, Code::BadVerdict, message, fix);
        }
    }
}

/// Every step acts on what is suspected, and the check looks at one and the same object whatever that is.
fn checks_look_at_what_was_done(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let fixed = |target: &Target| matches!(target, Target::Fixed(_));
    if playbook.steps.iter().any(|s| fixed(&s.on)) {
        return;
    }
    let checks = read.spec.verify.iter().flat_map(|v| &v.checks);
    for (check, written) in playbook.checks.iter().zip(checks) {
        if fixed(&check.on) && !to.told(written.on.referenced.line()) {
            let object = &written.on.value;
            let message =
                format!("{object} is looked at whatever is suspected, and no step touches it");
            let fix = "write \"${{ suspect }}\", or what belongs to it, for example \"${{ suspect.ports }}\"";
            to.report(
                written.on.referenced.into(),
                Code::WrongObject,
                message,
                fix,
            );
        }
    }
}

/// A quantity, and which of its values are good, where that is written down.
type GoodOf = (Metric, Option<Vec<Range>>);

/// Two checks of one quantity that cannot both hold.
fn limits_agree(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let Some(verify) = &read.spec.verify else {
        return;
    };
    for scope in written_down(&playbook.params) {
        limits_agree_in(to, verify, playbook, &scope);
    }
}

fn limits_agree_in(to: &mut Compiler<'_>, verify: &Verify, playbook: &Playbook, scope: &Scope) {
    let good = playbook.checks.iter().map(|c| (c.metric, c.good(scope)));
    let on = verify.checks.iter().map(|c| &c.on);
    let all: Vec<(&Spanned<String>, GoodOf)> = on.zip(good).collect();
    for (i, (on, (metric, ranges))) in all.iter().enumerate() {
        let Some(ranges) = ranges else { continue };
        let before = all.get(..i).unwrap_or_default().iter();
        let clash = before
            .filter(|(other, (m, _))| other.value == on.value && m == metric)
            .filter_map(|(_, (_, ranges))| ranges.as_ref())
            .any(|others| apart(ranges, others));
        if clash && !to.told(on.referenced.line()) {
            let message = format!("no value of {} meets both limits", metric.as_str());
            let fix = "correct one of the two checks";
            to.report(on.referenced.into(), Code::Contradiction, message, fix);
        }
    }
}

fn apart(some: &[Range], others: &[Range]) -> bool {
    !some.iter().any(|a| others.iter().any(|b| meet(*a, *b)))
}

/// A check that holds whatever is measured shows nothing.
fn limits_can_be_missed(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let checks = read.spec.verify.iter().flat_map(|v| &v.checks);
    for (check, written) in playbook.checks.iter().zip(checks) {
        if matches!(check.pass, Good::Where(_)) {
            continue;
        }
        let (low, high) = Unit::of_metric(check.metric).range();
        let place = Place::from(written.metric.referenced);
        let scopes = written_down(&playbook.params);
        let good: Vec<Vec<Range>> = scopes.iter().filter_map(|s| check.good(s)).collect();
        let name = check.metric.as_str();
        if good.iter().any(|g| cover(g, low, high)) && !to.told(place.line) {
            let message = format!("{name} goes from {low} to {high}: this check always holds");
            let fix = "write the limit that shows the cure";
            to.report(place, Code::ConstantCondition, message, fix);
        } else if good.iter().any(|g| wrong_way(check.metric, g)) && !to.told(place.line) {
            let message = format!("{name} is bad when it is high: this check asks for much of it");
            let fix = "write atMost: with the most that a healthy network has";
            to.report(place, Code::BadVerdict, message, fix);
        }
    }
}

/// Loss, errors and delay are asked to be high, and none of them is not good enough. Load may be meant to come back.
fn wrong_way(metric: Metric, good: &[Range]) -> bool {
    let harm = [
        Metric::PortDiscard,
        Metric::PortError,
        Metric::PortQueue,
        Metric::PortFlaps,
        Metric::PathRtt,
        Metric::PathLoss,
    ];
    let none = between(0.0, 0.0);
    harm.contains(&metric) && !good.is_empty() && !good.iter().any(|g| meet(*g, none))
}

/// Already on the small sample network the steps touch more than they may.
fn steps_fit_the_blast_radius(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let wide = Playbook {
        blast_radius: BlastRadius {
            max_objects: u32::MAX,
            ..playbook.blast_radius
        },
        ..playbook.clone()
    };
    let touched = playbook.faults.iter().map(|fault| {
        let first = planning::sample_plans(&wide, *fault).into_iter().next();
        let objects = first.into_iter().flatten().map(|a| a.object);
        objects.collect::<BTreeSet<_>>().len()
    });
    let most = touched.max().unwrap_or(0);
    let allowed = playbook.blast_radius.max_objects;
    if let Some(blast) = &read.spec.blast_radius
        && allowed > 0
        && most > allowed as usize
    {
        let message = format!(
            "the steps touch {most} objects already on the sample network, but {allowed} may be"
        );
        let fix = format!("write maxObjects: {most} or more, or act on fewer objects");
        to.report(
            blast.max_objects.referenced.into(),
            Code::Contradiction,
            message,
            fix,
        );
    }
}
