//! What keeps a network from being built: names used twice, names of nothing, numbers out of range.
//!
//! In: the intended network. Out: every problem, not only the first, so that a file is corrected in one go.

use super::{Network, NetworkProblem};
use crate::object::{ManagedObject, ObjectKind};
use std::collections::{BTreeMap, BTreeSet};

/// The names that are listed, of each kind.
type Names<'a> = BTreeMap<ObjectKind, BTreeSet<&'a str>>;

/// A number of an object: its field, its value, whether that is in range, the range in words.
type Number = (&'static str, f64, bool, &'static str);

impl Network {
    /// Everything that keeps the network from being built; empty when it can be.
    pub fn problems(&self) -> Vec<NetworkProblem> {
        let mut found = vec![];
        let names = self.names(&mut found);
        self.references(&names, &mut found);
        self.transport_ranges(&mut found);
        self.edge_ranges(&mut found);
        self.traffic_ranges(&mut found);
        found
    }

    /// Every listed name; finds those that cannot be used or are used twice.
    fn names(&self, found: &mut Vec<NetworkProblem>) -> Names<'_> {
        fn ids<T>(things: &[T], id: fn(&T) -> &String) -> Vec<&str> {
            things.iter().map(|t| id(t).as_str()).collect()
        }
        [
            (ObjectKind::Router, ids(&self.routers, |r| &r.id)),
            (ObjectKind::Link, ids(&self.links, |l| &l.id)),
            (ObjectKind::Service, ids(&self.services, |s| &s.id)),
            (ObjectKind::Site, ids(&self.sites, |s| &s.id)),
            (ObjectKind::Instance, ids(&self.instances, |i| &i.id)),
            (ObjectKind::Gateway, ids(&self.gateways, |g| &g.id)),
            (ObjectKind::Cell, ids(&self.cells, |c| &c.id)),
            (ObjectKind::Group, ids(&self.groups, |g| &g.id)),
        ]
        .into_iter()
        .map(|(kind, ids)| (kind, known(kind, &ids, found)))
        .collect()
    }

    fn references(&self, names: &Names, found: &mut Vec<NetworkProblem>) {
        use ObjectKind::{Cell, Gateway, Router, Service, Site};
        let mut refer = |kind, id: &str, wanted: ObjectKind, name: &str| {
            if !names.get(&wanted).is_some_and(|n| n.contains(name)) {
                found.push(NetworkProblem::Missing {
                    kind,
                    id: id.to_owned(),
                    wanted: wanted.as_str(),
                    missing: name.to_owned(),
                });
            }
        };
        for l in &self.links {
            refer("link", &l.id, Router, &l.a);
            refer("link", &l.id, Router, &l.b);
        }
        for s in &self.sites {
            refer("site", &s.id, Router, &s.router);
        }
        for i in &self.instances {
            refer("instance", &i.id, Site, &i.site);
            refer("instance", &i.id, Service, &i.service);
        }
        for g in &self.gateways {
            refer("gateway", &g.id, Router, &g.router);
        }
        for c in &self.cells {
            refer("cell", &c.id, Router, &c.router);
            for n in &c.neighbours {
                refer("cell", &c.id, Cell, n);
            }
        }
        for g in &self.groups {
            refer("group", &g.id, Cell, &g.cell);
            refer("group", &g.id, Gateway, &g.gateway);
            refer("group", &g.id, Service, &g.service);
        }
        for d in &self.traffic.demands {
            let id = format!("{}:{}", d.from, d.to);
            refer("demand", &id, Router, &d.from);
            refer("demand", &id, Router, &d.to);
        }
    }

    fn transport_ranges(&self, found: &mut Vec<NetworkProblem>) {
        for r in &self.routers {
            check(found, "router", &r.id, &[zero_or_more("weight", r.weight)]);
        }
        for l in &self.links {
            let (cost, cost_fits) = (f64::from(l.cost), (1..=65_535).contains(&l.cost));
            let numbers = [
                positive("capacity_mbps", l.capacity_mbps),
                zero_or_more("delay_ms", l.delay_ms),
                ("cost", cost, cost_fits, "1 to 65535"),
                ("b", 0.0, l.a != l.b, "another router than a"),
            ];
            check(found, "link", &l.id, &numbers);
        }
    }

    fn edge_ranges(&self, found: &mut Vec<NetworkProblem>) {
        for i in &self.instances {
            let numbers = [
                ("workers", f64::from(i.workers), i.workers > 0, "1 or more"),
                positive("base_ms", i.base_ms),
                zero_or_more("price", i.price),
            ];
            check(found, "instance", &i.id, &numbers);
        }
        for c in &self.cells {
            let capacity = positive("capacity_rps", c.capacity_rps);
            check(found, "cell", &c.id, &[capacity]);
        }
        for g in &self.groups {
            let numbers = [
                positive("rate_rps", g.rate_rps),
                zero_or_more("mbps_per_rps", g.mbps_per_rps),
                positive("latency_ms_max", g.latency_ms_max),
            ];
            check(found, "group", &g.id, &numbers);
        }
    }

    fn traffic_ranges(&self, found: &mut Vec<NetworkProblem>) {
        let t = &self.traffic;
        let unit = |field, v: f64| (field, v, (0.0..=1.0).contains(&v), "0 to 1");
        let hour = (0.0..=24.0).contains(&t.peak_hour);
        let numbers = [
            unit("peak_utilization", t.peak_utilization),
            unit("daily_swing", t.daily_swing),
            ("peak_hour", t.peak_hour, hour, "0 to 24"),
        ];
        check(found, "traffic", &self.name, &numbers);
    }
}

fn known<'a>(
    kind: ObjectKind,
    ids: &[&'a str],
    found: &mut Vec<NetworkProblem>,
) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::new();
    for &id in ids {
        if let Err(bad) = ManagedObject::new(kind, id) {
            found.push(bad.into());
        }
        if !known.insert(id) {
            found.push(NetworkProblem::Duplicate {
                kind: kind.as_str(),
                id: id.to_owned(),
            });
        }
    }
    known
}

fn positive(field: &'static str, value: f64) -> Number {
    (field, value, value > 0.0, "more than 0")
}

fn zero_or_more(field: &'static str, value: f64) -> Number {
    (field, value, value >= 0.0, "0 or more")
}

fn check(found: &mut Vec<NetworkProblem>, kind: &'static str, id: &str, numbers: &[Number]) {
    for &(field, value, good, range) in numbers {
        if !good || !value.is_finite() {
            found.push(NetworkProblem::OutOfRange {
                kind,
                id: id.to_owned(),
                field,
                value: value.to_string(),
                range,
            });
        }
    }
}
