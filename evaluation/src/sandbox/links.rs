//! Links, queues and walks: what carries packets and what becomes of them.
//!
//! In: demands, service traffic, settings and faults. Out: per slot and port, offered traffic, queueing delay and
//! drops; and for one packet, the time of its walk or its loss.

use super::clockwork::Event;
use super::routing::{Fib, HOP_LIMIT};
use super::state::BURSTS;
use super::world::{SECOND_US, World};
use rand::{Rng, RngCore};
use rand_distr::StandardNormal;
use std::sync::Arc;

/// Depth of a port's queue in seconds of its rate.
const QUEUE_S: f64 = 0.05;
/// Relative spread of one burst and of one slot around the mean; aggregated traffic of many users is about as smooth.
const BURST_SIGMA: f64 = 0.11;
const SLOT_SIGMA: f64 = 0.03;
/// Relative spread of a demand's slow noise, and its memory per one-second slot (time constant five minutes).
const DEMAND_SIGMA: f64 = 0.08;
pub(crate) const SLOW_MEMORY: f64 = 0.996_67;
/// Fast noise of a demand in one slot.
const FAST_SIGMA: f64 = 0.05;
/// Flows that a demand is hashed into.
const FLOWS: u32 = 8;
/// Packets that arrive back to back: 40 of 12 000 bits, which gives microseconds when divided by Mbit/s.
const TRAIN_BITS: f64 = 480_000.0;
/// Hello timer of the routing protocol, and the time to form an adjacency after carrier.
const DEAD_US: u64 = 4_000_000;
const ADJACENCY_US: u64 = 2_500_000;

/// Which ports each background flow and each service path uses, for the routes in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shares {
    /// Ports of each flow in order, one flow after the other.
    flow_ports: Vec<u16>,
    /// Demand and end in `flow_ports` of each flow.
    flows: Vec<(u32, u32)>,
    /// Site to gateway: index `site * gateways + gateway`.
    pub site_gateway: Vec<Vec<(usize, f64)>>,
    /// Gateway to cell: index `gateway * cells + cell`.
    pub gateway_cell: Vec<Vec<(usize, f64)>>,
}

impl World {
    /// Whether a port hands packets on.
    pub(crate) fn passes(&self, port: usize) -> bool {
        self.links[self.layout.ports[port].link].passes
    }

    /// Works out again what follows from a link's hidden state; plans what the routing protocol does about it.
    pub(crate) fn refresh_link(&mut self, link: usize) {
        let (a, b) = (
            self.layout.ports[2 * link].router,
            self.layout.ports[2 * link].peer,
        );
        let lit = |r: usize| self.routers[r].up || self.routers[r].lasers_lit;
        let l = &self.links[link];
        let carrier =
            !(l.locked || l.flap_down || l.out_of_service || l.resetting) && lit(a) && lit(b);
        let passes = carrier && !l.silent && self.routers[a].up && self.routers[b].up;
        let was = (l.carrier, l.passes);
        self.links[link].carrier = carrier;
        self.links[link].passes = passes;
        if was.0 != carrier {
            self.ports[2 * link].transitions += 1;
            self.ports[2 * link + 1].transitions += 1;
        }
        if was.1 != passes {
            self.shares_stale = true;
        }
        self.refresh_adjacency(link);
    }

    fn refresh_adjacency(&mut self, link: usize) {
        let l = &self.links[link];
        if l.passes == l.adjacent {
            return;
        }
        if !l.carrier {
            self.set_adjacency(link, false);
            return;
        }
        let wait = if l.passes { ADJACENCY_US } else { DEAD_US };
        let jitter = self.rng.control.random_range(0..1_000_000);
        self.agenda
            .at(self.now_us + wait + jitter, Event::Adjacency(link as u32));
    }

    /// The hello timer ran out, or the adjacency is formed, unless things changed meanwhile.
    pub(crate) fn decide_adjacency(&mut self, link: usize) {
        let passes = self.links[link].passes;
        if self.links[link].adjacent != passes {
            self.set_adjacency(link, passes);
        }
    }

    fn set_adjacency(&mut self, link: usize, up: bool) {
        self.links[link].adjacent = up;
        self.reconverge();
    }

    /// Plans the installation of new routes: flooding, computing and installing take one to three seconds.
    pub(crate) fn reconverge(&mut self) {
        let delay = self.rng.control.random_range(1_000_000..3_000_000);
        self.agenda.at(self.now_us + delay, Event::InstallRoutes);
    }

