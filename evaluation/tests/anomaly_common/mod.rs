//! Made-up series, and the check that nobody looks ahead in a series.
#![allow(dead_code, clippy::unwrap_used)] // each file of tests uses a part

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write as _;
use zizhi_evaluation::anomaly::{Entry, Method, replay};

/// A file of `rows` rows: a value that swings, a counter, and an event of ten rows after every hundred.
pub fn made_up(rows: usize, seed: u64) -> String {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut text = String::from("timestamp,load,bytes_total,label\n");
    let mut count = 4_294_900_000.0_f64;
    for row in 0..rows {
        let event = row % 110 >= 100;
        let swing = 40.0 + 10.0 * (row as f64 / 15.0).sin() + chance.random_range(0.0..4.0);
        let load = if event { swing * 2.5 } else { swing };
        count = (count + load * 100.0).rem_euclid(4_294_967_296.0);
        let _ = writeln!(
            text,
            "{},{load:.3},{count:.0},{}",
            row * 60,
            u8::from(event)
        );
    }
    text
}

/// Scores of all methods when only the first `rows` rows of a series exist.
fn of_prefix(entry: &Entry, text: &str, rows: usize) -> Vec<Vec<f64>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prefix.csv");
    let lines: Vec<&str> = text.lines().take(rows + 1).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let entry = Entry {
        path,
        rows,
        ..entry.clone()
    };
    let replayed = replay(&entry, &Method::ALL).unwrap();
    replayed.scored.into_iter().map(|s| s.score).collect()
}

/// Fails if a later row changes the score of an earlier one.
pub fn nobody_looks_ahead(entry: &Entry, text: &str, rows: usize) {
    let part = of_prefix(entry, text, rows);
    let whole = of_prefix(entry, text, entry.rows);
    for ((method, part), whole) in Method::ALL.iter().zip(&part).zip(&whole) {
        assert_eq!(part.len(), rows);
        assert!(
            part[..] == whole[..rows],
            "{method:?} looks ahead in {}",
            entry.id
        );
    }
}
