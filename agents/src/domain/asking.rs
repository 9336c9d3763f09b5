//! What people are asked and what they say, on the bus and in the journal; and what is known around a plan.

use super::command::Command;
use super::engine::Loop;
use super::scribe::Draft;
use crate::executor::{self, Around};
use std::sync::Arc;
use zizhi_playbooks::approval::Request;
use zizhi_playbooks::guards::InFlight;
use zizhi_types::negotiation::{Negotiation, Say};
use zizhi_types::record::Who;
use zizhi_types::wire::{Approval, BreakerOrder, KillOrder};
use zizhi_types::{Body, IncidentId, NetTime, Plan};

/// A run of a peer is believed to be in flight for so long after it was heard of, in milliseconds, if nothing is heard of
/// its end. Our choice: longer than any playbook's steps and checks.
const ELSEWHERE_MS: u64 = 1_800_000;

/// Plans of peers that are kept until their run begins. Our choice: far more than incidents that are open at once.
const PREPARED_MAX: usize = 256;

/// A peer's run.
pub(super) struct Elsewhere {
    run: InFlight,
    since: NetTime,
}

impl Loop {
    pub(super) fn around(&self) -> Around {
        let fresh = |e: &&Elsewhere| self.now.since(e.since) < ELSEWHERE_MS;
        let elsewhere = self.elsewhere.values().filter(fresh);
        Around {
            picture: Arc::clone(&self.picture),
            elsewhere: elsewhere.map(|e| e.run.clone()).collect(),
        }
    }

    /// Notes what is said of runs in other domains.
    pub(super) fn overhear(&mut self, message: &Negotiation) {
        match &message.say {
            Say::Prepare { bid } if bid.plan.domain != self.domain => {
                if self.prepared.len() >= PREPARED_MAX {
                    self.prepared.pop_first();
                }
                self.prepared.insert(bid.plan.id.clone(), bid.plan.clone());
            }
            Say::Commit { plan } => {
                if let Some(plan) = self.prepared.remove(plan) {
                    self.begun_elsewhere(&plan);
                }
            }
            Say::Report { plan, .. } | Say::Abort { plan, .. } => {
                self.prepared.remove(plan);
                self.elsewhere.remove(plan);
            }
            Say::Escalate { .. } => self.over_elsewhere(&message.incident),
            _ => {}
        }
    }

    fn begun_elsewhere(&mut self, plan: &Plan) {
        let run = executor::in_flight(plan, &self.picture, self.now);
        let since = self.now;
        self.elsewhere
            .insert(plan.id.clone(), Elsewhere { run, since });
    }

    pub(super) fn over_elsewhere(&mut self, incident: &IncidentId) {
        self.elsewhere.retain(|_, e| e.run.incident != *incident);
        self.prepared.retain(|_, p| p.incident != *incident);
    }

    /// A request is written down before it is published, so that it outlives the process.
    pub(super) fn asked(&mut self, asked: executor::Output) -> Vec<Command> {
        let executor::Output::AskApproval {
            plan,
            lease,
            revision,
            expires,
            people,
            again,
        } = asked
        else {
            return vec![];
        };
        let Some(cause) = self.last(&plan.incident).pop() else {
            return vec![];
        };
        let mut commands = vec![];
        if !again {
            let body = Body::ApprovalAsked {
                plan: plan.id.clone(),
                fingerprint: plan.fingerprint.clone(),
                revision: revision.0.clone(),
                lease,
                expires,
                people,
            };
            let draft = Draft::new(body).of(&plan.incident).about(&plan.suspect);
            let (record, command) = self.append(draft.because([cause.clone()]));
            self.trail(&plan.incident)
                .plans
                .insert(plan.id.clone(), record);
            commands.extend([command, Command::Sync]);
        }
        commands.push(self.ask_approval(*plan, cause, expires, revision.0));
        commands
    }

    pub(super) fn answer_refused(&mut self, approval: Approval, reason: String) -> Command {
        let body = Body::AnswerRefused {
            fingerprint: approval.fingerprint,
            reason,
        };
        let who = Who::Human { name: approval.by };
        self.append(Draft::new(body).by(who)).1
    }

    pub(super) fn approval_ended(&mut self, request: Request) -> Command {
        let causes = self.trail(&request.incident).for_plan(&request.plan);
        let body = Body::ApprovalEnded {
            plan: request.plan,
            fingerprint: request.fingerprint,
            state: request.state.as_str().to_owned(),
        };
        let draft = Draft::new(body).of(&request.incident);
        self.append(draft.because(causes)).1
    }

    pub(super) fn switched(&mut self, order: KillOrder) -> Command {
        let body = Body::KillSwitch {
            on: order.on,
            reason: order.reason,
        };
        self.append(Draft::new(body).by(person(order.by))).1
    }

    pub(super) fn breaker_closed(&mut self, order: BreakerOrder) -> Command {
        let body = Body::BreakerClosed {
            playbook: order.playbook,
            reason: order.reason,
        };
        self.append(Draft::new(body).by(person(order.by))).1
    }
}

fn person(name: String) -> Who {
    if name.is_empty() {
        return Who::System;
    }
    Who::Human { name }
}
