//! Which way does traffic go, and how much is on each link?
//!
//! In: usable edges and their costs. Out: shortest-path trees per destination, loads, delays and losses. Traffic is
//! split evenly over all equal-cost next hops at every router (hop by hop, as OSPF does; RFC 2328 section 16.8).

use crate::branch::Branch;
use crate::built::Built;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use zizhi_types::metric::Metric;

/// Distance of a router that the destination cannot be reached from.
const UNREACHABLE: u64 = u64::MAX;

/// The ways to one destination.
#[derive(Debug, Clone)]
struct Tree {
    distance: Vec<u64>,
    /// Routers that reach the destination, the nearest first.
    order: Vec<usize>,
}

/// The ways to every destination that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Routes<'a> {
    built: &'a Built,
    /// Cost of each edge; nothing for one that cannot be used.
    costs: Vec<Option<u64>>,
    trees: Vec<Option<Tree>>,
}

/// What it is like to go from each router to one destination.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Milliseconds; not a number where there is no way.
    pub(crate) delay_ms: Vec<f64>,
    /// Share of packets that arrive; 0 where there is no way.
    pub(crate) arrives: Vec<f64>,
}

impl<'a> Routes<'a> {
    /// Reads costs and states of a branch; trees are grown when they are asked for.
    pub(crate) fn new(built: &'a Built, branch: &Branch) -> Self {
        let cost = |edge: &crate::built::Edge| {
            let cost = branch.get_or(edge.port, Metric::PortCost, 1.0);
            branch.usable(edge).then_some(cost.max(1.0) as u64)
        };
        Self {
            built,
            costs: built.edges.iter().map(cost).collect(),
            trees: vec![None; built.routers.len()],
        }
    }

    fn tree(&mut self, to: usize) -> Tree {
        match self.trees.get(to) {
            Some(Some(tree)) => tree.clone(),
            _ => self.grow(to),
        }
    }

    /// Grows the tree to a destination unless it is there.
    pub(crate) fn prepare(&mut self, to: usize) {
        if self.trees.get(to).is_some_and(Option::is_none) {
            let tree = self.grow(to);
            if let Some(place) = self.trees.get_mut(to) {
                *place = Some(tree);
            }
        }
    }

    /// Dijkstra from the destination against the direction of the edges.
    fn grow(&self, to: usize) -> Tree {
        let routers = self.built.routers.len();
        let mut distance = vec![UNREACHABLE; routers];
        let mut order = Vec::with_capacity(routers);
        let mut done = vec![false; routers];
        let mut heap = BinaryHeap::with_capacity(routers);
        distance[to] = 0;
        heap.push(Reverse((0_u64, to)));
        while let Some(Reverse((so_far, router))) = heap.pop() {
            if done[router] {
                continue;
            }
            done[router] = true;
            order.push(router);
            for number in &self.built.incoming[router] {
                let Some(cost) = self.costs[*number] else {
                    continue;
                };
                let before = self.built.edges[*number].from;
                if so_far + cost < distance[before] {
                    distance[before] = so_far + cost;
                    heap.push(Reverse((so_far + cost, before)));
                }
            }
        }
        Tree { distance, order }
    }

    /// Edges on shortest ways from a router.
    fn next_hops<'t>(&'t self, tree: &'t Tree, router: usize) -> impl Iterator<Item = usize> + 't {
        let here = tree.distance[router];
        self.built.outgoing[router]
            .iter()
            .copied()
            .filter(move |e| {
                let beyond = tree.distance[self.built.edges[*e].to];
                beyond != UNREACHABLE && self.costs[*e].is_some_and(|c| beyond + c == here)
            })
    }

    /// Sends `flow` (what enters at each router, consumed) to a destination; adds it to the edges' loads.
    /// Answers what has no way.
    pub(crate) fn send(&mut self, to: usize, flow: &mut [f64], loads: &mut [f64]) -> f64 {
        self.prepare(to);
        let Some(Some(tree)) = self.trees.get(to) else {
            return 0.0;
        };
        for router in tree.order.iter().skip(1).rev() {
            let here = std::mem::take(&mut flow[*router]);
            if here <= 0.0 {
                continue;
            }
            let part = here / self.next_hops(tree, *router).count() as f64;
            for edge in self.next_hops(tree, *router) {
                loads[edge] += part;
                flow[self.built.edges[edge].to] += part;
            }
        }
        flow[to] = 0.0;
        flow.iter().sum()
    }

    /// Delay and loss to a destination, given those of each edge.
    pub(crate) fn way(&mut self, to: usize, delay_ms: &[f64], arrives: &[f64]) -> Way {
        let tree = self.tree(to);
        let routers = self.built.routers.len();
        let mut way = Way {
            delay_ms: vec![f64::NAN; routers],
            arrives: vec![0.0; routers],
        };
        way.delay_ms[to] = 0.0;
        way.arrives[to] = 1.0;
        for router in tree.order.iter().skip(1) {
            let (mut hops, mut delay, mut through) = (0.0, 0.0, 0.0);
            for edge in self.next_hops(&tree, *router) {
                let beyond = self.built.edges[edge].to;
                hops += 1.0;
                delay += delay_ms[edge] + way.delay_ms[beyond];
                through += arrives[edge] * way.arrives[beyond];
            }
            way.delay_ms[*router] = delay / hops;
            way.arrives[*router] = through / hops;
        }
        way
    }
}
