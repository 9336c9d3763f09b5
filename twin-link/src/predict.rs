//! What would every metric read in a branch?
//!
//! In: a branch. Out: a value for every metric of every object: inputs as the branch has them, the others computed.
//! Order: ways, steering, requests, loads, ports, probes, groups. A port that is offered more than its rate drops the
//! rest; what lies behind it is still computed with the whole offer, which errs on the safe side.

use crate::branch::Branch;
use crate::built::Built;
use crate::layout::{Slot, at};
use crate::queue::{overload, port_wait_ms};
use crate::route::{Routes, Way};
use crate::serve::Requests;
use std::collections::BTreeMap;
use std::sync::Arc;
use zizhi_types::metric::Metric;
use zizhi_types::object::ManagedObject;

/// A flapping port loses so much of its traffic per change of carrier in an interval, and at most half (our choice:
/// half a second of ten until the routers agree).
const LOST_PER_FLAP: f64 = 0.05;

/// A computed value: where it lies, whose it is, which metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Output {
    pub(crate) index: usize,
    pub(crate) slot: Slot,
    pub(crate) metric: Metric,
}

/// All values of a branch, computed ones not yet anchored to what was measured.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) values: Vec<f64>,
    pub(crate) outputs: Vec<Output>,
    /// Offered load by edge, in Mbit/s.
    pub(crate) loads_mbps: Vec<f64>,
    /// Requests per second at each instance.
    pub(crate) instance_rps: Vec<f64>,
    /// Traffic that has no way, in Mbit/s.
    pub(crate) unreachable_mbps: f64,
}

impl Model {
    pub(crate) fn put(&mut self, slot: Slot, metric: Metric, value: f64) {
        let index = at(slot, metric);
        if let Some(place) = self.values.get_mut(index) {
            *place = value;
            self.outputs.push(Output {
                index,
                slot,
                metric,
            });
        }
    }
}

/// What the metrics would read.
#[derive(Debug, Clone)]
pub struct Prediction {
    pub(crate) built: Arc<Built>,
    pub(crate) values: Vec<f64>,
    /// Traffic that has no way to its destination, in Mbit/s.
    pub unreachable_mbps: f64,
    /// Highest offered load of any link direction over its rate; may pass 1.
    pub max_utilization: f64,
    pub(crate) loads_mbps: Vec<f64>,
}

impl Prediction {
    /// The value of a metric, in its unit; nothing when the object or the value is unknown.
    pub fn value(&self, object: &ManagedObject, metric: Metric) -> Option<f64> {
        let index = self.built.layout.index(object, metric)?;
        self.values.get(index).copied().filter(|v| v.is_finite())
    }

    /// Traffic offered to a link by the router that sends, in Mbit/s, before any drop.
    pub fn offered_mbps(&self, link: &str, from: &str) -> Option<f64> {
        let number = self.built.names.links.get(link)?;
        let router = self.built.names.routers.get(from)?;
        [2 * number, 2 * number + 1]
            .into_iter()
            .find(|e| self.built.edges.get(*e).is_some_and(|e| e.from == *router))
            .and_then(|e| self.loads_mbps.get(e).copied())
    }
}

impl Branch {
    /// Computes all values, without regard to what was measured of them.
    pub(crate) fn model(&self) -> Model {
        let built = Arc::clone(&self.built);
        let mut model = Model {
            values: self.values.as_ref().clone(),
            outputs: vec![],
            loads_mbps: vec![0.0; built.edges.len()],
            instance_rps: vec![],
            unreachable_mbps: 0.0,
        };
        let mut routes = Routes::new(&built, self);
        let requests = Requests::new(self, &mut routes);
        self.send_traffic(&mut routes, &requests, &mut model);
        let (delay_ms, arrives) = self.ports(&mut model);
        let mut ways = Ways::new(routes, delay_ms, arrives);
        self.probe(&mut ways, &mut model);
        requests.answer(self, &mut ways, &mut model);
        model
    }

    /// What the metrics would read, from the model alone.
    pub fn predict(&self) -> Prediction {
        self.prediction(&self.model())
    }

    pub(crate) fn prediction(&self, model: &Model) -> Prediction {
        let busy = self
            .built
            .edges
            .iter()
            .zip(&model.loads_mbps)
            .map(|(edge, load)| load / self.rate_mbps(edge).max(1e-9));
        Prediction {
            built: Arc::clone(&self.built),
            max_utilization: busy.fold(0.0, f64::max),
            values: model.values.clone(),
            unreachable_mbps: model.unreachable_mbps,
            loads_mbps: model.loads_mbps.clone(),
        }
    }

