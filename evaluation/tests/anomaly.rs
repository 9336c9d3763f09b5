//! Replay of labelled telemetry: nobody looks ahead, nothing is flattered, every bad file is told where it is bad.
//!
//! Here on small made-up data sets; `anomaly_public` has the same for the public one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test stops at the first surprise; equal means equal to the last digit"
)]

mod anomaly_common;

use anomaly_common::{made_up, nobody_looks_ahead};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zizhi_evaluation::anomaly::present::comparisons;
use zizhi_evaluation::anomaly::{
    Entry, Method, Outcome, Progress, Settings, report, run, write_scores,
};
use zizhi_types::text::Language;

const TRAIN: usize = 60;

/// A folder being filled with a data set.
struct Data {
    folder: TempDir,
    manifest: String,
}

impl Data {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            manifest:
                "id,group,file,rows,channels,train_rows,interval_s,vus_window,sha256_csv,note\n"
                    .to_owned(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a series, packed, with the manifest's line as it should be.
    fn add(&mut self, id: &str, group: &str, text: &str) {
        let rows = text.lines().count() - 1;
        let channels = text
            .lines()
            .next()
            .unwrap()
            .split(',')
            .count()
            .saturating_sub(2);
        let hash = format!("{:x}", Sha256::digest(text));
        let _ = writeln!(
            self.manifest,
            "{id},{group},{id}.csv.gz,{rows},{channels},{TRAIN},60,6,{},made up",
            &hash[..16]
        );
        let mut file = GzEncoder::new(vec![], Compression::fast());
        file.write_all(text.as_bytes()).unwrap();
        std::fs::write(
            self.path().join(format!("{id}.csv.gz")),
            file.finish().unwrap(),
        )
        .unwrap();
    }

    fn finish(&self) {
        std::fs::write(self.path().join("manifest.csv"), &self.manifest).unwrap();
    }

    fn run(&self, settings: &Settings) -> Result<Outcome, String> {
        self.finish();
        run(self.path(), settings, &|_| {}).map_err(|e| e.to_string())
    }
}

/// Five series in two groups.
fn small() -> Data {
    let mut data = Data::new();
    for n in 0..5 {
        let group = if n < 3 { "even" } else { "odd" };
        data.add(&format!("s{n}"), group, &made_up(400 + 50 * n, n as u64));
    }
    data
}

#[test]
fn every_group_is_reported_by_every_method() {
    let outcome = small().run(&Settings::default()).unwrap();
    assert_eq!(outcome.warnings, Vec::<String>::new());
    assert_eq!(outcome.methods.len(), Method::ALL.len());
    for method in &outcome.methods {
        let groups: Vec<(&str, Option<f64>)> = method
            .groups
            .iter()
            .map(|(name, figures)| (name.as_str(), figures.get("n_scored")))
            .collect();
        assert_eq!(groups, [("even", Some(3.0)), ("odd", Some(2.0))]);
        assert_eq!(method.series.len(), 5);
        for key in ["vus_pr", "vus_roc", "auc_pr", "auc_roc", "ops_recall"] {
            let value = method.overall.get(key).unwrap();
            assert!(
                (0.0..=1.0 + 1e-9).contains(&value),
                "{:?} {key}: {value}",
                method.method
            );
        }
    }
    let volume = |place: usize| outcome.methods[place].overall.get("vus_pr").unwrap();
    let chance = outcome.methods.len() - 1;
    assert!(
        volume(0) > volume(chance) + 0.1,
        "{} against {}",
        volume(0),
        volume(chance)
    );
}

#[test]
fn one_object_has_the_first_methods_figures_and_those_of_all() {
    let json = small().run(&Settings::default()).unwrap().json();
    assert!(json["macro"]["vus_pr"].as_f64().unwrap() > 0.0);
    assert_eq!(json["macro"], json["methods"]["zizhi"]["macro"]);
    assert_eq!(json["groups"], json["methods"]["zizhi"]["groups"]);
    assert!(json["series"]["s4"]["vus_pr"].as_f64().is_some());
    assert!(
        json["methods"]["random"]["groups"]["odd"]["auc_roc"]
            .as_f64()
            .is_some()
    );
    assert!(json["published"].as_array().unwrap().len() > 4);
}

#[test]
fn published_means_stand_beside_means_over_the_same_groups_only() {
    let data = small();
    let told = |only: Option<&str>| {
        let only = only.map(str::to_owned);
        let outcome = data
            .run(&Settings {
                only,
                ..Settings::default()
            })
            .unwrap();
        comparisons(&outcome)
    };
    let all = told(None);
    let groups: Vec<Option<&str>> = all.iter().map(|c| c.group.as_deref()).collect();
    assert_eq!(groups, [None, Some("even"), Some("odd")]);
    for row in all.iter().flat_map(|c| &c.rows) {
        assert_eq!(row.len(), Method::ALL.len() + 2);
        assert_eq!(row.last().unwrap().en, "", "nobody published {}", row[0].en);
    }
    assert_eq!(told(Some("odd")).len(), 1, "one group needs no mean");
}

#[test]
fn the_figures_do_not_depend_on_how_many_work_at_a_time() {
    let data = small();
    let with = |jobs| {
        data.run(&Settings {
            jobs,
            ..Settings::default()
        })
        .unwrap()
    };
    let (one, four) = (with(1), with(4));
    assert_eq!(one.json().to_string(), four.json().to_string());
    assert_eq!(one.replayed, four.replayed);
}

#[test]
fn progress_tells_of_every_series_once() {
    let data = small();
    data.finish();
    let told = std::sync::Mutex::new(vec![]);
    let tell = |progress: Progress<'_>| told.lock().unwrap().push(format!("{progress:?}"));
    run(data.path(), &Settings::default(), &tell).unwrap();
    let mut told = told.into_inner().unwrap();
    told.sort();
    assert_eq!(told.len(), 6);
    assert_eq!(told[5], "Series(5)");
    assert_eq!(told[0], r#"Done("s0")"#);
}

#[test]
fn scores_written_are_the_scores_that_were_judged() {
    let data = small();
    let outcome = data
        .run(&Settings {
            only: Some("odd".to_owned()),
            ..Settings::default()
        })
        .unwrap();
    let out = data.path().join("out");
    write_scores(&outcome, 0, &out).unwrap();
    assert!(!out.join("s0.csv").exists(), "another group");
    let text = std::fs::read_to_string(out.join("s3.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("score,alarm"));
    let rows: Vec<(f64, bool)> = lines
        .map(|line| line.split_once(',').unwrap())
        .map(|(score, alarm)| (score.parse().unwrap(), alarm == "1"))
        .collect();
    let scored = &outcome.replayed[0].scored[0];
    let judged: Vec<(f64, bool)> = scored
        .score
        .iter()
        .copied()
        .zip(scored.alarm.iter().copied())
        .collect();
    assert_eq!(rows, judged);
}

#[test]
fn the_report_shows_every_group_and_leads_nowhere_else() {
    let outcome = small().run(&Settings::default());
    // The files are gone with their folder: told, not a panic.
    assert!(report::page(&outcome.unwrap(), Language::En).is_err());
    let data = small();
    let page = report::page(&data.run(&Settings::default()).unwrap(), Language::Zh).unwrap();
    assert_eq!(page.broken_links(), Vec::<String>::new());
    let html = page.render();
    for part in [
        "even: 3 series",
        "odd：2 条序列",
        ": the channel that differs most",
        "bytes_total",
        "own alarm",
    ] {
        assert!(html.contains(part), "no {part} in the report");
    }
}

/// What is said of a data set of one series, of which one thing is wrong.
fn refused(change: impl Fn(&str) -> String) -> String {
    let mut data = Data::new();
    data.add("s", "g", &made_up(200, 1));
    let good = data.manifest.clone();
    data.add("s", "g", &change(&made_up(200, 1)));
    data.manifest = good;
    data.run(&Settings::default()).unwrap_err()
}

#[test]
fn a_bad_file_is_refused_with_its_name_line_and_column() {
    let cell = refused(|t| t.replacen(",0\n", ",maybe\n", 1));
    assert!(
        cell.contains("s.csv.gz, line 2, column `label`: `maybe` is not 0 or 1: correct"),
        "{cell}"
    );
    let number = refused(|t| t.replacen("\n60,", "\n60,x", 1));
    assert!(
        number.contains("line 3, column `load`: `x4") && number.contains("not a number"),
        "{number}"
    );
    let infinite = refused(|t| t.replacen("\n120,", "\n120,inf,1,0\n180,", 1));
    assert!(
        infinite.contains("line 4, column `load`: `inf` is not a number"),
        "{infinite}"
    );
    let time = refused(|t| t.replacen("\n60,", "\n-60,", 1));
    assert!(
        time.contains("column `timestamp`: `-60` is not a whole number of seconds"),
        "{time}"
    );
    let width = refused(|t| t.replacen("\n60,", "\n60,1,", 1));
    assert!(
        width.contains("line 3: 5 columns, expected 4: correct the line"),
        "{width}"
    );
    let short = refused(|t| {
        t.lines()
            .take(150)
            .fold(String::new(), |text, l| text + l + "\n")
    });
    assert!(short.contains("149 rows, manifest.csv says 200"), "{short}");
    let long = refused(|t| format!("{t}12000,1,1,0\n"));
    assert!(long.contains("201 rows, manifest.csv says 200"), "{long}");
    let columns = refused(|t| t.replacen("label", "labels", 1));
    assert!(
        columns.contains("no column `label` in the first line"),
        "{columns}"
    );
    let empty = refused(|_| "\n".to_owned());
    assert!(empty.contains("no column `timestamp`"), "{empty}");
}

#[test]
fn a_damaged_or_missing_file_is_refused() {
    let mut data = Data::new();
    data.add("s", "g", &made_up(200, 1));
    let path = data.path().join("s.csv.gz");
    let packed = std::fs::read(&path).unwrap();
    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let cut = data.run(&Settings::default()).unwrap_err();
    assert!(
        cut.contains("s.csv.gz: no readable CSV: fetch the file anew"),
        "{cut}"
    );
    std::fs::remove_file(&path).unwrap();
    let missing = data.run(&Settings::default()).unwrap_err();
    assert!(
        missing.contains("cannot read") && missing.contains("s.csv.gz"),
        "{missing}"
    );
    let nothing = run(Path::new("/nowhere"), &Settings::default(), &|_| {}).unwrap_err();
    assert!(nothing.to_string().contains("manifest.csv"), "{nothing}");
}

#[test]
fn the_first_bad_series_is_told_whoever_works_on_it() {
    let mut data = small();
    for bad in ["s1", "s3"] {
        std::fs::write(data.path().join(format!("{bad}.csv.gz")), b"no gzip").unwrap();
    }
    data.manifest.push('\n');
    for jobs in [1, 4] {
        let error = data
            .run(&Settings {
                jobs,
                ..Settings::default()
            })
            .unwrap_err();
        assert!(error.contains("s1.csv.gz"), "{error}");
    }
}

#[test]
fn another_file_than_the_manifests_is_a_warning() {
    let mut data = Data::new();
    data.add("s", "g", &made_up(200, 1));
    let manifest = data.manifest.clone();
    data.add("s", "g", &made_up(200, 2));
    data.manifest = manifest;
    let outcome = data.run(&Settings::default()).unwrap();
    assert_eq!(outcome.warnings.len(), 1);
    assert!(
        outcome.warnings[0].contains("s.csv.gz: its SHA-256 begins with"),
        "{:?}",
        outcome.warnings
    );
}

fn entry(rows: usize) -> Entry {
    Entry {
        id: "made-up".to_owned(),
        group: "g".to_owned(),
        path: PathBuf::new(),
        rows,
        channels: 2,
        train_rows: TRAIN,
        interval_s: 60.0,
        vus_window: 6,
        sha256: String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_later_row_never_changes_an_earlier_score(seed in any::<u64>(), rows in TRAIN..500_usize) {
        nobody_looks_ahead(&entry(500), &made_up(500, seed), rows);
    }
}
