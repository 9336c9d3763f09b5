//! Every guard can say no, says why, and none of them can raise a mode.

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use std::collections::{BTreeMap, BTreeSet};
use zizhi_playbooks::case::Case;
use zizhi_playbooks::guards::{GuardState, Maintenance, Reach, reach, rule};
use zizhi_playbooks::playbook::BlastRadius;
use zizhi_playbooks::{Catalog, Context, candidates};
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::hypothesis::HypothesisState;
use zizhi_types::plan::Mode;
use zizhi_types::record::Ruling;
use zizhi_types::topology::{Network, Router, Tier};
use zizhi_types::{
    Domain, FaultKind, Hypothesis, IncidentId, ManagedObject, Metric, NetTime, Plan, PlanId,
};

const NOW: NetTime = NetTime::from_secs(3_600);

fn plan(mode: Mode) -> Plan {
    let mut network = Network::empty("one");
    network.routers = vec![Router {
        id: "A".into(),
        tier: Tier::Core,
        lat: None,
        lon: None,
        weight: 1.0,
    }];
    let hypothesis = Hypothesis {
        object: "router/A".parse().unwrap(),
        fault: FaultKind::RouterCrash,
        probability: 0.9,
        state: HypothesisState::Supported,
        evidence_for: vec![],
        evidence_against: vec![],
    };
    let context = Context::of(&network, &|_, _| None, &hypothesis);
    let (mut drafts, _) = candidates(&Catalog::builtin().unwrap(), &hypothesis, &context);
    let mut draft = drafts.remove(0);
    draft.mode = mode;
    draft.into_plan(
        PlanId::new(Domain::Transport, 1),
        IncidentId::new(Domain::Transport, 1),
    )
}

fn calm() -> GuardState {
    GuardState {
        blast_radius: Some(BlastRadius {
            max_objects: 1,
            max_services: 1,
        }),
        reach: Some(Reach::default()),
        evidence_at: Some(NOW - 5_000),
        heard_at: BTreeMap::from([("router/A".parse().unwrap(), NOW - 5_000)]),
        ..GuardState::default()
    }
}

/// The ruling, and the reasons of the guards that refused.
fn ask(plan: &Plan, state: &GuardState, ceiling: Mode) -> (Ruling, String) {
    let decision = rule(plan, state, ceiling, NOW);
    let ruling = decision.ruling;
    let refused: Vec<_> = decision
        .guards
        .iter()
        .filter(|g| !g.pass)
        .map(|g| g.reason.as_str())
        .collect();
    (ruling, refused.join("; "))
}

#[test]
fn the_lower_of_mode_and_ceiling_rules() {
    for (mode, ceiling, ruling) in [
        (Mode::Auto, Mode::Auto, Ruling::Proceed),
        (Mode::Auto, Mode::Approve, Ruling::Ask),
        (Mode::Approve, Mode::Auto, Ruling::Ask),
        (Mode::Auto, Mode::Suggest, Ruling::ShowOnly),
        (Mode::Observe, Mode::Auto, Ruling::ShowOnly),
    ] {
        assert_eq!(
            ask(&plan(mode), &calm(), ceiling).0,
            ruling,
            "{mode} under {ceiling}"
        );
    }
}

#[test]
fn an_approval_is_for_one_content_only() {
    let plan = plan(Mode::Approve);
    let mut state = calm();
    state.approved = Some(plan.fingerprint.clone());
    assert_eq!(ask(&plan, &state, Mode::Auto).0, Ruling::Proceed);
    let mut forged = plan.clone();
    forged.steps.clear();
    let (ruling, why) = ask(&forged, &state, Mode::Auto);
    assert_eq!(ruling, Ruling::Deny);
    assert!(why.contains("it was changed"), "{why}");
    // An approval does not lift a mode that only shows.
    assert_eq!(ask(&plan, &state, Mode::Suggest).0, Ruling::ShowOnly);
}

