//! The small network that the tests tell their stories on, and short ways to make what the roles are told.
//!
//! Only the words of `zizhi-types` and `zizhi-playbooks` are used here, so that the tests outside the package read the
//! same file.

#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![allow(
    clippy::unwrap_used,
    reason = "made of literals: what cannot be read is a broken test"
)]

use std::collections::BTreeMap;
use zizhi_playbooks::fingerprint::fingerprint;
use zizhi_types::action::{Action, Receipt, Value, Verb};
use zizhi_types::hypothesis::{Evidence, HypothesisState, Situation};
use zizhi_types::negotiation::{Bid, Lease};
use zizhi_types::objective::{Comparison, Violation};
use zizhi_types::plan::{Check, Fingerprint, Mode, Plan, PlannedStep, Rehearsal};
use zizhi_types::topology::{
    Cell, Demand, Gateway, Group, Instance, Link, Network, Preference, Router, Service, Site, Tier,
};
use zizhi_types::{
    Anomaly, AnomalyId, Domain, FaultKind, Hypothesis, IncidentId, ManagedObject, MessageId,
    Metric, NetTime, PlanId,
};

/// An object from its text.
pub fn object(text: &str) -> ManagedObject {
    text.parse().unwrap()
}

/// So many seconds of network time.
pub const fn at(seconds: u64) -> NetTime {
    NetTime::from_secs(seconds)
}

/// An incident from its text.
pub fn incident(text: &str) -> IncidentId {
    text.parse().unwrap()
}

/// A square A-B-C-D of routers with E behind C; sites s1 at B and s2 at D; a gateway at A; cells c1 at A, c2 at E.
pub fn network() -> Network {
    let mut n = Network::empty("small");
    n.routers = ["A", "B", "C", "D", "E"]
        .map(|id| Router {
            id: id.into(),
            tier: Tier::Core,
            lat: None,
            lon: None,
            weight: 0.0,
        })
        .to_vec();
    n.links = [("A", "B"), ("B", "C"), ("C", "D"), ("D", "A"), ("C", "E")]
        .map(|(a, b)| Link {
            id: format!("{a}-{b}"),
            a: a.into(),
            b: b.into(),
            capacity_mbps: 1000.0,
            delay_ms: 2.0,
            cost: 10,
        })
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

/// The `number`-th anomaly of the object's domain: the state fell from 1 to 0 at `onset`.
pub fn down(number: u64, text: &str, metric: Metric, onset: NetTime) -> Anomaly {
    let object = object(text);
    Anomaly {
        id: AnomalyId::new(object.domain(), number),
        source: MessageId::new(object.to_string(), number),
        object,
        metric,
        score: 1.0,
        expected: 1.0,
        observed: 0.0,
        onset,
        at: onset,
        violates: Some(1.0),
    }
}

/// A cause that explains these anomalies.
pub fn cause(text: &str, fault: FaultKind, probability: f64, explains: &[&Anomaly]) -> Hypothesis {
    let suspect = object(text);
    let evidence = |a: &&Anomaly| Evidence {
        anomaly: a.id.clone(),
        object: a.object.clone(),
        metric: a.metric,
        path: vec![a.object.clone(), suspect.clone()],
        weight: 0.9,
    };
    Hypothesis {
        evidence_for: explains.iter().map(evidence).collect(),
        object: suspect,
        fault,
        probability,
        state: HypothesisState::Supported,
        evidence_against: vec![],
    }
}

/// What is seen while these anomalies last.
pub fn situation(symptoms: &[&Anomaly]) -> Situation {
    Situation {
        symptoms: symptoms.iter().map(|a| (*a).clone()).collect(),
        silent: vec![],
    }
}

/// A lease of a domain.
pub const fn lease(leader: Domain, token: u64) -> Lease {
    Lease { leader, token }
}

/// A plan with its true fingerprint.
pub fn sealed(mut plan: Plan) -> Plan {
    plan.fingerprint = fingerprint(&plan);
    plan
}

/// A plan that resets a link of the transport domain: it cannot be taken back.
pub fn reset(number: u64, incident: &IncidentId, link: &str) -> Plan {
    let link = object(link);
    let step = ("reset", Action::new(Verb::LinkReset, link.clone()));
    plan(
        number,
        incident,
        "transport.link-down.reset@1.0.0",
        &link,
        vec![step],
    )
}

/// A plan that costs a link out for as long as it is sick.
pub fn drain(number: u64, incident: &IncidentId, link: &str) -> Plan {
    let link = object(link);
    let action = Action::new(Verb::LinkSetCost, link.clone()).with("cost", Value::Number(65_000.0));
    let made = plan(
        number,
        incident,
        "transport.link.drain@1.0.0",
        &link,
        vec![("drain", action)],
    );
    sealed(Plan {
        temporary: true,
        fault: FaultKind::LinkLossy,
        ..made
    })
}

/// A plan of the suspect's domain that brings both ports of its link up.
pub fn plan(
    number: u64,
    incident: &IncidentId,
    playbook: &str,
    suspect: &ManagedObject,
    steps: Vec<(&str, Action)>,
) -> Plan {
    let step = |(id, action): (&str, Action)| PlannedStep {
        id: id.to_owned(),
        action,
        timeout_ms: 60_000,
        policy: zizhi_types::plan::StepPolicy::default(),
    };
    sealed(Plan {
        id: PlanId::new(suspect.domain(), number),
        playbook: playbook.to_owned(),
        domain: suspect.domain(),
        incident: incident.clone(),
        suspect: suspect.clone(),
        fault: FaultKind::LinkDown,
        params: BTreeMap::new(),
        steps: steps.into_iter().map(step).collect(),
        verify: vec![
            port_up("port/A:A-B", Metric::PortOperUp),
            port_up("port/B:A-B", Metric::PortOperUp),
        ],
        verify_ms: 120_000,
        cost_tokens: 1.0,
        risk: 0.1,
        temporary: false,
        mode: Mode::Auto,
        policy: zizhi_types::plan::PlanPolicy::default(),
        fingerprint: Fingerprint(String::new()),
    })
}

fn port_up(text: &str, metric: Metric) -> Check {
    Check {
        object: object(text),
        metric,
        comparison: Comparison::AtLeast,
        limit: 1.0,
        pass: vec![],
        fail: vec![],
    }
}

/// An objective of 1 that the object misses with 0.
pub fn violation(text: &str, metric: Metric) -> Violation {
    Violation {
        object: object(text),
        metric,
        limit: 1.0,
        value: 0.0,
    }
}

/// A bid whose twin expects this share of ten violations to be healed, 0 to 10 tenths.
pub fn bid(plan: Plan, healed_tenths: usize) -> Bid {
    let violated: Vec<Violation> = vec![violation("port/A:A-B", Metric::PortOperUp); 10];
    Bid {
        plan,
        rehearsal: Rehearsal {
            with: violated[healed_tenths..].to_vec(),
            without: violated,
            changes: vec![],
            makes_worse: false,
            error: 0.0,
            error_samples: 0,
            state_age_ms: 0,
        },
        success_rate: 0.5,
        tried: 0,
    }
}

/// A receipt without an undo.
pub fn receipt() -> Receipt {
    Receipt {
        before: "down".to_owned(),
        after: "up".to_owned(),
        undo: None,
    }
}

/// A receipt of a cost change, which can be taken back.
pub fn cost_receipt(link: &str) -> Receipt {
    let back = Action::new(Verb::LinkSetCost, object(link)).with("cost", Value::Number(10.0));
    Receipt {
        before: "cost 10".to_owned(),
        after: "cost 65000".to_owned(),
        undo: Some(back),
    }
}
