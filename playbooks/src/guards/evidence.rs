//! Is what the plan rests on still true?

use super::{GuardState, Say, touched};
use zizhi_types::NetTime;
use zizhi_types::plan::Plan;

const fn seconds(ms: u64) -> u64 {
    ms / 1_000
}

pub(super) fn fresh(state: &GuardState, now: NetTime) -> Say {
    let most = state.limits.evidence_age_ms;
    match state.evidence_at.map(|at| now.since(at)) {
        None => Say::Deny("there is no evidence".to_owned()),
        Some(age) if age > most => Say::Deny(format!(
            "the newest evidence is {} s old; at most {} s are allowed",
            seconds(age),
            seconds(most)
        )),
        Some(age) => Say::Pass(format!("the newest evidence is {} s old", seconds(age))),
    }
}

/// Dead reckoning is refused: who does not hear the target does not touch it, unless the playbook is for just that.
pub(super) fn target_heard(plan: &Plan, state: &GuardState, now: NetTime) -> Say {
    let most = state.limits.target_age_ms;
    if state.silence_expected {
        return Say::Pass("the playbook is for a target that is not heard".to_owned());
    }
    for object in touched(plan) {
        match state.heard_at.get(object).map(|at| now.since(*at)) {
            None => {
                return Say::Deny(format!(
                    "{object} was never heard of through its own telemetry"
                ));
            }
            Some(age) if age > most => {
                return Say::Deny(format!(
                    "{object} was last heard of {} s ago; at most {} s are allowed",
                    seconds(age),
                    seconds(most)
                ));
            }
            Some(_) => {}
        }
    }
    Say::Pass("all of its objects are heard".to_owned())
}
