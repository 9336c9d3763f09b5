//! A small network, its faults, and what the twin says about the plans against them.
//!
//! Four routers in a square, A to D; users and the gateway at A, compute at C (instances i1, i2) and B (i3).

#![allow(clippy::unwrap_used)] // a test that cannot go on must fail

use zizhi_twin_link::{Prediction, Twin, TwinError, TwinState, rehearse, rehearse_undo};
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::metric::Metric;
use zizhi_types::object::ManagedObject;
use zizhi_types::objective::{Objective, Violation};
use zizhi_types::plan::Rehearsal;
use zizhi_types::time::NetTime;
use zizhi_types::topology::{
    Cell, Demand, Gateway, Group, Instance, Link, Network, Preference, Router, Service, Site, Tier,
};

const NOW: NetTime = NetTime::from_secs(1000);

fn transport(n: &mut Network) {
    for id in ["A", "B", "C", "D"] {
        n.routers.push(Router {
            id: id.to_owned(),
            tier: Tier::Core,
            lat: None,
            lon: None,
            weight: 1.0,
        });
    }
    for (a, b, cost) in [
        ("A", "B", 10),
        ("B", "C", 10),
        ("C", "D", 10),
        ("A", "D", 11),
    ] {
        n.links.push(Link {
            id: format!("{a}-{b}"),
            a: a.to_owned(),
            b: b.to_owned(),
            capacity_mbps: 1000.0,
            delay_ms: 2.0,
            cost,
        });
    }
    n.traffic.demands.push(Demand {
        from: "A".to_owned(),
        to: "C".to_owned(),
        mbps: 300.0,
    });
}

fn compute(n: &mut Network) {
    for (site, router) in [("s1", "C"), ("s2", "B")] {
        n.sites.push(Site {
            id: site.to_owned(),
            router: router.to_owned(),
            spare_instances: 1,
        });
    }
    for (id, site) in [("i1", "s1"), ("i2", "s1"), ("i3", "s2")] {
        n.instances.push(Instance {
            id: id.to_owned(),
            site: site.to_owned(),
            service: "infer".to_owned(),
            workers: 4,
            base_ms: 20.0,
            price: 1.0,
        });
    }
}

fn network() -> Network {
    let mut n = Network::empty("square");
    transport(&mut n);
    compute(&mut n);
    n.services.push(Service {
        id: "infer".to_owned(),
        url_path: "/v1/infer".to_owned(),
    });
    n.gateways.push(Gateway {
        id: "gw".to_owned(),
        router: "A".to_owned(),
    });
    for (id, router, neighbour) in [("c1", "A", "c2"), ("c2", "D", "c1")] {
        n.cells.push(Cell {
            id: id.to_owned(),
            router: router.to_owned(),
            capacity_rps: 500.0,
            neighbours: vec![neighbour.to_owned()],
        });
    }
    n.groups.push(Group {
        id: "g1".to_owned(),
        cell: "c1".to_owned(),
        gateway: "gw".to_owned(),
        service: "infer".to_owned(),
        rate_rps: 300.0,
        mbps_per_rps: 0.5,
        prefer: Preference::Latency,
        latency_ms_max: 120.0,
    });
    assert_eq!(n.problems(), []);
    n
}

fn object(text: &str) -> ManagedObject {
    text.parse().unwrap()
}

/// The network with measured values over it.
fn state(samples: &[(&str, Metric, f64)]) -> TwinState {
    let mut state = TwinState::new(&network());
    for (name, metric, value) in samples {
        state.observe(&object(name), *metric, *value, NetTime::from_secs(995));
    }
    assert_eq!(state.ignored(), 0);
    state
}

fn action(verb: Verb, on: &str) -> Action {
    Action::new(verb, object(on))
}

fn drain(link: &str) -> Action {
    action(Verb::LinkSetCost, link).with("cost", Value::Number(65_000.0))
}

fn tried(state: &TwinState, actions: &[Action]) -> Rehearsal {
    rehearse(state, actions, &network().objectives(), NOW).unwrap()
}

fn names(violations: &[Violation]) -> Vec<String> {
    violations
        .iter()
        .map(|v| format!("{} {}", v.object, v.metric.as_str()))
        .collect()
}

