//! From a suspected cause to plans: what is offered, what is left out, and why.

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use std::collections::{BTreeMap, BTreeSet};
use zizhi_playbooks::fingerprint::fingerprint;
use zizhi_playbooks::{Catalog, Context, PlanDraft, Rejected, candidates, services_depending};
use zizhi_types::hypothesis::HypothesisState;
use zizhi_types::topology::{
    Cell, Gateway, Group, Instance, Link, Network, Preference, Router, Service, Site, Tier,
};
use zizhi_types::{Domain, FaultKind, Hypothesis, IncidentId, ManagedObject, Metric, PlanId, Verb};

/// A square A-B-C-D with a tail D-E; sites at A and B, a cell at C.
fn network() -> Network {
    let mut n = Network::empty("square");
    n.routers = ["A", "B", "C", "D", "E"]
        .map(|id| Router {
            id: id.into(),
            tier: Tier::Core,
            lat: None,
            lon: None,
            weight: 1.0,
        })
        .into();
    n.links = [("A", "B"), ("B", "C"), ("C", "D"), ("A", "D"), ("D", "E")]
        .map(|(a, b)| Link {
            id: format!("{a}-{b}"),
            a: a.into(),
            b: b.into(),
            capacity_mbps: 1_000.0,
            delay_ms: 1.0,
            cost: 10,
        })
        .into();
    n.services = vec![Service {
        id: "infer".into(),
        url_path: "/v1/infer".into(),
    }];
    n.sites = [("sa", "A", 0), ("sb", "B", 2)]
        .map(|(id, router, spare_instances)| Site {
            id: id.into(),
            router: router.into(),
            spare_instances,
        })
        .into();
    n.instances = [("a1", "sa"), ("a2", "sa"), ("b1", "sb")]
        .map(|(id, site)| Instance {
            id: id.into(),
            site: site.into(),
            service: "infer".into(),
            workers: 4,
            base_ms: 20.0,
            price: 1.0,
        })
        .into();
    n.gateways = vec![Gateway {
        id: "g".into(),
        router: "C".into(),
    }];
    n.cells = vec![Cell {
        id: "c".into(),
        router: "C".into(),
        capacity_rps: 100.0,
        neighbours: vec![],
    }];
    n.groups = vec![Group {
        id: "u".into(),
        cell: "c".into(),
        gateway: "g".into(),
        service: "infer".into(),
        rate_rps: 10.0,
        mbps_per_rps: 1.0,
        prefer: Preference::Latency,
        latency_ms_max: 100.0,
    }];
    n
}

fn hypothesis(object: &str, fault: FaultKind) -> Hypothesis {
    Hypothesis {
        object: object.parse().unwrap(),
        fault,
        probability: 0.9,
        state: HypothesisState::Supported,
        evidence_for: vec![],
        evidence_against: vec![],
    }
}

/// Plans for a hypothesis when only these values were measured.
fn plan(
    object: &str,
    fault: FaultKind,
    measured: &[(&str, Metric, f64)],
) -> (Vec<PlanDraft>, Vec<Rejected>) {
    let values: BTreeMap<(ManagedObject, Metric), f64> = measured
        .iter()
        .map(|(o, m, v)| ((o.parse().unwrap(), *m), *v))
        .collect();
    let ask = |o: &ManagedObject, m: Metric| values.get(&(o.clone(), m)).copied();
    let hypothesis = hypothesis(object, fault);
    let context = Context::of(&network(), &ask, &hypothesis);
    candidates(&Catalog::builtin().unwrap(), &hypothesis, &context)
}

fn names(drafts: &[PlanDraft]) -> Vec<&str> {
    drafts.iter().map(|d| d.playbook.as_str()).collect()
}

fn why<'r>(rejected: &'r [Rejected], playbook: &str) -> &'r str {
    let found = rejected.iter().find(|r| r.playbook.starts_with(playbook));
    found.map_or("", |r| &r.reason.en)
}

