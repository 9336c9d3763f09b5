//! A night's journal, read the morning after: every action has a reason down to the raw message, and no change goes unseen.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{DEMO, lines, said, told, zizhi};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

/// Ids of the demo's incidents.
fn incidents() -> Vec<Value> {
    lines(&said(&DEMO.read(&["incidents", "--json"])))
}

fn id(incident: &Value) -> &str {
    incident["id"].as_str().unwrap()
}

fn explained(incident: &str) -> Value {
    lines(&said(&DEMO.read(&["explain", incident, "--json"]))).remove(0)
}

#[test]
fn incidents_are_listed_for_programs_and_for_people() {
    let found = incidents();
    assert!(!found.is_empty());
    let [en, zh] = ["en", "zh"].map(|lang| said(&DEMO.read(&["incidents", "--lang", lang])));
    for incident in &found {
        assert!(incident["ending"].is_string(), "{incident}");
        assert!(en.contains(id(incident)) && zh.contains(id(incident)));
    }
    assert!(
        en.contains("probability") && zh.contains("概率"),
        "{en}\n{zh}"
    );
}

#[test]
fn every_action_rests_on_a_raw_message_and_each_link_of_the_chain_is_named() {
    let mut actions = 0;
    for incident in incidents() {
        for chain in explained(id(&incident))["chains"].as_array().unwrap() {
            let chain = chain.as_array().unwrap();
            actions += 1;
            assert_eq!(chain[0]["body"]["kind"], "step-started");
            assert!(
                chain.iter().any(|r| r["body"]["kind"] == "raw"),
                "{chain:#?}"
            );
            for (n, record) in chain.iter().enumerate().skip(1) {
                let named = |r: &Value| {
                    let mut causes = r["causes"].as_array().into_iter().flatten();
                    causes.any(|cause| *cause == record["id"])
                };
                assert!(
                    chain[..n].iter().any(named),
                    "nothing follows from {record}"
                );
                assert!(
                    record["at"].as_u64() <= chain[0]["at"].as_u64(),
                    "{record} came later"
                );
            }
        }
    }
    assert!(
        actions > 0,
        "a demo in which nothing was done proves nothing"
    );
}

#[test]
fn the_explanation_reads_downwards_in_both_languages() {
    let stages = [
        (
            "en",
            [
                "Act ",
                "Decide ",
                "Diagnose ",
                "Correlate ",
                "Detect ",
                "Sense ",
            ],
        ),
        ("zh", ["执行", "决策", "定界定位", "关联", "检测", "感知"]),
    ];
    for incident in incidents() {
        let json = explained(id(&incident));
        for (lang, stages) in stages {
            let text = said(&DEMO.read(&["explain", id(&incident), "--lang", lang]));
            // One part for each action, then what came of it.
            let asked = if lang == "en" {
                "Why was this done?"
            } else {
                "为什么这样做？"
            };
            let parts: Vec<&str> = text.split(asked).skip(1).collect();
            assert_eq!(
                parts.len(),
                json["chains"].as_array().unwrap().len(),
                "{text}"
            );
            for part in parts {
                let rows: Vec<&str> = part.lines().filter_map(|l| l.get(10..)).collect();
                let at = stages.map(|stage| {
                    let first = rows.iter().position(|row| row.starts_with(stage));
                    first.unwrap_or_else(|| panic!("no {stage} in {part}"))
                });
                assert!(at.is_sorted(), "{at:?} in {part}");
                assert!(part.contains(r#"{"source":""#), "no raw message in {part}");
            }
        }
    }
}

#[test]
fn an_unknown_incident_is_told_with_the_known_ones() {
    let output = DEMO.read(&["explain", "inc-transport-99"]);
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("no incident inc-transport-99"), "{err}");
    assert!(incidents().iter().all(|i| err.contains(id(i))), "{err}");
}

/// The demo's journal with its lines changed, and what the audit says: exit code and verdict.
fn audited(change: impl FnOnce(&mut Vec<String>)) -> (Option<i32>, Value) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.jsonl");
    let text = std::fs::read_to_string(DEMO.journal()).unwrap();
    let mut changed: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut changed);
    std::fs::write(&copy, changed.join("\n") + "\n").unwrap();
    let head = DEMO.folder.path().join("demo.jsonl.head");
    std::fs::copy(head, folder.path().join("copy.jsonl.head")).unwrap();
    let output = zizhi(folder.path(), &["audit", "verify", "copy.jsonl", "--json"]);
    let verdict = lines(std::str::from_utf8(&output.stdout).unwrap()).remove(0);
    (output.status.code(), verdict)
}

