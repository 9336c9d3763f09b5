//! How gateways steer (the C-PS of CATS, RFC 10053): shares of each group's requests per instance.
//!
//! Every five seconds a gateway ranks the instances of a service by price or by estimated latency and fills them to
//! two thirds of their capacity in that order, counting what the other gateways plan to send. It moves 40 % of the way to
//! the new shares, so that gateways do not chase each other.

use super::world::World;

/// Share of an instance's capacity that gateways plan to use: beyond it waiting grows fast.
const FILL: f64 = 0.66;
/// How far one computation moves towards the new shares.
const DAMPING: f64 = 0.4;
/// A 95th percentile is about this many means.
const P95_OVER_MEAN: f64 = 1.7;
/// Share of the promised latency that the estimate may use.
const MARGIN: f64 = 0.9;

/// Share of a group's requests that each suitable instance gets in any case, so that its latency stays known.
const PROBE: f64 = 0.02;

/// What a gateway knows of an instance for one group.
struct Candidate {
    instance: usize,
    rank: (f64, f64),
    within: bool,
}

impl World {
    /// Recomputes one gateway's steering; at once and fully when `whole`.
    pub(crate) fn steer(&mut self, gateway: usize, whole: bool) {
        if self.gateways[gateway].frozen {
            return;
        }
        self.gateways[gateway].policy_at_us = self.now_us;
        let layout = std::sync::Arc::clone(&self.layout);
        let own = &layout.groups_of_gateway[gateway];
        let mut planned = self.planned_rps(own);
        let trips = self.site_trips_ms(gateway);
        for &group in own {
            let target = self.target(group, &trips, &mut planned);
            self.move_towards(group, &target, &trips, if whole { 1.0 } else { DAMPING });
        }
    }

    /// Computes the steering of a world that has not started yet.
    pub(crate) fn settle_steering(&mut self, gateway: usize) {
        self.steer(gateway, true);
    }

    /// Requests per second that each instance is about to get from all but the groups in `except`.
    fn planned_rps(&self, except: &[usize]) -> Vec<f64> {
        let mut planned: Vec<f64> = self.instances.iter().map(|i| i.pinned_rps).collect();
        for (index, group) in self.groups.iter().enumerate() {
            if !except.contains(&index) {
                let free = group.rate_seen * self.free_share(index);
                for (sum, weight) in planned.iter_mut().zip(&group.weights) {
                    *sum += weight * free;
                }
            }
        }
        planned
    }

    /// Share of the group's requests that the gateway may steer.
    fn free_share(&self, group: usize) -> f64 {
        1.0 - self.groups[group].pinned.map_or(0.0, |p| p.share)
    }

    /// Round trip from the gateway to each site; `None` where health checks fail.
    fn site_trips_ms(&self, gateway: usize) -> Vec<Option<f64>> {
        let from = self.layout.gateways[gateway].router;
        self.layout
            .sites
            .iter()
            .map(|site| {
                let there = self.mean_walk_us(from, site.router)?;
                Some((there + self.mean_walk_us(site.router, from)?) / 1000.0)
            })
            .collect()
    }

    /// The shares that suit a group best now; adds what it will send to `planned`.
    fn target(&self, group: usize, trips: &[Option<f64>], planned: &mut [f64]) -> Vec<f64> {
        let candidates = self.candidates(group, trips);
        let rate = (self.groups[group].rate_seen * self.free_share(group)).max(1e-6);
        let mut left = rate;
        let mut target = vec![0.0; self.instances.len()];
        for c in candidates.iter().filter(|c| c.within) {
            let part = (rate * PROBE).min(self.room(c.instance, 1.0));
            target[c.instance] += part;
            planned[c.instance] += part;
            left -= part;
        }
        for fill in [FILL, 0.9] {
            for c in candidates.iter().filter(|c| c.within || fill > FILL) {
                let room = self.room(c.instance, fill) - planned[c.instance];
                let part = room.min(left).max(0.0);
                target[c.instance] += part;
                planned[c.instance] += part;
                left -= part;
            }
        }
        self.spread(&candidates, left, &mut target, planned);
        for share in &mut target {
            *share /= rate;
        }
        target
    }

    /// Requests per second that gateways may plan for an instance.
    fn room(&self, instance: usize, fill: f64) -> f64 {
        let i = &self.instances[instance];
        i.capacity_rps() * fill.min(i.limit)
    }

    /// What fits nowhere goes everywhere, by capacity; to limited instances only when there are no others.
    fn spread(&self, candidates: &[Candidate], left: f64, target: &mut [f64], planned: &mut [f64]) {
        let unlimited = candidates
            .iter()
            .any(|c| self.instances[c.instance].limit >= 1.0);
        let capacity = |c: &Candidate| {
            let i = &self.instances[c.instance];
            if unlimited && i.limit < 1.0 {
                0.0
            } else {
                i.capacity_rps()
            }
        };
        let total: f64 = candidates.iter().map(capacity).sum();
        if left <= 0.0 || total <= 0.0 {
            return;
        }
        for c in candidates {
            let part = left * capacity(c) / total;
            target[c.instance] += part;
            planned[c.instance] += part;
        }
    }

    /// Healthy instances of the group's service, best first.
    fn candidates(&self, group: usize, trips: &[Option<f64>]) -> Vec<Candidate> {
        let place = &self.layout.groups[group];
        let (cell, gateway) = (
            self.layout.cells[place.cell].router,
            self.layout.gateways[place.gateway].router,
        );
        let access_ms = 8.0
            + (self.mean_walk_us(cell, gateway).unwrap_or(0.0)
                + self.mean_walk_us(gateway, cell).unwrap_or(0.0))
                / 1000.0;
        let mut found = vec![];
        for (instance, i) in self.instances.iter().enumerate() {
            let Some(trip_ms) = trips[i.site] else {
                continue;
            };
            if i.service != place.service || !i.up() {
                continue;
            }
            let p95_ms = access_ms + trip_ms + i.reported_ms * P95_OVER_MEAN;
            // Estimates within 3 ms of each other are equal: noise must not reorder them.
            let coarse = (p95_ms / 3.0).round();
            found.push(Candidate {
                instance,
                rank: if place.by_price {
                    (i.price, coarse)
                } else {
                    (coarse, i.price)
                },
                within: p95_ms <= place.bound_ms * MARGIN,
            });
        }
        found.sort_by(|x, y| {
            let by = |a: f64, b: f64| a.total_cmp(&b);
            by(x.rank.0, y.rank.0)
                .then(by(x.rank.1, y.rank.1))
                .then(x.instance.cmp(&y.instance))
        });
        found
    }

    /// Moves the shares; what fails its health check gets nothing at once.
    fn move_towards(&mut self, group: usize, target: &[f64], trips: &[Option<f64>], step: f64) {
        let healthy: Vec<bool> = self
            .instances
            .iter()
            .map(|i| i.up() && trips[i.site].is_some())
            .collect();
        let weights = &mut self.groups[group].weights;
        let fresh = weights.iter().sum::<f64>() <= 0.0;
        let step = if fresh { 1.0 } else { step };
        for ((weight, target), healthy) in weights.iter_mut().zip(target).zip(healthy) {
            *weight += step * (target - *weight);
            if !healthy || *weight < 0.002 {
                *weight = 0.0;
            }
        }
        let sum: f64 = weights.iter().sum();
        if sum > 0.0 {
            for weight in weights.iter_mut() {
                *weight /= sum;
            }
        }
    }
}
