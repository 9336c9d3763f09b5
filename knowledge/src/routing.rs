//! Which way does traffic go when every cost is as intended?
//!
//! In: routers and links. Out: distances, links on shortest paths, detours. All equal-cost paths count.
//! Called by the mirror. Present state is never here: a link that is down is still on its intended paths.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use zizhi_types::topology::{Link, Router};

const FAR: u64 = u64::MAX;

#[derive(Debug, Clone)]
struct Edge {
    id: String,
    a: usize,
    b: usize,
    cost: u64,
}

/// Distances between all routers over intended costs.
#[derive(Debug, Clone, Default)]
pub struct Routing {
    names: Vec<String>,
    index: BTreeMap<String, usize>,
    edges: Vec<Edge>,
    /// Edges at each router.
    at: Vec<Vec<usize>>,
    /// `[from * routers + to]`, in IGP cost.
    distance: Vec<u64>,
}

/// A link in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hop<'a> {
    /// The link.
    pub link: &'a str,
    /// The router that sends.
    pub from: &'a str,
    /// The router that receives.
    pub to: &'a str,
}

impl Routing {
    /// Distances over these links; a link to a router that is not listed is left out.
    pub fn new(routers: &[Router], links: &[Link]) -> Self {
        let names: Vec<String> = routers.iter().map(|r| r.id.clone()).collect();
        let index: BTreeMap<String, usize> = names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.clone(), i))
            .collect();
        let edge = |l: &Link| {
            Some(Edge {
                id: l.id.clone(),
                a: *index.get(&l.a)?,
                b: *index.get(&l.b)?,
                cost: u64::from(l.cost),
            })
        };
        let edges: Vec<Edge> = links.iter().filter_map(edge).collect();
        let mut at = vec![vec![]; names.len()];
        for (i, e) in edges.iter().enumerate() {
            at[e.a].push(i);
            at[e.b].push(i);
        }
        let mut routing = Self {
            names,
            index,
            edges,
            at,
            distance: vec![],
        };
        routing.distance = (0..routing.names.len())
            .flat_map(|from| routing.from(from, None))
            .collect();
        routing
    }

    /// Distances from one router, without one edge.
    fn from(&self, source: usize, without: Option<usize>) -> Vec<u64> {
        let mut distance = vec![FAR; self.names.len()];
        let mut heap = BinaryHeap::from([Reverse((0_u64, source))]);
        while let Some(Reverse((d, at))) = heap.pop() {
            if d >= distance[at] {
                continue;
            }
            distance[at] = d;
            for &e in &self.at[at] {
                let edge = &self.edges[e];
                let next = if edge.a == at { edge.b } else { edge.a };
                if Some(e) != without && distance[next] == FAR {
                    heap.push(Reverse((d + edge.cost, next)));
                }
            }
        }
        distance
    }

    fn between(&self, from: usize, to: usize) -> u64 {
        self.distance[from * self.names.len() + to]
    }

    fn hop(&self, from: usize, to: usize, edge: &Edge) -> Option<(usize, usize)> {
        let whole = self.between(from, to);
        let on = |u: usize, v: usize| {
            whole != FAR
                && self
                    .between(from, u)
                    .saturating_add(edge.cost)
                    .saturating_add(self.between(v, to))
                    == whole
        };
        if on(edge.a, edge.b) {
            Some((edge.a, edge.b))
        } else if on(edge.b, edge.a) {
            Some((edge.b, edge.a))
        } else {
            None
        }
    }

    /// The links that the intended shortest paths from one router to another use, in the order of the network.
    pub fn hops<'a>(&'a self, from: &str, to: &str) -> Vec<Hop<'a>> {
        let (Some(&from), Some(&to)) = (self.index.get(from), self.index.get(to)) else {
            return vec![];
        };
        self.edges
            .iter()
            .filter_map(|e| {
                let (u, v) = self.hop(from, to, e)?;
                Some(Hop {
                    link: &e.id,
                    from: &self.names[u],
                    to: &self.names[v],
                })
            })
            .collect()
    }

    /// Whether intended traffic from one router to another is sent by this router into this link.
    pub fn sends(&self, router: &str, link: &str, (from, to): (&str, &str)) -> bool {
        let number = |name: &str| self.index.get(name).copied();
        let (Some(from), Some(to), Some(router)) = (number(from), number(to), number(router))
        else {
            return false;
        };
        let mut edges = self.at[router].iter().map(|&e| &self.edges[e]);
        edges.any(|e| e.id == link && self.hop(from, to, e).is_some_and(|(u, _)| u == router))
    }

    /// The links of one shortest way between a link's ends that does not use it; `None` when it is the only way.
    pub fn alternate(&self, link: &str) -> Option<Vec<String>> {
        let broken = self.edges.iter().position(|e| e.id == link)?;
        let Edge { a, b, .. } = self.edges[broken];
        let distance = self.from(b, Some(broken));
        if distance[a] == FAR {
            return None;
        }
        let (mut at, mut way) = (a, vec![]);
        while at != b {
            let (edge, next) = self.at[at].iter().find_map(|&e| {
                let edge = &self.edges[e];
                let next = if edge.a == at { edge.b } else { edge.a };
                let nearer = distance[next] != FAR && distance[next] + edge.cost == distance[at];
                (e != broken && nearer && edge.cost > 0).then_some((edge, next))
            })?;
            way.push(edge.id.clone());
            at = next;
        }
        Some(way)
    }

    /// The routers on the smaller side of a link that is the only way between two parts; empty for any other link.
    pub fn cut_off(&self, link: &str) -> BTreeSet<&str> {
        let Some(broken) = self.edges.iter().position(|e| e.id == link) else {
            return BTreeSet::new();
        };
        let edge = &self.edges[broken];
        let from_a = self.from(edge.a, Some(broken));
        if from_a[edge.b] != FAR {
            return BTreeSet::new();
        }
        let from_b = self.from(edge.b, Some(broken));
        let side = |distance: &[u64]| -> BTreeSet<&str> {
            (0..self.names.len())
                .filter(|&i| distance[i] != FAR)
                .map(|i| self.names[i].as_str())
                .collect()
        };
        let (a, b) = (side(&from_a), side(&from_b));
        if a.len() < b.len() { a } else { b }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;

    #[test]
    fn equal_ways_all_count_and_know_their_direction() {
        let network = small();
        let routing = Routing::new(&network.routers, &network.links);
        // A square A-B-C-D with equal costs: two ways from A to C.
        let links: Vec<&str> = routing.hops("A", "C").iter().map(|h| h.link).collect();
        assert_eq!(links, ["A-B", "B-C", "C-D", "D-A"]);
        let last = routing.hops("A", "C")[2];
        assert_eq!((last.from, last.to), ("D", "C"));
        assert_eq!(routing.hops("A", "B").len(), 1);
    }

    #[test]
    fn a_detour_is_found_where_there_is_one() {
        let network = small();
        let routing = Routing::new(&network.routers, &network.links);
        let way = routing.alternate("A-B").unwrap();
        assert_eq!(way, ["D-A", "C-D", "B-C"]);
        assert_eq!(routing.alternate("C-E"), None);
        assert!(routing.cut_off("A-B").is_empty());
        assert_eq!(routing.cut_off("C-E"), BTreeSet::from(["E"]));
    }
}
