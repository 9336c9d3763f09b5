//! Which way packets go: shortest paths on costs, the forwarding table, and shares of flows per port.
//!
//! In: costs and which adjacencies are up. Out: an immutable [`Fib`] and the share of a flow that each port carries.
//! Equal-cost next hops are all kept. Nothing here knows about load.

use super::layout::PortPlace;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// At most this many equal-cost next hops are used, as in common routers' default.
const MAX_ECMP: usize = 4;

/// Longest walk before a packet counts as looping (IP's usual time to live).
pub(crate) const HOP_LIMIT: usize = 64;

/// Next-hop ports of one router for one destination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NextHops {
    ports: [u16; MAX_ECMP],
    len: u8,
}

impl NextHops {
    fn push(&mut self, port: usize) {
        let len = usize::from(self.len);
        if len < MAX_ECMP {
            self.ports[len] = port as u16;
            self.len += 1;
        }
    }

    /// The ports, in port order.
    pub fn ports(&self) -> &[u16] {
        &self.ports[..usize::from(self.len)]
    }

    /// One of the ports by a random number; `None` without a route.
    pub fn pick(&self, random: u32) -> Option<usize> {
        match self.len {
            0 => None,
            1 => Some(usize::from(self.ports[0])),
            n => Some(usize::from(self.ports[random as usize % usize::from(n)])),
        }
    }
}

/// All routers' forwarding tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fib {
    next: Vec<NextHops>,
    routers: usize,
}

impl Fib {
    /// Computes every route. `cost` of a port is `None` where its adjacency is down.
    pub fn compute(
        ports: &[PortPlace],
        ports_of: &[Vec<usize>],
        cost: impl Fn(usize) -> Option<u32>,
    ) -> Self {
        let routers = ports_of.len();
        let mut next = vec![NextHops::default(); routers * routers];
        for to in 0..routers {
            let distance = distances(ports, ports_of, &cost, to);
            for (from, hops) in next[to * routers..(to + 1) * routers]
                .iter_mut()
                .enumerate()
            {
                if from == to || distance[from] == u64::MAX {
                    continue;
                }
                for &port in &ports_of[from] {
                    let Some(c) = cost(port) else { continue };
                    let beyond = distance[ports[port].peer];
                    if beyond != u64::MAX && beyond + u64::from(c) == distance[from] {
                        hops.push(port);
                    }
                }
            }
        }
        Self { next, routers }
    }

    /// Next hops at `at` towards `to`.
    pub fn hops(&self, at: usize, to: usize) -> &NextHops {
        &self.next[to * self.routers + at]
    }

    /// Share of the traffic from `from` to `to` on each port when every router splits evenly. Only ports for which
    /// `passes` holds hand traffic on; what enters another is counted there and lost.
    pub fn even_shares(
        &self,
        ports: &[PortPlace],
        from: usize,
        to: usize,
        passes: impl Fn(usize) -> bool,
    ) -> Vec<(usize, f64)> {
        let mut shares: Vec<(usize, f64)> = vec![];
        let mut front = vec![(from, 1.0)];
        for _ in 0..HOP_LIMIT {
            let mut beyond: Vec<(usize, f64)> = vec![];
            for (at, share) in front {
                let hops = self.hops(at, to).ports();
                for &port in hops {
                    let part = share / hops.len() as f64;
                    add(&mut shares, usize::from(port), part);
                    if passes(usize::from(port)) {
                        add(&mut beyond, ports[usize::from(port)].peer, part);
                    }
                }
            }
            beyond.retain(|(at, share)| *at != to && *share > 1e-4);
            front = beyond;
            if front.is_empty() {
                break;
            }
        }
        shares
    }

