//! Why a file of cases cannot be used.

use std::fmt;
use std::path::{Path, PathBuf};

/// A refusal: where, why, what to do.
#[derive(Debug)]
pub struct RcaError {
    /// Which file or folder.
    pub file: PathBuf,
    /// Where in it: `row 3, column 5`, `line 2`; empty for the whole file.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
    source: Option<std::io::Error>,
}

impl RcaError {
    /// The whole file is wrong.
    pub fn new(file: &Path, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: String::new(),
            problem: problem.into(),
            remedy: remedy.into(),
            source: None,
        }
    }

    /// It is wrong at a place.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// It cannot be read.
    pub fn unread(file: &Path, source: std::io::Error) -> Self {
        let remedy = "check that it is there, whole, and may be read; it has to be fetched again if it was cut";
        Self {
            source: Some(source),
            ..Self::new(file, "cannot be read", remedy)
        }
    }
}

impl fmt::Display for RcaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if !self.place.is_empty() {
            write!(f, ", {}", self.place)?;
        }
        write!(f, ": {}; {}", self.problem, self.remedy)
    }
}

impl std::error::Error for RcaError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_ref()?;
        Some(source)
    }
}
