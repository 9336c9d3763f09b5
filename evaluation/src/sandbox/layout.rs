//! Where everything is: names turned into indexes, and fixed facts of the built network.
//!
//! In: a checked [`Network`]. Out: index tables that the world's hot loop reads. Built once, and again when an
//! instance is added or removed. Nothing here changes with time.

use std::collections::BTreeMap;
use zizhi_types::topology::{Network, Preference};
use zizhi_types::{ManagedObject, ObjectKind};

/// One end of a link. Port `2 * link` sends from `a` to `b`, port `2 * link + 1` the other way.
#[derive(Debug, Clone)]
pub(crate) struct PortPlace {
    pub router: usize,
    pub peer: usize,
    pub link: usize,
    pub delay_us: f64,
    pub object: ManagedObject,
}

/// A user group.
#[derive(Debug, Clone)]
pub(crate) struct GroupPlace {
    pub cell: usize,
    pub gateway: usize,
    pub service: usize,
    pub rate_rps: f64,
    pub mbps_per_rps: f64,
    pub by_price: bool,
    pub bound_ms: f64,
    pub object: ManagedObject,
}

/// A probed path from a gateway's router to a site's router.
#[derive(Debug, Clone)]
pub(crate) struct PathPlace {
    pub from: usize,
    pub to: usize,
    pub object: ManagedObject,
}

/// Background traffic between two routers.
#[derive(Debug, Clone)]
pub(crate) struct DemandPlace {
    pub from: usize,
    pub to: usize,
    pub mean_mbps: f64,
    pub object: ManagedObject,
}

/// An access cell.
#[derive(Debug, Clone)]
pub(crate) struct CellPlace {
    pub router: usize,
    pub capacity_rps: f64,
    pub neighbours: Vec<usize>,
    pub object: ManagedObject,
}

/// Something that hangs on a router.
#[derive(Debug, Clone)]
pub(crate) struct Attached {
    pub router: usize,
    pub object: ManagedObject,
}

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub routers: Vec<ManagedObject>,
    pub links: Vec<ManagedObject>,
    pub ports: Vec<PortPlace>,
    pub ports_of: Vec<Vec<usize>>,
    pub demands: Vec<DemandPlace>,
    pub sites: Vec<Attached>,
    pub gateways: Vec<Attached>,
    pub cells: Vec<CellPlace>,
    pub groups: Vec<GroupPlace>,
    pub groups_of_gateway: Vec<Vec<usize>>,
    pub paths: Vec<PathPlace>,
}

/// Index of each id in a list.
pub(crate) fn index_of<'a>(ids: impl Iterator<Item = &'a String>) -> BTreeMap<&'a str, usize> {
    ids.enumerate().map(|(i, id)| (id.as_str(), i)).collect()
}

/// Names were checked by [`Network::problems`]; composed names may be too long, then the part that fits is kept.
pub(crate) fn object(kind: ObjectKind, name: &str) -> ManagedObject {
    let mut short: String = name.chars().take(120).collect();
    if short.is_empty() {
        short.push('-');
    }
    ManagedObject::new(kind, short).unwrap_or_else(|_| {
        ManagedObject::new(kind, "unnamed").expect("a plain word is a good object name")
    })
}

impl Layout {
    /// Indexes a network without [`Network::problems`]. `demands` are the scaled background demands.
    pub fn new(network: &Network, demands: &[(usize, usize, f64)]) -> Self {
        let routers = index_of(network.routers.iter().map(|r| &r.id));
        let ports = ports(network, &routers);
        let mut ports_of = vec![vec![]; network.routers.len()];
        for (index, port) in ports.iter().enumerate() {
            ports_of[port.router].push(index);
        }
        let attached = |kind, id: &str, router: &str| Attached {
            router: routers[router],
            object: object(kind, id),
        };
        let sites: Vec<_> = network
            .sites
            .iter()
            .map(|s| attached(ObjectKind::Site, &s.id, &s.router))
            .collect();
        let gateways: Vec<_> = network
            .gateways
            .iter()
            .map(|g| attached(ObjectKind::Gateway, &g.id, &g.router))
            .collect();
        let groups = groups(network);
        let mut groups_of_gateway = vec![vec![]; gateways.len()];
        for (index, group) in groups.iter().enumerate() {
            groups_of_gateway[group.gateway].push(index);
        }
        let name = |router: usize| network.routers[router].id.as_str();
        Self {
            routers: network
                .routers
                .iter()
                .map(|r| object(ObjectKind::Router, &r.id))
                .collect(),
            links: network
                .links
                .iter()
                .map(|l| object(ObjectKind::Link, &l.id))
                .collect(),
            ports,
            ports_of,
            demands: demands
                .iter()
                .map(|&(from, to, mean_mbps)| DemandPlace {
                    from,
                    to,
                    mean_mbps,
                    object: object(ObjectKind::Demand, &format!("{}:{}", name(from), name(to))),
                })
                .collect(),
            paths: paths(network, &gateways, &sites),
            sites,
            gateways,
            cells: cells(network, &routers),
            groups,
            groups_of_gateway,
        }
    }
}

fn ports(network: &Network, routers: &BTreeMap<&str, usize>) -> Vec<PortPlace> {
    let mut ports = vec![];
    for (link, l) in network.links.iter().enumerate() {
        for (from, to) in [(&l.a, &l.b), (&l.b, &l.a)] {
            ports.push(PortPlace {
                router: routers[from.as_str()],
                peer: routers[to.as_str()],
                link,
                delay_us: l.delay_ms * 1000.0,
                object: object(ObjectKind::Port, &format!("{from}:{}", l.id)),
            });
        }
    }
    ports
}

fn cells(network: &Network, routers: &BTreeMap<&str, usize>) -> Vec<CellPlace> {
    let cells = index_of(network.cells.iter().map(|c| &c.id));
    network
        .cells
        .iter()
        .map(|c| CellPlace {
            router: routers[c.router.as_str()],
            capacity_rps: c.capacity_rps,
            neighbours: c.neighbours.iter().map(|n| cells[n.as_str()]).collect(),
            object: object(ObjectKind::Cell, &c.id),
        })
        .collect()
}

fn groups(network: &Network) -> Vec<GroupPlace> {
    let cells = index_of(network.cells.iter().map(|c| &c.id));
    let gateways = index_of(network.gateways.iter().map(|g| &g.id));
    let services = index_of(network.services.iter().map(|s| &s.id));
    network
        .groups
        .iter()
        .map(|g| GroupPlace {
            cell: cells[g.cell.as_str()],
            gateway: gateways[g.gateway.as_str()],
            service: services[g.service.as_str()],
            rate_rps: g.rate_rps,
            mbps_per_rps: g.mbps_per_rps,
            by_price: g.prefer == Preference::Price,
            bound_ms: g.latency_ms_max,
            object: object(ObjectKind::Group, &g.id),
        })
        .collect()
}

fn paths(network: &Network, gateways: &[Attached], sites: &[Attached]) -> Vec<PathPlace> {
    let mut seen = std::collections::BTreeSet::new();
    let mut paths = vec![];
    for gateway in gateways {
        for site in sites {
            let (from, to) = (gateway.router, site.router);
            if from != to && seen.insert((from, to)) {
                let name = format!("{}:{}", network.routers[from].id, network.routers[to].id);
                paths.push(PathPlace {
                    from,
                    to,
                    object: object(ObjectKind::Path, &name),
                });
            }
        }
    }
    paths
}
