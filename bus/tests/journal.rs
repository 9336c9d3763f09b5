//! A journal tells on whoever touches it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use zizhi_bus::journal::{self, Audit, Damage, Journal, JournalError, State};
use zizhi_types::{Body, NetTime, Record, RecordId, Stage, Who};

fn record(number: u64) -> Record {
    Record {
        id: RecordId::new("transport", number),
        at: NetTime::from_secs(number),
        who: Who::System,
        domain: Some(zizhi_types::Domain::Transport),
        stage: Stage::Swarm,
        object: Some("link/A-B".parse().unwrap()),
        incident: None,
        causes: vec![],
        body: Body::Dropped { messages: number },
    }
}

fn written(folder: &Path, records: u64, sealed: bool) -> PathBuf {
    let path = folder.join("journal.jsonl");
    let journal = Journal::create(&path).unwrap();
    for n in 1..=records {
        journal.append(record(n)).unwrap();
    }
    if sealed {
        journal.seal(NetTime::from_secs(99)).unwrap();
    } else {
        journal.sync().unwrap();
    }
    path
}

fn damage(path: &Path) -> Damage {
    journal::audit(path)
        .unwrap()
        .damage
        .expect("damage must be found")
}

#[test]
fn a_journal_closed_in_order_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), 5, true);
    let whole = Audit {
        entries: 6,
        state: Some(State::Sealed),
        damage: None,
    };
    assert_eq!(journal::audit(&path).unwrap(), whole);
    let entries = journal::read(&path).unwrap();
    assert_eq!(entries[2].record, record(3));
}

#[test]
fn any_flipped_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), 4, true);
    let good = std::fs::read(&path).unwrap();
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 1;
        std::fs::write(&path, &bad).unwrap();
        let found = journal::audit(&path).unwrap();
        assert!(
            found.damage.is_some(),
            "byte {index} ({:?})",
            good[index] as char
        );
    }
}

#[test]
fn dropped_swapped_inserted_and_cut_lines_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), 5, true);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let rewrite = |lines: &[&str]| std::fs::write(&path, lines.join("\n") + "\n").unwrap();

    rewrite(&[&lines[..2], &lines[3..]].concat());
    assert_eq!(damage(&path), Damage::OutOfPlace { at: 3, found: 4 });
    rewrite(&[lines[0], lines[2], lines[1], lines[3], lines[4], lines[5]]);
    assert_eq!(damage(&path), Damage::OutOfPlace { at: 2, found: 3 });
    rewrite(&[&lines[..3], &lines[2..]].concat());
    assert_eq!(damage(&path), Damage::OutOfPlace { at: 4, found: 3 });
    rewrite(&lines[..4]);
    assert_eq!(damage(&path), Damage::CutTail { at: 4, durable: 6 });
    std::fs::write(&path, &text[..text.len() - 9]).unwrap();
    assert_eq!(damage(&path), Damage::TornLine { at: 6 });
}

#[test]
fn a_cut_tail_is_found_even_without_the_head_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), 5, true);
    let text = std::fs::read_to_string(&path).unwrap();
    let cut: Vec<&str> = text.lines().take(4).collect();
    std::fs::write(&path, cut.join("\n") + "\n").unwrap();
    std::fs::remove_file(journal::head_path(&path)).unwrap();
    assert_eq!(damage(&path), Damage::Unsealed { at: 4 });
}

#[test]
fn a_journal_whose_process_was_killed_is_open_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), 3, false);
    let open = Audit {
        entries: 3,
        state: Some(State::Open),
        damage: None,
    };
    assert_eq!(journal::audit(&path).unwrap(), open);
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), 1, true);
    let error = Journal::create(&path).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::Exists { .. }), "{error}");
    assert!(error.to_string().contains("name another file"));
}

#[test]
fn a_sealed_journal_takes_nothing_more() {
    let journal = Journal::in_memory();
    journal.seal(NetTime(0)).unwrap();
    assert!(matches!(
        journal.append(record(1)),
        Err(JournalError::Failed { .. })
    ));
}
