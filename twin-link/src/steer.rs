//! Which instance gets which share of a group's requests?
//!
//! In: measured shares and what actions changed. Out: shares per group over all servers. Where nothing was measured,
//! requests are spread by capacity. A gateway that steers anew is taken to be sensible: it fills the instances it
//! prefers up to seven tenths, within the bound it promised.

use crate::branch::Branch;
use crate::layout::Slot;
use std::collections::BTreeMap;
use zizhi_types::metric::Metric;
use zizhi_types::topology::Preference;

/// How full a sensible gateway makes an instance before it takes the next (our choice: M/M/c waits stay short).
const FILL: f64 = 0.7;

/// Share of refused requests from which a queue counts as full (our choice: more than a burst).
const REFUSES: f64 = 0.005;

/// Something that serves requests: an instance of the inventory, or one that was added in the branch.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) site: usize,
    pub(crate) service: usize,
    pub(crate) router: usize,
    pub(crate) workers: u32,
    pub(crate) service_ms: f64,
    pub(crate) up: bool,
    /// What a request takes there when the queue is full, where that was measured: 95th percentile in milliseconds.
    pub(crate) full_ms: Option<f64>,
    price: f64,
    limit: f64,
}

impl Server {
    /// Requests per second that keep all workers busy; 0 when it is down.
    pub(crate) fn capacity_rps(&self) -> f64 {
        if self.up {
            f64::from(self.workers) * 1000.0 / self.service_ms.max(1e-6)
        } else {
            0.0
        }
    }
}

/// Share of each group's requests by server.
pub(crate) type Shares = Vec<BTreeMap<usize, f64>>;

/// The servers of a branch: first the instances, in the order of the inventory, then those added.
pub(crate) fn servers(branch: &Branch) -> Vec<Server> {
    let overlay = &branch.overlay;
    let mut servers: Vec<Server> = branch
        .built
        .instances
        .iter()
        .enumerate()
        .map(|(number, i)| Server {
            site: i.site,
            service: i.service,
            router: i.router,
            workers: i.workers,
            service_ms: branch.service_ms(number),
            up: branch.is_up(i.slot, Metric::InstanceUp) && !overlay.removed.contains(&number),
            full_ms: full_ms(branch, i.slot),
            price: i.price,
            limit: overlay
                .limits
                .get(&number)
                .copied()
                .unwrap_or(f64::INFINITY),
        })
        .collect();
    for ((site, service), count) in &overlay.added {
        let like = branch
            .built
            .instances
            .iter()
            .find(|i| i.site == *site && i.service == *service);
        for _ in 0..*count {
            servers.extend(like.map(|i| Server {
                site: *site,
                service: *service,
                router: i.router,
                workers: i.workers,
                service_ms: i.base_ms,
                up: true,
                full_ms: full_ms(branch, i.slot),
                price: i.price,
                limit: f64::INFINITY,
            }));
        }
    }
    servers
}

/// An instance that refuses requests has a full queue, so what it takes now is the most that it ever takes.
fn full_ms(branch: &Branch, slot: Slot) -> Option<f64> {
    let refuses = branch.get_or(slot, Metric::InstanceRejected, 0.0) > REFUSES;
    let latency = branch.get_or(slot, Metric::InstanceLatency, f64::NAN);
    (refuses && latency.is_finite()).then_some(latency)
}

/// The shares in a branch. `offered_rps` is what each group asks; `network_ms` the round trip of a group to a server.
pub(crate) fn shares(
    branch: &Branch,
    servers: &[Server],
    offered_rps: &[f64],
    network_ms: impl Fn(usize, usize) -> f64,
) -> Shares {
    let mut shares = measured(branch, servers);
    spread_at_grown_sites(branch, servers, &mut shares);
    for number in &branch.overlay.returned {
        give_fair_share(branch, servers, &mut shares, *number);
    }
    for number in &branch.overlay.removed {
        take_away(branch, servers, &mut shares, *number);
    }
    for gateway in &branch.overlay.refreshed {
        steer_anew(
            branch,
            servers,
            &mut shares,
            *gateway,
            offered_rps,
            &network_ms,
        );
    }
    keep_limits(branch, servers, &mut shares, offered_rps);
    shares
}

