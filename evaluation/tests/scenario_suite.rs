//! The shipped scenarios are what they say, cover what they should, and come with the binary unchanged.

#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use zizhi_evaluation::sandbox::network;
use zizhi_evaluation::scenario::{
    GenerateConfig, Scenario, Shape, claims, generate, load_suite, parse, suite, to_yaml,
};
use zizhi_types::{Domain, FaultKind};

/// Every so many shipped scenarios one is simulated by default.
const EACH: usize = 8;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn the_suite_in_the_binary_is_the_folder() {
    let (shipped, written) = (suite("core").unwrap(), load_suite(&folder()).unwrap());
    assert_eq!(shipped, written);
    for scenario in &shipped {
        assert!(folder().join(&scenario.name).is_dir(), "{}", scenario.name);
    }
}

#[test]
fn every_scenario_is_told_in_both_languages_and_written_as_it_is_read() {
    for scenario in suite("core").unwrap() {
        let (name, told) = (&scenario.name, &scenario.description);
        assert!(
            is_chinese(&scenario.title.zh) && is_chinese(&told.zh),
            "{name}"
        );
        assert!(
            !is_chinese(&scenario.title.en) && !is_chinese(&told.en),
            "{name}"
        );
        assert!(told.en.len() > 80 && told.en.ends_with('.'), "{name}");
        for fault in &scenario.faults {
            for part in fault.object.name().split(':') {
                assert!(
                    told.en.contains(part) && told.zh.contains(part),
                    "{name}: {part}"
                );
            }
        }
        assert_eq!(parse("again", &to_yaml(&scenario)).unwrap(), scenario);
    }
}

#[test]
fn the_suite_covers_networks_domains_shapes_and_faults() {
    let all = suite("core").unwrap();
    assert!(all.len() >= 64, "{}", all.len());
    let networks: BTreeSet<&str> = all.iter().map(|s| s.network.as_str()).collect();
    let built_in: BTreeSet<&str> = network::BUILT_IN.iter().map(|(n, _)| *n).collect();
    assert_eq!(networks, built_in);
    let faults = || all.iter().flat_map(|s| &s.faults);
    let kinds: BTreeSet<FaultKind> = faults().map(|f| f.kind).collect();
    assert_eq!(kinds.len(), FaultKind::ALL.len());
    let domains: BTreeSet<Domain> = faults().map(|f| f.object.domain()).collect();
    assert_eq!(domains, Domain::ALL.into_iter().collect());
    let mut shapes: BTreeMap<Shape, usize> = BTreeMap::new();
    for scenario in &all {
        *shapes.entry(scenario.shape).or_default() += 1;
    }
    for shape in Shape::ALL {
        let least = match shape {
            Shape::Single => 12,
            Shape::CrossDomain => 10,
            _ => 4,
        };
        let count = shapes.get(&shape).copied().unwrap_or(0);
        assert!(count >= least, "{}: {count}, not {least}", shape.as_str());
    }
}

#[test]
fn the_smoke_suite_is_eight_of_the_core_suite_of_different_shapes() {
    let smoke = suite("smoke").unwrap();
    assert_eq!(smoke.len(), 8);
    let shapes: BTreeSet<Shape> = smoke.iter().map(|s| s.shape).collect();
    assert_eq!(shapes.len(), 8);
}

fn hold(scenarios: impl Iterator<Item = Scenario>) {
    for scenario in scenarios {
        let network = network::load(&scenario.network).unwrap();
        let claims =
            claims::check(&scenario, &network).unwrap_or_else(|e| panic!("{}: {e}", scenario.name));
        let told = scenario.description.en.contains("Users feel it");
        assert_eq!(claims.users_hurt, told, "{}", scenario.name);
    }
}

#[test]
fn what_scenarios_claim_holds_by_simulation() {
    hold(suite("core").unwrap().into_iter().step_by(EACH));
}

#[test]
#[ignore = "simulates every shipped scenario several times: some minutes in a debug build"]
fn what_every_scenario_claims_holds_by_simulation() {
    hold(suite("core").unwrap().into_iter());
}

#[test]
fn a_scenario_that_is_not_what_it_says_is_found_out() {
    let mut scenario = suite("core")
        .unwrap()
        .into_iter()
        .find(|s| s.network == "abilene" && s.shape == Shape::Single)
        .unwrap();
    let network = network::load("abilene").unwrap();
    scenario.shape = Shape::CrossDomain;
    let said = claims::check(&scenario, &network).unwrap_err().to_string();
    assert_eq!(said, "its faults are all in one domain");
    scenario.shape = Shape::Single;
    scenario.double.clear();
    let said = claims::check(&scenario, &network).unwrap_err().to_string();
    assert_eq!(said, "it has no double");
}

#[test]
fn equal_seeds_give_equal_files_and_others_other_ones() {
    let make = |seed| {
        let config = GenerateConfig {
            network: "abilene".to_owned(),
            shape: Shape::LyingTelemetry,
            seed,
            fault: None,
        };
        to_yaml(&generate(&config).unwrap())
    };
    let first = make(5);
    assert_eq!(first, make(5));
    assert_ne!(first, make(6));
}
