//! The intended network: what is built, how it is set, what it promises.
//!
//! A network file is this type in YAML. The same parts travel over the bus as the inventory of a domain
//! ([`crate::wire::Inventory`]). Present state (what is up, how loaded) is never here.

use crate::domain::Domain;
use crate::metric::Metric;
use crate::object::{BadObject, ManagedObject, ObjectKind};
use crate::objective::{Comparison, Importance, Objective};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// A router.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Router {
    /// Unique among routers.
    pub id: String,
    /// `core`, `aggregation` or `edge`.
    pub tier: Tier,
    /// Degrees north, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Degrees east, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Relative size for the gravity traffic model; 0 sources and sinks nothing.
    #[serde(default = "one")]
    pub weight: f64,
}

/// Where a router stands in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Backbone.
    Core,
    /// Collects edges.
    Aggregation,
    /// Next to users or sites.
    Edge,
}

/// An undirected link; each direction has the whole capacity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Unique among links.
    pub id: String,
    /// One end's router.
    pub a: String,
    /// The other end's router.
    pub b: String,
    /// Mbit/s in each direction.
    pub capacity_mbps: f64,
    /// Propagation delay one way.
    pub delay_ms: f64,
    /// Intended IGP cost, the same both ways, 1 to 65535.
    pub cost: u32,
}

/// A compute site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Unique among sites.
    pub id: String,
    /// The router it hangs on.
    pub router: String,
    /// Instances that may be added beyond those listed.
    #[serde(default)]
    pub spare_instances: u32,
}

/// A service, addressed by URL path (RFC 10053 CS).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Unique among services.
    pub id: String,
    /// For example `/v1/infer`.
    pub url_path: String,
}

/// A service contact instance (RFC 10053 CIS).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Unique among instances.
    pub id: String,
    /// Where it runs.
    pub site: String,
    /// What it serves.
    pub service: String,
    /// Requests served at the same time.
    pub workers: u32,
    /// Mean service time of one request on an idle host.
    pub base_ms: f64,
    /// Compute tokens per request.
    pub price: f64,
}

/// A service gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Unique among gateways.
    pub id: String,
    /// The router it hangs on.
    pub router: String,
}

/// An access cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Unique among cells.
    pub id: String,
    /// The router it hangs on.
    pub router: String,
    /// Requests per second that its radio can carry.
    pub capacity_rps: f64,
    /// Cells that can take over its users, best first.
    #[serde(default)]
    pub neighbours: Vec<String>,
}

/// What a user group asks of the gateway beside its latency bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preference {
    /// The cheapest instance within the bound.
    Price,
    /// The fastest instance.
    Latency,
}

/// Users of one cell that use one service through one gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Unique among groups.
    pub id: String,
    /// The cell they are attached to.
    pub cell: String,
    /// Their gateway.
    pub gateway: String,
    /// What they use.
    pub service: String,
    /// Mean requests per second at the daily mean.
    pub rate_rps: f64,
    /// Traffic that one request per second stands for, in Mbit/s, from the instance to the user.
    pub mbps_per_rps: f64,
    /// What they prefer.
    pub prefer: Preference,
    /// 95th percentile end to end that they were promised.
    pub latency_ms_max: f64,
}

/// Background traffic between routers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// Where it enters.
    pub from: String,
    /// Where it leaves.
    pub to: String,
    /// Daily mean.
    pub mbps: f64,
}

/// How loaded the network is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// Highest link utilisation, with nothing wrong, at the busiest hour: demands are scaled to it. 0 to 1.
    pub peak_utilization: f64,
    /// Difference between the busiest and the quietest hour over their sum, 0 to 1.
    pub daily_swing: f64,
    /// Hour of the day with the most traffic, 0 to 24.
    pub peak_hour: f64,
    /// Demands to generate by gravity (product of the routers' weights), largest first; 0 takes `demands` as given.
    #[serde(default)]
    pub gravity_demands: usize,
    /// Explicit demands; scaled like generated ones.
    #[serde(default)]
    pub demands: Vec<Demand>,
}

/// A whole intended network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Short name: letters, digits, `-`.
    pub name: String,
    /// For people.
    pub title: Bilingual,
    /// Where the facts come from.
    pub source: String,
    /// Routers.
    pub routers: Vec<Router>,
    /// Links.
    pub links: Vec<Link>,
    /// Services.
    #[serde(default)]
    pub services: Vec<Service>,
    /// Compute sites.
    #[serde(default)]
    pub sites: Vec<Site>,
    /// Service instances.
    #[serde(default)]
    pub instances: Vec<Instance>,
    /// Gateways.
    #[serde(default)]
    pub gateways: Vec<Gateway>,
    /// Cells.
    #[serde(default)]
    pub cells: Vec<Cell>,
    /// User groups.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Background traffic.
    pub traffic: Traffic,
}

