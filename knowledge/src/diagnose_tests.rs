//! One story for each fault, then the hard ones: noise, gaps, ties, order, speed.

use super::*;
use crate::testing::{broken, object, small, unusual};
use proptest::prelude::*;
use zizhi_types::hypothesis::CounterEvidence;
use zizhi_types::metric::Metric as M;
use zizhi_types::time::NetTime;

/// What a domain that sees everything would say: normal, unless the situation says otherwise.
fn rest_is_normal(
    situation: &Situation,
) -> impl Fn(&ManagedObject, Metric) -> Option<bool> + use<'_> {
    move |object, metric| {
        if situation.silent.contains(object) {
            return None;
        }
        let ill = |a: &Anomaly| a.object == *object && a.metric == metric;
        Some(!situation.symptoms.iter().any(ill))
    }
}

fn seen(symptoms: Vec<Anomaly>) -> Situation {
    Situation {
        symptoms,
        silent: vec![],
    }
}

fn told(situation: &Situation) -> Diagnosis {
    let graph = KnowledgeGraph::of(&small()).unwrap();
    diagnose(&graph, situation, &rest_is_normal(situation))
}

#[expect(clippy::too_many_lines)] // one story for each fault, a flat table
fn story(fault: FaultKind) -> (&'static str, Situation) {
    let both = |m: M, v: f64| [broken(1, "port/A:A-B", m, v), broken(2, "port/B:A-B", m, v)];
    let n = |i: u64, mut a: Anomaly| {
        a.id.number = i;
        a
    };
    let (suspect, symptoms, silent) = match fault {
        FaultKind::LinkDown => {
            let mut s = both(M::PortOperUp, 0.0).to_vec();
            s.extend(both(M::PortAdjacencyUp, 0.0).map(|a| n(a.id.number + 2, a)));
            s.push(broken(5, "path/A:B", M::PathRtt, 40.0));
            s.push(unusual(6, "port/D:D-A", M::PortUtilization, 0.8));
            ("link/A-B", s, vec![])
        }
        FaultKind::LinkRateCut => {
            let s = vec![
                broken(1, "port/A:A-B", M::PortRate, 100.0),
                broken(2, "port/A:A-B", M::PortDiscard, 0.3),
                broken(3, "port/A:A-B", M::PortQueue, 50.0),
            ];
            ("link/A-B", s, vec![])
        }
        FaultKind::LinkLossy => {
            let mut s = both(M::PortError, 0.05).to_vec();
            s.push(broken(3, "path/A:B", M::PathLoss, 0.05));
            ("link/A-B", s, vec![])
        }
        FaultKind::LinkFlapping => {
            let mut s = both(M::PortFlaps, 3.0).to_vec();
            s.push(broken(3, "port/A:A-B", M::PortOperUp, 0.0));
            s.push(broken(4, "port/A:A-B", M::PortAdjacencyUp, 0.0));
            s.push(broken(5, "path/A:B", M::PathLoss, 0.4));
            ("link/A-B", s, vec![])
        }
        FaultKind::LinkSilent => {
            let mut s = both(M::PortAdjacencyUp, 0.0).to_vec();
            s.extend(both(M::PortError, 1.0).map(|a| n(a.id.number + 2, a)));
            s.push(broken(5, "path/A:B", M::PathLoss, 1.0));
            ("link/A-B", s, vec![])
        }
        FaultKind::WrongCost => {
            let s = vec![
                broken(1, "port/A:A-B", M::PortCost, 999.0),
                unusual(2, "port/D:C-D", M::PortUtilization, 0.9),
                broken(3, "path/A:B", M::PathRtt, 30.0),
            ];
            ("link/A-B", s, vec![])
        }
        FaultKind::RouterCrash => {
            let s = ["port/A:A-B", "port/C:B-C"]
                .into_iter()
                .enumerate()
                .flat_map(|(i, p)| {
                    let i = 2 * i as u64 + 1;
                    [
                        broken(i, p, M::PortOperUp, 0.0),
                        broken(i + 1, p, M::PortAdjacencyUp, 0.0),
                    ]
                });
            let mut s: Vec<Anomaly> = s.collect();
            s.push(broken(7, "path/A:B", M::PathLoss, 1.0));
            ("router/B", s, vec![object("router/B")])
        }
        FaultKind::TrafficSurge => {
            let s = vec![
                broken(1, "demand/A:B", M::DemandRate, 900.0),
                broken(2, "port/A:A-B", M::PortDiscard, 0.2),
                broken(3, "port/A:A-B", M::PortQueue, 60.0),
                broken(4, "port/A:A-B", M::PortUtilization, 1.0),
            ];
            ("demand/A:B", s, vec![])
        }
        FaultKind::InstanceCrash => {
            let s = vec![
                broken(1, "instance/i1", M::InstanceUp, 0.0),
                broken(2, "instance/i2", M::InstanceUtilization, 1.0),
                broken(3, "group/g1", M::GroupLatency, 300.0),
            ];
            ("instance/i1", s, vec![])
        }
        FaultKind::InstanceSlow => {
            let s = vec![
                broken(1, "instance/i1", M::InstanceService, 90.0),
                unusual(2, "instance/i1", M::InstanceSteal, 0.6),
                unusual(3, "instance/i1", M::InstanceLatency, 400.0),
                broken(4, "group/g1", M::GroupLatency, 300.0),
            ];
            ("instance/i1", s, vec![])
        }
        FaultKind::SiteOverload => {
            let s = vec![
                broken(1, "site/s1", M::SiteUtilization, 1.0),
                unusual(2, "instance/i1", M::InstanceUtilization, 1.0),
                unusual(3, "instance/i2", M::InstanceUtilization, 1.0),
                broken(4, "instance/i1", M::InstanceRejected, 0.2),
                broken(5, "group/g1", M::GroupSuccess, 0.8),
                unusual(6, "group/g1", M::GroupRate, 90.0),
                unusual(7, "instance/i1", M::InstanceLatency, 500.0),
            ];
            ("site/s1", s, vec![])
        }
        FaultKind::StalePolicy => {
            let s = vec![
                broken(1, "gateway/gw", M::GatewayPolicyAge, 400.0),
                unusual(2, "instance/i1", M::InstanceUtilization, 1.0),
                broken(3, "instance/i1", M::InstanceRejected, 0.3),
                broken(4, "group/g1", M::GroupSuccess, 0.7),
            ];
            ("gateway/gw", s, vec![])
        }
        FaultKind::CellOutage => {
            let s = vec![
                broken(1, "cell/c2", M::CellUp, 0.0),
                broken(2, "cell/c2", M::CellFailure, 1.0),
                broken(3, "group/g2", M::GroupSuccess, 0.0),
                unusual(4, "cell/c1", M::CellUtilization, 0.9),
            ];
            ("cell/c2", s, vec![])
        }
    };
    (suspect, Situation { symptoms, silent })
}

