//! From a led incident to an award: recall, plan, rehearse, negotiate; and what every domain learns from the outcome.

use super::command::{Command, Task};
use super::engine::{Loop, ask};
use super::scribe::Draft;
use crate::part::Part;
use crate::{correlator, executor, learner, negotiator, planner};
use std::sync::Arc;
use zizhi_types::domain::Domain;
use zizhi_types::negotiation::{Bid, Lease, RunEnd, Say};
use zizhi_types::record::Ending;
use zizhi_types::{Body, IncidentId, Plan, RecordId};

impl Loop {
    pub(super) fn learnt(&mut self, output: learner::Output) -> Vec<Command> {
        match output {
            learner::Output::Recalled {
                incident,
                hypotheses,
                situation,
                recalled,
            } => {
                let picture = Arc::clone(&self.picture);
                let input = planner::Input::Propose {
                    incident,
                    hypotheses,
                    situation,
                    recalled,
                    picture,
                };
                vec![ask(Task::Planner(input))]
            }
            // Asked for by whoever looks at the swarm, not by the loop.
            learner::Output::Recited(_) => vec![],
            learner::Output::NotRemembered { reason } => {
                let reason = format!("a case could not be remembered: {reason}");
                vec![self.append(Draft::new(Body::Escalated { reason })).1]
            }
        }
    }

    pub(super) fn planned(&mut self, output: planner::Output) -> Vec<Command> {
        match output {
            planner::Output::Proposed {
                incident,
                bids,
                rejected,
                wait_ms,
                from_case,
            } => {
                let mut commands = vec![];
                let asked = self.trail(&incident).asked();
                let body = if bids.is_empty() {
                    let reasons: Vec<String> =
                        rejected.iter().map(|(p, r)| format!("{p}: {r}")).collect();
                    let reason = if reasons.is_empty() {
                        "no playbook is for this fault".to_owned()
                    } else {
                        reasons.join("; ")
                    };
                    Body::NoPlan { reason }
                } else {
                    Body::Planned {
                        plans: bids.iter().map(|b| b.plan.id.clone()).collect(),
                        rejected,
                        from_run: from_case.as_ref().and_then(|c| c.origin.clone()),
                        from_case: from_case.map(|c| c.incident),
                    }
                };
                let (planned, command) = self.append(Draft::new(body).of(&incident).because(asked));
                commands.push(command);
                for bid in &bids {
                    let spoken = self.rehearsed(&incident, bid, &planned);
                    commands.extend(spoken);
                }
                commands.push(ask(Task::Negotiator(negotiator::Input::Bids {
                    incident,
                    bids,
                    wait_ms,
                })));
                commands
            }
            planner::Output::Judged {
                incident,
                plan,
                rehearsal,
                refuse,
            } => {
                let mut commands = vec![];
                if let Some(rehearsal) = rehearsal.filter(|_| refuse.is_some()) {
                    let asked = self.trail(&incident).asked();
                    let body = Body::Rehearsed {
                        plan: plan.clone(),
                        rehearsal,
                    };
                    commands.push(self.append(Draft::new(body).of(&incident).because(asked)).1);
                }
                commands.push(ask(Task::Negotiator(negotiator::Input::Judged {
                    incident,
                    plan,
                    refuse,
                })));
                commands
            }
        }
    }

    /// What speaks for a plan: its rehearsal, or that it was planned where nothing is rehearsed.
    fn rehearsed(
        &mut self,
        incident: &IncidentId,
        bid: &Bid,
        planned: &RecordId,
    ) -> Option<Command> {
        let plan = bid.plan.id.clone();
        if !self.config.has(Part::Twin) {
            let trail = self.trail(incident);
            trail.plans.insert(plan, planned.clone());
            return None;
        }
        let body = Body::Rehearsed {
            plan: plan.clone(),
            rehearsal: bid.rehearsal.clone(),
        };
        let draft = Draft::new(body).of(incident).about(&bid.plan.suspect);
        let (record, command) = self.append(draft.because([planned.clone()]));
        self.trail(incident).plans.insert(plan, record);
        Some(command)
    }

