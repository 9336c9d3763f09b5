//! Gives records their ids: the domain's name and a count.

use zizhi_types::domain::Domain;
use zizhi_types::{Body, IncidentId, ManagedObject, NetTime, Record, RecordId, Who};

/// Writes one domain's records.
pub(super) struct Scribe {
    domain: Domain,
    written: u64,
}

/// A record before it has its id.
pub(super) struct Draft {
    body: Body,
    who: Who,
    object: Option<ManagedObject>,
    incident: Option<IncidentId>,
    causes: Vec<RecordId>,
}

impl Draft {
    pub(super) const fn new(body: Body) -> Self {
        Self {
            body,
            who: Who::System,
            object: None,
            incident: None,
            causes: vec![],
        }
    }

    pub(super) fn about(mut self, object: &ManagedObject) -> Self {
        self.object = Some(object.clone());
        self
    }

    pub(super) fn of(mut self, incident: &IncidentId) -> Self {
        self.incident = Some(incident.clone());
        self
    }

    pub(super) fn because(mut self, causes: impl IntoIterator<Item = RecordId>) -> Self {
        for cause in causes {
            if !self.causes.contains(&cause) {
                self.causes.push(cause);
            }
        }
        self
    }

    pub(super) fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }
}

impl Scribe {
    pub(super) const fn new(domain: Domain) -> Self {
        Self { domain, written: 0 }
    }

    /// Numbers up to this one were given before.
    pub(super) fn count_from(&mut self, written: u64) {
        self.written = self.written.max(written);
    }

    pub(super) fn write(&mut self, draft: Draft, now: NetTime) -> Record {
        self.written += 1;
        Record {
            id: RecordId::new(self.domain.as_str(), self.written),
            at: now,
            who: draft.who,
            domain: Some(self.domain),
            stage: draft.body.stage(),
            object: draft.object,
            incident: draft.incident,
            causes: draft.causes,
            body: draft.body,
        }
    }
}
