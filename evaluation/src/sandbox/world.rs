//! The world: the whole simulated network and its agenda.
//!
//! In: a network, a seed, a start; later actions and faults. Out: readings per interval. Pure: no I/O, no clock, all
//! randomness from seeded `ChaCha8` streams, so a clone goes on exactly as the original does.

use super::clockwork::{Agenda, Event};
use super::doubles::Plans;
use super::faults::Fault;
use super::layout::Layout;
use super::lies::ActiveLie;
use super::links::{SLOW_MEMORY, Shares};
use super::readings::Reading;
use super::routing::Fib;
use super::state::{
    CellState, DemandState, GatewayState, GroupState, InstanceState, LinkState, PathState,
    PortState, Request, RouterState, SiteState,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::collections::VecDeque;
use std::sync::Arc;
use zizhi_types::NetTime;
use zizhi_types::time::DAY_MS;
use zizhi_types::topology::Network;
use zizhi_types::wire::Maintenance;

/// Microseconds in a second; also the length of a slot.
pub(crate) const SECOND_US: u64 = 1_000_000;
/// Readings of this many intervals are kept for the judge.
pub(crate) const HISTORY: usize = 12;
/// Relative spread of a group's slow noise.
const GROUP_SIGMA: f64 = 0.06;
/// Seconds between two computations of a gateway's steering.
pub(crate) const STEER_US: u64 = 5 * SECOND_US;

/// Separate streams, so that an action does not change the noise of what it does not touch.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    /// Background traffic; a fixed number of draws per slot.
    pub load: ChaCha8Rng,
    /// When users ask.
    pub arrivals: ChaCha8Rng,
    /// What happens to requests.
    pub requests: ChaCha8Rng,
    /// Hops of packets.
    pub path: ChaCha8Rng,
    /// Timers.
    pub control: ChaCha8Rng,
    /// Measurement noise.
    pub observe: ChaCha8Rng,
    /// Choice of faults.
    pub choose: ChaCha8Rng,
}

impl Streams {
    fn new(seed: u64) -> Self {
        let stream = |n| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(n);
            rng
        };
        Self {
            load: stream(1),
            arrivals: stream(2),
            requests: stream(3),
            path: stream(4),
            control: stream(5),
            observe: stream(6),
            choose: stream(7),
        }
    }
}

/// What the network's owner announces; published before the next interval.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Notice {
    /// The inventory of the compute domain changed.
    ComputeInventory,
    /// Work.
    Maintenance(zizhi_types::Domain, Maintenance),
}

/// The simulated network with everything that agents cannot see.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) network: Arc<Network>,
    pub(crate) layout: Arc<Layout>,
    pub(crate) now_us: u64,
    pub(crate) salt: u64,
    pub(crate) agenda: Agenda,
    pub(crate) rng: Streams,
    pub(crate) fib: Arc<Fib>,
    pub(crate) shares: Arc<Shares>,
    pub(crate) shares_stale: bool,
    pub(crate) routers: Vec<RouterState>,
    pub(crate) links: Vec<LinkState>,
    pub(crate) ports: Vec<PortState>,
    pub(crate) demands: Vec<DemandState>,
    pub(crate) paths: Vec<PathState>,
    pub(crate) sites: Vec<SiteState>,
    pub(crate) instances: Vec<InstanceState>,
    pub(crate) gateways: Vec<GatewayState>,
    pub(crate) groups: Vec<GroupState>,
    pub(crate) cells: Vec<CellState>,
    pub(crate) requests: Vec<Request>,
    pub(crate) free_requests: Vec<u32>,
    /// Answers' traffic in this slot (Mbit) and its smoothed rate (Mbit/s).
    pub(crate) site_gateway_mbit: Vec<f64>,
    pub(crate) gateway_cell_mbit: Vec<f64>,
    pub(crate) site_gateway_mbps: Vec<f64>,
    pub(crate) gateway_cell_mbps: Vec<f64>,
    pub(crate) interval_began_us: u64,
    pub(crate) history: VecDeque<Arc<Vec<Reading>>>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) fault_count: u64,
    pub(crate) lies: Vec<ActiveLie>,
    pub(crate) plans: Plans,
    pub(crate) notices: Vec<Notice>,
}

