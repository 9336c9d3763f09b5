//! Which services would feel it if these objects were touched?
//!
//! In: the intended network, measured values, objects. Out: service ids, for the blast-radius guard. A service depends on
//! a link or router when an answer of one of its instances to one of its user groups crosses it now.

use crate::context::Measured;
use crate::paths::Paths;
use std::collections::BTreeSet;
use zizhi_types::topology::{Group, Link, Network};
use zizhi_types::{ManagedObject, ObjectKind};

/// The services that depend on any of the objects.
pub fn services_depending<'o>(
    network: &Network,
    measured: Measured<'_>,
    objects: impl IntoIterator<Item = &'o ManagedObject>,
) -> BTreeSet<String> {
    let paths = Paths::new(network, measured);
    objects
        .into_iter()
        .flat_map(|object| depending(network, &paths, object))
        .collect()
}

fn depending(network: &Network, paths: &Paths<'_>, object: &ManagedObject) -> BTreeSet<String> {
    let name = object.name();
    let groups = |wanted: &dyn Fn(&Group) -> bool| {
        let found = network.groups.iter().filter(|g| wanted(g));
        found.map(|g| g.service.clone()).collect()
    };
    let instances = network.instances.iter();
    match object.kind() {
        ObjectKind::Service => BTreeSet::from([name.to_owned()]),
        ObjectKind::Instance => instances
            .filter(|i| i.id == name)
            .map(|i| i.service.clone())
            .collect(),
        ObjectKind::Site => instances
            .filter(|i| i.site == name)
            .map(|i| i.service.clone())
            .collect(),
        ObjectKind::Gateway => groups(&|g| g.gateway == name),
        ObjectKind::Cell => groups(&|g| g.cell == name),
        ObjectKind::Group => groups(&|g| g.id == name),
        ObjectKind::Link => crossing(network, paths, &|l| l.id == name, None),
        ObjectKind::Router => crossing(network, paths, &|l| l.a == name || l.b == name, Some(name)),
        ObjectKind::Port => object.link_of_port().map_or_else(BTreeSet::new, |link| {
            crossing(network, paths, &|l| l.id == link.name(), None)
        }),
        // Which instances run on a node the topology does not say.
        ObjectKind::Path | ObjectKind::Demand | ObjectKind::Steer | ObjectKind::Node => {
            BTreeSet::new()
        }
    }
}

/// Services with an answer over one of the wanted links, or that starts or ends at the router.
fn crossing(
    network: &Network,
    paths: &Paths<'_>,
    wanted: &dyn Fn(&Link) -> bool,
    router: Option<&str>,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for site in &network.sites {
        let Some(tree) = paths.from(&site.router) else {
            continue;
        };
        let here: BTreeSet<&str> = network
            .instances
            .iter()
            .filter(|i| i.site == site.id)
            .map(|i| i.service.as_str())
            .collect();
        for group in network
            .groups
            .iter()
            .filter(|g| here.contains(g.service.as_str()))
        {
            let Some(cell) = network.cells.iter().find(|c| c.id == group.cell) else {
                continue;
            };
            let ends = [site.router.as_str(), cell.router.as_str()];
            let at_end = router.is_some_and(|r| ends.contains(&r));
            let over = tree
                .to(&cell.router)
                .is_some_and(|p| p.into_iter().any(wanted));
            if at_end || over {
                found.insert(group.service.clone());
            }
        }
    }
    found
}
