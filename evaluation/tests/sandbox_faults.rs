//! Every kind of fault hurts, is cured by its actions, and is known to the truth; its double does not hurt.

#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

mod sandbox_common;

use sandbox_common::Recorder;
use std::collections::BTreeSet;
use zizhi_evaluation::sandbox::{GroundTruth, Sandbox, network, truth};
use zizhi_playbooks::Driver;
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::objective::Violation;
use zizhi_types::wire::Maintenance;
use zizhi_types::{FaultKind, ManagedObject, NetTime, ObjectKind};

fn sandbox(name: &str, seed: u64, hour: u64) -> Sandbox {
    Sandbox::new(
        &network::load(name).unwrap(),
        seed,
        NetTime::from_secs(hour * 3600),
    )
}

/// Lets `intervals` pass and returns every violation seen on the way.
async fn watch(sandbox: &Sandbox, bus: &Recorder, intervals: usize) -> Vec<Violation> {
    let mut seen = vec![];
    for _ in 0..intervals {
        sandbox.step(bus).await.unwrap();
        seen.extend(truth::true_violations(&sandbox.snapshot()));
    }
    seen
}

fn texts(violations: &[Violation]) -> BTreeSet<String> {
    violations
        .iter()
        .map(|v| {
            format!(
                "{} {} ({} at {})",
                v.object,
                v.metric.as_str(),
                v.limit,
                v.value
            )
        })
        .collect()
}

fn kinds(violations: &[Violation]) -> BTreeSet<String> {
    violations
        .iter()
        .map(|v| format!("{} {}", v.object, v.metric.as_str()))
        .collect()
}

/// An action of the first cure that takes the fault's harm away.
fn cure(sandbox: &Sandbox, fault: &GroundTruth) -> Action {
    let net = sandbox.network();
    let verb = fault.cures.first().copied().unwrap_or(Verb::LinkSetCost);
    let action = Action::new(verb, fault.object.clone());
    match (fault.kind, verb) {
        (FaultKind::TrafficSurge, _) => {
            // The busiest link just now.
            let worst = worst_port(sandbox);
            Action::new(verb, worst.link_of_port().unwrap()).with(
                "cost",
                Value::Number(fault.params.get("relief_cost").copied().unwrap_or(60_000.0)),
            )
        }
        (FaultKind::WrongCost, _) => {
            let built = net
                .links
                .iter()
                .find(|l| l.id == fault.object.name())
                .unwrap();
            action.with("cost", Value::Number(f64::from(built.cost)))
        }
        (_, Verb::LinkSetCost) => action.with("cost", Value::Number(60_000.0)),
        (_, Verb::LinkSetRate) => {
            let built = net
                .links
                .iter()
                .find(|l| l.id == fault.object.name())
                .unwrap();
            action.with("mbps", Value::Number(built.capacity_mbps))
        }
        (_, Verb::SiteScaleOut) => {
            let busiest = crowded_service(sandbox, fault.object.name());
            action.with("service", Value::Text(busiest))
        }
        _ => action,
    }
}

fn worst_port(sandbox: &Sandbox) -> ManagedObject {
    truth::true_violations(&sandbox.snapshot())
        .into_iter()
        .filter(|v| v.object.kind() == ObjectKind::Port)
        .max_by(|x, y| x.value.total_cmp(&y.value))
        .map_or_else(|| panic!("a surge overloads a port"), |v| v.object)
}

fn crowded_service(sandbox: &Sandbox, site: &str) -> String {
    let net = sandbox.network();
    let hurt = truth::true_violations(&sandbox.snapshot());
    let here = net.instances.iter().filter(|i| i.site == site);
    let hurt_here = here
        .clone()
        .find(|i| hurt.iter().any(|v| v.object.name() == i.id));
    hurt_here.or(here.clone().next()).unwrap().service.clone()
}