impl World {
    /// Builds the network in steady state at `start`. The network must be without problems.
    pub fn new(network: &Network, seed: u64, start: NetTime) -> Self {
        let demands = super::traffic::demands(network);
        let layout = Layout::new(network, &demands);
        let mut world = Self::empty(network, layout, seed, start);
        world.fib = Arc::new(world.routes());
        for gateway in 0..world.gateways.len() {
            world.settle_steering(gateway);
        }
        super::traffic::scale(&mut world);
        world.rebuild_shares();
        world.warm_up(start);
        world
    }

    fn empty(network: &Network, layout: Layout, seed: u64, start: NetTime) -> Self {
        let mut rng = Streams::new(seed);
        let (sites, gateways, cells) = (
            layout.sites.len(),
            layout.gateways.len(),
            layout.cells.len(),
        );
        let instances = super::instances::listed(network, &mut rng.control);
        let count = instances.len();
        let none = Fib::compute(&layout.ports, &layout.ports_of, |_| None);
        let up = RouterState {
            up: true,
            ..RouterState::default()
        };
        Self {
            network: Arc::new(network.clone()),
            now_us: start.0 * 1000,
            salt: super::routing::mix(seed),
            agenda: Agenda::default(),
            fib: Arc::new(none),
            shares: Arc::new(Shares::default()),
            shares_stale: true,
            routers: vec![up; layout.routers.len()],
            links: network
                .links
                .iter()
                .map(|l| LinkState::new(l.cost, l.capacity_mbps))
                .collect(),
            ports: (0..layout.ports.len())
                .map(|_| PortState {
                    through: 1.0,
                    micro_burst: 1.0,
                    ..PortState::default()
                })
                .collect(),
            demands: (0..layout.demands.len())
                .map(|_| DemandState {
                    noise: rng.load.sample(StandardNormal),
                    factor: 1.0,
                    ..DemandState::default()
                })
                .collect(),
            paths: vec![PathState::default(); layout.paths.len()],
            sites: network
                .sites
                .iter()
                .map(|s| SiteState {
                    spare: s.spare_instances,
                    added: 0,
                })
                .collect(),
            gateways: vec![GatewayState::default(); gateways],
            groups: (0..layout.groups.len())
                .map(|g| GroupState {
                    noise: rng.load.sample(StandardNormal),
                    factor: 1.0,
                    rate_seen: layout.groups[g].rate_rps,
                    weights: vec![0.0; count],
                    sent: vec![0; count],
                    ..GroupState::default()
                })
                .collect(),
            cells: (0..cells)
                .map(|_| CellState {
                    radio_ms: rng.control.random_range(2.0..4.0),
                    ..CellState::default()
                })
                .collect(),
            instances,
            requests: vec![],
            free_requests: vec![],
            site_gateway_mbit: vec![0.0; sites * gateways],
            gateway_cell_mbit: vec![0.0; gateways * cells],
            site_gateway_mbps: vec![0.0; sites * gateways],
            gateway_cell_mbps: vec![0.0; gateways * cells],
            interval_began_us: start.0 * 1000,
            history: VecDeque::new(),
            faults: vec![],
            fault_count: 0,
            lies: vec![],
            plans: Plans::default(),
            notices: vec![],
            layout: Arc::new(layout),
            rng,
        }
    }

    /// Runs half a minute before `start`, so that queues, rates and steering are in steady state.
    fn warm_up(&mut self, start: NetTime) {
        let warm = 30 * SECOND_US;
        let start_us = start.0 * 1000;
        self.now_us = start_us.saturating_sub(warm);
        for router in 0..self.routers.len() {
            self.routers[router].booted_us = self
                .now_us
                .saturating_sub(self.rng.control.random_range(0..40 * DAY_MS * 1000));
        }
        self.agenda.at(self.now_us, Event::Slot);
        for gateway in 0..self.gateways.len() {
            let turn = STEER_US * (gateway as u64 + 1) / self.gateways.len() as u64;
            self.agenda
                .at(self.now_us + turn, Event::Steer(gateway as u32));
            self.gateways[gateway].policy_at_us = self.now_us;
        }
        self.set_rates();
        for group in 0..self.groups.len() {
            self.plan_arrival(group);
        }
        self.advance(start);
        self.close_interval();
        self.history.clear();
    }

    /// Starts the stream that chooses objects and severities anew; nothing else changes.
    pub(crate) fn rechoose(&mut self, seed: u64) {
        self.rng.choose = ChaCha8Rng::seed_from_u64(seed);
    }

