//! Is anything in the way whatever the plan does: the kill switch, a changed plan, a frozen object, the mode?

use super::{GuardState, Say, touched};
use crate::fingerprint::fingerprint;
use zizhi_types::plan::{Mode, Plan};

pub(super) fn kill_switch(state: &GuardState) -> Say {
    match &state.kill_switch {
        Some(why) => Say::Deny(format!("the kill switch is on: {why}")),
        None => Say::Pass("the kill switch is off".to_owned()),
    }
}

pub(super) fn unchanged(plan: &Plan) -> Say {
    let found = fingerprint(plan);
    if found == plan.fingerprint {
        return Say::Pass(format!("the plan's content is {}", found.short()));
    }
    let said = plan.fingerprint.short();
    Say::Deny(format!(
        "the plan's content is {}, but it says {said}: it was changed",
        found.short()
    ))
}

pub(super) fn not_frozen(plan: &Plan, state: &GuardState) -> Say {
    let frozen = touched(plan)
        .into_iter()
        .find_map(|o| Some((o, state.frozen.get(o)?)));
    match frozen {
        Some((object, why)) => {
            Say::Deny(format!("{object} is frozen until a person frees it: {why}"))
        }
        None => Say::Pass("none of its objects is frozen".to_owned()),
    }
}

/// Says which ceiling counts; the ruling itself takes the lowest.
pub(super) fn mode(plan: &Plan, state: &GuardState, ceiling: Mode) -> Say {
    let class = state.policy.ceiling(touched(plan));
    Say::Pass(if plan.mode > ceiling.min(class) {
        format!(
            "the playbook's mode {} is lowered to the ceiling {}",
            plan.mode,
            ceiling.min(class)
        )
    } else {
        format!("mode {}, ceiling {}", plan.mode, ceiling.min(class))
    })
}
