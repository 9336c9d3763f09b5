//! Which plans waited for people, and who had answered?

use super::runs::Runs;
use crate::executor::WaitingPlan;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_playbooks::approval::{Request, Revision, State};
use zizhi_types::negotiation::Lease;
use zizhi_types::plan::{Fingerprint, Plan};
use zizhi_types::{Body, PlanId, Record, Who};

/// The requests that wait, as the records so far tell.
#[derive(Debug, Clone, Default)]
pub struct Waiters(BTreeMap<Fingerprint, (Request, Lease)>);

impl Waiters {
    /// The requests that wait, by fingerprint, each with the lease under which its plan was awarded.
    pub fn requests(&self) -> impl Iterator<Item = &(Request, Lease)> {
        self.0.values()
    }

    /// Takes the next record of the journal.
    pub fn take(&mut self, record: &Record) {
        match &record.body {
            Body::ApprovalAsked {
                plan,
                fingerprint,
                revision,
                lease,
                expires,
                people,
            } => {
                let Some(incident) = record.incident.clone() else {
                    return;
                };
                let request = Request {
                    plan: plan.clone(),
                    incident,
                    fingerprint: fingerprint.clone(),
                    revision: Revision(revision.clone()),
                    expires: *expires,
                    people: *people,
                    barred: BTreeSet::new(),
                    yes: vec![],
                    state: State::Pending,
                };
                self.0.insert(fingerprint.clone(), (request, *lease));
            }
            Body::Approved {
                fingerprint,
                granted,
                ..
            } => self.answered(record, fingerprint, *granted),
            Body::ApprovalEnded { fingerprint, .. } => drop(self.0.remove(fingerprint)),
            _ => {}
        }
    }

    fn answered(&mut self, record: &Record, fingerprint: &Fingerprint, granted: bool) {
        let Some((request, _)) = self.0.get_mut(fingerprint) else {
            return;
        };
        if let Who::Human { name } = &record.who {
            request.yes.push(name.clone());
        }
        if !granted || request.yes.len() >= usize::from(request.people) {
            self.0.remove(fingerprint);
        }
    }

    pub(super) fn finish(self, plans: &BTreeMap<PlanId, Plan>, runs: &Runs) -> Vec<WaitingPlan> {
        let waiting = self.0.into_values().filter_map(|(request, lease)| {
            let plan = plans.get(&request.plan)?.clone();
            Some(WaitingPlan {
                lease,
                bid: runs.bid(plan),
                request,
            })
        });
        waiting.collect()
    }
}