fn first(d: &Diagnosis) -> (String, FaultKind, f64) {
    let h = d.hypotheses.first().expect("a hypothesis");
    (h.object.to_string(), h.fault, h.probability)
}

#[test]
fn a_clear_fault_of_every_kind_is_named_with_confidence() {
    for &fault in FaultKind::ALL {
        let (suspect, situation) = story(fault);
        let d = told(&situation);
        let (object, kind, p) = first(&d);
        assert_eq!((object.as_str(), kind), (suspect, fault), "{d:#?}");
        assert!(p >= 0.8, "{fault}: {p} {d:#?}");
        assert_eq!(d.hypotheses[0].state, HypothesisState::Supported);
        assert_eq!(d.need, None);
    }
}

#[test]
fn loud_unrelated_noise_does_not_win() {
    for &fault in FaultKind::ALL {
        let (suspect, mut situation) = story(fault);
        situation.symptoms.extend([
            unusual(50, "instance/i3", M::InstanceUtilization, 99.0),
            unusual(51, "instance/i3", M::InstanceLatency, 9e9),
            unusual(52, "demand/E:D", M::DemandRate, 9e9),
            unusual(53, "port/E:C-E", M::PortQueue, 9e9),
            unusual(54, "port/C:C-E", M::PortUtilization, 99.0),
        ]);
        let d = told(&situation);
        let (object, kind, p) = first(&d);
        assert_eq!((object.as_str(), kind), (suspect, fault), "{d:#?}");
        assert!(p >= 0.6, "{fault}: {p}");
    }
}

