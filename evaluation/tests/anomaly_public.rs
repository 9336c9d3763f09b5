//! The public data set through the replay: nobody looks ahead, every group is there, chance stays chance.
//!
//! Needs the data set beside the repository (see `public`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at the first surprise; equal means equal to the last digit"
)]

mod anomaly_common;

use anomaly_common::nobody_looks_ahead;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};
use zizhi_evaluation::anomaly::metrics::vus::vus;
use zizhi_evaluation::anomaly::{Entry, Manifest, Method, Outcome, Settings, run};

/// The public data set; nothing where it is missing, which only a machine without the duty to have it may say.
fn public() -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/anomaly");
    if Path::new(folder).join("manifest.csv").is_file() {
        return Some(PathBuf::from(folder));
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "only the automatic build has the duty to have the data"
    )]
    let duty = std::env::var_os("CI").is_some();
    assert!(!duty, "no {folder}");
    println!("SKIPPED: no public data set: {folder}");
    None
}

fn unpacked(entry: &Entry) -> String {
    let file = std::fs::File::open(&entry.path).unwrap();
    std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap()
}

#[test]
fn nobody_looks_ahead_in_public_series() {
    let Some(folder) = public() else { return };
    let manifest = Manifest::load(&folder).unwrap();
    for (id, rows) in [
        ("nab/speed_7578", 700),
        ("mscloud/purchase-02", 500),
        ("appserver/asd-omi-5", 9000),
        ("router/bgp1-leaf2", 300),
    ] {
        let entry = manifest.entries.iter().find(|e| e.id == id).unwrap();
        nobody_looks_ahead(entry, &unpacked(entry), rows);
    }
}

/// Mean VUS-PR over a group when every series' events are put elsewhere, in another order.
fn with_events_elsewhere(outcome: &Outcome, group: &str, place: usize) -> f64 {
    let mut volumes = vec![];
    for series in outcome.replayed.iter().filter(|s| s.entry.group == group) {
        let label = series.test_label();
        if !label.contains(&true) {
            continue;
        }
        let mut chance = ChaCha8Rng::seed_from_u64(label.len() as u64);
        let (_, score) = series.scored[place].parts(series.entry.train_rows);
        for _ in 0..10 {
            let label = shuffled(label, &mut chance);
            volumes.push(vus(&label, score, series.entry.vus_window.min(40)).0);
        }
    }
    volumes.iter().sum::<f64>() / volumes.len() as f64
}

/// The same stretches in another order: as many events, as long as before.
fn shuffled(label: &[bool], chance: &mut ChaCha8Rng) -> Vec<bool> {
    let mut stretches: Vec<&[bool]> = label.chunk_by(|a, b| a == b).collect();
    stretches.shuffle(chance);
    let mut label = stretches.concat();
    let by = chance.random_range(0..label.len());
    label.rotate_left(by);
    label
}

#[test]
fn the_public_set_is_reported_whole_and_chance_stays_chance() {
    let Some(folder) = public() else { return };
    let settings = Settings {
        methods: vec![Method::ALL[0], Method::FixedRobustZ, Method::Random],
        ..Settings::default()
    };
    let outcome = run(&folder, &settings, &|_| {}).unwrap();
    let wanted = Manifest::load(&folder).unwrap().groups();
    for method in &outcome.methods {
        let groups: Vec<&String> = method.groups.iter().map(|(name, _)| name).collect();
        assert_eq!(groups, wanted.iter().collect::<Vec<_>>());
    }
    assert_eq!(outcome.warnings, Vec::<String>::new());
    let [ours, fixed, random] = outcome.methods.as_slice() else {
        panic!("three methods were asked for");
    };
    let chance = random.overall.get("vus_pr").unwrap();
    assert!(
        (chance - 0.160).abs() < 0.02,
        "random scores: {chance}, published 0.160"
    );
    assert!((random.overall.get("auc_roc").unwrap() - 0.5).abs() < 0.02);
    // Our own implementation of a published baseline comes near to theirs; its fusion of channels is another.
    for (group, published, room) in [
        ("nab", 0.248, 0.02),
        ("mscloud", 0.576, 0.02),
        ("smd", 0.349, 0.05),
        ("appserver", 0.135, 0.05),
        ("router", 0.891, 0.02),
    ] {
        let reached = fixed.group(group).unwrap().get("vus_pr").unwrap();
        assert!(
            (reached - published).abs() < room,
            "{group}: {reached}, published {published}"
        );
    }
    assert!(
        ours.overall.get("vus_pr").unwrap() > chance + 0.1,
        "worse than chance"
    );
    // Events put elsewhere: the detector's scores are worth no more than random ones.
    for group in ["nab", "mscloud"] {
        let [ours, random] = [0, 2].map(|place| with_events_elsewhere(&outcome, group, place));
        println!("{group}, events elsewhere: ours {ours:.3}, random {random:.3}");
        assert!(
            (ours - random).abs() < 0.06,
            "{group}: {ours} against {random}"
        );
    }
}
