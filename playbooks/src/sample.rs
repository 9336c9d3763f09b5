//! A small healthy network on which every expression of a playbook is tried before it is accepted.
//!
//! In: a fault kind. Out: the context of a suspect with that fault, in which every attribute and every metric is there.
//! So the names that playbooks may use are what [`Context`] really gives, not a second list that can go stale.

use crate::context::Context;
use zizhi_types::hypothesis::HypothesisState;
use zizhi_types::metric::{Metric, Nature};
use zizhi_types::object::BadObject;
use zizhi_types::topology::{
    Cell, Gateway, Group, Instance, Link, Network, Preference, Router, Service, Site, Tier,
};
use zizhi_types::{FaultKind, Hypothesis, ManagedObject, ObjectKind};

/// The cost of every link of the sample.
pub(crate) const COST: f64 = 10.0;

/// The capacity of every link of the sample.
pub(crate) const CAPACITY_MBPS: f64 = 1_000.0;

/// The sample context for a fault.
pub(crate) fn context(fault: FaultKind) -> Result<Context, BadObject> {
    let hypothesis = Hypothesis {
        object: suspect(fault.object_kind())?,
        fault,
        probability: 0.9,
        state: HypothesisState::Supported,
        evidence_for: vec![],
        evidence_against: vec![],
    };
    let measured = |_: &ManagedObject, metric: Metric| Some(usual(metric));
    Ok(Context::of(&network(), &measured, &hypothesis))
}

fn suspect(kind: ObjectKind) -> Result<ManagedObject, BadObject> {
    let name = match kind {
        ObjectKind::Link => "A-C",
        ObjectKind::Port => "A:A-C",
        ObjectKind::Demand | ObjectKind::Path => "A:C",
        ObjectKind::Site => "s1",
        ObjectKind::Instance => "i1",
        ObjectKind::Gateway => "g1",
        ObjectKind::Cell => "c1",
        ObjectKind::Group => "u1",
        ObjectKind::Service => "svc",
        ObjectKind::Steer => "u1:i1",
        ObjectKind::Router => "A",
        ObjectKind::Node => "n1",
    };
    ManagedObject::new(kind, name)
}

fn usual(metric: Metric) -> f64 {
    match metric.nature() {
        Nature::State | Nature::LowIsBad => 1.0,
        Nature::HighIsBad => 0.5,
        Nature::Setting | Nature::Context => 10.0,
    }
}

pub(crate) fn network() -> Network {
    let mut network = Network::empty("sample");
    network.routers = ["A", "B", "C"].map(router).into();
    network.links = [("A", "B"), ("B", "C"), ("A", "C")].map(link).into();
    network.services = vec![Service {
        id: "svc".into(),
        url_path: "/v1/svc".into(),
    }];
    network.sites = [("s1", "A"), ("s2", "B")].map(site).into();
    network.instances = [("i1", "s1"), ("i2", "s1"), ("i3", "s2")]
        .map(instance)
        .into();
    network.gateways = vec![Gateway {
        id: "g1".into(),
        router: "C".into(),
    }];
    network.cells = [("c1", "C"), ("c2", "A")].map(cell).into();
    network.groups = vec![Group {
        id: "u1".into(),
        cell: "c1".into(),
        gateway: "g1".into(),
        service: "svc".into(),
        rate_rps: 10.0,
        mbps_per_rps: 1.0,
        prefer: Preference::Latency,
        latency_ms_max: 100.0,
    }];
    network
}

fn router(id: &str) -> Router {
    Router {
        id: id.into(),
        tier: Tier::Core,
        lat: None,
        lon: None,
        weight: 1.0,
    }
}

fn link((a, b): (&str, &str)) -> Link {
    Link {
        id: format!("{a}-{b}"),
        a: a.into(),
        b: b.into(),
        capacity_mbps: CAPACITY_MBPS,
        delay_ms: 1.0,
        cost: COST as u32,
    }
}

fn site((id, router): (&str, &str)) -> Site {
    Site {
        id: id.into(),
        router: router.into(),
        spare_instances: 1,
    }
}

fn instance((id, site): (&str, &str)) -> Instance {
    Instance {
        id: id.into(),
        site: site.into(),
        service: "svc".into(),
        workers: 4,
        base_ms: 10.0,
        price: 1.0,
    }
}

fn cell((id, router): (&str, &str)) -> Cell {
    Cell {
        id: id.into(),
        router: router.into(),
        capacity_rps: 100.0,
        neighbours: vec![if id == "c1" { "c2" } else { "c1" }.into()],
    }
}

/// Every name that a playbook for this fault may use in expressions, in order, for example `suspect.cost`; for editors,
/// messages and the page for operators. Parameters (`params.<name>`) come on top.
pub fn names_for(fault: FaultKind) -> Vec<String> {
    let mut names = vec![];
    // The sample's names are constants, and the tests make each of them once.
    if let Ok(context) = context(fault) {
        for (name, value) in context.scope() {
            flatten(name, value, &mut names);
        }
    }
    names
}

fn flatten(path: &str, value: &serde_json::Value, names: &mut Vec<String>) {
    match value.as_object() {
        Some(fields) => {
            for (name, value) in fields {
                flatten(&format!("{path}.{name}"), value, names);
            }
        }
        None => names.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_sample() {
        for fault in FaultKind::ALL {
            let names = names_for(*fault);
            assert!(names.contains(&"suspect.object".to_owned()), "{fault}");
            assert!(names.iter().any(|n| n.starts_with("state.")), "{fault}");
        }
    }
}
