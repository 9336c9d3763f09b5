//! The participant's side: offer, agree or refuse, run once what was awarded, report.

use super::Output;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Bid, Lease, Negotiation, RefuseReason, RunEnd, Say};
use zizhi_types::{Hypothesis, IncidentId, ManagedObject, NetTime, Plan, PlanId};

/// How long a prepared plan that nobody awards or aborts keeps its objects, in milliseconds.
const PROMISE_MS: u64 = 60_000;

/// How long another domain's run keeps its objects beyond the plan's own verification time when its report was lost, in
/// milliseconds: as long as its leader waits by default.
const RUN_MS: u64 = 600_000;

/// Calls kept, the oldest incident's goes first: our choice, far more than are ever open.
const CALLS_MAX: usize = 256;

/// What one domain has heard and promised.
pub(super) struct Participant {
    domain: Domain,
    /// The last call about each incident: whoever takes over from its leader calls again with it.
    calls: BTreeMap<IncidentId, (Vec<Hypothesis>, Situation)>,
    leases: BTreeMap<IncidentId, Lease>,
    plans: BTreeMap<PlanId, Promised>,
    awarded: BTreeSet<PlanId>,
}

/// What a domain knows of an incident that another one led.
pub(super) struct KnownOf {
    /// The last call.
    pub call: Option<(Vec<Hypothesis>, Situation)>,
    /// The plan that was prepared, and whether it was begun.
    pub plan: Option<(Box<Plan>, bool)>,
}

struct Promised {
    incident: IncidentId,
    lease: Lease,
    bid: Box<Bid>,
    stage: Stage,
    since: NetTime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Prepared,
    Running,
    Ended,
}

impl Participant {
    pub(super) const fn new(domain: Domain) -> Self {
        Self {
            domain,
            calls: BTreeMap::new(),
            leases: BTreeMap::new(),
            plans: BTreeMap::new(),
            awarded: BTreeSet::new(),
        }
    }

    pub(super) const fn domain(&self) -> Domain {
        self.domain
    }

    /// Whether a leader's message comes under a lease that was replaced; if so, by which.
    pub(super) fn stale(&self, message: &Negotiation) -> Option<Lease> {
        let leads = matches!(
            message.say,
            Say::Call { .. } | Say::Prepare { .. } | Say::Award { .. }
        );
        let newest = self.leases.get(&message.incident)?;
        (leads && message.lease < *newest).then_some(*newest)
    }

    pub(super) fn heard(
        &mut self,
        message: &Negotiation,
        leading: bool,
        now: NetTime,
    ) -> Vec<Output> {
        let newest = self.leases.entry(message.incident.clone());
        let newest = newest.or_insert(message.lease);
        // A late message of an older lease does not bring that lease back.
        *newest = message.lease.max(*newest);
        match &message.say {
            Say::Call {
                hypotheses,
                situation,
            } => self.called(&message.incident, hypotheses, situation),
            Say::Escalate { .. } => {
                self.calls.remove(&message.incident);
                vec![]
            }
            Say::Prepare { bid } => self.prepare(message, bid, now),
            Say::Award { plan, fingerprint } => self.award(plan, &fingerprint.0),
            Say::Abort { plan, .. } => {
                self.plans
                    .retain(|id, p| id != plan || p.stage != Stage::Prepared);
                vec![]
            }
            Say::Commit { plan } => self.running(plan, now),
            Say::Report { plan, outcome } => self.outcome(plan, *outcome, leading),
            _ => vec![],
        }
    }

    fn called(
        &mut self,
        incident: &IncidentId,
        hypotheses: &[Hypothesis],
        situation: &Situation,
    ) -> Vec<Output> {
        if self.calls.len() >= CALLS_MAX {
            self.calls.pop_first();
        }
        let call = (hypotheses.to_vec(), situation.clone());
        self.calls.insert(incident.clone(), call);
        vec![Output::AskBids {
            incident: incident.clone(),
            hypotheses: hypotheses.to_vec(),
            situation: situation.clone(),
        }]
    }

    /// The last call about an incident, with what is known of its plan: one that was prepared may have been awarded.
    pub(super) fn known_of(&self, incident: &IncidentId) -> KnownOf {
        let plan = self.plans.values().find(|p| p.incident == *incident);
        KnownOf {
            call: self.calls.get(incident).cloned(),
            plan: plan.map(|p| (Box::new(p.bid.plan.clone()), p.stage == Stage::Running)),
        }
    }

    /// The own domain's plans as the journal tells them; a report of an ended one can be said again.
    pub(super) fn restore(&mut self, own: Vec<(IncidentId, Lease, Box<Bid>)>, now: NetTime) {
        for (incident, lease, bid) in own {
            let newest = self.leases.entry(incident.clone()).or_insert(lease);
            *newest = lease.max(*newest);
            let id = bid.plan.id.clone();
            self.awarded.insert(id.clone());
            let promised = Promised {
                incident,
                lease,
                bid,
                stage: Stage::Running,
                since: now,
            };
            self.plans.insert(id, promised);
        }
    }

    fn prepare(&mut self, message: &Negotiation, bid: &Bid, now: NetTime) -> Vec<Output> {
        if self.is_under_way(&bid.plan.id) {
            return vec![];
        }
        if let Some(incident) = self.busy(bid, &message.incident) {
            return vec![Self::refuse(
                message,
                Some(bid.plan.id.clone()),
                RefuseReason::Busy { incident },
            )];
        }
        let promised = Promised {
            incident: message.incident.clone(),
            lease: message.lease,
            bid: Box::new(bid.clone()),
            stage: Stage::Prepared,
            since: now,
        };
        self.plans.insert(bid.plan.id.clone(), promised);
        vec![Output::AskJudgement {
            incident: message.incident.clone(),
            bid: Box::new(bid.clone()),
        }]
    }