    /// Routes for the adjacencies and costs of this moment.
    pub(crate) fn routes(&self) -> Fib {
        Fib::compute(&self.layout.ports, &self.layout.ports_of, |port| {
            let link = &self.links[port / 2];
            link.adjacent.then_some(link.cost[port % 2])
        })
    }

    pub(crate) fn install_routes(&mut self) {
        let fib = self.routes();
        if fib != *self.fib {
            self.fib = Arc::new(fib);
            self.shares_stale = true;
        }
    }

    /// Finds the ports of every flow and service path again.
    pub(crate) fn rebuild_shares(&mut self) {
        self.shares = Arc::new(self.shares_on(&self.fib));
        self.shares_stale = false;
    }

    /// The ports of every flow and service path on given routes.
    pub(crate) fn shares_on(&self, fib: &Fib) -> Shares {
        let layout = &self.layout;
        let passes = |port| self.passes(port);
        let mut shares = Shares::default();
        for (index, d) in layout.demands.iter().enumerate() {
            for flow in 0..FLOWS {
                let ends = (d.from, d.to);
                fib.flow(
                    &layout.ports,
                    ends,
                    flow,
                    self.salt,
                    passes,
                    &mut shares.flow_ports,
                );
                shares
                    .flows
                    .push((index as u32, shares.flow_ports.len() as u32));
            }
        }
        let even = |from, to| fib.even_shares(&layout.ports, from, to, passes);
        for site in &layout.sites {
            for gateway in &layout.gateways {
                shares.site_gateway.push(even(site.router, gateway.router));
            }
        }
        for gateway in &layout.gateways {
            for cell in &layout.cells {
                shares.gateway_cell.push(even(gateway.router, cell.router));
            }
        }
        shares
    }

    /// Background traffic per port in Mbit/s; `through` is the share that each port lets pass.
    pub(crate) fn offered_background(
        &self,
        shares: &Shares,
        rate_of: impl Fn(usize) -> f64,
        through: impl Fn(usize) -> f64,
    ) -> Vec<f64> {
        let mut load = vec![0.0; self.ports.len()];
        let mut begin = 0;
        for &(demand, end) in &shares.flows {
            let mut rate = rate_of(demand as usize) / f64::from(FLOWS);
            for &port in &shares.flow_ports[begin..end as usize] {
                load[usize::from(port)] += rate;
                rate *= through(usize::from(port));
            }
            begin = end as usize;
        }
        load
    }

    /// Background and service traffic per port in Mbit/s.
    pub(crate) fn offered(
        &self,
        shares: &Shares,
        rate_of: impl Fn(usize) -> f64,
        through: impl Fn(usize) -> f64,
    ) -> Vec<f64> {
        let mut load = self.offered_background(shares, rate_of, through);
        for (traffic, list) in [
            (&self.site_gateway_mbps, &shares.site_gateway),
            (&self.gateway_cell_mbps, &shares.gateway_cell),
        ] {
            for (mbps, ports) in traffic.iter().zip(list) {
                if *mbps > 1e-6 {
                    for &(port, share) in ports {
                        load[port] += mbps * share;
                    }
                }
            }
        }
        load
    }

    /// Draws this slot's demands.
    pub(crate) fn draw_demands(&mut self, daily: f64) {
        let fresh = (1.0 - SLOW_MEMORY * SLOW_MEMORY).sqrt();
        for (state, place) in self.demands.iter_mut().zip(&self.layout.demands) {
            let slow: f64 = self.rng.load.sample(StandardNormal);
            let fast: f64 = self.rng.load.sample(StandardNormal);
            state.noise = SLOW_MEMORY * state.noise + fresh * slow;
            let noise = (1.0 + DEMAND_SIGMA * state.noise) * (1.0 + FAST_SIGMA * fast);
            state.mbps = place.mean_mbps * daily * state.factor * noise.max(0.05);
            state.sum += state.mbps;
            state.slots += 1;
        }
    }

