//! What could the network be like?
//!
//! A branch shares everything with the present until something in it changes; then only what changes is copied.
//! What is measured directly (states, settings, demands) is changed in the values; what no metric carries (limits on
//! steering, added instances) is kept beside them.

use crate::built::{Built, Edge};
use crate::layout::{Slot, at};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zizhi_types::metric::Metric;

/// A gateway whose policy is older than this does not renew it by itself, in seconds. Our choice: several times the few
/// seconds between two computations, and well before the objective on its age is broken, so that a cure is not rehearsed
/// as useless while the fault is young.
pub(crate) const STALE_S: f64 = 30.0;

/// What actions changed that no metric carries.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Overlay {
    /// Share of its capacity that an instance may get.
    pub(crate) limits: BTreeMap<usize, f64>,
    /// Instances added, by site and service.
    pub(crate) added: BTreeMap<(usize, usize), u32>,
    /// Instances taken away.
    pub(crate) removed: BTreeSet<usize>,
    /// Gateways that steer anew.
    pub(crate) refreshed: BTreeSet<usize>,
    /// Instances that came back and get their share again.
    pub(crate) returned: BTreeSet<usize>,
    /// Cells that are locked, with their state (up or not) for the time after.
    pub(crate) locked: BTreeMap<usize, f64>,
    /// Share of the requests that a cell lets in.
    pub(crate) admitted: BTreeMap<usize, f64>,
    /// Instances on another host, with what was measured on the one before.
    pub(crate) moved: BTreeMap<usize, Host>,
}

/// What an instance reads on a host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Host {
    pub(crate) up: f64,
    pub(crate) service_ms: f64,
    pub(crate) steal: f64,
}

/// One possible state of the network.
#[derive(Debug, Clone)]
pub struct Branch {
    pub(crate) built: Arc<Built>,
    pub(crate) values: Arc<Vec<f64>>,
    pub(crate) overlay: Arc<Overlay>,
    /// Objects started afresh: what was measured on them says nothing about them any more.
    pub(crate) renewed: BTreeSet<Slot>,
}

impl Branch {
    pub(crate) fn new(built: Arc<Built>, values: Arc<Vec<f64>>) -> Self {
        Self {
            built,
            values,
            overlay: Arc::default(),
            renewed: BTreeSet::new(),
        }
    }

    /// A branch of this branch.
    #[must_use]
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// Lets milliseconds pass: flows are in equilibrium already, only policies that nobody renews grow older.
    pub fn advance(&mut self, ms: u64) {
        let built = Arc::clone(&self.built);
        for gateway in &built.gateways {
            let age_s = self.get(gateway.slot, Metric::GatewayPolicyAge);
            if age_s > STALE_S {
                self.set(
                    gateway.slot,
                    Metric::GatewayPolicyAge,
                    age_s + ms as f64 / 1000.0,
                );
            }
        }
    }

    /// A value; not a number where nothing is known.
    pub(crate) fn get(&self, slot: Slot, metric: Metric) -> f64 {
        self.values
            .get(at(slot, metric))
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// A value, or another where nothing is known.
    pub(crate) fn get_or(&self, slot: Slot, metric: Metric, other: f64) -> f64 {
        let value = self.get(slot, metric);
        if value.is_finite() { value } else { other }
    }

    /// A state is good; unknown counts as good.
    pub(crate) fn is_up(&self, slot: Slot, metric: Metric) -> bool {
        self.get_or(slot, metric, 1.0) >= 0.5
    }

    pub(crate) fn set(&mut self, slot: Slot, metric: Metric, value: f64) {
        if let Some(place) = Arc::make_mut(&mut self.values).get_mut(at(slot, metric)) {
            *place = value;
        }
    }

    pub(crate) fn overlay(&mut self) -> &mut Overlay {
        Arc::make_mut(&mut self.overlay)
    }

    /// The routing protocol may use this direction of a link.
    pub(crate) fn usable(&self, edge: &Edge) -> bool {
        let router = |n: usize| {
            let slot = self.built.routers.get(n);
            slot.is_some_and(|s| self.is_up(*s, Metric::RouterUp))
        };
        let port =
            |p: Slot| self.is_up(p, Metric::PortOperUp) && self.is_up(p, Metric::PortAdjacencyUp);
        port(edge.port) && port(edge.far_port) && router(edge.from) && router(edge.to)
    }

    /// Both ends of an edge's link go up or down.
    pub(crate) fn set_link_up(&mut self, edge: &Edge, up: bool) {
        let value = f64::from(u8::from(up));
        for port in [edge.port, edge.far_port] {
            self.set(port, Metric::PortOperUp, value);
            self.set(port, Metric::PortAdjacencyUp, value);
        }
    }

    /// Edges that leave a router; the links of a router are those edges' links.
    pub(crate) fn edges_at(&self, router: usize) -> Vec<Edge> {
        let numbers = self.built.outgoing.get(router).into_iter().flatten();
        numbers
            .filter_map(|e| self.built.edges.get(*e).copied())
            .collect()
    }

    /// A router and all its links go down.
    pub(crate) fn take_router_down(&mut self, router: usize) {
        if let Some(slot) = self.built.routers.get(router).copied() {
            self.set(slot, Metric::RouterUp, 0.0);
        }
        for edge in self.edges_at(router) {
            self.set_link_up(&edge, false);
        }
    }

    /// Milliseconds that a worker of an instance spends on a request.
    pub(crate) fn service_ms(&self, instance: usize) -> f64 {
        let Some(built) = self.built.instances.get(instance) else {
            return 1.0;
        };
        let measured = self.get_or(built.slot, Metric::InstanceService, 0.0);
        if measured > 0.0 {
            measured
        } else {
            built.base_ms
        }
    }

    /// Everything that an action can set is as in `other`.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        self.overlay == other.overlay
            && self.values.len() == other.values.len()
            && self.values.iter().zip(other.values.iter()).all(same)
    }
}
