//! What changes with time: plain records of routers, links, ports, demands, instances, gateways, groups and cells.
//!
//! Much of it is hidden from every agent: hosts, locked-up ports, noise. Behaviour is in the files named
//! after each part (`links`, `requests`, `steering`, ...).

use std::collections::VecDeque;
use zizhi_types::ManagedObject;

/// Sub-bursts in a slot: short enough that a burst fills a 50 ms queue, long enough to be fast.
pub(crate) const BURSTS: usize = 5;

/// A router.
#[derive(Debug, Clone, Default)]
pub(crate) struct RouterState {
    pub up: bool,
    pub crashed: bool,
    /// A crashed router's lasers may stay lit: then neighbours only miss its hellos.
    pub lasers_lit: bool,
    pub epoch: u32,
    pub booted_us: u64,
    /// No telemetry until then, although it forwards.
    pub mute_until_us: u64,
}

#[allow(clippy::struct_excessive_bools)] // each is one physical fact that holds or not, in any combination
/// A link: settings, hidden physical state, and what follows from it.
#[derive(Debug, Clone)]
pub(crate) struct LinkState {
    /// Cost set at the end of port `2 * link` and of port `2 * link + 1`.
    pub cost: [u32; 2],
    pub rate_mbps: f64,
    /// Share of packets damaged in each direction.
    pub loss: [f64; 2],
    /// A port that hangs until it is reset.
    pub locked: bool,
    /// Carrier without payload.
    pub silent: bool,
    pub flapping: bool,
    /// Down by flapping, just now.
    pub flap_down: bool,
    /// Taken down by people.
    pub out_of_service: bool,
    pub resetting: bool,
    /// The routing protocol restarts gracefully: adjacency shown down, forwarding goes on.
    pub graceful_restart: bool,
    pub carrier: bool,
    /// Carrier, payload and both routers.
    pub passes: bool,
    pub adjacent: bool,
}

impl LinkState {
    pub const fn new(cost: u32, rate_mbps: f64) -> Self {
        Self {
            cost: [cost; 2],
            rate_mbps,
            loss: [0.0; 2],
            locked: false,
            silent: false,
            flapping: false,
            flap_down: false,
            out_of_service: false,
            resetting: false,
            graceful_restart: false,
            carrier: true,
            passes: true,
            adjacent: true,
        }
    }

    /// Whether it damages packets.
    pub fn is_lossy(&self) -> bool {
        self.loss.iter().any(|loss| *loss > 0.0)
    }
}

/// A port: queue and counters of the running interval.
#[derive(Debug, Clone, Default)]
pub(crate) struct PortState {
    pub queue_mbit: f64,
    /// Queueing delay and drop ratio in each burst of the slot.
    pub delay_us: [f32; BURSTS],
    pub drop: [f32; BURSTS],
    /// Share that got through in the last slot.
    pub through: f64,
    /// Multiplies the next slot's first burst; then it is 1 again.
    pub micro_burst: f64,
    /// Offered traffic in the last slot, Mbit/s.
    pub offered_mbps: f64,
    pub sum_offered: f64,
    pub sum_sent: f64,
    pub sum_dropped: f64,
    pub sum_damaged: f64,
    pub sum_delay_ms: f64,
    pub slots: u32,
    pub transitions: u32,
}

/// A background demand.
#[derive(Debug, Clone, Default)]
pub(crate) struct DemandState {
    /// Slow noise, standard normal.
    pub noise: f64,
    /// Surge or bulk transfer.
    pub factor: f64,
    pub mbps: f64,
    pub sum: f64,
    pub slots: u32,
}

/// A path's probes in the running interval.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathState {
    pub sent: u32,
    pub rtts_ms: Vec<f32>,
}

#[allow(clippy::struct_excessive_bools)] // independent facts about one process
/// A service instance.
#[derive(Debug, Clone)]
pub(crate) struct InstanceState {
    pub object: ManagedObject,
    pub site: usize,
    pub service: usize,
    pub workers: u32,
    pub base_ms: f64,
    pub price: f64,
    /// False once it was removed.
    pub present: bool,
    pub crashed: bool,
    pub starting: bool,
    pub added: bool,
    pub epoch: u32,
    /// Which of the site's two hosts it runs on.
    pub host: usize,
    /// How much slower each host makes it.
    pub host_slow: [f64; 2],
    /// Slow noise of the host, standard normal.
    pub host_noise: f64,
    /// Processor time that a harmless batch job takes.
    pub batch_steal: f64,
    /// Share of its capacity that gateways may send.
    pub limit: f64,
    /// Requests that the limit still lets through to pinned users.
    pub tokens: f64,
    pub queue: VecDeque<u32>,
    pub busy: u32,
    pub busy_since_us: u64,
    pub busy_area: f64,
    /// Waiting plus service that it reports to gateways.
    pub reported_ms: f64,
    /// Requests per second from users pinned to its site, smoothed.
    pub pinned_rps: f64,
    pub pinned_now: u32,
    pub arrived: u32,
    pub rejected: u32,
    pub served: u32,
    /// The latest requests served: when, service time, waiting plus service.
    pub recent: VecDeque<Served>,
}

/// A request that an instance served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Served {
    pub at_us: u64,
    pub service_ms: f32,
    pub total_ms: f32,
}

impl InstanceState {
    /// Whether it answers.
    pub const fn up(&self) -> bool {
        self.present && !self.crashed && !self.starting
    }

    /// Requests per second on an idle host.
    pub fn capacity_rps(&self) -> f64 {
        f64::from(self.workers) * 1000.0 / self.base_ms
    }

    /// How many requests may wait: six rounds of all workers, our choice: more would time out anyway.
    pub const fn queue_limit(&self) -> usize {
        self.workers as usize * 6
    }
}

/// A compute site.
#[derive(Debug, Clone, Default)]
pub(crate) struct SiteState {
    pub spare: u32,
    pub added: u32,
}

/// A gateway.
#[derive(Debug, Clone, Default)]
pub(crate) struct GatewayState {
    /// Its policy is not computed any more.
    pub frozen: bool,
    pub policy_at_us: u64,
}

/// Users that stick to one site whatever the gateway prefers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pinned {
    pub site: usize,
    /// Share of the group's requests.
    pub share: f64,
}

/// A user group.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupState {
    /// Slow noise, standard normal.
    pub noise: f64,
    /// Crowd or load test.
    pub factor: f64,
    pub rate_now: f64,
    pub rate_seen: f64,
    pub pinned: Option<Pinned>,
    /// Share of its requests per instance.
    pub weights: Vec<f64>,
    pub sent: Vec<u32>,
    pub offered: u32,
    pub ok: u32,
    pub failed: u32,
    pub latencies_ms: Vec<f32>,
}

/// A cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct CellState {
    pub off: bool,
    /// Off by a fault, until it is restarted.
    pub broken: bool,
    pub epoch: u32,
    pub off_since_us: u64,
    /// Share of its users that neighbours can reach while it is off.
    pub covered: f64,
    /// Announced: neighbours take over at once.
    pub prepared: bool,
    /// Out of service because somebody wants it so; outlasts a restart.
    pub locked: bool,
    /// Being restarted.
    pub starting: bool,
    /// Share of the requests that are barred, 0 to 1.
    pub barred: f64,
    pub slot_attempts: u32,
    pub attempts: u32,
    pub carried: u32,
    pub failed: u32,
    pub radio_ms: f64,
}

/// A request under way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Request {
    pub group: u32,
    pub instance: u32,
    /// Serving cell.
    pub cell: u32,
    pub began_us: u64,
    pub reached_us: u64,
    pub service_ms: f32,
}
