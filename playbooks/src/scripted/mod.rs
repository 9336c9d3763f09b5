//! Does a playbook do what its author expects of it?
//!
//! In: a playbook file with its `tests:` block. Out: a [`Report`]: what each test expected and got, and which branches of
//! the playbook no test reached. The planner, the guards and the run machine are the real ones; only the answers of
//! actions are written down in the test. There is no driver, no bus and no clock here.

mod branch;
mod expect;
mod play;
mod schema;

pub use branch::{Branch, Coverage};
pub use expect::{Got, Mismatch};
pub(crate) use schema::json_schema;
pub use schema::{
    Answer, Answers, Approved, Consent, Expect, Fragment, Given, GivenNetwork, Guarded, Outcome,
    Person, Sees, Test, Then,
};

use crate::catalog;
use crate::parse::parse;
use crate::playbook::Playbook;
use crate::problem::{Code, Problem};
use serde::Serialize;
use std::collections::BTreeSet;
use zizhi_types::topology::Network;

/// Finds a network by name; what is wrong with the name, if there is none.
pub type Networks<'n> = &'n dyn Fn(&str) -> Result<Network, String>;

/// What came of the tests of one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The playbook's id and version.
    pub playbook: String,
    /// In the order of the file.
    pub tests: Vec<Tested>,
    /// What all of them together reached.
    pub coverage: Coverage,
}

/// What came of one test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tested {
    /// Its name.
    pub name: String,
    /// The line of its name, from 1.
    pub line: u64,
    /// Where it differs from what was expected; empty when it passed.
    pub mismatches: Vec<Mismatch>,
    /// What happened; nothing when the test itself cannot be run.
    pub got: Option<Got>,
}

impl Tested {
    /// Nothing differs.
    pub fn passed(&self) -> bool {
        self.mismatches.is_empty()
    }
}

impl Report {
    /// Every test passed.
    pub fn passed(&self) -> bool {
        self.tests.iter().all(Tested::passed)
    }
}

/// Runs the tests of one file. A file that the checker refuses has no tests to run: its problems come back.
pub fn run_file(file: &str, text: &str, networks: Networks<'_>) -> Result<Report, Vec<Problem>> {
    let read = parse(file, text).map_err(|problem| vec![problem])?;
    let (playbook, problems) = catalog::lint(file, text);
    match playbook {
        Some(playbook) if !problems.iter().any(keeps_from_running) => Ok(run(
            &playbook,
            read.tests.as_deref().unwrap_or(&[]),
            networks,
        )),
        _ => Err(problems),
    }
}

/// What is wrong with a test is told beside it, so that the others are run.
fn keeps_from_running(problem: &Problem) -> bool {
    problem.is_error() && problem.code != Code::BadTest
}

/// Runs tests of a playbook.
pub fn run(playbook: &Playbook, tests: &[Test], networks: Networks<'_>) -> Report {
    let mut reached = BTreeSet::new();
    let mut done = vec![];
    for test in tests {
        let (tested, branches) = one(playbook, test, networks);
        done.push(tested);
        reached.extend(branches);
    }
    Report {
        playbook: playbook.reference(),
        tests: done,
        coverage: Coverage::of(playbook, &reached),
    }
}

fn one(playbook: &Playbook, test: &Test, networks: Networks<'_>) -> (Tested, BTreeSet<Branch>) {
    let tested = |mismatches, got| Tested {
        name: test.name.value.clone(),
        line: test.name.referenced.line(),
        mismatches,
        got,
    };
    match play::play(playbook, &test.given, networks) {
        Ok((got, branches)) => {
            let mismatches = expect::compare(&test.expect, &got);
            (tested(mismatches, Some(got)), branches)
        }
        Err(why) => (tested(vec![Mismatch::unusable(why)], None), BTreeSet::new()),
    }
}
