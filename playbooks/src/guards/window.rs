//! May anything be changed at this hour?

use super::{GuardState, Say, touched};
use crate::policy::Hour;
use zizhi_types::NetTime;
use zizhi_types::plan::Plan;

pub(super) fn planned_work(plan: &Plan, state: &GuardState, now: NetTime) -> Say {
    let mut about = touched(plan);
    about.insert(&plan.suspect);
    let work = state
        .maintenance
        .iter()
        .filter(|m| m.from <= now && now < m.until)
        .find_map(|m| Some((m, about.iter().find(|o| m.objects.contains(**o))?)));
    match work {
        Some((work, object)) => Say::Deny(format!(
            "{object} is under planned work {} until {}",
            work.ticket, work.until
        )),
        None => Say::Pass("no planned work on its objects".to_owned()),
    }
}

/// A freeze refuses; outside every change window a person decides. A freeze wins over a window.
pub(super) fn calendar(plan: &Plan, state: &GuardState, now: NetTime) -> Say {
    match state.policy.calendar.at(now, plan.domain) {
        Hour::Open => Say::Pass("the calendar allows changes now".to_owned()),
        Hour::Closed => Say::Person("it is outside the change windows".to_owned()),
        Hour::Frozen(name) => Say::Deny(format!("changes are frozen: {name}")),
    }
}