fn down(link: [&'static str; 2]) -> Vec<(&'static str, Metric, f64)> {
    link.iter()
        .flat_map(|p| {
            [
                (*p, Metric::PortOperUp, 0.0),
                (*p, Metric::PortAdjacencyUp, 0.0),
            ]
        })
        .collect()
}

const NOTHING: [String; 0] = [];

#[test]
fn a_sound_network_violates_nothing_and_an_empty_plan_changes_nothing() {
    let rehearsal = tried(&state(&[]), &[]);
    assert_eq!(names(&rehearsal.without), NOTHING);
    assert!(rehearsal.changes.is_empty() && !rehearsal.makes_worse);
}

#[test]
fn resetting_a_dead_link_brings_it_back() {
    let state = state(&down(["port/B:B-C", "port/C:B-C"]));
    let rehearsal = tried(&state, &[action(Verb::LinkReset, "link/B-C")]);
    assert_eq!(
        rehearsal.without.len(),
        4,
        "{:?}",
        names(&rehearsal.without)
    );
    assert_eq!(names(&rehearsal.with), NOTHING);
    assert!(!rehearsal.makes_worse);
}

#[test]
fn resetting_a_sound_link_in_use_is_an_outage() {
    assert!(tried(&state(&[]), &[action(Verb::LinkReset, "link/A-B")]).makes_worse);
}

#[test]
fn draining_a_lossy_link_cures_the_group_and_leaves_the_links_own_error() {
    let state = state(&[
        ("port/A:A-B", Metric::PortError, 0.05),
        ("group/g1", Metric::GroupSuccess, 0.94),
    ]);
    let rehearsal = tried(&state, &[drain("link/A-B")]);
    assert_eq!(
        names(&rehearsal.without),
        [
            "port/A:A-B port.error_ratio",
            "group/g1 group.success_ratio"
        ]
    );
    assert_eq!(names(&rehearsal.with), ["port/A:A-B port.error_ratio"]);
    assert!(!rehearsal.makes_worse);
}

#[test]
fn a_drain_that_overloads_the_other_way_makes_it_worse() {
    let state = state(&[
        ("demand/A:C", Metric::DemandRate, 600.0),
        ("demand/A:D", Metric::DemandRate, 700.0),
    ]);
    let rehearsal = tried(&state, &[drain("link/A-B")]);
    assert!(rehearsal.makes_worse);
    assert!(names(&rehearsal.with).contains(&"port/A:A-D port.discard_ratio".to_owned()));
}

#[test]
fn restarting_a_sound_router_is_an_outage() {
    let rehearsal = tried(&state(&[]), &[action(Verb::RouterRestart, "router/B")]);
    assert!(rehearsal.makes_worse);
    assert!(names(&rehearsal.with).contains(&"router/B router.up".to_owned()));
}

#[test]
fn restarting_a_crashed_router_brings_its_links_back() {
    let mut samples = vec![("router/B", Metric::RouterUp, 0.0)];
    samples.extend(down(["port/A:A-B", "port/B:A-B"]));
    samples.extend(down(["port/B:B-C", "port/C:B-C"]));
    let rehearsal = tried(&state(&samples), &[action(Verb::RouterRestart, "router/B")]);
    assert!(names(&rehearsal.without).contains(&"group/g1 group.success_ratio".to_owned()));
    assert_eq!(names(&rehearsal.with), NOTHING);
    assert!(!rehearsal.makes_worse);
}

#[test]
fn a_silent_router_is_down_only_when_its_neighbours_have_lost_it() {
    let restart = [action(Verb::RouterRestart, "router/B")];
    let mut quiet = state(&[]);
    quiet.mark_silent(&object("router/B"), true);
    assert!(
        tried(&quiet, &restart).makes_worse,
        "silence alone is no outage"
    );
    let mut lost = state(&[
        ("port/A:A-B", Metric::PortAdjacencyUp, 0.0),
        ("port/C:B-C", Metric::PortAdjacencyUp, 0.0),
    ]);
    lost.mark_silent(&object("router/B"), true);
    let rehearsal = tried(&lost, &restart);
    assert!(names(&rehearsal.without).contains(&"router/B router.up".to_owned()));
    assert!(!rehearsal.makes_worse);
}

#[test]
fn restarting_a_dead_instance_helps_and_a_sound_one_hurts() {
    let dead = state(&[
        ("instance/i1", Metric::InstanceUp, 0.0),
        ("steer/g1:i1", Metric::SteerShare, 0.0),
        ("steer/g1:i2", Metric::SteerShare, 0.5),
        ("steer/g1:i3", Metric::SteerShare, 0.5),
    ]);
    let restart = [action(Verb::InstanceRestart, "instance/i1")];
    let rehearsal = tried(&dead, &restart);
    assert_eq!(names(&rehearsal.without), ["instance/i1 instance.up"]);
    assert_eq!(names(&rehearsal.with), NOTHING);
    assert!(!rehearsal.makes_worse);
    assert!(tried(&state(&[]), &restart).makes_worse);
}

#[test]
fn moving_a_slow_instance_helps_and_restarting_it_does_not() {
    let slow = state(&[
        ("instance/i1", Metric::InstanceService, 90.0),
        ("instance/i1", Metric::InstanceSteal, 0.6),
        ("group/g1", Metric::GroupLatency, 150.0),
        ("steer/g1:i1", Metric::SteerShare, 0.1),
        ("steer/g1:i2", Metric::SteerShare, 0.45),
        ("steer/g1:i3", Metric::SteerShare, 0.45),
    ]);
    let moved = tried(&slow, &[action(Verb::InstanceMigrate, "instance/i1")]);
    assert!(names(&moved.without).contains(&"group/g1 group.latency_ms_p95".to_owned()));
    assert_eq!(names(&moved.with), NOTHING);
    let restarted = tried(&slow, &[action(Verb::InstanceRestart, "instance/i1")]);
    assert!(names(&restarted.with).contains(&"instance/i1 instance.service_ms".to_owned()));
}

#[test]
fn a_limit_on_a_slow_instance_sends_its_requests_elsewhere() {
    let slow = state(&[("instance/i1", Metric::InstanceService, 90.0)]);
    let limit = action(Verb::InstanceSteerLimit, "instance/i1").with("share", Value::Number(0.2));
    let mut branch = slow.fork();
    let before = branch.predict();
    branch.apply(&limit).unwrap();
    let after = branch.predict();
    let read = |p: &Prediction, o: &str, m| p.value(&object(o), m).unwrap();
    let load = |p: &Prediction, o: &str| read(p, o, Metric::InstanceRate);
    assert!(load(&after, "instance/i1") <= 0.2 * 4000.0 / 90.0 + 1e-6);
    let total = |p: &Prediction| -> f64 {
        ["instance/i1", "instance/i2", "instance/i3"]
            .iter()
            .map(|i| load(p, i))
            .sum()
    };
    assert!((total(&after) - total(&before)).abs() < 1e-6);
    let latency = |p: &Prediction| read(p, "group/g1", Metric::GroupLatency);
    assert!(latency(&after) < latency(&before));
}

#[test]
fn scaling_out_relieves_a_crowded_site_until_there_is_no_room() {
    let crowded = state(&[
        ("group/g1", Metric::GroupRate, 390.0),
        ("steer/g1:i1", Metric::SteerShare, 0.5),
        ("steer/g1:i2", Metric::SteerShare, 0.5),
        ("site/s1", Metric::SiteUtilization, 0.99),
    ]);
    let more =
        action(Verb::SiteScaleOut, "site/s1").with("service", Value::Text("infer".to_owned()));
    let rehearsal = tried(&crowded, std::slice::from_ref(&more));
    let site = "site/s1 site.utilization".to_owned();
    assert!(names(&rehearsal.without).contains(&site));
    assert!(!names(&rehearsal.with).contains(&site));
    let twice = rehearse(&crowded, &[more.clone(), more], &[], NOW);
    assert!(matches!(twice, Err(TwinError::NoRoom { .. })));
}

#[test]
fn a_refreshed_policy_leaves_dead_instances() {
    let mut stale = state(&[
        ("gateway/gw", Metric::GatewayPolicyAge, 400.0),
        ("instance/i1", Metric::InstanceUp, 0.0),
        ("group/g1", Metric::GroupSuccess, 0.66),
    ]);
    for steer in ["steer/g1:i1", "steer/g1:i2", "steer/g1:i3"] {
        stale.observe(&object(steer), Metric::SteerShare, 1.0 / 3.0, NOW);
    }
    let rehearsal = tried(&stale, &[action(Verb::GatewayRefreshPolicy, "gateway/gw")]);
    let group = "group/g1 group.success_ratio".to_owned();
    assert!(names(&rehearsal.without).contains(&group));
    assert!(!names(&rehearsal.with).contains(&group));
    assert!(!rehearsal.makes_worse);
}

#[test]
fn restarting_a_dead_cell_helps_and_a_sound_one_hurts() {
    let dead = state(&[
        ("cell/c1", Metric::CellUp, 0.0),
        ("cell/c1", Metric::CellFailure, 1.0),
    ]);
    let restart = [action(Verb::CellRestart, "cell/c1")];
    let rehearsal = tried(&dead, &restart);
    assert!(names(&rehearsal.without).contains(&"cell/c1 cell.up".to_owned()));
    assert_eq!(names(&rehearsal.with), NOTHING);
    assert!(tried(&state(&[]), &restart).makes_worse);
}

#[test]
fn every_reversible_action_returns_to_the_state_before() {
    let state = state(&[
        ("instance/i1", Metric::InstanceService, 90.0),
        ("port/A:A-B", Metric::PortCost, 77.0),
        ("port/B:A-B", Metric::PortCost, 77.0),
    ]);
    let actions = [
        drain("link/A-B"),
        action(Verb::LinkSetRate, "link/B-C").with("mbps", Value::Number(100.0)),
        action(Verb::InstanceMigrate, "instance/i1"),
        action(Verb::InstanceSteerLimit, "instance/i2").with("share", Value::Number(0.5)),
        action(Verb::SiteScaleOut, "site/s2").with("service", Value::Text("infer".to_owned())),
        action(Verb::CellLock, "cell/c1"),
        action(Verb::CellUnlock, "cell/c1"),
        action(Verb::CellLimitAdmission, "cell/c1").with("share", Value::Number(0.5)),
        replicas("site/s2", 2.0),
    ];
    let all = rehearse_undo(&state, &actions).unwrap();
    assert!(all.returns && all.undo.len() == actions.len());
    let reset = rehearse_undo(&state, &[action(Verb::LinkReset, "link/A-B")]);
    assert!(matches!(reset, Err(TwinError::NoUndo { .. })));
}

#[test]
fn a_plan_is_not_blamed_for_the_setting_it_changes() {
    let rehearsal = tried(&state(&[]), &[drain("link/A-B")]);
    assert_eq!(names(&rehearsal.with), NOTHING);
    assert!(!rehearsal.makes_worse);
}

#[test]
fn an_unknown_object_or_a_bad_parameter_is_an_error() {
    let state = state(&[]);
    let of = |a: Action| rehearse(&state, &[a], &[], NOW).unwrap_err();
    let unknown = of(drain("link/X-Y"));
    assert!(unknown.to_string().contains("link/X-Y"), "{unknown}");
    let bad = of(action(Verb::LinkSetCost, "link/A-B"));
    assert!(matches!(bad, TwinError::BadParameter { param: "cost", .. }));
    let wrong_kind = of(action(Verb::CellRestart, "router/A"));
    assert!(matches!(wrong_kind, TwinError::UnknownObject { .. }));
}

#[test]
fn a_rehearsal_says_how_old_its_state_is_and_how_wrong_the_twin_was() {
    let mut twin = Twin::new(&network());
    twin.state = state(&[("group/g1", Metric::GroupRate, 300.0)]);
    twin.errors.record_outcome(Verb::LinkSetCost, 0.55, 0.5);
    let objectives: Vec<Objective> = network().objectives();
    let rehearsal = twin
        .rehearse(&[drain("link/A-B")], &objectives, NOW)
        .unwrap();
    assert_eq!(rehearsal.state_age_ms, 5000);
    assert!((rehearsal.error - 0.1).abs() < 1e-9 && rehearsal.error_samples == 1);
}

#[test]
fn a_new_inventory_keeps_what_was_measured() {
    let before = state(&[
        ("port/A:A-B", Metric::PortError, 0.05),
        ("path/A:C", Metric::PathRtt, 9.0),
    ]);
    let mut grown = network();
    grown.instances.push(Instance {
        id: "i4".to_owned(),
        ..grown.instances[0].clone()
    });
    let after = before.rebuilt(&grown);
    assert_eq!(
        after.value(&object("port/A:A-B"), Metric::PortError),
        Some(0.05)
    );
    assert_eq!(after.value(&object("path/A:C"), Metric::PathRtt), Some(9.0));
    assert_eq!(
        after.value(&object("instance/i4"), Metric::InstanceUp),
        Some(1.0)
    );
}

proptest::proptest! {
    #[test]
    fn whatever_the_costs_all_traffic_arrives(costs in proptest::collection::vec(1..5_u32, 4), mbps in 1.0..900.0_f64) {
        let mut network = network();
        network.groups.clear();
        for (link, cost) in network.links.iter_mut().zip(costs) {
            link.cost = cost;
        }
        network.traffic.demands[0].mbps = mbps;
        let seen = TwinState::new(&network).fork().predict();
        let into = |link, from| seen.offered_mbps(link, from).unwrap();
        let arrived = into("B-C", "B") + into("C-D", "D") - into("B-C", "C") - into("C-D", "C");
        proptest::prop_assert!((arrived - mbps).abs() < 1e-6);
    }
}

fn replicas(site: &str, count: f64) -> Action {
    action(Verb::SiteSetReplicas, site)
        .with("service", Value::Text("infer".to_owned()))
        .with("replicas", Value::Number(count))
}

#[test]
fn a_locked_cell_is_off_on_purpose_and_comes_back_healed_when_it_is_unlocked() {
    let dead = state(&[
        ("cell/c1", Metric::CellUp, 0.0),
        ("cell/c1", Metric::CellFailure, 1.0),
    ]);
    let [lock, restart, unlock] =
        [Verb::CellLock, Verb::CellRestart, Verb::CellUnlock].map(|verb| action(verb, "cell/c1"));
    let in_order = tried(&dead, &[lock.clone(), restart.clone(), unlock.clone()]);
    assert_eq!(names(&in_order.with), NOTHING);
    // Unlocking alone heals nothing, and what is restarted under a lock stays off the air.
    let up = "cell/c1 cell.up".to_owned();
    assert!(names(&tried(&dead, &[unlock]).with).contains(&up));
    let mut branch = dead.fork();
    branch.apply(&lock).unwrap();
    branch.apply(&restart).unwrap();
    let read = branch.predict().value(&object("cell/c1"), Metric::CellUp);
    assert_eq!(read, Some(0.0));
}

#[test]
fn barring_half_of_the_users_halves_their_success() {
    let mut branch = state(&[]).fork();
    let half = action(Verb::CellLimitAdmission, "cell/c1").with("share", Value::Number(0.5));
    let success = |p: &Prediction| p.value(&object("group/g1"), Metric::GroupSuccess).unwrap();
    let before = success(&branch.predict());
    branch.apply(&half).unwrap();
    let after = success(&branch.predict());
    assert!((after - before / 2.0).abs() < 0.05, "{before} {after}");
}

#[test]
fn replicas_have_the_bounds_of_the_inventory_and_of_the_room() {
    let mut branch = state(&[]).fork();
    for wrong in [0.0, 1.5, 99.0] {
        let refused = branch.apply(&replicas("site/s2", wrong));
        assert!(
            matches!(
                refused,
                Err(TwinError::BadParameter {
                    param: "replicas",
                    ..
                })
            ),
            "{wrong}"
        );
    }
    branch.apply(&replicas("site/s2", 2.0)).unwrap();
    branch.apply(&replicas("site/s2", 2.0)).unwrap();
}

#[test]
fn an_instance_that_died_with_its_host_comes_up_on_another() {
    let dead = state(&[("instance/i1", Metric::InstanceUp, 0.0)]);
    let moved = tried(&dead, &[action(Verb::InstanceMigrate, "instance/i1")]);
    let up = "instance/i1 instance.up".to_owned();
    assert!(names(&moved.without).contains(&up));
    assert!(!names(&moved.with).contains(&up));
}
