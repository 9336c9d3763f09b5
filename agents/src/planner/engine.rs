//! From causes to bids: fitting playbooks, rehearsed and ranked.

use super::rehearser::Rehearser;
use super::{Input, Output, PastCase, PlannerConfig, Recalled};
use crate::picture::Picture;
use crate::role::Engine;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_models::remedy::{self, Candidate};
use zizhi_playbooks::{Catalog, Context, planning};
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Bid, RefuseReason};
use zizhi_types::plan::Rehearsal;
use zizhi_types::{
    FaultKind, Hypothesis, IncidentId, ManagedObject, Metric, NetTime, Plan, PlanId,
};

/// The planner of one domain.
pub struct Planner {
    domain: Domain,
    config: PlannerConfig,
    catalog: Arc<Catalog>,
    rehearser: Rehearser,
    made: u64,
}

impl Planner {
    /// For one domain, from a catalogue that passed its checker.
    pub fn new(domain: Domain, config: PlannerConfig, catalog: Arc<Catalog>) -> Self {
        let rehearser = Rehearser::with_twin(domain, config.state_age_ms_max);
        Self {
            domain,
            config,
            catalog,
            rehearser,
            made: 0,
        }
    }

    /// The same without a twin: its bids promise nothing, and no plan is refused for what it would do.
    #[must_use]
    pub fn without_twin(mut self) -> Self {
        self.rehearser = Rehearser::Unrehearsed;
        self
    }

    fn propose(
        &mut self,
        incident: IncidentId,
        hypotheses: &[Hypothesis],
        situation: &Situation,
        recalled: &Recalled,
        picture: &Picture,
        now: NetTime,
    ) -> Output {
        let mut offers: Vec<(Plan, Rehearsal, Candidate)> = vec![];
        let mut rejected = vec![];
        let probable = |h: &&Hypothesis| h.probability >= self.config.probability_min;
        let causes: Vec<&Hypothesis> = hypotheses
            .iter()
            .filter(probable)
            .take(self.config.causes_max)
            .collect();
        for hypothesis in causes {
            for plan in self.plans(&incident, hypothesis, picture, now, &mut rejected) {
                match self.rehearser.rehearse(&plan, picture, now) {
                    Ok(rehearsal) => {
                        let candidate = candidate(&plan, situation);
                        offers.push((plan, rehearsal, candidate));
                    }
                    Err(reason) => rejected.push((plan.playbook, reason)),
                }
            }
        }
        let (bids, from_case) = self.rank(offers, recalled);
        Output::Proposed {
            incident,
            bids,
            rejected,
            from_case,
        }
    }

    fn plans(
        &mut self,
        incident: &IncidentId,
        hypothesis: &Hypothesis,
        picture: &Picture,
        now: NetTime,
        rejected: &mut Vec<(String, String)>,
    ) -> Vec<Plan> {
        let measured = |object: &ManagedObject, metric| picture.value(object, metric, now);
        let context = Context::of(picture.network(), &measured, hypothesis);
        let (drafts, left_out) = planning::candidates(&self.catalog, hypothesis, &context);
        let own = |reference: &str| {
            let name = name_of(reference);
            self.catalog
                .get(name)
                .is_some_and(|p| p.domain == self.domain)
        };
        rejected.extend(
            left_out
                .into_iter()
                .filter(|r| own(&r.playbook))
                .map(|r| (r.playbook, r.reason.en)),
        );
        drafts
            .into_iter()
            .filter(|draft| draft.domain == self.domain)
            .map(|draft| {
                self.made += 1;
                draft.into_plan(PlanId::new(self.domain, self.made), incident.clone())
            })
            .collect()
    }

    /// What experience says first; the twin's word counts when the leader chooses.
    fn rank(
        &self,
        offers: Vec<(Plan, Rehearsal, Candidate)>,
        recalled: &Recalled,
    ) -> (Vec<Bid>, Option<PastCase>) {
        let candidates: Vec<Candidate> = offers.iter().map(|(_, _, c)| c.clone()).collect();
        let mut ranked = remedy::rank(&candidates, &recalled.past);
        // A playbook on trial takes no proven one's place among the bids.
        ranked.sort_by_key(|place| Reverse(offers[place.index].0.mode));
        let mut bids: Vec<Bid> = vec![];
        for place in ranked.iter().take(self.config.bids_max) {
            let (plan, rehearsal, _) = &offers[place.index];
            bids.push(Bid {
                plan: plan.clone(),
                rehearsal: rehearsal.clone(),
                success_rate: place.success_rate,
                tried: place.tried.round() as u32,
            });
        }
        let first = bids.first().map(|b| name_of(&b.plan.playbook));
        let from_case = recalled
            .best_case
            .as_ref()
            .filter(|(_, playbook)| first == Some(playbook.as_str()));
        (bids, from_case.map(|(case, _)| case.clone()))
    }

    fn judge(&self, incident: IncidentId, bid: &Bid, picture: &Picture, now: NetTime) -> Output {
        let rehearsal = self.rehearser.rehearse_own(&bid.plan, picture, now);
        let refuse = match &rehearsal {
            Err(reason) => Some(RefuseReason::Guard {
                reason: reason.clone(),
            }),
            Ok(r) if r.makes_worse => Some(RefuseReason::HarmsObjective {
                rehearsal: Box::new(r.clone()),
            }),
            Ok(_) => None,
        };
        Output::Judged {
            incident,
            plan: bid.plan.id.clone(),
            rehearsal: rehearsal.ok(),
            refuse,
        }
    }
}

/// A playbook's id without its version.
pub(crate) fn name_of(playbook: &str) -> &str {
    playbook.split_once('@').map_or(playbook, |(name, _)| name)
}

/// What an incident is remembered by: the fault, the suspect and its kind, and what was seen.
pub(crate) fn features_of(
    fault: FaultKind,
    suspect: &ManagedObject,
    seen: impl IntoIterator<Item = Metric>,
) -> BTreeSet<String> {
    let seen = seen.into_iter().map(|m| format!("metric:{}", m.as_str()));
    let mut features: BTreeSet<String> = seen.collect();
    features.insert(format!("fault:{fault}"));
    features.insert(format!("kind:{}", suspect.kind().as_str()));
    features.insert(format!("object:{suspect}"));
    features
}

fn candidate(plan: &Plan, situation: &Situation) -> Candidate {
    let seen = situation.symptoms.iter().map(|a| a.metric);
    Candidate {
        playbook: name_of(&plan.playbook).to_owned(),
        features: features_of(plan.fault, &plan.suspect, seen),
    }
}

impl Engine for Planner {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        match input {
            Input::Learn { domain, part } => self.rehearser.learn(domain, *part),
            Input::CountFrom(number) => self.made = self.made.max(number),
            Input::Observe {
                at,
                domain,
                samples,
            } => self.rehearser.observe(domain, &samples, at),
            Input::Silent { domain, silent } => self.rehearser.silence(domain, silent),
            Input::Propose {
                incident,
                hypotheses,
                situation,
                recalled,
                picture,
            } => {
                return vec![self.propose(
                    incident,
                    &hypotheses,
                    &situation,
                    &recalled,
                    &picture,
                    now,
                )];
            }
            Input::Judge {
                incident,
                bid,
                picture,
            } => return vec![self.judge(incident, &bid, &picture, now)],
            Input::TwinMissedBy { actions, error } => self.rehearser.missed_by(&actions, error),
        }
        vec![]
    }
}
