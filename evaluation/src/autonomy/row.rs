//! One line of evidence: in this incident, this task was this actor's, because of these records.
//!
//! The score is computed from rows and from nothing else, so the table that is exported is the table that counts: an
//! assessor can change a cell and see what it does.

use super::flow::Flow;
use super::lattice::{Actor, Category, Task};
use super::reason::Reason;
use super::signs::Sign;
use serde::Serialize;
use std::collections::BTreeMap;
use zizhi_types::domain::Domain;
use zizhi_types::plan::Mode;
use zizhi_types::text::Language;
use zizhi_types::{FaultKind, IncidentId, NetTime};

/// One incident and task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Of which workflow.
    pub flow: Flow,
    /// The journal's name.
    pub journal: String,
    /// Which incident of it.
    pub incident: IncidentId,
    /// When it was closed, in milliseconds of network time.
    pub closed: NetTime,
    /// Of the suspect.
    pub domain: Domain,
    /// Ranked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultKind>,
    /// The lowest mode in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The task's letter in the workflow.
    pub task: char,
    /// Who did it.
    pub actor: Actor,
    /// Of the most dangerous action that was decided on, 1 to 4; none where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<u8>,
    /// The hand of a person, or a miss, that counts against this task.
    #[serde(rename = "override", skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Sign>,
    /// Nobody had a hand in the incident and its last word is a verified remedy.
    pub unattended: bool,
    /// `journal-file#record-id`, separated by semicolons in the exported table.
    pub evidence: Vec<String>,
    /// Why this actor.
    pub reason: Reason,
}

/// Why a table of rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// A line is no row of this table.
    #[error("line {line}, column {column}: {reason}")]
    Cell {
        /// Which line of the file.
        line: u64,
        /// Which column.
        column: &'static str,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// The columns are not those of the table.
    #[error("the first line must be: {}", COLUMNS.join(","))]
    Columns,
    /// The file is no CSV.
    #[error("line {line} is no comma-separated line")]
    Csv {
        /// Which line.
        line: u64,
        /// Why.
        source: csv::Error,
    },
    /// An incident lacks a task, or has it twice.
    #[error("{journal}#{incident} in {flow}: {reason}")]
    Incident {
        /// Which workflow.
        flow: Flow,
        /// Which journal.
        journal: String,
        /// Which incident.
        incident: IncidentId,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// There is no row at all.
    #[error("the table has no rows: export one with --csv")]
    Empty,
}

/// The columns, in order. `name`, `category` and `meaning` are for people: they are written, and not read.
pub const COLUMNS: [&str; 17] = [
    "flow",
    "journal",
    "incident",
    "closed_ms",
    "domain",
    "fault",
    "mode",
    "task",
    "name",
    "category",
    "actor",
    "class",
    "override",
    "unattended",
    "evidence",
    "reason",
    "meaning",
];

impl Row {
    /// The task that it is about.
    pub fn task_of(flow: Flow, letter: char) -> Option<&'static Task> {
        flow.tasks().iter().find(|t| t.letter == letter)
    }

    /// How the incident is named among several journals.
    pub fn incident_name(&self) -> String {
        format!("{}#{}", self.journal, self.incident)
    }

    fn cells(&self) -> [String; 17] {
        let task = Self::task_of(self.flow, self.task);
        let overrides: Vec<&str> = self.overrides.iter().map(|s| s.code()).collect();
        [
            self.flow.to_string(),
            self.journal.clone(),
            self.incident.to_string(),
            self.closed.0.to_string(),
            self.domain.to_string(),
            self.fault.map(|f| f.to_string()).unwrap_or_default(),
            self.mode.map(|m| m.to_string()).unwrap_or_default(),
            self.task.to_string(),
            task.map(|t| t.words[0].to_owned()).unwrap_or_default(),
            task.map_or("", |t| Category::as_str(t.category)).to_owned(),
            self.actor.to_string(),
            self.class.map(|c| c.to_string()).unwrap_or_default(),
            overrides.join(" "),
            if self.unattended { "yes" } else { "no" }.to_owned(),
            self.evidence.join(";"),
            self.reason.to_string(),
            self.reason.words(Language::En).to_owned(),
        ]
    }
}

