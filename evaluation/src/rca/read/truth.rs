//! The sets of a folder, their truth, and answers to be scored.

use super::files::{inside, json_lines};
use super::{ALARMS, RcaError};
use crate::rca::score::{Prediction, Truth};
use std::collections::BTreeSet;
use std::path::Path;

/// The file with the truth of a set.
const TRUTH: &str = "truth.jsonl";

/// The sets of a folder by name: every folder with a truth, and the alarm networks.
pub fn set_names(folder: &Path) -> Result<Vec<String>, RcaError> {
    let entries = std::fs::read_dir(folder).map_err(|e| RcaError::unread(folder, e))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(|e| RcaError::unread(folder, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == ALARMS || entry.path().join(TRUTH).is_file() {
            names.insert(name);
        }
    }
    if names.is_empty() {
        let problem = format!("no folder in it has a {TRUTH}");
        return Err(RcaError::new(
            folder,
            problem,
            "name the folder that holds the data sets",
        ));
    }
    Ok(names.into_iter().collect())
}

/// The truth of a set, in the file's order.
pub fn truths(set: &Path) -> Result<Vec<Truth>, RcaError> {
    let path = set.join(TRUTH);
    let mut seen = BTreeSet::new();
    let read: Vec<(usize, Truth)> = json_lines(&path)?;
    for (line, truth) in &read {
        let wrong = |problem: String, remedy: &str| {
            RcaError::new(&path, problem, remedy).at(format!("line {line}"))
        };
        inside(set, &truth.id, &path).map_err(|e| e.at(format!("line {line}")))?;
        if truth.root_nodes.is_empty() {
            return Err(wrong(
                format!("`{}` names no root node", truth.id),
                "name at least one",
            ));
        }
        if !seen.insert(truth.id.clone()) {
            return Err(wrong(
                format!("`{}` is there twice", truth.id),
                "keep one of them",
            ));
        }
    }
    Ok(read.into_iter().map(|(_, truth)| truth).collect())
}

/// Answers to be scored, one JSON object a line; `known` are the ids that may be answered.
pub fn predictions(path: &Path, known: &BTreeSet<String>) -> Result<Vec<Prediction>, RcaError> {
    let mut seen = BTreeSet::new();
    let read: Vec<(usize, Prediction)> = json_lines(path)?;
    for (line, answer) in &read {
        let wrong = |problem: String, remedy: &str| {
            Err(RcaError::new(path, problem, remedy).at(format!("line {line}")))
        };
        if !known.contains(&answer.id) {
            return wrong(
                format!("`{}` is no case here", answer.id),
                "answer cases of the chosen sets only",
            );
        }
        if !seen.insert(answer.id.clone()) {
            return wrong(
                format!("`{}` is answered twice", answer.id),
                "keep one answer a case",
            );
        }
        if answer.ms.is_some_and(|ms| !ms.is_finite() || ms < 0.0) {
            return wrong(
                "`ms` is no time".to_owned(),
                "write milliseconds, 0 or more",
            );
        }
    }
    Ok(read.into_iter().map(|(_, answer)| answer).collect())
}