    /// Lets time pass up to `to`. Nothing happens if `to` is not later than now.
    pub fn advance(&mut self, to: NetTime) {
        let end_us = to.0 * 1000;
        while let Some((at_us, event)) = self.agenda.next_before(end_us) {
            self.now_us = at_us;
            self.happen(event);
        }
        self.now_us = self.now_us.max(end_us);
    }

    /// The present moment.
    pub const fn now(&self) -> NetTime {
        NetTime(self.now_us / 1000)
    }

    /// The network as built, with instances added since.
    pub fn network(&self) -> &Network {
        &self.network
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Slot => self.slot(),
            Event::Arrival(group) => self.arrive(group as usize),
            Event::AtInstance(request) => self.reach_instance(request),
            Event::Done {
                instance,
                epoch,
                request,
            } => {
                self.finish(instance as usize, epoch, request);
            }
            Event::Steer(gateway) => {
                self.agenda.at(self.now_us + STEER_US, event);
                self.steer(gateway as usize, false);
            }
            Event::InstallRoutes => self.install_routes(),
            Event::Adjacency(link) => self.decide_adjacency(link as usize),
            Event::ResetDone(link) => {
                self.links[link as usize].resetting = false;
                self.refresh_link(link as usize);
            }
            Event::Flap(link) => self.flap(link as usize),
            Event::RouterBooted { router, epoch } => self.router_booted(router as usize, epoch),
            Event::InstanceStarted { instance, epoch } => {
                let state = &mut self.instances[instance as usize];
                if state.epoch == epoch {
                    state.starting = false;
                }
            }
            Event::CellStarted { cell, epoch } => {
                let state = &mut self.cells[cell as usize];
                if state.epoch == epoch {
                    state.starting = false;
                    state.back_on_air();
                }
            }
            Event::ScaledOut(instance) => self.scaled_out(instance as usize),
            Event::Planned(index) => self.carry_out(index as usize),
        }
    }

    /// Share of the daily mean at a moment: a cosine with its top at the peak hour.
    pub(crate) fn daily(&self, at_us: u64) -> f64 {
        let t = &self.network.traffic;
        let hour = (at_us / 1000 % DAY_MS) as f64 / 3_600_000.0;
        1.0 + t.daily_swing * ((hour - t.peak_hour) / 24.0 * std::f64::consts::TAU).cos()
    }

    /// One slot of one second: settle what the last brought, then draw the next.
    fn slot(&mut self) {
        self.agenda.at(self.now_us + SECOND_US, Event::Slot);
        if self.shares_stale {
            self.rebuild_shares();
        }
        self.settle_service_traffic();
        self.set_rates();
        let daily = self.daily(self.now_us);
        self.draw_demands(daily);
        self.run_queues();
        self.tick_instances();
        self.probe_paths();
        for cell in &mut self.cells {
            cell.slot_attempts = 0;
        }
    }

    /// Smooths what the answers of the last slot carried: a transfer lasts some seconds.
    fn settle_service_traffic(&mut self) {
        let pairs = [
            (&mut self.site_gateway_mbps, &mut self.site_gateway_mbit),
            (&mut self.gateway_cell_mbps, &mut self.gateway_cell_mbit),
        ];
        for (mbps, mbit) in pairs {
            for (rate, sum) in mbps.iter_mut().zip(mbit) {
                *rate += 0.25 * (*sum - *rate);
                *sum = 0.0;
            }
        }
    }

    fn set_rates(&mut self) {
        let daily = self.daily(self.now_us);
        let fresh = (1.0 - SLOW_MEMORY * SLOW_MEMORY).sqrt();
        for (state, place) in self.groups.iter_mut().zip(&self.layout.groups) {
            let draw: f64 = self.rng.load.sample(StandardNormal);
            state.noise = SLOW_MEMORY * state.noise + fresh * draw;
            let noise = (1.0 + GROUP_SIGMA * state.noise).max(0.2);
            state.rate_now = place.rate_rps * daily * state.factor * noise;
            state.rate_seen += 0.1 * (state.rate_now - state.rate_seen);
        }
    }

    /// Two probes per second and path.
    fn probe_paths(&mut self) {
        for path in 0..self.paths.len() {
            let (from, to) = (self.layout.paths[path].from, self.layout.paths[path].to);
            for _ in 0..2 {
                let there = self.walk(from, to);
                let back = there.and_then(|_| self.walk(to, from));
                let state = &mut self.paths[path];
                state.sent += 1;
                if let (Some(there), Some(back)) = (there, back) {
                    state.rtts_ms.push(((there + back) / 1000.0) as f32);
                }
            }
        }
    }
}
