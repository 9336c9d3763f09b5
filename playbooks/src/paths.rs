//! Which links does traffic take, and is the network whole without one of them?
//!
//! In: the intended network, and measured costs and carrier where there are any. Out: shortest paths and connectivity.
//! Ties go to the path found first in the order of link ids, so that equal networks give equal answers.

use crate::context::{Measured, ports};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::Metric;
use zizhi_types::topology::{Link, Network};

/// The links that carry traffic now, by router.
pub(crate) struct Paths<'a> {
    next: BTreeMap<&'a str, Vec<(&'a str, f64, &'a Link)>>,
}

impl<'a> Paths<'a> {
    /// Links without carrier are left out; a measured cost goes before the intended one.
    pub fn new(network: &'a Network, measured: Measured<'_>) -> Self {
        let mut links: Vec<&Link> = network.links.iter().collect();
        links.sort_by(|a, b| a.id.cmp(&b.id));
        let mut next: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for router in &network.routers {
            next.entry(&router.id).or_default();
        }
        for link in links {
            let ends = ports(link);
            let ask = |end: usize, metric| ends.get(end).and_then(|p| measured(p, metric));
            if (0..2).any(|end| ask(end, Metric::PortOperUp).is_some_and(|up| up < 0.5)) {
                continue;
            }
            let cost = |end| ask(end, Metric::PortCost).unwrap_or(f64::from(link.cost));
            next.entry(&link.a)
                .or_default()
                .push((link.b.as_str(), cost(0), link));
            next.entry(&link.b)
                .or_default()
                .push((link.a.as_str(), cost(1), link));
        }
        Self { next }
    }

    /// The cheapest paths from a router to all others; `None` when there is no such router.
    pub fn from(&self, from: &str) -> Option<Tree<'_, 'a>> {
        let mut best = Best::new();
        let mut open: BTreeSet<&str> = BTreeSet::new();
        let (from, _) = self.next.get_key_value(from)?;
        best.insert(from, (0.0, None));
        open.insert(from);
        while let Some(here) = nearest(&open, &best) {
            open.remove(here);
            let so_far = best.get(here).map_or(0.0, |b| b.0);
            for (there, cost, link) in self.next.get(here).into_iter().flatten() {
                let total = so_far + cost.max(0.0);
                if best.get(there).is_none_or(|b| total < b.0) {
                    best.insert(there, (total, Some((here, link))));
                    open.insert(there);
                }
            }
        }
        Some(Tree { best })
    }

    /// Whether the two ends of a link reach each other without it.
    pub fn connected_without(&self, without: &Link) -> bool {
        let mut seen = BTreeSet::from([without.a.as_str()]);
        let mut open = vec![without.a.as_str()];
        while let Some(here) = open.pop() {
            for (there, _, link) in self.next.get(here).into_iter().flatten() {
                if link.id != without.id && seen.insert(there) {
                    open.push(there);
                }
            }
        }
        seen.contains(without.b.as_str())
    }
}

type Best<'s, 'a> = BTreeMap<&'s str, (f64, Option<(&'s str, &'a Link)>)>;

fn nearest<'s>(open: &BTreeSet<&'s str>, best: &Best<'s, '_>) -> Option<&'s str> {
    let far = |router: &&str| best.get(*router).map_or(f64::INFINITY, |b| b.0);
    open.iter()
        .copied()
        .min_by(|a, b| far(a).total_cmp(&far(b)))
}

/// The cheapest paths from one router.
pub(crate) struct Tree<'s, 'a> {
    best: Best<'s, 'a>,
}

impl<'a> Tree<'_, 'a> {
    /// The links of the path, in order; `None` when there is no path.
    pub fn to(&self, to: &str) -> Option<Vec<&'a Link>> {
        let mut path = vec![];
        let mut here = self.best.get(to)?;
        while let Some((before, link)) = here.1 {
            path.push(link);
            here = self.best.get(before)?;
        }
        path.reverse();
        Some(path)
    }
}
