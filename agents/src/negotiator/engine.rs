//! The negotiator of one domain: a leader for its own incidents, a participant in all.

use super::leader::{AwardedBefore, Leadership};
use super::participant::Participant;
use super::{Input, NegotiatorConfig, Output};
use crate::role::Engine;
use std::collections::BTreeMap;
use zizhi_types::domain::Domain;
use zizhi_types::negotiation::{Lease, NEGOTIATION_VERSION, Negotiation, RefuseReason, Say};
use zizhi_types::{IncidentId, NetTime, RecordId};

/// With whom a domain agrees on a remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Company {
    /// With every domain, over the bus.
    Peers,
    /// With itself: what it says stays inside, so that the same rules hold (one execution an award) and nobody is asked.
    Itself,
}

/// The negotiator of one domain.
pub struct Negotiator {
    company: Company,
    config: NegotiatorConfig,
    led: BTreeMap<IncidentId, Leadership>,
    participant: Participant,
}

impl Negotiator {
    /// For one domain.
    pub const fn new(domain: Domain, config: NegotiatorConfig) -> Self {
        Self {
            company: Company::Peers,
            config,
            led: BTreeMap::new(),
            participant: Participant::new(domain),
        }
    }

    /// The same without negotiation: it asks nobody, awards its own domain's plans alone, and says nothing.
    #[must_use]
    pub const fn without_peers(mut self) -> Self {
        self.company = Company::Itself;
        self
    }

    /// Whose consent a plan needs.
    fn asked(&self) -> Vec<Domain> {
        match self.company {
            Company::Peers => Domain::ALL.to_vec(),
            Company::Itself => vec![self.participant.domain()],
        }
    }

    fn heard(&mut self, message: Negotiation, now: NetTime) -> Vec<Output> {
        if message.version != NEGOTIATION_VERSION {
            return vec![];
        }
        let domain = self.participant.domain();
        if message.to.is_some_and(|to| to != domain) {
            return vec![];
        }
        if let Some(newest) = self.participant.stale(&message) {
            let reason = RefuseReason::StaleLease { newest };
            return vec![Participant::refuse(&message, None, reason)];
        }
        let incident = message.incident.clone();
        let leading = self.led.contains_key(&incident);
        let mut outputs = self.participant.heard(&message, leading, now);
        if let Some(leadership) = self.led.get_mut(&incident) {
            outputs.extend(leadership.heard(&message, &self.config, now));
        }
        self.drop_finished();
        outputs
    }

    fn lead_on(&mut self, incident: IncidentId, lease: Lease, before: AwardedBefore, now: NetTime) {
        let asked = self.asked();
        let config = &self.config;
        let leadership = Leadership::awaiting(incident.clone(), lease, asked, before, config, now);
        self.led.insert(incident, leadership);
    }

    /// The leader was lost. A plan of its that may have been awarded is waited for, never awarded again; without one,
    /// remedies are called for again; where not even the call is known, a person has to look.
    fn take_over(&mut self, incident: IncidentId, lease: Lease, now: NetTime) -> Vec<Output> {
        let known = self.participant.known_of(&incident);
        match (known.plan, known.call) {
            (Some((plan, begun)), call) => {
                let before = AwardedBefore {
                    plan,
                    begun,
                    own_award: false,
                    call,
                };
                self.lead_on(incident, lease, before, now);
                vec![]
            }
            (None, Some((hypotheses, situation))) => self.think(
                Input::Lead {
                    incident,
                    lease,
                    hypotheses,
                    situation,
                },
                now,
            ),
            (None, None) => vec![Output::GiveUp {
                incident,
                reason: "its leader was lost before it called for remedies".to_owned(),
            }],
        }
    }

    fn drop_finished(&mut self) {
        self.led.retain(|_, l| !l.finished());
    }
}

impl Negotiator {
    fn think(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        let outputs = match input {
            Input::Lead {
                incident,
                lease,
                hypotheses,
                situation,
            } => {
                let (leadership, outputs) = Leadership::call(
                    incident.clone(),
                    lease,
                    self.asked(),
                    hypotheses,
                    situation,
                    &self.config,
                    now,
                );
                self.led.insert(incident, leadership);
                outputs
            }
            Input::Drop { incident, reason } => self
                .led
                .get_mut(&incident)
                .map(|l| l.drop_it(&reason))
                .unwrap_or_default(),
            Input::Heard(message) => self.heard(message, now),
            Input::Bids {
                incident,
                bids,
                wait_ms,
            } => self.participant.offer(&incident, bids, wait_ms),
            Input::Judged {
                incident,
                plan,
                refuse,
            } => self.participant.judged(&incident, &plan, refuse),
            Input::Restore { own, awarded } => {
                self.participant.restore(own, now);
                for awarded in awarded {
                    let before = AwardedBefore {
                        plan: awarded.plan,
                        begun: false,
                        own_award: true,
                        call: Some((awarded.hypotheses, awarded.situation)),
                    };
                    self.lead_on(awarded.incident, awarded.lease, before, now);
                }
                vec![]
            }
            Input::TakeOver { incident, lease } => self.take_over(incident, lease, now),
            Input::Peer { domain, lost } => {
                for leadership in self.led.values_mut() {
                    leadership.peer(domain, lost, &self.config, now);
                }
                vec![]
            }
            Input::Committed(plan) => self.participant.committed(&plan),
            Input::Ended { plan, outcome } => self.participant.ended(&plan, outcome),
            Input::Tick => {
                let config = &self.config;
                let mut outputs: Vec<Output> = self
                    .led
                    .values_mut()
                    .flat_map(|l| l.tick(config, now))
                    .collect();
                outputs.extend(self.participant.tick(now));
                outputs
            }
        };
        self.drop_finished();
        outputs
    }

    /// Hears what it said itself at once, and tells the rest. Its own offer is no bid that came in, and that it has
    /// nothing to offer is no refusal: its planner said so already.
    fn keep_inside(&mut self, outputs: Vec<Output>, now: NetTime) -> Vec<Output> {
        let mut told = vec![];
        for output in outputs {
            match output {
                Output::Say {
                    incident,
                    lease,
                    to,
                    say,
                } => {
                    let own = self.to_itself(incident, lease, to, say);
                    let heard = self.heard(own, now);
                    told.extend(self.keep_inside(heard, now));
                }
                Output::GotBid { .. } | Output::GotRefusal { plan: None, .. } => {}
                other => told.push(other),
            }
        }
        told
    }

    fn to_itself(
        &self,
        incident: IncidentId,
        lease: Lease,
        to: Option<Domain>,
        say: Say,
    ) -> Negotiation {
        let from = self.participant.domain();
        Negotiation {
            version: NEGOTIATION_VERSION,
            incident,
            lease,
            from,
            to,
            // Nobody outside hears it, so there is no record of it.
            cause: RecordId::new(from.as_str(), 0),
            say,
        }
    }
}

impl Engine for Negotiator {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        let outputs = self.think(input, now);
        match self.company {
            Company::Peers => outputs,
            Company::Itself => self.keep_inside(outputs, now),
        }
    }
}
