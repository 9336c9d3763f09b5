//! From an incident to an award: correlate, diagnose, plan, negotiate, rehearse.

use super::command::{Command, Task};
use super::engine::{Loop, ask};
use super::scribe::Draft;
use crate::correlator::Known;
use crate::{correlator, diagnoser, executor, learner, negotiator, planner};
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Bid, Lease, RunEnd, Say};
use zizhi_types::objective::Violation;
use zizhi_types::record::Ending;
use zizhi_types::wire::LeadEvent;
use zizhi_types::{AnomalyId, Body, FaultKind, Hypothesis, IncidentId, Plan, RecordId};

impl Loop {
    pub(super) fn correlated(&mut self, output: correlator::Output) -> Vec<Command> {
        match output {
            correlator::Output::Diagnose { situation, open } => {
                let (picture, at) = (Arc::clone(&self.picture), self.now);
                vec![ask(Task::Diagnoser(diagnoser::Input::Diagnose {
                    situation,
                    open,
                    picture,
                    at,
                }))]
            }
            correlator::Output::Lead {
                known,
                symptoms,
                violations,
                hypotheses,
                other,
                situation,
            } => self.lead(&known, &symptoms, violations, hypotheses, other, situation),
            correlator::Output::Unexplained {
                incident,
                lease,
                symptoms,
                violations,
                hypotheses,
                other,
                need,
            } => self.unexplained(
                &incident, lease, &symptoms, violations, hypotheses, other, need,
            ),
            correlator::Output::Joined { incident, symptoms } => self.joined(&incident, symptoms),
            correlator::Output::Merge { incident, into } => self.merge(&incident, &into),
            correlator::Output::Suppress {
                anomaly,
                reason,
                detail,
            } => {
                let cause = self
                    .anomalies
                    .get(&anomaly)
                    .map(|(_, record)| record.clone());
                let body = Body::Suppressed {
                    symptoms: vec![anomaly],
                    reason: reason.to_owned(),
                    detail,
                };
                vec![self.append(Draft::new(body).because(cause)).1]
            }
            correlator::Output::RecoveredAlone(incident) => {
                let reason = "the symptoms went by themselves".to_owned();
                let mut commands = vec![ask(Task::Negotiator(negotiator::Input::Drop {
                    incident: incident.clone(),
                    reason,
                }))];
                commands.extend(self.close(&incident, Ending::RecoveredAlone));
                commands
            }
        }
    }

    fn records_of(&self, symptoms: &[AnomalyId]) -> Vec<RecordId> {
        symptoms
            .iter()
            .filter_map(|s| self.anomalies.get(s))
            .map(|(_, record)| record.clone())
            .collect()
    }

    fn lead(
        &mut self,
        known: &Known,
        symptoms: &[AnomalyId],
        violations: Vec<Violation>,
        hypotheses: Vec<Hypothesis>,
        other: f64,
        situation: Situation,
    ) -> Vec<Command> {
        let mut commands = vec![];
        self.open_incident(
            &known.incident,
            known.lease,
            symptoms,
            violations,
            &mut commands,
        );
        let body = Body::Diagnosed {
            hypotheses: hypotheses.clone(),
            other,
        };
        let draft = Draft::new(body)
            .of(&known.incident)
            .about(&known.suspect)
            .because(self.last(&known.incident));
        let (record, command) = self.append(draft);
        self.trail(&known.incident).diagnosed = Some(record);
        commands.push(command);
        commands.push(self.claim(known, symptoms.to_vec()));
        commands.push(ask(Task::Negotiator(negotiator::Input::Lead {
            incident: known.incident.clone(),
            lease: known.lease,
            hypotheses,
            situation,
        })));
        commands
    }

    fn open_incident(
        &mut self,
        incident: &IncidentId,
        lease: Lease,
        symptoms: &[AnomalyId],
        violations: Vec<Violation>,
        commands: &mut Vec<Command>,
    ) {
        let causes = self.records_of(symptoms);
        let body = Body::IncidentOpened {
            lease,
            symptoms: symptoms.to_vec(),
            violations,
        };
        commands.push(self.append(Draft::new(body).of(incident).because(causes)).1);
        self.leases.insert(incident.clone(), lease);
    }

