//! Service instances: a first-come-first-served queue before a number of workers, on a host with neighbours.

use super::clockwork::Event;
use super::layout::{index_of, object};
use super::links::SLOW_MEMORY;
use super::state::{InstanceState, Served};
use super::world::World;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::collections::VecDeque;
use zizhi_types::ObjectKind;
use zizhi_types::topology::{Instance, Network};

/// Spread of the logarithm of service times, our choice: the 95th percentile is 1.67 times the mean.
const SERVICE_SIGMA: f64 = 0.35;
/// Relative spread of the host's slow noise.
const HOST_SIGMA: f64 = 0.03;

/// The instances that the network file lists.
pub(crate) fn listed(network: &Network, rng: &mut ChaCha8Rng) -> Vec<InstanceState> {
    let sites = index_of(network.sites.iter().map(|s| &s.id));
    let services = index_of(network.services.iter().map(|s| &s.id));
    network
        .instances
        .iter()
        .map(|i| fresh(i, sites[i.site.as_str()], services[i.service.as_str()], rng))
        .collect()
}

/// An idle instance on one of its site's two hosts.
pub(crate) fn fresh(
    built: &Instance,
    site: usize,
    service: usize,
    rng: &mut ChaCha8Rng,
) -> InstanceState {
    InstanceState {
        object: object(ObjectKind::Instance, &built.id),
        site,
        service,
        workers: built.workers,
        base_ms: built.base_ms,
        price: built.price,
        present: true,
        crashed: false,
        starting: false,
        added: false,
        epoch: 0,
        host: rng.random_range(0..2),
        host_slow: [
            1.0 + rng.random_range(0.0..0.04),
            1.0 + rng.random_range(0.0..0.04),
        ],
        host_noise: rng.sample(StandardNormal),
        batch_steal: 0.0,
        limit: 1.0,
        tokens: 0.0,
        queue: VecDeque::new(),
        busy: 0,
        busy_since_us: 0,
        busy_area: 0.0,
        reported_ms: built.base_ms,
        pinned_rps: 0.0,
        pinned_now: 0,
        arrived: 0,
        rejected: 0,
        served: 0,
        recent: VecDeque::new(),
    }
}

impl InstanceState {
    /// Mean service time just now.
    pub fn service_ms(&self) -> f64 {
        let noise = (1.0 + HOST_SIGMA * self.host_noise).max(0.5);
        self.base_ms * self.host_slow[self.host] * noise
    }

    /// Adds the time since the last change of `busy` to the busy area.
    pub fn note_busy(&mut self, now_us: u64, change: i32) {
        self.busy_area += f64::from(self.busy) * now_us.saturating_sub(self.busy_since_us) as f64;
        self.busy_since_us = now_us;
        self.busy = self.busy.saturating_add_signed(change);
    }
}

impl World {
    /// A request comes to its instance: served, queued, or refused.
    pub(crate) fn reach_instance(&mut self, request: u32) {
        let index = self.requests[request as usize].instance as usize;
        let instance = &mut self.instances[index];
        if !instance.up() {
            self.fail(request);
            return;
        }
        instance.arrived += 1;
        if instance.busy < instance.workers {
            self.start(index, request);
        } else if instance.queue.len() < instance.queue_limit() {
            instance.queue.push_back(request);
        } else {
            instance.rejected += 1;
            self.fail(request);
        }
    }

    fn start(&mut self, index: usize, request: u32) {
        let normal: f64 = self.rng.requests.sample(StandardNormal);
        let now_us = self.now_us;
        let instance = &mut self.instances[index];
        instance.note_busy(now_us, 1);
        let spread = (SERVICE_SIGMA * normal - SERVICE_SIGMA * SERVICE_SIGMA / 2.0).exp();
        let took_ms = instance.service_ms() * spread;
        let event = Event::Done {
            instance: index as u32,
            epoch: instance.epoch,
            request,
        };
        self.requests[request as usize].service_ms = took_ms as f32;
        self.agenda.at(now_us + (took_ms * 1000.0) as u64, event);
    }

    /// A worker is done, unless the instance was stopped meanwhile.
    pub(crate) fn finish(&mut self, index: usize, epoch: u32, request: u32) {
        let now_us = self.now_us;
        let instance = &mut self.instances[index];
        if instance.epoch != epoch {
            self.fail(request);
            return;
        }
        instance.note_busy(now_us, -1);
        instance.served += 1;
        let r = &self.requests[request as usize];
        instance.recent.push_back(Served {
            at_us: now_us,
            service_ms: r.service_ms,
            total_ms: ((now_us - r.reached_us) as f64 / 1000.0) as f32,
        });
        let next = instance.queue.pop_front();
        self.answer(request);
        if let Some(next) = next {
            self.start(index, next);
        }
    }

    /// Stops an instance at once: what it held is lost.
    pub(crate) fn stop_instance(&mut self, index: usize) {
        let now_us = self.now_us;
        let instance = &mut self.instances[index];
        instance.note_busy(now_us, 0);
        instance.busy = 0;
        instance.epoch += 1;
        instance.recent.clear();
        let waiting: Vec<u32> = instance.queue.drain(..).collect();
        for request in waiting {
            self.fail(request);
        }
    }

    /// Stops an instance and plans that it answers again after `down_us`.
    pub(crate) fn restart_instance(&mut self, index: usize, down_us: u64) {
        self.stop_instance(index);
        let instance = &mut self.instances[index];
        instance.crashed = false;
        instance.starting = true;
        let event = Event::InstanceStarted {
            instance: index as u32,
            epoch: instance.epoch,
        };
        self.agenda.at(self.now_us + down_us, event);
    }

    /// Once per slot: host noise, what is reported to gateways, and tokens of the steering limit.
    pub(crate) fn tick_instances(&mut self) {
        let fresh = (1.0 - SLOW_MEMORY * SLOW_MEMORY).sqrt();
        for instance in &mut self.instances {
            let draw: f64 = self.rng.load.sample(StandardNormal);
            instance.host_noise = SLOW_MEMORY * instance.host_noise + fresh * draw;
            let waiting = instance.queue.len() as f64 / f64::from(instance.workers);
            let estimate = instance.service_ms() * (1.0 + waiting);
            instance.reported_ms += 0.2 * (estimate - instance.reported_ms);
            let allowed = instance.limit * instance.capacity_rps();
            instance.tokens = (instance.tokens + allowed).min(allowed.max(1.0));
            instance.pinned_rps += 0.2 * (f64::from(instance.pinned_now) - instance.pinned_rps);
            instance.pinned_now = 0;
        }
    }
}
