//! From a message to an incident: sense, detect, correlate, diagnose.

use super::command::{Command, Task};
use super::engine::{Loop, ask};
use super::scribe::Draft;
use crate::correlator::Known;
use crate::{collector, correlator, detector, diagnoser, executor, negotiator, planner, verifier};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_bus::batch::telemetry;
use zizhi_types::negotiation::Negotiation;
use zizhi_types::wire::{
    AnomalyEvent, Approval, BreakerOrder, Clock, Inventory, KillOrder, LeadEvent, Maintenance,
    Sample, StateDigest,
};
use zizhi_types::{Anomaly, Body, Measurement, NetTime, RecordId, wire};

impl Loop {
    pub(super) fn message(&mut self, message: Arc<Message>) -> Vec<Command> {
        if message.subject == wire::CLOCK {
            return self.read(&message, Self::clock);
        }
        if message.subject == wire::KILL_SWITCH {
            let order = KillOrder::read(&message.payload);
            return vec![ask(Task::Executor(executor::Input::Kill(order)))];
        }
        if message.subject == wire::BREAKER {
            // Every domain closes it: in one that has no such breaker that changes nothing.
            return self.read(&message, |_, order: BreakerOrder| {
                vec![ask(Task::Executor(executor::Input::CloseBreaker(order)))]
            });
        }
        let subject = message.subject.clone();
        let tokens: Vec<&str> = subject.split('.').collect();
        let [_, _, from, plane, kind] = tokens.as_slice() else {
            return vec![];
        };
        let own = *from == self.domain.as_str();
        match (*plane, *kind) {
            ("obs", "telemetry") if own => {
                self.current = Some((Arc::clone(&message), None));
                vec![ask(Task::Collector(collector::Input(message)))]
            }
            ("obs", "clock") if own => self.read(&message, Self::clock),
            ("obs", "inventory") => self.read(&message, Self::inventory),
            ("obs", "maintenance") => self.read(&message, Self::maintenance),
            ("evt", "anomaly") => self.read(&message, Self::anomaly_event),
            ("evt", "state") if !own => self.read(&message, Self::digest),
            ("evt", "hello") if own => self.caught_up(),
            ("evt", "hello") => self.hello(),
            ("evt", "lead") => self.read(&message, Self::lead_event),
            ("neg", "say") => self.read(&message, Self::heard),
            ("plan", "approval") if own => self.read(&message, Self::approval),
            _ => vec![],
        }
    }

    /// Decodes a message; one that cannot be read is kept as a dead letter.
    fn read<T: DeserializeOwned>(
        &mut self,
        message: &Arc<Message>,
        react: impl FnOnce(&mut Self, T) -> Vec<Command>,
    ) -> Vec<Command> {
        match serde_json::from_slice(&message.payload) {
            Ok(content) => react(self, content),
            Err(error) => {
                let text = telemetry::readable(&message.payload);
                vec![self.dead_letter(message, error.to_string(), text.chars().take(200).collect())]
            }
        }
    }

    fn dead_letter(&mut self, message: &Message, reason: String, sample: String) -> Command {
        let (id, subject) = (message.id.clone(), message.subject.clone());
        self.append(Draft::new(Body::DeadLetter {
            message: id,
            subject,
            reason,
            sample,
        }))
        .1
    }

    fn clock(&mut self, clock: Clock) -> Vec<Command> {
        // Time never runs backwards for the roles, whatever is sent.
        self.now = self.now.max(clock.now);
        vec![ask(Task::Detector(detector::Input::Tick)), Command::GoOn]
    }

    /// The part of a tick that looks at the picture, once the detector has said who is silent.
    pub(super) fn sensed(&mut self) -> Vec<Command> {
        let resumed = self.lead_again();
        let digest = self.state_digest();
        let picture = Arc::clone(&self.picture);
        let verify = verifier::Input::Tick {
            picture: Arc::clone(&picture),
            unusual: Arc::new(self.unusual()),
            elsewhere: Arc::new(self.explained_elsewhere()),
        };
        let mut commands = resumed;
        commands.extend([
            digest,
            ask(Task::Verifier(verify)),
            ask(Task::Correlator(correlator::Input::Tick(picture))),
            ask(Task::Negotiator(negotiator::Input::Tick)),
            ask(Task::Executor(executor::Input::Tick(self.around()))),
        ]);
        commands
    }

