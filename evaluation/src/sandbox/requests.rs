//! A request's life: a user asks, the cell carries it, the gateway steers it, the instance serves it, the answer
//! goes back by the gateway (which terminates the session, as it steers by URL path).

use super::clockwork::Event;
use super::state::Request;
use super::world::{SECOND_US, World};
use rand::Rng;
use rand_distr::Exp1;

/// A request without an answer after this long has failed, our choice: users of interactive services are gone by then.
const TIMEOUT_MS: f64 = 2000.0;
/// Neighbours take over the users of a cell that died after this long.
const HANDOVER_US: u64 = 5 * SECOND_US;

impl World {
    /// Plans the next request of a group (Poisson at the present rate).
    pub(crate) fn plan_arrival(&mut self, group: usize) {
        let gap: f64 = self.rng.arrivals.sample(Exp1);
        let gap_us = gap / self.groups[group].rate_now.max(0.01) * SECOND_US as f64;
        // A rate that was near zero must not silence the group for ever.
        let gap_us = gap_us.min(60.0 * SECOND_US as f64).max(1.0) as u64;
        self.agenda
            .at(self.now_us + gap_us, Event::Arrival(group as u32));
    }

    pub(crate) fn arrive(&mut self, group: usize) {
        self.plan_arrival(group);
        self.groups[group].offered += 1;
        if self.send(group).is_none() {
            self.groups[group].failed += 1;
        }
    }

    /// Carries the request to its instance; `None` when it is lost on the way.
    fn send(&mut self, group: usize) -> Option<()> {
        let cell = self.attach(self.layout.groups[group].cell)?;
        let radio_us = self.radio_us(cell);
        let instance = self.steered_to(group)?;
        self.groups[group].sent[instance] += 1;
        let gateway = self.layout.gateways[self.layout.groups[group].gateway].router;
        let site = self.layout.sites[self.instances[instance].site].router;
        let way_us =
            self.walk(self.layout.cells[cell].router, gateway)? + self.walk(gateway, site)?;
        let began_us = self.now_us;
        let reached_us = began_us + (radio_us + way_us) as u64;
        let request = self.keep(Request {
            group: group as u32,
            instance: instance as u32,
            cell: cell as u32,
            began_us,
            reached_us,
            service_ms: 0.0,
        });
        self.agenda.at(reached_us, Event::AtInstance(request));
        Some(())
    }

    /// The cell that carries a user of `home`; `None` when none can. Counts the attempt.
    fn attach(&mut self, home: usize) -> Option<usize> {
        let state = &self.cells[home];
        if !state.off {
            return self.carry(home, home);
        }
        let covered = state.covered;
        let handed_over =
            state.prepared || self.now_us.saturating_sub(state.off_since_us) > HANDOVER_US;
        let lucky = self.rng.requests.random::<f64>() < covered;
        if handed_over && lucky {
            let neighbours = &self.layout.cells[home].neighbours;
            let free = |n: &&usize| {
                let cell = &self.cells[**n];
                !cell.off && f64::from(cell.slot_attempts) < self.layout.cells[**n].capacity_rps
            };
            if let Some(&serving) = neighbours.iter().find(free) {
                return self.carry(home, serving);
            }
        }
        // A locked cell hears nobody.
        if !self.cells[home].locked {
            self.cells[home].attempts += 1;
            self.cells[home].failed += 1;
        }
        None
    }

    fn carry(&mut self, home: usize, serving: usize) -> Option<usize> {
        // A phone that is barred does not ask the cell, so the cell counts nothing.
        let barred = self.cells[serving].barred;
        if barred > 0.0 && self.rng.requests.random::<f64>() < barred {
            return None;
        }
        let capacity = self.layout.cells[serving].capacity_rps;
        let state = &mut self.cells[serving];
        state.attempts += 1;
        state.slot_attempts += 1;
        if f64::from(state.slot_attempts) > capacity.max(1.0) {
            self.cells[home].failed += 1;
            return None;
        }
        state.carried += 1;
        Some(serving)
    }

    fn radio_us(&mut self, cell: usize) -> f64 {
        let jitter: f64 = self.rng.requests.sample(Exp1);
        (self.cells[cell].radio_ms + 0.5 * jitter) * 1000.0
    }

    /// The instance that the group's gateway picks for one request.
    fn steered_to(&mut self, group: usize) -> Option<usize> {
        if let Some(instance) = self.pinned_to(group) {
            return Some(instance);
        }
        let mut random: f64 = self.rng.requests.random();
        let weights = &self.groups[group].weights;
        let mut last = None;
        for (instance, weight) in weights.iter().enumerate() {
            if *weight > 0.0 {
                last = Some(instance);
                random -= weight;
                if random < 0.0 {
                    break;
                }
            }
        }
        last
    }

    /// For a user who sticks to a site: an instance there, if its limit lets one more through.
    fn pinned_to(&mut self, group: usize) -> Option<usize> {
        let pinned = self.groups[group].pinned?;
        if self.rng.requests.random::<f64>() >= pinned.share {
            return None;
        }
        let service = self.layout.groups[group].service;
        let fits = |i: &super::state::InstanceState| {
            i.site == pinned.site && i.service == service && i.up()
        };
        let total: f64 = self
            .instances
            .iter()
            .filter(|i| fits(i))
            .map(super::state::InstanceState::capacity_rps)
            .sum();
        let mut random = self.rng.requests.random::<f64>() * total;
        let chosen = self.instances.iter().position(|i| {
            random -= if fits(i) { i.capacity_rps() } else { 0.0 };
            fits(i) && random < 0.0
        })?;
        let instance = &mut self.instances[chosen];
        if instance.limit < 1.0 {
            if instance.tokens < 1.0 {
                return None;
            }
            instance.tokens -= 1.0;
        }
        instance.pinned_now += 1;
        Some(chosen)
    }

    fn keep(&mut self, request: Request) -> u32 {
        if let Some(slot) = self.free_requests.pop() {
            self.requests[slot as usize] = request;
            return slot;
        }
        self.requests.push(request);
        self.requests.len() as u32 - 1
    }

    /// Ends a request that will get no answer.
    pub(crate) fn fail(&mut self, request: u32) {
        let group = self.requests[request as usize].group as usize;
        self.groups[group].failed += 1;
        self.free_requests.push(request);
    }

    /// The answer leaves the instance.
    pub(crate) fn answer(&mut self, request: u32) {
        let r = self.requests[request as usize];
        let place = &self.layout.groups[r.group as usize];
        let (gateway, mbit) = (place.gateway, place.mbps_per_rps);
        let site = self.instances[r.instance as usize].site;
        self.site_gateway_mbit[site * self.gateways.len() + gateway] += mbit;
        self.gateway_cell_mbit[gateway * self.cells.len() + r.cell as usize] += mbit;
        let gateway_router = self.layout.gateways[gateway].router;
        let site_router = self.layout.sites[site].router;
        let cell_router = self.layout.cells[r.cell as usize].router;
        let Some(way_us) = self
            .walk(site_router, gateway_router)
            .and_then(|first| Some(first + self.walk(gateway_router, cell_router)?))
        else {
            self.fail(request);
            return;
        };
        let radio_us = self.radio_us(r.cell as usize);
        let total_ms = ((self.now_us - r.began_us) as f64 + way_us + radio_us) / 1000.0;
        if total_ms > TIMEOUT_MS {
            self.fail(request);
            return;
        }
        let group = &mut self.groups[r.group as usize];
        group.ok += 1;
        group.latencies_ms.push(total_ms as f32);
        self.free_requests.push(request);
    }
}
