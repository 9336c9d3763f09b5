//! From causes to bids: fitting playbooks, rehearsed and ranked.

use super::rehearser::Rehearser;
use super::{Input, Output, PastCase, PlannerConfig, Recalled};
use crate::picture::Picture;
use crate::role::Engine;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zizhi_models::remedy::{self, Candidate};
use zizhi_playbooks::examine::held_back;
use zizhi_playbooks::{Catalog, Context, PlanDraft, planning};
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Bid, RefuseReason};
use zizhi_types::plan::Rehearsal;
use zizhi_types::{
    FaultKind, Hypothesis, IncidentId, ManagedObject, Metric, NetTime, Plan, PlanId,
};

/// Incidents whose first call is remembered. Our choice: beyond what one domain has open.
const ASKED_MAX: usize = 1_000;

/// The planner of one domain.
pub struct Planner {
    domain: Domain,
    config: PlannerConfig,
    pub(super) catalog: Arc<Catalog>,
    rehearser: Rehearser,
    made: u64,
    /// When remedies for an incident were first asked for.
    asked: BTreeMap<IncidentId, NetTime>,
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
            asked: BTreeMap::new(),
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
        let mut left_out = LeftOut {
            lasted_ms: self.lasted_ms(&incident, situation, now),
            ..LeftOut::default()
        };
        let probable = |h: &&Hypothesis| h.probability >= self.config.probability_min;
        let causes: Vec<&Hypothesis> = hypotheses
            .iter()
            .filter(probable)
            .take(self.config.causes_max)
            .collect();
        for hypothesis in causes {
            for plan in self.plans(&incident, hypothesis, picture, now, &mut left_out) {
                match self.rehearser.rehearse(&plan, picture, now) {
                    Ok(rehearsal) => {
                        let candidate = candidate(&plan, situation);
                        offers.push((plan, rehearsal, candidate));
                    }
                    Err(reason) => left_out.rejected.push((plan.playbook, reason)),
                }
            }
        }
        let (bids, from_case) = self.rank(offers, recalled);
        Output::Proposed {
            incident,
            bids,
            rejected: left_out.rejected,
            wait_ms: left_out.wait_ms,
            from_case,
        }
    }

    /// How long the oldest symptom has lasted; where there is none, how long ago remedies were first asked for. An
    /// incident whose symptoms went is closed, so what is asked for again has lasted in between.
    fn lasted_ms(&mut self, incident: &IncidentId, situation: &Situation, now: NetTime) -> u64 {
        if self.asked.len() >= ASKED_MAX && !self.asked.contains_key(incident) {
            let oldest = self.asked.iter().min_by_key(|(_, at)| **at);
            let oldest = oldest.map(|(incident, _)| incident.clone());
            oldest.map(|incident| self.asked.remove(&incident));
        }
        let asked = *self.asked.entry(incident.clone()).or_insert(now);
        let onset = situation.symptoms.iter().map(|s| s.onset).min();
        now.since(onset.map_or(asked, |onset| onset.min(asked)))
    }

    fn plans(
        &mut self,
        incident: &IncidentId,
        hypothesis: &Hypothesis,
        picture: &Picture,
        now: NetTime,
        left_out: &mut LeftOut,
    ) -> Vec<Plan> {
        let measured = |object: &ManagedObject, metric| picture.value(object, metric, now);
        let context = Context::of(picture.network(), &measured, hypothesis);
        let (drafts, unfit) = planning::candidates(&self.catalog, hypothesis, &context);
        let own = |reference: &str| {
            let name = name_of(reference);
            self.catalog
                .get(name)
                .is_some_and(|p| p.domain == self.domain)
        };
        left_out.rejected.extend(
            unfit
                .into_iter()
                .filter(|r| own(&r.playbook))
                .map(|r| (r.playbook, r.reason.en)),
        );
        drafts
            .into_iter()
            .filter(|draft| draft.domain == self.domain)
            .filter(|draft| left_out.has_lasted(draft))
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
        // What helped before comes first. Of the rest, a playbook on trial takes no place of one that may act by itself.
        ranked.sort_by_key(|place| {
            let helped = place.tried > 0.0 && place.success_rate > 0.5;
            let mode = offers[place.index].0.mode;
            (!helped, Reverse((!helped).then_some(mode)))
        });
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

/// What is not offered, and why.
#[derive(Default)]
struct LeftOut {
    lasted_ms: u64,
    rejected: Vec<(String, String)>,
    /// The shortest time after which one of them would be.
    wait_ms: Option<u64>,
}

impl LeftOut {
    /// Whether the symptoms have lasted as long as the playbook wants.
    fn has_lasted(&mut self, draft: &PlanDraft) -> bool {
        let left_ms = draft.hold_ms.saturating_sub(self.lasted_ms);
        if left_ms == 0 {
            return true;
        }
        let reason = held_back(self.lasted_ms, draft.hold_ms).en;
        self.rejected.push((draft.playbook.clone(), reason));
        self.wait_ms = Some(self.wait_ms.map_or(left_ms, |other| other.min(left_ms)));
        false
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
