//! The small network that the tests of this package tell their stories on.

use zizhi_types::anomaly::Anomaly;
use zizhi_types::domain::Domain;
use zizhi_types::ids::{AnomalyId, MessageId};
use zizhi_types::metric::{Metric, Nature};
use zizhi_types::object::ManagedObject;
use zizhi_types::time::NetTime;
use zizhi_types::topology::{
    Cell, Demand, Gateway, Group, Instance, Link, Network, Preference, Router, Service, Site, Tier,
};

/// An object from its text.
pub fn object(text: &str) -> ManagedObject {
    text.parse().unwrap()
}

/// A square A-B-C-D of routers with E behind C; sites s1 at B and s2 at D; a gateway at A; cells c1 at A, c2 at E.
pub fn small() -> Network {
    let mut n = Network::empty("small");
    let router = |id: &str| Router {
        id: id.into(),
        tier: Tier::Core,
        lat: None,
        lon: None,
        weight: 0.0,
    };
    n.routers = ["A", "B", "C", "D", "E"].map(router).to_vec();
    let link = |(a, b): (&str, &str)| Link {
        id: format!("{a}-{b}"),
        a: a.into(),
        b: b.into(),
        capacity_mbps: 1000.0,
        delay_ms: 2.0,
        cost: 10,
    };
    n.links = [("A", "B"), ("B", "C"), ("C", "D"), ("D", "A"), ("C", "E")]
        .map(link)
        .to_vec();
    n.services = vec![Service {
        id: "infer".into(),
        url_path: "/v1/infer".into(),
    }];
    n.sites = [("s1", "B"), ("s2", "D")]
        .map(|(id, router)| Site {
            id: id.into(),
            router: router.into(),
            spare_instances: 1,
        })
        .to_vec();
    n.instances = [("i1", "s1"), ("i2", "s1"), ("i3", "s2")]
        .map(|(id, site)| Instance {
            id: id.into(),
            site: site.into(),
            service: "infer".into(),
            workers: 8,
            base_ms: 20.0,
            price: 1.0,
        })
        .to_vec();
    n.gateways = vec![Gateway {
        id: "gw".into(),
        router: "A".into(),
    }];
    n.cells = [("c1", "A", "c2"), ("c2", "E", "c1")]
        .map(|(id, router, near)| Cell {
            id: id.into(),
            router: router.into(),
            capacity_rps: 100.0,
            neighbours: vec![near.into()],
        })
        .to_vec();
    n.groups = [("g1", "c1"), ("g2", "c2")]
        .map(|(id, cell)| Group {
            id: id.into(),
            cell: cell.into(),
            gateway: "gw".into(),
            service: "infer".into(),
            rate_rps: 30.0,
            mbps_per_rps: 1.0,
            prefer: Preference::Latency,
            latency_ms_max: 100.0,
        })
        .to_vec();
    n.traffic.demands = [("A", "B"), ("A", "C"), ("B", "A"), ("E", "D")]
        .map(|(from, to)| Demand {
            from: from.into(),
            to: to.into(),
            mbps: 100.0,
        })
        .to_vec();
    n
}

/// An anomaly that breaks its objective; the value is high, or low where the metric falls.
pub fn broken(number: u64, text: &str, metric: Metric, observed: f64) -> Anomaly {
    let expected = match metric.nature() {
        Nature::State | Nature::LowIsBad => 1.0,
        Nature::Setting => 1000.0,
        _ => 0.0,
    };
    let object = object(text);
    Anomaly {
        id: AnomalyId::new(Domain::of(object.kind()), number),
        source: MessageId::new(object.to_string(), number),
        object,
        metric,
        score: 0.99,
        expected,
        observed,
        onset: NetTime::from_secs(1000),
        at: NetTime::from_secs(1020),
        violates: Some(expected),
    }
}

/// An anomaly that breaks nothing: unusual, no more.
pub fn unusual(number: u64, text: &str, metric: Metric, observed: f64) -> Anomaly {
    Anomaly {
        violates: None,
        ..broken(number, text, metric, observed)
    }
}
