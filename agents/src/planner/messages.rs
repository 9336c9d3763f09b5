//! What the planner is told and concludes.

use crate::picture::Picture;
use std::sync::Arc;
use zizhi_models::remedy::PastOutcome;
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Bid, RefuseReason};
use zizhi_types::plan::Rehearsal;
use zizhi_types::topology::Network;
use zizhi_types::wire::Sample;
use zizhi_types::{Action, Hypothesis, IncidentId, ManagedObject, NetTime, PlanId};

/// A past incident that serves as an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastCase {
    /// The run that it was in, where that was not this one.
    pub origin: Option<String>,
    /// Which, as that run counts.
    pub incident: IncidentId,
}

/// What the learner remembers about incidents like one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recalled {
    /// How remedies fared.
    pub past: Vec<PastOutcome>,
    /// The most alike past incident whose remedy helped, with its playbook.
    pub best_case: Option<(PastCase, String)>,
}

/// What it is told.
pub enum Input {
    /// A domain's part of the network.
    Learn {
        /// Whose.
        domain: Domain,
        /// What it consists of.
        part: Box<Network>,
    },
    /// Started afresh: the plans up to this number were taken before.
    CountFrom(u64),
    /// What a domain measured.
    Observe {
        /// When.
        at: NetTime,
        /// Who.
        domain: Domain,
        /// What.
        samples: Vec<Sample>,
    },
    /// Which sources of a domain are silent now.
    Silent {
        /// Whose.
        domain: Domain,
        /// Which.
        silent: Vec<ManagedObject>,
    },
    /// What can the own domain offer?
    Propose {
        /// For which incident.
        incident: IncidentId,
        /// Ranked causes.
        hypotheses: Vec<Hypothesis>,
        /// The symptoms.
        situation: Situation,
        /// What the learner remembers.
        recalled: Recalled,
        /// What is known now.
        picture: Arc<Picture>,
    },
    /// Can the own domain live with this plan?
    Judge {
        /// For which incident.
        incident: IncidentId,
        /// Which.
        bid: Box<Bid>,
        /// What is known now.
        picture: Arc<Picture>,
    },
    /// How far the twin was off for these actions, as a relative error.
    TwinMissedBy {
        /// Which actions.
        actions: Vec<Action>,
        /// By how much.
        error: f64,
    },
}

/// What it concludes.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The answer to [`Input::Propose`].
    Proposed {
        /// For which incident.
        incident: IncidentId,
        /// Best first; may be empty.
        bids: Vec<Bid>,
        /// Playbooks that were looked at and left out, with the reason.
        rejected: Vec<(String, String)>,
        /// The shortest time, in milliseconds, after which a playbook that is held back would be offered.
        wait_ms: Option<u64>,
        /// The past case that put the first one first.
        from_case: Option<PastCase>,
    },
    /// The answer to [`Input::Judge`].
    Judged {
        /// For which incident.
        incident: IncidentId,
        /// Which plan.
        plan: PlanId,
        /// What the own twin says about the own objectives.
        rehearsal: Option<Rehearsal>,
        /// Why not, if not.
        refuse: Option<RefuseReason>,
    },
}
