//! `zizhi eval anomaly`, as a person starts it: figures, one object for machines, and refusals before any work.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise; not every file needs everything of `common`"
)]

mod common;

use common::{told, zizhi};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use tempfile::TempDir;

/// A folder `data` with one quiet series of 300 rows and two events in its test part.
fn data() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("timestamp,load,label\n");
    for row in 0..300_u32 {
        let event = (150..160).contains(&row) || (250..260).contains(&row);
        let load = 50 + row * 7 % 5 + if event { 90 } else { 0 };
        let _ = writeln!(text, "{},{load},{}", row * 10, u8::from(event));
    }
    let manifest = "id,group,file,rows,channels,train_rows,interval_s,vus_window\n\
                    one,lab,one.csv,300,1,60,10,6\n";
    let place = folder.path().join("data");
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("one.csv"), text).unwrap();
    std::fs::write(place.join("manifest.csv"), manifest).unwrap();
    folder
}

fn printed(folder: &Path, args: &[&str]) -> String {
    let output = zizhi(folder, args);
    assert!(output.status.success(), "{args:?}: {}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn json_is_exactly_one_object() {
    let folder = data();
    let text = printed(folder.path(), &["eval", "anomaly", "data", "--json"]);
    assert_eq!(text.lines().count(), 1);
    let object: Value = serde_json::from_str(&text).unwrap();
    assert!(object["macro"]["vus_pr"].as_f64().unwrap() > 0.9, "{text}");
    assert_eq!(object["groups"]["lab"]["n_series"], 1.0);
    assert!(object["groups"]["lab"]["own_recall"].as_f64().is_some());
    assert!(object["series"]["one"]["vus_pr"].as_f64().is_some());
}

#[test]
fn people_read_a_table_in_their_language() {
    let folder = data();
    let english = printed(folder.path(), &["eval", "anomaly", "data"]);
    assert!(
        english.contains("lab: 1 series, 1 with events") && english.contains("VUS-PR"),
        "{english}"
    );
    let chinese = printed(folder.path(), &["eval", "anomaly", "data", "--lang", "zh"]);
    assert!(
        chinese.contains("自身告警") && !chinese.contains("event recall"),
        "{chinese}"
    );
}

#[test]
fn scores_and_report_are_written_where_asked() {
    let folder = data();
    let args = [
        "eval",
        "anomaly",
        "data",
        "--scores",
        "out",
        "--report",
        "page.html",
    ];
    printed(folder.path(), &args);
    let scores = std::fs::read_to_string(folder.path().join("out/one.csv")).unwrap();
    assert!(scores.starts_with("score,alarm\n"));
    assert_eq!(scores.lines().count(), 301);
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("Worst and best of lab"));
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let folder = data();
    for (args, needle) in [
        (
            &["eval", "anomaly", "nowhere"][..],
            "give the folder that has manifest.csv",
        ),
        (
            &["eval", "anomaly", "data", "--only", "x"],
            "choose one of lab",
        ),
        (&["eval", "anomaly", "data", "--jobs", "0"], "--jobs"),
        (
            &["eval", "anomaly", "data", "--report", "no/page.html"],
            "name a file in a folder that exists",
        ),
        (
            &["eval", "anomaly", "data", "--scores", "data/one.csv"],
            "cannot make the folder",
        ),
    ] {
        let output = zizhi(folder.path(), args);
        let message = told(&output);
        assert!(
            !output.status.success() && message.contains(needle),
            "{args:?}: {message}"
        );
        assert_ne!(output.status.code(), Some(101), "{message}");
        assert!(
            output.stdout.is_empty(),
            "{args:?} began to work: {message}"
        );
    }
}
