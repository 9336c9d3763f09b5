//! Which record stands for which step of an incident, so that the next record can name its cause.

use std::collections::BTreeMap;
use zizhi_types::{PlanId, RecordId, RunId};

/// The records of one incident that later ones follow from.
#[derive(Default)]
pub(super) struct Trail {
    /// Opening, or the diagnosis that followed it.
    pub diagnosed: Option<RecordId>,
    /// The record behind the last message of another domain about the incident.
    pub heard: Option<RecordId>,
    /// The last thing that was written here about the incident.
    pub last: Option<RecordId>,
    /// What speaks for each plan: its rehearsal, or the bid that brought it.
    pub plans: BTreeMap<PlanId, RecordId>,
    /// Each run's newest record.
    pub runs: BTreeMap<RunId, RecordId>,
}

impl Trail {
    /// What an offer or a judgement answers: the leader's message, or the own diagnosis where nobody is asked.
    pub(super) fn asked(&self) -> Option<RecordId> {
        self.heard.clone().or_else(|| self.diagnosed.clone())
    }

    /// What an award or a report is known by: the message, or the own last record where nobody speaks.
    pub(super) fn told(&self) -> Option<RecordId> {
        self.heard.clone().or_else(|| self.last.clone())
    }

    /// The most specific record that something about `plan` follows from.
    pub(super) fn for_plan(&self, plan: &PlanId) -> Vec<RecordId> {
        self.plans
            .get(plan)
            .or(self.heard.as_ref())
            .or(self.last.as_ref())
            .into_iter()
            .cloned()
            .collect()
    }

    /// The record that something about `run` follows from.
    pub(super) fn for_run(&self, run: &RunId) -> Vec<RecordId> {
        self.runs
            .get(run)
            .or(self.last.as_ref())
            .into_iter()
            .cloned()
            .collect()
    }
}