    pub(super) fn negotiated(&mut self, output: negotiator::Output) -> Vec<Command> {
        use negotiator::Output as O;
        match output {
            O::Say {
                incident,
                lease,
                to,
                say,
            } => self.say_it(&incident, lease, to, say),
            O::AskBids {
                incident,
                hypotheses,
                situation,
            } => {
                vec![ask(Task::Learner(learner::Input::Recall {
                    incident,
                    hypotheses,
                    situation,
                }))]
            }
            O::AskJudgement { incident, bid } => {
                let picture = Arc::clone(&self.picture);
                vec![ask(Task::Planner(planner::Input::Judge {
                    incident,
                    bid,
                    picture,
                }))]
            }
            O::GotBid {
                incident,
                from,
                bid,
            } => vec![self.got_bid(&incident, from, bid)],
            O::GotRefusal {
                incident,
                from,
                plan,
                reason,
            } => {
                let asked = self.trail(&incident).asked();
                vec![
                    self.append(
                        Draft::new(Body::Refused { from, plan, reason })
                            .of(&incident)
                            .because(asked),
                    )
                    .1,
                ]
            }
            O::Awarded {
                incident,
                plan,
                agreed,
            } => vec![self.awarded(&incident, &plan, agreed)],
            O::Aborted {
                incident,
                plan,
                reason,
            } => {
                let causes = self.trail(&incident).for_plan(&plan);
                vec![
                    self.append(
                        Draft::new(Body::Aborted { plan, reason })
                            .of(&incident)
                            .because(causes),
                    )
                    .1,
                ]
            }
            O::Execute { lease, bid } => {
                let around = self.around();
                vec![ask(Task::Executor(executor::Input::Execute {
                    lease,
                    bid,
                    around,
                }))]
            }
            O::Running { incident, .. } => {
                let until = self.now + self.config.correlator.echo_ms;
                vec![ask(Task::Correlator(correlator::Input::Changed {
                    incident,
                    until,
                }))]
            }
            O::Outcome {
                incident,
                plan,
                outcome,
                leading,
            } => self.outcome(&incident, plan, outcome, leading),
            O::Fixed(incident) => self.close(&incident, Ending::Fixed),
            O::GiveUp { incident, reason } => self.escalate(&incident, reason),
        }
    }

    fn got_bid(&mut self, incident: &IncidentId, from: Domain, bid: Box<Bid>) -> Command {
        let heard = self.trail(incident).heard.clone();
        let plan = bid.plan.id.clone();
        let draft = Draft::new(Body::BidReceived { from, bid });
        let (record, command) = self.append(draft.of(incident).because(heard));
        self.trail(incident).plans.insert(plan, record);
        command
    }

    fn awarded(&mut self, incident: &IncidentId, plan: &Plan, agreed: Vec<Domain>) -> Command {
        let causes = self.trail(incident).for_plan(&plan.id);
        let body = Body::Awarded {
            plan: plan.id.clone(),
            to: plan.domain,
            agreed,
        };
        let draft = Draft::new(body).of(incident).about(&plan.suspect);
        self.append(draft.because(causes)).1
    }

    /// What is said is recorded first where it is a step of its own, so that the listener's records can point at it.
    fn say_it(
        &mut self,
        incident: &IncidentId,
        lease: Lease,
        to: Option<Domain>,
        say: Say,
    ) -> Vec<Command> {
        let mut commands = vec![];
        // Said again to one domain, it is no new step.
        if matches!(say, Say::Call { .. }) && to.is_none() {
            let diagnosed = self.trail(incident).diagnosed.clone();
            let body = Body::Called {
                domains: Domain::ALL.to_vec(),
            };
            commands.push(
                self.append(Draft::new(body).of(incident).because(diagnosed))
                    .1,
            );
        }
        let specific = match &say {
            Say::Offer { bids } => bids
                .first()
                .and_then(|b| self.trail(incident).plans.get(&b.plan.id).cloned()),
            Say::Prepare { bid } => self.trail(incident).plans.get(&bid.plan.id).cloned(),
            _ => None,
        };
        let Some(cause) = specific.or_else(|| self.last(incident).pop()) else {
            return commands;
        };
        commands.push(self.say(incident, lease, to, say, cause));
        commands
    }

    fn outcome(
        &mut self,
        incident: &IncidentId,
        plan: Box<Plan>,
        outcome: RunEnd,
        leading: bool,
    ) -> Vec<Command> {
        let mut commands = vec![];
        if leading && outcome != RunEnd::NotRun && self.config.has(Part::Learning) {
            let causes = self.trail(incident).told();
            let body = Body::Remembered {
                fault: plan.fault,
                playbook: plan.playbook.clone(),
                outcome,
                twin_error: None,
            };
            commands.push(
                self.append(
                    Draft::new(body)
                        .of(incident)
                        .about(&plan.suspect)
                        .because(causes),
                )
                .1,
            );
        }
        let seen = self
            .open
            .get(incident)
            .into_iter()
            .flatten()
            .map(|(_, m)| *m)
            .collect();
        commands.push(ask(Task::Learner(learner::Input::Remember {
            plan,
            outcome,
            seen,
        })));
        commands
    }
}