#[test]
fn every_guard_refuses_with_a_reason() {
    let a = || "router/A".parse::<zizhi_types::ManagedObject>().unwrap();
    let incident = IncidentId::new(Domain::Transport, 9);
    let work = Maintenance {
        ticket: "CHG-7".into(),
        objects: BTreeSet::from([a()]),
        from: NOW - 1,
        until: NOW + 60_000,
    };
    let cases: [(GuardState, &str); 10] = [
        (
            GuardState {
                kill_switch: Some("wang: storm drill".into()),
                ..calm()
            },
            "wang: storm drill",
        ),
        (
            GuardState {
                blast_radius: None,
                ..calm()
            },
            "not known",
        ),
        (
            GuardState {
                blast_radius: Some(BlastRadius {
                    max_objects: 0,
                    max_services: 9,
                }),
                ..calm()
            },
            "touches 1 objects",
        ),
        (
            GuardState {
                services: ["x".into(), "y".into()].into(),
                ..calm()
            },
            "2 services depend on it (x, y)",
        ),
        (
            GuardState {
                busy: BTreeMap::from([(a(), incident)]),
                ..calm()
            },
            "inc-transport-9 is at work on router/A",
        ),
        (
            GuardState {
                acted: BTreeMap::from([(a(), vec![NOW - 1, NOW - 2, NOW - 3])]),
                ..calm()
            },
            "3 times in 10 minutes",
        ),
        (
            GuardState {
                evidence_at: None,
                ..calm()
            },
            "no evidence",
        ),
        (
            GuardState {
                evidence_at: Some(NOW - 200_000),
                ..calm()
            },
            "200 s old",
        ),
        (
            GuardState {
                maintenance: vec![work],
                ..calm()
            },
            "CHG-7 until 01:01:00",
        ),
        (
            GuardState {
                frozen: BTreeMap::from([(a(), "undo failed".into())]),
                ..calm()
            },
            "undo failed",
        ),
    ];
    for (state, reason) in cases {
        let (ruling, why) = ask(&plan(Mode::Auto), &state, Mode::Auto);
        assert_eq!(ruling, Ruling::Deny, "{reason}");
        assert!(why.contains(reason), "{why}");
    }
}

#[test]
fn old_actions_and_past_work_do_not_count() {
    let mut state = calm();
    let a: zizhi_types::ManagedObject = "router/A".parse().unwrap();
    state.acted.insert(a.clone(), vec![NOW - 600_000; 9]);
    state.maintenance.push(Maintenance {
        ticket: "CHG-1".into(),
        objects: BTreeSet::from([a]),
        from: NOW - 10,
        until: NOW,
    });
    assert_eq!(
        ask(&plan(Mode::Auto), &state, Mode::Auto),
        (Ruling::Proceed, String::new())
    );
}

/// The sample network: three instances of one service, two of them at s1; two cells of 100 requests per second.
#[test]
fn fewer_replicas_a_lock_and_barred_users_take_capacity_out_and_their_opposites_none() {
    let network = Case::sample_network();
    let all_up = |_: &ManagedObject, metric: Metric| (metric == Metric::InstanceUp).then_some(1.0);
    let taken = |verb: Verb, object: &str, params: &[(&str, Value)]| {
        let mut plan = plan(Mode::Auto);
        let action = Action::new(verb, object.parse().unwrap());
        let with = |action: Action, (key, value): &(&str, Value)| action.with(key, value.clone());
        plan.steps[0].action = params.iter().fold(action, with);
        reach(&network, &all_up, &plan)
    };
    let replicas = |count: f64| {
        let service = ("service", Value::Text("svc".to_owned()));
        let count = ("replicas", Value::Number(count));
        taken(Verb::SiteSetReplicas, "site/s1", &[service, count])
    };
    assert_eq!(replicas(3.0).losers, 0);
    assert_eq!(replicas(2.0).losers, 0);
    assert_eq!(replicas(1.0).instances["svc"], (3, 2));
    assert_eq!(replicas(0.0).instances["svc"], (3, 1));
    let cell = |verb, params: &[_]| taken(verb, "cell/c1", params).share;
    let admit = |share: f64| cell(Verb::CellLimitAdmission, &[("share", Value::Number(share))]);
    for (share, wanted) in [
        (cell(Verb::CellLock, &[]), 0.5),
        (cell(Verb::CellUnlock, &[]), 0.0),
        (admit(0.5), 0.25),
        (admit(1.0), 0.0),
    ] {
        assert!((share - wanted).abs() < 1e-9, "{share} {wanted}");
    }
}
