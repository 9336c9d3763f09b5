//! What is the network like now, as far as was measured?
//!
//! In: the intended network and samples. Out: branches to try things in. The planner's actor feeds it from telemetry
//! and from the peers' digests. Until a value was measured, what is intended stands in for it: links are up, costs are
//! set as built, instances serve at their base time.

use crate::branch::Branch;
use crate::built::Built;
use crate::layout::at;
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_types::domain::Domain;
use zizhi_types::metric::Metric;
use zizhi_types::object::{ManagedObject, ObjectKind};
use zizhi_types::time::NetTime;
use zizhi_types::topology::Network;
use zizhi_types::wire::Sample;

/// The mirrored present. Cloning and forking share it; nothing is copied until it changes.
#[derive(Debug, Clone)]
pub struct TwinState {
    pub(crate) built: Arc<Built>,
    pub(crate) values: Arc<Vec<f64>>,
    heard: Vec<Option<NetTime>>,
    silent: BTreeSet<usize>,
    ignored: u64,
}

impl TwinState {
    /// The network as intended, with no measurement yet.
    pub fn new(network: &Network) -> Self {
        let built = Built::new(network);
        let mut values = vec![f64::NAN; built.layout.width()];
        intend(&built, network, &mut values);
        Self {
            heard: vec![None; built.layout.owners()],
            built: Arc::new(built),
            values: Arc::new(values),
            silent: BTreeSet::new(),
            ignored: 0,
        }
    }

    /// The same measurements over a new inventory: call it when a domain's part has changed.
    #[must_use]
    pub fn rebuilt(&self, network: &Network) -> Self {
        let mut next = Self::new(network);
        for object in self.built.layout.objects() {
            let heard = self.heard_of(object);
            for metric in Metric::ALL
                .iter()
                .filter(|m| m.object_kind() == object.kind())
            {
                if let (Some(value), Some(at)) = (self.value(object, *metric), heard) {
                    next.observe(object, *metric, value, at);
                }
            }
            if self.is_silent(object) {
                next.mark_silent(object, true);
            }
        }
        next.ignored = 0;
        next
    }

    /// Takes one measured value. What the inventory does not name is counted and left.
    pub fn observe(&mut self, object: &ManagedObject, metric: Metric, value: f64, at: NetTime) {
        if !value.is_finite() || !self.make_room(object) {
            self.ignored += 1;
            return;
        }
        let Some(index) = self.built.layout.index(object, metric) else {
            self.ignored += 1;
            return;
        };
        if let Some(place) = Arc::make_mut(&mut self.values).get_mut(index) {
            *place = value;
        }
        let owner = self.built.layout.place(object).map(|p| p.owner);
        if let Some(heard) = owner.and_then(|o| self.heard.get_mut(o)) {
            *heard = Some(heard.map_or(at, |before| before.max(at)));
        }
    }

    /// Notes that a domain told all that had changed up to `at`: what it did not mention is as it was, unless its source
    /// is silent.
    pub fn confirm(&mut self, domain: Domain, at: NetTime) {
        for owner in self
            .built
            .owners_of(domain)
            .filter(|o| !self.silent.contains(o))
        {
            if let Some(Some(heard)) = self.heard.get_mut(owner) {
                *heard = (*heard).max(at);
            }
        }
    }

    /// Takes one sample of a batch or digest of `at`.
    pub fn learn(&mut self, sample: &Sample, at: NetTime) {
        self.observe(&sample.object, sample.metric, sample.value, at);
    }

    fn make_room(&mut self, object: &ManagedObject) -> bool {
        if self.built.layout.place(object).is_some() {
            return true;
        }
        let pair = matches!(
            object.kind(),
            ObjectKind::Path | ObjectKind::Demand | ObjectKind::Steer
        );
        if !pair || !Arc::make_mut(&mut self.built).add_pair(object) {
            return false;
        }
        Arc::make_mut(&mut self.values).resize(self.built.layout.width(), f64::NAN);
        true
    }

    /// Notes that a source (router, site, gateway, cell) stopped sending, or sends again. A silent source does not
    /// age the state, and a silent router counts as down once all its neighbours have lost it: silence alone is no outage.
    pub fn mark_silent(&mut self, source: &ManagedObject, silent: bool) {
        if let Some(place) = self.built.layout.place(source) {
            if silent {
                self.silent.insert(place.owner);
            } else {
                self.silent.remove(&place.owner);
            }
        }
    }

