//! In which incidents was there no fault? The journal cannot know; whoever knows says so in a list.

use super::case::JournalRecords;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::{Body, IncidentId};

/// Why a list of false actions cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct TruthError {
    line: usize,
    reason: String,
}

/// Reads a list: one incident a line, `inc-transport-3` or, with several journals, `night.jsonl#inc-transport-3`. Empty
/// lines and lines that begin with `# ` are left out. Lines of an evaluation's results (JSON objects) are taken too: what was
/// done in a run without a fault is a false action. Other lines of such a file say nothing here.
pub fn false_actions(
    text: &str,
    journals: &[JournalRecords],
) -> Result<BTreeSet<(String, IncidentId)>, TruthError> {
    let known = known(journals);
    let mut found = BTreeSet::new();
    for (n, line) in text.lines().enumerate() {
        let fail = |reason| TruthError {
            line: n + 1,
            reason,
        };
        let line = line.trim();
        if line.starts_with('{') {
            found.extend(of_result(line, journals, &known).map_err(fail)?);
        } else if !line.is_empty() && !line.starts_with("# ") {
            found.insert(place(line, &known).map_err(fail)?);
        }
    }
    Ok(found)
}

fn known(journals: &[JournalRecords]) -> BTreeMap<IncidentId, Vec<&str>> {
    let mut known: BTreeMap<IncidentId, Vec<&str>> = BTreeMap::new();
    for journal in journals {
        for record in &journal.records {
            if let (Some(incident), Body::IncidentOpened { .. }) = (&record.incident, &record.body)
            {
                known
                    .entry(incident.clone())
                    .or_default()
                    .push(&journal.name);
            }
        }
    }
    known
}

/// The incidents of a run without a fault in which something was done: of a double in `zizhi demo --json`, or of a whole
/// journal that an evaluation names as that of a double.
fn of_result(
    line: &str,
    journals: &[JournalRecords],
    known: &BTreeMap<IncidentId, Vec<&str>>,
) -> Result<Vec<(String, IncidentId)>, String> {
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(|e| format!("it is no JSON: {e}"))?;
    let result = value.get("result").unwrap_or(&value);
    let yes = |key: &str| result.get(key).and_then(serde_json::Value::as_bool) == Some(true);
    let text = |key: &str| result.get(key).and_then(serde_json::Value::as_str);
    if !yes("double") {
        return Ok(vec![]);
    }
    match (text("incident").filter(|_| yes("acted")), text("journal")) {
        (Some(incident), _) => place(incident, known).map(|found| vec![found]),
        (None, Some(journal)) => Ok(acted_in(journal, journals)),
        (None, None) => Ok(vec![]),
    }
}

/// Every incident of the named journal in which a step was begun. A result may name journals that are not scored now.
fn acted_in(path: &str, journals: &[JournalRecords]) -> Vec<(String, IncidentId)> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let named = journals
        .iter()
        .filter(|j| j.name == file || j.name.ends_with(path));
    let acted = |j: &JournalRecords| -> Vec<(String, IncidentId)> {
        let steps = j.records.iter();
        let steps = steps.filter(|r| matches!(r.body, Body::StepStarted { .. }));
        let incidents = steps.filter_map(|r| r.incident.clone());
        incidents.map(|i| (j.name.clone(), i)).collect()
    };
    named.flat_map(acted).collect()
}

fn place(
    named: &str,
    known: &BTreeMap<IncidentId, Vec<&str>>,
) -> Result<(String, IncidentId), String> {
    let (journal, id) = match named.rsplit_once('#') {
        Some((journal, id)) => (Some(journal), id),
        None => (None, named),
    };
    let id: IncidentId = id
        .parse()
        .map_err(|e: zizhi_types::ids::BadId| e.to_string())?;
    let places = known.get(&id).map(Vec::as_slice).unwrap_or_default();
    match (journal, places) {
        (_, []) => Err(format!("no journal has an incident {id}")),
        (Some(journal), places) if places.contains(&journal) => Ok((journal.to_owned(), id)),
        (Some(journal), _) => Err(format!(
            "journal {journal} has no incident {id}: it is in {}",
            places.join(", ")
        )),
        (None, [only]) => Ok(((*only).to_owned(), id)),
        (None, several) => Err(format!(
            "{id} is in {}: write for example {}#{id}",
            several.join(", "),
            several[0]
        )),
    }
}
