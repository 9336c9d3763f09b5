//! The lab with real routers: built, broken, cured, removed.
//!
//! These tests need FRR and network namespaces. Where they are missing they say so and pass; with `CI=true` and root
//! they must not be missing.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test stops at the first surprise; states and settings are read back exactly"
)]

mod lab_common;

use std::collections::BTreeMap;
use std::time::Duration;
use zizhi_evaluation::lab::Lab;
use zizhi_evaluation::lab::clock::Stopwatch;
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::{FaultKind, Metric};

/// What must be seen of a fault.
type Sign = fn(&Values) -> bool;
type Values = BTreeMap<(String, Metric), f64>;

async fn values(lab: &Lab) -> Values {
    let (_, batches) = lab.round().await;
    let samples = batches.into_iter().flat_map(|b| b.samples);
    samples
        .map(|s| ((s.object.to_string(), s.metric), s.value))
        .collect()
}

fn of(values: &Values, object: &str, metric: Metric) -> f64 {
    values
        .get(&(object.to_owned(), metric))
        .copied()
        .unwrap_or(f64::NAN)
}

/// Reads rounds until something is seen; returns how long that took.
async fn until(lab: &Lab, what: &str, seen: impl Fn(&Values) -> bool) -> Duration {
    let begun = Stopwatch::start();
    loop {
        let values = values(lab).await;
        if seen(&values) {
            eprintln!("{what}: after {:.1} s", begun.elapsed().as_secs_f64());
            return begun.elapsed();
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{what} was never seen: {values:#?}"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn healthy(lab: &Lab, values: &Values) -> bool {
    let network = lab.network();
    let ports = network.links.iter().all(|l| {
        [&l.a, &l.b].into_iter().all(|end| {
            let port = format!("port/{end}:{}", l.id);
            of(values, &port, Metric::PortOperUp) == 1.0
                && of(values, &port, Metric::PortAdjacencyUp) == 1.0
                && of(values, &port, Metric::PortCost) == f64::from(l.cost)
                && of(values, &port, Metric::PortRate) == l.capacity_mbps
                && of(values, &port, Metric::PortError) == 0.0
                && of(values, &port, Metric::PortDiscard) == 0.0
        })
    });
    let groups = network.groups.iter().all(|g| {
        let group = format!("group/{}", g.id);
        of(values, &group, Metric::GroupSuccess) == 1.0
            && of(values, &group, Metric::GroupLatency) < g.latency_ms_max
            && of(values, &group, Metric::GroupRate) > g.rate_rps * 0.7
    });
    let routers = network
        .routers
        .iter()
        .all(|r| of(values, &format!("router/{}", r.id), Metric::RouterUp) == 1.0);
    let instances = network
        .instances
        .iter()
        .all(|i| of(values, &format!("instance/{}", i.id), Metric::InstanceUp) == 1.0);
    ports && groups && routers && instances && of(values, "path/m1:d1", Metric::PathLoss) == 0.0
}

async fn cure(lab: &Lab, key: &str, action: &Action) {
    let begun = Stopwatch::start();
    let receipt = lab.driver().apply(key, action).await.unwrap();
    eprintln!(
        "{action}: {:.0} ms: {} -> {}",
        begun.ms(),
        receipt.before,
        receipt.after
    );
    assert_eq!(receipt.undo.is_some(), action.verb.can_undo());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_seen_and_its_cure_works() {
    let Some(config) = lab_common::config('f') else {
        return;
    };
    let (root, id) = (config.root.clone(), config.id.clone());
    let lab = Lab::up(config, &|line| eprintln!("{line}")).unwrap();
    until(&lab, "a healthy lab", |v| healthy(&lab, v)).await;
    let faults: [(FaultKind, Sign); 5] = [
        (FaultKind::LinkDown, |v| {
            of(v, "port/c3:c1-c3", Metric::PortOperUp) == 0.0
                && of(v, "port/c1:c1-c3", Metric::PortAdjacencyUp) == 0.0
        }),
        (FaultKind::LinkSilent, |v| {
            of(v, "port/c1:c1-c3", Metric::PortOperUp) == 1.0
                && of(v, "port/c1:c1-c3", Metric::PortError) == 1.0
                && of(v, "port/c3:c1-c3", Metric::PortAdjacencyUp) == 0.0
        }),
        (FaultKind::LinkRateCut, |v| {
            of(v, "port/c3:c1-c3", Metric::PortRate) == 5.0
                && of(v, "port/c3:c1-c3", Metric::PortDiscard) > 0.01
        }),
        (FaultKind::WrongCost, |v| {
            of(v, "port/c3:c1-c3", Metric::PortCost) == 1000.0
                && of(v, "port/c4:c1-c4", Metric::PortOut) > 3.0
        }),
        (FaultKind::InstanceCrash, |v| {
            of(v, "instance/infer@dc1", Metric::InstanceUp) == 0.0
        }),
    ];
    for (kind, sign) in faults {
        let truth = lab.inject(kind, None).unwrap();
        until(&lab, &format!("the sign of {kind}"), sign).await;
        cure(&lab, &format!("{kind}-cure"), &truth.cures[0]).await;
        if kind == FaultKind::LinkSilent {
            // Drained, not repaired: users are well, the link stays out until somebody mends the cable.
            until(&lab, "users well over the way around", |v| {
                of(v, "group/g1", Metric::GroupSuccess) == 1.0
                    && of(v, "path/m1:d1", Metric::PathLoss) == 0.0
            })
            .await;
            lab.clear(&truth).unwrap();
            let back = Action::new(Verb::LinkSetCost, truth.object.clone())
                .with("cost", Value::Number(10.0));
            cure(&lab, "undrain", &back).await;
        }
        until(&lab, &format!("health after {kind}"), |v| healthy(&lab, v)).await;
    }
    let removed = lab.down().unwrap();
    assert_eq!(removed.namespaces, 13);
    assert_eq!(removed.foreign, Vec::<i32>::new());
    assert!(!root.join(id.as_str()).exists());
}
