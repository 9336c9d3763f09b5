//! The intended network: what is built, how it is set, what it promises.
//!
//! A network file is this type in YAML. The same parts travel over the bus as the inventory of a domain
//! ([`crate::wire::Inventory`]). Present state (what is up, how loaded) is never here.

use crate::domain::Domain;
use crate::object::BadObject;
use serde::{Deserialize, Serialize};

mod objectives;
mod problems;

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
}