async fn story(
    name: &str,
    kind: FaultKind,
    seed: u64,
    hour: u64,
) -> (GroundTruth, Vec<Violation>, Vec<Violation>) {
    let sandbox = sandbox(name, seed, hour);
    let bus = Recorder::new();
    let before = watch(&sandbox, &bus, 6).await;
    assert_eq!(
        texts(&before),
        BTreeSet::new(),
        "{name} {kind} seed {seed}: unhealthy before"
    );
    let fault = sandbox.inject(kind).unwrap();
    let hurt = watch(&sandbox, &bus, 15).await;
    let action = cure(&sandbox, &fault);
    sandbox.driver().apply("key-1", &action).await.unwrap();
    if kind == FaultKind::SiteOverload {
        for instance in sandbox
            .network()
            .instances
            .iter()
            .filter(|i| i.site == fault.object.name())
        {
            let object = ManagedObject::new(ObjectKind::Instance, &instance.id).unwrap();
            let limit =
                Action::new(Verb::InstanceSteerLimit, object).with("share", Value::Number(0.8));
            sandbox
                .driver()
                .apply(&format!("limit-{}", instance.id), &limit)
                .await
                .unwrap();
        }
    }
    watch(&sandbox, &bus, 12).await;
    let after = watch(&sandbox, &bus, 6).await;
    (fault, hurt, after)
}

/// The kind's own symptom, which must appear.
fn symptom(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::LinkDown => "port.oper_up",
        FaultKind::LinkRateCut => "port.rate_mbps",
        FaultKind::LinkLossy => "port.error_ratio",
        FaultKind::LinkFlapping => "port.carrier_transitions",
        FaultKind::LinkSilent => "port.adjacency_up",
        FaultKind::WrongCost => "port.cost",
        FaultKind::RouterCrash => "router.up",
        FaultKind::TrafficSurge => "port.discard_ratio",
        FaultKind::InstanceCrash => "instance.up",
        FaultKind::InstanceSlow => "instance.service_ms",
        FaultKind::SiteOverload => "group.success_ratio",
        FaultKind::StalePolicy => "gateway.policy_age_s",
        FaultKind::CellOutage => "cell.failure_ratio",
    }
}

#[tokio::test]
async fn every_fault_shows_its_symptom_and_its_cure_leaves_users_unhurt() {
    for kind in FaultKind::ALL {
        let (fault, hurt, after) = story("metro", *kind, 3, 10).await;
        assert!(
            hurt.iter().any(|v| v.metric.as_str() == symptom(*kind)),
            "{kind}: {:?}",
            kinds(&hurt)
        );
        let service =
            |v: &&Violation| matches!(v.object.kind(), ObjectKind::Group | ObjectKind::Cell);
        let left: Vec<Violation> = after.iter().filter(service).cloned().collect();
        assert_eq!(texts(&left), BTreeSet::new(), "{kind} on {}", fault.object);
    }
}

#[tokio::test]
async fn a_fault_is_cleared_by_its_cure_or_by_the_field_crew() {
    for kind in FaultKind::ALL {
        let sandbox = sandbox("metro", 2, 10);
        let bus = Recorder::new();
        watch(&sandbox, &bus, 2).await;
        let fault = sandbox.inject(*kind).unwrap();
        watch(&sandbox, &bus, 3).await;
        assert_eq!(sandbox.ground_truth()[0].cleared_at, None, "{kind}");
        assert!(sandbox.repair(&fault.id), "{kind}");
        assert_eq!(
            sandbox.ground_truth()[0].cleared_at,
            Some(sandbox.now()),
            "{kind}"
        );
        assert!(!sandbox.repair(&fault.id), "{kind} is gone already");
        watch(&sandbox, &bus, 14).await;
        let late = watch(&sandbox, &bus, 3).await;
        assert_eq!(texts(&late), BTreeSet::new(), "{kind} on {}", fault.object);
    }
}

#[tokio::test]
async fn doubles_are_loud_and_break_nothing() {
    for kind in FaultKind::ALL {
        let sandbox = sandbox("metro", 4, 10);
        let bus = Recorder::new();
        watch(&sandbox, &bus, 2).await;
        let double = sandbox.inject_double(*kind).unwrap();
        bus.drain();
        let mut broken = watch(&sandbox, &bus, 36).await;
        let said = bus.drain();
        let notices: Vec<Maintenance> = said
            .iter()
            .filter(|s| s.subject.ends_with("obs.maintenance"))
            .map(|s| serde_json::from_slice(&s.payload).unwrap())
            .collect();
        assert_eq!(notices.len(), usize::from(double.announced), "{kind}");
        let excused = |v: &Violation| notices.iter().any(|n| n.objects.contains(&v.object));
        broken.retain(|v| !excused(v));
        assert_eq!(
            texts(&broken),
            BTreeSet::new(),
            "{kind} on {}",
            double.object
        );
    }
}

