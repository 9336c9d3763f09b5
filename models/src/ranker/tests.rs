//! Stories about the ranker: what it must get right, and what must not sway it.

use super::lags::{Alarm, lag_edges};
use super::*;
use crate::ranker::changes::{Change, Trouble, guilty, onset};
use proptest::prelude::*;

fn series(node: &str, metric: &str, before: &[f64], during: &[f64]) -> Series {
    Series {
        node: node.to_owned(),
        metric: metric.to_owned(),
        baseline: before.to_vec(),
        pre: vec![],
        during: during.to_vec(),
    }
}

fn first(evidence: &Evidence) -> String {
    rank_causes(evidence).nodes[0].node.clone()
}

const QUIET: [f64; 6] = [10.0, 11.0, 9.0, 10.5, 9.5, 10.0];

#[test]
fn the_node_whose_metric_left_its_band_comes_first() {
    let evidence = Evidence {
        series: vec![
            series("web", "cpu", &QUIET, &[10.0, 10.5]),
            series("db", "cpu", &QUIET, &[30.0, 31.0]),
        ],
        ..Evidence::default()
    };
    let ranking = rank_causes(&evidence);
    assert_eq!(ranking.nodes[0].node, "db");
    assert_eq!(ranking.metrics[0].node, "db");
    let Reason::Moved {
        metric,
        before,
        during,
        ..
    } = &ranking.nodes[0].reasons[0]
    else {
        panic!("no move: {:?}", ranking.nodes[0].reasons);
    };
    assert_eq!((metric.as_str(), *before, *during), ("cpu", 10.0, 30.5));
}

#[test]
fn a_fall_counts_as_much_as_a_rise() {
    let evidence = |level: f64| Evidence {
        series: vec![
            series("web", "up", &QUIET, &[12.0]),
            series("db", "up", &QUIET, &[level]),
        ],
        ..Evidence::default()
    };
    assert_eq!(first(&evidence(0.0)), "db");
    let score = |e: &Evidence| rank_causes(e).nodes[0].score;
    assert!((score(&evidence(0.0)) - score(&evidence(20.0))).abs() < 1e-9);
}

#[test]
fn a_series_that_was_constant_before_is_not_dropped() {
    let evidence = Evidence {
        series: vec![
            series("leaf", "carrier-transitions", &[0.0; 8], &[1.0, 1.0]),
            series("spine", "carrier-transitions", &[0.0; 8], &[0.0, 0.0]),
        ],
        ..Evidence::default()
    };
    assert_eq!(first(&evidence), "leaf");
}

#[test]
fn a_metric_that_was_quiet_by_chance_is_not_surer_than_the_same_metric_elsewhere() {
    let loud = [10.0, 30.0, 0.0, 20.0, 5.0, 25.0];
    let evidence = Evidence {
        series: vec![
            series("a", "rate", &[10.0, 10.0, 10.0, 10.0, 10.0, 10.01], &[11.0]),
            series("b", "rate", &loud, &[10.0]),
            series("c", "rate", &loud, &[90.0]),
        ],
        ..Evidence::default()
    };
    assert_eq!(first(&evidence), "c");
}

#[test]
fn a_level_that_was_there_right_before_is_not_the_incidents_work() {
    let old_level = |node: &str, pre: f64, during: f64| Series {
        pre: vec![pre; 2],
        ..series(node, "availability", &[100.0; 40], &[during])
    };
    let evidence = Evidence {
        series: vec![old_level("idle", 0.0, 0.0), old_level("api", 100.0, 97.0)],
        ..Evidence::default()
    };
    assert_eq!(first(&evidence), "api");
}

#[test]
fn a_caller_whose_callee_moved_the_same_way_is_explained() {
    let dependencies = Dependencies::from_calls([("site", "pay"), ("pay", "db")]);
    let evidence = Evidence {
        series: vec![
            series("site", "latency", &QUIET, &[90.0]),
            series("pay", "latency", &QUIET, &[80.0]),
            series("db", "latency", &QUIET, &[70.0]),
        ],
        dependencies,
        ..Evidence::default()
    };
    let ranking = rank_causes(&evidence);
    assert_eq!(ranking.nodes[0].node, "db");
    let site = ranking.nodes.iter().find(|n| n.node == "site").unwrap();
    assert!(
        matches!(&site.reasons[0], Reason::Moved { explained_by: Some(by), .. } if by == "pay"),
        "{:?}",
        site.reasons
    );
}

fn span(trace: usize, id: &str, parent: &str, node: &str, start_us: f64, duration_us: f64) -> Span {
    Span {
        trace: format!("t{trace}"),
        id: id.to_owned(),
        parent: parent.to_owned(),
        node: node.to_owned(),
        operation: "call".to_owned(),
        start_us,
        duration_us,
    }
}

