//! What hangs together with what: instances over a link, cells on a router, gateways of a service.
//!
//! In: the intended network and the ways through it. Out: the objects around a suspect, for conditions and targets.

use super::{Facts, names};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::ObjectKind;
use zizhi_types::topology::{Cell, Instance, Link};

impl Facts<'_> {
    /// Instances whose answers to some group cross the link. Each site and service is looked at once, however many
    /// instances and groups they have.
    pub(super) fn instances_over(&self, link: &Link) -> Vec<&Instance> {
        let sites: BTreeMap<&str, &str> = self
            .network
            .sites
            .iter()
            .map(|s| (s.id.as_str(), s.router.as_str()))
            .collect();
        let users = self.user_routers();
        let mut known: BTreeMap<(&str, &str), bool> = BTreeMap::new();
        let mut reached = vec![];
        for instance in &self.network.instances {
            let Some(from) = sites.get(instance.site.as_str()) else {
                continue;
            };
            let crosses = known.entry((from, &instance.service)).or_insert_with(|| {
                let to = users.get(instance.service.as_str());
                self.crosses(from, to.into_iter().flatten(), link)
            });
            if *crosses {
                reached.push(instance);
            }
        }
        reached
    }

    /// The routers on which each service's users hang.
    fn user_routers(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let cells: BTreeMap<&str, &str> = self
            .network
            .cells
            .iter()
            .map(|c| (c.id.as_str(), c.router.as_str()))
            .collect();
        let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for group in &self.network.groups {
            if let Some(router) = cells.get(group.cell.as_str()) {
                users.entry(&group.service).or_default().insert(router);
            }
        }
        users
    }

    fn crosses<'r>(
        &self,
        from: &str,
        mut to: impl Iterator<Item = &'r &'r str>,
        link: &Link,
    ) -> bool {
        let over = |path: Vec<&Link>| path.iter().any(|l| l.id == link.id);
        self.paths
            .from(from)
            .is_some_and(|tree| to.any(|router| tree.to(router).is_some_and(over)))
    }

    /// Whether the cell is named as a neighbour by a cell on the router.
    pub(super) fn borders(&self, cell: &Cell, router: &str) -> bool {
        let mut there = self.network.cells.iter().filter(|c| c.router == router);
        there.any(|c| c.neighbours.contains(&cell.id))
    }

    pub(super) fn cells(&self, wanted: impl Fn(&Cell) -> bool) -> Vec<String> {
        let found = self.network.cells.iter().filter(|c| wanted(c));
        names(ObjectKind::Cell, found.map(|c| &c.id))
    }

    /// Gateways that steer some users of a service.
    pub(super) fn gateways(&self, service: &str) -> Vec<String> {
        let steers = |id: &str| {
            let mut groups = self.network.groups.iter();
            groups.any(|g| g.gateway == id && g.service == service)
        };
        let found = self.network.gateways.iter().filter(|g| steers(&g.id));
        names(ObjectKind::Gateway, found.map(|g| &g.id))
    }
}
