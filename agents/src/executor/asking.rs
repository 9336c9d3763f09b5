//! Who was asked for a yes, and what becomes of the answer?

use super::Output;
use super::engine::{Executor, not_run};
use super::messages::{Around, WaitingPlan};
use crate::planner::name_of;
use std::collections::BTreeSet;
use zizhi_playbooks::approval::{Answer, Progress, Request, Revision, State, revision};
use zizhi_playbooks::{guards, run};
use zizhi_types::negotiation::{Bid, Lease};
use zizhi_types::record::{Ruling, Verdict};
use zizhi_types::wire::Approval;
use zizhi_types::{IncidentId, ManagedObject, Metric, NetTime, Plan};

/// After a restart the network is looked at for so long before an answer is taken or a request superseded, in milliseconds:
/// two intervals of the slowest source.
const LOOK_MS: u64 = 20_000;

/// An awarded plan that waits for people.
pub(super) struct Waiting {
    pub(super) lease: Lease,
    pub(super) bid: Box<Bid>,
}

fn revision_now(plan: &Plan, around: &Around, now: NetTime) -> Revision {
    let picture = &*around.picture;
    let measured = |o: &ManagedObject, m: Metric| picture.value(o, m, now);
    revision(picture.network(), &measured, plan)
}

impl Executor {
    pub(super) fn ask_people(
        &mut self,
        lease: Lease,
        bid: Box<Bid>,
        around: &Around,
        now: NetTime,
    ) -> Output {
        let playbook = self.catalog.get(name_of(&bid.plan.playbook));
        let expires = now + playbook.map_or(0, |p| p.approval_ms);
        self.ask_until(lease, bid, around, expires, now)
    }

    fn ask_until(
        &mut self,
        lease: Lease,
        bid: Box<Bid>,
        around: &Around,
        expires: NetTime,
        now: NetTime,
    ) -> Output {
        let plan = &bid.plan;
        let people = self.policy.people(guards::touched(plan));
        let barred = self.barred(plan, people);
        let request = Request {
            plan: plan.id.clone(),
            incident: plan.incident.clone(),
            fingerprint: plan.fingerprint.clone(),
            revision: revision_now(plan, around, now),
            expires,
            people,
            barred,
            yes: vec![],
            state: State::Pending,
        };
        self.put(lease, bid, request, false)
    }

    /// Where two people are needed, who wrote the playbook is neither of them.
    fn barred(&self, plan: &Plan, people: u8) -> BTreeSet<String> {
        let playbook = self.catalog.get(name_of(&plan.playbook));
        let author = playbook.filter(|_| people > 1).map(|p| p.owner.clone());
        author.into_iter().collect()
    }

    fn put(&mut self, lease: Lease, bid: Box<Bid>, request: Request, again: bool) -> Output {
        let plan = Box::new(bid.plan.clone());
        let output = Output::AskApproval {
            plan,
            lease,
            revision: request.revision.clone(),
            expires: request.expires,
            people: request.people,
            again,
        };
        let fingerprint = request.fingerprint.clone();
        self.waiting.insert(fingerprint, Waiting { lease, bid });
        self.approvals.ask(request);
        output
    }

    /// What waited before the restart waits on, with the answers that were given.
    pub(super) fn wait_on(&mut self, waiting: Vec<WaitingPlan>, now: NetTime) -> Vec<Output> {
        self.blind_until = now + LOOK_MS;
        let mut outputs = vec![];
        for WaitingPlan {
            lease,
            bid,
            mut request,
        } in waiting
        {
            request.barred = self.barred(&bid.plan, request.people);
            outputs.push(self.put(lease, Box::new(bid), request, true));
        }
        outputs
    }

    /// An answer names a plan's fingerprint: it is taken for that plan, waiting to run or waiting for a verdict, and for
    /// nothing else.
    pub(super) fn approval(
        &mut self,
        approval: Approval,
        around: &Around,
        now: NetTime,
    ) -> Vec<Output> {
        if self.approvals.pending(&approval.fingerprint).is_none() {
            if let Some(outputs) = self.person_verdict(&approval, now) {
                return outputs;
            }
        } else if now < self.blind_until {
            let reason = "the agent was just started again and does not see the network yet";
            return vec![refused(approval, reason)];
        }
        let mut outputs = self.supersede(around, now);
        let answer = Answer {
            fingerprint: approval.fingerprint.clone(),
            revision: approval.revision.clone().map(Revision),
            granted: approval.granted,
            by: approval.by.clone(),
        };
        let superseded = outputs
            .iter()
            .any(|o| matches!(o, Output::ApprovalEnded(r) if r.fingerprint == answer.fingerprint));
        if superseded {
            // Whoever answered had the old topology in view.
            outputs.push(refused(
                approval,
                "the topology has changed since it was asked",
            ));
            return outputs;
        }
        match self.approvals.answer(&answer, now) {
            Ok(progress) => outputs.extend(self.answered(progress, approval, around, now)),
            Err(refusal) => outputs.push(refused(approval, &refusal.to_string())),
        }
        outputs
    }

