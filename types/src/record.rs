//! The record: the one form in which every stage writes down what it did and why.

use crate::action::{Action, Receipt};
use crate::anomaly::Anomaly;
use crate::domain::Domain;
use crate::fault::FaultKind;
use crate::hypothesis::Hypothesis;
use crate::ids::{AnomalyId, IncidentId, MessageId, PlanId, RecordId, RunId};
use crate::negotiation::{Bid, Lease, RefuseReason, RunEnd};
use crate::object::ManagedObject;
use crate::objective::Violation;
use crate::plan::{Fingerprint, Mode, Plan, Rehearsal};
use crate::time::NetTime;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The stages of the closed loop, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The swarm itself: start, drain, restarts, drops.
    Swarm,
    /// Raw telemetry.
    Sense,
    /// Anomalies.
    Detect,
    /// Incidents.
    Correlate,
    /// Causes.
    Diagnose,
    /// Candidate plans.
    Plan,
    /// Calls, bids, refusals, awards, commits.
    Negotiate,
    /// What-if in the twin.
    Rehearse,
    /// Guards and approvals.
    Decide,
    /// Steps and undo.
    Act,
    /// Did it help?
    Verify,
    /// What was remembered.
    Learn,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Swarm => "swarm",
            Self::Sense => "sense",
            Self::Detect => "detect",
            Self::Correlate => "correlate",
            Self::Diagnose => "diagnose",
            Self::Plan => "plan",
            Self::Negotiate => "negotiate",
            Self::Rehearse => "rehearse",
            Self::Decide => "decide",
            Self::Act => "act",
            Self::Verify => "verify",
            Self::Learn => "learn",
        })
    }
}

/// Who did it (3GPP TS 28.100: human, system, or both together).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Who {
    /// An agent alone.
    System,
    /// A person alone.
    Human {
        /// As signed in.
        name: String,
    },
    /// An agent after a person's word.
    Both {
        /// As signed in.
        name: String,
    },
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Unique; numbered by the writer.
    pub id: RecordId,
    /// When it happened.
    pub at: NetTime,
    /// Who did it.
    pub who: Who,
    /// Whose agent wrote it; `None` for the swarm as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// Which stage.
    pub stage: Stage,
    /// About which object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ManagedObject>,
    /// Part of which incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The records without which this one would not be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<RecordId>,
    /// What happened.
    pub body: Body,
}

/// What a guard said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardResult {
    /// Which guard.
    pub guard: String,
    /// Whether it lets the plan pass.
    pub pass: bool,
    /// Why not, or what it looked at.
    pub reason: String,
}

/// What was decided about a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// Do it.
    Proceed,
    /// A person is asked.
    Ask,
    /// Only shown, by mode.
    ShowOnly,
    /// Refused by a guard, a person or an expired request.
    Deny,
}

/// The verdict on a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It helped and broke nothing.
    Pass,
    /// It did not help, or broke something.
    Fail,
    /// It cannot be told: ask a person.
    Inconclusive,
}

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// A verified action ended it.
    Fixed,
    /// The symptoms went without an action.
    RecoveredAlone,
    /// It was explained by another incident.
    Merged,
    /// Handed to a person.
    Escalated,
    /// The swarm stopped first.
    StillOpen,
}

