//! Who depends on whom, in compact form.
//!
//! In: the intended network. Out: direct and transitive dependencies, paths between objects. Rebuilt whenever a
//! domain's part changes; the graph holds the same dependencies as triples (a test compares both). Reads are
//! 10 to 500 times faster than SPARQL. Never changed in place.

use crate::bits::Bits;
use crate::routing::Routing;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::object::{BadObject, ManagedObject, ObjectKind};
use zizhi_types::topology::{Demand, Group, Network};

/// What an object hangs on, as numbers of objects; which fields are set follows from its kind.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Site, gateway, cell: its router. Port: the router that sends.
    pub router: Option<usize>,
    /// Link, path, demand: its two routers.
    pub ends: Option<(usize, usize)>,
    /// Port: its link.
    pub link: Option<usize>,
    /// Instance: its site.
    pub site: Option<usize>,
    /// Instance, group: its service.
    pub service: Option<usize>,
    /// Group: its cell.
    pub cell: Option<usize>,
    /// Group: its gateway.
    pub gateway: Option<usize>,
    /// Cell: the cells that can take over.
    pub neighbours: Vec<usize>,
}

/// An object with its dependencies, known from the inventory or worked out from its name.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which.
    pub object: ManagedObject,
    /// Its number, if the inventory lists it.
    pub index: Option<usize>,
    /// What it hangs on.
    pub facts: Facts,
    /// What it directly depends on.
    pub direct: Vec<usize>,
    /// All that it depends on; not itself.
    pub all: Bits,
}

/// The dependencies of a network.
#[derive(Debug, Clone, Default)]
pub struct Mirror {
    places: Vec<Place>,
    index: BTreeMap<ManagedObject, usize>,
    up: Vec<Vec<usize>>,
    links: Bits,
    routing: Routing,
}

impl Mirror {
    /// Works out the dependencies of a network, however incomplete: a name that points at nothing adds no edge.
    pub fn new(network: &Network) -> Result<Self, BadObject> {
        let mut mirror = Self {
            routing: Routing::new(&network.routers, &network.links),
            ..Self::default()
        };
        mirror.add_transport(network)?;
        mirror.add_compute(network)?;
        mirror.add_access(network)?;
        mirror.add_groups(network)?;
        mirror.finish();
        Ok(mirror)
    }

    fn add(&mut self, object: ManagedObject, facts: Facts, direct: Vec<Option<usize>>) -> usize {
        if let Some(&known) = self.index.get(&object) {
            return known;
        }
        let i = self.places.len();
        let direct: BTreeSet<usize> = direct.into_iter().flatten().collect();
        self.index.insert(object.clone(), i);
        self.places.push(Place {
            object,
            index: Some(i),
            facts,
            direct: direct.into_iter().collect(),
            all: Bits::default(),
        });
        i
    }

    fn number(&self, kind: ObjectKind, name: &str) -> Option<usize> {
        let object = ManagedObject::new(kind, name).ok()?;
        self.index.get(&object).copied()
    }

    fn add_transport(&mut self, network: &Network) -> Result<(), BadObject> {
        for r in &network.routers {
            let router = ManagedObject::new(ObjectKind::Router, &r.id)?;
            self.add(router, Facts::default(), vec![]);
        }
        for l in &network.links {
            let a = self.number(ObjectKind::Router, &l.a);
            let b = self.number(ObjectKind::Router, &l.b);
            let link = ManagedObject::new(ObjectKind::Link, &l.id)?;
            let facts = Facts {
                ends: a.zip(b),
                ..Facts::default()
            };
            let link = self.add(link, facts, vec![a, b]);
            for (name, router) in [(&l.a, a), (&l.b, b)] {
                let facts = Facts {
                    router,
                    link: Some(link),
                    ..Facts::default()
                };
                let port = ManagedObject::port(name, &l.id)?;
                self.add(port, facts, vec![Some(link), router]);
            }
        }
        for d in demands(network) {
            self.add_route(ObjectKind::Demand, &d.from, &d.to)?;
        }
        Ok(())
    }

