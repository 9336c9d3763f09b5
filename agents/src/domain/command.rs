//! What the loop hears and what it wants done.

use crate::supervision::{Measure, RoleName};
use crate::{
    collector, correlator, detector, diagnoser, executor, learner, negotiator, planner, verifier,
};
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_types::action::{Action, Receipt};
use zizhi_types::domain::Domain;
use zizhi_types::wire::KillOrder;
use zizhi_types::{IncidentId, Record, RunId};

/// Something that the loop has to react to.
pub enum Event {
    /// A message was delivered.
    Message(Arc<Message>),
    /// A role answered.
    Answer(Answer),
    /// The driver answered.
    Driven {
        /// For which run.
        run: RunId,
        /// For which step.
        step: String,
        /// What it said.
        result: Result<Receipt, zizhi_playbooks::DriverError>,
    },
    /// The driver said what it remembers of a key.
    Recalled {
        /// For which run.
        run: RunId,
        /// For which step.
        step: String,
        /// What it remembers.
        found: zizhi_playbooks::Recall,
    },
    /// The lease of an incident was asked for.
    Lease {
        /// Which incident.
        incident: IncidentId,
        /// For what.
        purpose: Purpose,
        /// Whether it was had.
        taken: bool,
    },
    /// A peer's agent was lost, or is there again.
    Peer {
        /// Whose.
        domain: Domain,
        /// Lost.
        lost: bool,
    },
    /// The lease of an incident that is led here was lost: somebody else may lead it.
    LeaseLost(IncidentId),
    /// The kill switch was pressed or released beside the bus: with its file.
    Switched(KillOrder),
    /// The senses have heard of the new time; the rest of the loop may look at the picture.
    Sensed,
    /// A role died; the supervision table was asked.
    RoleDied {
        /// Which.
        role: RoleName,
        /// What is done about it.
        measure: Measure,
    },
}

/// What the lease of an incident is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new incident, which nobody else can lead yet.
    Open,
    /// One that was led here before a restart.
    GoOn,
    /// One whose leader was lost.
    TakeOver,
}

/// What a role concluded.
pub enum Answer {
    /// The collector.
    Collector(Vec<collector::Output>),
    /// The detector.
    Detector(Vec<detector::Output>),
    /// The correlator.
    Correlator(Vec<correlator::Output>),
    /// The diagnoser.
    Diagnoser(Vec<diagnoser::Output>),
    /// The planner.
    Planner(Vec<planner::Output>),
    /// The negotiator.
    Negotiator(Vec<negotiator::Output>),
    /// The executor.
    Executor(Vec<executor::Output>),
    /// The verifier.
    Verifier(Vec<verifier::Output>),
    /// The learner.
    Learner(Vec<learner::Output>),
}

/// A question for a role.
pub enum Task {
    /// The collector.
    Collector(collector::Input),
    /// The detector.
    Detector(detector::Input),
    /// The correlator.
    Correlator(correlator::Input),
    /// The diagnoser.
    Diagnoser(diagnoser::Input),
    /// The planner.
    Planner(planner::Input),
    /// The negotiator.
    Negotiator(negotiator::Input),
    /// The executor.
    Executor(executor::Input),
    /// The verifier.
    Verifier(verifier::Input),
    /// The learner.
    Learner(learner::Input),
}

/// What the loop wants done, in this order.
pub enum Command {
    /// Ask a role, and hand its answer back as an event before the next command.
    Ask(Box<Task>),
    /// Append to the journal.
    Append(Box<Record>),
    /// Make durable what was appended.
    Sync,
    /// Publish under a subject.
    Publish {
        /// The subject.
        subject: String,
        /// JSON.
        payload: Vec<u8>,
    },
    /// Ask the driver what came of a key that was used before a restart, and hand its answer back.
    Recall {
        /// For which run.
        run: RunId,
        /// For which step.
        step: String,
        /// Which key.
        key: String,
    },
    /// Take the lease of an incident, and hand the answer back.
    TakeLease {
        /// Which incident.
        incident: IncidentId,
        /// For what.
        purpose: Purpose,
    },
    /// Carry these out only if the incident is surely led here still: whoever took over ends it.
    IfLeading {
        /// Which incident.
        incident: IncidentId,
        /// What to do then.
        commands: Vec<Self>,
    },
    /// Give the lease of an incident up.
    GiveUpLease(IncidentId),
    /// Hand back [`Event::Sensed`]: what follows needs what was concluded up to here.
    GoOn,
    /// Have the executor's driver change the network, and hand its answer back.
    Drive {
        /// For which run.
        run: RunId,
        /// For which step.
        step: String,
        /// Never used twice.
        key: String,
        /// What to do.
        action: Action,
        /// Longest time it may take, in milliseconds of real time.
        timeout_ms: u64,
        /// It takes a step back: the kill switch does not keep it from being done.
        undo: bool,
    },
}
