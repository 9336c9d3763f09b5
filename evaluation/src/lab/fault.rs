//! The faults that the lab can make: one row each.
//!
//! In: a [`FaultKind`] and an object. Out: a really broken network, with what is true about it written down when it is
//! broken. Called by `zizhi lab run --fault` and tests. A new fault is one more row in [`FAULTS`].

use super::clock::now;
use super::command::{feed, run};
use super::driver::configure_cost;
use super::error::LabError;
use super::namespace;
use super::plan::{InstancePlan, Wire};
use super::process::end;
use super::rig::Rig;
use serde::{Deserialize, Serialize};
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::{FaultKind, ManagedObject, NetTime, ObjectKind};

/// What is true about an injected fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroundTruth {
    /// What kind.
    pub kind: FaultKind,
    /// What is broken.
    pub object: ManagedObject,
    /// Since when.
    pub at: NetTime,
    /// Any one of these takes the fault or its effect away.
    pub cures: Vec<Action>,
}

/// A verb, and its one parameter where it has one.
type Cure = (Verb, Option<(&'static str, f64)>);

/// One kind of fault in this lab.
#[derive(Debug)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// The object that is broken if none is named: one that carries users' traffic and has a way around.
    pub object: &'static str,
    inject: fn(&Rig, &Target) -> Result<(), LabError>,
    clear: fn(&Rig, &Target) -> Result<(), LabError>,
    cures: fn(&Target) -> Vec<Cure>,
}

/// Every fault of the lab.
pub const FAULTS: &[Fault] = &[
    Fault {
        kind: FaultKind::LinkDown,
        object: "c1-c3",
        inject: |rig, on| {
            on.wire(|w| namespace::set_up(rig.id(), &w.ends[0].router, &w.ends[0].interface, false))
        },
        clear: |rig, on| {
            on.wire(|w| namespace::set_up(rig.id(), &w.ends[0].router, &w.ends[0].interface, true))
        },
        cures: |_| vec![(Verb::LinkReset, None)],
    },
    Fault {
        kind: FaultKind::LinkSilent,
        object: "c1-c3",
        inject: |rig, on| on.wire(|w| silence(rig, w)),
        clear: |rig, on| on.wire(|w| unsilence(rig, w)),
        cures: |_| vec![(Verb::LinkSetCost, Some(("cost", DRAINED)))],
    },
    Fault {
        kind: FaultKind::LinkRateCut,
        object: "c1-c3",
        inject: |rig, on| on.wire(|w| namespace::set_rate(rig.id(), w, CUT_MBPS)),
        clear: |rig, on| on.wire(|w| namespace::set_rate(rig.id(), w, w.capacity_mbps)),
        cures: |on| {
            let mbps = on.capacity_mbps();
            vec![
                (Verb::LinkSetRate, Some(("mbps", mbps))),
                (Verb::LinkSetCost, Some(("cost", DRAINED))),
            ]
        },
    },
    Fault {
        kind: FaultKind::WrongCost,
        object: "c1-c3",
        inject: |rig, on| on.wire(|w| configure_cost(rig, w, [WRONG_COST; 2])),
        clear: |rig, on| on.wire(|w| configure_cost(rig, w, [f64::from(w.cost); 2])),
        cures: |on| vec![(Verb::LinkSetCost, Some(("cost", on.cost())))],
    },
    Fault {
        kind: FaultKind::InstanceCrash,
        object: "infer@dc1",
        inject: |rig, on| on.instance(|i| end(&Vec::from_iter(rig.instance_process(i)))),
        clear: |rig, on| {
            on.instance(|i| match rig.instance_process(i) {
                Some(_) => Ok(()),
                None => rig.start_instance(i),
            })
        },
        cures: |_| {
            vec![
                (Verb::InstanceRestart, None),
                (Verb::InstanceSteerLimit, Some(("share", 0.0))),
            ]
        },
    },
];

/// A tenth of the intended rate, and half of what the users need.
const CUT_MBPS: f64 = 5.0;
/// A slip of the finger: two zeros too many.
const WRONG_COST: f64 = 1000.0;
/// The cost of a drained link: more than any way around.
const DRAINED: f64 = 60_000.0;

/// What a fault breaks.
enum Target {
    Wire(Wire),
    Instance(InstancePlan),
}

impl Target {
    fn find(rig: &Rig, fault: &Fault, name: &str) -> Result<Self, LabError> {
        let missing =
            || LabError::NoObject(format!("{} {name}", fault.kind.object_kind().as_str()));
        match fault.kind.object_kind() {
            ObjectKind::Instance => rig.plan().instance(name).cloned().map(Self::Instance),
            _ => rig.plan().wire(name).cloned().map(Self::Wire),
        }
        .ok_or_else(missing)
    }

    fn wire<T>(&self, work: impl FnOnce(&Wire) -> Result<T, LabError>) -> Result<T, LabError> {
        match self {
            Self::Wire(wire) => work(wire),
            Self::Instance(i) => Err(LabError::NoObject(format!("link {}", i.id))),
        }
    }

    fn instance<T>(
        &self,
        work: impl FnOnce(&InstancePlan) -> Result<T, LabError>,
    ) -> Result<T, LabError> {
        match self {
            Self::Instance(instance) => work(instance),
            Self::Wire(w) => Err(LabError::NoObject(format!("instance {}", w.link))),
        }
    }

    fn cost(&self) -> f64 {
        self.wire(|w| Ok(f64::from(w.cost))).unwrap_or_default()
    }

    fn capacity_mbps(&self) -> f64 {
        self.wire(|w| Ok(w.capacity_mbps)).unwrap_or_default()
    }
}

/// The row of a kind.
pub fn find(kind: FaultKind) -> Result<&'static Fault, LabError> {
    FAULTS
        .iter()
        .find(|f| f.kind == kind)
        .ok_or_else(|| LabError::NoFault {
            kind: kind.to_string(),
            known: FAULTS
                .iter()
                .map(|f| f.kind.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })
}

/// Breaks the named object, or the row's own if none is named.
pub fn inject(rig: &Rig, kind: FaultKind, object: Option<&str>) -> Result<GroundTruth, LabError> {
    let fault = find(kind)?;
    let name = object.unwrap_or(fault.object);
    let target = Target::find(rig, fault, name)?;
    let truth = truth(fault, name, &target)?;
    (fault.inject)(rig, &target)?;
    Ok(truth)
}

/// Takes a fault away from outside, as the person would who made it; what was done about it meanwhile stays.
pub fn clear(rig: &Rig, truth: &GroundTruth) -> Result<(), LabError> {
    let fault = find(truth.kind)?;
    let target = Target::find(rig, fault, truth.object.name())?;
    (fault.clear)(rig, &target)
}

fn truth(fault: &Fault, name: &str, target: &Target) -> Result<GroundTruth, LabError> {
    let object = ManagedObject::new(fault.kind.object_kind(), name)
        .map_err(|e| LabError::NoObject(e.to_string()))?;
    let action = |(verb, param): (Verb, Option<(&str, f64)>)| {
        let action = Action::new(verb, object.clone());
        match param {
            Some((key, value)) => action.with(key, Value::Number(value)),
            None => action,
        }
    };
    Ok(GroundTruth {
        kind: fault.kind,
        cures: (fault.cures)(target).into_iter().map(action).collect(),
        at: now(),
        object,
    })
}

/// The name of our own table of packet filters.
const TABLE: &str = "zizhi_fault";

/// Drops everything at the very last moment before the wire, at both ends: carrier stays. The ingress hook would not
/// do: IS-IS reads its packets before it.
fn silence(rig: &Rig, wire: &Wire) -> Result<(), LabError> {
    for end in &wire.ends {
        let rules = format!(
            "table netdev {TABLE} {{\n chain {0} {{\n type filter hook egress device \"{0}\" priority 0; policy drop;\n }}\n}}\n",
            end.interface
        );
        in_namespace(rig, &end.router, &rules)?;
    }
    Ok(())
}

fn unsilence(rig: &Rig, wire: &Wire) -> Result<(), LabError> {
    for end in &wire.ends {
        // Adding first makes the removal succeed whether or not the table was there.
        let rules = format!("table netdev {TABLE} {{}}\ndelete table netdev {TABLE}\n");
        in_namespace(rig, &end.router, &rules)?;
    }
    Ok(())
}

fn in_namespace(rig: &Rig, router: &str, rules: &str) -> Result<(), LabError> {
    let namespace = rig.id().namespace(router);
    feed(
        "ip",
        &["netns", "exec", &namespace, "nft", "-f", "-"],
        rules,
    )
    .map(drop)
}

/// What `nft` says is dropped at a router: evidence that the fault is there.
pub fn dropped(rig: &Rig, router: &str) -> String {
    let namespace = rig.id().namespace(router);
    run(
        "ip",
        &["netns", "exec", &namespace, "nft", "list", "ruleset"],
    )
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Plan;

    #[test]
    fn each_fault_has_its_object_in_the_plan_and_a_cure() {
        let plan = Plan::three_domain();
        for fault in FAULTS {
            let target = match fault.kind.object_kind() {
                ObjectKind::Instance => {
                    Target::Instance(plan.instance(fault.object).unwrap().clone())
                }
                _ => Target::Wire(plan.wire(fault.object).unwrap().clone()),
            };
            let truth = truth(fault, fault.object, &target).unwrap();
            assert_eq!(truth.object.kind(), fault.kind.object_kind());
            for cure in &truth.cures {
                let params: Vec<&str> = cure.params.keys().map(String::as_str).collect();
                assert_eq!(params, cure.verb.params(), "{cure}");
            }
            assert!(!truth.cures.is_empty());
        }
    }

    #[test]
    fn a_fault_that_is_not_there_says_which_are() {
        let message = find(FaultKind::CellOutage).unwrap_err().to_string();
        assert!(
            message.contains("cell-outage") && message.contains("silent-cut"),
            "{message}"
        );
    }
}
