//! What the executor is told and concludes.

use crate::picture::Picture;
use crate::recovery::OpenRun;
use std::collections::BTreeMap;
use std::sync::Arc;
use zizhi_playbooks::approval::{Request, Revision};
use zizhi_playbooks::autonomy::Track;
use zizhi_playbooks::guards::{Failure, InFlight, Ran};
use zizhi_playbooks::{DriverError, Recall};
use zizhi_types::action::{Action, Receipt};
use zizhi_types::negotiation::{Bid, Lease, RunEnd};
use zizhi_types::objective::Violation;
use zizhi_types::plan::Mode;
use zizhi_types::record::{Difference, GuardResult, Ruling, Verdict};
use zizhi_types::wire::{Approval, BreakerOrder, KillOrder};
use zizhi_types::{IncidentId, ManagedObject, NetTime, Plan, PlanId, RunId};

/// What is known around a plan at the moment of a decision. Every step is decided anew, with what is known then.
#[derive(Clone)]
pub struct Around {
    /// The network.
    pub picture: Arc<Picture>,
    /// Runs of other domains that have begun and have not ended, as far as they were heard of.
    pub elsewhere: Vec<InFlight>,
}

/// A plan that waited for people when the process ended.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingPlan {
    /// Under which lease it was awarded.
    pub lease: Lease,
    /// What, with what the twin said.
    pub bid: Bid,
    /// The request, with the answers that were given.
    pub request: Request,
}

/// What a journal tells the executor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The runs up to this number were taken before.
    pub taken: u64,
    /// Objects that only a person may change.
    pub frozen: BTreeMap<ManagedObject, String>,
    /// When each object was last acted on.
    pub acted: BTreeMap<ManagedObject, Vec<NetTime>>,
    /// When runs were begun.
    pub begun: Vec<NetTime>,
    /// What was begun, for throttles.
    pub ran: Vec<Ran>,
    /// Runs that did not help.
    pub failures: Vec<Failure>,
    /// When a person closed a playbook's breaker.
    pub breakers_closed: BTreeMap<String, NetTime>,
    /// Why the kill switch is on, if it is.
    pub killed: Option<String>,
    /// Plans that wait for people.
    pub waiting: Vec<WaitingPlan>,
}

/// What it is told.
pub enum Input {
    /// Run this awarded plan.
    Execute {
        /// Under which lease.
        lease: Lease,
        /// What, with what the twin says.
        bid: Box<Bid>,
        /// What is known now.
        around: Around,
    },
    /// A person answered.
    Approval {
        /// What.
        approval: Approval,
        /// What is known now.
        around: Around,
    },
    /// The driver answered.
    Driven {
        /// For which run.
        run: RunId,
        /// For which step.
        step: String,
        /// What it said.
        result: Result<Receipt, DriverError>,
        /// What is known now: the next step is decided on it.
        around: Around,
    },
    /// The verifier's verdict.
    Verdict {
        /// On which run.
        run: RunId,
        /// The verdict.
        verdict: Verdict,
    },
    /// A temporary remedy is not needed any more.
    Release(RunId),
    /// The incident is over: what still waits for a person is not done any more.
    Withdraw(IncidentId),
    /// The kill switch is pressed or released.
    Kill(KillOrder),
    /// A person closes the breaker of a playbook.
    CloseBreaker(BreakerOrder),
    /// What a playbook may do by itself was set.
    Stand {
        /// Which, and for which class of objects.
        track: Track,
        /// The highest mode from now on.
        mode: Mode,
    },
    /// Started afresh: what the journal tells of its runs.
    Restore {
        /// Runs that have not ended.
        runs: Vec<OpenRun>,
        /// The rest.
        history: Box<History>,
    },
    /// The driver's answer to [`Output::Recall`].
    Recalled {
        /// For which run.
        run: RunId,
        /// For which step.
        step: String,
        /// What it remembers.
        found: Recall,
        /// What is known now.
        around: Around,
    },
    /// Time has passed.
    Tick(Around),
}