#[test]
fn one_own_sign_is_enough_where_the_rest_is_not_measured() {
    let one = [
        (
            "link/A-B",
            FaultKind::LinkDown,
            "port/A:A-B",
            M::PortOperUp,
            0.0,
        ),
        (
            "link/A-B",
            FaultKind::LinkRateCut,
            "port/A:A-B",
            M::PortRate,
            100.0,
        ),
        (
            "link/A-B",
            FaultKind::LinkLossy,
            "port/A:A-B",
            M::PortError,
            0.05,
        ),
        (
            "link/A-B",
            FaultKind::LinkFlapping,
            "port/A:A-B",
            M::PortFlaps,
            4.0,
        ),
        (
            "link/A-B",
            FaultKind::WrongCost,
            "port/A:A-B",
            M::PortCost,
            1.0,
        ),
        (
            "demand/A:B",
            FaultKind::TrafficSurge,
            "demand/A:B",
            M::DemandRate,
            900.0,
        ),
        (
            "instance/i1",
            FaultKind::InstanceCrash,
            "instance/i1",
            M::InstanceUp,
            0.0,
        ),
        (
            "instance/i1",
            FaultKind::InstanceSlow,
            "instance/i1",
            M::InstanceService,
            90.0,
        ),
        (
            "gateway/gw",
            FaultKind::StalePolicy,
            "gateway/gw",
            M::GatewayPolicyAge,
            300.0,
        ),
        ("cell/c1", FaultKind::CellOutage, "cell/c1", M::CellUp, 0.0),
    ];
    let graph = KnowledgeGraph::of(&small()).unwrap();
    for (suspect, fault, at, metric, value) in one {
        let situation = seen(vec![broken(1, at, metric, value)]);
        let d = diagnose(&graph, &situation, &|_, _| None);
        let (object, kind, p) = first(&d);
        assert_eq!((object.as_str(), kind), (suspect, fault), "{d:#?}");
        assert!(p >= 0.5, "{fault}: {p} {d:#?}");
    }
}

#[test]
fn a_router_that_still_reports_did_not_crash() {
    let (_, mut situation) = story(FaultKind::RouterCrash);
    situation.silent.clear();
    let d = told(&situation);
    assert!(
        d.hypotheses
            .iter()
            .all(|h| h.fault != FaultKind::RouterCrash
                || h.evidence_against.iter().any(|c| matches!(
                    c,
                    CounterEvidence::ExpectedSymptomAbsent {
                        metric: M::RouterUp,
                        ..
                    }
                )))
    );
    let crash = |h: &&Hypothesis| h.fault == FaultKind::RouterCrash;
    assert!(
        d.hypotheses
            .iter()
            .find(crash)
            .is_none_or(|h| h.probability < 0.3),
        "{d:#?}"
    );
}

#[test]
fn a_crashed_router_with_lit_lasers_is_no_bundle_of_silent_cuts() {
    // The neighbours keep carrier, lose the adjacency, and damage all they send.
    let mut symptoms = vec![];
    for (i, port) in ["port/A:A-B", "port/C:B-C"].into_iter().enumerate() {
        let i = 2 * i as u64 + 1;
        symptoms.push(broken(i, port, M::PortAdjacencyUp, 0.0));
        symptoms.push(broken(i + 1, port, M::PortError, 1.0));
    }
    let mut situation = seen(symptoms);
    situation.silent = vec![object("router/B")];
    let own = rest_is_normal(&situation);
    let deaf = |o: &ManagedObject, m: Metric| {
        let of_b = o.kind() == ObjectKind::Port && o.name().starts_with("B:");
        if of_b { None } else { own(o, m) }
    };
    let graph = KnowledgeGraph::of(&small()).unwrap();
    let d = diagnose(&graph, &situation, &deaf);
    let (object, fault, p) = first(&d);
    assert_eq!(
        (object.as_str(), fault),
        ("router/B", FaultKind::RouterCrash),
        "{d:#?}"
    );
    assert!(p >= 0.8, "{p}");
}

#[test]
fn a_flapping_link_caught_while_it_is_down_is_still_flapping() {
    let (_, mut situation) = story(FaultKind::LinkDown);
    situation
        .symptoms
        .push(broken(7, "port/A:A-B", M::PortFlaps, 2.0));
    situation
        .symptoms
        .push(broken(8, "port/B:A-B", M::PortFlaps, 2.0));
    let (_, fault, p) = first(&told(&situation));
    assert_eq!(fault, FaultKind::LinkFlapping);
    assert!(p >= 0.8, "{p}");
}

#[test]
fn a_router_that_only_stopped_talking_did_not_crash() {
    let situation = Situation {
        symptoms: vec![],
        silent: vec![object("router/B")],
    };
    let d = told(&situation);
    assert!(d.other > 0.8, "{d:#?}");
}