#[test]
fn every_fault_has_a_remedy_for_a_suspect_that_can_be_helped() {
    use FaultKind as F;
    let hot = [("port/A:A-B", Metric::PortUtilization, 0.95)];
    let cases = [
        ("link/A-B", F::LinkDown, vec!["transport.link-down.reset"]),
        (
            "link/A-B",
            F::LinkRateCut,
            vec![
                "transport.link.drain",
                "transport.link.reset",
                "transport.link.restore-rate",
            ],
        ),
        ("link/A-B", F::LinkLossy, vec!["transport.link.drain"]),
        ("link/A-B", F::LinkFlapping, vec!["transport.link.drain"]),
        (
            "link/A-B",
            F::LinkSilent,
            vec!["transport.link.drain", "transport.link.reset"],
        ),
        (
            "link/A-B",
            F::WrongCost,
            vec!["transport.link.restore-cost"],
        ),
        ("router/B", F::RouterCrash, vec!["transport.router.restart"]),
        (
            "demand/A:B",
            F::TrafficSurge,
            vec![
                "transport.surge.shift~1.2",
                "transport.surge.shift~1.5",
                "transport.surge.shift~2",
                "transport.surge.shift~3",
                "transport.surge.shift~6",
                "transport.surge.shift~40",
            ],
        ),
        (
            "instance/a1",
            F::InstanceCrash,
            vec!["compute.instance.restart", "service.instance.bypass"],
        ),
        (
            "instance/a1",
            F::InstanceSlow,
            vec!["compute.instance.migrate", "service.instance.steer-away"],
        ),
        (
            "site/sb",
            F::SiteOverload,
            vec!["compute.site.scale-out", "service.site.shed-load"],
        ),
        (
            "gateway/g",
            F::StalePolicy,
            vec!["service.gateway.refresh-policy"],
        ),
        ("cell/c", F::CellOutage, vec!["access.cell.restart"]),
    ];
    assert_eq!(cases.len(), F::ALL.len());
    for (object, fault, wanted) in cases {
        let (drafts, rejected) = plan(object, fault, &hot);
        let found: Vec<_> = names(&drafts)
            .iter()
            .map(|n| n.split('@').next().unwrap())
            .collect();
        for playbook in wanted {
            assert!(
                found.contains(&playbook),
                "{fault}: {found:?}, {rejected:?}"
            );
        }
    }
}

#[test]
fn a_link_without_another_path_is_not_drained() {
    let (drafts, rejected) = plan("link/D-E", FaultKind::LinkLossy, &[]);
    assert_eq!(names(&drafts), Vec::<&str>::new());
    assert!(why(&rejected, "transport.link.drain").contains("No other path"));
    // A measured loss of carrier takes the other way round the square away.
    let (_, rejected) = plan(
        "link/A-B",
        FaultKind::LinkLossy,
        &[("port/C:C-D", Metric::PortOperUp, 0.0)],
    );
    assert!(why(&rejected, "transport.link.drain").contains("No other path"));
}

#[test]
fn a_drain_says_what_it_does_and_how_success_is_seen() {
    let (drafts, _) = plan("link/A-B", FaultKind::LinkLossy, &[]);
    let drain = drafts
        .iter()
        .find(|d| d.playbook.contains("drain"))
        .unwrap();
    assert_eq!(
        drain.steps[0].action.to_string(),
        "link.set-cost link/A-B cost=65000"
    );
    assert!(drain.temporary);
    let ports: Vec<_> = drain.verify.iter().map(|c| c.object.to_string()).collect();
    assert_eq!(ports, ["port/A:A-B", "port/B:A-B"]);
}

/// The link costs 10; a factor gives the next whole number above.
const SHIFTS: [(&str, u32); 6] = [
    ("transport.surge.shift~1.2@1.0.0", 13),
    ("transport.surge.shift~1.5@1.0.0", 16),
    ("transport.surge.shift~2@1.0.0", 21),
    ("transport.surge.shift~3@1.0.0", 31),
    ("transport.surge.shift~6@1.0.0", 61),
    ("transport.surge.shift~40@1.0.0", 401),
];

#[test]
fn a_surge_moves_off_the_hottest_link_of_its_path() {
    let measured = [
        ("port/A:A-D", Metric::PortUtilization, 0.5),
        ("port/D:C-D", Metric::PortUtilization, 0.97),
        ("port/A:A-B", Metric::PortUtilization, 0.2),
        // The way over B is dearer, so A to C goes over D.
        ("port/A:A-B", Metric::PortCost, 40.0),
    ];
    let (drafts, rejected) = plan("demand/A:C", FaultKind::TrafficSurge, &measured);
    // Six strengths of one playbook, for the twin to choose from: from a little to the whole of it.
    let shifts: Vec<_> = drafts
        .iter()
        .filter(|d| d.playbook.contains("shift"))
        .map(|d| (d.playbook.as_str(), d.steps[0].action.to_string()))
        .collect();
    assert_eq!(
        shifts,
        SHIFTS.map(|(playbook, cost)| (playbook, format!("link.set-cost link/C-D cost={cost}")))
    );
    let around = drafts
        .iter()
        .find(|d| d.playbook.contains("steer-around"))
        .unwrap();
    let steps: Vec<_> = around.steps.iter().map(|s| s.action.to_string()).collect();
    assert_eq!(
        steps,
        [
            "instance.steer-limit instance/a1 share=0.3",
            "instance.steer-limit instance/a2 share=0.3"
        ]
    );
    assert_eq!(around.steps[1].id, "steer-2");
    assert_eq!(rejected, []);
}

