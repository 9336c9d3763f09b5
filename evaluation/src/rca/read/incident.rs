//! A frozen incident: alert, metrics, lines, spans, patterns, and the changes around it.

use super::RcaError;
use super::case::{Alert, CaseFile};
use super::files::{json, json_lines};
use super::signals::{Stamped, window};
use super::table::{Phase, Table};
use super::time::utc_seconds;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use zizhi_models::ranker::changes::{Change, REACH_S, Trouble, onset};
use zizhi_models::ranker::{Evidence, Line, Span};

/// What is known of the changes around an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The trouble; its services are the alert's.
    pub trouble: Trouble,
    /// Commits that were rolled out, one for each service it went to.
    pub rollouts: Vec<Change>,
    /// Texts of all commits; they tell which words are common.
    pub commits: Vec<String>,
    /// Switches that were turned: service, name, seconds since 1970.
    pub flags: Vec<(String, String, f64)>,
}

#[derive(serde::Deserialize)]
struct LogRow {
    timestamp: String,
    service: String,
    severity_text: String,
    msg: String,
}

#[derive(serde::Deserialize)]
struct SpanRow {
    trace_id: String,
    span_id: String,
    parent_id: Option<String>,
    service: String,
    name: String,
    start: String,
    duration_ms: f64,
    status: String,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(serde::Deserialize)]
struct PatternRow {
    signature: String,
    sentiment: String,
}

#[derive(serde::Deserialize)]
struct CommitRow {
    sha: String,
    message: String,
    #[serde(default)]
    files_changed: Vec<String>,
    diff: Option<String>,
}

#[derive(serde::Deserialize)]
struct DeployRow {
    timestamp: String,
    service: String,
    commit_sha: String,
}

#[derive(serde::Deserialize)]
struct FlagRow {
    timestamp: String,
    flag: String,
    service: String,
}

/// Seconds of a time in a file's field, or a refusal.
fn seconds(path: &Path, place: String, text: &str) -> Result<f64, RcaError> {
    utc_seconds(text).ok_or_else(|| {
        let problem = format!("`{text}` is no time");
        RcaError::new(path, problem, "write it as 2026-06-23T09:45:00Z").at(place)
    })
}

impl Incident {
    pub(super) fn read(
        folder: &Path,
        said_by: &Path,
        file: &CaseFile,
        alert: &Alert,
        table: &Table,
    ) -> Result<(Evidence, Self), RcaError> {
        let fired = seconds(said_by, "`alert.fired_at`".to_owned(), &alert.fired_at)?;
        let onsets = onsets(table, fired);
        let own = onsets
            .iter()
            .filter(|((node, _), _)| *node == alert.service);
        let began = own.map(|(_, at)| *at).fold(f64::INFINITY, f64::min);
        let began = if began.is_finite() { began } else { fired };
        let mut told = vec![alert.summary.clone(), alert.metric.clone()];
        told.extend(onsets.keys().map(|(_, metric)| metric.clone()));
        let mut evidence = Evidence {
            series: table.series(Some(began)),
            ..Evidence::default()
        };
        read_lines(folder, began, &mut evidence, &mut told)?;
        read_spans(folder, began, &mut evidence, &mut told)?;
        read_patterns(folder, &mut told)?;
        let (rollouts, commits) = read_changes(folder)?;
        let trouble = Trouble {
            services: BTreeSet::from([alert.service.clone()]),
            began_s: began,
            tolerance_s: file.sampling_s,
            text: told.join("\n"),
        };
        let flags = read_flags(folder)?;
        Ok((
            evidence,
            Self {
                trouble,
                rollouts,
                commits,
                flags,
            },
        ))
    }
}

impl Incident {
    /// Switches of the failing services that were turned within the reach of the trouble: told beside a miss, for the
    /// rule does not weigh them.
    pub fn switches(&self) -> Vec<String> {
        let near = self.flags.iter().filter(|(service, _, at)| {
            let earlier_s = self.trouble.began_s - at;
            self.trouble.services.contains(service) && (0.0..=REACH_S).contains(&earlier_s)
        });
        near.map(|(_, name, _)| name.clone()).collect()
    }
}

/// When each series left its usual band and stayed outside until the alert.
fn onsets(table: &Table, fired: f64) -> BTreeMap<(String, String), f64> {
    let columns = table.columns.iter().enumerate();
    let found = columns.filter_map(|(i, name)| {
        let normal = table.values(i, |r| r.phase == Phase::Baseline);
        let values: Vec<(f64, f64)> = table
            .rows
            .iter()
            .filter_map(|r| Some((r.at_s, r.cells.get(i).copied().flatten()?)))
            .collect();
        Some((name.clone(), onset(&normal, &values, fired)?))
    });
    found.collect()
}