    /// Symptoms of open incidents that no own run is about.
    fn explained_elsewhere(&self) -> BTreeSet<crate::picture::Series> {
        let mine: BTreeSet<_> = self.runs.values().collect();
        self.open
            .iter()
            .filter(|(i, _)| !mine.contains(i))
            .flat_map(|(_, s)| s.iter().cloned())
            .collect()
    }

    fn state_digest(&mut self) -> Command {
        let values = self.picture.moved(self.domain, &mut self.sent);
        let digest = StateDigest {
            domain: self.domain,
            at: self.now,
            values,
            silent: self.silent.iter().cloned().collect(),
        };
        self.publish("evt", "state", &digest)
    }

    fn digest(&mut self, digest: StateDigest) -> Vec<Command> {
        let picture = Arc::make_mut(&mut self.picture);
        picture.set_silent(digest.domain, &digest.silent);
        picture.touch(digest.domain, digest.at);
        for s in &digest.values {
            picture.observe(&s.object, s.metric, s.value, digest.at);
        }
        vec![ask(Task::Planner(planner::Input::Observe {
            at: digest.at,
            domain: digest.domain,
            samples: digest.values,
        }))]
    }

    fn inventory(&mut self, inventory: Inventory) -> Vec<Command> {
        let Inventory { domain, part } = inventory;
        let picture = Arc::make_mut(&mut self.picture);
        picture.learn(domain, part.clone());
        let objectives = picture.objectives().cloned().collect();
        let mut commands = vec![
            ask(Task::Detector(detector::Input::Learn { objectives })),
            ask(Task::Diagnoser(diagnoser::Input::Learn {
                domain,
                part: Box::new(part.clone()),
            })),
            ask(Task::Planner(planner::Input::Learn {
                domain,
                part: Box::new(part),
            })),
        ];
        commands.extend(self.intend_again(domain));
        commands
    }

    fn maintenance(&mut self, work: Maintenance) -> Vec<Command> {
        let body = Body::MaintenanceNoted {
            ticket: work.ticket.clone(),
            objects: work.objects.clone(),
            until: work.until,
        };
        let concerns = work.objects.iter().any(|o| o.domain() == self.domain);
        let mut commands = vec![];
        if concerns {
            commands.push(self.append(Draft::new(body)).1);
        }
        for sample in &work.intended {
            commands.push(ask(Task::Detector(detector::Input::Intend(sample.clone()))));
        }
        Arc::make_mut(&mut self.picture).announce(work);
        commands
    }

    pub(super) fn collected(&mut self, output: collector::Output) -> Vec<Command> {
        match output {
            collector::Output::DeadLetter { reason, sample } => match self.current.clone() {
                Some((message, _)) => vec![self.dead_letter(&message, reason, sample)],
                None => vec![],
            },
            collector::Output::Batch {
                source,
                at,
                measurements,
            } => {
                let picture = Arc::make_mut(&mut self.picture);
                for m in &measurements {
                    picture.observe(&m.object, m.metric, m.value, m.at);
                }
                vec![
                    ask(Task::Planner(planner::Input::Observe {
                        at,
                        domain: self.domain,
                        samples: samples(&measurements),
                    })),
                    ask(Task::Detector(detector::Input::Batch {
                        source,
                        at,
                        measurements,
                    })),
                ]
            }
        }
    }

    pub(super) fn detected(&mut self, output: detector::Output) -> Vec<Command> {
        match output {
            detector::Output::Raised(anomaly) => self.raised(anomaly),
            detector::Output::Cleared { id, at } => self.cleared(id, at),
            detector::Output::Silent(object) => {
                self.silent.insert(object);
                self.silence_changed()
            }
            detector::Output::Heard(object) => {
                self.silent.remove(&object);
                self.silence_changed()
            }
        }
    }

    fn silence_changed(&mut self) -> Vec<Command> {
        let silent: Vec<_> = self.silent.iter().cloned().collect();
        Arc::make_mut(&mut self.picture).set_silent(self.domain, &silent);
        vec![ask(Task::Planner(planner::Input::Silent {
            domain: self.domain,
            silent,
        }))]
    }

