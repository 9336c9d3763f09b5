//! The same incident closes the same way, whether the agents share a process or not.

use crate::fleet::{DOMAINS, Fleet, PATIENCE, Program, kind};
use crate::nats_server::NatsServer;
use serde_json::{Value, json};

/// Everything that the network says until it is done.
fn all_lines(network: &Program) -> Vec<Value> {
    let mut lines = vec![];
    loop {
        match network.line(5 * PATIENCE) {
            Ok(line) => lines.push(line),
            Err(true) => return lines,
            Err(false) => panic!("the network stands still after {} lines", lines.len()),
        }
    }
}

/// What was decided about each incident, without ids and times.
fn decisions(lines: &[Value]) -> Vec<Value> {
    let records = lines.iter().filter_map(|l| l.get("record"));
    let told = records.filter_map(|r| match kind(r) {
        "diagnosed" => Some(json!({ "cause": r["body"]["hypotheses"][0]["object"], "fault": r["body"]["hypotheses"][0]["fault"] })),
        "step-started" => Some(json!({ "did": r["body"]["action"] })),
        "verified" => Some(json!({ "verdict": r["body"]["verdict"] })),
        "incident-closed" => Some(json!({ "ending": r["body"]["ending"] })),
        _ => None,
    });
    told.collect()
}

fn run(processes: &[&'static str], fault: &str) -> Option<(Vec<Value>, Value)> {
    let folder = tempfile::tempdir().unwrap();
    let server = NatsServer::start("agents in one process and in four")?;
    let mut fleet = Fleet::new(folder.path(), server.url(), "village", 30);
    for name in processes {
        fleet.start(name);
    }
    // One incident: where a second one strikes depends on how long the first one took.
    // Nobody is lost here, so the network waits for everybody, however slow the machine is.
    let network = fleet.network(&[
        "--incidents",
        "1",
        "--fault",
        fault,
        "--seed",
        "3",
        "--patience",
        "60000",
    ]);
    let lines = all_lines(&network);
    let summary = lines.last().cloned().unwrap_or_default();
    assert!(summary.get("summary").is_some(), "{}", fleet.errors());
    for program in fleet.running.values_mut() {
        program.stop();
    }
    Some((decisions(&lines), summary))
}

#[test]
fn four_processes_decide_as_one_does() {
    for fault in ["link-down", "instance-crash"] {
        let (Some((one, one_summary)), Some((four, four_summary))) =
            (run(&["swarm"], fault), run(&DOMAINS, fault))
        else {
            return;
        };
        assert_eq!(one_summary["summary"]["fixed"], 1, "{one:#?}");
        assert_eq!(one_summary, four_summary);
        assert_eq!(one, four);
    }
}