/// Spreads a whole over keys by weight; nothing when there is no weight.
fn spread(weights: impl Iterator<Item = (usize, f64)>, whole: f64) -> BTreeMap<usize, f64> {
    let weights: Vec<(usize, f64)> = weights.filter(|(_, w)| *w > 0.0).collect();
    let total: f64 = weights.iter().map(|(_, w)| w).sum();
    weights
        .into_iter()
        .map(|(key, w)| (key, whole * w / total))
        .collect()
}

fn of_service(servers: &[Server], service: usize) -> impl Iterator<Item = (usize, &Server)> {
    let all = servers.iter().enumerate();
    all.filter(move |(_, s)| s.service == service)
}

fn measured(branch: &Branch, servers: &[Server]) -> Shares {
    let mut shares: Shares = vec![BTreeMap::new(); branch.built.groups.len()];
    for steer in &branch.built.steers {
        let share = branch.get_or(steer.slot, Metric::SteerShare, 0.0);
        if let Some(group) = shares.get_mut(steer.from).filter(|_| share > 0.0) {
            group.insert(steer.to, share);
        }
    }
    for (group, shares) in branch.built.groups.iter().zip(&mut shares) {
        if shares.is_empty() {
            let weights = of_service(servers, group.service).map(|(n, s)| (n, s.capacity_rps()));
            *shares = spread(weights, 1.0);
        }
    }
    shares
}

/// A site that got an instance spreads what it had over all it has now.
fn spread_at_grown_sites(branch: &Branch, servers: &[Server], shares: &mut Shares) {
    for (site, service) in branch.overlay.added.keys() {
        let here = |n: &usize| {
            let server = servers.get(*n);
            server.is_some_and(|s| s.site == *site && s.service == *service)
        };
        for share in shares.iter_mut() {
            let whole: f64 = share.iter().filter(|(n, _)| here(n)).map(|(_, w)| w).sum();
            if whole > 0.0 {
                let weights = of_service(servers, *service)
                    .filter(|(n, _)| here(n))
                    .map(|(n, s)| (n, s.capacity_rps()));
                let fresh = spread(weights, whole);
                share.retain(|n, _| !here(n));
                share.extend(fresh);
            }
        }
    }
}

/// An instance that is back gets what its capacity is among those in use; the others give it.
fn give_fair_share(branch: &Branch, servers: &[Server], shares: &mut Shares, number: usize) {
    let Some(server) = servers.get(number) else {
        return;
    };
    for (group, share) in branch.built.groups.iter().zip(shares.iter_mut()) {
        if group.service != server.service {
            continue;
        }
        let in_use = share.keys().filter(|n| **n != number);
        let others: f64 = in_use
            .filter_map(|n| servers.get(*n))
            .map(Server::capacity_rps)
            .sum();
        let fair = server.capacity_rps() / (server.capacity_rps() + others).max(1e-9);
        let had = share.get(&number).copied().unwrap_or(0.0);
        if had < fair {
            let left = (1.0 - fair) / (1.0 - had).max(1e-9);
            for w in share.values_mut() {
                *w *= left;
            }
            share.insert(number, fair);
        }
    }
}

/// What went to an instance goes to the others of its service.
fn take_away(branch: &Branch, servers: &[Server], shares: &mut Shares, number: usize) {
    for (group, share) in branch.built.groups.iter().zip(shares.iter_mut()) {
        if let Some(had) = share.remove(&number) {
            let others = of_service(servers, group.service).filter(|(n, _)| *n != number);
            for (n, w) in spread(others.map(|(n, s)| (n, s.capacity_rps())), had) {
                *share.entry(n).or_insert(0.0) += w;
            }
        }
    }
}

