//! What a network promises, from what is built. In: the intended network. Out: its objectives, in a fixed order.

use super::Network;
use crate::metric::Metric::{
    self, CellFailure, CellUp, GatewayPolicyAge, GatewayUp, GroupLatency, GroupSuccess,
    InstanceRejected, InstanceService, InstanceUp, PortAdjacencyUp, PortCost, PortDiscard,
    PortError, PortFlaps, PortOperUp, PortRate, RouterUp, SiteUtilization,
};
use crate::object::{ManagedObject, ObjectKind};
use crate::objective::Comparison::{self, AtLeast, AtMost, Equals};
use crate::objective::Importance::{self, Conformity, Resource, Service};
use crate::objective::Objective;

/// A limit that an object is given: which quantity, which side of which limit is good, whom it protects.
type Limit = (Metric, Comparison, f64, Importance);

impl Network {
    /// The objectives that follow from what is built and promised.
    ///
    /// Limits are our choice, stated here once: loss 1 % and damage 0.5 % are what interactive services stand
    /// before they degrade; an instance twice as slow as built is degraded; a policy older than two minutes is stale.
    pub fn objectives(&self) -> Vec<Objective> {
        let mut out = vec![];
        self.promise_transport(&mut out);
        self.promise_compute(&mut out);
        self.promise_service(&mut out);
        self.promise_access(&mut out);
        out
    }

    fn promise_transport(&self, out: &mut Vec<Objective>) {
        for r in &self.routers {
            let up = (RouterUp, AtLeast, 1.0, Resource);
            promise(out, ObjectKind::Router, &r.id, &[up]);
        }
        for l in &self.links {
            let limits = [
                (PortOperUp, AtLeast, 1.0, Resource),
                (PortAdjacencyUp, AtLeast, 1.0, Resource),
                (PortDiscard, AtMost, 0.01, Resource),
                (PortError, AtMost, 0.005, Resource),
                (PortFlaps, AtMost, 1.0, Resource),
                (PortRate, Equals, l.capacity_mbps, Conformity),
                (PortCost, Equals, f64::from(l.cost), Conformity),
            ];
            for end in [&l.a, &l.b] {
                let port = format!("{end}:{}", l.id);
                promise(out, ObjectKind::Port, &port, &limits);
            }
        }
    }

    fn promise_compute(&self, out: &mut Vec<Objective>) {
        for i in &self.instances {
            let limits = [
                (InstanceUp, AtLeast, 1.0, Resource),
                (InstanceService, AtMost, 2.0 * i.base_ms, Resource),
                (InstanceRejected, AtMost, 0.01, Resource),
            ];
            promise(out, ObjectKind::Instance, &i.id, &limits);
        }
        for s in &self.sites {
            let room = (SiteUtilization, AtMost, 0.9, Resource);
            promise(out, ObjectKind::Site, &s.id, &[room]);
        }
    }

    fn promise_service(&self, out: &mut Vec<Objective>) {
        for g in &self.gateways {
            let limits = [
                (GatewayUp, AtLeast, 1.0, Resource),
                (GatewayPolicyAge, AtMost, 120.0, Conformity),
            ];
            promise(out, ObjectKind::Gateway, &g.id, &limits);
        }
        for g in &self.groups {
            let limits = [
                (GroupSuccess, AtLeast, 0.98, Service),
                (GroupLatency, AtMost, g.latency_ms_max, Service),
            ];
            promise(out, ObjectKind::Group, &g.id, &limits);
        }
    }

    fn promise_access(&self, out: &mut Vec<Objective>) {
        for c in &self.cells {
            let limits = [
                (CellUp, AtLeast, 1.0, Resource),
                (CellFailure, AtMost, 0.02, Service),
            ];
            promise(out, ObjectKind::Cell, &c.id, &limits);
        }
    }
}

fn promise(out: &mut Vec<Objective>, kind: ObjectKind, name: &str, limits: &[Limit]) {
    // The names were checked when the network was loaded.
    let Ok(object) = ManagedObject::new(kind, name) else {
        return;
    };
    for &(metric, comparison, limit, importance) in limits {
        out.push(Objective {
            object: object.clone(),
            metric,
            comparison,
            limit,
            importance,
            hold_ms: hold_ms(metric),
        });
    }
}

/// How long a breach must last, ms: 20 s by our choice, so that one bad sample is no breach. Flaps are counted over
/// a window already, and an age has lasted by itself.
const fn hold_ms(metric: Metric) -> u64 {
    match metric {
        PortFlaps => 10_000,
        GatewayPolicyAge => 0,
        _ => 20_000,
    }
}
