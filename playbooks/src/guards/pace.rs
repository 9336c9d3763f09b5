//! Is too much going on: at once, within the hour, after what failed?

use super::{Failure, GuardState, Ran, Say, bare, family, touched};
use crate::playbook::{Throttle, ThrottleBy};
use std::collections::BTreeSet;
use zizhi_types::plan::Plan;
use zizhi_types::{ManagedObject, NetTime};

const HOUR_MS: u64 = 3_600_000;

pub(super) fn one_at_a_time(plan: &Plan, state: &GuardState) -> Say {
    let busy = touched(plan)
        .into_iter()
        .find_map(|o| Some((o, state.busy.get(o)?)));
    match busy {
        Some((object, incident)) => {
            Say::Deny(format!("a run of {incident} is at work on {object}"))
        }
        None => Say::Pass("no other run is at work on its objects".to_owned()),
    }
}

pub(super) fn concurrency(plan: &Plan, state: &GuardState) -> Say {
    let all = state.in_flight.len();
    let here = state.in_flight.iter().filter(|f| f.domain == plan.domain);
    let here = here.count();
    let (most_here, most) = (
        state.limits.in_flight_per_domain,
        state.limits.in_flight_in_all,
    );
    if here >= most_here {
        return Say::Deny(format!(
            "{here} runs are in flight in this domain; at most {most_here} are allowed"
        ));
    }
    if all >= most {
        return Say::Deny(format!(
            "{all} runs are in flight in all domains; at most {most} are allowed"
        ));
    }
    Say::Pass(format!("{all} other runs are in flight"))
}

pub(super) fn rate(plan: &Plan, state: &GuardState, now: NetTime) -> Say {
    let limits = state.limits;
    let (most, window) = (limits.actions_per_object, limits.rate_window_ms);
    let recent = |object: &ManagedObject| {
        let times = state.acted.get(object).into_iter().flatten();
        times.filter(|at| now.since(**at) < window).count()
    };
    let planned = |object: &ManagedObject| {
        let steps = plan.steps.iter();
        steps.filter(|s| s.action.object == *object).count()
    };
    let minutes = window / 60_000;
    let over = touched(plan)
        .into_iter()
        .find(|o| recent(o) + planned(o) > most);
    if let Some(object) = over {
        let before = recent(object);
        return Say::Deny(format!(
            "{object} was acted on {before} times in {minutes} minutes; at most {most} are allowed"
        ));
    }
    let begun = state.begun.iter().filter(|at| now.since(**at) < HOUR_MS);
    let (begun, hourly) = (begun.count(), limits.runs_per_domain_hour);
    if begun >= hourly {
        return Say::Deny(format!(
            "{begun} runs were begun in this domain within the hour; at most {hourly} are allowed"
        ));
    }
    Say::Pass(format!(
        "within {most} actions per object in {minutes} minutes"
    ))
}

/// A playbook that says how often it may be run.
pub(super) fn throttle(plan: &Plan, state: &GuardState, now: NetTime) -> Say {
    let Some(Throttle { once_ms, by }) = state.throttle else {
        return Say::Pass("its playbook sets no throttle".to_owned());
    };
    let counts = |ran: &&Ran| {
        family(&ran.playbook) == family(&plan.playbook)
            && match by {
                ThrottleBy::Object => ran.suspect == plan.suspect,
                ThrottleBy::Incident => ran.incident == plan.incident,
                ThrottleBy::Playbook => true,
            }
    };
    let last = state.ran.iter().filter(counts).map(|r| r.at).max();
    let ago_ms = last.map(|at| now.since(at));
    let (minutes, for_what) = (once_ms.div_ceil(60_000), by.as_str());
    match ago_ms.filter(|ago_ms| *ago_ms < once_ms) {
        Some(ago_ms) => Say::Deny(format!(
            "its playbook runs once in {minutes} minutes for one {for_what}, and ran {} s ago",
            ago_ms / 1_000
        )),
        None => Say::Pass(format!(
            "its playbook did not run for this {for_what} in the last {minutes} minutes"
        )),
    }
}

/// A target that was treated in vain rests, except for the next, different remedy of the same incident.
pub(super) fn cool_down(plan: &Plan, state: &GuardState, now: NetTime) -> Say {
    let rest = state.limits.cool_down_ms;
    let about: BTreeSet<&ManagedObject> = touched(plan);
    let holds = |f: &&Failure| {
        let next_remedy = f.incident == plan.incident && bare(&f.playbook) != bare(&plan.playbook);
        now.since(f.at) < rest && !next_remedy
    };
    let resting = state.failures.iter().filter(holds).find_map(|f| {
        let object = f.objects.iter().find(|o| about.contains(o))?;
        Some((object, f))
    });
    match resting {
        Some((object, failure)) => {
            let left = rest.saturating_sub(now.since(failure.at)) / 1_000;
            Say::Deny(format!(
                "{object} rests for {left} s more: {} did not help it",
                failure.playbook
            ))
        }
        None => Say::Pass("none of its objects has to rest".to_owned()),
    }
}

/// Rollbacks one after the other mean that the playbook, or the diagnosis behind it, is wrong: a person looks first.
pub(super) fn breaker(plan: &Plan, state: &GuardState, now: NetTime) -> Say {
    let limits = state.limits;
    let playbook = bare(&plan.playbook);
    let closed = state.breakers_closed.get(playbook).copied();
    let counts =
        |f: &&Failure| bare(&f.playbook) == playbook && closed.is_none_or(|closed| f.at > closed);
    let mut times: Vec<NetTime> = state.failures.iter().filter(counts).map(|f| f.at).collect();
    times.sort_unstable();
    // Once open it stays open, however long ago that was: a person closes it.
    let opens = times
        .windows(limits.breaker_rollbacks.max(1))
        .any(|w| matches!((w.first(), w.last()), (Some(a), Some(b)) if b.since(*a) < limits.breaker_window_ms));
    if opens {
        let (count, minutes) = (limits.breaker_rollbacks, limits.breaker_window_ms / 60_000);
        return Say::Deny(format!(
            "the breaker of {playbook} is open: {count} rollbacks in {minutes} minutes; a person closes it"
        ));
    }
    let recent = times
        .iter()
        .filter(|at| now.since(**at) < limits.breaker_window_ms);
    Say::Pass(format!("{} rollbacks of late", recent.count()))
}