#[test]
fn a_stale_policy_that_fills_a_site_is_no_site_overload() {
    let (suspect, mut situation) = story(FaultKind::StalePolicy);
    situation
        .symptoms
        .push(broken(7, "site/s1", M::SiteUtilization, 0.95));
    situation
        .symptoms
        .push(unusual(8, "instance/i2", M::InstanceUtilization, 0.9));
    let d = told(&situation);
    let (object, fault, p) = first(&d);
    assert_eq!(
        (object.as_str(), fault),
        (suspect, FaultKind::StalePolicy),
        "{d:#?}"
    );
    assert!(p >= 0.8, "{p} {d:#?}");
}

#[test]
fn a_crowd_at_one_service_of_a_half_idle_site_is_a_site_overload() {
    let d = told(&seen(vec![
        unusual(1, "group/g1", M::GroupRate, 90.0),
        unusual(2, "instance/i3", M::InstanceLatency, 400.0),
        broken(3, "instance/i3", M::InstanceRejected, 0.2),
        broken(4, "group/g1", M::GroupSuccess, 0.9),
    ]));
    let (object, fault, p) = first(&d);
    assert_eq!(
        (object.as_str(), fault),
        ("site/s2", FaultKind::SiteOverload),
        "{d:#?}"
    );
    assert!(p >= 0.6, "{p} {d:#?}");
}

#[test]
fn a_busy_neighbour_that_slows_nothing_is_no_fault() {
    let d = told(&seen(vec![unusual(
        1,
        "instance/i1",
        M::InstanceSteal,
        0.3,
    )]));
    assert!(d.other > 0.8, "{d:#?}");
}

#[test]
fn drops_on_one_port_while_every_demand_and_rate_is_normal_stay_unexplained() {
    let d = told(&seen(vec![broken(1, "port/A:A-B", M::PortDiscard, 0.1)]));
    assert!(
        d.hypotheses
            .iter()
            .all(|h| h.state != HypothesisState::Supported),
        "{d:#?}"
    );
    assert!(d.other > 0.3, "{d:#?}");
}

#[test]
fn a_silent_leaf_behind_a_dead_link_may_be_either() {
    // E hangs on C-E alone: when its link is down nobody hears from it, as when it is dead.
    let mut situation = seen(vec![
        broken(1, "port/C:C-E", M::PortOperUp, 0.0),
        broken(2, "port/C:C-E", M::PortAdjacencyUp, 0.0),
    ]);
    situation.silent = vec![object("router/E")];
    let graph = KnowledgeGraph::of(&small()).unwrap();
    let own = rest_is_normal(&situation);
    let deaf = |o: &ManagedObject, m| {
        if *o == object("port/E:C-E") {
            None
        } else {
            own(o, m)
        }
    };
    let d = diagnose(&graph, &situation, &deaf);
    let two: BTreeSet<FaultKind> = d.hypotheses.iter().take(2).map(|h| h.fault).collect();
    assert_eq!(
        two,
        BTreeSet::from([FaultKind::LinkDown, FaultKind::RouterCrash]),
        "{d:#?}"
    );
    assert!(d.hypotheses[1].probability > 0.04, "{d:#?}");
}

#[test]
fn a_full_port_without_a_cause_asks_for_what_would_decide() {
    // Transport sees drops at A-B; no demand is measured: two demands fit alike.
    let situation = seen(vec![
        broken(1, "port/A:A-B", M::PortDiscard, 0.2),
        broken(2, "port/A:A-B", M::PortQueue, 60.0),
    ]);
    let graph = KnowledgeGraph::of(&small()).unwrap();
    let measured = |o: &ManagedObject, _| (o.kind() != ObjectKind::Demand).then_some(true);
    let d = diagnose(&graph, &situation, &measured);
    let surges: Vec<&Hypothesis> = d
        .hypotheses
        .iter()
        .filter(|h| h.fault == FaultKind::TrafficSurge)
        .collect();
    assert_eq!(surges.len(), 2, "{d:#?}");
    assert!((surges[0].probability - surges[1].probability).abs() < 1e-9);
    let need = d.need.unwrap();
    assert!(
        need.contains("demand.mbps of demand/A:B from domain transport"),
        "{need}"
    );
}