    /// Runs every port's queue through one slot.
    pub(crate) fn run_queues(&mut self) {
        let shares = Arc::clone(&self.shares);
        let load = self.offered(&shares, |d| self.demands[d].mbps, |p| self.ports[p].through);
        for (port, offered) in load.into_iter().enumerate() {
            let slot: f64 = self.rng.load.sample(StandardNormal);
            let mut bursts = [0.0; BURSTS];
            for b in &mut bursts {
                *b = self.rng.load.sample(StandardNormal);
            }
            let link = &self.links[port / 2];
            let (rate, loss, carrier, silent) = (
                link.rate_mbps,
                link.loss[port % 2],
                link.carrier,
                link.silent,
            );
            let mean = offered * (1.0 + SLOT_SIGMA * slot).max(0.0);
            let state = &mut self.ports[port];
            state.offered_mbps = offered;
            if !carrier || !self.routers[self.layout.ports[port].router].up {
                state.queue_mbit = 0.0;
                state.through = 0.0;
                state.slots += 1;
                continue;
            }
            let dropped = state.run(mean, rate, &bursts);
            let lost = if silent { 1.0 } else { loss };
            state.through = (1.0 - dropped / mean.max(1e-9)) * (1.0 - lost);
            state.sum_offered += mean;
            state.sum_sent += mean - dropped;
            state.sum_dropped += dropped;
            state.sum_damaged += (mean - dropped) * lost;
            state.slots += 1;
        }
    }

    /// Time in microseconds of one packet's walk; `None` when it is lost.
    pub(crate) fn walk(&mut self, from: usize, to: usize) -> Option<f64> {
        let burst = (self.now_us % SECOND_US) as usize * BURSTS / SECOND_US as usize;
        let mut at = from;
        let mut time = 0.0;
        if !self.routers[from].up || !self.routers[to].up {
            return None;
        }
        for _ in 0..HOP_LIMIT {
            if at == to {
                return Some(time);
            }
            let random = self.rng.path.next_u64();
            let port = self.fib.hops(at, to).pick((random >> 32) as u32)?;
            if !self.passes(port) {
                return None;
            }
            let place = &self.layout.ports[port];
            let state = &self.ports[port];
            let lost = f64::from(state.drop[burst]) + self.links[place.link].loss[port % 2];
            let chance = f64::from(random as u32) / 4_294_967_296.0;
            if chance < lost {
                return None;
            }
            // Routers take 20 to 50 us themselves, our choice.
            time += place.delay_us
                + 20.0
                + 30.0 * chance
                + f64::from(state.delay_us[burst]) * (0.6 + 0.8 * chance);
            at = place.peer;
        }
        None
    }

    /// Mean time one way in microseconds as probes saw it lately; `None` without a working route.
    pub(crate) fn mean_walk_us(&self, from: usize, to: usize) -> Option<f64> {
        let (mut at, mut time) = (from, 0.0);
        if !self.routers[from].up || !self.routers[to].up {
            return None;
        }
        for _ in 0..HOP_LIMIT {
            if at == to {
                return Some(time);
            }
            let port = self.fib.hops(at, to).pick(0)?;
            if !self.passes(port) {
                return None;
            }
            let state = &self.ports[port];
            let queue: f32 = state.delay_us.iter().sum::<f32>() / BURSTS as f32;
            time += self.layout.ports[port].delay_us + 35.0 + f64::from(queue);
            at = self.layout.ports[port].peer;
        }
        None
    }
}

impl super::state::PortState {
    /// One slot of Lindley's recursion over bursts: the queue takes what the rate does not, and drops what exceeds
    /// its depth. Returns the dropped traffic in Mbit/s averaged over the slot.
    fn run(&mut self, mean_mbps: f64, rate_mbps: f64, bursts: &[f64; BURSTS]) -> f64 {
        let span = 1.0 / BURSTS as f64;
        let depth = rate_mbps * QUEUE_S;
        let mut dropped_mbit = 0.0;
        let mut delay_ms = 0.0;
        for (k, noise) in bursts.iter().enumerate() {
            let mut arriving = mean_mbps * (1.0 + BURST_SIGMA * noise).max(0.05);
            if k == 0 && self.micro_burst > 1.0 {
                arriving = arriving.max(rate_mbps) * self.micro_burst;
            }
            let before = self.queue_mbit;
            let after = before + (arriving - rate_mbps) * span;
            let lost = (after - depth).max(0.0);
            self.queue_mbit = after.clamp(0.0, depth);
            let load = (arriving / rate_mbps).min(0.98);
            let train_us = TRAIN_BITS / rate_mbps * load / (1.0 - load) * 0.5;
            let wait_us = 0.5 * (before + self.queue_mbit) / rate_mbps * 1e6 + train_us.min(2000.0);
            self.delay_us[k] = wait_us as f32;
            self.drop[k] = (lost / (arriving * span).max(1e-9)).min(1.0) as f32;
            dropped_mbit += lost;
            delay_ms += wait_us / 1000.0 * span;
        }
        self.micro_burst = 1.0;
        self.sum_delay_ms += delay_ms;
        dropped_mbit.min(mean_mbps)
    }
}
