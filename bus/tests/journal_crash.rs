//! A writer is killed again and again, and nothing that it acknowledged is lost.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use zizhi_bus::journal::{self, Damage, Keys, Signatures, Trust};

/// Kills over all restarts.
const KILLS: u64 = 120;

/// The example is built beside the tests.
fn writer() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    folder.join("examples/journal_writer")
}

/// Lets a writer work for a while, kills it with `SIGKILL`, and gives where it began and its last acknowledged number.
fn killed(path: &Path, after: Duration) -> (u64, u64) {
    let mut child = Command::new(writer())
        .arg(path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let opened = lines
        .next()
        .unwrap_or_else(|| panic!("it could not open its journal"));
    let number = |line: &str| line.split(' ').nth(1).and_then(|n| n.parse().ok());
    let opened: u64 = number(&opened.unwrap()).unwrap();
    let reader = std::thread::spawn(move || {
        let told = lines.map_while(Result::ok);
        // The last line may be cut off in the middle of its number: then it was not told.
        told.filter_map(|line| number(&line)).last()
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
        let numbers = (1..).zip(&entries);
        for (number, entry) in numbers {
            assert_eq!(
                entry.record.id.number, number,
                "kill {kill}: lost or written twice"
            );
        }
    }
    let (journal, _) = journal::Journal::open(&path).unwrap();
    drop(journal);
    let trust = Trust {
        keys: Keys::read(&folder.path().join("keys")).unwrap(),
        must_be_signed: true,
    };
    let audit = journal::audit_by(&path, &trust).unwrap();
    assert_eq!(audit.damage, None);
    assert!(
        matches!(audit.signatures, Signatures::Verified { .. }),
        "{audit:?}"
    );
    println!("{KILLS} kills, {acknowledged} records acknowledged, {torn} torn lines");
}