    /// A person says whether a change helped that nobody else could judge.
    fn person_verdict(&mut self, approval: &Approval, now: NetTime) -> Option<Vec<Output>> {
        let unclear = self.runs.iter().find(|(_, a)| {
            a.run.state() == run::State::Unclear && a.bid.plan.fingerprint == approval.fingerprint
        });
        let (id, active) = unclear?;
        let (id, plan) = (id.clone(), Box::new(active.bid.plan.clone()));
        let verdict = if approval.granted {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        let approval = approval.clone();
        let mut outputs = vec![Output::Approved { plan, approval }];
        outputs.extend(self.tell(&id, run::Input::Verdict(verdict), now));
        Some(outputs)
    }

    fn answered(
        &mut self,
        progress: Progress,
        approval: Approval,
        around: &Around,
        now: NetTime,
    ) -> Vec<Output> {
        let fingerprint = approval.fingerprint.clone();
        let Some(waiting) = self.waiting.get(&fingerprint) else {
            return vec![];
        };
        let plan = Box::new(waiting.bid.plan.clone());
        let mut outputs = vec![Output::Approved {
            plan: plan.clone(),
            approval,
        }];
        if matches!(progress, Progress::Waiting { .. }) {
            return outputs;
        }
        let Some(waiting) = self.waiting.remove(&fingerprint) else {
            return outputs;
        };
        if progress == Progress::Rejected {
            outputs.push(not_run(&plan));
            return outputs;
        }
        // Guards look again: the network may have changed while the person thought.
        let decision = self.judge(&waiting.bid, around, None, Some(fingerprint), now);
        let ruling = decision.ruling;
        outputs.push(Self::decided(&plan, decision));
        if ruling == Ruling::Proceed {
            outputs.extend(self.start(waiting.lease, waiting.bid, true, &around.picture, now));
        } else {
            outputs.push(not_run(&plan));
        }
        outputs
    }

    /// Requests whose topology is another one by now are over; where the guards still leave the plan to a person, it is
    /// asked for anew, and not for longer than before.
    fn supersede(&mut self, around: &Around, now: NetTime) -> Vec<Output> {
        if now < self.blind_until {
            return vec![];
        }
        let waiting = &self.waiting;
        let changed = |r: &Request| {
            let plan = waiting.get(&r.fingerprint).map(|w| &w.bid.plan);
            plan.is_none_or(|plan| revision_now(plan, around, now) != r.revision)
        };
        let over = self.approvals.end(State::Superseded, changed);
        let mut outputs = vec![];
        for request in over {
            let (expires, fingerprint) = (request.expires, request.fingerprint.clone());
            outputs.push(Output::ApprovalEnded(Box::new(request)));
            let Some(waiting) = self.waiting.remove(&fingerprint) else {
                continue;
            };
            let decision = self.judge(&waiting.bid, around, None, None, now);
            let (ruling, plan) = (decision.ruling, waiting.bid.plan.clone());
            outputs.push(Self::decided(&plan, decision));
            outputs.push(if ruling == Ruling::Ask {
                self.ask_until(waiting.lease, waiting.bid, around, expires, now)
            } else {
                not_run(&plan)
            });
        }
        outputs
    }

    /// Nobody's silence is a yes.
    pub(super) fn look_at_requests(&mut self, around: &Around, now: NetTime) -> Vec<Output> {
        let expired = self.approvals.expire(now);
        let mut outputs = self.over(expired);
        outputs.extend(self.supersede(around, now));
        outputs
    }

    pub(super) fn withdraw(&mut self, incident: &IncidentId) -> Vec<Output> {
        let over = self
            .approvals
            .end(State::Withdrawn, |r| r.incident == *incident);
        self.over(over)
    }

    pub(super) fn stop_asking(&mut self) -> Vec<Output> {
        let over = self.approvals.end(State::Stopped, |_| true);
        self.over(over)
    }

    fn over(&mut self, requests: Vec<Request>) -> Vec<Output> {
        let mut outputs = vec![];
        for request in requests {
            let waiting = self.waiting.remove(&request.fingerprint);
            outputs.push(Output::ApprovalEnded(Box::new(request)));
            outputs.extend(waiting.map(|w| not_run(&w.bid.plan)));
        }
        outputs
    }
}

fn refused(approval: Approval, reason: &str) -> Output {
    Output::AnswerRefused {
        approval,
        reason: reason.to_owned(),
    }
}