/// `way_us` passes between `web` and each of its two callees; `db` works for `db_us`.
fn traces(way_to_db_us: f64, db_us: f64) -> Vec<Span> {
    let one = |t: usize| {
        let jitter = t as f64 * 10.0;
        let db = db_us + jitter;
        [
            span(t, "r", "", "web", 0.0, 9_000.0),
            span(t, "c1", "r", "web", 100.0, db + way_to_db_us),
            span(t, "s1", "c1", "db", 150.0, db),
            span(t, "c2", "r", "web", 5_000.0, 1_500.0 + jitter),
            span(t, "s2", "c2", "cache", 5_100.0, 1_000.0),
        ]
    };
    (0..8).flat_map(one).collect()
}

#[test]
fn time_lost_on_the_way_is_laid_to_the_callee() {
    let evidence = Evidence {
        spans_before: traces(200.0, 1_000.0),
        spans_during: traces(3_200.0, 1_000.0),
        ..Evidence::default()
    };
    let ranking = rank_causes(&evidence);
    assert_eq!(ranking.nodes[0].node, "db");
    let Reason::CallGap {
        caller, extra_ms, ..
    } = &ranking.nodes[0].reasons[0]
    else {
        panic!("no gap: {:?}", ranking.nodes[0].reasons);
    };
    assert_eq!(caller, "web");
    assert!((extra_ms - 3.0).abs() < 1e-6, "{extra_ms}");
}

#[test]
fn a_slow_callee_is_told_by_its_own_time_not_by_its_callers() {
    let evidence = Evidence {
        spans_before: traces(200.0, 1_000.0),
        spans_during: traces(200.0, 3_000.0),
        ..Evidence::default()
    };
    let ranking = rank_causes(&evidence);
    assert_eq!(ranking.nodes[0].node, "db");
    assert!(matches!(
        ranking.nodes[0].reasons[0],
        Reason::OwnTime { .. }
    ));
}

#[test]
fn new_error_lines_count_and_old_ones_do_not() {
    let line = |node: &str| Line {
        node: node.to_owned(),
        error: true,
    };
    let always = vec![line("chatty"); 20];
    let evidence = Evidence {
        lines_before: LineWindow {
            lines: always.clone(),
            seconds: 60.0,
        },
        lines_during: LineWindow {
            lines: [always, vec![line("broken"); 6]].concat(),
            seconds: 60.0,
        },
        ..Evidence::default()
    };
    assert_eq!(first(&evidence), "broken");
    assert!(lines::tells_of_error("java.lang.NullPointerException: x"));
    assert!(!lines::tells_of_error("order 17 accepted"));
}

#[test]
fn spans_that_loop_or_repeat_their_ids_do_no_harm() {
    let evil = vec![
        span(0, "a", "a", "x", 0.0, 5.0),
        span(0, "b", "c", "x", 0.0, f64::INFINITY),
        span(0, "c", "b", "y", f64::NAN, 5.0),
        span(0, "c", "b", "y", 1e300, 1e300),
    ];
    let evidence = Evidence {
        spans_before: evil.clone(),
        spans_during: evil,
        series: vec![series("x", "m", &[f64::NAN], &[f64::INFINITY])],
        ..Evidence::default()
    };
    for node in rank_causes(&evidence).nodes {
        assert!(node.score.is_finite(), "{node:?}");
    }
}

#[test]
fn nothing_in_nothing_out() {
    assert_eq!(rank_causes(&Evidence::default()), Ranking::default());
}