#[test]
fn an_untouched_journal_is_whole() {
    let (code, verdict) = audited(|_| {});
    assert_eq!(
        (code, &verdict["state"]),
        (Some(0), &"sealed".into()),
        "{verdict}"
    );
    assert!(verdict["damage"].is_null());
}

#[test]
fn every_way_to_touch_a_journal_is_found_where_it_was_done() {
    let flipped = audited(|l| {
        let middle = l[29].len() / 2;
        let byte = l[29].as_bytes()[middle];
        let other = if byte == b'0' { "1" } else { "0" };
        l[29].replace_range(middle..=middle, other);
    });
    let spaced = audited(|l| l[9] = l[9].replacen("\"at\":", "\"at\": ", 1));
    let dropped = audited(|l| drop(l.remove(19)));
    let swapped = audited(|l| l.swap(14, 15));
    let doubled = audited(|l| l.insert(5, l[5].clone()));
    let cut = audited(|l| drop(l.pop()));
    let halved = audited(|l| l.truncate(l.len() / 2));
    let continued = audited(|l| l.push(l[0].clone()));
    let cases = [
        ("a flipped byte", flipped, Some(30)),
        ("a space", spaced, Some(10)),
        ("a dropped line", dropped, Some(20)),
        ("two swapped lines", swapped, Some(15)),
        ("a line written twice", doubled, Some(7)),
        ("a cut last line", cut, None),
        ("a cut half", halved, None),
        ("a line after the seal", continued, None),
    ];
    for (what, (code, verdict), at) in cases {
        assert_eq!(code, Some(3), "{what}: {verdict}");
        assert!(verdict["damage"].is_object(), "{what}: {verdict}");
        if let Some(at) = at {
            assert_eq!(verdict["damage"]["at"], at, "{what}: {verdict}");
        }
    }
}

