//! The twin's routing against golden values: loads, highest utilisation and every single failure of four networks.
//!
//! The values are not part of the repository: they are read from `$ZIZHI_SHARED` or from the folder `shared` beside
//! the repository. Without them the test says so; in CI (`CI=true`) their absence is a failure.

#![allow(clippy::unwrap_used)] // a test that cannot go on must fail
#![allow(clippy::disallowed_methods)] // the folder of golden values is named by the environment

use serde_json::Value;
use std::path::{Path, PathBuf};
use zizhi_twin_link::{Prediction, TwinState};
use zizhi_types::metric::Metric;
use zizhi_types::object::ManagedObject;
use zizhi_types::time::NetTime;
use zizhi_types::topology::{Demand, Link, Network, Router, Tier};

fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("ZIZHI_SHARED").map_or_else(beside, PathBuf::from);
    folder
        .join("reference/twin-vectors.json")
        .exists()
        .then_some(folder)
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn name(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The links' costs as the vectors' `weights` text says.
fn cost(topology: &str, link: &Value, capacity_mbps: f64) -> u32 {
    let length_km = link["length_km"].as_f64().unwrap_or(0.0);
    let cost = match topology {
        "sndlib-geant" => 100_000.0 / capacity_mbps,
        "sndlib-nobel-us" => 10.0,
        _ if length_km == 0.0 => 200.0,
        _ => length_km,
    };
    cost.round_ties_even().max(1.0) as u32
}

/// The demands as the vectors' `note` says, before scaling.
fn demands(folder: &Path, topology: &str, map: &Value) -> Vec<(String, String, f64)> {
    let series = match topology {
        "sndlib-abilene" => "tm-abilene-hourly.json",
        "sndlib-geant" => "tm-geant-15min.json",
        _ => {
            let both = |d: &Value| {
                let (a, b, v) = (name(&d[0]), name(&d[1]), d[2].as_f64().unwrap());
                [(a.clone(), b.clone(), v), (b, a, v)]
            };
            return list(&map["demands"]).iter().flat_map(both).collect();
        }
    };
    let series = read(&folder.join("data/topologies").join(series));
    let order: Vec<String> = list(&series["order"]).iter().map(name).collect();
    let row: Vec<f64> = list(&series["tm"][0])
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect();
    let mut found = vec![];
    for (i, from) in order.iter().enumerate() {
        for (j, to) in order.iter().enumerate().filter(|(j, _)| *j != i) {
            found.push((from.clone(), to.clone(), row[i * order.len() + j]));
        }
    }
    found
}

fn network(folder: &Path, case: &Value) -> Network {
    let topology = name(&case["topology"]);
    let map = read(
        &folder
            .join("data/topologies")
            .join(format!("{topology}.json")),
    );
    let mut network = Network::empty(&topology);
    for node in list(&map["nodes"]) {
        network.routers.push(Router {
            id: name(&node["id"]),
            tier: Tier::Core,
            lat: None,
            lon: None,
            weight: 1.0,
        });
    }
    for link in list(&map["links"]) {
        let id = name(&link["id"]);
        let capacity_mbps = case["capacities_mbps"][&id].as_f64().unwrap();
        network.links.push(Link {
            cost: cost(&topology, link, capacity_mbps),
            a: name(&link["a"]),
            b: name(&link["b"]),
            capacity_mbps,
            delay_ms: link["delay_ms"].as_f64().unwrap(),
            id,
        });
    }
    let scale = case["demand_scale"].as_f64().unwrap();
    // A pair may be listed twice; the twin has one demand per pair.
    let mut sums = std::collections::BTreeMap::new();
    for (from, to, value) in demands(folder, &topology, &map) {
        *sums.entry((from, to)).or_insert(0.0) += value * scale;
    }
    for ((from, to), mbps) in sums {
        network.traffic.demands.push(Demand { from, to, mbps });
    }
    network
}

fn close(got: f64, wanted: f64, what: &str) {
    let most = 1e-3 * wanted.abs() + 2e-6;
    assert!(
        (got - wanted).abs() <= most,
        "{what}: {got} instead of {wanted}"
    );
}

/// The traffic between two neighbours, over all links between them.
fn load(network: &Network, seen: &Prediction, from: &str, to: &str) -> f64 {
    let joins = |l: &&Link| (l.a == from && l.b == to) || (l.a == to && l.b == from);
    let links = network.links.iter().filter(joins);
    links.map(|l| seen.offered_mbps(&l.id, from).unwrap()).sum()
}

fn fail_link(state: &TwinState, link: &Link) -> Prediction {
    let mut state = state.clone();
    for end in [&link.a, &link.b] {
        let port = ManagedObject::port(end, &link.id).unwrap();
        state.observe(&port, Metric::PortOperUp, 0.0, NetTime::from_secs(1));
    }
    state.fork().predict()
}

#[test]
fn loads_and_every_single_failure_are_as_the_golden_values_say() {
    let Some(folder) = shared() else {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "the golden values are missing"
        );
        println!(
            "SKIPPED: no twin-vectors.json; set ZIZHI_SHARED to the folder that holds reference/"
        );
        return;
    };
    let vectors = read(&folder.join("reference/twin-vectors.json"));
    let (mut loads, mut failures) = (0, 0);
    for case in list(&vectors["cases"]) {
        let network = network(&folder, case);
        let state = TwinState::new(&network);
        let seen = state.fork().predict();
        close(
            seen.max_utilization,
            case["mlu"].as_f64().unwrap(),
            &network.name,
        );
        for (ends, wanted) in case["load_mbps"].as_object().unwrap() {
            let (from, to) = ends.split_once("->").unwrap();
            let got = load(&network, &seen, from, to);
            close(
                got,
                wanted.as_f64().unwrap(),
                &format!("{} {ends}", network.name),
            );
            loads += 1;
        }
        for failure in list(&case["single_link_failures"]) {
            let down = name(&failure["down"]);
            let link = network.links.iter().find(|l| l.id == down).unwrap();
            let seen = fail_link(&state, link);
            let what = format!("{} without {down}", network.name);
            close(
                seen.max_utilization,
                failure["mlu"].as_f64().unwrap(),
                &what,
            );
            let lost = failure["unreachable_mbps"].as_f64().unwrap();
            assert!(
                (seen.unreachable_mbps - lost).abs() <= 0.01 + 1e-3 * lost,
                "{what}"
            );
            failures += 1;
        }
    }
    println!("{loads} loads and {failures} failures agree");
}