#[test]
fn equal_nodes_stand_by_name() {
    let twin = |node: &str| series(node, "cpu", &QUIET, &[30.0]);
    let evidence = Evidence {
        series: vec![twin("b"), twin("c"), twin("a")],
        ..Evidence::default()
    };
    let names: Vec<String> = rank_causes(&evidence)
        .nodes
        .into_iter()
        .map(|n| n.node)
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn an_alarm_that_follows_another_makes_one_arrow() {
    let pair = |i: i64| {
        let at = i * 10_000;
        [(1, at), (2, at + 20)].map(|(kind, start_s)| Alarm {
            kind,
            device: (i % 3) as u32,
            start_s,
        })
    };
    // Type 3 comes by itself, far from both.
    let alone = (0..90).map(|i| Alarm {
        kind: 3,
        device: (i % 3) as u32,
        start_s: i * 10_000 + 5_000,
    });
    let alarms: Vec<Alarm> = (0..90).flat_map(pair).chain(alone).collect();
    let edges: Vec<(u32, u32)> = lag_edges(&alarms, &[])
        .iter()
        .map(|e| (e.cause, e.effect))
        .collect();
    assert_eq!(edges, [(1, 2)]);
}

#[test]
fn an_alarm_on_a_linked_device_follows_too() {
    let pair = |i: i64| {
        [(1, 0, i * 10_000), (2, 1, i * 10_000 + 20)].map(|(kind, device, start_s)| Alarm {
            kind,
            device,
            start_s,
        })
    };
    let alarms: Vec<Alarm> = (0..90).flat_map(pair).collect();
    assert_eq!(lag_edges(&alarms, &[]), []);
    assert_eq!(lag_edges(&alarms, &[(1, 0)]).len(), 1);
}

fn change(id: &str, at_s: f64, text: &str) -> Change {
    Change {
        id: id.to_owned(),
        service: "pay".to_owned(),
        at_s,
        text: text.to_owned(),
    }
}

fn trouble(text: &str) -> Trouble {
    Trouble {
        services: BTreeSet::from(["pay".to_owned()]),
        began_s: 10_000.0,
        tolerance_s: 60.0,
        text: text.to_owned(),
    }
}

#[test]
fn the_change_that_speaks_of_the_trouble_is_guilty_and_a_later_one_is_not() {
    let changes = [
        change("decoy", 9_900.0, "restyle button"),
        change("bad", 9_800.0, "drop retryBudget of gateway client"),
        change("later", 10_500.0, "gateway retry budget"),
        Change {
            service: "web".to_owned(),
            ..change("elsewhere", 9_990.0, "gateway retry budget")
        },
    ];
    let told = trouble("gateway retry budget exhausted");
    assert_eq!(guilty(&told, &changes, &[]), Some("bad"));
}

#[test]
fn no_change_in_reach_means_no_guilty_change() {
    let changes = [change("old", 5_000.0, "gateway retry budget")];
    assert_eq!(guilty(&trouble("gateway"), &changes, &[]), None);
}

#[test]
fn a_beginning_needs_two_values_outside_in_a_row() {
    let values = [
        (0.0, 10.0),
        (60.0, 90.0),
        (120.0, 10.0),
        (180.0, 91.0),
        (240.0, 95.0),
    ];
    assert_eq!(onset(&QUIET, &values, 300.0), Some(180.0));
    assert_eq!(onset(&QUIET, &values, 200.0), None);
}

fn any_evidence() -> impl Strategy<Value = Vec<(u8, u8, Vec<f64>, Vec<f64>)>> {
    let values = || prop::collection::vec(-100.0..100.0_f64, 1..6);
    prop::collection::vec((0..6_u8, 0..3_u8, values(), values()), 1..12)
}

fn evidence_of(rows: &[(u8, u8, Vec<f64>, Vec<f64>)], name: impl Fn(u8) -> String) -> Evidence {
    let calls: Vec<(String, String)> = (0..5).map(|i| (name(i), name(i + 1))).collect();
    let rows = rows.iter();
    Evidence {
        series: rows
            .map(|(n, m, before, during)| series(&name(*n), &format!("m{m}"), before, during))
            .collect(),
        dependencies: Dependencies::from_calls(calls.iter().map(|(a, b)| (a.as_str(), b.as_str()))),
        ..Evidence::default()
    }
}

proptest! {
    #[test]
    fn the_order_of_the_evidence_does_not_matter(rows in any_evidence()) {
        let name = |n: u8| format!("n{n}");
        let mut seen = BTreeSet::new();
        let rows: Vec<_> = rows.into_iter().filter(|r| seen.insert((r.0, r.1))).collect();
        let backwards: Vec<_> = rows.iter().rev().cloned().collect();
        prop_assert_eq!(rank_causes(&evidence_of(&rows, name)), rank_causes(&evidence_of(&backwards, name)));
    }

    #[test]
    fn renaming_the_nodes_renames_the_answer(rows in any_evidence()) {
        let mut seen = BTreeSet::new();
        let rows: Vec<_> = rows.into_iter().filter(|r| seen.insert((r.0, r.1))).collect();
        let scores = |name: fn(u8) -> String, back: fn(u8) -> String| {
            let ranking = rank_causes(&evidence_of(&rows, name));
            (0..6_u8)
                .map(|n| ranking.nodes.iter().find(|r| r.node == back(n)).map(|r| r.score))
                .collect::<Vec<_>>()
        };
        let plain: fn(u8) -> String = |n| format!("n{n}");
        let turned: fn(u8) -> String = |n| format!("x{}", 9 - n);
        prop_assert_eq!(scores(plain, plain), scores(turned, turned));
    }
}