#[test]
fn what_was_not_measured_cannot_be_told() {
    let (drafts, rejected) = plan("demand/A:C", FaultKind::TrafficSurge, &[]);
    assert_eq!(names(&drafts), Vec::<&str>::new());
    assert!(
        why(&rejected, "transport.surge").contains("`hottest_link` is not known"),
        "{rejected:?}"
    );
}

#[test]
fn a_full_site_cannot_scale_and_a_lone_instance_is_not_emptied() {
    let (_, rejected) = plan("site/sa", FaultKind::SiteOverload, &[]);
    assert!(why(&rejected, "compute.site.scale-out").contains("no room"));
    let others_down = [
        ("instance/a1", Metric::InstanceUp, 0.0),
        ("instance/a2", Metric::InstanceUp, 0.0),
    ];
    let (_, rejected) = plan("instance/b1", FaultKind::InstanceSlow, &others_down);
    assert!(why(&rejected, "service.instance.steer-away").contains("No other instance"));
}

#[test]
fn the_busiest_service_gets_the_new_instance() {
    let (drafts, _) = plan("site/sb", FaultKind::SiteOverload, &[]);
    let scale = drafts
        .iter()
        .find(|d| d.playbook.contains("scale-out"))
        .unwrap();
    assert_eq!(scale.steps[0].action.text("service"), Some("infer"));
    assert_eq!(scale.steps[0].action.verb, Verb::SiteScaleOut);
}

#[test]
fn an_improbable_cause_is_not_acted_on() {
    let mut hypothesis = hypothesis("link/A-B", FaultKind::LinkLossy);
    hypothesis.probability = 0.1;
    let context = Context::of(&network(), &|_, _| None, &hypothesis);
    let (drafts, rejected) = candidates(&Catalog::builtin().unwrap(), &hypothesis, &context);
    assert_eq!(drafts, []);
    assert!(
        rejected.iter().all(|r| r.reason.en.contains("0.10")),
        "{rejected:?}"
    );
}

#[test]
fn a_suspect_that_the_network_does_not_list_gets_no_plan_and_no_panic() {
    for fault in FaultKind::ALL {
        let object = format!("{}/nowhere", fault.object_kind().as_str());
        let (drafts, _) = plan(&object, *fault, &[]);
        for draft in drafts {
            assert!(
                draft
                    .steps
                    .iter()
                    .all(|s| s.action.object.to_string() == object)
            );
        }
    }
}

#[test]
fn the_fingerprint_is_of_the_content_and_not_of_the_number() {
    let make = |number| {
        let (mut drafts, _) = plan("link/A-B", FaultKind::LinkLossy, &[]);
        let incident = IncidentId::new(Domain::Transport, 1);
        drafts
            .remove(0)
            .into_plan(PlanId::new(Domain::Transport, number), incident)
    };
    let (one, two) = (make(1), make(2));
    assert_eq!(one.fingerprint, two.fingerprint);
    assert_eq!(one.fingerprint.0.len(), 64);
    let mut changed = one.clone();
    changed.risk += 0.001;
    assert_ne!(fingerprint(&changed), one.fingerprint);
    let sent: zizhi_types::Plan =
        serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
    assert_eq!(fingerprint(&sent), one.fingerprint);
}

#[test]
fn the_services_that_would_feel_a_touch_are_named() {
    let on = |object: &str| {
        let object: ManagedObject = object.parse().unwrap();
        services_depending(&network(), &|_, _| None, [&object])
    };
    let infer = BTreeSet::from(["infer".to_owned()]);
    // Answers from B to the cell at C cross B-C; the tail D-E carries none.
    for touched in [
        "link/B-C",
        "port/B:B-C",
        "router/C",
        "instance/a1",
        "site/sb",
        "gateway/g",
        "cell/c",
    ] {
        assert_eq!(on(touched), infer, "{touched}");
    }
    for free in ["link/D-E", "router/E", "instance/none", "demand/A:C"] {
        assert_eq!(on(free), BTreeSet::new(), "{free}");
    }
}
