//! Where on the network is the trouble, at one moment of the journal?
//!
//! In: a network, the journal up to a position, the plans that wait. Out: spots in domain lanes with the worst severity on
//! each, and a picture of them. A large network is drawn as clusters around its core, of which one can be opened. Pure.

use crate::view::View;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use zizhi_types::incident::Fold;
use zizhi_types::topology::{Network, Tier};
use zizhi_types::{Body, Domain, IncidentId, ManagedObject, ObjectKind, Severity};

/// Objects that are drawn one by one. Our choice: more boxes than this are no picture any more.
pub const DRAWN_MAX: usize = 300;
/// Clusters of a large network. Our choice, for the same reason.
const CLUSTERS_MAX: usize = 48;

/// What is wrong with an object.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub severity: Severity,
    pub incidents: BTreeSet<IncidentId>,
}

/// Open incidents by the objects that they are about.
pub type Troubles = BTreeMap<ManagedObject, Trouble>;

/// How things stood after the first `upto` records.
pub fn troubles(view: &View, upto: usize) -> Troubles {
    let mut fold = Fold::default();
    let mut worst: BTreeMap<&IncidentId, Severity> = BTreeMap::new();
    for entry in view.entries.iter().take(upto) {
        let record = &entry.record;
        fold.push(record);
        let (
            Some(id),
            Body::IncidentOpened { violations, .. }
            | Body::Verified {
                after: violations, ..
            },
        ) = (&record.incident, &record.body)
        else {
            continue;
        };
        worst.insert(id, Severity::of(violations));
    }
    let mut found = Troubles::new();
    for incident in fold.incidents().iter().filter(|i| i.ending.is_none()) {
        let severity = worst.get(&incident.id).copied();
        let severity = severity.unwrap_or(Severity::Indeterminate);
        let suspect = incident.cause.as_ref().map(|(object, ..)| object.clone());
        let symptoms = incident.symptoms.iter().filter_map(|a| view.raised(a));
        let about = symptoms.filter_map(|r| match &r.body {
            Body::AnomalyRaised { anomaly } => Some(anomaly.object.clone()),
            _ => None,
        });
        for object in suspect.into_iter().chain(about) {
            let trouble = found.entry(shown_as(object)).or_insert_with(|| Trouble {
                severity,
                incidents: BTreeSet::new(),
            });
            trouble.severity = trouble.severity.min(severity);
            trouble.incidents.insert(incident.id.clone());
        }
    }
    found
}

/// A port is shown by its link, a share of a group's requests by the group.
fn shown_as(object: ManagedObject) -> ManagedObject {
    let group = |o: &ManagedObject| {
        let (group, _) = o.parts()?;
        ManagedObject::new(ObjectKind::Group, group).ok()
    };
    let other = match object.kind() {
        ObjectKind::Port => object.link_of_port(),
        ObjectKind::Steer => group(&object),
        _ => None,
    };
    other.unwrap_or(object)
}

/// Every object that a person knows by name, by domain, in the order of the network file.
pub fn objects(network: &Network) -> Vec<ManagedObject> {
    let named = |kind, ids: Vec<&String>| -> Vec<ManagedObject> {
        let made = ids
            .into_iter()
            .map(move |id| ManagedObject::new(kind, id.clone()));
        made.filter_map(Result::ok).collect()
    };
    [
        named(
            ObjectKind::Router,
            network.routers.iter().map(|x| &x.id).collect(),
        ),
        named(
            ObjectKind::Link,
            network.links.iter().map(|x| &x.id).collect(),
        ),
        named(
            ObjectKind::Site,
            network.sites.iter().map(|x| &x.id).collect(),
        ),
        named(
            ObjectKind::Instance,
            network.instances.iter().map(|x| &x.id).collect(),
        ),
        named(
            ObjectKind::Service,
            network.services.iter().map(|x| &x.id).collect(),
        ),
        named(
            ObjectKind::Gateway,
            network.gateways.iter().map(|x| &x.id).collect(),
        ),
        named(
            ObjectKind::Group,
            network.groups.iter().map(|x| &x.id).collect(),
        ),
        named(
            ObjectKind::Cell,
            network.cells.iter().map(|x| &x.id).collect(),
        ),
    ]
    .concat()
}