/// What a change that could not be taken back left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The state before the run.
    pub before: String,
    /// What the undo was to set.
    pub wanted: String,
    /// What is there now, as far as it is known.
    pub found: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Body {
    /// The swarm started.
    SwarmStarted {
        /// The program's version.
        version: String,
        /// Which network.
        network: String,
        /// The seed, where there is one.
        seed: Option<u64>,
        /// The ceiling over all playbooks' modes.
        mode: Mode,
        /// How many cases were brought from other runs.
        #[serde(default, skip_serializing_if = "is_zero")]
        cases: u64,
        /// The parts that its agents go without.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        without: Vec<String>,
    },
    /// The swarm was drained: nothing of it runs any more.
    SwarmDrained {
        /// Why.
        reason: String,
        /// Messages published in all.
        messages: u64,
        /// Telemetry messages dropped at full queues.
        dropped: u64,
    },
    /// A role died and was dealt with by the supervision table.
    RoleDied {
        /// Which role.
        role: String,
        /// What it died of.
        reason: String,
        /// What the table says: `restart` or `freeze`.
        measure: String,
    },
    /// An agent was started again and took up what its journal tells.
    Resumed {
        /// Its own records that were found.
        records: u64,
        /// Its runs that had not ended.
        runs: Vec<RunId>,
        /// The incidents that it led.
        incidents: Vec<IncidentId>,
    },
    /// A peer does not keep its lease any more: its process is gone, cut off or stands still.
    PeerLost {
        /// Whose agent.
        domain: Domain,
    },
    /// It is there again.
    PeerBack {
        /// Whose agent.
        domain: Domain,
    },
    /// Telemetry was dropped because a queue was full.
    Dropped {
        /// How many messages since the last such record.
        messages: u64,
    },
    /// A raw message, kept because something was concluded from it.
    Raw {
        /// Which message.
        message: MessageId,
        /// Its subject.
        subject: String,
        /// Its text, as it came; of a binary batch, the JSON that it stands for.
        payload: String,
    },
    /// A message that could not be read.
    DeadLetter {
        /// Which message.
        message: MessageId,
        /// Its subject.
        subject: String,
        /// What is wrong with it.
        reason: String,
        /// Its first 200 characters.
        sample: String,
    },
    /// Planned work was announced.
    MaintenanceNoted {
        /// The ticket.
        ticket: String,
        /// What is worked on.
        objects: Vec<ManagedObject>,
        /// Until.
        until: NetTime,
    },
    /// Something unusual.
    AnomalyRaised {
        /// What.
        anomaly: Anomaly,
    },
    /// It is usual again.
    AnomalyCleared {
        /// Which.
        anomaly: AnomalyId,
    },
    /// An incident was opened and its lead taken.
    IncidentOpened {
        /// Who leads.
        lease: Lease,
        /// What belongs to it.
        symptoms: Vec<AnomalyId>,
        /// The objectives that do not hold.
        violations: Vec<Violation>,
    },
    /// An agent leads on an incident whose leader was lost.
    TookOver {
        /// Who led it before.
        from: Domain,
        /// Who leads it now.
        lease: Lease,
    },
    /// An agent that led the incident found that another one leads it now.
    GaveWay {
        /// Who leads it now.
        lease: Lease,
    },
    /// More symptoms were found to belong to the incident.
    SymptomsJoined {
        /// Which.
        symptoms: Vec<AnomalyId>,
    },
    /// Unusual, but nothing to act on.
    Suppressed {
        /// Which anomalies.
        symptoms: Vec<AnomalyId>,
        /// Why nothing is done: `no-objective-violated`, `planned-work`, `explained-upstream`.
        reason: String,
        /// Details for people.
        detail: String,
    },
    /// Ranked causes.
    Diagnosed {
        /// Best first.
        hypotheses: Vec<Hypothesis>,
        /// Probability of none of them.
        other: f64,
    },
    /// The evidence does not decide; what is missing.
    EvidenceInsufficient {
        /// What would decide.
        need: String,
    },
    /// Candidate plans.
    Planned {
        /// Best first.
        plans: Vec<PlanId>,
        /// Playbooks that were looked at and left out, with the reason.
        rejected: Vec<(String, String)>,
        /// The past case that put the first one first, if one did.
        from_case: Option<IncidentId>,
        /// The other run that the past case is of, where it is not of this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_run: Option<String>,
    },
    /// No playbook fits.
    NoPlan {
        /// Why none.
        reason: String,
    },
    /// The leader called for remedies.
    Called {
        /// Who was asked.
        domains: Vec<Domain>,
    },
    /// A remedy was offered.
    BidReceived {
        /// By whom.
        from: Domain,
        /// What.
        bid: Box<Bid>,
    },
    /// A domain said no.
    Refused {
        /// Which.
        from: Domain,
        /// To which plan, if to one.
        plan: Option<PlanId>,
        /// Why.
        reason: RefuseReason,
    },
    /// The leader awarded a plan.
    Awarded {
        /// Which.
        plan: PlanId,
        /// To whom.
        to: Domain,
        /// The domains that agreed.
        agreed: Vec<Domain>,
    },
    /// The executing domain committed itself to the plan.
    Committed {
        /// Which.
        plan: PlanId,
        /// Under which lease.
        lease: Lease,
        /// What was violated before the first step: a restarted agent verifies against it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        before: Vec<Violation>,
    },
    /// A plan was given up before anything was changed.
    Aborted {
        /// Which.
        plan: PlanId,
        /// Why.
        reason: String,
    },
    /// The twin was asked.
    Rehearsed {
        /// Which plan.
        plan: PlanId,
        /// What it says.
        rehearsal: Rehearsal,
    },
    /// Guards and mode were applied to a plan.
    Decided {
        /// The whole plan, as it would be run.
        plan: Box<Plan>,
        /// The mode in force: the lower of the playbook's and the swarm's.
        mode: Mode,
        /// What every guard said.
        guards: Vec<GuardResult>,
        /// The ruling.
        ruling: Ruling,
    },
    /// A person answered.
    Approved {
        /// For exactly this plan.
        fingerprint: Fingerprint,
        /// Yes or no.
        granted: bool,
        /// Why not.
        reason: String,
        /// How long the person had the plan in view, in milliseconds of real time; `None` where nobody measured it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        considered_ms: Option<u64>,
    },
    /// A person is asked for a yes; the request outlives the process.
    ApprovalAsked {
        /// To which plan.
        plan: PlanId,
        /// An answer has to name it.
        fingerprint: Fingerprint,
        /// The state of the topology that the plan rests on; another one supersedes the request.
        revision: String,
        /// Under which lease the plan was awarded.
        lease: Lease,
        /// Without an answer until then, it is not done.
        expires: NetTime,
        /// How many different people have to say yes.
        people: u8,
    },
    /// An answer did not count.
    AnswerRefused {
        /// The fingerprint that it names.
        fingerprint: Fingerprint,
        /// Why not.
        reason: String,
    },
    /// A request is over without an answer that counts.
    ApprovalEnded {
        /// To which plan.
        plan: PlanId,
        /// Its fingerprint.
        fingerprint: Fingerprint,
        /// How: `expired`, `superseded` or `withdrawn`.
        state: String,
    },
    /// The kill switch was pressed or released.
    KillSwitch {
        /// Pressed.
        on: bool,
        /// Why.
        reason: String,
    },
    /// A person closed the breaker of a playbook that was rolled back too often.
    BreakerClosed {
        /// Its id.
        playbook: String,
        /// Why.
        reason: String,
    },
    /// What a playbook may do by itself was raised or lowered.
    ModeChanged {
        /// Its id.
        playbook: String,
        /// For which class of objects of the operator's policy; all objects if none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<String>,
        /// Before.
        from: Mode,
        /// From now on.
        to: Mode,
        /// Why.
        reason: String,
        /// The records of the outcomes that it rests on.
        evidence: Vec<RecordId>,
    },
    /// A playbook has earned a higher mode. Nothing changes until a person accepts it.
    ModeProposed {
        /// Its id.
        playbook: String,
        /// For which class of objects of the operator's policy; all objects if none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<String>,
        /// The mode in force.
        from: Mode,
        /// The mode that it has earned.
        to: Mode,
        /// Why.
        reason: String,
        /// The records of the outcomes that it rests on.
        evidence: Vec<RecordId>,
    },
    /// A step is about to be done. Written before the network is touched.
    StepStarted {
        /// Which run.
        run: RunId,
        /// Of which plan.
        plan: PlanId,
        /// Which step.
        step: String,
        /// Never used twice.
        key: String,
        /// What is done.
        action: Action,
    },
    /// A step was done.
    StepDone {
        /// Which run.
        run: RunId,
        /// Which step.
        step: String,
        /// What the network said.
        receipt: Receipt,
    },
    /// A run that the agent's death had cut off goes on.
    RunResumed {
        /// Which run.
        run: RunId,
        /// Of which plan.
        plan: PlanId,
        /// Where it was found: `step-was-done`, `step-was-not-done`, `step-is-unknown`, `between-steps`, `verifying`,
        /// `unclear`, `standing`, `not-begun`.
        found: String,
    },
    /// A step failed.
    StepFailed {
        /// Which run.
        run: RunId,
        /// Which step.
        step: String,
        /// Why.
        reason: String,
        /// Whether the network may have changed all the same.
        effect_unknown: bool,
    },
    /// A step is about to be taken back.
    UndoStarted {
        /// Which run.
        run: RunId,
        /// Which step.
        step: String,
        /// What takes it back.
        action: Action,
        /// Why: `verify-failed`, `step-failed`, `healthy-again`, `operator`.
        reason: String,
    },
    /// A step was taken back.
    UndoDone {
        /// Which run.
        run: RunId,
        /// Which step.
        step: String,
        /// What the network said.
        receipt: Receipt,
    },
    /// A step could not be taken back.
    UndoFailed {
        /// Which run.
        run: RunId,
        /// Which step.
        step: String,
        /// Why.
        reason: String,
        /// Whether the network may have changed all the same.
        #[serde(default, skip_serializing_if = "is_false")]
        effect_unknown: bool,
        /// What a person has to put right.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        difference: Option<Difference>,
    },
    /// Nobody but a person may change the object now.
    Frozen {
        /// Why.
        reason: String,
    },
    /// The verdict on a run.
    Verified {
        /// Which run.
        run: RunId,
        /// The verdict.
        verdict: Verdict,
        /// What was violated before the run.
        before: Vec<Violation>,
        /// What is violated now.
        after: Vec<Violation>,
        /// In words.
        reason: String,
    },
    /// How a run ended, for the case base.
    Remembered {
        /// The kind of fault it was taken for.
        fault: FaultKind,
        /// The playbook.
        playbook: String,
        /// How it ended.
        outcome: RunEnd,
        /// The twin's relative error on this run, if it could be measured.
        twin_error: Option<f64>,
    },
    /// A person is asked to take over.
    Escalated {
        /// Why.
        reason: String,
    },
    /// The incident is over.
    IncidentClosed {
        /// How.
        ending: Ending,
    },
    /// The last record: the journal was closed in order.
    Sealed {
        /// Records before this one.
        records: u64,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Body {
    /// The stage that writes such a body.
    pub const fn stage(&self) -> Stage {
        match self {
            Self::SwarmStarted { .. }
            | Self::SwarmDrained { .. }
            | Self::RoleDied { .. }
            | Self::Resumed { .. }
            | Self::PeerLost { .. }
            | Self::PeerBack { .. }
            | Self::Dropped { .. }
            | Self::Sealed { .. } => Stage::Swarm,
            Self::Raw { .. } | Self::DeadLetter { .. } | Self::MaintenanceNoted { .. } => {
                Stage::Sense
            }
            Self::AnomalyRaised { .. } | Self::AnomalyCleared { .. } => Stage::Detect,
            Self::IncidentOpened { .. }
            | Self::TookOver { .. }
            | Self::GaveWay { .. }
            | Self::SymptomsJoined { .. }
            | Self::Suppressed { .. }
            | Self::IncidentClosed { .. } => Stage::Correlate,
            Self::Diagnosed { .. } | Self::EvidenceInsufficient { .. } => Stage::Diagnose,
            Self::Planned { .. } | Self::NoPlan { .. } => Stage::Plan,
            Self::Called { .. }
            | Self::BidReceived { .. }
            | Self::Refused { .. }
            | Self::Awarded { .. }
            | Self::Committed { .. }
            | Self::Aborted { .. } => Stage::Negotiate,
            Self::Rehearsed { .. } => Stage::Rehearse,
            Self::Decided { .. }
            | Self::Approved { .. }
            | Self::ApprovalAsked { .. }
            | Self::AnswerRefused { .. }
            | Self::ApprovalEnded { .. }
            | Self::KillSwitch { .. }
            | Self::BreakerClosed { .. }
            | Self::Escalated { .. } => Stage::Decide,
            Self::StepStarted { .. }
            | Self::StepDone { .. }
            | Self::RunResumed { .. }
            | Self::StepFailed { .. }
            | Self::UndoStarted { .. }
            | Self::UndoDone { .. }
            | Self::UndoFailed { .. }
            | Self::Frozen { .. } => Stage::Act,
            Self::Verified { .. } => Stage::Verify,
            Self::Remembered { .. } | Self::ModeChanged { .. } | Self::ModeProposed { .. } => {
                Stage::Learn
            }
        }
    }
}