#[test]
fn drops_are_a_rate_cut_where_the_rate_differs_and_a_surge_where_a_demand_grew() {
    let (_, cut) = story(FaultKind::LinkRateCut);
    let (_, surge) = story(FaultKind::TrafficSurge);
    assert_eq!(first(&told(&cut)).1, FaultKind::LinkRateCut);
    assert_eq!(first(&told(&surge)).1, FaultKind::TrafficSurge);
}

#[test]
fn two_faults_that_fit_alike_split() {
    let situation = seen(vec![
        broken(1, "instance/i1", M::InstanceUp, 0.0),
        broken(2, "instance/i3", M::InstanceUp, 0.0),
        broken(3, "group/g1", M::GroupSuccess, 0.2),
    ]);
    let d = told(&situation);
    let p: Vec<f64> = d.hypotheses.iter().take(2).map(|h| h.probability).collect();
    assert!((p[0] - p[1]).abs() < 1e-9 && p[0] > 0.35, "{d:#?}");
    assert!(d.need.is_some());
}

#[test]
fn a_sign_that_came_after_its_effects_counts_against() {
    let (_, mut situation) = story(FaultKind::InstanceSlow);
    situation.symptoms[0].onset = NetTime::from_secs(1200);
    let d = told(&situation);
    let h = &d.hypotheses[0];
    let late =
        |c: &CounterEvidence| matches!(c, CounterEvidence::LateOnset { late_s } if *late_s > 100.0);
    assert!(h.evidence_against.iter().any(late), "{h:#?}");
    let (_, on_time) = story(FaultKind::InstanceSlow);
    assert!(h.probability < first(&told(&on_time)).2);
}

#[test]
fn evidence_walks_from_the_symptom_to_the_suspect() {
    let (_, mut situation) = story(FaultKind::LinkDown);
    situation
        .symptoms
        .push(broken(9, "group/g1", M::GroupLatency, 200.0));
    let d = told(&situation);
    let h = &d.hypotheses[0];
    for e in &h.evidence_for {
        assert_eq!(e.path.first(), Some(&e.object));
        assert_eq!(e.path.last(), Some(&h.object));
        assert!((0.0..=1.0).contains(&e.weight));
    }
    let felt = h
        .evidence_for
        .iter()
        .find(|e| e.object == object("group/g1"))
        .unwrap();
    let way: Vec<String> = felt.path.iter().map(ToString::to_string).collect();
    assert_eq!(way.len(), 3, "{way:?}");
    assert!(way[1].starts_with("path/"), "{way:?}");
}

#[test]
fn the_correlator_can_ask_about_one_anomaly() {
    let graph = KnowledgeGraph::of(&small()).unwrap();
    let (down, link) = (FaultKind::LinkDown, object("link/C-E"));
    let felt = broken(1, "group/g2", M::GroupSuccess, 0.0);
    assert!(explained_by(&graph, &link, down, &felt).is_some());
    let elsewhere = broken(2, "group/g1", M::GroupSuccess, 0.0);
    assert!(explained_by(&graph, &link, down, &elsewhere).is_none());
    let risen = broken(3, "group/g2", M::GroupSuccess, 1.5);
    assert!(explained_by(&graph, &link, down, &risen).is_none());
}

#[test]
fn nothing_known_explains_nothing() {
    let d = told(&Situation::default());
    assert_eq!((d.hypotheses.len(), d.other), (0, 1.0));
    let d = told(&seen(vec![broken(
        1,
        "router/Nowhere",
        M::RouterUptime,
        0.0,
    )]));
    assert_eq!((d.hypotheses.len(), d.other), (0, 1.0));
}

proptest! {
    #[test]
    fn the_order_of_symptoms_does_not_matter(
        kind in 0..FaultKind::ALL.len(),
        shuffle in proptest::collection::vec(any::<u32>(), 12),
    ) {
        let (_, situation) = story(FaultKind::ALL[kind]);
        let graph = KnowledgeGraph::of(&small()).unwrap();
        let mut mixed = situation.clone();
        let mut keyed: Vec<(u32, Anomaly)> =
            shuffle.into_iter().zip(mixed.symptoms.drain(..)).collect();
        keyed.sort_by_key(|(k, _)| *k);
        mixed.symptoms = keyed.into_iter().map(|(_, a)| a).collect();
        let a = diagnose(&graph, &situation, &rest_is_normal(&situation));
        let b = diagnose(&graph, &mixed, &rest_is_normal(&mixed));
        prop_assert_eq!(&a, &b);
        let whole = a.other + a.hypotheses.iter().map(|h| h.probability).sum::<f64>();
        prop_assert!((whole - 1.0).abs() < 1e-9);
    }
}

