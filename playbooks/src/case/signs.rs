//! What does a fault usually look like in measured values?
//!
//! In: the network and the suspect. Out: values that a person would type to see the fault. They are our choice, taken to
//! be plainly bad and not extreme; a sandbox or a real network shows more than these.

use super::Series;
use crate::context::ports;
use zizhi_types::topology::{Link, Network};
use zizhi_types::{FaultKind, Hypothesis, ManagedObject, Metric, ObjectKind};

pub(super) fn usual(network: &Network, hypothesis: &Hypothesis) -> Vec<(Series, f64)> {
    use FaultKind as F;
    let suspect = &hypothesis.object;
    match hypothesis.fault {
        F::LinkDown => on_link(network, suspect, |_| {
            vec![(Metric::PortOperUp, 0.0), (Metric::PortAdjacencyUp, 0.0)]
        }),
        F::LinkSilent => on_link(network, suspect, |_| {
            vec![(Metric::PortOperUp, 1.0), (Metric::PortAdjacencyUp, 0.0)]
        }),
        F::LinkRateCut => on_link(network, suspect, |l| {
            vec![(Metric::PortRate, l.capacity_mbps * 0.2)]
        }),
        F::LinkLossy => on_link(network, suspect, |_| vec![(Metric::PortError, 0.05)]),
        F::LinkFlapping => on_link(network, suspect, |_| vec![(Metric::PortFlaps, 6.0)]),
        F::WrongCost => on_link(network, suspect, |l| {
            vec![(Metric::PortCost, f64::from(l.cost) * 10.0)]
        }),
        F::RouterCrash => crashed(network, suspect),
        F::TrafficSurge => surge(network, suspect),
        F::InstanceCrash => own(suspect, &[(Metric::InstanceUp, 0.0)]),
        F::InstanceSlow => slow(network, suspect),
        F::SiteOverload => crowded(network, suspect),
        F::StalePolicy => own(suspect, &[(Metric::GatewayPolicyAge, 900.0)]),
        F::CellOutage => own(suspect, &[(Metric::CellUp, 0.0)]),
    }
}

fn own(object: &ManagedObject, values: &[(Metric, f64)]) -> Vec<(Series, f64)> {
    let each = values.iter();
    each.map(|(metric, value)| ((object.clone(), *metric), *value))
        .collect()
}

fn on_link(
    network: &Network,
    suspect: &ManagedObject,
    values: impl Fn(&Link) -> Vec<(Metric, f64)>,
) -> Vec<(Series, f64)> {
    let links = network.links.iter().filter(|l| l.id == suspect.name());
    links
        .flat_map(|l| {
            ports(l)
                .into_iter()
                .flat_map(|p| own(&p, &values(l)))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The router does not answer, and its neighbours have lost it.
fn crashed(network: &Network, suspect: &ManagedObject) -> Vec<(Series, f64)> {
    let name = suspect.name();
    let beside = network.links.iter().filter(|l| l.a == name || l.b == name);
    let mut found = own(suspect, &[(Metric::RouterUp, 0.0)]);
    for port in beside.flat_map(ports) {
        found.extend(own(&port, &[(Metric::PortAdjacencyUp, 0.0)]));
    }
    found
}

/// Three times the traffic that the network plan has for it, or a thousand Mbit/s; the first link of its path is full.
fn surge(network: &Network, suspect: &ManagedObject) -> Vec<(Series, f64)> {
    let (from, to) = suspect.parts().unwrap_or_default();
    let mut listed = network.traffic.demands.iter();
    let planned = listed.find(|d| d.from == from && d.to == to);
    let mut found = own(
        suspect,
        &[(
            Metric::DemandRate,
            planned.map_or(1_000.0, |d| d.mbps * 3.0),
        )],
    );
    let silent = |_: &ManagedObject, _: Metric| None;
    let paths = crate::paths::Paths::new(network, &silent);
    let first = paths.from(from).and_then(|tree| tree.to(to));
    for port in first.into_iter().flatten().take(1).flat_map(ports) {
        found.extend(own(&port, &[(Metric::PortUtilization, 0.97)]));
    }
    found
}

fn slow(network: &Network, suspect: &ManagedObject) -> Vec<(Series, f64)> {
    let mut listed = network.instances.iter();
    let base = listed.find(|i| i.id == suspect.name());
    let service_ms = base.map_or(100.0, |i| i.base_ms * 4.0);
    own(
        suspect,
        &[
            (Metric::InstanceService, service_ms),
            (Metric::InstanceSteal, 0.5),
        ],
    )
}

fn crowded(network: &Network, suspect: &ManagedObject) -> Vec<(Series, f64)> {
    let here = network
        .instances
        .iter()
        .filter(|i| i.site == suspect.name());
    let mut found = own(suspect, &[(Metric::SiteUtilization, 0.98)]);
    for instance in here.filter_map(|i| ManagedObject::new(ObjectKind::Instance, &i.id).ok()) {
        found.extend(own(&instance, &[(Metric::InstanceUtilization, 0.98)]));
    }
    found
}
