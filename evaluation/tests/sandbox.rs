//! The sandbox is healthy by itself, repeats itself exactly, and says what a network would say.

#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

mod sandbox_common;

use sandbox_common::{Recorder, values};
use std::path::PathBuf;
use zizhi_evaluation::sandbox::{Sandbox, network, truth};
use zizhi_types::{FaultKind, Metric, NetTime, ObjectKind};

fn sandbox(name: &str, seed: u64, hour: u64) -> Sandbox {
    Sandbox::new(
        &network::load(name).unwrap(),
        seed,
        NetTime::from_secs(hour * 3600),
    )
}

async fn healthy_for(name: &str, from_hour: u64, hours: u64) {
    let sandbox = sandbox(name, 1, from_hour);
    let bus = Recorder {
        keep: false,
        ..Recorder::new()
    };
    for _ in 0..hours * 360 {
        sandbox.step(&bus).await.unwrap();
        let broken = truth::true_violations(&sandbox.snapshot());
        assert!(broken.is_empty(), "{name} at {}: {broken:?}", sandbox.now());
    }
}

#[tokio::test]
async fn every_network_is_healthy_at_the_busiest_hour() {
    for (name, _) in network::BUILT_IN {
        healthy_for(name, 14, 1).await;
    }
}

#[tokio::test]
#[ignore = "takes minutes in a debug build"]
async fn every_network_is_healthy_for_a_whole_day() {
    for (name, _) in network::BUILT_IN {
        healthy_for(name, 8, 24).await;
    }
}

#[tokio::test]
async fn one_seed_gives_one_run_and_another_gives_another() {
    let run = async |seed| {
        let sandbox = sandbox("abilene", seed, 8);
        let bus = Recorder::new();
        sandbox.announce(&bus).await.unwrap();
        sandbox.inject(FaultKind::LinkLossy).unwrap();
        for _ in 0..6 {
            sandbox.step(&bus).await.unwrap();
        }
        bus.drain()
    };
    let first = run(1).await;
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
}

#[tokio::test]
async fn a_crashed_router_is_silent_and_its_neighbours_see_it() {
    let sandbox = sandbox("abilene", 1, 8);
    let bus = Recorder::new();
    let fault = sandbox.inject(FaultKind::RouterCrash).unwrap();
    for _ in 0..2 {
        bus.drain();
        sandbox.step(&bus).await.unwrap();
    }
    let said = bus.drain();
    assert!(said.iter().all(|s| s.source != fault.object.to_string()));
    let lost = values(&said)
        .into_iter()
        .filter(|((_, metric), value)| *metric == Metric::PortAdjacencyUp && *value == 0.0);
    assert!(lost.count() >= 2);
    assert_eq!(said.last().unwrap().subject, zizhi_types::wire::CLOCK);
}

#[tokio::test]
async fn every_metric_of_the_table_is_measured() {
    let sandbox = sandbox("metro", 1, 14);
    let bus = Recorder::new();
    sandbox.step(&bus).await.unwrap();
    let seen = values(&bus.drain());
    for metric in Metric::ALL {
        assert!(
            seen.keys().any(|(_, m)| m == metric),
            "{} is missing",
            metric.as_str()
        );
    }
    assert!(seen.values().all(|v| v.is_finite()));
    assert!(
        seen.keys()
            .all(|(object, metric)| object.kind() == metric.object_kind())
    );
}

#[test]
fn a_bad_network_file_says_where_and_what_to_write() {
    let good = network::BUILT_IN
        .iter()
        .find(|(name, _)| *name == "abilene")
        .unwrap()
        .1;
    let message = |text: &str| network::parse("mine.yaml", text).unwrap_err().to_string();
    let line = good
        .lines()
        .position(|l| l.contains("id: newy-infer"))
        .unwrap()
        + 1;
    let wrong = good.replace(
        "cell: c-newy, gateway: gw-east, service: infer",
        "cell: c-nwy, gateway: gw-east, service: infer",
    );
    let said = message(&wrong);
    assert!(
        said.starts_with(&format!(
            "mine.yaml:{line}: group `newy-infer` names cell `c-nwy`"
        )),
        "{said}"
    );
    let said = message(&good.replace("peak_utilization", "peak_utilisation"));
    assert!(
        said.contains("mine.yaml") && said.contains("peak_utilisation"),
        "{said}"
    );
    let said = network::load("nowhere").unwrap_err().to_string();
    assert!(
        said.contains("metro, county, geant, abilene, village"),
        "{said}"
    );
}

/// The folder of shared maps; `None` where it is not, which must not be on the build machine.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment names the folder"
)]
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("ZIZHI_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let maps = folder.join("data/topologies");
    if maps.is_dir() {
        return Some(maps);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "no {}",
        maps.display()
    );
    println!("SKIPPED: no {}", maps.display());
    None
}

#[tokio::test]
async fn every_shared_map_becomes_a_network_that_carries_requests() {
    let Some(maps) = shared() else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(&maps).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|e| e != "json") || file.starts_with("tm-") {
            continue;
        }
        let net = network::load(path.to_str().unwrap()).unwrap();
        let sandbox = Sandbox::new(&net, 1, NetTime::from_secs(14 * 3600));
        let bus = Recorder::new();
        for _ in 0..6 {
            sandbox.step(&bus).await.unwrap();
            let broken = truth::true_violations(&sandbox.snapshot());
            let service = broken.iter().any(|v| v.object.kind() == ObjectKind::Group);
            assert!(!service, "{file}: {broken:?}");
        }
        count += 1;
    }
    assert_eq!(count, 30);
}

#[test]
fn a_measured_matrix_replaces_the_demands() {
    let Some(maps) = shared() else { return };
    let net = network::load(maps.join("sndlib-abilene.json").to_str().unwrap()).unwrap();
    let series = maps.join("tm-abilene-hourly.json");
    let net = network::with_matrix(net, &series, 3).unwrap();
    assert!(net.traffic.demands.len() > 100);
    let error = network::with_matrix(net, &series, 9999)
        .unwrap_err()
        .to_string();
    assert!(error.contains("no whole matrix 9999"), "{error}");
}
