//! Is a playbook healthy?
//!
//! In: the journal. Out: for each playbook how often it helped, was taken back, got stuck or was turned down by a person,
//! and the mode in force. Pure.

use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::negotiation::RunEnd;
use zizhi_types::plan::{Fingerprint, Mode};
use zizhi_types::{Body, IncidentId, Record, RecordId};

/// What became of one playbook's plans.
#[derive(Debug, Clone, Default)]
pub struct Health {
    pub helped: usize,
    pub undone: usize,
    pub stuck: usize,
    /// Refused or given up before anything was changed.
    pub not_run: usize,
    /// A person said no.
    pub overridden: usize,
    /// The mode that was set last, if one was set, and the record that says so.
    pub mode: Option<(Mode, RecordId)>,
    pub incidents: BTreeSet<IncidentId>,
    /// Endings and refusals, oldest first.
    pub records: Vec<RecordId>,
}

impl Health {
    /// Runs that changed the network.
    pub const fn runs(&self) -> usize {
        self.helped + self.undone + self.stuck
    }
}

/// The id of a playbook without its version.
pub fn id(reference: &str) -> &str {
    reference.split('@').next().unwrap_or(reference)
}

/// By playbook id.
pub fn health<'r>(records: impl IntoIterator<Item = &'r Record>) -> BTreeMap<&'r str, Health> {
    let mut books: BTreeMap<&str, Health> = BTreeMap::new();
    let mut plans: BTreeMap<&Fingerprint, &str> = BTreeMap::new();
    for record in records {
        let book = match &record.body {
            Body::Decided { plan, .. } => {
                plans.insert(&plan.fingerprint, id(&plan.playbook));
                continue;
            }
            Body::Remembered {
                playbook, outcome, ..
            } => {
                let book = books.entry(id(playbook)).or_default();
                match outcome {
                    RunEnd::Helped => book.helped += 1,
                    RunEnd::Undone => book.undone += 1,
                    RunEnd::Stuck => book.stuck += 1,
                    RunEnd::NotRun => book.not_run += 1,
                }
                book
            }
            Body::Approved {
                fingerprint,
                granted: false,
                ..
            } => {
                let Some(playbook) = plans.get(fingerprint) else {
                    continue;
                };
                let book = books.entry(*playbook).or_default();
                book.overridden += 1;
                book
            }
            Body::ModeChanged { playbook, to, .. } => {
                let book = books.entry(id(playbook)).or_default();
                book.mode = Some((*to, record.id.clone()));
                continue;
            }
            _ => continue,
        };
        book.records.push(record.id.clone());
        book.incidents.extend(record.incident.clone());
    }
    books
}
