//! Records, in the form that everything else in the house reads.

use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_bus::batch::telemetry;
use zizhi_types::{
    Action, Body, Domain, IncidentId, ManagedObject, MessageId, NetTime, Record, RecordId, RunId,
    Who,
};

/// Who writes.
const WRITER: &str = "threshold";

/// What the engine wants done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Append to the journal.
    Append(Box<Record>),
    /// Make durable what was appended, have the driver change the network, and hand its answer back.
    Drive {
        /// For which run.
        run: RunId,
        /// Never used twice.
        key: String,
        /// What to do.
        action: Action,
    },
}

/// What a record is about.
#[derive(Default)]
pub(super) struct About<'a> {
    pub domain: Option<Domain>,
    pub object: Option<&'a ManagedObject>,
    pub incident: Option<&'a IncidentId>,
    pub causes: Vec<RecordId>,
}

/// Numbers the records and collects what is to be done.
#[derive(Default)]
pub(super) struct Book {
    now: NetTime,
    written: u64,
    commands: Vec<Command>,
    /// The raw message that was kept last, and by which record.
    kept: Option<(MessageId, RecordId)>,
}

impl Book {
    pub(super) const fn at(&mut self, now: NetTime) {
        self.now = now;
    }

    pub(super) const fn now(&self) -> NetTime {
        self.now
    }

    pub(super) fn write(&mut self, about: About<'_>, body: Body) -> RecordId {
        self.written += 1;
        let id = RecordId::new(WRITER, self.written);
        let record = Record {
            id: id.clone(),
            at: self.now,
            who: Who::System,
            domain: about.domain,
            stage: body.stage(),
            object: about.object.cloned(),
            incident: about.incident.cloned(),
            causes: about.causes,
            body,
        };
        self.commands.push(Command::Append(Box::new(record)));
        id
    }

    /// The raw message that something rests on is written once, before it.
    pub(super) fn keep(&mut self, message: &Arc<Message>, domain: Domain) -> RecordId {
        if let Some((_, record)) = self.kept.as_ref().filter(|(id, _)| *id == message.id) {
            return record.clone();
        }
        let body = Body::Raw {
            message: message.id.clone(),
            subject: message.subject.clone(),
            payload: telemetry::readable(&message.payload).into_owned(),
        };
        let about = About {
            domain: Some(domain),
            ..About::default()
        };
        let record = self.write(about, body);
        self.kept = Some((message.id.clone(), record.clone()));
        record
    }

    pub(super) fn drive(&mut self, run: RunId, key: String, action: Action) {
        self.commands.push(Command::Drive { run, key, action });
    }

    /// What is to be done since the last call.
    pub(super) fn take(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }
}