#[tokio::test]
async fn restarting_a_gateways_router_is_harm_and_restarting_a_dead_instance_is_not() {
    let sandbox = sandbox("metro", 5, 10);
    let bus = Recorder::new();
    watch(&sandbox, &bus, 3).await;
    let router = ManagedObject::new(ObjectKind::Router, "C2").unwrap();
    let reckless = Action::new(Verb::RouterRestart, router);
    let harm = truth::harm_of(&sandbox.snapshot(), std::slice::from_ref(&reckless));
    assert!(
        harm.harmful,
        "gw-1 hangs on C2: its users lose twenty seconds of service"
    );
    let fault = sandbox.inject(FaultKind::InstanceCrash).unwrap();
    watch(&sandbox, &bus, 3).await;
    let cure = cure(&sandbox, &fault);
    let harm = truth::harm_of(&sandbox.snapshot(), std::slice::from_ref(&cure));
    assert!(!harm.harmful && !harm.refused, "{harm:?}");
}

#[tokio::test]
async fn a_used_key_changes_nothing_and_an_undo_restores() {
    let sandbox = sandbox("metro", 6, 10);
    let link: ManagedObject = "link/C1-C2".parse().unwrap();
    let set =
        |cost: f64| Action::new(Verb::LinkSetCost, link.clone()).with("cost", Value::Number(cost));
    let driver = sandbox.driver();
    let first = driver.apply("a", &set(100.0)).await.unwrap();
    assert_eq!(driver.apply("a", &set(200.0)).await.unwrap(), first);
    assert_eq!(first.after, "cost 100 / 100");
    let back = driver.apply("b", &first.undo.unwrap()).await.unwrap();
    assert_eq!(back.after, first.before);
    assert_eq!(driver.drain_applied().len(), 2);
    let site: ManagedObject = "site/central-1".parse().unwrap();
    let grow =
        Action::new(Verb::SiteScaleOut, site).with("service", Value::Text("infer".to_owned()));
    let grown = driver.apply("c", &grow).await.unwrap();
    let bus = Recorder::new();
    watch(&sandbox, &bus, 3).await;
    assert!(
        bus.drain()
            .iter()
            .any(|s| s.subject == "zizhi.v1.compute.obs.inventory")
    );
    assert!(
        sandbox
            .network()
            .instances
            .iter()
            .any(|i| i.id == "central-1-infer-x1")
    );
    driver.apply("d", &grown.undo.unwrap()).await.unwrap();
    assert!(
        !sandbox
            .network()
            .instances
            .iter()
            .any(|i| i.id == "central-1-infer-x1")
    );
    let unknown = Action::new(Verb::CellRestart, "cell/nowhere".parse().unwrap());
    let refused = driver.apply("e", &unknown).await.unwrap_err().to_string();
    assert!(
        refused.contains("cell/nowhere is not in this network"),
        "{refused}"
    );
}

#[tokio::test]
#[ignore = "prints a survey"]
#[expect(
    clippy::disallowed_methods,
    reason = "the environment says what to survey"
)]
async fn survey() {
    let nets = std::env::var("NETS").unwrap_or_else(|_| "metro".into());
    let seeds: u64 = std::env::var("SEEDS").map_or(2, |s| s.parse().unwrap());
    let only = std::env::var("ONLY").ok();
    for name in nets.split(',') {
        for kind in FaultKind::ALL {
            if only.as_ref().is_some_and(|o| o != kind.as_str()) {
                continue;
            }
            for seed in 1..=seeds {
                let (fault, hurt, after) = story(name, *kind, seed, 8 + seed).await;
                println!("== {name} {kind} {} {:?}", fault.object, fault.params);
                println!("   hurt  {:?}", kinds(&hurt));
                println!("   after {:?}", texts(&after));
            }
        }
    }
}