    /// A question about a plan that was awarded or runs already comes twice: it was answered.
    fn is_under_way(&self, plan: &PlanId) -> bool {
        let begun = |p: &Promised| p.stage != Stage::Prepared;
        self.awarded.contains(plan) || self.plans.get(plan).is_some_and(begun)
    }

    /// Another plan that is prepared or running on one of the objects.
    fn busy(&self, bid: &Bid, incident: &IncidentId) -> Option<IncidentId> {
        let wanted: BTreeSet<&ManagedObject> =
            bid.plan.steps.iter().map(|s| &s.action.object).collect();
        let clashes = |p: &&Promised| {
            p.stage != Stage::Ended
                && p.incident != *incident
                && p.bid
                    .plan
                    .steps
                    .iter()
                    .any(|s| wanted.contains(&s.action.object))
        };
        self.plans
            .values()
            .find(clashes)
            .map(|p| p.incident.clone())
    }

    /// An award is taken once, and only for the plan that was prepared, word for word.
    fn award(&mut self, plan: &PlanId, fingerprint: &str) -> Vec<Output> {
        let Some(promised) = self.plans.get(plan) else {
            return vec![];
        };
        let mine = promised.bid.plan.domain == self.domain
            && promised.bid.plan.fingerprint.0 == fingerprint;
        if !mine || !self.awarded.insert(plan.clone()) {
            return vec![];
        }
        vec![Output::Execute {
            lease: promised.lease,
            bid: promised.bid.clone(),
        }]
    }

    fn running(&mut self, plan: &PlanId, now: NetTime) -> Vec<Output> {
        // Word of the beginning may come after the end.
        let known = self.plans.get_mut(plan);
        let Some(promised) = known.filter(|p| p.stage != Stage::Ended) else {
            return vec![];
        };
        promised.stage = Stage::Running;
        promised.since = now;
        vec![Output::Running {
            incident: promised.incident.clone(),
            plan: Box::new(promised.bid.plan.clone()),
        }]
    }

    fn outcome(&mut self, plan: &PlanId, outcome: RunEnd, leading: bool) -> Vec<Output> {
        let Some(promised) = self.plans.remove(plan) else {
            return vec![];
        };
        vec![Output::Outcome {
            incident: promised.incident,
            plan: Box::new(promised.bid.plan),
            outcome,
            leading,
        }]
    }

    pub(super) fn offer(
        &self,
        incident: &IncidentId,
        bids: Vec<Bid>,
        wait_ms: Option<u64>,
    ) -> Vec<Output> {
        let Some(lease) = self.leases.get(incident) else {
            return vec![];
        };
        let say = if bids.is_empty() {
            let not_yet = wait_ms.map(|wait_ms| RefuseReason::NotYet { wait_ms });
            Say::Refuse {
                plan: None,
                reason: not_yet.unwrap_or(RefuseReason::NothingToOffer),
            }
        } else {
            Say::Offer { bids }
        };
        vec![Output::Say {
            incident: incident.clone(),
            lease: *lease,
            to: Some(lease.leader),
            say,
        }]
    }

    pub(super) fn judged(
        &mut self,
        incident: &IncidentId,
        plan: &PlanId,
        refuse: Option<RefuseReason>,
    ) -> Vec<Output> {
        let Some(lease) = self.leases.get(incident).copied() else {
            return vec![];
        };
        let say = match refuse {
            Some(reason) => {
                self.plans.remove(plan);
                Say::Refuse {
                    plan: Some(plan.clone()),
                    reason,
                }
            }
            None => Say::Prepared { plan: plan.clone() },
        };
        vec![Output::Say {
            incident: incident.clone(),
            lease,
            to: Some(lease.leader),
            say,
        }]
    }

    pub(super) fn refuse(
        message: &Negotiation,
        plan: Option<PlanId>,
        reason: RefuseReason,
    ) -> Output {
        Output::Say {
            incident: message.incident.clone(),
            lease: message.lease,
            to: Some(message.lease.leader),
            say: Say::Refuse { plan, reason },
        }
    }

    pub(super) fn committed(&mut self, plan: &PlanId) -> Vec<Output> {
        self.to_all(plan, Say::Commit { plan: plan.clone() })
    }

    pub(super) fn ended(&mut self, plan: &PlanId, outcome: RunEnd) -> Vec<Output> {
        let outputs = self.to_all(
            plan,
            Say::Report {
                plan: plan.clone(),
                outcome,
            },
        );
        if let Some(promised) = self.plans.get_mut(plan) {
            promised.stage = Stage::Ended;
        }
        outputs
    }

    fn to_all(&self, plan: &PlanId, say: Say) -> Vec<Output> {
        let Some(promised) = self.plans.get(plan) else {
            return vec![];
        };
        let (incident, lease) = (promised.incident.clone(), promised.lease);
        vec![Output::Say {
            incident,
            lease,
            to: None,
            say,
        }]
    }

    /// Promises that nobody came back to are given up, unless they were awarded here.
    pub(super) fn tick(&mut self, now: NetTime) -> Vec<Output> {
        let awarded = &self.awarded;
        self.plans.retain(|id, p| {
            let keep_ms = match p.stage {
                Stage::Prepared => PROMISE_MS,
                Stage::Running | Stage::Ended => p.bid.plan.verify_ms + RUN_MS,
            };
            let own = awarded.contains(id) && p.stage != Stage::Ended;
            own || now.since(p.since) < keep_ms
        });
        vec![]
    }
}
