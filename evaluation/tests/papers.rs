//! Both published experiments, held point by point against figures that were computed independently from the papers' parameters.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use serde_json::Value;
use std::path::Path;
use zizhi_evaluation::papers::entropy::{self, Node, Rule};
use zizhi_evaluation::papers::routing::{
    Compute, Order, Policy, RATES, Reading, Sweep, Tie, Window, compute_ms, sweep, url_path,
};
use zizhi_evaluation::papers::{self, Study};

/// The reference figures, or `None` with a line that says why the test is skipped.
fn reference(file: &str) -> Option<Value> {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/reference"
    ));
    let path = folder.join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(why) => {
            #[expect(
                clippy::disallowed_methods,
                reason = "only here it matters whether somebody watches"
            )]
            let in_ci = std::env::var_os("CI").is_some();
            assert!(!in_ci, "{}: {why}", path.display());
            println!("SKIPPED: {} cannot be read: {why}", path.display());
            None
        }
    }
}

fn list(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn counts(values: impl IntoIterator<Item = u32>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}

/// The reference is rounded to four decimals.
fn near(ours: &[f64], theirs: &Value, what: &str) {
    let theirs = list(theirs);
    let same = ours.len() == theirs.len()
        && ours
            .iter()
            .zip(&theirs)
            .all(|(a, b)| (a - b).abs() <= 5.1e-5);
    assert!(same, "{what}: {ours:?}, expected {theirs:?}");
}

fn check_window(window: &Window, expected: &Value, name: &str) {
    let at = |field: &str| format!("{name} at {}/s: {field}", expected["rate"]);
    near(&counts(window.load), &expected["load"], &at("load"));
    near(&counts(window.served()), &expected["served"], &at("served"));
    near(
        &[window.max_ms(0), window.max_ms(1)],
        &expected["max_ms"],
        &at("max_ms"),
    );
    if name == "anycast" {
        return;
    }
    near(&counts(window.by_user[0]), &expected["u1"], &at("u1"));
    near(&counts(window.by_user[1]), &expected["u2"], &at("u2"));
    near(
        &[0, 1].map(|u| window.final_max_ms(u)),
        &expected["final_max_ms"],
        &at("final_max_ms"),
    );
    near(
        &[0, 1].map(|u| window.mean_ms(u)),
        &expected["mean_ms"],
        &at("mean_ms"),
    );
}

#[test]
fn an_instance_answers_as_slowly_as_the_formula_says() {
    let Some(reference) = reference("seed-001-vectors.json") else {
        return;
    };
    let points = reference["fd_points"].as_array().unwrap();
    assert_eq!(points.len(), 20);
    for point in points {
        let ours = compute_ms(
            point["a"].as_f64().unwrap(),
            point["load"].as_f64().unwrap(),
        );
        assert!(
            (ours - point["ms"].as_f64().unwrap()).abs() < 1e-9,
            "{point}: {ours}"
        );
    }
}

#[test]
fn every_rate_from_1_to_120_comes_out_as_computed_elsewhere() {
    let Some(reference) = reference("seed-001-vectors.json") else {
        return;
    };
    let ours = sweep(Reading::CANONICAL);
    for (name, windows) in [
        ("anycast", &ours.anycast),
        ("urlpath_plain", &ours.url_path),
    ] {
        let expected = reference[name].as_array().unwrap();
        assert_eq!(expected.len(), RATES.count(), "{name}");
        for ((rate, window), expected) in Sweep::rated(windows).zip(expected) {
            assert_eq!(expected["rate"], rate);
            check_window(window, expected, name);
        }
    }
    let expected = reference["urlpath_protect"].as_array().unwrap();
    assert_eq!(expected.len(), 26);
    for expected in expected {
        let rate = u32::try_from(expected["rate"].as_u64().unwrap()).unwrap();
        check_window(
            &url_path(rate, Reading::PROTECTED),
            expected,
            "urlpath_protect",
        );
    }
}

/// The reference's name of a reading.
fn reference_name(reading: Reading) -> String {
    let compute = if reading.compute == Compute::Text {
        "text"
    } else {
        "matrix"
    };
    let order = match reading.order {
        Order::Interleaved => "interleave",
        Order::FirstU1 => "u1first",
        Order::FirstU2 => "u2first",
    };
    let tie = if reading.tie == Tie::Number {
        "index"
    } else {
        "latency"
    };
    let policy = if reading.policy == Policy::Plain {
        "plain"
    } else {
        "protect"
    };
    format!("{compute}/{order}/{tie}/{policy}")
}

#[test]
fn every_reading_of_the_routing_paper_ends_where_it_was_computed_to_end() {
    let Some(reference) = reference("seed-001-vectors.json") else {
        return;
    };
    let expected = reference["summary_of_variants"].as_object().unwrap();
    assert_eq!(Reading::all().len(), expected.len());
    for reading in Reading::all() {
        let name = reference_name(reading);
        let (ours, expected) = (sweep(reading), &expected[&name]);
        let summary = ours.summary();
        assert_eq!(expected["u1_served_max"], summary.u1_served_max, "{name}");
        let short = [
            &expected["u1_first_short_at"],
            &expected["u2_first_short_at"],
        ];
        assert_eq!(
            short.map(Value::as_u64),
            summary.first_short_at.map(|r| r.map(u64::from)),
            "{name}"
        );
        near(
            &counts(summary.served_at_end),
            &expected["served_at_120"],
            &name,
        );
        let highest = [
            summary.max_ms[0],
            summary.u1_final_max_ms,
            summary.max_ms[1],
        ];
        let theirs = [
            "u1_max_ms_over_all",
            "u1_final_max_ms_over_all",
            "u2_max_ms_over_all",
        ]
        .map(|k| expected[k].clone());
        near(&highest, &Value::from(theirs.to_vec()), &name);
        for (instance, first) in summary.first_used_at.into_iter().enumerate() {
            let theirs = expected["instance_first_used_at"][format!("s{}", instance + 1)].as_u64();
            assert_eq!(theirs, first.map(u64::from), "{name}: s{}", instance + 1);
        }
        let at_80 = ours.url_path_at(80).unwrap();
        near(&counts(at_80.by_user[0]), &expected["at_80"]["u1"], &name);
        near(&counts(at_80.by_user[1]), &expected["at_80"]["u2"], &name);
    }
}

#[test]
fn entropies_come_out_as_computed_elsewhere() {
    let Some(reference) = reference("seed-003-vectors.json") else {
        return;
    };
    let close = |ours: f64, theirs: &Value| (ours - theirs.as_f64().unwrap()).abs() < 5.1e-7;
    for row in reference["table1"].as_array().unwrap() {
        let ours = entropy::entropy(&list(&row["p_high_to_idle"]));
        assert!(close(ours, &row["H"]), "{row}: {ours}");
    }
    let hourly = reference["hourly"].as_array().unwrap();
    assert_eq!(hourly.len(), 6);
    for day in hourly {
        let counted = entropy::hourly_counts(&list(&day["utilisation_percent"]));
        assert_eq!(
            day["counts_idle_to_high"],
            Value::from(counted.to_vec()),
            "{}",
            day["name"]
        );
        assert!(
            close(entropy::of_counts(&counted), &day["H"]),
            "{}",
            day["name"]
        );
    }
    let readings = &reference["eq4_readings"];
    let nodes = list(&readings["nodes_entropies"]);
    assert!(close(
        entropy::normalised_entropy(&nodes),
        &readings["reading_1_normalise"]
    ));
    assert!(close(
        entropy::by_value(&nodes),
        &readings["reading_2_histogram"]
    ));
}

#[test]
fn every_match_is_the_one_computed_elsewhere() {
    let Some(reference) = reference("seed-003-vectors.json") else {
        return;
    };
    let triple = |value: &Value| -> [f64; 3] { list(value).try_into().unwrap() };
    let nodes: Vec<Node> = reference["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| Node {
            id: node["id"].as_str().unwrap().to_owned(),
            offer: triple(&node["r"]),
            entropy: node["H"].as_f64().unwrap(),
        })
        .collect();
    let tasks = reference["tasks"].as_array().unwrap();
    let expected = reference["matching"].as_array().unwrap();
    assert_eq!((nodes.len(), tasks.len(), expected.len()), (16, 5, 15));
    for expected in expected {
        let task = tasks.iter().find(|t| t["id"] == expected["task"]).unwrap();
        let near = expected["eps"].as_f64().unwrap();
        let choose = |rule| entropy::choose(&triple(&task["t"]), &nodes, near, rule).unwrap();
        let (nearest, farthest) = (choose(Rule::Nearest), choose(Rule::Farthest));
        assert_eq!(expected["eq5_best"], nearest.best.as_str(), "{expected}");
        assert!(
            (nearest.difference - expected["eq5_d"].as_f64().unwrap()).abs() < 5.1e-7,
            "{expected}"
        );
        assert_eq!(
            expected["candidates"],
            Value::from(nearest.candidates),
            "{expected}"
        );
        assert_eq!(
            expected["eq6_formula_min"],
            nearest.chosen.as_str(),
            "{expected}"
        );
        assert_eq!(
            expected["eq6_text_max"],
            farthest.chosen.as_str(),
            "{expected}"
        );
    }
}

#[test]
fn every_claim_leads_to_its_evidence_in_the_report() {
    let study = Study::new(1, || ());
    let claims = study.claims();
    assert_eq!(claims.len(), 17);
    let page = papers::page(&study);
    assert_eq!(page.broken_links(), Vec::<String>::new());
    let html = page.render();
    for claim in claims {
        assert!(
            html.contains(&format!("id=\"at-{}\"", claim.evidence())),
            "{}",
            claim.id
        );
        assert!(
            !claim.claim.zh.is_empty() && !claim.ours.en.is_empty(),
            "{claim:?}"
        );
    }
}
