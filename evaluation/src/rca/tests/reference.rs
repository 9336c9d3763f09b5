//! The worked example: every figure of it is reproduced.

use super::shared;
use crate::rca::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn value(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

/// Figures worked out by hand are rounded to six digits: ours must be within half of the last one. Figures with fewer
/// digits are exact, and ours must be within 1e-9.
fn same_figure(ours: f64, expected: f64, name: &str) {
    let digits = expected.to_string().split('.').nth(1).map_or(0, str::len);
    let tolerance = if digits >= 6 { 0.5e-6 + 1e-9 } else { 1e-9 };
    assert!(
        (ours - expected).abs() <= tolerance,
        "{name}: {ours} is not {expected}"
    );
}

#[test]
fn every_figure_of_the_worked_example_is_reproduced() {
    let Some(folder) = shared("reference/rca") else {
        return;
    };
    let expected = value(&folder.join("expected.json"));
    let truths: Vec<Truth> = lines(&folder.join("truth.jsonl"));
    let predictions: Vec<Prediction> = lines(&folder.join("predictions.jsonl"));
    let service_of: BTreeMap<String, String> =
        serde_json::from_value(expected["service_of"].clone()).unwrap();
    let ours = score(
        &truths.iter().collect::<Vec<_>>(),
        &predictions,
        &service_of,
    );
    let ours = serde_json::to_value(&ours).unwrap();
    let mut compared = 0;
    for (name, want) in expected["score"].as_object().unwrap() {
        // The file says of which ranking a figure is; here the node's is the plain one.
        let have = &ours[name.strip_prefix("node_").unwrap_or(name)];
        for (i, want) in flat(want).into_iter().enumerate() {
            let have = flat(have)
                .get(i)
                .copied()
                .unwrap_or_else(|| panic!("{name} is missing"));
            same_figure(have, want, name);
            compared += 1;
        }
    }
    assert_eq!(compared, 26, "a figure was added or lost");
}

fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_f64).collect(),
        one => one.as_f64().into_iter().collect(),
    }
}

#[test]
fn the_arrows_of_the_worked_example_are_scored_alike() {
    let Some(folder) = shared("reference/rca") else {
        return;
    };
    let expected = value(&folder.join("expected.json"));
    let read = |name: &str| edge_list(&folder.join(name)).unwrap();
    let ours =
        serde_json::to_value(edges(&read("edges_pred.csv"), &read("edges_truth.csv"))).unwrap();
    for (name, want) in expected["edges"].as_object().unwrap() {
        same_figure(ours[name].as_f64().unwrap(), want.as_f64().unwrap(), name);
    }
}

#[test]
fn the_verdicts_of_the_worked_example_are_given_alike() {
    let Some(folder) = shared("reference/rca") else {
        return;
    };
    for case in value(&folder.join("expected.json"))["change"]
        .as_array()
        .unwrap()
    {
        let truth = Truth {
            root_cause_commit: case["truth"]["root_cause_commit"]
                .as_str()
                .map(str::to_owned),
            decoy_deploy_commits: serde_json::from_value(
                case["truth"]["decoy_deploy_commits"].clone(),
            )
            .unwrap(),
            ..Truth::default()
        };
        let ours = verdict(case["named"].as_str(), &truth);
        assert_eq!(
            serde_json::to_value(ours).unwrap(),
            case["verdict"],
            "{case}"
        );
    }
}
