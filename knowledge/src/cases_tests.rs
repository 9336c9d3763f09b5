//! What is remembered, found again and forgotten.

use super::*;
use crate::graph::Cancel;
use crate::testing::{object as named, small};
use zizhi_types::domain::Domain;

fn past(number: u64, suspect: &str, fault: FaultKind, playbook: &str, outcome: RunEnd) -> Case {
    Case {
        origin: None,
        incident: IncidentId::new(Domain::Transport, number),
        fault,
        suspect: named(suspect),
        playbook: playbook.to_owned(),
        outcome,
        at: NetTime::from_secs(number),
        signature: Signature::from([Metric::PortError, Metric::PathLoss]),
    }
}

fn remembered() -> KnowledgeGraph {
    let mut graph = KnowledgeGraph::of(&small()).unwrap();
    let (lossy, cost) = (FaultKind::LinkLossy, FaultKind::WrongCost);
    for case in [
        past(1, "link/A-B", lossy, "link.drain@1.0.0", RunEnd::Helped),
        past(2, "link/B-C", lossy, "link.drain@1.1.0", RunEnd::Undone),
        past(3, "link/B-C", lossy, "link.reset@1.0.0", RunEnd::NotRun),
        past(4, "link/A-B", cost, "link.cost@1.0.0", RunEnd::Helped),
    ] {
        graph.remember(case).unwrap();
    }
    graph
}

#[test]
fn the_same_fault_at_the_same_link_is_most_similar() {
    let graph = remembered();
    let seen = Signature::from([Metric::PortError, Metric::PathLoss]);
    let found = graph.similar(FaultKind::LinkLossy, &named("link/A-B"), &seen);
    assert_eq!(found[0].case.incident.number, 1);
    assert!((found[0].similarity - 1.0).abs() < 1e-9);
    // Then the newer of two that are equally alike; another fault comes last.
    let order: Vec<u64> = found.iter().map(|s| s.case.incident.number).collect();
    assert_eq!(order, [1, 3, 2, 4]);
    let none = graph.similar(FaultKind::CellOutage, &named("cell/c1"), &Signature::new());
    assert_eq!(none, vec![]);
}

#[test]
fn success_counts_runs_of_every_version_but_none_that_did_not_run() {
    let graph = remembered();
    let drain = graph.success("link.drain", FaultKind::LinkLossy);
    assert_eq!(
        drain,
        Success {
            helped: 1,
            tried: 2
        }
    );
    let reset = graph.success("link.reset@2.0.0", FaultKind::LinkLossy);
    assert_eq!(reset, Success::default());
}

#[test]
fn a_case_told_again_replaces_itself() {
    let mut graph = remembered();
    let before = graph.triples().unwrap();
    let again = past(
        1,
        "link/A-B",
        FaultKind::LinkLossy,
        "link.drain@1.0.0",
        RunEnd::Stuck,
    );
    graph.remember(again).unwrap();
    assert_eq!(graph.triples().unwrap(), before);
    assert_eq!(graph.success("link.drain", FaultKind::LinkLossy).helped, 0);
}

#[test]
fn cases_survive_a_snapshot_and_answer_to_sparql() {
    let graph = remembered();
    let snapshot = graph.dump().unwrap();
    let again = KnowledgeGraph::load(&snapshot).unwrap();
    assert_eq!(again.dump().unwrap(), snapshot);
    assert!(again.cases().eq(graph.cases()));
    let query = r#"PREFIX z: <urn:zizhi:> SELECT ?p { ?c z:outcome "undone" ; z:playbook ?p }"#;
    let rows = again.ask(query, 9, &Cancel::default()).unwrap();
    assert_eq!(rows.rows, [["link.drain@1.1.0"]]);
}

#[test]
fn an_incident_of_another_run_is_another_case_and_an_older_one() {
    let (lossy, drain) = (FaultKind::LinkLossy, "link.drain@1.0.0");
    let mut graph = KnowledgeGraph::new().unwrap();
    let own = past(1, "link/A-B", lossy, drain, RunEnd::Helped);
    let brought = |origin: &str, number| Case {
        origin: Some(origin.to_owned()),
        ..past(number, "link/A-B", lossy, drain, RunEnd::Undone)
    };
    for case in [own.clone(), brought("monday/1", 1), brought("tuesday", 9)] {
        graph.remember(case).unwrap();
    }
    let again = KnowledgeGraph::load(&graph.dump().unwrap()).unwrap();
    assert!(again.cases().eq(graph.cases()));
    assert_eq!(again.cases().count(), 3);
    // Its clock shows less, and it is still the newest: it is of this run.
    let seen = Signature::from([Metric::PortError, Metric::PathLoss]);
    let alike = graph.similar(lossy, &named("link/A-B"), &seen);
    assert_eq!(alike[0].case, own);
    graph.keep_newest(1).unwrap();
    assert_eq!(graph.cases().collect::<Vec<_>>(), [&own]);
}

#[test]
fn a_broken_case_is_named() {
    let snapshot = remembered()
        .dump()
        .unwrap()
        .replace("\"undone\"", "\"perhaps\"");
    let told = KnowledgeGraph::load(&snapshot).err().unwrap().to_string();
    assert!(told.contains("inc-transport-2"), "{told}");
}

#[test]
fn any_playbook_name_can_be_remembered() {
    let mut graph = KnowledgeGraph::new().unwrap();
    let odd = past(
        1,
        "link/A-B",
        FaultKind::LinkDown,
        "a b<>\"\n排水",
        RunEnd::Helped,
    );
    graph.remember(odd.clone()).unwrap();
    let again = KnowledgeGraph::load(&graph.dump().unwrap()).unwrap();
    assert_eq!(again.cases().collect::<Vec<_>>(), [&odd]);
}