    fn is_silent(&self, object: &ManagedObject) -> bool {
        let own = matches!(
            object.kind(),
            ObjectKind::Router | ObjectKind::Site | ObjectKind::Gateway | ObjectKind::Cell
        );
        let place = self.built.layout.place(object);
        own && place.is_some_and(|p| self.silent.contains(&p.owner))
    }

    fn heard_of(&self, object: &ManagedObject) -> Option<NetTime> {
        let place = self.built.layout.place(object)?;
        self.heard.get(place.owner).copied().flatten()
    }

    /// The last value: measured, or intended where none was; nothing when there is neither.
    pub fn value(&self, object: &ManagedObject, metric: Metric) -> Option<f64> {
        let index = self.built.layout.index(object, metric)?;
        self.values.get(index).copied().filter(|v| v.is_finite())
    }

    /// Age of the oldest source that was heard and is not silent, in milliseconds; 0 when none was heard.
    pub fn age_ms(&self, now: NetTime) -> u64 {
        let live = self.heard.iter().enumerate();
        live.filter(|(owner, _)| !self.silent.contains(owner))
            .filter_map(|(_, heard)| heard.map(|at| now.since(at)))
            .max()
            .unwrap_or(0)
    }

    /// Samples that named nothing in the inventory, or were no numbers.
    pub const fn ignored(&self) -> u64 {
        self.ignored
    }

    /// A branch to try things in. Shares everything with the present until it changes.
    pub fn fork(&self) -> Branch {
        let mut branch = Branch::new(Arc::clone(&self.built), Arc::clone(&self.values));
        for router in self.lost_routers() {
            branch.take_router_down(router);
        }
        branch
    }

    /// Silent routers that no neighbour reaches any more.
    fn lost_routers(&self) -> Vec<usize> {
        let read = |index: usize| self.values.get(index).copied().unwrap_or(f64::NAN);
        let reached = |router: usize| {
            let edges = self.built.incoming.get(router).into_iter().flatten();
            let mut ports = edges
                .filter_map(|e| self.built.edges.get(*e))
                .map(|e| e.port);
            ports.any(|p| {
                read(at(p, Metric::PortAdjacencyUp)) >= 0.5
                    && read(at(p, Metric::PortOperUp)) >= 0.5
            })
        };
        (0..self.built.routers.len())
            .filter(|r| {
                let owner = self.built.router_owner(*r);
                owner.is_some_and(|o| self.silent.contains(&o)) && !reached(*r)
            })
            .collect()
    }
}

/// Fills in what is intended.
fn intend(built: &Built, network: &Network, values: &mut [f64]) {
    let mut set = |index: usize, value: f64| {
        if let Some(place) = values.get_mut(index) {
            *place = value;
        }
    };
    for slot in &built.routers {
        set(at(*slot, Metric::RouterUp), 1.0);
    }
    for link in &network.links {
        for edge in built.edges_of(&link.id).into_iter().flatten() {
            set(at(edge.port, Metric::PortOperUp), 1.0);
            set(at(edge.port, Metric::PortAdjacencyUp), 1.0);
            set(at(edge.port, Metric::PortCost), f64::from(link.cost));
            set(at(edge.port, Metric::PortRate), link.capacity_mbps);
            set(at(edge.port, Metric::PortError), 0.0);
            set(at(edge.port, Metric::PortFlaps), 0.0);
        }
    }
    for instance in &built.instances {
        set(at(instance.slot, Metric::InstanceUp), 1.0);
        set(at(instance.slot, Metric::InstanceService), instance.base_ms);
        set(at(instance.slot, Metric::InstanceSteal), 0.0);
    }
    for gateway in &built.gateways {
        set(at(gateway.slot, Metric::GatewayUp), 1.0);
        set(at(gateway.slot, Metric::GatewayPolicyAge), 0.0);
    }
    for cell in &built.cells {
        set(at(cell.slot, Metric::CellUp), 1.0);
    }
    for group in &network.groups {
        if let Some(slot) = built.layout.slot(ObjectKind::Group, &group.id) {
            set(at(slot, Metric::GroupRate), group.rate_rps);
        }
    }
    for demand in &network.traffic.demands {
        let name = format!("{}:{}", demand.from, demand.to);
        if let Some(slot) = built.layout.slot(ObjectKind::Demand, &name) {
            set(at(slot, Metric::DemandRate), demand.mbps);
        }
    }
}