    /// Appends the ports of one hashed flow, in order, up to its end or to the port where it is lost.
    pub fn flow(
        &self,
        ports: &[PortPlace],
        (from, to): (usize, usize),
        flow: u32,
        salt: u64,
        passes: impl Fn(usize) -> bool,
        out: &mut Vec<u16>,
    ) {
        let mut at = from;
        for _ in 0..HOP_LIMIT {
            let hash = mix(salt
                ^ (u64::from(flow) << 40)
                ^ ((at as u64) << 20)
                ^ (from * 4099 + to) as u64);
            let Some(port) = self.hops(at, to).pick((hash >> 33) as u32) else {
                return;
            };
            out.push(port as u16);
            at = ports[port].peer;
            if at == to || !passes(port) {
                return;
            }
        }
    }
}

fn add(list: &mut Vec<(usize, f64)>, key: usize, value: f64) {
    match list.iter_mut().find(|(k, _)| *k == key) {
        Some((_, v)) => *v += value,
        None => list.push((key, value)),
    }
}

/// Mixes a number's bits (`SplitMix64`, Steele et al. 2014).
pub(crate) const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Distance of every router to `to`, walking links against their direction.
fn distances(
    ports: &[PortPlace],
    ports_of: &[Vec<usize>],
    cost: &impl Fn(usize) -> Option<u32>,
    to: usize,
) -> Vec<u64> {
    let mut distance = vec![u64::MAX; ports_of.len()];
    let mut heap = BinaryHeap::from([Reverse((0_u64, to))]);
    distance[to] = 0;
    while let Some(Reverse((so_far, at))) = heap.pop() {
        if so_far > distance[at] {
            continue;
        }
        for &port in &ports_of[at] {
            // The port of the same link that points at `at`.
            let inward = port ^ 1;
            let Some(c) = cost(inward) else { continue };
            let peer = ports[port].peer;
            let through = so_far + u64::from(c);
            if through < distance[peer] {
                distance[peer] = through;
                heap.push(Reverse((through, peer)));
            }
        }
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::super::layout::object;
    use super::*;
    use zizhi_types::ObjectKind;

    /// A square: 0-1-3 and 0-2-3.
    fn square() -> (Vec<PortPlace>, Vec<Vec<usize>>) {
        let mut ports = vec![];
        for (link, (a, b)) in [(0, 1), (1, 3), (0, 2), (2, 3)].into_iter().enumerate() {
            for (router, peer) in [(a, b), (b, a)] {
                let object = object(ObjectKind::Port, "p");
                ports.push(PortPlace {
                    router,
                    peer,
                    link,
                    delay_us: 1.0,
                    object,
                });
            }
        }
        let of = (0..4)
            .map(|r| (0..ports.len()).filter(|p| ports[*p].router == r).collect())
            .collect();
        (ports, of)
    }

    #[test]
    fn equal_costs_share_and_a_dead_link_does_not() {
        let (ports, of) = square();
        let fib = Fib::compute(&ports, &of, |_| Some(10));
        assert_eq!(fib.hops(0, 3).ports(), &[0, 4]);
        let shares = fib.even_shares(&ports, 0, 3, |_| true);
        assert!(shares.iter().all(|(_, s)| (s - 0.5).abs() < 1e-9));
        let fib = Fib::compute(&ports, &of, |p| (p / 2 != 1).then_some(10));
        assert_eq!(fib.hops(0, 3).ports(), &[4]);
    }

    #[test]
    fn a_higher_cost_in_one_direction_leaves_the_other_alone() {
        let (ports, of) = square();
        let fib = Fib::compute(&ports, &of, |p| Some(if p == 0 { 50 } else { 10 }));
        assert_eq!(fib.hops(0, 3).ports(), &[4]);
        assert_eq!(fib.hops(3, 0).ports().len(), 2);
    }

    #[test]
    fn a_flow_ends_at_the_dead_port_and_others_go_round() {
        let (ports, of) = square();
        let fib = Fib::compute(&ports, &of, |_| Some(10));
        let mut ways = std::collections::BTreeSet::new();
        for flow in 0..16 {
            let mut way = vec![];
            fib.flow(&ports, (0, 3), flow, 7, |p| p != 0, &mut way);
            ways.insert(way);
        }
        assert_eq!(ways.into_iter().collect::<Vec<_>>(), [vec![0], vec![4, 6]]);
    }
}
