//! Reading scenarios: one folder, or a suite of folders; every error says which file and what to write.

use super::Scenario;
use std::path::{Path, PathBuf};

/// The file in a scenario's folder.
pub const FILE: &str = "scenario.yaml";

/// Why a scenario or a suite cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Something cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no scenario.
    #[error("{file}: {message}")]
    Syntax {
        /// Which file.
        file: String,
        /// Line, column, and what is wrong there.
        message: String,
    },
    /// It says something that cannot be.
    #[error("{file}: {problem}")]
    Problem {
        /// Which file.
        file: String,
        /// The first problem.
        problem: String,
    },
    /// There is none.
    #[error("{}: no folder in it has a {FILE}", path.display())]
    Empty {
        /// Where.
        path: PathBuf,
    },
}

/// Reads a scenario from YAML text; `file` is what errors call it.
pub fn parse(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let scenario: Scenario = serde_saphyr::from_str(text).map_err(|e| ScenarioError::Syntax {
        file: file.to_owned(),
        message: e.to_string(),
    })?;
    match scenario.problems().into_iter().next() {
        None => Ok(scenario),
        Some(problem) => Err(ScenarioError::Problem {
            file: file.to_owned(),
            problem,
        }),
    }
}

/// Reads the scenario in a folder. A network given as a file is looked for beside it.
pub fn load(folder: &Path) -> Result<Scenario, ScenarioError> {
    let path = folder.join(FILE);
    let text = std::fs::read_to_string(&path).map_err(|source| ScenarioError::Read {
        path: path.clone(),
        source,
    })?;
    let mut scenario = parse(&path.display().to_string(), &text)?;
    let beside = folder.join(&scenario.network);
    if beside.is_file() {
        scenario.network = beside.display().to_string();
    }
    Ok(scenario)
}

/// Reads a suite: every folder in `folder` that has a scenario, or `folder` itself, in order of name.
pub fn load_suite(folder: &Path) -> Result<Vec<Scenario>, ScenarioError> {
    if folder.join(FILE).is_file() {
        return Ok(vec![load(folder)?]);
    }
    let read = |source| ScenarioError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut folders = vec![];
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.join(FILE).is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    if folders.is_empty() {
        return Err(ScenarioError::Empty {
            path: folder.to_owned(),
        });
    }
    let scenarios = folders
        .iter()
        .map(|f| load(f))
        .collect::<Result<Vec<_>, _>>()?;
    refuse_same_names(&scenarios, folder)?;
    Ok(scenarios)
}

fn refuse_same_names(scenarios: &[Scenario], folder: &Path) -> Result<(), ScenarioError> {
    let mut seen = std::collections::BTreeSet::new();
    match scenarios.iter().find(|s| !seen.insert(&s.name)) {
        None => Ok(()),
        Some(twice) => Err(ScenarioError::Problem {
            file: folder.display().to_string(),
            problem: format!(
                "two scenarios are called `{}`: names are unique in a suite",
                twice.name
            ),
        }),
    }
}
