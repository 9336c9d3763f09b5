//! `metrics.csv.gz`: a row a sample, a column a metric of a node.

use super::RcaError;
use super::files::open;
use std::collections::BTreeSet;
use std::path::Path;
use zizhi_models::ranker::Series;

/// When a row was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Fault-free.
    Baseline,
    /// Right before.
    Pre,
    /// From the injection on.
    Incident,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Seconds since 1970.
    pub at_s: f64,
    /// Its phase.
    pub phase: Phase,
    /// A value a column; `None` for no sample.
    pub cells: Vec<Option<f64>>,
}

/// The table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Node and metric of each column.
    pub columns: Vec<(String, String)>,
    /// In the file's order.
    pub rows: Vec<Row>,
}

/// Reads a table.
pub fn read(path: &Path) -> Result<Table, RcaError> {
    let mut reader = csv::Reader::from_reader(open(path)?);
    let head = reader.headers().map_err(|e| broken(path, &e))?.clone();
    let columns = columns(path, &head)?;
    let mut rows = vec![];
    for record in reader.records() {
        let record = record.map_err(|e| broken(path, &e))?;
        let line = rows.len() + 2;
        rows.push(row(path, line, &head, &record)?);
    }
    Ok(Table { columns, rows })
}

/// A CSV reader's own refusal, with its line.
pub fn broken(path: &Path, error: &csv::Error) -> RcaError {
    let place = error.position().map(|p| format!("row {}", p.record() + 1));
    let remedy = "every row needs as many cells as the header; fetch the file again if it was cut";
    let refusal = RcaError::new(path, error.to_string(), remedy);
    match place {
        Some(place) => refusal.at(place),
        None => refusal,
    }
}

fn columns(path: &Path, head: &csv::StringRecord) -> Result<Vec<(String, String)>, RcaError> {
    let begins: Vec<&str> = head.iter().take(2).collect();
    if begins != ["t", "phase"] {
        let problem = format!("the first columns are `{}`", begins.join(","));
        return Err(RcaError::new(path, problem, "begin the header with `t,phase`").at("row 1"));
    }
    let mut seen = BTreeSet::new();
    let column = |(i, name): (usize, &str)| {
        let wrong = |problem: String, remedy: &str| {
            RcaError::new(path, problem, remedy).at(format!("row 1, column {}", i + 1))
        };
        let (node, metric) = name
            .split_once('|')
            .filter(|(n, m)| !n.is_empty() && !m.is_empty())
            .ok_or_else(|| {
                wrong(
                    format!("`{name}` is no `node|metric`"),
                    "name a node and a metric with `|` between",
                )
            })?;
        if !seen.insert(name.to_owned()) {
            return Err(wrong(
                format!("`{name}` is there twice"),
                "keep one of them",
            ));
        }
        Ok((node.to_owned(), metric.to_owned()))
    };
    head.iter().enumerate().skip(2).map(column).collect()
}

fn row(
    path: &Path,
    line: usize,
    head: &csv::StringRecord,
    record: &csv::StringRecord,
) -> Result<Row, RcaError> {
    let wrong = |i: usize, problem: String, remedy: &str| {
        let name = head.get(i).unwrap_or("");
        RcaError::new(path, problem, remedy).at(format!("row {line}, column {} (`{name}`)", i + 1))
    };
    let number = |i: usize, text: &str| {
        let value = text.trim().parse::<f64>().ok().filter(|v| v.is_finite());
        value.ok_or_else(|| {
            wrong(
                i,
                format!("`{text}` is no finite number"),
                "write a number, or nothing for no sample",
            )
        })
    };
    let phase = match record.get(1).unwrap_or("") {
        "baseline" => Phase::Baseline,
        "pre" => Phase::Pre,
        "incident" => Phase::Incident,
        other => {
            return Err(wrong(
                1,
                format!("`{other}` is no phase"),
                "write baseline, pre or incident",
            ));
        }
    };
    let cells = record
        .iter()
        .enumerate()
        .skip(2)
        .map(|(i, text)| match text {
            "" => Ok(None),
            text => number(i, text).map(Some),
        });
    Ok(Row {
        at_s: number(0, record.get(0).unwrap_or(""))?,
        phase,
        cells: cells.collect::<Result<_, _>>()?,
    })
}

impl Table {
    /// The values of a column in the rows that `wanted` takes.
    pub fn values(&self, column: usize, wanted: impl Fn(&Row) -> bool) -> Vec<f64> {
        let rows = self.rows.iter().filter(|r| wanted(r));
        rows.filter_map(|r| r.cells.get(column).copied().flatten())
            .collect()
    }

    /// A series a column. With an `onset` (seconds since 1970) the rows before it are the past and the rest the incident,
    /// whatever the phases say of the latter.
    pub fn series(&self, onset: Option<f64>) -> Vec<Series> {
        let during = |r: &Row| match onset {
            Some(onset) => r.phase != Phase::Baseline && r.at_s >= onset,
            None => r.phase == Phase::Incident,
        };
        let baseline = |r: &Row| r.phase == Phase::Baseline;
        let columns = self.columns.iter().enumerate();
        let series = columns.map(|(i, (node, metric))| Series {
            node: node.clone(),
            metric: metric.clone(),
            baseline: self.values(i, baseline),
            pre: self.values(i, |r| !baseline(r) && !during(r)),
            during: self.values(i, during),
        });
        series.collect()
    }
}