/// The table as comma-separated text.
pub fn to_csv(rows: &[Row]) -> String {
    let mut writer = csv::Writer::from_writer(vec![]);
    // Writing to memory fails only for rows of unequal length, and these are arrays of one.
    let _ = writer.write_record(COLUMNS);
    for row in rows {
        let _ = writer.write_record(row.cells());
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Reads the table. Evidence is taken as it stands: whoever changes a cell answers for it.
pub fn from_csv(text: &str) -> Result<Vec<Row>, RowError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|source| RowError::Csv { line: 1, source })?;
    if header.iter().ne(COLUMNS) {
        return Err(RowError::Columns);
    }
    let mut rows = vec![];
    for (n, record) in reader.records().enumerate() {
        let record = record.map_err(|source| RowError::Csv {
            line: n as u64 + 2,
            source,
        })?;
        let line = record.position().map_or(n as u64 + 2, csv::Position::line);
        rows.push(row(&record, line)?);
    }
    whole(&rows)?;
    Ok(rows)
}

/// The cell of a column, read by `parse`; empty cells are none.
fn cell<T>(
    record: &csv::StringRecord,
    line: u64,
    column: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, RowError> {
    let index = COLUMNS
        .iter()
        .position(|c| *c == column)
        .unwrap_or_default();
    let text = record.get(index).unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).map_err(|reason| RowError::Cell {
        line,
        column,
        reason,
    })
}

/// As [`cell`], and there must be one.
fn must<T>(
    record: &csv::StringRecord,
    line: u64,
    column: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, RowError> {
    let empty = || RowError::Cell {
        line,
        column,
        reason: "it must not be empty".to_owned(),
    };
    cell(record, line, column, parse)?.ok_or_else(empty)
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| e.to_string())
}

fn row(r: &csv::StringRecord, line: u64) -> Result<Row, RowError> {
    let flow: Flow = must(r, line, "flow", parsed)?;
    Ok(Row {
        flow,
        journal: must(r, line, "journal", parsed)?,
        incident: must(r, line, "incident", parsed)?,
        closed: NetTime(must(r, line, "closed_ms", parsed)?),
        domain: must(r, line, "domain", parsed)?,
        fault: cell(r, line, "fault", parsed)?,
        mode: cell(r, line, "mode", mode)?,
        task: must(r, line, "task", |text| letter(flow, text))?,
        actor: must(r, line, "actor", parsed)?,
        class: cell(r, line, "class", class)?,
        overrides: cell(r, line, "override", |text| {
            text.split(' ').map(str::parse).collect()
        })?
        .unwrap_or_default(),
        unattended: must(r, line, "unattended", yes)?,
        evidence: cell(r, line, "evidence", |text| {
            Ok(text.split(';').map(str::to_owned).collect())
        })?
        .unwrap_or_default(),
        reason: must(r, line, "reason", parsed)?,
    })
}

fn letter(flow: Flow, text: &str) -> Result<char, String> {
    let mut tasks = flow.tasks().iter().map(|t| t.letter);
    let found = tasks.find(|l| text.chars().eq([*l]));
    let last = flow.tasks().last().map_or('A', |t| t.letter);
    found.ok_or_else(|| format!("`{text}` is no task of {flow}: write A to {last}"))
}

fn mode(text: &str) -> Result<Mode, String> {
    let all = [Mode::Observe, Mode::Suggest, Mode::Approve, Mode::Auto];
    let found = all.into_iter().find(|m| m.to_string() == text);
    found.ok_or_else(|| format!("`{text}` is no mode: write observe, suggest, approve or auto"))
}

fn class(text: &str) -> Result<u8, String> {
    let number = text.parse().ok().filter(|c| (1..=4).contains(c));
    number.ok_or_else(|| {
        format!("`{text}` is no object class: write 1, 2, 3 or 4, or leave it empty")
    })
}

fn yes(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(format!("`{other}` is neither: write yes or no")),
    }
}

/// Every incident of a workflow has each of its tasks once, and its rows agree on what the incident is.
fn whole(rows: &[Row]) -> Result<(), RowError> {
    if rows.is_empty() {
        return Err(RowError::Empty);
    }
    let mut incidents: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        incidents
            .entry((row.flow, &row.journal, &row.incident))
            .or_default()
            .push(row);
    }
    for ((flow, journal, incident), rows) in incidents {
        if let Some(reason) = flaw(flow, &rows) {
            let (journal, incident) = (journal.clone(), incident.clone());
            return Err(RowError::Incident {
                flow,
                journal,
                incident,
                reason,
            });
        }
    }
    Ok(())
}

fn flaw(flow: Flow, rows: &[&Row]) -> Option<String> {
    for task in flow.tasks() {
        let times = rows.iter().filter(|r| r.task == task.letter).count();
        if times != 1 {
            return Some(format!(
                "task {} is there {times} times: it must be there once",
                task.letter
            ));
        }
    }
    let what = |r: &&Row| (r.closed, r.domain, r.fault, r.mode, r.class);
    let mixed = rows.iter().any(|r| what(r) != what(&rows[0]));
    mixed.then(|| "its rows differ in closed_ms, domain, fault, mode or class: these belong to the incident".to_owned())
}
