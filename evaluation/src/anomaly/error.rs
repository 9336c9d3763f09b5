//! Why a data set cannot be used: which file, where in it, and what to do.

use std::path::PathBuf;

/// Why anomaly data cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum AnomalyError {
    /// A file is missing or cannot be read.
    #[error("cannot read {}: give the folder that has manifest.csv and every file that it names", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is damaged, or no text.
    #[error("{file}: no readable CSV: fetch the file anew, or take its line out of manifest.csv")]
    Csv {
        /// Which file.
        file: String,
        /// Where and why.
        source: csv::Error,
    },
    /// A column is not there.
    #[error("{file}: no column `{column}` in the first line: add it")]
    Column {
        /// Which file.
        file: String,
        /// Which column.
        column: String,
    },
    /// A line has too many or too few columns.
    #[error("{file}, line {line}: {found} columns, expected {wanted}: correct the line")]
    Width {
        /// Which file.
        file: String,
        /// Which line; the first is 1.
        line: u64,
        /// Columns that are there.
        found: usize,
        /// Columns that should be.
        wanted: usize,
    },
    /// A cell holds something else than it should.
    #[error("{file}, line {line}, column `{column}`: `{value}` is not {wanted}: correct the cell")]
    Cell {
        /// Which file.
        file: String,
        /// Which line; the first is 1.
        line: u64,
        /// Which column.
        column: String,
        /// What is there, cut to a few characters.
        value: String,
        /// What should be.
        wanted: &'static str,
    },
    /// The file is longer or shorter than the manifest says.
    #[error(
        "{file}: {found} rows, manifest.csv says {wanted}: fetch the file anew, or correct `rows`"
    )]
    Rows {
        /// Which file.
        file: String,
        /// Rows that are there; one more than wanted stands for any number more.
        found: usize,
        /// Rows that should be.
        wanted: usize,
    },
    /// The manifest names nothing that can be scored.
    #[error("{}: no series in it: a line for every series is needed", path.display())]
    Empty {
        /// Which manifest.
        path: PathBuf,
    },
    /// Two series have one name.
    #[error("{}: two series are called `{id}`: names are unique", path.display())]
    Twice {
        /// Which manifest.
        path: PathBuf,
        /// Which name.
        id: String,
    },
    /// There is no such group.
    #[error("no group `{wanted}` in manifest.csv: choose one of {}", known.join(", "))]
    Group {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Something cannot be written.
    #[error("cannot write {}: choose a folder that can be written to", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A cell for an error message: its beginning, without control characters.
pub(super) fn shown(value: &str) -> String {
    let mut text: String = value
        .chars()
        .take(24)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if value.chars().nth(24).is_some() {
        text.push('…');
    }
    text
}