#[test]
fn a_damaged_journal_is_told_in_the_readers_language_and_not_explained() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(DEMO.journal()).unwrap();
    std::fs::write(folder.path().join("torn.jsonl"), &text[..text.len() - 40]).unwrap();
    for (lang, word) in [("en", "DAMAGED"), ("zh", "已损坏")] {
        let output = zizhi(
            folder.path(),
            &["audit", "verify", "torn.jsonl", "--lang", lang],
        );
        assert_eq!(output.status.code(), Some(3));
        assert!(told(&output).contains(word), "{}", told(&output));
    }
    let output = zizhi(folder.path(), &["incidents", "--journal", "torn.jsonl"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(
        output.stdout.is_empty() && told(&output).contains("incomplete"),
        "{}",
        told(&output)
    );
}

#[test]
fn without_a_name_the_newest_run_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let output = zizhi(folder.path(), &["incidents"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told(&output).contains("run `zizhi demo` first"),
        "{}",
        told(&output)
    );
    let runs = folder.path().join("zizhi-runs");
    std::fs::create_dir(&runs).unwrap();
    std::fs::copy(DEMO.journal(), runs.join("demo-1.jsonl")).unwrap();
    let listed = said(&zizhi(folder.path(), &["incidents", "--json"]));
    assert_eq!(lines(&listed), incidents());
}

/// One page over a plain connection.
fn page(address: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_dashboard_serves_the_same_incidents_until_ctrl_c() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("zizhi"))
        .args(["dashboard", "--listen", "127.0.0.1:0", "--journal"])
        .arg(DEMO.journal())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    err.read_line(&mut first).unwrap();
    let address = first
        .strip_prefix("http://")
        .and_then(|l| l.split('/').next())
        .unwrap();
    let answers = ["/", "/incidents"].map(|path| page(address, path));
    // It ends before anything is judged: a test that fails leaves no process behind.
    let kill = format!("kill -INT {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
    assert!(child.wait().unwrap().success());
    for answer in &answers {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let listed = incidents();
    let told = |i| answers[1].contains(id(i));
    assert!(listed.iter().all(told), "{}", answers[1]);
}

#[test]
fn past_incidents_are_found_by_their_words() {
    for incident in incidents() {
        let Some(fault) = incident["cause"][1].as_str() else {
            continue;
        };
        let words: Vec<&str> = fault.split('-').collect();
        let mut args = vec!["search", "--json"];
        args.extend(words);
        let hits = lines(&said(&DEMO.read(&args)));
        assert!(
            hits.iter().any(|h| h["id"] == incident["id"]),
            "{fault}: {hits:?}"
        );
    }
}

#[test]
fn a_replay_of_the_demo_decides_the_same_and_an_exported_incident_too() {
    let [journal, recording] = ["demo.jsonl", "demo.zrec"].map(|n| DEMO.folder.path().join(n));
    let [journal, recording] = [&journal, &recording].map(|p| p.to_str().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "replay",
        recording,
        "--against",
        journal,
        "--journal",
        "again.jsonl",
        "--json",
    ];
    let told = lines(&said(&zizhi(folder.path(), &args)));
    let summary = &told.last().unwrap()["summary"];
    assert_eq!(summary["different"], serde_json::json!([]), "{summary}");
    let [first, again] = [journal.into(), folder.path().join("again.jsonl")]
        .map(|path: std::path::PathBuf| std::fs::read(path).unwrap());
    assert!(first == again, "the journals differ");

    let closed = incidents().into_iter().find(|i| !i["closed"].is_null());
    let closed = closed.unwrap();
    let export = [
        "replay",
        "export",
        id(&closed),
        "--journal",
        journal,
        "--output",
        "part.zrec",
    ];
    said(&zizhi(folder.path(), &export));
    for (lang, word) in [("en", "ending"), ("zh", "结局")] {
        let text = said(&zizhi(
            folder.path(),
            &["replay", "part.zrec", "--lang", lang],
        ));
        assert!(text.contains(word) && text.contains(id(&closed)), "{text}");
    }
    let part = lines(&said(&zizhi(
        folder.path(),
        &["replay", "part.zrec", "--json"],
    )));
    let decision = |told: &[Value]| {
        let all = told.iter().map(|line| line["decision"].clone());
        all.into_iter()
            .find(|d| d["incident"] == closed["id"])
            .unwrap()
    };
    assert_eq!(decision(&part), decision(&told));
}

#[test]
fn an_audit_says_who_signed_and_when_there_is_nothing_to_check() {
    for (lang, words) in [
        ("en", "no signatures to check"),
        ("zh", "没有可供验证的签名"),
    ] {
        let text = said(&zizhi(
            DEMO.folder.path(),
            &["audit", "verify", "demo.jsonl", "--lang", lang],
        ));
        assert!(text.contains(words), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let demo = [
        "demo",
        "--network",
        "abilene",
        "--incidents",
        "1",
        "--json",
        "--journal",
        "journals/one.jsonl",
        "--keys",
        "keys",
        "--no-record",
    ];
    std::fs::create_dir(folder.path().join("journals")).unwrap();
    said(&zizhi(folder.path(), &demo));
    // A folder is as good as a file.
    let verify = ["audit", "verify", "journals", "--keys", "keys"];
    let json = [&verify[..], &["--json"]].concat();
    let verdict = lines(&said(&zizhi(folder.path(), &json))).remove(0);
    assert_eq!(verdict["signatures"]["state"], "verified", "{verdict}");
    assert_eq!(verdict["signatures"]["by"], serde_json::json!(["swarm"]));
    assert_eq!(verdict["signatures"]["up_to"], verdict["entries"]);
    for (lang, word) in [("en", "signed by swarm"), ("zh", "签名有效")] {
        let text = said(&zizhi(
            folder.path(),
            &[&verify[..], &["--lang", lang]].concat(),
        ));
        assert!(text.contains(word), "{text}");
    }
    let listed = zizhi(
        folder.path(),
        &["incidents", "--journal", "journals", "--json"],
    );
    assert!(!lines(&said(&listed)).is_empty());
    std::fs::remove_file(folder.path().join("journals/one.jsonl.sig")).unwrap();
    let output = zizhi(folder.path(), &verify);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        told(&output).contains("signatures are missing"),
        "{}",
        told(&output)
    );
}
