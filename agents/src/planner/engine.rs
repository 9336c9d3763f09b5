//! From causes to bids: fitting playbooks, rehearsed and ranked.

use super::{Input, Output, PlannerConfig, Recalled};
use crate::picture::{DRAINED_COST, Picture};
use crate::role::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zizhi_models::remedy::{self, Candidate};
use zizhi_playbooks::{Catalog, Context, planning};
use zizhi_twin_link::Twin;
use zizhi_types::action::Verb;
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Bid, RefuseReason};
use zizhi_types::objective::Importance;
use zizhi_types::plan::Rehearsal;
use zizhi_types::topology::Network;
use zizhi_types::{
    Action, Hypothesis, IncidentId, ManagedObject, NetTime, Objective, Plan, PlanId,
};

/// The planner of one domain.
pub struct Planner {
    domain: Domain,
    config: PlannerConfig,
    catalog: Arc<Catalog>,
    network: Network,
    twin: Twin,
    silent: BTreeMap<Domain, BTreeSet<ManagedObject>>,
    made: u64,
}

impl Planner {
    /// For one domain, from a catalogue that passed its checker.
    pub fn new(domain: Domain, config: PlannerConfig, catalog: Arc<Catalog>) -> Self {
        let network = Network::empty("unknown");
        let twin = Twin::new(&network);
        Self {
            domain,
            config,
            catalog,
            network,
            twin,
            silent: BTreeMap::new(),
            made: 0,
        }
    }

    fn learn(&mut self, domain: Domain, part: Network) {
        self.network.learn(domain, part);
        self.twin.state = self.twin.state.rebuilt(&self.network);
    }

    fn silence(&mut self, domain: Domain, silent: Vec<ManagedObject>) {
        let new: BTreeSet<ManagedObject> = silent.into_iter().collect();
        let old = self.silent.insert(domain, new.clone()).unwrap_or_default();
        for source in old.difference(&new) {
            self.twin.state.mark_silent(source, false);
        }
        for source in new.difference(&old) {
            self.twin.state.mark_silent(source, true);
        }
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
                match self.rehearse(&plan, picture, now) {
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
        let context = Context::of(&self.network, &measured, hypothesis);
        let (drafts, left_out) = planning::candidates(&self.catalog, hypothesis, &context);
        let own = |reference: &str| {
            let name = reference.split('@').next().unwrap_or_default();
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

    fn rehearse(&self, plan: &Plan, picture: &Picture, now: NetTime) -> Result<Rehearsal, String> {
        let age = self.twin.state.age_ms(now);
        if age > self.config.state_age_ms_max {
            return Err(format!(
                "the twin's state is {} s old: nothing can be rehearsed on it",
                age / 1000
            ));
        }
        let actions: Vec<Action> = plan.steps.iter().map(|s| s.action.clone()).collect();
        let objectives = protected(picture, self.domain, now);
        let rehearsal = self.twin.rehearse(&actions, &objectives, now);
        let mut rehearsal = rehearsal.map_err(|e| e.to_string())?;
        // A link that is taken out of service on purpose protects nobody: what is left wrong with it hurts nobody.
        let out = taken_out(&actions, picture);
        rehearsal.with.retain(|v| !out.contains(&v.object));
        Ok(rehearsal)
    }

    /// What experience says first; the twin's word counts when the leader chooses.
    fn rank(
        &self,
        offers: Vec<(Plan, Rehearsal, Candidate)>,
        recalled: &Recalled,
    ) -> (Vec<Bid>, Option<IncidentId>) {
        let candidates: Vec<Candidate> = offers.iter().map(|(_, _, c)| c.clone()).collect();
        let ranked = remedy::rank(&candidates, &recalled.past);
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
        let first = bids.first().map(|b| name_of(&b.plan));
        let from_case = recalled
            .best_case
            .as_ref()
            .filter(|(_, playbook)| first.as_deref() == Some(playbook));
        (bids, from_case.map(|(incident, _)| incident.clone()))
    }

    fn judge(&self, incident: IncidentId, bid: &Bid, picture: &Picture, now: NetTime) -> Output {
        let rehearsal = self.rehearse_own(&bid.plan, picture, now);
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

    /// A domain answers for its own objectives; the proposer answered for all.
    fn rehearse_own(
        &self,
        plan: &Plan,
        picture: &Picture,
        now: NetTime,
    ) -> Result<Rehearsal, String> {
        let actions: Vec<Action> = plan.steps.iter().map(|s| s.action.clone()).collect();
        let mut objectives = protected(picture, self.domain, now);
        objectives.retain(|o| o.object.domain() == self.domain);
        self.twin
            .rehearse(&actions, &objectives, now)
            .map_err(|e| e.to_string())
    }
}

/// The ports of links that the actions cost out.
fn taken_out(actions: &[Action], picture: &Picture) -> BTreeSet<ManagedObject> {
    let drains = |a: &&Action| {
        a.verb == Verb::LinkSetCost && a.number("cost").is_some_and(|c| c >= DRAINED_COST)
    };
    let links = actions.iter().filter(drains);
    links.flat_map(|a| picture.ports_of(&a.object)).collect()
}

/// Objectives that count: not those of objects under announced work or out of service.
fn protected(picture: &Picture, domain: Domain, now: NetTime) -> Vec<Objective> {
    picture
        .objectives()
        .filter(|o| !picture.waived(&o.object, now))
        // How a setting is meant to be is known to its own domain alone.
        .filter(|o| o.importance != Importance::Conformity || o.object.domain() == domain)
        .cloned()
        .collect()
}

/// The playbook's id without its version.
pub(crate) fn name_of(plan: &Plan) -> String {
    plan.playbook
        .split('@')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// What an incident is remembered by: the fault, the kind of the suspect, and what was seen.
pub(crate) fn features(
    plan: &Plan,
    symptoms: impl IntoIterator<Item = String>,
) -> BTreeSet<String> {
    let mut features: BTreeSet<String> = symptoms.into_iter().collect();
    features.insert(format!("fault:{}", plan.fault));
    features.insert(format!("kind:{}", plan.suspect.kind().as_str()));
    features.insert(format!("object:{}", plan.suspect));
    features
}

fn candidate(plan: &Plan, situation: &Situation) -> Candidate {
    let seen = situation
        .symptoms
        .iter()
        .map(|a| format!("metric:{}", a.metric.as_str()));
    Candidate {
        playbook: name_of(plan),
        features: features(plan, seen),
    }
}

impl Engine for Planner {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        match input {
            Input::Learn { domain, part } => self.learn(domain, *part),
            Input::CountFrom(number) => self.made = self.made.max(number),
            Input::Observe {
                at,
                domain,
                samples,
            } => {
                if domain != self.domain {
                    self.twin.state.confirm(domain, at);
                }
                for sample in &samples {
                    self.twin
                        .state
                        .observe(&sample.object, sample.metric, sample.value, at);
                }
            }
            Input::Silent { domain, silent } => self.silence(domain, silent),
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
            Input::TwinMissedBy { actions, error } => {
                for action in actions {
                    self.twin
                        .errors
                        .record_outcome(action.verb, 1.0 + error, 1.0);
                }
            }
        }
        vec![]
    }
}
