//! From symptoms to a led incident, and to its end: correlate, diagnose, close, escalate.

use super::command::{Command, Purpose, Task};
use super::engine::{Loop, ask};
use super::restoring::Claim;
use super::scribe::Draft;
use crate::correlator::Known;
use crate::{correlator, diagnoser, negotiator};
use std::sync::Arc;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Lease, Say};
use zizhi_types::objective::Violation;
use zizhi_types::record::Ending;
use zizhi_types::wire::LeadEvent;
use zizhi_types::{AnomalyId, Body, FaultKind, Hypothesis, IncidentId, RecordId};

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

    pub(super) fn records_of(&self, symptoms: &[AnomalyId]) -> Vec<RecordId> {
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
        commands.push(Command::TakeLease {
            incident: incident.clone(),
            purpose: Purpose::Open,
        });
    }

    pub(super) fn claim(&mut self, known: &Known, symptoms: Vec<AnomalyId>) -> Command {
        let claim = Claim {
            known: known.clone(),
            symptoms: symptoms.clone(),
        };
        self.claims.insert(known.incident.clone(), claim);
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
        self.claims.remove(incident);
        self.closed.insert(incident.clone());
        let event = LeadEvent::Closed {
            incident: incident.clone(),
            fixed: ending == Ending::Fixed,
        };
        // The own correlator is told at once: the bus may lose the event, and an incident ends once.
        let closed = correlator::Input::Closed {
            incident: incident.clone(),
            fixed: ending == Ending::Fixed,
        };
        let commands = vec![
            command,
            ask(Task::Correlator(closed)),
            self.publish("evt", "lead", &event),
            Command::GiveUpLease(incident.clone()),
        ];
        vec![Command::IfLeading {
            incident: incident.clone(),
            commands,
        }]
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
}
