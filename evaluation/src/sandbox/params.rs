//! The severities of every kind of fault: one table, used for checking and for the documentation.

use super::SCENE_LIMIT_S;
use super::scene::SceneError;
use std::collections::BTreeMap;
use zizhi_types::FaultKind;

/// A parameter of a kind of fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Of which kind.
    pub kind: FaultKind,
    /// Its name, the unit last; ratios are 0 to 1.
    pub name: &'static str,
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
    /// What it means.
    pub meaning: &'static str,
    /// What it is when it is left out: the middle of what the seeded choice draws.
    pub middle: &'static str,
}

const fn param(
    kind: FaultKind,
    name: &'static str,
    (low, high): (f64, f64),
    meaning: &'static str,
    middle: &'static str,
) -> Param {
    Param {
        kind,
        name,
        low,
        high,
        meaning,
        middle,
    }
}

const LIMIT_S: f64 = SCENE_LIMIT_S as f64;

/// Every parameter of every kind. Kinds that are not listed have none. Ranges are our choice: what the simulation
/// means something by.
pub const PARAMS: &[Param] = &[
    param(
        FaultKind::LinkRateCut,
        "rate_mbps",
        (1.0, 1e6),
        "what the link still carries; at most 90 % of its capacity",
        "what it carries at the moment over 1.25, at most half of its capacity",
    ),
    param(
        FaultKind::LinkLossy,
        "loss_ratio_ab",
        (0.0, 0.9),
        "share of packets damaged from end a to end b",
        "0.05",
    ),
    param(
        FaultKind::LinkLossy,
        "loss_ratio_ba",
        (0.0, 0.9),
        "share of packets damaged from end b to end a",
        "0.05",
    ),
    param(
        FaultKind::WrongCost,
        "cost",
        (1.0, 65_535.0),
        "the mistaken cost at both ends; not the intended one",
        "ten times the intended cost",
    ),
    param(
        FaultKind::RouterCrash,
        "lasers_lit",
        (0.0, 1.0),
        "1: neighbours keep carrier and only miss its hellos; 0: they lose carrier",
        "0",
    ),
    param(
        FaultKind::TrafficSurge,
        "factor",
        (1.2, 10_000.0),
        "the demand becomes this many times its usual size",
        "as much as brings its tightest port to 1.25 times what it can carry",
    ),
    param(
        FaultKind::TrafficSurge,
        "lasts_s",
        (60.0, LIMIT_S),
        "seconds until it ends by itself",
        "1200",
    ),
    param(
        FaultKind::TrafficSurge,
        "relief_cost",
        (1.0, 65_535.0),
        "a cost of its overloaded link with which everything fits; changes nothing by itself",
        "the least of some tried; without one the surge can only be waited out",
    ),
    param(
        FaultKind::InstanceSlow,
        "factor",
        (1.6, 50.0),
        "service times become this many times the usual",
        "3.3",
    ),
    param(
        FaultKind::SiteOverload,
        "extra_rps",
        (1.0, 1e6),
        "requests per second of a crowd that sticks to the site",
        "1.375 times what the site's instances of the service can serve",
    ),
    param(
        FaultKind::SiteOverload,
        "service_number",
        (1.0, 1000.0),
        "what the crowd asks for: the number of a service in the network's list, from 1",
        "the first for which the cells can carry such a crowd",
    ),
    param(
        FaultKind::SiteOverload,
        "lasts_s",
        (60.0, LIMIT_S),
        "seconds until the crowd leaves by itself",
        "1500",
    ),
    param(
        FaultKind::StalePolicy,
        "service_number",
        (1.0, 1000.0),
        "whose requests all go to that service's smallest instance: its number in the network's list, from 1",
        "the service for which that instance is overloaded most",
    ),
];

/// Kinds that can grow over time.
pub const GROWING: &[FaultKind] = &[
    FaultKind::LinkRateCut,
    FaultKind::LinkLossy,
    FaultKind::TrafficSurge,
    FaultKind::InstanceSlow,
    FaultKind::SiteOverload,
];

/// The parameters of a kind.
pub fn params_of(kind: FaultKind) -> impl Iterator<Item = &'static Param> {
    PARAMS.iter().filter(move |p| p.kind == kind)
}

/// Whether every parameter is known and in range.
pub(crate) fn check(kind: FaultKind, given: &BTreeMap<String, f64>) -> Result<(), SceneError> {
    for (name, value) in given {
        let Some(param) = params_of(kind).find(|p| p.name == name) else {
            return Err(SceneError::UnknownParam {
                kind,
                name: name.clone(),
                known: known(kind),
            });
        };
        if !(param.low..=param.high).contains(value) {
            return Err(SceneError::OutOfRange {
                what: format!("{name} of {kind}"),
                value: *value,
                low: param.low,
                high: param.high,
            });
        }
    }
    Ok(())
}

fn known(kind: FaultKind) -> String {
    let names: Vec<&str> = params_of(kind).map(|p| p.name).collect();
    if names.is_empty() {
        "it has none".to_owned()
    } else {
        format!("it has {}", names.join(", "))
    }
}

/// Whether the kind can grow over so many seconds.
pub(crate) fn check_growth(kind: FaultKind, ramp_s: u64) -> Result<(), SceneError> {
    if ramp_s > SCENE_LIMIT_S {
        return Err(SceneError::OutOfRange {
            what: format!("ramp_s of {kind}"),
            value: ramp_s as f64,
            low: 0.0,
            high: LIMIT_S,
        });
    }
    if ramp_s == 0 || GROWING.contains(&kind) {
        return Ok(());
    }
    let growing: Vec<&str> = GROWING.iter().map(|k| k.as_str()).collect();
    Err(SceneError::CannotGrow {
        kind,
        growing: growing.join(", "),
    })
}