/// Which router every object hangs on.
fn homes(network: &Network) -> BTreeMap<ManagedObject, String> {
    let mut homes = BTreeMap::new();
    let mut put = |kind, id: &str, router: Option<&String>| {
        if let (Ok(object), Some(router)) = (ManagedObject::new(kind, id), router) {
            homes.insert(object, router.clone());
        }
    };
    let sites: BTreeMap<&String, &String> =
        network.sites.iter().map(|s| (&s.id, &s.router)).collect();
    let cells: BTreeMap<&String, &String> =
        network.cells.iter().map(|c| (&c.id, &c.router)).collect();
    for x in &network.routers {
        put(ObjectKind::Router, &x.id, Some(&x.id));
    }
    for x in &network.links {
        put(ObjectKind::Link, &x.id, Some(&x.a));
    }
    for x in &network.sites {
        put(ObjectKind::Site, &x.id, Some(&x.router));
    }
    for x in &network.instances {
        put(ObjectKind::Instance, &x.id, sites.get(&x.site).copied());
    }
    for x in &network.gateways {
        put(ObjectKind::Gateway, &x.id, Some(&x.router));
    }
    for x in &network.cells {
        put(ObjectKind::Cell, &x.id, Some(&x.router));
    }
    for x in &network.groups {
        put(ObjectKind::Group, &x.id, cells.get(&x.cell).copied());
    }
    homes
}

/// Objects that hang together around one router, for a network that is too large to draw one by one.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The router in the middle.
    pub centre: String,
    pub members: Vec<ManagedObject>,
}

/// Clusters around the core routers, or those with the most links where there are few of them. Each router goes to the
/// centre that is the fewest links away.
pub fn clusters(network: &Network) -> Vec<Cluster> {
    let mut near: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for link in &network.links {
        near.entry(&link.a).or_default().push(&link.b);
        near.entry(&link.b).or_default().push(&link.a);
    }
    let mut ranked: Vec<&zizhi_types::topology::Router> = network.routers.iter().collect();
    let links = |id: &str| near.get(id).map_or(0, Vec::len);
    ranked.sort_by_key(|r| {
        (
            r.tier != Tier::Core,
            std::cmp::Reverse(links(&r.id)),
            r.id.clone(),
        )
    });
    // A few core routers would make a few areas as large as the network.
    let core = ranked.iter().filter(|r| r.tier == Tier::Core).count();
    let wanted = if core < 4 { CLUSTERS_MAX } else { core };
    let centres: Vec<&str> = ranked
        .iter()
        .take(wanted.min(CLUSTERS_MAX))
        .map(|r| r.id.as_str())
        .collect();
    let mut of: BTreeMap<&str, usize> = centres.iter().enumerate().map(|(i, c)| (*c, i)).collect();
    let mut open: VecDeque<&str> = centres.iter().copied().collect();
    while let Some(router) = open.pop_front() {
        let Some(own) = of.get(router).copied() else {
            continue;
        };
        for next in near.get(router).into_iter().flatten() {
            if !of.contains_key(next) {
                of.insert(next, own);
                open.push_back(next);
            }
        }
    }
    let homes = homes(network);
    let mut all: Vec<Cluster> = centres
        .iter()
        .map(|c| Cluster {
            centre: (*c).to_owned(),
            members: vec![],
        })
        .collect();
    for object in objects(network) {
        let home = homes
            .get(&object)
            .and_then(|router| of.get(router.as_str()));
        if let Some(cluster) = home.and_then(|at| all.get_mut(*at)) {
            cluster.members.push(object);
        }
    }
    all
}

/// One box of the picture.
#[derive(Debug, Clone)]
pub struct Spot {
    pub name: String,
    pub href: Option<String>,
    pub domain: Domain,
    pub severity: Option<Severity>,
    /// A plan that waits would change it.
    pub halo: bool,
}
