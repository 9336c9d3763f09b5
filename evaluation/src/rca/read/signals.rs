//! `traces.csv.gz` and `logs.csv.gz`.

use super::RcaError;
use super::files::open;
use super::table::broken;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::Path;
use zizhi_models::ranker::lines::tells_of_error;
use zizhi_models::ranker::{Line, LineWindow, Span};

#[derive(serde::Deserialize)]
struct SpanRow {
    trace_id: String,
    span_id: String,
    parent_id: String,
    pod: String,
    operation: String,
    start_ns: i64,
    duration_us: f64,
}

#[derive(serde::Deserialize)]
struct LineRow {
    t_ns: i64,
    pod: String,
    message: String,
}

/// A line with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped {
    /// Seconds since 1970.
    pub at_s: f64,
    /// The line.
    pub line: Line,
}

fn rows<T: DeserializeOwned>(path: &Path, remedy: &str) -> Result<Vec<T>, RcaError> {
    let mut reader = csv::Reader::from_reader(open(path)?);
    let read = reader.deserialize().map(|row| {
        row.map_err(|e: csv::Error| {
            let mut refusal = broken(path, &e);
            if matches!(e.kind(), csv::ErrorKind::Deserialize { .. }) {
                remedy.clone_into(&mut refusal.remedy);
            }
            refusal
        })
    });
    read.collect()
}

/// The spans of a file, with pods mapped to their nodes.
pub fn spans(path: &Path, nodes: &BTreeSet<String>) -> Result<Vec<Span>, RcaError> {
    let remedy = "write `trace_id,span_id,parent_id,pod,operation,start_ns,duration_us` with whole nanoseconds and microseconds";
    let rows: Vec<SpanRow> = rows(path, remedy)?;
    let span = |(i, row): (usize, SpanRow)| {
        if !row.duration_us.is_finite() || row.duration_us < 0.0 {
            let problem = format!("`{}` is no duration", row.duration_us);
            let place = format!("row {}, column 7 (`duration_us`)", i + 2);
            return Err(RcaError::new(path, problem, "write microseconds, 0 or more").at(place));
        }
        Ok(Span {
            trace: row.trace_id,
            id: row.span_id,
            parent: row.parent_id,
            node: node_of(&row.pod, nodes),
            operation: row.operation,
            start_us: row.start_ns as f64 / 1e3,
            duration_us: row.duration_us,
        })
    };
    rows.into_iter().enumerate().map(span).collect()
}

/// The log lines of a file, with pods mapped to their nodes.
pub fn lines(path: &Path, nodes: &BTreeSet<String>) -> Result<Vec<Stamped>, RcaError> {
    let remedy = "write `t_ns,pod,trace_id,span_id,message` with whole nanoseconds";
    let rows: Vec<LineRow> = rows(path, remedy)?;
    let stamped = rows.into_iter().map(|row| Stamped {
        at_s: row.t_ns as f64 / 1e9,
        line: Line {
            node: node_of(&row.pod, nodes),
            error: tells_of_error(&row.message),
        },
    });
    Ok(stamped.collect())
}

/// The lines as one window: as long as from its first to its last line.
pub fn window(lines: impl Iterator<Item = Stamped>) -> LineWindow {
    let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
    let lines: Vec<Line> = lines
        .map(|s| {
            first = first.min(s.at_s);
            last = last.max(s.at_s);
            s.line
        })
        .collect();
    let seconds = if lines.is_empty() { 0.0 } else { last - first };
    LineWindow { lines, seconds }
}

/// Two windows as one.
pub fn joined(mut a: LineWindow, b: LineWindow) -> LineWindow {
    a.lines.extend(b.lines);
    a.seconds += b.seconds;
    a
}

/// The node of a pod: the longest node name that the pod's name begins with, ended by `-`; else the name without its last two
/// parts (`<service>-<hash>-<hash>`).
pub fn node_of(pod: &str, nodes: &BTreeSet<String>) -> String {
    let mut name = pod;
    loop {
        if nodes.contains(name) {
            return name.to_owned();
        }
        match name.rsplit_once('-') {
            Some((shorter, _)) if !shorter.is_empty() => name = shorter,
            _ => break,
        }
    }
    let short = pod
        .rsplit_once('-')
        .and_then(|(rest, _)| rest.rsplit_once('-'));
    short.map_or(pod, |(service, _)| service).to_owned()
}
