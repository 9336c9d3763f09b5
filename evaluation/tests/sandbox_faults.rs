//! Every kind of fault hurts, is cured by its actions, and is known to the truth; its double does not hurt.

mod sandbox_common;

use sandbox_common::Recorder;
use std::collections::BTreeSet;
use zizhi_evaluation::sandbox::{GroundTruth, Sandbox, network, truth};
use zizhi_playbooks::Driver;
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::objective::Violation;
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
    let verb = fault.cures[0];
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

#[tokio::test]
#[ignore = "prints a survey"]
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
