//! Faults as they are asked for: exact, growing, refused with the alternatives; and meters that lie without touching
//! the truth.

#![allow(clippy::float_cmp, clippy::unwrap_used, clippy::panic)] // a test fails by panicking

mod sandbox_common;

use sandbox_common::{Recorder, Values, values};
use zizhi_evaluation::sandbox::params::{GROWING, PARAMS, params_of};
use zizhi_evaluation::sandbox::{FaultSpec, Lie, LieSpec, Sandbox, network, truth};
use zizhi_playbooks::Driver;
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::{FaultKind, ManagedObject, Metric, NetTime};

fn abilene() -> Sandbox {
    let network = network::load("abilene").unwrap();
    Sandbox::new(&network, 1, NetTime::from_secs(8 * 3600))
}

fn fault(kind: FaultKind, object: &str, params: &[(&str, f64)], ramp_s: u64) -> FaultSpec {
    FaultSpec {
        kind,
        object: object.parse().unwrap(),
        at_s: 0,
        params: params.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(),
        ramp_s,
        cures: vec![],
    }
}

fn lie(object: &str, metric: Metric, says: Lie) -> LieSpec {
    LieSpec {
        object: object.parse().unwrap(),
        metric,
        says,
        at_s: 0,
        lasts_s: 30,
    }
}

async fn one_interval(sandbox: &Sandbox) -> Values {
    let bus = Recorder::new();
    sandbox.step(&bus).await.unwrap();
    values(&bus.drain())
}

fn key(object: &str, metric: Metric) -> (ManagedObject, Metric) {
    (object.parse().unwrap(), metric)
}

#[tokio::test]
async fn a_fault_is_exactly_what_was_asked_for() {
    let sandbox = abilene();
    let cut = fault(
        FaultKind::LinkRateCut,
        "link/CHIC-INDI",
        &[("rate_mbps", 1500.0)],
        0,
    );
    let truth = sandbox.inject_as(&cut).unwrap();
    assert_eq!(truth.object, cut.object);
    assert_eq!(truth.params["rate_mbps"], 1500.0);
    let seen = one_interval(&sandbox).await;
    assert_eq!(seen[&key("port/CHIC:CHIC-INDI", Metric::PortRate)], 1500.0);
    assert_eq!(sandbox.ground_truth()[0].cleared_at, None);
}

#[tokio::test]
async fn every_kind_has_a_middle_severity_that_is_within_its_ranges() {
    for kind in FaultKind::ALL {
        // The seeded choice names an object that can have the fault; everything else is left out.
        let object = abilene().inject(*kind).unwrap().object;
        let truth = abilene()
            .inject_as(&fault(*kind, &object.to_string(), &[], 0))
            .unwrap();
        for param in params_of(*kind).filter(|p| p.name != "relief_cost") {
            let value = truth.params[param.name];
            assert!(
                (param.low..=param.high).contains(&value),
                "{kind} {}: {value}",
                param.name
            );
        }
    }
}

#[tokio::test]
async fn asking_for_a_fault_draws_nothing_from_the_seeded_choice() {
    let (asked, drawn) = (abilene(), abilene());
    asked
        .inject_as(&fault(FaultKind::CellOutage, "cell/c-denv", &[], 0))
        .unwrap();
    let next = asked.inject(FaultKind::InstanceCrash).unwrap();
    assert_eq!(
        next.object,
        drawn.inject(FaultKind::InstanceCrash).unwrap().object
    );
}

#[tokio::test]
async fn a_growing_fault_grows_step_by_step_to_its_severity() {
    let sandbox = abilene();
    let lossy = fault(
        FaultKind::LinkLossy,
        "link/CHIC-INDI",
        &[("loss_ratio_ab", 0.08), ("loss_ratio_ba", 0.08)],
        120,
    );
    sandbox.inject_as(&lossy).unwrap();
    let mut errors = vec![];
    for _ in 0..15 {
        let seen = one_interval(&sandbox).await;
        errors.push(seen[&key("port/CHIC:CHIC-INDI", Metric::PortError)]);
    }
    assert!(errors[0] < 0.015 && errors[0] > 0.0, "{errors:?}");
    assert!(
        errors.windows(2).take(11).all(|w| w[1] > w[0]),
        "{errors:?}"
    );
    assert!((errors[14] - 0.08).abs() < 0.004, "{errors:?}");
}

#[tokio::test]
async fn a_cure_in_the_middle_of_a_growth_stops_it() {
    let sandbox = abilene();
    let cut = fault(
        FaultKind::LinkRateCut,
        "link/CHIC-INDI",
        &[("rate_mbps", 500.0)],
        300,
    );
    sandbox.inject_as(&cut).unwrap();
    for _ in 0..6 {
        one_interval(&sandbox).await;
    }
    assert_eq!(sandbox.ground_truth()[0].cleared_at, None);
    let link = sandbox
        .network()
        .links
        .iter()
        .find(|l| l.id == "CHIC-INDI")
        .unwrap()
        .clone();
    let cure = Action::new(Verb::LinkSetRate, cut.object.clone())
        .with("mbps", Value::Number(link.capacity_mbps));
    sandbox.driver().apply("cure", &cure).await.unwrap();
    assert_eq!(sandbox.ground_truth()[0].cleared_at, Some(sandbox.now()));
    for _ in 0..30 {
        let seen = one_interval(&sandbox).await;
        assert_eq!(
            seen[&key("port/CHIC:CHIC-INDI", Metric::PortRate)],
            link.capacity_mbps
        );
    }
}