/// What it concludes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Guards and mode were applied.
    Decided {
        /// To which plan.
        plan: Box<Plan>,
        /// The mode in force.
        mode: Mode,
        /// What every guard said.
        guards: Vec<GuardResult>,
        /// The ruling.
        ruling: Ruling,
    },
    /// Ask a person.
    AskApproval {
        /// About which plan.
        plan: Box<Plan>,
        /// Under which lease it was awarded.
        lease: Lease,
        /// The topology that it rests on.
        revision: Revision,
        /// Until when.
        expires: NetTime,
        /// How many different people have to say yes.
        people: u8,
        /// It was asked before a restart, and written down then.
        again: bool,
    },
    /// A person's answer does not count.
    AnswerRefused {
        /// The answer.
        approval: Approval,
        /// Why not.
        reason: String,
    },
    /// A request is over without an answer that counts.
    ApprovalEnded(Box<Request>),
    /// The kill switch was pressed or released.
    Switched(KillOrder),
    /// A person closed a breaker.
    BreakerClosed(BreakerOrder),
    /// A person's answer was taken.
    Approved {
        /// To which plan.
        plan: Box<Plan>,
        /// The answer.
        approval: Approval,
    },
    /// The run begins: the network may change from here on.
    Commit {
        /// Which run.
        run: RunId,
        /// Of which plan.
        plan: Box<Plan>,
        /// Under which lease.
        lease: Lease,
        /// What was violated before the first step.
        before: Vec<Violation>,
    },
    /// A run that a restart had cut off goes on.
    Resumed {
        /// Which run.
        run: RunId,
        /// Of which plan.
        plan: Box<Plan>,
        /// Where it was found, as [`zizhi_types::Body::RunResumed`] says it.
        found: &'static str,
    },
    /// Ask the driver what came of a key that was used before the restart.
    Recall {
        /// For which run.
        run: RunId,
        /// For which step.
        step: String,
        /// Which key.
        key: String,
    },
    /// Call the driver for a step.
    Do {
        /// For which run.
        run: RunId,
        /// Of which plan.
        plan: Box<Plan>,
        /// Which step.
        step: String,
        /// Never used twice.
        key: String,
        /// What.
        action: Action,
        /// Longest time, in milliseconds.
        timeout_ms: u64,
    },
    /// Call the driver to take a step back.
    Undo {
        /// For which run.
        run: RunId,
        /// Of which plan.
        plan: Box<Plan>,
        /// Which step.
        step: String,
        /// Never used twice.
        key: String,
        /// What.
        action: Action,
        /// Longest time, in milliseconds.
        timeout_ms: u64,
        /// Why.
        reason: String,
    },
    /// The driver's answer, for the record.
    Answered {
        /// For which run.
        run: RunId,
        /// Of which plan.
        plan: Box<Plan>,
        /// For which step.
        step: String,
        /// Whether it was an undo.
        undo: bool,
        /// What it said.
        result: Result<Receipt, DriverError>,
        /// What an undo that failed left behind.
        difference: Option<Difference>,
    },
    /// Watch the run's effect.
    Verify {
        /// Which run.
        run: RunId,
        /// The plan and its rehearsal.
        bid: Box<Bid>,
        /// What was violated before.
        before: Vec<Violation>,
    },
    /// It cannot be told whether the run helped: ask a person; without an answer it is taken back.
    Unclear {
        /// Which run.
        run: RunId,
        /// What was done.
        plan: Box<Plan>,
        /// Until when.
        expires: NetTime,
    },
    /// A temporary remedy stands.
    Standing {
        /// Which run.
        run: RunId,
        /// What was done.
        plan: Box<Plan>,
    },
    /// The plan ended; for a temporary one that helped, it stands until it is released.
    Ended {
        /// Which plan.
        plan: Box<Plan>,
        /// Its run, if it got so far.
        run: Option<RunId>,
        /// How.
        outcome: RunEnd,
    },
    /// A standing remedy was taken back.
    Released {
        /// Which run.
        run: RunId,
        /// What had been done.
        plan: Box<Plan>,
    },
    /// Nobody but a person may change the object now.
    Frozen {
        /// Which object.
        object: ManagedObject,
        /// By which plan.
        plan: PlanId,
        /// Why.
        reason: String,
    },
}