/// A ring of 40 routers with chords, 24 instances at 6 sites, 12 cells and 24 groups, 200 demands.
fn large() -> zizhi_types::Network {
    let mut n = small();
    let name = |i: usize| format!("R{i}");
    let (router, link, demand) = (
        n.routers[0].clone(),
        n.links[0].clone(),
        n.traffic.demands[0].clone(),
    );
    n.routers = (0..40)
        .map(|i| zizhi_types::topology::Router {
            id: name(i),
            ..router.clone()
        })
        .collect();
    let pairs = (0..40)
        .map(|i| (i, (i + 1) % 40))
        .chain((0..20).map(|i| (i, i + 20)));
    n.links = pairs
        .map(|(a, b)| zizhi_types::topology::Link {
            id: format!("R{a}-R{b}"),
            a: name(a),
            b: name(b),
            ..link.clone()
        })
        .collect();
    n.traffic.demands = (0..200)
        .map(|i| zizhi_types::topology::Demand {
            from: name(i % 40),
            to: name((i * 7 + 3 + i / 40) % 40),
            ..demand.clone()
        })
        .filter(|d| d.from != d.to)
        .collect();
    let (site, instance, cell, group) = (
        n.sites[0].clone(),
        n.instances[0].clone(),
        n.cells[0].clone(),
        n.groups[0].clone(),
    );
    n.gateways[0].router = name(0);
    n.sites.clear();
    n.instances.clear();
    n.cells.clear();
    n.groups.clear();
    for i in 0..24 {
        if i < 6 {
            let (id, router) = (format!("s{i}"), name(i * 6));
            n.sites.push(zizhi_types::topology::Site {
                id,
                router,
                ..site.clone()
            });
        }
        if i < 12 {
            let (id, router) = (format!("c{i}"), name(i * 3 + 1));
            n.cells.push(zizhi_types::topology::Cell {
                id,
                router,
                neighbours: vec![],
                ..cell.clone()
            });
        }
        let (id, at) = (format!("i{i}"), format!("s{}", i % 6));
        n.instances.push(zizhi_types::topology::Instance {
            id,
            site: at,
            ..instance.clone()
        });
        let (id, at) = (format!("g{i}"), format!("c{}", i % 12));
        n.groups.push(zizhi_types::topology::Group {
            id,
            cell: at,
            ..group.clone()
        });
    }
    n
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement of our own speed reads the clock"
)]
fn thirty_symptoms_of_a_large_network_are_ranked_in_milliseconds() {
    let network = large();
    assert_eq!(network.problems(), vec![]);
    let begin = std::time::Instant::now();
    let graph = KnowledgeGraph::of(&network).unwrap();
    let built = begin.elapsed();
    let mut s = vec![];
    for (i, at) in ["port/R5:R5-R6", "port/R6:R5-R6"].iter().enumerate() {
        s.push(broken(1 + i as u64, at, M::PortOperUp, 0.0));
        s.push(broken(3 + i as u64, at, M::PortAdjacencyUp, 0.0));
    }
    for i in 0..12 {
        s.push(broken(
            10 + i,
            &format!("group/g{i}"),
            M::GroupLatency,
            300.0,
        ));
        s.push(unusual(
            30 + i,
            &format!("port/R{i}:R{i}-R{}", i + 1),
            M::PortUtilization,
            0.9,
        ));
    }
    s.push(broken(50, "path/R4:R8", M::PathLoss, 0.5));
    s.push(broken(51, "path/R5:R30", M::PathRtt, 90.0));
    let situation = seen(s);
    assert_eq!(situation.symptoms.len(), 30);
    let begin = std::time::Instant::now();
    let d = diagnose(&graph, &situation, &rest_is_normal(&situation));
    let took = begin.elapsed();
    println!(
        "built in {built:?} ({} triples), diagnosed in {took:?}",
        graph.triples().unwrap()
    );
    assert_eq!(first(&d).0, "link/R5-R6", "{d:#?}");
    assert!(first(&d).2 >= 0.8);
    // The target is 10 ms in release; an unoptimised build on a busy machine gets a hundred times that.
    assert!(took.as_millis() < 1000, "{took:?}");
}
