//! The closed set of messages by which domains agree on a remedy (contract net, then two-phase commit).

use crate::domain::Domain;
use crate::hypothesis::{Hypothesis, Situation};
use crate::ids::{IncidentId, PlanId, RecordId};
use crate::plan::{Fingerprint, Plan, Rehearsal};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The version of this message set. A message of another version is refused.
pub const NEGOTIATION_VERSION: u32 = 1;

/// Who leads an incident and since which claim: a stale leader's token is lower and is refused.
///
/// The older lease is the lesser one; equally old ones are ordered by domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The leading domain.
    pub leader: Domain,
    /// The fencing token, growing with every claim.
    pub token: u64,
}

impl Ord for Lease {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.token, self.leader).cmp(&(other.token, other.leader))
    }
}

impl PartialOrd for Lease {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One remedy on offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bid {
    /// What the bidder would do.
    pub plan: Plan,
    /// What the bidder's twin says.
    pub rehearsal: Rehearsal,
    /// How often the playbook helped on like incidents, 0 to 1 (0.5 when never tried).
    pub success_rate: f64,
    /// On how many past incidents that rests.
    pub tried: u32,
}

/// Why a domain says no.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RefuseReason {
    /// Its twin predicts that one of its own objectives would suffer.
    HarmsObjective {
        /// The rehearsal that says so.
        rehearsal: Box<Rehearsal>,
    },
    /// Another run is at work on one of the objects.
    Busy {
        /// On which incident.
        incident: IncidentId,
    },
    /// The lease is older than one it has seen.
    StaleLease {
        /// The newest lease it has seen.
        newest: Lease,
    },
    /// A guard refuses.
    Guard {
        /// Which one and why.
        reason: String,
    },
    /// It has no playbook for this.
    NothingToOffer,
    /// It has one, and its playbook wants the symptoms to last longer first.
    NotYet {
        /// In so many milliseconds it may be called again.
        wait_ms: u64,
    },
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Say {
    /// The leader asks every domain for remedies and tells what it knows.
    Call {
        /// The ranked causes.
        hypotheses: Vec<Hypothesis>,
        /// The symptoms.
        situation: Situation,
    },
    /// A domain offers remedies.
    Offer {
        /// At least one.
        bids: Vec<Bid>,
    },
    /// A domain declines to offer, or refuses a prepared plan.
    Refuse {
        /// Which plan, if one was asked about.
        plan: Option<PlanId>,
        /// Why.
        reason: RefuseReason,
    },
    /// The leader chose this plan and asks every domain whether it can live with it.
    Prepare {
        /// The chosen bid.
        bid: Box<Bid>,
    },
    /// A domain can live with the plan.
    Prepared {
        /// Which plan.
        plan: PlanId,
    },
    /// The leader awards the plan to the domain that runs it. No action runs without it.
    Award {
        /// Which plan.
        plan: PlanId,
        /// Its content.
        fingerprint: Fingerprint,
    },
    /// The domain that runs it has begun: the network may change from here on.
    Commit {
        /// Which plan.
        plan: PlanId,
    },
    /// The leader gives the plan up before it was committed.
    Abort {
        /// Which plan.
        plan: PlanId,
        /// Why.
        reason: String,
    },
    /// The domain that ran the plan reports how it ended.
    Report {
        /// Which plan.
        plan: PlanId,
        /// The end.
        outcome: RunEnd,
    },
    /// Nothing more can be done without a person.
    Escalate {
        /// Why.
        reason: String,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Verified: it helped.
    Helped,
    /// Did not help, and was taken back.
    Undone,
    /// Did not help and could not be taken back: the object is frozen.
    Stuck,
    /// It was refused or given up before anything was changed.
    NotRun,
}

/// One message of a negotiation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Negotiation {
    /// [`NEGOTIATION_VERSION`].
    pub version: u32,
    /// About which incident.
    pub incident: IncidentId,
    /// Under which lease.
    pub lease: Lease,
    /// Who says it.
    pub from: Domain,
    /// To whom; `None` is to all.
    pub to: Option<Domain>,
    /// The sender's record of it, so that the listener's records can name their cause.
    pub cause: RecordId,
    /// What is said.
    pub say: Say,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_lease_is_the_lesser_one_whoever_leads() {
        let lease = |leader, token| Lease { leader, token };
        assert!(lease(Domain::Access, 1) < lease(Domain::Transport, 2));
        assert!(lease(Domain::Transport, 2) < lease(Domain::Access, 2));
    }
}
