//! Where, seen from a suspect, a sign may show.
//!
//! In: two places. Out: in which relations the second stands to the first; the objects in a relation where they can
//! be listed. Called by diagnosis. Pure reads of the mirror.

use crate::mirror::{Mirror, Place};
use zizhi_types::object::{ManagedObject, ObjectKind as K};

macro_rules! relations {
    ($($variant:ident, $name:literal, $doc:literal;)*) => {
        /// How a symptom's object stands to a suspect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Relation {
            $(#[doc = $doc] $variant,)*
        }

        impl Relation {
            /// Every relation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the graph.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

relations! {
    Itself, "itself", "The suspect.";
    Ports, "ports", "The two ports of a link; a router's own ports.";
    FarPorts, "far-ports", "The neighbours' ports on the links to a router.";
    OtherPorts, "other-ports", "Ports of other links that detours may use.";
    PathPorts, "path-ports", "The sending ports along a demand's intended paths.";
    Crossing, "crossing", "Paths over a link or router, or over a link that a demand loads.";
    Users, "users", "Groups that depend on the suspect.";
    Siblings, "siblings", "Other instances of the same service.";
    Members, "members", "Instances at a site.";
    Home, "home", "The site of an instance.";
    Steered, "steered", "Instances that a gateway steers requests to.";
    SteeredSites, "steered-sites", "Sites of such instances.";
    SteeredBy, "steered-by", "Gateways that steer requests to a site.";
    Neighbours, "neighbours", "Cells that can take over.";
    Behind, "behind", "What is reached only through the suspect: attached to it, or cut off with it.";
}

/// Whether `seen` stands in this relation to `suspect`.
pub fn holds(m: &Mirror, relation: Relation, suspect: &Place, seen: &Place) -> bool {
    let kind = seen.object.kind();
    match relation {
        Relation::Itself => suspect.object == seen.object,
        Relation::Ports => kind == K::Port && own_port(suspect, seen),
        Relation::FarPorts => kind == K::Port && far_port(m, suspect, seen),
        Relation::OtherPorts => {
            kind == K::Port && !own_port(suspect, seen) && !far_port(m, suspect, seen)
        }
        Relation::PathPorts => kind == K::Port && on_demand(m, suspect, seen),
        Relation::Crossing => kind == K::Path && crosses(m, suspect, seen),
        Relation::Users => kind == K::Group && uses(m, suspect, seen),
        Relation::Siblings => {
            kind == K::Instance
                && suspect.object != seen.object
                && same(suspect.facts.service, seen.facts.service)
        }
        Relation::Members => kind == K::Instance && same(seen.facts.site, suspect.index),
        Relation::Home => kind == K::Site && same(suspect.facts.site, seen.index),
        Relation::Steered => kind == K::Instance && steers(m, suspect, seen),
        Relation::SteeredSites => kind == K::Site && steers_to_site(m, suspect, seen),
        Relation::SteeredBy => kind == K::Gateway && steers_to_site(m, seen, suspect),
        Relation::Neighbours => {
            kind == K::Cell
                && (seen
                    .index
                    .is_some_and(|i| suspect.facts.neighbours.contains(&i))
                    || suspect
                        .index
                        .is_some_and(|i| seen.facts.neighbours.contains(&i)))
        }
        Relation::Behind => behind(m, suspect, seen),
    }
}

/// The objects in a relation, where they are few and certain; `None` where a sign's absence would say nothing.
pub fn listed(m: &Mirror, relation: Relation, suspect: &Place) -> Option<Vec<ManagedObject>> {
    match relation {
        Relation::Itself => Some(vec![suspect.object.clone()]),
        Relation::Ports | Relation::FarPorts => {
            let places = suspect.index.map(|i| ports_near(m, i)).unwrap_or_default();
            let found = |p: &&Place| holds(m, relation, suspect, p);
            Some(
                places
                    .iter()
                    .copied()
                    .filter(found)
                    .map(|p| p.object.clone())
                    .collect(),
            )
        }
        Relation::Users if suspect.object.kind() == K::Site => {
            let groups = m.places().iter().filter(|p| p.object.kind() == K::Group);
            let users = groups.filter(|p| uses(m, suspect, p));
            Some(users.map(|p| p.object.clone()).collect())
        }
        Relation::Members => {
            let above = suspect.index.map_or(&[][..], |i| m.above(i));
            let places = above.iter().map(|&i| m.at(i));
            Some(
                places
                    .filter(|p| p.object.kind() == K::Instance)
                    .map(|p| p.object.clone())
                    .collect(),
            )
        }
        _ => None,
    }
}

fn same(a: Option<usize>, b: Option<usize>) -> bool {
    a.is_some() && a == b
}

/// Ports that depend on an object directly or through one link.
fn ports_near(m: &Mirror, i: usize) -> Vec<&Place> {
    let mut found: Vec<&Place> = vec![];
    for &above in m.above(i) {
        let place = m.at(above);
        match place.object.kind() {
            K::Port => found.push(place),
            K::Link => found.extend(
                m.above(above)
                    .iter()
                    .map(|&p| m.at(p))
                    .filter(|p| p.object.kind() == K::Port),
            ),
            _ => {}
        }
    }
    found.sort_by(|a, b| a.object.cmp(&b.object));
    found.dedup_by(|a, b| a.object == b.object);
    found
}

fn own_port(suspect: &Place, port: &Place) -> bool {
    same(port.facts.link, suspect.index) || same(port.facts.router, suspect.index)
}

fn far_port(m: &Mirror, suspect: &Place, port: &Place) -> bool {
    let ends = port.facts.link.and_then(|l| m.at(l).facts.ends);
    suspect.object.kind() == K::Router
        && !own_port(suspect, port)
        && ends.is_some_and(|(a, b)| same(Some(a), suspect.index) || same(Some(b), suspect.index))
}

fn on_demand(m: &Mirror, demand: &Place, port: &Place) -> bool {
    let (Some((from, to)), Some((router, link))) = (demand.object.parts(), port.object.parts())
    else {
        return false;
    };
    demand.object.kind() == K::Demand
        && port.facts.link.is_some_and(|l| demand.all.has(l))
        && m.routing().sends(router, link, (from, to))
}

fn crosses(m: &Mirror, suspect: &Place, path: &Place) -> bool {
    match suspect.object.kind() {
        K::Demand => path.all.meets(&suspect.all, m.links()),
        _ => suspect.index.is_some_and(|i| path.direct.contains(&i)),
    }
}

fn uses(m: &Mirror, suspect: &Place, group: &Place) -> bool {
    match suspect.object.kind() {
        K::Demand => group.all.meets(&suspect.all, m.links()),
        _ => suspect.index.is_some_and(|i| group.all.has(i)),
    }
}

fn steers(m: &Mirror, gateway: &Place, instance: &Place) -> bool {
    let above = gateway.index.map_or(&[][..], |i| m.above(i));
    gateway.object.kind() == K::Gateway
        && above
            .iter()
            .any(|&g| same(m.at(g).facts.service, instance.facts.service))
}

fn steers_to_site(m: &Mirror, gateway: &Place, site: &Place) -> bool {
    let above = site.index.map_or(&[][..], |i| m.above(i));
    above
        .iter()
        .map(|&i| m.at(i))
        .any(|p| p.object.kind() == K::Instance && steers(m, gateway, p))
}

fn behind(m: &Mirror, suspect: &Place, seen: &Place) -> bool {
    let site = seen.facts.site.and_then(|s| m.at(s).facts.router);
    let own = if seen.object.kind() == K::Port {
        None
    } else {
        seen.facts.router.or(site)
    };
    match suspect.object.kind() {
        K::Router => same(own, suspect.index),
        K::Link => {
            let router = own.or(seen.index.filter(|_| seen.object.kind() == K::Router));
            let name = router.map(|r| m.at(r).object.name());
            name.is_some_and(|n| m.routing().cut_off(suspect.object.name()).contains(n))
        }
        _ => false,
    }
}
