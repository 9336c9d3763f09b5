//! What the negotiator is told and concludes.

use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Bid, Lease, Negotiation, RefuseReason, RunEnd, Say};
use zizhi_types::{Hypothesis, IncidentId, Plan, PlanId};

/// A led incident whose plan was awarded before a restart.
#[derive(Debug, Clone, PartialEq)]
pub struct Awaited {
    /// Which incident.
    pub incident: IncidentId,
    /// Under which lease.
    pub lease: Lease,
    /// What was awarded.
    pub plan: Box<Plan>,
    /// Its ranked causes: remedies are called for again if the plan does not help.
    pub hypotheses: Vec<Hypothesis>,
    /// Its symptoms, as far as they are known.
    pub situation: Situation,
}

/// What it is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// Lead this incident.
    Lead {
        /// Which.
        incident: IncidentId,
        /// Under which lease.
        lease: Lease,
        /// Ranked causes.
        hypotheses: Vec<Hypothesis>,
        /// Symptoms.
        situation: Situation,
    },
    /// Stop leading: it was merged, or recovered alone. The run of an awarded plan goes on, but nothing follows it.
    Drop {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
    /// A message was heard on the bus.
    Heard(Negotiation),
    /// The planner's answer to [`Output::AskBids`].
    Bids {
        /// For which incident.
        incident: IncidentId,
        /// What the own domain offers; may be empty.
        bids: Vec<Bid>,
        /// Without an offer: in so many milliseconds there may be one.
        wait_ms: Option<u64>,
    },
    /// The planner's answer to [`Output::AskJudgement`].
    Judged {
        /// Which incident.
        incident: IncidentId,
        /// Which plan.
        plan: PlanId,
        /// Why the own domain refuses, if it does.
        refuse: Option<RefuseReason>,
    },
    /// The executor took an awarded plan and begins.
    Committed(PlanId),
    /// The executor ended a plan.
    Ended {
        /// Which.
        plan: PlanId,
        /// How.
        outcome: RunEnd,
    },
    /// Started afresh: what the journal tells.
    Restore {
        /// Plans of the own domain that run, or ran and whose report may be lost.
        own: Vec<(IncidentId, Lease, Box<Bid>)>,
        /// Led incidents whose awarded plan has not been heard of again.
        awarded: Vec<Awaited>,
    },
    /// Lead on an incident whose leader was lost.
    TakeOver {
        /// Which.
        incident: IncidentId,
        /// Under which lease.
        lease: Lease,
    },
    /// A domain's agent was lost, or is there again.
    Peer {
        /// Whose.
        domain: Domain,
        /// Lost.
        lost: bool,
    },
    /// Time has passed.
    Tick,
}

/// What it concludes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Say this to the other domains.
    Say {
        /// About which incident.
        incident: IncidentId,
        /// Under which lease.
        lease: Lease,
        /// To whom; `None` is to all.
        to: Option<Domain>,
        /// What.
        say: Say,
    },
    /// What can the own domain offer?
    AskBids {
        /// For which incident.
        incident: IncidentId,
        /// Ranked causes.
        hypotheses: Vec<Hypothesis>,
        /// Symptoms.
        situation: Situation,
    },
    /// Can the own domain live with this plan?
    AskJudgement {
        /// For which incident.
        incident: IncidentId,
        /// Which.
        bid: Box<Bid>,
    },
    /// Leader: a bid came in.
    GotBid {
        /// For which incident.
        incident: IncidentId,
        /// From whom.
        from: Domain,
        /// What.
        bid: Box<Bid>,
    },
    /// Leader: a domain said no.
    GotRefusal {
        /// For which incident.
        incident: IncidentId,
        /// From whom.
        from: Domain,
        /// To which plan.
        plan: Option<PlanId>,
        /// Why.
        reason: RefuseReason,
    },
    /// Leader: a plan was awarded. The [`Say::Award`] follows.
    Awarded {
        /// For which incident.
        incident: IncidentId,
        /// Which.
        plan: Box<Plan>,
        /// Who agreed.
        agreed: Vec<Domain>,
    },
    /// Leader: a plan was given up before it was awarded.
    Aborted {
        /// For which incident.
        incident: IncidentId,
        /// Which.
        plan: PlanId,
        /// Why.
        reason: String,
    },
    /// Executing domain: run this plan, once.
    Execute {
        /// Under which lease.
        lease: Lease,
        /// What.
        bid: Box<Bid>,
    },
    /// Every domain: this plan ended so; remember it.
    Outcome {
        /// For which incident.
        incident: IncidentId,
        /// What it was.
        plan: Box<Plan>,
        /// How it ended.
        outcome: RunEnd,
        /// Whether the own domain leads the incident.
        leading: bool,
    },
    /// Every domain: a plan is being run; what is new may be its echo.
    Running {
        /// For which incident.
        incident: IncidentId,
        /// What.
        plan: Box<Plan>,
    },
    /// Leader: the incident is fixed.
    Fixed(IncidentId),
    /// Leader: a person is needed.
    GiveUp {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: String,
    },
}