#[tokio::test]
async fn every_growing_kind_grows_and_ends_when_the_field_crew_repairs_it() {
    for kind in GROWING {
        let object = abilene().inject(*kind).unwrap().object;
        let sandbox = abilene();
        let asked = fault(*kind, &object.to_string(), &[], 100);
        let truth = sandbox.inject_as(&asked).unwrap();
        for _ in 0..4 {
            one_interval(&sandbox).await;
        }
        assert_eq!(sandbox.ground_truth()[0].cleared_at, None, "{kind}");
        assert!(sandbox.repair(&truth.id), "{kind}");
        assert!(sandbox.ground_truth()[0].cleared_at.is_some(), "{kind}");
        for _ in 0..30 {
            one_interval(&sandbox).await;
        }
        let broken = truth::true_violations(&sandbox.snapshot());
        assert!(
            broken.is_empty(),
            "{kind} grew on after its end: {broken:?}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    let said = |spec: FaultSpec| abilene().inject_as(&spec).unwrap_err().to_string();
    let down = FaultKind::LinkDown;
    let missing = said(fault(down, "link/CHIC-PARI", &[], 0));
    assert!(
        missing.contains("not in network `abilene`") && missing.contains("CHIC-INDI"),
        "{missing}"
    );
    let kind = said(fault(down, "router/CHIC", &[], 0));
    assert!(kind.contains("name a link"), "{kind}");
    let param = said(fault(
        FaultKind::LinkLossy,
        "link/CHIC-INDI",
        &[("loss", 0.1)],
        0,
    ));
    assert!(
        param.contains("no parameter `loss`") && param.contains("loss_ratio_ab"),
        "{param}"
    );
    let range = said(fault(
        FaultKind::LinkLossy,
        "link/CHIC-INDI",
        &[("loss_ratio_ab", 4.0)],
        0,
    ));
    assert!(range.contains("is 4: write 0 to 0.9"), "{range}");
    let nan = said(fault(
        FaultKind::InstanceSlow,
        "instance/dc-chic-infer-1",
        &[("factor", f64::NAN)],
        0,
    ));
    assert!(nan.contains("write 1.6 to 50"), "{nan}");
    let ramp = said(fault(down, "link/CHIC-INDI", &[], 60));
    assert!(
        ramp.contains("cannot grow") && ramp.contains("link-lossy"),
        "{ramp}"
    );
    let service = said(fault(
        FaultKind::StalePolicy,
        "gateway/gw-mid",
        &[("service_number", 9.0)],
        0,
    ));
    assert!(service.contains("write 1 to 2"), "{service}");
    let sandbox = abilene();
    sandbox
        .inject_as(&fault(down, "link/CHIC-INDI", &[], 0))
        .unwrap();
    let twice = sandbox
        .inject_as(&fault(down, "link/CHIC-INDI", &[], 0))
        .unwrap_err();
    assert!(
        twice.to_string().contains("has this fault already"),
        "{twice}"
    );
    let said = |l: LieSpec| abilene().lie(&l).unwrap_err().to_string();
    let metric = said(lie("cell/c-denv", Metric::RouterUp, Lie::Mute));
    assert!(
        metric.contains("no meter `router.up`") && metric.contains("cell.up"),
        "{metric}"
    );
    let missing = said(lie("cell/c-paris", Metric::CellUp, Lie::Mute));
    assert!(missing.contains("c-denv"), "{missing}");
    let nan = said(lie("cell/c-denv", Metric::CellUp, Lie::Value(f64::NAN)));
    assert!(nan.contains("of cell/c-denv is NaN"), "{nan}");
}

#[test]
fn the_table_of_parameters_has_each_once_and_sane_ranges() {
    for (n, p) in PARAMS.iter().enumerate() {
        assert!(p.low < p.high && p.low >= 0.0, "{} {}", p.kind, p.name);
        assert!(
            !PARAMS[..n]
                .iter()
                .any(|o| (o.kind, o.name) == (p.kind, p.name))
        );
    }
}

#[tokio::test]
async fn a_lie_changes_one_meter_for_its_time_and_nothing_else() {
    let (honest, lying) = (abilene(), abilene());
    let cell = key("cell/c-denv", Metric::CellUp);
    let age = key("gateway/gw-mid", Metric::GatewayPolicyAge);
    let users = key("cell/c-denv", Metric::CellUsers);
    let load = key("cell/c-losa", Metric::CellUtilization);
    one_interval(&honest).await;
    one_interval(&lying).await;
    for (k, says) in [
        (&cell, Lie::Value(0.0)),
        (&age, Lie::Mute),
        (&users, Lie::Times(2.0)),
        (&load, Lie::Frozen),
    ] {
        lying.lie(&lie(&k.0.to_string(), k.1, says)).unwrap();
    }
    let mut frozen = vec![];
    for _ in 0..3 {
        let (mut truth, mut said) = (one_interval(&honest).await, one_interval(&lying).await);
        assert_eq!((truth[&cell], said[&cell]), (1.0, 0.0));
        assert_eq!(said[&users], 2.0 * truth[&users]);
        assert!(truth.contains_key(&age) && !said.contains_key(&age));
        frozen.push(said[&load]);
        for k in [&cell, &age, &users, &load] {
            truth.remove(k);
            said.remove(k);
        }
        assert_eq!(truth, said, "the noise of the others is the same");
    }
    assert!(frozen.windows(2).all(|w| w[0] == w[1]), "{frozen:?}");
    assert_eq!(one_interval(&honest).await, one_interval(&lying).await);
    assert!(truth::true_violations(&lying.snapshot()).is_empty());
}
