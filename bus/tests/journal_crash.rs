//! A writer is killed again and again, and nothing that it acknowledged is lost.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise; the writer's process is told its file by its environment"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use zizhi_bus::Journal;
use zizhi_bus::journal::{self, Damage, Keys, Signatures, SigningKey, Trust};
use zizhi_types::{Body, NetTime, Record, RecordId, Stage, Who};

/// Kills over all restarts.
const KILLS: u64 = 120;

/// Names the journal to the writer's process.
const FILE: &str = "ZIZHI_TEST_JOURNAL";

fn record(number: u64) -> Record {
    Record {
        id: RecordId::new("writer", number),
        at: NetTime(number),
        who: Who::System,
        domain: None,
        stage: Stage::Swarm,
        object: None,
        incident: None,
        causes: vec![],
        body: Body::Dropped { messages: number },
    }
}

/// Appends until it is killed, and tells every last number of a group once it is durable.
#[test]
#[ignore = "a process of its own, started by the test below"]
fn the_writer() {
    let path = PathBuf::from(std::env::var_os(FILE).unwrap());
    let (journal, reopened) = Journal::create_or_open(&path).unwrap();
    let key = SigningKey::load_or_create(&path.with_file_name("keys"), "writer").unwrap();
    let journal = journal.signed(key).unwrap();
    let mut last = reopened.map_or(0, |r| r.numbers.get("writer").copied().unwrap_or(0));
    eprintln!("opened {last}");
    for size in (1..=32).cycle() {
        for _ in 0..size {
            last += 1;
            journal.append(record(last)).unwrap();
        }
        journal.sync().unwrap();
        eprintln!("durable {last}");
    }
}

/// Lets a writer work for a while, kills it with `SIGKILL`, and gives where it began and its last acknowledged number.
fn killed(path: &Path, after: Duration) -> (u64, u64) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["the_writer", "--exact", "--ignored", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let number = |line: &str, word: &str| line.strip_prefix(word)?.parse::<u64>().ok();
    let opened = number(&first, "opened ").unwrap_or_else(|| panic!("{first}"));
    let reader = std::thread::spawn(move || {
        let told = lines.map_while(Result::ok);
        told.filter_map(|line| number(&line, "durable ")).last()
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    (opened, reader.join().unwrap().unwrap_or(opened))
}

#[test]
fn a_writer_that_is_killed_at_any_instant_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let (mut acknowledged, mut instant, mut torn) = (0, 9_301u64, 0);
    for kill in 0..KILLS {
        instant = (instant * 9_301 + 49_297) % 233_280;
        let (opened, last) = killed(&path, Duration::from_micros(instant % 30_000));
        assert!(
            opened >= acknowledged,
            "kill {kill}: {acknowledged} were durable, {opened} are there"
        );
        acknowledged = last;
        let (entries, damage) = journal::read_lenient(&path).unwrap();
        assert!(
            matches!(damage, None | Some(Damage::TornLine { .. })),
            "kill {kill}: {damage:?}"
        );
        torn += u32::from(damage.is_some());
        assert!(entries.len() as u64 >= acknowledged, "kill {kill}");
        for (number, entry) in (1..).zip(&entries) {
            assert_eq!(
                entry.record.id.number, number,
                "kill {kill}: lost or written twice"
            );
        }
    }
    // A clean end makes the last lines durable and signs them.
    let (journal, _) = Journal::open(&path).unwrap();
    let keys = folder.path().join("keys");
    let key = SigningKey::load_or_create(&keys, "writer").unwrap();
    drop(journal.signed(key).unwrap());
    let trust = Trust {
        keys: Keys::read(&keys).unwrap(),
        must_be_signed: true,
    };
    let audit = journal::audit_by(&path, &trust).unwrap();
    assert_eq!(audit.damage, None);
    let Signatures::Verified { up_to, .. } = audit.signatures else {
        panic!("{audit:?}");
    };
    assert_eq!(up_to, audit.entries);
    println!("{KILLS} kills, {acknowledged} records acknowledged, {torn} torn lines");
}