fn read_lines(
    folder: &Path,
    began: f64,
    evidence: &mut Evidence,
    told: &mut Vec<String>,
) -> Result<(), RcaError> {
    let path = folder.join("logs.ndjson.gz");
    let (mut before, mut during) = (vec![], vec![]);
    for (number, row) in json_lines::<LogRow>(&path)? {
        let at_s = seconds(&path, format!("line {number}"), &row.timestamp)?;
        let error = matches!(row.severity_text.as_str(), "ERROR" | "FATAL");
        let side = if at_s < began {
            &mut before
        } else {
            &mut during
        };
        side.push(Stamped {
            at_s,
            line: Line {
                node: row.service,
                error,
            },
        });
        if error && at_s >= began {
            told.push(row.msg);
        }
    }
    evidence.lines_before = window(before.into_iter());
    evidence.lines_during = window(during.into_iter());
    Ok(())
}

fn read_spans(
    folder: &Path,
    began: f64,
    evidence: &mut Evidence,
    told: &mut Vec<String>,
) -> Result<(), RcaError> {
    let path = folder.join("traces.json.gz");
    let rows: Vec<SpanRow> = json(&path)?;
    for (i, row) in rows.into_iter().enumerate() {
        let place = format!("span {}", i + 1);
        let at_s = seconds(&path, place.clone(), &row.start)?;
        if !row.duration_ms.is_finite() || row.duration_ms < 0.0 {
            let problem = format!("`{}` is no duration", row.duration_ms);
            return Err(RcaError::new(&path, problem, "write milliseconds, 0 or more").at(place));
        }
        if row.status == "ERROR" && at_s >= began {
            told.extend(row.error.map(|e| e.to_string()));
        }
        let span = Span {
            trace: row.trace_id,
            id: row.span_id,
            parent: row.parent_id.unwrap_or_default(),
            node: row.service,
            operation: row.name,
            start_us: at_s * 1e6,
            duration_us: row.duration_ms * 1e3,
        };
        let side = if at_s < began {
            &mut evidence.spans_before
        } else {
            &mut evidence.spans_during
        };
        side.push(span);
    }
    Ok(())
}

fn read_patterns(folder: &Path, told: &mut Vec<String>) -> Result<(), RcaError> {
    let rows: Vec<PatternRow> = json(&folder.join("patterns.json.gz"))?;
    let negative = rows.into_iter().filter(|p| p.sentiment == "negative");
    told.extend(negative.map(|p| p.signature));
    Ok(())
}

fn read_changes(folder: &Path) -> Result<(Vec<Change>, Vec<String>), RcaError> {
    let commits: Vec<CommitRow> = json(&folder.join("commits.json.gz"))?;
    let texts: BTreeMap<String, String> = commits
        .into_iter()
        .map(|c| (c.sha.clone(), c.text()))
        .collect();
    let path = folder.join("deploys.json.gz");
    let deploys: Vec<DeployRow> = json(&path)?;
    let rollout = |(i, d): (usize, DeployRow)| {
        Ok(Change {
            at_s: seconds(&path, format!("deploy {}", i + 1), &d.timestamp)?,
            text: texts.get(&d.commit_sha).cloned().unwrap_or_default(),
            id: d.commit_sha,
            service: d.service,
        })
    };
    let rollouts = deploys
        .into_iter()
        .enumerate()
        .map(rollout)
        .collect::<Result<_, RcaError>>()?;
    Ok((rollouts, texts.into_values().collect()))
}

fn read_flags(folder: &Path) -> Result<Vec<(String, String, f64)>, RcaError> {
    let path = folder.join("flags.json.gz");
    let rows: Vec<FlagRow> = json(&path)?;
    let flag = |(i, f): (usize, FlagRow)| {
        let at = seconds(&path, format!("flag {}", i + 1), &f.timestamp)?;
        Ok((f.service, f.flag, at))
    };
    rows.into_iter().enumerate().map(flag).collect()
}

impl CommitRow {
    fn text(&self) -> String {
        let diff = self.diff.as_deref().unwrap_or("");
        format!(
            "{}\n{}\n{diff}",
            self.message,
            self.files_changed.join("\n")
        )
    }
}
