//! How do the objects of a network relate?
//!
//! In: the intended network. Out: pairs of objects for each relation. `contains` goes from the whole to its part,
//! `depends-on` from what fails to what it needs, `runs-on` from what runs to its host; `connected` goes both ways.

use crate::case::objects;
use serde::Serialize;
use std::collections::BTreeSet;
use std::str::FromStr;
use zizhi_types::topology::Network;
use zizhi_types::{ManagedObject, ObjectKind};

/// A relation between two objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// A router its ports, a link its two ports, a site its instances, a cell its user groups, a service its instances.
    Contains,
    /// Next to each other: a link and its two routers, routers with a link between them, a router and the site, gateway
    /// or cell that hangs on it, neighbouring cells.
    Connected,
    /// A port on its link and router, an instance on its site, a site, gateway or cell on its router, a user group on
    /// its cell, gateway and service.
    DependsOn,
    /// An instance on its site, a port on its router.
    RunsOn,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Self; 4] = [
        Self::Contains,
        Self::Connected,
        Self::DependsOn,
        Self::RunsOn,
    ];

    /// As rules write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::Connected => "connected",
            Self::DependsOn => "depends-on",
            Self::RunsOn => "runs-on",
        }
    }
}

impl FromStr for Relation {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or(())
    }
}

/// The objects of a network and how they relate.
pub(super) struct Topology {
    pub objects: Vec<ManagedObject>,
    pairs: BTreeSet<(Relation, ManagedObject, ManagedObject)>,
}

impl Topology {
    pub fn of(network: &Network) -> Self {
        let mut made = Self {
            objects: objects(network),
            pairs: BTreeSet::new(),
        };
        made.transport(network);
        made.compute(network);
        made.access(network);
        made
    }

    pub fn holds(&self, relation: Relation, from: &ManagedObject, to: &ManagedObject) -> bool {
        self.pairs.contains(&(relation, from.clone(), to.clone()))
    }

    fn put(&mut self, relation: Relation, from: (ObjectKind, &str), to: (ObjectKind, &str)) {
        let object = |(kind, name): (ObjectKind, &str)| ManagedObject::new(kind, name).ok();
        if let (Some(from), Some(to)) = (object(from), object(to)) {
            if relation == Relation::Connected {
                self.pairs.insert((relation, to.clone(), from.clone()));
            }
            self.pairs.insert((relation, from, to));
        }
    }

    fn hangs(&mut self, what: (ObjectKind, &str), router: &str) {
        self.put(Relation::Connected, what, (ObjectKind::Router, router));
        self.put(Relation::DependsOn, what, (ObjectKind::Router, router));
    }

    fn transport(&mut self, network: &Network) {
        for link in &network.links {
            let own = (ObjectKind::Link, link.id.as_str());
            let routers = [
                (ObjectKind::Router, link.a.as_str()),
                (ObjectKind::Router, link.b.as_str()),
            ];
            self.put(Relation::Connected, routers[0], routers[1]);
            for router in routers {
                let name = format!("{}:{}", router.1, link.id);
                let port = (ObjectKind::Port, name.as_str());
                self.put(Relation::Connected, own, router);
                self.put(Relation::Contains, own, port);
                self.put(Relation::Contains, router, port);
                self.put(Relation::DependsOn, port, own);
                self.put(Relation::DependsOn, port, router);
                self.put(Relation::RunsOn, port, router);
            }
        }
    }

    fn compute(&mut self, network: &Network) {
        for site in &network.sites {
            self.hangs((ObjectKind::Site, &site.id), &site.router);
        }
        for gateway in &network.gateways {
            self.hangs((ObjectKind::Gateway, &gateway.id), &gateway.router);
        }
        for instance in &network.instances {
            let own = (ObjectKind::Instance, instance.id.as_str());
            let site = (ObjectKind::Site, instance.site.as_str());
            self.put(Relation::Contains, site, own);
            self.put(
                Relation::Contains,
                (ObjectKind::Service, &instance.service),
                own,
            );
            self.put(Relation::DependsOn, own, site);
            self.put(Relation::RunsOn, own, site);
        }
    }

    fn access(&mut self, network: &Network) {
        for cell in &network.cells {
            let own = (ObjectKind::Cell, cell.id.as_str());
            self.hangs(own, &cell.router);
            for neighbour in &cell.neighbours {
                self.put(Relation::Connected, own, (ObjectKind::Cell, neighbour));
            }
        }
        for group in &network.groups {
            let own = (ObjectKind::Group, group.id.as_str());
            self.put(Relation::Contains, (ObjectKind::Cell, &group.cell), own);
            for (kind, name) in [
                (ObjectKind::Cell, &group.cell),
                (ObjectKind::Gateway, &group.gateway),
                (ObjectKind::Service, &group.service),
            ] {
                self.put(Relation::DependsOn, own, (kind, name));
            }
        }
    }
}
