//! Is the swarm alive, is it stopped, and what may it not touch?
//!
//! In: records, one after the other. Out: the state of each domain's agent, the kill switch, frozen objects. Pure.

use std::collections::BTreeMap;
use zizhi_types::record::Who;
use zizhi_types::{Body, Domain, ManagedObject, NetTime, Record, RecordId};

/// One domain's agent, as the journal tells.
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// The time of its newest record.
    pub last: Option<NetTime>,
    /// Its peers miss it since then.
    pub lost: Option<(NetTime, RecordId)>,
    /// How often one of its roles died.
    pub deaths: u64,
    /// Whether its kill switch is on.
    killed: bool,
}

/// The kill switch is on.
#[derive(Debug, Clone)]
pub struct Killed {
    /// The record that says so.
    pub record: RecordId,
    /// Since when.
    pub since: NetTime,
    /// Who pressed it; `None` where nobody said.
    pub by: Option<String>,
    /// Why.
    pub reason: String,
}

/// An object that only a person may change.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// The record that says so.
    pub record: RecordId,
    /// Since when.
    pub since: NetTime,
    /// Why.
    pub reason: String,
}

/// The swarm's own state.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// By domain.
    pub beats: BTreeMap<Domain, Beat>,
    /// By object.
    pub frozen: BTreeMap<ManagedObject, Frozen>,
    /// The swarm was drained, or its journal sealed.
    pub ended: Option<NetTime>,
    kill: Option<Killed>,
}

impl Pulse {
    /// The kill switch, if it is on in any domain.
    pub fn killed(&self) -> Option<&Killed> {
        let on = self.beats.values().any(|b| b.killed);
        self.kill.as_ref().filter(|_| on)
    }

    /// Takes the next record.
    pub fn take(&mut self, record: &Record) {
        if let Some(domain) = record.domain {
            let beat = self.beats.entry(domain).or_default();
            beat.last = beat.last.max(Some(record.at));
        }
        match &record.body {
            Body::PeerLost { domain } => {
                let lost = Some((record.at, record.id.clone()));
                self.beats.entry(*domain).or_default().lost = lost;
            }
            Body::PeerBack { domain } => self.beats.entry(*domain).or_default().lost = None,
            Body::RoleDied { .. } => self.died(record),
            Body::KillSwitch { on, reason } => self.switched(record, *on, reason),
            Body::Frozen { reason } => self.froze(record, reason),
            Body::SwarmStarted { .. } | Body::Resumed { .. } => self.ended = None,
            Body::SwarmDrained { .. } | Body::Sealed { .. } => self.ended = Some(record.at),
            _ => {}
        }
    }

    fn died(&mut self, record: &Record) {
        if let Some(domain) = record.domain {
            self.beats.entry(domain).or_default().deaths += 1;
        }
    }

    fn switched(&mut self, record: &Record, on: bool, reason: &str) {
        let Some(domain) = record.domain else { return };
        let was_on = self.killed().is_some();
        self.beats.entry(domain).or_default().killed = on;
        if on && !was_on {
            self.kill = Some(Killed {
                record: record.id.clone(),
                since: record.at,
                by: match &record.who {
                    Who::Human { name } | Who::Both { name } => Some(name.clone()),
                    Who::System => None,
                },
                reason: reason.to_owned(),
            });
        }
    }

    fn froze(&mut self, record: &Record, reason: &str) {
        if let Some(object) = &record.object {
            let frozen = Frozen {
                record: record.id.clone(),
                since: record.at,
                reason: reason.to_owned(),
            };
            self.frozen.insert(object.clone(), frozen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64, domain: Domain, body: Body) -> Record {
        Record {
            id: RecordId::new(domain.as_str(), number),
            at: NetTime::from_secs(number),
            who: Who::Human {
                name: "noc".to_owned(),
            },
            domain: Some(domain),
            stage: body.stage(),
            object: Some("link/A-B".parse().unwrap()),
            incident: None,
            causes: vec![],
            body,
        }
    }

    fn switch(on: bool) -> Body {
        Body::KillSwitch {
            on,
            reason: "storm".to_owned(),
        }
    }

    #[test]
    fn the_switch_is_on_until_every_domain_says_that_it_is_off() {
        let mut pulse = Pulse::default();
        pulse.take(&record(1, Domain::Transport, switch(true)));
        pulse.take(&record(2, Domain::Access, switch(true)));
        let killed = pulse.killed().unwrap();
        assert_eq!(killed.since, NetTime::from_secs(1));
        assert_eq!(killed.by.as_deref(), Some("noc"));
        pulse.take(&record(3, Domain::Transport, switch(false)));
        assert!(pulse.killed().is_some());
        pulse.take(&record(4, Domain::Access, switch(false)));
        assert!(pulse.killed().is_none());
        pulse.take(&record(5, Domain::Access, switch(true)));
        assert_eq!(pulse.killed().unwrap().since, NetTime::from_secs(5));
    }

    #[test]
    fn a_lost_peer_comes_back_and_a_frozen_object_stays() {
        let mut pulse = Pulse::default();
        let lost = Body::PeerLost {
            domain: Domain::Compute,
        };
        pulse.take(&record(1, Domain::Access, lost));
        let frozen = Body::Frozen {
            reason: "the undo failed".to_owned(),
        };
        pulse.take(&record(2, Domain::Access, frozen));
        assert!(pulse.beats[&Domain::Compute].lost.is_some());
        let back = Body::PeerBack {
            domain: Domain::Compute,
        };
        pulse.take(&record(3, Domain::Access, back));
        assert!(pulse.beats[&Domain::Compute].lost.is_none());
        assert_eq!(pulse.frozen.len(), 1);
    }
}
