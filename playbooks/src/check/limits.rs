//! Can the limits of a playbook be met, and can they be missed?
//!
//! In: the file and the playbook made from it. Out: problems about the limits of `verify` and of `blastRadius`.

use crate::compile::Compiler;
use crate::expr::units::Unit;
use crate::limits::{cover, meet};
use crate::planning;
use crate::playbook::{BlastRadius, Good, Playbook};
use crate::problem::{Code, Place};
use crate::schema::File;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use zizhi_types::Metric;
use zizhi_types::verify::Range;

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    limits_agree(to, read, playbook);
    limits_can_be_missed(to, read, playbook);
    steps_fit_the_blast_radius(to, read, playbook);
}

/// A quantity, and which of its values are good, where that is written down.
type GoodOf = (Metric, Option<Vec<Range>>);

/// Two checks of one quantity that cannot both hold.
fn limits_agree(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let Some(verify) = &read.spec.verify else {
        return;
    };
    let good = playbook.checks.iter().map(|c| (c.metric, c.fixed()));
    let on = verify.checks.iter().map(|c| &c.on);
    let all: Vec<(&Spanned<String>, GoodOf)> = on.zip(good).collect();
    for (i, (on, (metric, ranges))) in all.iter().enumerate() {
        let Some(ranges) = ranges else { continue };
        let before = all.get(..i).unwrap_or_default().iter();
        let clash = before
            .filter(|(other, (m, _))| other.value == on.value && m == metric)
            .filter_map(|(_, (_, ranges))| ranges.as_ref())
            .any(|others| apart(ranges, others));
        if clash {
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
        let (Good::Side(..), Some(good)) = (&check.pass, check.fixed()) else {
            continue;
        };
        let (low, high) = Unit::of_metric(check.metric).range();
        let place = Place::from(written.metric.referenced);
        if cover(&good, low, high) && !to.told(place.line) {
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