    /// Adds a path or a demand with the links and routers that it crosses.
    fn add_route(&mut self, kind: ObjectKind, from: &str, to: &str) -> Result<usize, BadObject> {
        let object = ManagedObject::new(kind, format!("{from}:{to}"))?;
        let (facts, direct) = self.route(from, to);
        let direct = direct.into_iter().map(Some).collect();
        Ok(self.add(object, facts, direct))
    }

    fn route(&self, from: &str, to: &str) -> (Facts, Vec<usize>) {
        let ends = [from, to].map(|name| self.number(ObjectKind::Router, name));
        let mut direct: BTreeSet<usize> = ends.into_iter().flatten().collect();
        for hop in self.routing.hops(from, to) {
            direct.extend(self.number(ObjectKind::Link, hop.link));
            direct.extend(self.number(ObjectKind::Router, hop.from));
        }
        let facts = Facts {
            ends: ends[0].zip(ends[1]),
            ..Facts::default()
        };
        (facts, direct.into_iter().collect())
    }

    fn add_compute(&mut self, network: &Network) -> Result<(), BadObject> {
        for s in &network.sites {
            let router = self.number(ObjectKind::Router, &s.router);
            let facts = Facts {
                router,
                ..Facts::default()
            };
            let site = ManagedObject::new(ObjectKind::Site, &s.id)?;
            self.add(site, facts, vec![router]);
        }
        let services: BTreeSet<&str> = network
            .services
            .iter()
            .map(|s| s.id.as_str())
            .chain(network.instances.iter().map(|i| i.service.as_str()))
            .collect();
        for s in services {
            let service = ManagedObject::new(ObjectKind::Service, s)?;
            self.add(service, Facts::default(), vec![]);
        }
        for i in &network.instances {
            let site = self.number(ObjectKind::Site, &i.site);
            let service = self.number(ObjectKind::Service, &i.service);
            let facts = Facts {
                site,
                service,
                ..Facts::default()
            };
            let instance = ManagedObject::new(ObjectKind::Instance, &i.id)?;
            let number = self.add(instance, facts, vec![site]);
            if let Some(service) = service {
                self.places[service].direct.push(number);
            }
        }
        Ok(())
    }

    fn add_access(&mut self, network: &Network) -> Result<(), BadObject> {
        for g in &network.gateways {
            let router = self.number(ObjectKind::Router, &g.router);
            let facts = Facts {
                router,
                ..Facts::default()
            };
            let gateway = ManagedObject::new(ObjectKind::Gateway, &g.id)?;
            self.add(gateway, facts, vec![router]);
        }
        for c in &network.cells {
            let router = self.number(ObjectKind::Router, &c.router);
            let facts = Facts {
                router,
                ..Facts::default()
            };
            let cell = ManagedObject::new(ObjectKind::Cell, &c.id)?;
            self.add(cell, facts, vec![router]);
        }
        for c in &network.cells {
            let near = |n: &String| self.number(ObjectKind::Cell, n);
            let neighbours = c.neighbours.iter().filter_map(near).collect();
            if let Some(cell) = self.number(ObjectKind::Cell, &c.id) {
                self.places[cell].facts.neighbours = neighbours;
            }
        }
        Ok(())
    }

    fn add_groups(&mut self, network: &Network) -> Result<(), BadObject> {
        for g in &network.groups {
            let cell = self.number(ObjectKind::Cell, &g.cell);
            let gateway = self.number(ObjectKind::Gateway, &g.gateway);
            let service = self.number(ObjectKind::Service, &g.service);
            let mut direct = vec![cell, gateway, service];
            for (from, to) in self.legs(g, cell, gateway) {
                direct.push(Some(self.add_route(ObjectKind::Path, &from, &to)?));
            }
            let facts = Facts {
                service,
                cell,
                gateway,
                ..Facts::default()
            };
            let group = ManagedObject::new(ObjectKind::Group, &g.id)?;
            self.add(group, facts, direct);
        }
        Ok(())
    }

