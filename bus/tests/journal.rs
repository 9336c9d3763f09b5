//! A journal tells on whoever touches it.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and waits with a deadline"
)]

use std::path::{Path, PathBuf};
use zizhi_bus::journal::{self, Audit, Damage, Journal, JournalError, Signatures, State};
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
        signatures: Signatures::None,
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
        signatures: Signatures::None,
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

#[test]
fn a_killed_writer_goes_on_in_the_same_chain_and_is_told_what_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), 3, false);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], b"{\"position\":4,\"pre"].concat()).unwrap();

    let (journal, found) = Journal::open(&path).unwrap();
    let torn = found.torn.expect("the torn line is told");
    assert_eq!((found.entries, torn.line, torn.bytes), (3, 4, 18));
    assert_eq!(std::fs::read(&torn.kept).unwrap(), b"{\"position\":4,\"pre");
    assert_eq!(found.numbers["transport"], 3);
    journal.append(record(4)).unwrap();
    journal.seal(NetTime::from_secs(99)).unwrap();
    drop(journal);
    assert_eq!(journal::audit(&path).unwrap().state, Some(State::Sealed));
    assert_eq!(journal::read(&path).unwrap()[3].record, record(4));
}

#[test]
fn only_a_torn_last_line_is_mended_any_other_damage_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), 5, false);
    let good = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    let refused = |bad: &str| {
        std::fs::write(&path, bad).unwrap();
        let error = Journal::open(&path).map(|_| ()).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            bad,
            "left as it is"
        );
    };
    refused(&good.replacen("\"messages\":2", "\"messages\":7", 1));
    refused(&[&lines[..1], &lines[2..]].concat().concat());
    // What was durable is missing.
    refused(&lines[..4].concat());
    refused(&good[..good.len() - 5]);
    std::fs::write(journal::head_path(&path), "{").unwrap();
    refused(&good);
}

#[test]
fn a_second_writer_is_refused_and_a_sealed_journal_stays_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.jsonl");
    let (first, new) = Journal::create_or_open(&path).unwrap();
    assert_eq!(new, None);
    first.append(record(1)).unwrap();
    let error = Journal::create_or_open(&path).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::Busy { .. }), "{error}");
    assert!(error.to_string().contains("another process"));
    drop(first);
    let (again, found) = Journal::create_or_open(&path).unwrap();
    assert_eq!(found.unwrap().entries, 1);
    again.seal(NetTime(1)).unwrap();
    drop(again);
    let error = Journal::open(&path).map(|_| ()).unwrap_err();
    assert!(matches!(error, JournalError::Sealed { .. }), "{error}");
}

#[test]
fn many_threads_append_to_one_chain_and_each_finds_its_records_durable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.jsonl");
    let journal = Journal::create(&path).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let (journal, path) = (&journal, &path);
            scope.spawn(move || {
                for n in 0..25 {
                    let own = record(1 + thread * 1000 + n);
                    journal.append(own.clone()).unwrap();
                    journal.sync().unwrap();
                    // Others are writing: the last line may be half there.
                    let there = journal::read_lenient(path).unwrap().0;
                    assert!(there.iter().any(|e| e.record == own));
                }
            });
        }
    });
    journal.seal(NetTime(1)).unwrap();
    assert!(journal.stats().fsyncs <= 201, "{:?}", journal.stats());
    let entries = journal::read(&path).unwrap();
    assert_eq!(entries.len(), 201);
    for thread in 0..8u64 {
        let own = entries[..200].iter().map(|e| e.record.id.number);
        let own: Vec<u64> = own.filter(|n| n / 1000 == thread).collect();
        assert!(own.is_sorted(), "{own:?}");
    }
}

#[test]
fn equal_records_give_equal_bytes_however_they_are_grouped() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let one = written(folders[0].path(), 40, true);
    let two = folders[1].path().join("journal.jsonl");
    let journal = Journal::create(&two).unwrap();
    for n in 1..=40 {
        journal.append(record(n)).unwrap();
        if n % 3 == 0 {
            journal.sync().unwrap();
        }
    }
    journal.seal(NetTime::from_secs(99)).unwrap();
    assert_eq!(std::fs::read(one).unwrap(), std::fs::read(two).unwrap());
}

#[test]
fn what_is_left_alone_becomes_durable_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alone.jsonl");
    let journal = Journal::create(&path).unwrap();
    journal.append(record(1)).unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !journal::head_path(&path).exists() {
        assert!(std::time::Instant::now() < until, "nobody made it durable");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(journal::audit(&path).unwrap().entries, 1);
}