    fn raised(&mut self, anomaly: Anomaly) -> Vec<Command> {
        let mut commands = vec![];
        self.raised = self.raised.max(anomaly.id.number);
        let raw = self.keep_raw(&anomaly, &mut commands);
        let object = anomaly.object.clone();
        let body = Body::AnomalyRaised {
            anomaly: anomaly.clone(),
        };
        let (record, command) = self.append(Draft::new(body).about(&object).because(raw));
        commands.push(command);
        self.own
            .insert(anomaly.id.clone(), (anomaly.clone(), record.clone()));
        commands.push(self.publish("evt", "anomaly", &AnomalyEvent::Raised { anomaly, record }));
        commands
    }

    /// The raw message that an anomaly rests on is written once, before it.
    fn keep_raw(&mut self, anomaly: &Anomaly, commands: &mut Vec<Command>) -> Option<RecordId> {
        let (message, kept) = self
            .current
            .clone()
            .filter(|(m, _)| m.id == anomaly.source)?;
        if let Some(record) = kept {
            return Some(record);
        }
        let body = Body::Raw {
            message: message.id.clone(),
            subject: message.subject.clone(),
            payload: telemetry::readable(&message.payload).into_owned(),
        };
        let (record, command) = self.append(Draft::new(body));
        commands.push(command);
        self.current = Some((message, Some(record.clone())));
        Some(record)
    }

    fn cleared(&mut self, id: zizhi_types::AnomalyId, at: NetTime) -> Vec<Command> {
        self.own.remove(&id);
        let cause = self.anomalies.get(&id).map(|(_, record)| record.clone());
        let body = Body::AnomalyCleared {
            anomaly: id.clone(),
        };
        let command = self.append(Draft::new(body).because(cause)).1;
        vec![
            command,
            self.publish("evt", "anomaly", &AnomalyEvent::Cleared { id, at }),
        ]
    }

    fn anomaly_event(&mut self, event: AnomalyEvent) -> Vec<Command> {
        match event {
            AnomalyEvent::Raised { anomaly, record } => {
                let series = (anomaly.object.clone(), anomaly.metric);
                self.anomalies.insert(anomaly.id.clone(), (series, record));
                vec![ask(Task::Correlator(correlator::Input::Raised(anomaly)))]
            }
            AnomalyEvent::Cleared { id, .. } => {
                // Its record is still wanted as a cause for a while; the series is usual from now on.
                self.anomalies.remove(&id);
                vec![ask(Task::Correlator(correlator::Input::Cleared(id)))]
            }
        }
    }

    fn lead_event(&mut self, event: LeadEvent) -> Vec<Command> {
        match event {
            LeadEvent::Claimed { incident, .. } if self.closed.contains(&incident) => vec![],
            LeadEvent::Claimed {
                incident,
                lease,
                symptoms,
                suspect,
                fault,
            } => {
                let series = symptoms
                    .iter()
                    .filter_map(|s| self.anomalies.get(s))
                    .map(|(s, _)| s.clone());
                let series: Vec<_> = series.collect();
                self.open
                    .entry(incident.clone())
                    .or_default()
                    .extend(series);
                let known = Known {
                    incident,
                    lease,
                    suspect,
                    fault,
                };
                if let Some(stale) = self.outdated(&known, &symptoms) {
                    return stale;
                }
                vec![ask(Task::Correlator(correlator::Input::Claimed {
                    known,
                    symptoms,
                }))]
            }
            LeadEvent::Closed { incident, fixed } => {
                self.over_elsewhere(&incident);
                self.open.remove(&incident);
                self.claims.remove(&incident);
                self.closed.insert(incident.clone());
                vec![
                    ask(Task::Executor(executor::Input::Withdraw(incident.clone()))),
                    ask(Task::Correlator(correlator::Input::Closed {
                        incident,
                        fixed,
                    })),
                ]
            }
        }
    }

    fn heard(&mut self, message: Negotiation) -> Vec<Command> {
        let cause = message.cause.clone();
        self.trail(&message.incident).heard = Some(cause);
        self.overhear(&message);
        vec![ask(Task::Negotiator(negotiator::Input::Heard(message)))]
    }

    fn approval(&mut self, approval: Approval) -> Vec<Command> {
        let around = self.around();
        vec![ask(Task::Executor(executor::Input::Approval {
            approval,
            around,
        }))]
    }
}

fn samples(measurements: &[Measurement]) -> Vec<Sample> {
    let sample = |m: &Measurement| Sample {
        object: m.object.clone(),
        metric: m.metric,
        value: m.value,
    };
    measurements.iter().map(sample).collect()
}
