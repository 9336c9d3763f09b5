//! How much of the network, of its capacity and of its redundancy would the plan take?

use super::{GuardState, Say, first_few, touched};
use std::collections::BTreeSet;
use zizhi_types::plan::Plan;

const NOT_KNOWN: &str = "the live topology is not known here";

pub(super) fn blast_radius(plan: &Plan, state: &GuardState) -> Say {
    let (objects, services) = (touched(plan).len(), state.services.len());
    match state.blast_radius {
        None => Say::Deny("the playbook's blast radius is not known here".to_owned()),
        Some(most) if objects > most.max_objects as usize => Say::Deny(format!(
            "it touches {objects} objects; the playbook allows {}",
            most.max_objects
        )),
        Some(most) if services > most.max_services as usize => {
            let names = first_few(state.services.iter());
            let most = most.max_services;
            Say::Deny(format!(
                "{services} services depend on it ({names}); the playbook allows {most}"
            ))
        }
        Some(_) => Say::Pass(format!("{objects} objects, {services} services")),
    }
}

/// Above the share a person decides. One object alone may be a larger share: it is the smallest change that there is.
pub(super) fn capacity(state: &GuardState) -> Say {
    let Some(reach) = &state.reach else {
        return Say::Deny(NOT_KNOWN.to_owned());
    };
    if let Some(object) = reach.unknown.first() {
        return Say::Deny(format!("{object} is not in the inventory"));
    }
    let most = if reach.losers <= 1 {
        state.limits.capacity_share_single
    } else {
        state.limits.capacity_share
    };
    let percent = |share: f64| (share * 1000.0).round() / 10.0;
    let (taken, allowed) = (percent(reach.share), percent(most));
    if reach.share > most {
        return Say::Person(format!(
            "it takes out {taken} % of the live capacity of its domain; at most {allowed} % are allowed"
        ));
    }
    Say::Pass(format!("it takes out {taken} % of the live capacity"))
}

/// Never two locations at once, whoever is at work on the other.
pub(super) fn one_location(state: &GuardState) -> Say {
    let Some(reach) = &state.reach else {
        return Say::Deny(NOT_KNOWN.to_owned());
    };
    let most = state.limits.sites;
    if reach.sites.len() > most {
        let (count, names) = (reach.sites.len(), first_few(reach.sites.iter()));
        return Say::Person(format!("it touches {count} sites ({names})"));
    }
    let others = state.in_flight.iter().flat_map(|f| &f.sites);
    let all: BTreeSet<&String> = reach.sites.iter().chain(others).collect();
    if !reach.sites.is_empty() && all.len() > most {
        let names = first_few(all.into_iter());
        return Say::Deny(format!(
            "more than {most} sites would be worked on at once ({names})"
        ));
    }
    Say::Pass(format!("{} sites", reach.sites.len()))
}

/// What is left has to carry on: instances of every service, and a way between any two routers that have one now.
pub(super) fn redundancy(state: &GuardState) -> Say {
    let Some(reach) = &state.reach else {
        return Say::Deny(NOT_KNOWN.to_owned());
    };
    let floor = state.limits.instances_left;
    for (service, (before, after)) in &reach.instances {
        let (before, after) = (*before, *after);
        if after == 0 {
            return Say::Deny(format!(
                "no live instance of {service} would be left: an empty result is refused"
            ));
        }
        if after < floor {
            return Say::Deny(format!(
                "{after} live instances of {service} would be left; at least {floor} are needed"
            ));
        }
        if after * 2 < before {
            return Say::Deny(format!(
                "{service} would shrink from {before} to {after} live instances, by more than half"
            ));
        }
    }
    match &reach.cut {
        Some((a, b)) => Say::Deny(format!(
            "router/{a} and router/{b} would be cut off from each other"
        )),
        None => Say::Pass("what is left carries on".to_owned()),
    }
}
