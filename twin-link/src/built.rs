//! What is the network made of, in numbers instead of names?
//!
//! In: the intended network, and pairs that only measurements name (paths, demands, steering). Out: compact tables.
//! A domain's inventory may arrive before the one it refers to: what refers to something unknown is left out.

use crate::layout::{Layout, Slot};
use std::collections::BTreeMap;
use zizhi_types::domain::Domain;
use zizhi_types::object::{ManagedObject, ObjectKind};
use zizhi_types::topology::{Network, Preference};

/// One direction of a link. Edge `2 l` goes from end a to end b of link `l`, edge `2 l + 1` back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) capacity_mbps: f64,
    pub(crate) delay_ms: f64,
    /// The port at `from`, which sends.
    pub(crate) port: Slot,
    /// The port at `to`, which receives.
    pub(crate) far_port: Slot,
}

#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) slot: Slot,
    pub(crate) spare: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) slot: Slot,
    pub(crate) site: usize,
    pub(crate) service: usize,
    pub(crate) router: usize,
    pub(crate) workers: u32,
    pub(crate) base_ms: f64,
    pub(crate) price: f64,
}

/// A gateway or a cell: something with a slot on a router.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    pub(crate) slot: Slot,
    pub(crate) router: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) slot: Slot,
    pub(crate) router: usize,
    pub(crate) capacity_rps: f64,
    pub(crate) neighbours: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) slot: Slot,
    pub(crate) cell: usize,
    pub(crate) gateway: usize,
    pub(crate) service: usize,
    pub(crate) mbps_per_rps: f64,
    pub(crate) prefer: Preference,
    pub(crate) latency_ms_max: f64,
}

/// A pair of routers (path, demand), or a group and an instance (steering).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) slot: Slot,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// The tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Built {
    pub(crate) layout: Layout,
    pub(crate) names: Names,
    pub(crate) routers: Vec<Slot>,
    pub(crate) edges: Vec<Edge>,
    /// Edges that leave each router.
    pub(crate) outgoing: Vec<Vec<usize>>,
    /// Edges that reach each router.
    pub(crate) incoming: Vec<Vec<usize>>,
    pub(crate) sites: Vec<Site>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) groups: Vec<Group>,
    pub(crate) paths: Vec<Pair>,
    pub(crate) demands: Vec<Pair>,
    pub(crate) steers: Vec<Pair>,
}

/// Numbers by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) routers: BTreeMap<String, usize>,
    pub(crate) links: BTreeMap<String, usize>,
    pub(crate) sites: BTreeMap<String, usize>,
    pub(crate) services: BTreeMap<String, usize>,
    pub(crate) instances: BTreeMap<String, usize>,
    pub(crate) gateways: BTreeMap<String, usize>,
    pub(crate) cells: BTreeMap<String, usize>,
    pub(crate) groups: BTreeMap<String, usize>,
    /// Who measures, by kind and number.
    owners: BTreeMap<(ObjectKind, usize), usize>,
}

impl Built {
    /// The tables of a network.
    pub(crate) fn new(network: &Network) -> Self {
        let mut built = Self::default();
        built.add_routers(network);
        built.add_links(network);
        built.add_compute(network);
        built.add_access(network);
        built.add_groups(network);
        for demand in &network.traffic.demands {
            if let Ok(object) =
                ManagedObject::new(ObjectKind::Demand, format!("{}:{}", demand.from, demand.to))
            {
                built.add_pair(&object);
            }
        }
        built
    }

    /// A slot for something that measures itself and others.
    fn measuring(&mut self, kind: ObjectKind, name: &str, number: usize) -> Option<Slot> {
        let object = ManagedObject::new(kind, name).ok()?;
        let owner = self.layout.new_owner();
        self.names.owners.insert((kind, number), owner);
        Some(self.layout.add(object, owner))
    }

    fn measured(&mut self, kind: ObjectKind, name: &str, by: (ObjectKind, usize)) -> Option<Slot> {
        let object = ManagedObject::new(kind, name).ok()?;
        let owner = self.names.owners.get(&by).copied()?;
        Some(self.layout.add(object, owner))
    }

    fn add_routers(&mut self, network: &Network) {
        for router in &network.routers {
            let number = self.routers.len();
            if let Some(slot) = self.measuring(ObjectKind::Router, &router.id, number) {
                self.names.routers.insert(router.id.clone(), number);
                self.routers.push(slot);
            }
        }
        self.outgoing = vec![vec![]; self.routers.len()];
        self.incoming = vec![vec![]; self.routers.len()];
    }

    fn add_links(&mut self, network: &Network) {
        for link in &network.links {
            let router = |id: &str| self.names.routers.get(id).copied();
            let (Some(a), Some(b)) = (router(&link.a), router(&link.b)) else {
                continue;
            };
            let mut port = |end: &str, number| {
                let name = format!("{end}:{}", link.id);
                self.measured(ObjectKind::Port, &name, (ObjectKind::Router, number))
            };
            let (Some(port_a), Some(port_b)) = (port(&link.a, a), port(&link.b, b)) else {
                continue;
            };
            self.names
                .links
                .insert(link.id.clone(), self.edges.len() / 2);
            for (from, to, port, far_port) in [(a, b, port_a, port_b), (b, a, port_b, port_a)] {
                let number = self.edges.len();
                self.edges.push(Edge {
                    from,
                    to,
                    capacity_mbps: link.capacity_mbps,
                    delay_ms: link.delay_ms,
                    port,
                    far_port,
                });
                if let Some(list) = self.outgoing.get_mut(from) {
                    list.push(number);
                }
                if let Some(list) = self.incoming.get_mut(to) {
                    list.push(number);
                }
            }
        }
    }