/// Requests per second at each server.
pub(crate) fn loads(servers: &[Server], shares: &Shares, offered_rps: &[f64]) -> Vec<f64> {
    let mut loads = vec![0.0; servers.len()];
    for (share, rps) in shares.iter().zip(offered_rps) {
        for (number, w) in share {
            if let Some(load) = loads.get_mut(*number) {
                *load += w * rps;
            }
        }
    }
    loads
}

fn steer_anew(
    branch: &Branch,
    servers: &[Server],
    shares: &mut Shares,
    gateway: usize,
    offered_rps: &[f64],
    network_ms: &impl Fn(usize, usize) -> f64,
) {
    for (number, group) in branch.built.groups.iter().enumerate() {
        if group.gateway != gateway {
            continue;
        }
        if let Some(share) = shares.get_mut(number) {
            share.clear();
        }
        let loads = loads(servers, shares, offered_rps);
        let time = |n: usize, s: &Server| network_ms(number, n) + s.service_ms;
        let mut best: Vec<(usize, &Server)> = of_service(servers, group.service)
            .filter(|(_, s)| s.up)
            .collect();
        best.sort_by(|(n, a), (m, b)| {
            // A server without a way takes no number of milliseconds.
            let late = |n: usize, s: &Server| {
                let ms = time(n, s);
                ms.is_nan() || ms > 0.5 * group.latency_ms_max
            };
            let key = |n: usize, s: &Server| match group.prefer {
                Preference::Price => s.price,
                Preference::Latency => time(n, s),
            };
            late(*n, a)
                .cmp(&late(*m, b))
                .then(key(*n, a).total_cmp(&key(*m, b)))
        });
        let rps = offered_rps.get(number).copied().unwrap_or(0.0).max(1e-9);
        let mut left = 1.0;
        let mut fresh = BTreeMap::new();
        for (n, server) in &best {
            let load = loads.get(*n).copied().unwrap_or(0.0);
            let room = (FILL * server.capacity_rps() - load).max(0.0) / rps;
            let part = room.min(left);
            if part > 0.0 {
                fresh.insert(*n, part);
                left -= part;
            }
        }
        for (n, w) in spread(best.iter().map(|(n, s)| (*n, s.capacity_rps())), left) {
            *fresh.entry(n).or_insert(0.0) += w;
        }
        if let Some(share) = shares.get_mut(number) {
            *share = fresh;
        }
    }
}

/// What a limited instance may not take goes to the others of its service, where there is room.
fn keep_limits(branch: &Branch, servers: &[Server], shares: &mut Shares, offered_rps: &[f64]) {
    for number in branch.overlay.limits.keys() {
        let now = loads(servers, shares, offered_rps);
        let Some((server, load)) = servers.get(*number).zip(now.get(*number)) else {
            continue;
        };
        let allowed = server.limit * server.capacity_rps();
        if *load <= allowed {
            continue;
        }
        let room = |n: usize, s: &Server| {
            let most = s.capacity_rps() * s.limit.min(1.0);
            (most - now.get(n).copied().unwrap_or(0.0)).max(0.0)
        };
        let others = || of_service(servers, server.service).filter(|(n, _)| n != number);
        let free: f64 = others().map(|(n, s)| room(n, s)).sum();
        let weights: Vec<(usize, f64)> = others()
            .map(|(n, s)| {
                (
                    n,
                    if free > 0.0 {
                        room(n, s)
                    } else {
                        s.capacity_rps()
                    },
                )
            })
            .collect();
        for (group, share) in branch.built.groups.iter().zip(shares.iter_mut()) {
            let Some(had) = share
                .get_mut(number)
                .filter(|_| group.service == server.service)
            else {
                continue;
            };
            let excess = *had * (1.0 - allowed / load);
            let fresh = spread(weights.iter().copied(), excess);
            if !fresh.is_empty() {
                *had -= excess;
                for (n, w) in fresh {
                    *share.entry(n).or_insert(0.0) += w;
                }
            }
        }
    }
}
