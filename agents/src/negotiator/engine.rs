//! The negotiator of one domain: a leader for its own incidents, a participant in all.

use super::leader::Leadership;
use super::participant::Participant;
use super::{Input, NegotiatorConfig, Output};
use crate::role::Engine;
use std::collections::BTreeMap;
use zizhi_types::domain::Domain;
use zizhi_types::negotiation::{NEGOTIATION_VERSION, Negotiation, RefuseReason};
use zizhi_types::{IncidentId, NetTime};

/// The negotiator of one domain.
pub struct Negotiator {
    config: NegotiatorConfig,
    led: BTreeMap<IncidentId, Leadership>,
    participant: Participant,
}

impl Negotiator {
    /// For one domain.
    pub const fn new(domain: Domain, config: NegotiatorConfig) -> Self {
        Self {
            config,
            led: BTreeMap::new(),
            participant: Participant::new(domain),
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

    fn drop_finished(&mut self) {
        self.led.retain(|_, l| !l.finished());
    }
}

impl Engine for Negotiator {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
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
            Input::Bids { incident, bids } => self.participant.offer(&incident, bids),
            Input::Judged {
                incident,
                plan,
                refuse,
            } => self.participant.judged(&incident, &plan, refuse),
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
}