    fn add_compute(&mut self, network: &Network) {
        let mut site_router = vec![];
        for site in &network.sites {
            let number = self.sites.len();
            let router = self.names.routers.get(&site.router).copied();
            if let (Some(router), Some(slot)) =
                (router, self.measuring(ObjectKind::Site, &site.id, number))
            {
                self.names.sites.insert(site.id.clone(), number);
                self.sites.push(Site {
                    slot,
                    spare: site.spare_instances,
                });
                site_router.push(router);
            }
        }
        for instance in &network.instances {
            let Some(site) = self.names.sites.get(&instance.site).copied() else {
                continue;
            };
            let service = self.service(&instance.service);
            let by = (ObjectKind::Site, site);
            let slot = self.measured(ObjectKind::Instance, &instance.id, by);
            if let (Some(slot), Some(router)) = (slot, site_router.get(site).copied()) {
                self.names
                    .instances
                    .insert(instance.id.clone(), self.instances.len());
                self.instances.push(Instance {
                    slot,
                    site,
                    service,
                    router,
                    workers: instance.workers,
                    base_ms: instance.base_ms,
                    price: instance.price,
                });
            }
        }
    }

    /// A service's number; a new one for a name not heard before.
    fn service(&mut self, name: &str) -> usize {
        let next = self.names.services.len();
        *self.names.services.entry(name.to_owned()).or_insert(next)
    }

    fn add_access(&mut self, network: &Network) {
        for gateway in &network.gateways {
            let number = self.gateways.len();
            let router = self.names.routers.get(&gateway.router).copied();
            if let (Some(router), Some(slot)) = (
                router,
                self.measuring(ObjectKind::Gateway, &gateway.id, number),
            ) {
                self.names.gateways.insert(gateway.id.clone(), number);
                self.gateways.push(Gateway { slot, router });
            }
        }
        for cell in &network.cells {
            let number = self.cells.len();
            let router = self.names.routers.get(&cell.router).copied();
            if let (Some(router), Some(slot)) =
                (router, self.measuring(ObjectKind::Cell, &cell.id, number))
            {
                self.names.cells.insert(cell.id.clone(), number);
                self.cells.push(Cell {
                    slot,
                    router,
                    capacity_rps: cell.capacity_rps,
                    neighbours: vec![],
                });
            }
        }
        for cell in &network.cells {
            let known = |id: &String| self.names.cells.get(id).copied();
            let neighbours = cell.neighbours.iter().filter_map(known).collect();
            if let Some(built) = known(&cell.id).and_then(|n| self.cells.get_mut(n)) {
                built.neighbours = neighbours;
            }
        }
    }

    fn add_groups(&mut self, network: &Network) {
        for group in &network.groups {
            let cell = self.names.cells.get(&group.cell).copied();
            let gateway = self.names.gateways.get(&group.gateway).copied();
            let (Some(cell), Some(gateway)) = (cell, gateway) else {
                continue;
            };
            let service = self.service(&group.service);
            let by = (ObjectKind::Gateway, gateway);
            if let Some(slot) = self.measured(ObjectKind::Group, &group.id, by) {
                self.names
                    .groups
                    .insert(group.id.clone(), self.groups.len());
                self.groups.push(Group {
                    slot,
                    cell,
                    gateway,
                    service,
                    mbps_per_rps: group.mbps_per_rps,
                    prefer: group.prefer,
                    latency_ms_max: group.latency_ms_max,
                });
            }
        }
    }

    /// Makes room for a path, demand or steering that a measurement names; `false` when its ends are unknown.
    pub(crate) fn add_pair(&mut self, object: &ManagedObject) -> bool {
        if self.layout.place(object).is_some() {
            return true;
        }
        let Some((from, to)) = object.parts() else {
            return false;
        };
        let steer = object.kind() == ObjectKind::Steer;
        let (from_names, to_names) = if steer {
            (&self.names.groups, &self.names.instances)
        } else {
            (&self.names.routers, &self.names.routers)
        };
        let numbers = (from_names.get(from).copied(), to_names.get(to).copied());
        let (Some(from), Some(to)) = numbers else {
            return false;
        };
        let by = match self.groups.get(from).filter(|_| steer) {
            Some(group) => (ObjectKind::Gateway, group.gateway),
            None => (ObjectKind::Router, from),
        };
        let Some(slot) = self.measured(object.kind(), object.name(), by) else {
            return false;
        };
        let pair = Pair { slot, from, to };
        match object.kind() {
            ObjectKind::Path => self.paths.push(pair),
            ObjectKind::Demand => self.demands.push(pair),
            ObjectKind::Steer => self.steers.push(pair),
            _ => return false,
        }
        true
    }

    /// The two edges of a link.
    pub(crate) fn edges_of(&self, link: &str) -> Option<[&Edge; 2]> {
        let number = self.names.links.get(link)?;
        Some([self.edges.get(2 * number)?, self.edges.get(2 * number + 1)?])
    }

    /// The number of the measuring router.
    /// The sources that belong to a domain.
    pub(crate) fn owners_of(&self, domain: Domain) -> impl Iterator<Item = usize> + use<'_> {
        let own = self
            .names
            .owners
            .iter()
            .filter(move |((kind, _), _)| Domain::of(*kind) == domain);
        own.map(|(_, owner)| *owner)
    }

    pub(crate) fn router_owner(&self, router: usize) -> Option<usize> {
        self.names
            .owners
            .get(&(ObjectKind::Router, router))
            .copied()
    }
}