    fn claim(&self, known: &Known, symptoms: Vec<AnomalyId>) -> Command {
        self.publish(
            "evt",
            "lead",
            &LeadEvent::Claimed {
                incident: known.incident.clone(),
                lease: known.lease,
                symptoms,
                suspect: known.suspect.clone(),
                fault: known.fault,
            },
        )
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one message, used once"
    )]
    fn unexplained(
        &mut self,
        incident: &IncidentId,
        lease: Lease,
        symptoms: &[AnomalyId],
        violations: Vec<Violation>,
        hypotheses: Vec<Hypothesis>,
        other: f64,
        need: String,
    ) -> Vec<Command> {
        let mut commands = vec![];
        let guess = hypotheses.first().map(|h| (h.object.clone(), h.fault));
        let suspect = violations.first().map(|v| v.object.clone());
        self.open_incident(incident, lease, symptoms, violations, &mut commands);
        for body in [
            Body::Diagnosed { hypotheses, other },
            Body::EvidenceInsufficient { need },
        ] {
            let draft = Draft::new(body).of(incident).because(self.last(incident));
            commands.push(self.append(draft).1);
        }
        let best = guess.or_else(|| suspect.map(|s| (s, FaultKind::LinkDown)));
        if let Some((suspect, fault)) = best {
            let known = Known {
                incident: incident.clone(),
                lease,
                suspect,
                fault,
            };
            commands.push(self.claim(&known, symptoms.to_vec()));
        }
        commands.extend(self.escalate(incident, "the evidence names no cause".to_owned()));
        commands
    }

    fn joined(&mut self, incident: &IncidentId, symptoms: Vec<AnomalyId>) -> Vec<Command> {
        let causes = self.records_of(&symptoms);
        let series: Vec<_> = symptoms
            .iter()
            .filter_map(|s| self.anomalies.get(s))
            .map(|(s, _)| s.clone())
            .collect();
        self.open
            .entry(incident.clone())
            .or_default()
            .extend(series);
        let draft = Draft::new(Body::SymptomsJoined { symptoms })
            .of(incident)
            .because(causes);
        // Joined symptoms are no link in the chain from the opening to the action.
        let last = self.trail(incident).last.clone();
        let (_, command) = self.append(draft);
        self.trail(incident).last = last;
        vec![command]
    }

    fn merge(&mut self, incident: &IncidentId, into: &IncidentId) -> Vec<Command> {
        let reason = format!("it is the same as {into}");
        let mut commands = vec![ask(Task::Negotiator(negotiator::Input::Drop {
            incident: incident.clone(),
            reason,
        }))];
        commands.extend(self.close(incident, Ending::Merged));
        commands
    }

    pub(super) fn close(&mut self, incident: &IncidentId, ending: Ending) -> Vec<Command> {
        let draft = Draft::new(Body::IncidentClosed { ending })
            .of(incident)
            .because(self.last(incident));
        let command = self.append(draft).1;
        self.open.remove(incident);
        let event = LeadEvent::Closed {
            incident: incident.clone(),
        };
        // The own correlator is told at once: the bus may lose the event, and an incident ends once.
        let closed = correlator::Input::Closed(incident.clone());
        vec![
            command,
            ask(Task::Correlator(closed)),
            self.publish("evt", "lead", &event),
        ]
    }

    pub(super) fn escalate(&mut self, incident: &IncidentId, reason: String) -> Vec<Command> {
        let draft = Draft::new(Body::Escalated {
            reason: reason.clone(),
        })
        .of(incident)
        .because(self.last(incident));
        let (record, command) = self.append(draft);
        let mut commands = vec![command];
        if let Some(lease) = self.leases.get(incident).copied() {
            commands.push(self.say(incident, lease, None, Say::Escalate { reason }, record));
        }
        commands.extend(self.close(incident, Ending::Escalated));
        commands
    }

    pub(super) fn diagnosed(&mut self, output: diagnoser::Output) -> Vec<Command> {
        match output {
            diagnoser::Output::Diagnosis {
                situation,
                joined,
                hypotheses,
                other,
                need,
            } => {
                let input = correlator::Input::Diagnosed {
                    situation,
                    joined,
                    hypotheses,
                    other,
                    need,
                };
                vec![ask(Task::Correlator(input))]
            }
            diagnoser::Output::NotLearnt { domain, reason } => {
                let reason =
                    format!("the knowledge graph refused the {domain} inventory: {reason}");
                vec![self.append(Draft::new(Body::Escalated { reason })).1]
            }
        }
    }

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
                from_case,
            } => {
                let mut commands = vec![];
                let heard = self.trail(&incident).heard.clone();
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
                        from_case,
                    }
                };
                let (planned, command) = self.append(Draft::new(body).of(&incident).because(heard));
                commands.push(command);
                for bid in &bids {
                    let body = Body::Rehearsed {
                        plan: bid.plan.id.clone(),
                        rehearsal: bid.rehearsal.clone(),
                    };
                    let draft = Draft::new(body)
                        .of(&incident)
                        .about(&bid.plan.suspect)
                        .because([planned.clone()]);
                    let (record, command) = self.append(draft);
                    self.trail(&incident)
                        .plans
                        .insert(bid.plan.id.clone(), record);
                    commands.push(command);
                }
                commands.push(ask(Task::Negotiator(negotiator::Input::Bids {
                    incident,
                    bids,
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
                    let heard = self.trail(&incident).heard.clone();
                    let body = Body::Rehearsed {
                        plan: plan.clone(),
                        rehearsal,
                    };
                    commands.push(self.append(Draft::new(body).of(&incident).because(heard)).1);
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
                let heard = self.trail(&incident).heard.clone();
                vec![
                    self.append(
                        Draft::new(Body::Refused { from, plan, reason })
                            .of(&incident)
                            .because(heard),
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
                let (picture, services) =
                    (Arc::clone(&self.picture), self.services_behind(&bid.plan));
                vec![ask(Task::Executor(executor::Input::Execute {
                    lease,
                    bid,
                    picture,
                    services,
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
        if matches!(say, Say::Call { .. }) {
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

    /// Services whose users would feel a change: those of groups whose paths or instances touch its objects. An upper
    /// bound, for the blast radius.
    fn services_behind(&self, plan: &Plan) -> BTreeSet<String> {
        let touches_site = |site: &str| plan.steps.iter().any(|s| s.action.object.name() == site);
        let network = self.picture.network();
        let instances = network.instances.iter().filter(|i| {
            touches_site(&i.site) || plan.steps.iter().any(|s| s.action.object.name() == i.id)
        });
        instances.map(|i| i.service.clone()).collect()
    }

    fn outcome(
        &mut self,
        incident: &IncidentId,
        plan: Box<Plan>,
        outcome: RunEnd,
        leading: bool,
    ) -> Vec<Command> {
        let mut commands = vec![];
        if leading && outcome != RunEnd::NotRun {
            let causes = self.trail(incident).heard.clone();
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
            .map(|(_, m)| format!("metric:{}", m.as_str()))
            .collect();
        commands.push(ask(Task::Learner(learner::Input::Remember {
            plan,
            outcome,
            seen,
        })));
        commands
    }
}
