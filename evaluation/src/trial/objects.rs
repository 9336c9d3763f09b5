//! How far two managed objects are from each other: the measure of a near miss.
//!
//! In: a network as built. Out: hops over what contains or carries what. It is worked out from the inventory alone, apart from
//! the agents' own knowledge graph. A service is everywhere and makes nothing near.

use std::collections::{BTreeMap, VecDeque};
use zizhi_types::topology::Network;
use zizhi_types::{ManagedObject, ObjectKind};

/// Hops that count as "somewhere else altogether": our choice, farther than any pair that an operator would call related.
pub const FAR: u32 = 8;

/// An undirected graph over the objects of a network.
#[derive(Debug, Clone, Default)]
pub struct ObjectGraph {
    near: BTreeMap<ManagedObject, Vec<ManagedObject>>,
}

impl ObjectGraph {
    /// The graph of a network as built.
    pub fn of(network: &Network) -> Self {
        let mut graph = Self::default();
        for link in &network.links {
            for router in [&link.a, &link.b] {
                let port = format!("{router}:{}", link.id);
                graph.join(ObjectKind::Link, &link.id, ObjectKind::Port, &port);
                graph.join(ObjectKind::Router, router, ObjectKind::Port, &port);
            }
        }
        for site in &network.sites {
            graph.join(ObjectKind::Site, &site.id, ObjectKind::Router, &site.router);
        }
        for i in &network.instances {
            graph.join(ObjectKind::Instance, &i.id, ObjectKind::Site, &i.site);
        }
        for g in &network.gateways {
            graph.join(ObjectKind::Gateway, &g.id, ObjectKind::Router, &g.router);
        }
        for cell in &network.cells {
            graph.join(ObjectKind::Cell, &cell.id, ObjectKind::Router, &cell.router);
        }
        for group in &network.groups {
            graph.join(ObjectKind::Group, &group.id, ObjectKind::Cell, &group.cell);
            graph.join(
                ObjectKind::Group,
                &group.id,
                ObjectKind::Gateway,
                &group.gateway,
            );
        }
        graph
    }

    fn join(&mut self, a_kind: ObjectKind, a: &str, b_kind: ObjectKind, b: &str) {
        let (Ok(a), Ok(b)) = (ManagedObject::new(a_kind, a), ManagedObject::new(b_kind, b)) else {
            return;
        };
        self.near.entry(a.clone()).or_default().push(b.clone());
        self.near.entry(b).or_default().push(a);
    }

    /// Hops from one object to another, at most [`FAR`]; paths, demands and steering shares lie between their two ends.
    pub fn distance(&self, from: &ManagedObject, to: &ManagedObject) -> u32 {
        if from == to {
            return 0;
        }
        let mut seen: BTreeMap<ManagedObject, u32> = BTreeMap::new();
        let mut open = VecDeque::from([(from.clone(), 0)]);
        while let Some((object, hops)) = open.pop_front() {
            if object == *to || ends(to).contains(&object) && hops + 1 < FAR {
                return hops + u32::from(object != *to);
            }
            if hops + 1 >= FAR || seen.insert(object.clone(), hops).is_some() {
                continue;
            }
            let near = self.near.get(&object).into_iter().flatten().cloned();
            open.extend(near.chain(ends(&object)).map(|next| (next, hops + 1)));
        }
        FAR
    }
}

/// What an object that is named after two others lies between: `path/A:B` between two routers.
fn ends(object: &ManagedObject) -> Vec<ManagedObject> {
    let kinds = match object.kind() {
        ObjectKind::Path | ObjectKind::Demand => [ObjectKind::Router, ObjectKind::Router],
        ObjectKind::Steer => [ObjectKind::Group, ObjectKind::Instance],
        _ => return vec![],
    };
    let Some((a, b)) = object.name().split_once(':') else {
        return vec![];
    };
    let named = kinds.into_iter().zip([a, b]);
    named
        .filter_map(|(kind, name)| ManagedObject::new(kind, name).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::network;

    fn distance(from: &str, to: &str) -> u32 {
        let graph = ObjectGraph::of(&network::load("abilene").unwrap());
        graph.distance(&from.parse().unwrap(), &to.parse().unwrap())
    }

    #[test]
    fn a_port_is_nearer_to_its_link_than_the_next_link() {
        assert_eq!(distance("link/ATLA-WASH", "link/ATLA-WASH"), 0);
        assert_eq!(distance("port/ATLA:ATLA-WASH", "link/ATLA-WASH"), 1);
        assert_eq!(distance("link/ATLA-WASH", "router/ATLA"), 2);
        assert_eq!(distance("link/ATLA-WASH", "link/INDI-ATLA"), 4);
    }

    #[test]
    fn users_are_near_their_cell_and_far_from_a_link_across_the_country() {
        assert_eq!(distance("group/newy-infer", "cell/c-newy"), 1);
        assert_eq!(distance("path/ATLA:WASH", "router/WASH"), 1);
        assert_eq!(
            distance(
                "steer/newy-infer:dc-chic-infer-1",
                "instance/dc-chic-infer-1"
            ),
            1
        );
        assert_eq!(distance("cell/c-seat", "link/WASH-NEWY"), FAR);
        assert_eq!(distance("link/no-such", "router/ATLA"), FAR);
    }

    #[test]
    fn distance_is_the_same_both_ways() {
        let pairs = [
            ("path/ATLA:WASH", "link/ATLA-WASH"),
            ("demand/SEAT:NEWY", "router/CHIC"),
        ];
        for (a, b) in pairs {
            assert_eq!(distance(a, b), distance(b, a), "{a} {b}");
        }
    }
}
