//! Compiles what is said of time and failure: hold, throttle, retry and rollback.

use super::Compiler;
use crate::duration;
use crate::playbook::{Throttle, ThrottleBy};
use crate::problem::{Code, Place};
use crate::schema;
use crate::suggest::did_you_mean;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use zizhi_types::plan::{Retry, RollbackCause};

/// The longest hold (our choice: what has to be watched for longer is no incident).
const HOLD_MS: u64 = 3_600_000;

/// Most tries after the first (our choice: a step that failed six times needs a person).
const RETRIES_MAX: f64 = 5.0;

/// What may be waited before the first retry, from and to, in milliseconds (our choice).
const BACKOFF_MS: std::ops::RangeInclusive<u64> = 1_000..=300_000;

/// The causes as playbooks write them.
pub(crate) const CAUSES: [(&str, RollbackCause); 3] = [
    ("stepFailed", RollbackCause::StepFailed),
    ("verifyFailed", RollbackCause::VerifyFailed),
    ("operator", RollbackCause::Operator),
];

impl Compiler<'_> {
    /// 0 where nothing is waited for.
    pub(super) fn hold(&mut self, written: &schema::Trigger) -> Option<u64> {
        let Some(hold) = &written.hold else {
            return Some(0);
        };
        let ms = self.duration(hold)?;
        if ms > HOLD_MS {
            let message = format!("hold is {}, but must be 1h or less", hold.value);
            let fix = "write how long the symptoms must last, for example 60s";
            self.report(hold.referenced.into(), Code::OutOfRange, message, fix);
        }
        Some(ms)
    }

    pub(super) fn throttle(&mut self, throttle: &schema::Throttle) -> Option<Throttle> {
        let once = self.duration(&throttle.once);
        let found = ThrottleBy::ALL
            .into_iter()
            .find(|b| b.as_str() == throttle.by.value);
        if found.is_none() {
            let message = format!("a throttle by `{}` is not known", throttle.by.value);
            let fix = did_you_mean(&throttle.by.value, ThrottleBy::ALL.map(ThrottleBy::as_str));
            let place = throttle.by.referenced.into();
            self.report(place, Code::UnknownWord, message, fix);
        }
        let (once_ms, by) = (once?, found?);
        Some(Throttle { once_ms, by })
    }

    pub(super) fn retry(&mut self, retry: &schema::Retry) -> Option<Retry> {
        let max = self.whole(&retry.max, 1.0, RETRIES_MAX, "max");
        let backoff = self.duration(&retry.backoff);
        if backoff.is_some_and(|ms| !BACKOFF_MS.contains(&ms)) {
            let message = format!("backoff is {}, but must be 1s to 5m", retry.backoff.value);
            let fix = "write how long the device needs to be ready again, for example 5s";
            let place = retry.backoff.referenced.into();
            self.report(place, Code::OutOfRange, message, fix);
        }
        let (max, backoff_ms) = (max? as u8, backoff?);
        Some(Retry { max, backoff_ms })
    }

    /// The causes for which nothing is taken back.
    pub(super) fn keeps(
        &mut self,
        written: Option<&schema::Rollback>,
    ) -> Option<BTreeSet<RollbackCause>> {
        let Some(rollback) = written else {
            return Some(BTreeSet::new());
        };
        if let Some(order) = rollback.order.as_ref().filter(|o| o.value != "reverse") {
            let message = format!("a rollback in the order `{}` is not known", order.value);
            let fix = "write order: reverse; what was done last is taken back first";
            self.report(order.referenced.into(), Code::UnknownWord, message, fix);
        }
        let mut on = BTreeSet::new();
        for cause in &rollback.on {
            let found = CAUSES.iter().find(|(name, _)| *name == cause.value);
            let place = Place::from(cause.referenced);
            match found {
                Some((_, found)) if on.insert(*found) => {}
                Some(_) => {
                    let message = format!("`{}` is listed twice", cause.value);
                    self.report(place, Code::DuplicateKey, message, "remove one of the two");
                }
                None => {
                    let message = format!("`{}` is no cause of a rollback", cause.value);
                    let fix = did_you_mean(&cause.value, CAUSES.iter().map(|c| c.0));
                    self.report(place, Code::UnknownWord, message, fix);
                    return None;
                }
            }
        }
        let kept = CAUSES.iter().map(|(_, cause)| *cause);
        Some(kept.filter(|cause| !on.contains(cause)).collect())
    }

    /// A whole number in a range.
    pub(super) fn whole(
        &mut self,
        written: &Spanned<f64>,
        low: f64,
        high: f64,
        field: &str,
    ) -> Option<f64> {
        let n = written.value;
        if (low..=high).contains(&n) && n.fract() == 0.0 {
            return Some(n);
        }
        let message = format!("{field} is {n}, but must be a whole number from {low} to {high}");
        let fix = format!("write a whole number from {low} to {high}");
        self.report(written.referenced.into(), Code::OutOfRange, message, fix);
        None
    }
}

/// A duration of the file in words that a person reads: `90s`, `5m`.
pub(crate) fn in_words(ms: u64) -> String {
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let whole = units
        .iter()
        .find(|(_, each)| ms >= *each && ms.is_multiple_of(*each));
    whole.map_or_else(
        || format!("{ms}ms"),
        |(unit, each)| format!("{}{unit}", ms / each),
    )
}

const _: () = assert!(HOLD_MS <= duration::MAX_MS);