const fn one() -> f64 {
    1.0
}

/// Something in a network that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkProblem {
    /// Two things of a kind have one name.
    #[error("{kind} `{id}` is listed twice: give each its own id")]
    Duplicate {
        /// What kind.
        kind: &'static str,
        /// Whose id.
        id: String,
    },
    /// A name points at nothing.
    #[error(
        "{kind} `{id}` names {wanted} `{missing}`, which is not listed: list it or correct the name"
    )]
    Missing {
        /// What kind points.
        kind: &'static str,
        /// Which one points.
        id: String,
        /// What kind it points at.
        wanted: &'static str,
        /// The name that is not listed.
        missing: String,
    },
    /// A number is outside its range.
    #[error("{kind} `{id}`: {field} is {value}, but must be {range}")]
    OutOfRange {
        /// What kind.
        kind: &'static str,
        /// Which one.
        id: String,
        /// Which field.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// A name cannot be used as an object's name.
    #[error(transparent)]
    BadName(#[from] BadObject),
}

impl Network {
    /// An empty network of a name: the start of an inventory that is filled from messages.
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: Bilingual::default(),
            source: String::new(),
            routers: vec![],
            links: vec![],
            services: vec![],
            sites: vec![],
            instances: vec![],
            gateways: vec![],
            cells: vec![],
            groups: vec![],
            traffic: Traffic {
                peak_utilization: 0.0,
                daily_swing: 0.0,
                peak_hour: 0.0,
                gravity_demands: 0,
                demands: vec![],
            },
        }
    }

    /// The part of the network that one domain owns; the rest is empty. Traffic belongs to transport.
    #[must_use]
    pub fn part(&self, domain: Domain) -> Self {
        let mut part = Self::empty(&self.name);
        match domain {
            Domain::Transport => {
                part.routers.clone_from(&self.routers);
                part.links.clone_from(&self.links);
                part.traffic = self.traffic.clone();
            }
            Domain::Compute => {
                part.sites.clone_from(&self.sites);
                part.instances.clone_from(&self.instances);
            }
            Domain::Service => {
                part.services.clone_from(&self.services);
                part.gateways.clone_from(&self.gateways);
                part.groups.clone_from(&self.groups);
            }
            Domain::Access => part.cells.clone_from(&self.cells),
        }
        part
    }

    /// Takes over a domain's part, in place of what was known of that domain.
    pub fn learn(&mut self, domain: Domain, part: Self) {
        self.name = part.name;
        match domain {
            Domain::Transport => {
                self.routers = part.routers;
                self.links = part.links;
                self.traffic = part.traffic;
            }
            Domain::Compute => {
                self.sites = part.sites;
                self.instances = part.instances;
            }
            Domain::Service => {
                self.services = part.services;
                self.gateways = part.gateways;
                self.groups = part.groups;
            }
            Domain::Access => self.cells = part.cells,
        }
    }

    /// Everything that keeps the network from being built; empty when it can be.
    pub fn problems(&self) -> Vec<NetworkProblem> {
        let mut found = vec![];
        let routers = ids(
            "router",
            ObjectKind::Router,
            self.routers.iter().map(|r| &r.id),
            &mut found,
        );
        ids(
            "link",
            ObjectKind::Link,
            self.links.iter().map(|l| &l.id),
            &mut found,
        );
        let services = ids(
            "service",
            ObjectKind::Service,
            self.services.iter().map(|s| &s.id),
            &mut found,
        );
        let sites = ids(
            "site",
            ObjectKind::Site,
            self.sites.iter().map(|s| &s.id),
            &mut found,
        );
        ids(
            "instance",
            ObjectKind::Instance,
            self.instances.iter().map(|i| &i.id),
            &mut found,
        );
        let gateways = ids(
            "gateway",
            ObjectKind::Gateway,
            self.gateways.iter().map(|g| &g.id),
            &mut found,
        );
        let cells = ids(
            "cell",
            ObjectKind::Cell,
            self.cells.iter().map(|c| &c.id),
            &mut found,
        );
        ids(
            "group",
            ObjectKind::Group,
            self.groups.iter().map(|g| &g.id),
            &mut found,
        );
        let mut refer = |kind, id: &str, wanted, name: &str, known: &BTreeSet<&str>| {
            if !known.contains(name) {
                found.push(NetworkProblem::Missing {
                    kind,
                    id: id.to_owned(),
                    wanted,
                    missing: name.to_owned(),
                });
            }
        };
        for l in &self.links {
            refer("link", &l.id, "router", &l.a, &routers);
            refer("link", &l.id, "router", &l.b, &routers);
        }
        for s in &self.sites {
            refer("site", &s.id, "router", &s.router, &routers);
        }
        for i in &self.instances {
            refer("instance", &i.id, "site", &i.site, &sites);
            refer("instance", &i.id, "service", &i.service, &services);
        }
        for g in &self.gateways {
            refer("gateway", &g.id, "router", &g.router, &routers);
        }
        for c in &self.cells {
            refer("cell", &c.id, "router", &c.router, &routers);
            for n in &c.neighbours {
                refer("cell", &c.id, "cell", n, &cells);
            }
        }
        for g in &self.groups {
            refer("group", &g.id, "cell", &g.cell, &cells);
            refer("group", &g.id, "gateway", &g.gateway, &gateways);
            refer("group", &g.id, "service", &g.service, &services);
        }
        for d in &self.traffic.demands {
            refer(
                "demand",
                &format!("{}:{}", d.from, d.to),
                "router",
                &d.from,
                &routers,
            );
            refer(
                "demand",
                &format!("{}:{}", d.from, d.to),
                "router",
                &d.to,
                &routers,
            );
        }
        self.ranges(&mut found);
        found
    }

    fn ranges(&self, found: &mut Vec<NetworkProblem>) {
        let mut check = |kind, id: &str, field, value: f64, good: bool, range| {
            if !good || !value.is_finite() {
                found.push(NetworkProblem::OutOfRange {
                    kind,
                    id: id.to_owned(),
                    field,
                    value: value.to_string(),
                    range,
                });
            }
        };
        for r in &self.routers {
            check(
                "router",
                &r.id,
                "weight",
                r.weight,
                r.weight >= 0.0,
                "0 or more",
            );
        }
        for l in &self.links {
            check(
                "link",
                &l.id,
                "capacity_mbps",
                l.capacity_mbps,
                l.capacity_mbps > 0.0,
                "more than 0",
            );
            check(
                "link",
                &l.id,
                "delay_ms",
                l.delay_ms,
                l.delay_ms >= 0.0,
                "0 or more",
            );
            let cost = f64::from(l.cost);
            check(
                "link",
                &l.id,
                "cost",
                cost,
                (1..=65_535).contains(&l.cost),
                "1 to 65535",
            );
            check("link", &l.id, "b", 0.0, l.a != l.b, "another router than a");
        }
        for i in &self.instances {
            check(
                "instance",
                &i.id,
                "workers",
                f64::from(i.workers),
                i.workers > 0,
                "1 or more",
            );
            check(
                "instance",
                &i.id,
                "base_ms",
                i.base_ms,
                i.base_ms > 0.0,
                "more than 0",
            );
            check(
                "instance",
                &i.id,
                "price",
                i.price,
                i.price >= 0.0,
                "0 or more",
            );
        }
        for c in &self.cells {
            check(
                "cell",
                &c.id,
                "capacity_rps",
                c.capacity_rps,
                c.capacity_rps > 0.0,
                "more than 0",
            );
        }
        for g in &self.groups {
            check(
                "group",
                &g.id,
                "rate_rps",
                g.rate_rps,
                g.rate_rps > 0.0,
                "more than 0",
            );
            check(
                "group",
                &g.id,
                "mbps_per_rps",
                g.mbps_per_rps,
                g.mbps_per_rps >= 0.0,
                "0 or more",
            );
            check(
                "group",
                &g.id,
                "latency_ms_max",
                g.latency_ms_max,
                g.latency_ms_max > 0.0,
                "more than 0",
            );
        }
        let t = &self.traffic;
        let unit = |v: f64| (0.0..=1.0).contains(&v);
        check(
            "traffic",
            &self.name,
            "peak_utilization",
            t.peak_utilization,
            unit(t.peak_utilization),
            "0 to 1",
        );
        check(
            "traffic",
            &self.name,
            "daily_swing",
            t.daily_swing,
            unit(t.daily_swing),
            "0 to 1",
        );
        check(
            "traffic",
            &self.name,
            "peak_hour",
            t.peak_hour,
            (0.0..=24.0).contains(&t.peak_hour),
            "0 to 24",
        );
    }

    /// The objectives that follow from what is built and promised.
    ///
    /// Limits are our choice, stated here once: loss 1 % and damage 0.5 % are what interactive services stand
    /// before they degrade; an instance twice as slow as built is degraded; a policy older than two minutes is stale.
    pub fn objectives(&self) -> Vec<Objective> {
        let mut out = vec![];
        let mut add = |kind, name: String, metric, comparison, limit, importance, hold_ms| {
            // The names were checked when the network was loaded.
            if let Ok(object) = ManagedObject::new(kind, name) {
                out.push(Objective {
                    object,
                    metric,
                    comparison,
                    limit,
                    importance,
                    hold_ms,
                });
            }
        };
        use Comparison::{AtLeast, AtMost, Equals};
        use Importance::{Conformity, Resource, Service};
        use ObjectKind as K;
        for r in &self.routers {
            add(
                K::Router,
                r.id.clone(),
                Metric::RouterUp,
                AtLeast,
                1.0,
                Resource,
                20_000,
            );
        }
        for l in &self.links {
            for end in [&l.a, &l.b] {
                let port = format!("{end}:{}", l.id);
                add(
                    K::Port,
                    port.clone(),
                    Metric::PortOperUp,
                    AtLeast,
                    1.0,
                    Resource,
                    20_000,
                );
                add(
                    K::Port,
                    port.clone(),
                    Metric::PortAdjacencyUp,
                    AtLeast,
                    1.0,
                    Resource,
                    20_000,
                );
                add(
                    K::Port,
                    port.clone(),
                    Metric::PortDiscard,
                    AtMost,
                    0.01,
                    Resource,
                    20_000,
                );
                add(
                    K::Port,
                    port.clone(),
                    Metric::PortError,
                    AtMost,
                    0.005,
                    Resource,
                    20_000,
                );
                add(
                    K::Port,
                    port.clone(),
                    Metric::PortFlaps,
                    AtMost,
                    1.0,
                    Resource,
                    10_000,
                );
                add(
                    K::Port,
                    port.clone(),
                    Metric::PortRate,
                    Equals,
                    l.capacity_mbps,
                    Conformity,
                    20_000,
                );
                add(
                    K::Port,
                    port,
                    Metric::PortCost,
                    Equals,
                    f64::from(l.cost),
                    Conformity,
                    20_000,
                );
            }
        }
        for i in &self.instances {
            add(
                K::Instance,
                i.id.clone(),
                Metric::InstanceUp,
                AtLeast,
                1.0,
                Resource,
                20_000,
            );
            add(
                K::Instance,
                i.id.clone(),
                Metric::InstanceService,
                AtMost,
                2.0 * i.base_ms,
                Resource,
                20_000,
            );
            add(
                K::Instance,
                i.id.clone(),
                Metric::InstanceRejected,
                AtMost,
                0.01,
                Resource,
                20_000,
            );
        }
        for s in &self.sites {
            add(
                K::Site,
                s.id.clone(),
                Metric::SiteUtilization,
                AtMost,
                0.9,
                Resource,
                20_000,
            );
        }
        for g in &self.gateways {
            add(
                K::Gateway,
                g.id.clone(),
                Metric::GatewayUp,
                AtLeast,
                1.0,
                Resource,
                20_000,
            );
            add(
                K::Gateway,
                g.id.clone(),
                Metric::GatewayPolicyAge,
                AtMost,
                120.0,
                Conformity,
                0,
            );
        }
        for g in &self.groups {
            add(
                K::Group,
                g.id.clone(),
                Metric::GroupSuccess,
                AtLeast,
                0.98,
                Service,
                20_000,
            );
            add(
                K::Group,
                g.id.clone(),
                Metric::GroupLatency,
                AtMost,
                g.latency_ms_max,
                Service,
                20_000,
            );
        }
        for c in &self.cells {
            add(
                K::Cell,
                c.id.clone(),
                Metric::CellUp,
                AtLeast,
                1.0,
                Resource,
                20_000,
            );
            add(
                K::Cell,
                c.id.clone(),
                Metric::CellFailure,
                AtMost,
                0.02,
                Service,
                20_000,
            );
        }
        out
    }
}

fn ids<'a>(
    kind: &'static str,
    object: ObjectKind,
    names: impl Iterator<Item = &'a String>,
    found: &mut Vec<NetworkProblem>,
) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::new();
    for id in names {
        if let Err(bad) = ManagedObject::new(object, id.clone()) {
            found.push(bad.into());
        }
        if !known.insert(id.as_str()) {
            found.push(NetworkProblem::Duplicate {
                kind,
                id: id.clone(),
            });
        }
    }
    known
}
