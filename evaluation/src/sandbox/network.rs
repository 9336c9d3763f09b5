//! Reads a network: a built-in one by name, a YAML file, or a `topo-v1` JSON file.
//!
//! In: a name or a path. Out: a checked [`Network`], or an error that says file, line, what is wrong and what to write.

use std::path::{Path, PathBuf};
use zizhi_types::topology::{Network, NetworkProblem};

/// Networks that come with Zizhi: name and file.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("metro", include_str!("../../networks/metro.yaml")),
    ("county", include_str!("../../networks/county.yaml")),
    ("geant", include_str!("../../networks/geant.yaml")),
    ("abilene", include_str!("../../networks/abilene.yaml")),
    ("village", include_str!("../../networks/village.yaml")),
];

/// Why a network could not be read.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Neither a built-in name nor a file.
    #[error(
        "there is no network `{name}`: give {known}, or the path of a .yaml or topo-v1 .json file"
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// Built-in names.
        known: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a network file.
    #[error("{file}: {message}")]
    Syntax {
        /// Which file.
        file: String,
        /// Line, column, and what is wrong there.
        message: String,
    },
    /// The file says something that cannot be built.
    #[error("{file}{}: {problem}{}", .line.map(|l| format!(":{l}")).unwrap_or_default(), more(*.others))]
    Problem {
        /// Which file.
        file: String,
        /// The line that names the first culprit, where it was found.
        line: Option<usize>,
        /// The first problem.
        problem: Box<NetworkProblem>,
        /// How many more there are.
        others: usize,
    },
}

fn more(others: usize) -> String {
    if others == 0 {
        String::new()
    } else {
        format!(" (and {others} more)")
    }
}

/// Reads a network by built-in name or path.
pub fn load(name_or_path: &str) -> Result<Network, NetworkError> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
        return parse(&format!("{name}.yaml"), text);
    }
    let path = Path::new(name_or_path);
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    if !matches!(extension, "yaml" | "yml" | "json") {
        let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        return Err(NetworkError::Unknown {
            name: name_or_path.to_owned(),
            known: known.join(", "),
        });
    }
    let text = std::fs::read_to_string(path).map_err(|source| NetworkError::Read {
        path: path.to_owned(),
        source,
    })?;
    if extension == "json" {
        let syntax = |message| NetworkError::Syntax {
            file: name_or_path.to_owned(),
            message,
        };
        let network = super::topology_file::read_map(&text).map_err(syntax)?;
        return check(name_or_path, "", network);
    }
    parse(name_or_path, &text)
}

/// Puts one matrix of a `tm-series-v1` file in place of the network's demands.
pub fn with_matrix(
    mut network: Network,
    path: &Path,
    interval: usize,
) -> Result<Network, NetworkError> {
    let text = std::fs::read_to_string(path).map_err(|source| NetworkError::Read {
        path: path.to_owned(),
        source,
    })?;
    super::topology_file::read_matrix(&mut network, &text, interval).map_err(|message| {
        NetworkError::Syntax {
            file: path.display().to_string(),
            message,
        }
    })?;
    Ok(network)
}

/// Reads a network from YAML text; `file` is what errors call it.
pub fn parse(file: &str, text: &str) -> Result<Network, NetworkError> {
    let network: Network = serde_saphyr::from_str(text).map_err(|e| NetworkError::Syntax {
        file: file.to_owned(),
        message: e.to_string(),
    })?;
    check(file, text, network)
}

pub(crate) fn check(file: &str, text: &str, network: Network) -> Result<Network, NetworkError> {
    let mut problems = network.problems().into_iter();
    let Some(problem) = problems.next() else {
        return Ok(network);
    };
    Err(NetworkError::Problem {
        file: file.to_owned(),
        line: line_of(&problem, text),
        problem: Box::new(problem),
        others: problems.count(),
    })
}

/// The line that names the culprit: the last one, as a duplicate is the later of two.
fn line_of(problem: &NetworkProblem, text: &str) -> Option<usize> {
    let (id, missing) = match problem {
        NetworkProblem::Duplicate { id, .. } | NetworkProblem::OutOfRange { id, .. } => (id, None),
        NetworkProblem::Missing { id, missing, .. } => (id, Some(missing)),
        NetworkProblem::BadName(_) => return None,
    };
    let has = |line: &str, word: &str| {
        line.split(|c: char| !(c.is_alphanumeric() || "._-:@+".contains(c)))
            .any(|w| w == word)
    };
    let defines = |line: &&str| has(line, id) && line.contains("id:");
    let line = text.lines().rfind(defines).or_else(|| {
        let missing = missing?;
        text.lines().find(|line| has(line, missing))
    })?;
    text.lines()
        .position(|l| std::ptr::eq(l, line))
        .map(|n| n + 1)
}