    /// Mbit/s that a direction carries.
    pub(crate) fn rate_mbps(&self, edge: &crate::built::Edge) -> f64 {
        let rate = self.get_or(edge.port, Metric::PortRate, edge.capacity_mbps);
        // Some ports report no rate while they are down.
        if rate > 0.0 {
            rate.min(edge.capacity_mbps)
        } else {
            edge.capacity_mbps
        }
    }

    /// Loads of demands and answers, destination by destination.
    fn send_traffic(&self, routes: &mut Routes<'_>, requests: &Requests, model: &mut Model) {
        let routers = self.built.routers.len();
        let mut flows: Vec<Vec<f64>> = vec![vec![]; routers];
        let mut add = |from: usize, to: usize, mbps: f64| {
            if let Some(flow) = flows.get_mut(to).filter(|_| mbps > 0.0 && from != to) {
                flow.resize(routers, 0.0);
                if let Some(place) = flow.get_mut(from) {
                    *place += mbps;
                }
            }
        };
        for demand in &self.built.demands {
            let mbps = self.get_or(demand.slot, Metric::DemandRate, 0.0);
            add(demand.from, demand.to, mbps);
        }
        for (from, to, mbps) in requests.traffic(self) {
            add(from, to, mbps);
        }
        for (to, flow) in flows.iter_mut().enumerate().filter(|(_, f)| !f.is_empty()) {
            model.unreachable_mbps += routes.send(to, flow, &mut model.loads_mbps);
        }
    }

    /// The ports' metrics; answers delay and arrival of each edge.
    fn ports(&self, model: &mut Model) -> (Vec<f64>, Vec<f64>) {
        let (mut delays, mut arrivals) = (vec![], vec![]);
        for (number, edge) in self.built.edges.iter().enumerate() {
            let load = model.loads_mbps.get(number).copied().unwrap_or(0.0);
            let rate = self.rate_mbps(edge);
            let dropped = overload(load, rate);
            let wait_ms = port_wait_ms(load, rate);
            let sent = load * (1.0 - dropped);
            model.put(edge.port, Metric::PortOut, sent);
            model.put(
                edge.port,
                Metric::PortUtilization,
                sent / edge.capacity_mbps.max(1e-9),
            );
            model.put(edge.port, Metric::PortDiscard, dropped);
            model.put(edge.port, Metric::PortQueue, wait_ms);
            let damaged = self
                .get_or(edge.port, Metric::PortError, 0.0)
                .clamp(0.0, 1.0);
            delays.push(edge.delay_ms + wait_ms);
            arrivals.push((1.0 - dropped) * (1.0 - damaged) * (1.0 - self.lost_by_flaps(edge)));
        }
        (delays, arrivals)
    }

    fn lost_by_flaps(&self, edge: &crate::built::Edge) -> f64 {
        let flaps = |p| self.get_or(p, Metric::PortFlaps, 0.0);
        let most = flaps(edge.port).max(flaps(edge.far_port));
        if most > 1.0 {
            (LOST_PER_FLAP * most).min(0.5)
        } else {
            0.0
        }
    }

    /// The probed paths.
    fn probe(&self, ways: &mut Ways<'_>, model: &mut Model) {
        for path in &self.built.paths {
            let (there_ms, there) = ways.between(path.from, path.to);
            let (back_ms, back) = ways.between(path.to, path.from);
            model.put(path.slot, Metric::PathRtt, there_ms + back_ms);
            model.put(path.slot, Metric::PathLoss, 1.0 - there * back);
        }
    }
}

/// Delay and arrival between routers, computed once per destination.
pub(crate) struct Ways<'a> {
    routes: Routes<'a>,
    delay_ms: Vec<f64>,
    arrives: Vec<f64>,
    known: BTreeMap<usize, Way>,
}

impl<'a> Ways<'a> {
    /// Ways over edges of these delays and arrivals.
    pub(crate) const fn new(routes: Routes<'a>, delay_ms: Vec<f64>, arrives: Vec<f64>) -> Self {
        Self {
            routes,
            delay_ms,
            arrives,
            known: BTreeMap::new(),
        }
    }

    /// Milliseconds one way (not a number where there is none) and the share that arrives.
    pub(crate) fn between(&mut self, from: usize, to: usize) -> (f64, f64) {
        if !self.known.contains_key(&to) {
            let way = self.routes.way(to, &self.delay_ms, &self.arrives);
            self.known.insert(to, way);
        }
        let way = self.known.get(&to);
        way.map_or((f64::NAN, 0.0), |w| {
            let delay = w.delay_ms.get(from).copied().unwrap_or(f64::NAN);
            (delay, w.arrives.get(from).copied().unwrap_or(0.0))
        })
    }
}
