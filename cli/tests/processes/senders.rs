//! An operator plugs a sender in: what does it mean here, what is wrong with it, and what would the swarm have said?

use crate::fleet::{PATIENCE, Program};
use crate::nats_server::NatsServer;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// 2026-11-20 08:00 UTC, in milliseconds.
const EIGHT: u64 = 1_795_161_600_000;

fn zizhi(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zizhi"));
    command.current_dir(folder).args(args).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    text.lines().map(read).collect()
}

/// Both ends of a link over a quarter of an hour as gnmic tells it; down for the last third.
fn gnmic_of_a_link_that_fails() -> String {
    let mut text = String::new();
    for round in 0..90_u64 {
        let state = if round < 60 { "UP" } else { "DOWN" };
        for router in ["KANS", "DENV"] {
            let event = json!({
                "name": "if",
                "timestamp": (EIGHT + round * 10_000) * 1_000_000,
                "tags": {"source": router, "interface_name": "DENV-KANS"},
                "values": {"/interfaces/interface/state/oper-status": state},
            });
            let _ = writeln!(text, "{event}");
        }
    }
    text
}

#[test]
fn a_file_of_anothers_telemetry_is_replayed_to_the_cause_of_its_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gnmic.jsonl");
    std::fs::write(&file, gnmic_of_a_link_that_fails()).unwrap();
    let args = ["replay", "gnmic.jsonl", "--network", "abilene", "--json"];
    let replayed = zizhi(folder.path(), &args);
    assert!(replayed.status.success(), "{replayed:?}");
    let told = lines(&replayed);
    let [decision, summary] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(summary["summary"]["incidents"], 1);
    let decision = &decision["decision"];
    assert!(
        decision.to_string().contains("link/DENV-KANS"),
        "{decision}"
    );
    assert!(decision.to_string().contains("link-down"), "{decision}");

    // Said by nobody for this network: told, and nothing is replayed.
    std::fs::write(&file, "<34>1 2026-11-20T08:00:03Z KANS app - - - hello\n").unwrap();
    let refused = zizhi(folder.path(), &args);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.stdout.is_empty());
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(why.contains("says nothing that the swarm watches"), "{why}");
}

/// The address of a listener that `ingest try` tells on standard error.
fn told_address(errors: &Path, before: &str) -> SocketAddr {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let text = std::fs::read_to_string(errors).unwrap_or_default();
        let found = text.lines().find_map(|l| l.split_once(before));
        if let Some((_, address)) = found {
            return address.trim().parse().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{before} is not told");
}

#[test]
fn what_a_sender_sends_is_shown_live_with_the_reason_where_it_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let errors = folder.path().join("try.err");
    let args = ["ingest", "try", "--syslog", "127.0.0.1:0", "--count", "2"];
    let program = Program::start(&[&args[..], &["-o", "json"]].concat(), &errors);
    let address = told_address(&errors, "syslog udp://");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for text in [
        "<187>1 2026-11-20T08:00:03Z pe1 bgpd 8 ADJCHANGE - neighbor 10.0.0.2 Down",
        "\u{1b}[31mno syslog",
    ] {
        socket.send_to(text.as_bytes(), address).unwrap();
    }
    let rows = [(); 2].map(|()| program.line(PATIENCE).unwrap());
    assert_eq!(rows[0]["mapped"], true, "{rows:?}");
    assert_eq!(rows[0]["value"], "neighbor 10.0.0.2 Down", "{rows:?}");
    assert_eq!(rows[1]["mapped"], false, "{rows:?}");
    assert!(
        rows[1]["why"].as_str().unwrap().contains("no syslog"),
        "{rows:?}"
    );
    assert_eq!(program.line(PATIENCE), Err(true), "it ends by itself");
}

/// Findings of the doctor that are not good, by what was looked at.
fn doctor(folder: &Path, args: &[&str]) -> Vec<(String, Value)> {
    let looked = zizhi(folder, &[&["doctor", "--json"][..], args].concat());
    let found = lines(&looked);
    let bad: Vec<(String, Value)> = found
        .into_iter()
        .filter(|f| f["level"] != "good")
        .map(|f| (f["check"].as_str().unwrap().to_owned(), f))
        .collect();
    let code = if bad.is_empty() { 0 } else { 3 };
    assert_eq!(looked.status.code(), Some(code), "{looked:?}");
    for (_, finding) in &bad {
        for language in ["en", "zh"] {
            assert_ne!(finding["fix"][language], "", "{finding}");
        }
    }
    bad
}

fn has(found: &[(String, Value)], check: &str, words: &str) -> bool {
    let is =
        |(name, f): &(String, Value)| name == check && f["what"]["en"].to_string().contains(words);
    found.iter().any(is)
}

#[test]
fn the_doctor_names_what_is_wrong_with_the_server_and_with_each_sender() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let found = doctor(path, &["--bus", "nats://127.0.0.1:1"]);
    assert!(has(&found, "bus", "is it running"), "{found:?}");
    std::fs::write(path.join("zizhi.toml"), "[ingest]\nlisten = 3\n").unwrap();
    let found = doctor(path, &[]);
    assert!(has(&found, "config", "listen"), "{found:?}");
    std::fs::remove_file(path.join("zizhi.toml")).unwrap();

    let Some(keeps_nothing) = NatsServer::start_with("the doctor", "off", |_| String::new()) else {
        return;
    };
    let found = doctor(path, &["--bus", &keeps_nothing.url(), "--seconds", "1"]);
    assert!(has(&found, "bus.jetstream", "keeps nothing"), "{found:?}");
    drop(keeps_nothing);

    let server = NatsServer::start("the doctor").unwrap();
    let free = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = format!(
        "network = \"village\"\n[bus]\nurl = \"{}\"\n[bus.stream]\nmax_bytes = 268435456\n[[ingest.syslog]]\nlisten = \"{free}\"\nprotocol = \"udp\"\n",
        server.url()
    );
    std::fs::write(path.join("zizhi.toml"), settings).unwrap();
    let (config, data) = (path.join("zizhi.toml"), path.join("data"));
    let args = [
        "run",
        "--json",
        "--config",
        config.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ];
    let errors = path.join("run.err");
    let mut swarm = Program::start(&args, &errors);
    while swarm
        .line(PATIENCE)
        .unwrap_or_else(|_| panic!("{}", std::fs::read_to_string(&errors).unwrap()))
        .get("started")
        .is_none()
    {}
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in [1, 2, 5] {
        let text =
            format!("<34>1 2026-11-20T08:00:03Z pe1 app - - [meta sequenceId=\"{number}\"] hello");
        socket.send_to(text.as_bytes(), free).unwrap();
    }
    socket.send_to(b"no syslog at all", free).unwrap();
    let source = "source syslog/127.0.0.1";
    let until = Instant::now() + PATIENCE;
    let found = loop {
        let found = doctor(
            path,
            &["--config", config.to_str().unwrap(), "--seconds", "20"],
        );
        if has(&found, source, "") || Instant::now() > until {
            break found;
        }
    };
    assert!(has(&found, source, "25% could not be read"), "{found:?}");
    assert!(has(&found, source, "2 are missing"), "{found:?}");
    swarm.stop();
}
