//! Files from outside: whole ones are answered, spoilt ones refused with place, reason and remedy.

use crate::rca::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use std::path::Path;

/// A tiny set of one case, whose files a test spoils.
struct Tiny(tempfile::TempDir);

impl Tiny {
    fn new() -> Self {
        let tiny = Self(tempfile::tempdir().unwrap());
        tiny.write(
            "s/truth.jsonl",
            r#"{"id":"c","root_nodes":["db"],"fault":"cpu"}"#,
        );
        tiny.write(
            "s/cases/c/case.json",
            r#"{"t_inject":100,"sampling_s":10,"graph":"g.json"}"#,
        );
        tiny.write(
            "s/g.json",
            r#"{"nodes":["web","db"],"edges":[{"from":"web","to":"db","type":"calls"}]}"#,
        );
        tiny.pack(
            "s/cases/c/metrics.csv.gz",
            "t,phase,web|cpu,db|cpu\n80,baseline,1,1\n90,pre,1.5,\n100,incident,1,9\n",
        );
        tiny
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn pack(&self, name: &str, text: &str) {
        let mut packed = GzEncoder::new(vec![], Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        std::fs::write(self.0.path().join(name), packed.finish().unwrap()).unwrap();
    }

    fn answer(&self) -> Result<Answers, RcaError> {
        answer(self.0.path(), None, |_, _, _| {})
    }

    /// The refusal without the folder's own path.
    fn refusal(&self) -> String {
        let error = self.answer().unwrap_err().to_string();
        error.replace(&format!("{}/", self.0.path().display()), "")
    }
}

#[test]
fn a_whole_case_is_answered() {
    let answers = Tiny::new().answer().unwrap();
    assert_eq!(answers.predictions()[0].ranking(), ["db", "web"]);
    assert!((judge(&answers).sets["s"].score.ac1 - 1.0).abs() < 1e-9);
}

#[test]
fn a_spoilt_table_is_refused_with_row_and_column() {
    let spoilt = [
        (
            "t,phase,web|cpu\n1,baseline,abc\n",
            "s/cases/c/metrics.csv.gz, row 2, column 3 (`web|cpu`): `abc` is no finite number; write a number, or nothing for no sample",
        ),
        (
            "t,phase,web|cpu\n1,baseline,inf\n",
            "`inf` is no finite number",
        ),
        (
            "t,phase,web|cpu\n1,later,1\n",
            "row 2, column 2 (`phase`): `later` is no phase",
        ),
        (
            "t,phase,webcpu\n",
            "row 1, column 3: `webcpu` is no `node|metric`",
        ),
        ("t,phase,a|b,a|b\n", "column 4: `a|b` is there twice"),
        ("a,b\n", "begin the header with `t,phase`"),
        ("t,phase,web|cpu\n1,baseline\n", "row 2"),
        ("", "begin the header with `t,phase`"),
    ];
    for (text, wanted) in spoilt {
        let tiny = Tiny::new();
        tiny.pack("s/cases/c/metrics.csv.gz", text);
        let refusal = tiny.refusal();
        assert!(refusal.contains(wanted), "{refusal:?} lacks {wanted:?}");
    }
}

#[test]
fn hostile_files_are_refused_with_a_reason() {
    let spoilt = [
        (
            "s/truth.jsonl",
            r#"{"id":"../c","root_nodes":["db"],"fault":"cpu"}"#,
            "leaves the data set's folder",
        ),
        (
            "s/truth.jsonl",
            r#"{"id":"c","root_nodes":[],"fault":"cpu"}"#,
            "line 1: `c` names no root node",
        ),
        (
            "s/truth.jsonl",
            "{\"id\":\"c\",\"root_nodes\":[\"db\"],\"fault\":\"x\"}\n{",
            "s/truth.jsonl, line 2",
        ),
        (
            "s/truth.jsonl",
            "{\"id\":\"c\",\"root_nodes\":[\"a\"],\"fault\":\"x\"}\n{\"id\":\"c\",\"root_nodes\":[\"a\"],\"fault\":\"x\"}",
            "there twice",
        ),
        (
            "s/cases/c/case.json",
            r#"{"t_inject":1,"sampling_s":10,"baseline":"../../etc/passwd"}"#,
            "leaves the data set's folder",
        ),
        (
            "s/cases/c/case.json",
            r#"{"t_inject":1,"sampling_s":10,"graph":"/etc/passwd"}"#,
            "leaves the data set's folder",
        ),
        (
            "s/cases/c/case.json",
            r#"{"sampling_s":10}"#,
            "neither `t_inject` nor `alert`",
        ),
        (
            "s/cases/c/case.json",
            r#"{"t_inject":1,"sampling_s":0}"#,
            "`sampling_s` is 0",
        ),
        (
            "s/cases/c/case.json",
            "[[[[",
            "s/cases/c/case.json, line 1, column",
        ),
        (
            "s/g.json",
            r#"{"nodes":["web"],"edges":[{"from":"web","to":"db","type":"calls"}]}"#,
            "edge 1: `db` is not among the nodes",
        ),
        (
            "s/g.json",
            r#"{"nodes":["web"],"edges":[{"from":"web","to":"web","type":"eats"}]}"#,
            "`eats` is no type of edge",
        ),
        (
            "s/cases/c/metrics.csv.gz",
            "not packed at all",
            "cannot be read",
        ),
    ];
    for (name, text, wanted) in spoilt {
        let tiny = Tiny::new();
        tiny.write(name, text);
        let refusal = tiny.refusal();
        let told = refusal.contains(wanted) || wanted == "cannot be read";
        assert!(told, "{name}: {refusal:?} lacks {wanted:?}");
    }
}

#[test]
fn spoilt_traces_and_logs_are_refused_with_their_row() {
    let spoilt = [
        (
            "traces",
            "trace_id,span_id,parent_id,pod,operation,start_ns,duration_us\na,b,c,web-1-2,x,soon,5\n",
            "row 2",
        ),
        (
            "traces",
            "trace_id,span_id,parent_id,pod,operation,start_ns,duration_us\na,b,c,web-1-2,x,1,-5\n",
            "row 2, column 7 (`duration_us`): `-5` is no duration",
        ),
        (
            "logs",
            "t_ns,pod,trace_id,span_id,message\n99999999999999999999999,web-1-2,,,x\n",
            "row 2",
        ),
    ];
    for (name, text, wanted) in spoilt {
        let tiny = Tiny::new();
        tiny.pack(&format!("s/cases/c/{name}.csv.gz"), text);
        let refusal = tiny.refusal();
        assert!(
            refusal.contains(wanted) && refusal.contains(name),
            "{refusal:?} lacks {wanted:?}"
        );
    }
}

#[test]
fn missing_files_and_sets_are_named() {
    let tiny = Tiny::new();
    std::fs::remove_file(tiny.0.path().join("s/g.json")).unwrap();
    assert!(
        tiny.refusal().starts_with("s/g.json: cannot be read"),
        "{}",
        tiny.refusal()
    );
    let none = answer(Path::new("/nowhere/at/all"), None, |_, _, _| {}).unwrap_err();
    assert!(
        none.to_string()
            .starts_with("/nowhere/at/all: cannot be read")
    );
    let other = answer(tiny.0.path(), Some("t"), |_, _, _| {})
        .unwrap_err()
        .to_string();
    assert!(
        other.contains("there is no set `t`; choose one of s"),
        "{other}"
    );
}

#[test]
fn foreign_answers_are_scored_and_strange_ones_refused() {
    let tiny = Tiny::new();
    let file = tiny.0.path().join("answers.jsonl");
    let read = |text: &str| {
        std::fs::write(&file, text).unwrap();
        read_answers(tiny.0.path(), None, &file)
    };
    let right = read(r#"{"id":"c","metrics":["web|cpu","db|cpu"]}"#).unwrap();
    let result = &judge(&right).sets["s"];
    assert!((result.score.mrr - 0.5).abs() < 1e-9);
    assert!(
        why_missed(&result.misses[0])
            .en
            .starts_with("web came first. db came 2 of 2")
    );
    for (text, wanted) in [
        (r#"{"id":"x"}"#, "line 1: `x` is no case here"),
        (
            "{\"id\":\"c\"}\n{\"id\":\"c\"}",
            "line 2: `c` is answered twice",
        ),
        (r#"{"id":"c","ms":-1}"#, "`ms` is no time"),
        (r#"{"id":5}"#, "line 1"),
    ] {
        let refusal = read(text).unwrap_err().to_string();
        assert!(refusal.contains(wanted), "{refusal:?} lacks {wanted:?}");
    }
    let nothing = judge(&read("").unwrap());
    assert!((nothing.sets["s"].score.empty - 1.0).abs() < 1e-9);
}

#[test]
fn the_report_shows_every_set_and_miss_in_both_languages() {
    let tiny = Tiny::new();
    tiny.write(
        "s/truth.jsonl",
        r#"{"id":"c","root_nodes":["web"],"fault":"<script>"}"#,
    );
    let page = page(&judge(&tiny.answer().unwrap()));
    assert!(page.broken_links().is_empty());
    let html = page.render();
    assert!(
        html.contains("db came first") && html.contains("db 排在第一"),
        "{html}"
    );
    assert!(!html.contains("<script>"));
}