    /// The router pairs that a group's requests cross: cell to gateway, gateway to each site of the service. Answers
    /// go back by the gateway, which terminates the session as it steers by URL path.
    fn legs(
        &self,
        group: &Group,
        cell: Option<usize>,
        gateway: Option<usize>,
    ) -> BTreeSet<(String, String)> {
        let router = |i: Option<usize>| i.and_then(|i| self.places[i].facts.router);
        let (cell, gateway) = (router(cell), router(gateway));
        let service = self.number(ObjectKind::Service, &group.service);
        let instances = service.map_or(&[][..], |s| &self.places[s].direct);
        let mut pairs = BTreeSet::from([(cell, gateway)]);
        for &i in instances {
            let site = router(self.places[i].facts.site);
            pairs.insert((gateway, site));
        }
        let name = |i: usize| self.places[i].object.name().to_owned();
        pairs
            .into_iter()
            .filter_map(|(a, b)| Some((a?, b?)))
            .filter(|(a, b)| a != b)
            .map(|(a, b)| (name(a), name(b)))
            .collect()
    }

    fn finish(&mut self) {
        self.up = vec![vec![]; self.places.len()];
        for i in 0..self.places.len() {
            self.places[i].all = self.closure(&self.places[i].direct);
            for &d in &self.places[i].direct {
                self.up[d].push(i);
            }
            if self.places[i].object.kind() == ObjectKind::Link {
                self.links.insert(i);
            }
        }
    }

    /// Everything below these objects, these included.
    fn closure(&self, direct: &[usize]) -> Bits {
        let mut all = Bits::default();
        let mut open = direct.to_vec();
        while let Some(i) = open.pop() {
            if !all.has(i) {
                all.insert(i);
                open.extend(&self.places[i].direct);
            }
        }
        all
    }

    /// An object with its dependencies. A path, demand or steering share that the inventory does not list is worked
    /// out from its name; anything else unknown depends on nothing.
    pub fn place(&self, object: &ManagedObject) -> Place {
        if let Some(&i) = self.index.get(object) {
            return self.places[i].clone();
        }
        let (facts, direct) = match (object.kind(), object.parts()) {
            (ObjectKind::Path | ObjectKind::Demand, Some((from, to))) => self.route(from, to),
            (ObjectKind::Steer, Some((group, instance))) => {
                let both = [
                    self.number(ObjectKind::Group, group),
                    self.number(ObjectKind::Instance, instance),
                ];
                (Facts::default(), both.into_iter().flatten().collect())
            }
            _ => (Facts::default(), vec![]),
        };
        Place {
            object: object.clone(),
            index: None,
            facts,
            all: self.closure(&direct),
            direct,
        }
    }

    /// Every object of the inventory, and the paths and demands worked out from it.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The object of a number.
    pub fn at(&self, i: usize) -> &Place {
        &self.places[i]
    }

    /// The numbers of what directly depends on an object.
    pub fn above(&self, i: usize) -> &[usize] {
        &self.up[i]
    }

    /// The numbers of all links.
    pub const fn links(&self) -> &Bits {
        &self.links
    }

    /// Intended routes.
    pub const fn routing(&self) -> &Routing {
        &self.routing
    }

    /// Everything that directly or indirectly depends on an object: its blast radius; not itself.
    pub fn dependents(&self, object: &ManagedObject) -> BTreeSet<ManagedObject> {
        let Some(&i) = self.index.get(object) else {
            return BTreeSet::new();
        };
        self.places
            .iter()
            .filter(|p| p.all.has(i))
            .map(|p| p.object.clone())
            .collect()
    }
}

/// The demands of a network: those listed, then the largest products of router weights, in the order of the routers
/// where equal.
pub fn demands(network: &Network) -> Vec<Demand> {
    let mut pairs: Vec<(f64, &str, &str)> = vec![];
    for a in &network.routers {
        for b in network.routers.iter().filter(|b| b.id != a.id) {
            pairs.push((a.weight * b.weight, &a.id, &b.id));
        }
    }
    pairs.retain(|(w, ..)| *w > 0.0);
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
    pairs.truncate(network.traffic.gravity_demands);
    let demand = |(mbps, from, to): (f64, &str, &str)| Demand {
        from: from.to_owned(),
        to: to.to_owned(),
        mbps,
    };
    let mut all = network.traffic.demands.clone();
    all.extend(pairs.into_iter().map(demand));
    all
}
