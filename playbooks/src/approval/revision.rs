//! Which state of the topology does a plan rest on?
//!
//! In: the intended network, what was measured, a plan. Out: SHA-256 over the intended network and all that is known to be
//! down. The plan's own objects are left out: they are what is to be repaired, and may flap while a person thinks.

use crate::context::Measured;
use crate::guards::touched;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use zizhi_types::topology::Network;
use zizhi_types::{ManagedObject, Metric, ObjectKind, Plan};

/// A state of the topology, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub String);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The revision that a plan rests on now. Silence changes nothing: only what is known to be down is.
pub fn revision(network: &Network, measured: Measured<'_>, plan: &Plan) -> Revision {
    let mut own = touched(plan);
    own.insert(&plan.suspect);
    let mut hash = Sha256::new();
    // Our own types: their maps have text keys, so writing them as JSON cannot fail.
    hash.update(serde_json::to_vec(network).unwrap_or_default());
    for object in down(network, measured) {
        if !about(&object, &own) {
            hash.update([0]);
            hash.update(object.to_string());
        }
    }
    let mut hex = String::with_capacity(16);
    for byte in hash.finalize().iter().take(8) {
        let _ = write!(hex, "{byte:02x}");
    }
    Revision(hex)
}

fn about(object: &ManagedObject, own: &BTreeSet<&ManagedObject>) -> bool {
    let link = object.link_of_port();
    let of_router = |o: &ManagedObject| {
        o.kind() == ObjectKind::Router && object.parts().is_some_and(|(r, _)| r == o.name())
    };
    own.iter()
        .any(|o| *o == object || link.as_ref() == Some(o) || of_router(o))
}

fn down(network: &Network, measured: Measured<'_>) -> BTreeSet<ManagedObject> {
    let object = |kind, name: &str| ManagedObject::new(kind, name).ok();
    let routers = network.routers.iter();
    let routers = routers.map(|r| (object(ObjectKind::Router, &r.id), Metric::RouterUp));
    let ports = network.links.iter().flat_map(|l| {
        [&l.a, &l.b].map(|router| (ManagedObject::port(router, &l.id).ok(), Metric::PortOperUp))
    });
    let instances = network.instances.iter();
    let instances = instances.map(|i| (object(ObjectKind::Instance, &i.id), Metric::InstanceUp));
    let gateways = network.gateways.iter();
    let gateways = gateways.map(|g| (object(ObjectKind::Gateway, &g.id), Metric::GatewayUp));
    let cells = network.cells.iter();
    let cells = cells.map(|c| (object(ObjectKind::Cell, &c.id), Metric::CellUp));
    let all = routers.chain(ports).chain(instances);
    let all = all.chain(gateways).chain(cells);
    all.filter_map(|(object, metric)| {
        let object = object?;
        (measured(&object, metric)? < 1.0).then_some(object)
    })
    .collect()
}
