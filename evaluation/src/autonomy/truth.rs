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
/// lines and what follows `# ` at the start of a line are left out. Lines of `zizhi demo --json` are taken too: the results
/// of doubles that were acted on.
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
        let named = if line.starts_with('{') {
            of_result(line).map_err(fail)?
        } else {
            Some(line.to_owned()).filter(|l| !l.is_empty() && !l.starts_with("# "))
        };
        if let Some(named) = named {
            found.insert(place(&named, &known).map_err(fail)?);
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

/// The incident of a double that was acted on, out of a line of an evaluation's result.
fn of_result(line: &str) -> Result<Option<String>, String> {
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(|e| format!("it is no JSON: {e}"))?;
    let result = value.get("result").unwrap_or(&value);
    let yes = |key: &str| result.get(key).and_then(serde_json::Value::as_bool) == Some(true);
    let incident = result.get("incident").and_then(serde_json::Value::as_str);
    Ok(incident
        .filter(|_| yes("double") && yes("acted"))
        .map(str::to_owned))
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
