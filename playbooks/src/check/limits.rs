//! Can the limits of a playbook be met, and can they be missed?
//!
//! In: the file and the playbook made from it. Out: problems about the limits of `verify` and of `blastRadius`.

use crate::compile::Compiler;
use crate::expr::units::Unit;
use crate::planning;
use crate::playbook::{BlastRadius, Operand, Playbook};
use crate::problem::{Code, Place};
use crate::schema::File;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use zizhi_types::action::Value;
use zizhi_types::objective::Comparison;

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    limits_agree(to, read, playbook);
    limits_can_be_missed(to, read, playbook);
    steps_fit_the_blast_radius(to, read, playbook);
}

/// Two checks of one quantity that cannot both hold.
fn limits_agree(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let Some(verify) = &read.spec.verify else {
        return;
    };
    let bounds = |limit: &Operand, comparison: Comparison| match (limit, comparison) {
        (Operand::Literal(Value::Number(n)), Comparison::AtMost) => Some((f64::NEG_INFINITY, *n)),
        (Operand::Literal(Value::Number(n)), Comparison::AtLeast) => Some((*n, f64::INFINITY)),
        (Operand::Literal(Value::Number(n)), Comparison::Equals) => Some((*n, *n)),
        _ => None,
    };
    let spanned: Vec<(&Spanned<String>, _)> = verify
        .checks
        .iter()
        .map(|c| &c.on)
        .zip(
            playbook
                .checks
                .iter()
                .map(|c| (c.metric, bounds(&c.limit, c.comparison))),
        )
        .collect();
    for (i, (on, (metric, range))) in spanned.iter().enumerate() {
        let Some((low, high)) = range else { continue };
        let before = spanned.get(..i).unwrap_or_default().iter();
        let clash = before
            .filter(|(other, (m, _))| other.value == on.value && m == metric)
            .filter_map(|(_, (_, range))| *range)
            .any(|(l, h)| low.max(l) > high.min(h));
        if clash {
            let message = format!("no value of {} meets both limits", metric.as_str());
            let fix = "correct one of the two checks";
            to.report(on.referenced.into(), Code::Contradiction, message, fix);
        }
    }
}

/// A check that holds whatever is measured shows nothing.
fn limits_can_be_missed(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let checks = read.spec.verify.iter().flat_map(|v| &v.checks);
    for (check, written) in playbook.checks.iter().zip(checks) {
        let Operand::Literal(Value::Number(limit)) = check.limit else {
            continue;
        };
        let (low, high) = Unit::of_metric(check.metric).range();
        let always = match check.comparison {
            Comparison::AtMost => limit >= high,
            Comparison::AtLeast => limit <= low,
            Comparison::Equals => false,
        };
        let place = Place::from(written.metric.referenced);
        if always && !to.told(place.line) {
            let name = check.metric.as_str();
            let message = format!("{name} goes from {low} to {high}: this check always holds");
            let fix = "write the limit that shows the cure";
            to.report(place, Code::ConstantCondition, message, fix);
        }
    }
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
