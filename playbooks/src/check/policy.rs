//! Can hold, throttle, retry, verdicts and rollback do their work together?
//!
//! In: the file and the playbook made from it. Out: problems. What each may be by itself is checked in
//! [`crate::compile`].

use crate::compile::{CAUSES, Compiler, in_words};
use crate::expr::units::Unit;
use crate::expr::{Expr, Scope};
use crate::limits;
use crate::playbook::{Good, Playbook};
use crate::problem::{Code, Place};
use crate::schema::File;
use serde_saphyr::Spanned;
use zizhi_types::Metric;
use zizhi_types::plan::{Mode, RollbackCause};

/// The longest that all waits of one step may take together (our choice: after half an hour the plan's evidence is of
/// another network).
const WAITS_MS: u64 = 1_800_000;

/// How often the network is looked at, at best: one interval of the fastest telemetry.
const LOOK_MS: u64 = 1_000;

pub(super) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    retries(to, read, playbook);
    throttle(to, read, playbook);
    readings(to, read, playbook);
    verdicts(to, read, playbook);
    rollback(to, read, playbook);
}

fn retries(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    for (step, written) in playbook.steps.iter().zip(&read.spec.steps) {
        let (Some(retry), Some(at)) = (step.retry, &written.retry) else {
            continue;
        };
        if !step.can_undo() && !step.verb.idempotent() {
            let message = format!(
                "{} cannot be undone, and doing it twice is not doing it once: it may not be tried again",
                step.verb
            );
            let fix = "remove retry; a person looks when the step fails";
            to.report(at.max.referenced.into(), Code::BadRetry, message, fix);
        }
        let waits: u64 = (1..=retry.max).map(|n| retry.wait_ms(n)).sum();
        if waits > WAITS_MS {
            let message = format!(
                "{} waits from {} on, each twice as long, take {}: more than half an hour",
                retry.max,
                at.backoff.value,
                in_words(waits)
            );
            let fix = "write a smaller max, or a shorter backoff";
            to.report(at.backoff.referenced.into(), Code::BadRetry, message, fix);
        }
    }
}

fn throttle(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let (Some(throttle), Some(written)) = (playbook.throttle, &read.spec.trigger.throttle) else {
        return;
    };
    let place = Place::from(written.once.referenced);
    if throttle.once_ms <= playbook.verify_ms {
        let message = format!(
            "one run takes up to {} to be verified: a throttle of {} holds nothing back",
            in_words(playbook.verify_ms),
            written.once.value
        );
        let fix = "write a longer time than verify.within, or remove throttle";
        to.report(place, Code::BadTrigger, message, fix);
    } else if throttle.once_ms <= playbook.hold_ms {
        let message = format!(
            "the symptoms must last for {} anyhow: a throttle of {} holds nothing back",
            in_words(playbook.hold_ms),
            written.once.value
        );
        let fix = "write a longer time than hold, or remove throttle";
        to.report(place, Code::BadTrigger, message, fix);
    }
}

fn readings(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let Some(verify) = &read.spec.verify else {
        return;
    };
    let readings = playbook.policy.readings;
    let apart = readings.every_ms.max(LOOK_MS);
    let needed = u64::from(readings.min_pass.saturating_sub(1)).saturating_mul(apart);
    if let Some(every) = verify
        .every
        .as_ref()
        .filter(|_| readings.every_ms >= playbook.verify_ms)
    {
        let message = format!(
            "a reading every {} leaves none within {}",
            every.value, verify.within.value
        );
        let fix = "write a shorter every, or a longer within";
        to.report(every.referenced.into(), Code::BadVerdict, message, fix);
    } else if needed > playbook.verify_ms {
        let asked = verify.min_pass.as_ref().map(|m| m.referenced);
        let place = asked.or(verify.every.as_ref().map(|e| e.referenced));
        let message = format!(
            "{} good readings {} apart take {}, and within is {}: it can never pass",
            readings.min_pass,
            in_words(apart),
            in_words(needed),
            verify.within.value
        );
        let fix = "write a smaller minPass, a shorter every, or a longer within";
        let place = place.unwrap_or(verify.within.referenced).into();
        to.report(place, Code::BadVerdict, message, fix);
    }
}

/// A condition that the metric can never meet, or always meets, tells nothing.
fn verdicts(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let scopes = limits::written_down(&playbook.params);
    let checks = read.spec.verify.iter().flat_map(|v| &v.checks);
    for (check, written) in playbook.checks.iter().zip(checks) {
        for scope in &scopes {
            if let (Good::Where(expr), Some(pass)) = (&check.pass, &written.pass) {
                constant(to, check.metric, (expr, scope), pass);
            }
            if let (Some(expr), Some(fail)) = (&check.fail, &written.fail) {
                constant(to, check.metric, (expr, scope), fail);
            }
        }
    }
}

fn constant(
    to: &mut Compiler<'_>,
    metric: Metric,
    (expr, scope): (&Expr, &Scope),
    written: &Spanned<String>,
) {
    let Ok(found) = limits::ranges(expr, scope) else {
        return;
    };
    let place = Place::from(written.referenced);
    if to.told(place.line) {
        return;
    }
    let (low, high) = Unit::of_metric(metric).range();
    let all = limits::between(low, high);
    let word = if limits::cover(&found, low, high) {
        "met by every value"
    } else if !found.iter().any(|r| limits::meet(*r, all)) {
        "met by no value"
    } else {
        return;
    };
    let name = metric.as_str();
    let message = format!(
        "{name} goes from {low} to {high}: `{}` is {word}",
        expr.text()
    );
    let fix = "write the limit that tells success or failure";
    to.report(place, Code::ConstantCondition, message, fix);
}

fn rollback(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let Some(written) = &read.spec.rollback else {
        return;
    };
    let first = written.on.first().map(|c| c.referenced);
    let other = written.order.as_ref().map(|o| o.referenced);
    let said = written.reason.as_ref().map(|r| r.en.referenced);
    let place = first.or(other).or(said);
    let place = Place::from(place.unwrap_or(read.metadata.id.referenced));
    let keeps = &playbook.policy.keeps;
    let kept: Vec<&str> = CAUSES
        .iter()
        .filter(|(_, c)| keeps.contains(c))
        .map(|c| c.0)
        .collect();
    let kept = kept.join(", ");
    let automatic = [RollbackCause::StepFailed, RollbackCause::VerifyFailed];
    let (message, fix) = if !playbook.steps.iter().any(crate::playbook::Step::can_undo) {
        (
            "no step of the playbook can be undone: there is nothing to roll back".to_owned(),
            "remove rollback; irreversible says why that is acceptable",
        )
    } else if !keeps.is_empty() && written.reason.is_none() {
        (
            format!("nothing is taken back on {kept}, and the file does not say why"),
            "list it in on:, or say why what was done may stay: reason: {en: ..., zh: ...}",
        )
    } else if !keeps.is_empty() && playbook.temporary {
        (
            format!("a temporary playbook is taken back, and this one is not on {kept}"),
            "list all causes in on:, or remove temporary: true",
        )
    } else if playbook.mode == Mode::Auto && automatic.iter().any(|c| keeps.contains(c)) {
        (
            format!("nobody approves an automatic run, and on {kept} nothing takes it back"),
            "list it in on:, or write mode: approve",
        )
    } else if let (true, Some(reason)) = (keeps.is_empty(), &written.reason) {
        let message = "the rollback has a reason for leaving something out, and leaves nothing out";
        let place = reason.en.referenced.into();
        to.report(place, Code::BadRollback, message, "remove reason");
        return;
    } else {
        return;
    };
    to.report(place, Code::BadRollback, message, fix);
}
