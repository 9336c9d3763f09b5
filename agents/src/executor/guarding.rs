//! What do the guards have to know about a plan at this moment?
//!
//! In: a plan and what is known around it. Out: the guards' state, built afresh for the first step, after every answer of
//! a person and before every further step.

use super::engine::{Active, Executor};
use super::messages::Around;
use crate::picture::Picture;
use crate::planner::name_of;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zizhi_playbooks::autonomy::Track;
use zizhi_playbooks::guards::{self, Decision, GuardState, InFlight, Ran};
use zizhi_playbooks::{run, services_depending};
use zizhi_types::negotiation::Bid;
use zizhi_types::plan::{Fingerprint, Mode};
use zizhi_types::{IncidentId, ManagedObject, Metric, NetTime, ObjectKind, Plan, RunId};

impl Executor {
    /// What the guards say of a plan, or of the next step of its run.
    pub(super) fn judge(
        &self,
        bid: &Bid,
        around: &Around,
        running: Option<&RunId>,
        approved: Option<Fingerprint>,
        now: NetTime,
    ) -> Decision {
        let mut state = self.guard_state(&bid.plan, around, running, now);
        state.approved = approved;
        guards::rule(&bid.plan, &state, self.ceiling_for(bid), now)
    }

    /// When the twin has been wrong about such actions, a person decides: an answer that carries a large error cannot
    /// open a gate by itself. What its playbook has lost by its outcomes counts too.
    fn ceiling_for(&self, bid: &Bid) -> Mode {
        let r = &bid.rehearsal;
        let doubtful =
            r.error_samples >= self.config.twin_samples_min && r.error > self.config.twin_error_max;
        let ceiling = if doubtful {
            self.ceiling.min(Mode::Approve)
        } else {
            self.ceiling
        };
        ceiling.min(self.earned(&bid.plan))
    }

    fn earned(&self, plan: &Plan) -> Mode {
        let playbook = name_of(&plan.playbook);
        let counts = |t: &Track| t.has(playbook, guards::touched(plan), &self.policy);
        let standing = self.standing.iter().filter(|(track, _)| counts(track));
        standing.map(|(_, mode)| *mode).min().unwrap_or(Mode::Auto)
    }

    fn guard_state(
        &self,
        plan: &Plan,
        around: &Around,
        running: Option<&RunId>,
        now: NetTime,
    ) -> GuardState {
        let picture = &*around.picture;
        let measured = |o: &ManagedObject, m: Metric| picture.value(o, m, now);
        let playbook = self.catalog.get(name_of(&plan.playbook));
        let touched = guards::touched(plan);
        let mut in_flight = around.elsewhere.clone();
        in_flight.extend(self.in_flight(picture, running, now));
        let (acted, begun) = self.paced(running);
        GuardState {
            limits: self.config.limits(),
            policy: Arc::clone(&self.policy),
            blast_radius: playbook.map(|p| p.blast_radius),
            services: services_depending(picture.network(), &measured, touched.iter().copied()),
            reach: Some(guards::reach(picture.network(), &measured, plan)),
            busy: self.busy(running),
            in_flight,
            acted,
            begun,
            throttle: playbook.and_then(|p| p.throttle),
            ran: self.ran_before(running),
            failures: self.failures.clone(),
            breakers_closed: self.breakers_closed.clone(),
            evidence_at: picture.newest(now),
            heard_at: heard(picture, touched),
            silence_expected: playbook.is_some_and(zizhi_playbooks::Playbook::expects_silence),
            kill_switch: self.killed.clone(),
            maintenance: picture.works_for_guards(),
            frozen: self.frozen.clone(),
            approved: None,
        }
    }

    /// What was done before, the run at hand left out.
    fn paced(
        &self,
        running: Option<&RunId>,
    ) -> (BTreeMap<ManagedObject, Vec<NetTime>>, Vec<NetTime>) {
        let (mut acted, mut begun) = (self.acted.clone(), self.begun.clone());
        let Some(own) = running.and_then(|id| self.runs.get(id)) else {
            return (acted, begun);
        };
        let drop_one = |times: &mut Vec<NetTime>| {
            if let Some(index) = times.iter().rposition(|at| *at == own.began) {
                times.remove(index);
            }
        };
        for step in &own.bid.plan.steps {
            acted.entry(step.action.object.clone()).and_modify(drop_one);
        }
        drop_one(&mut begun);
        (acted, begun)
    }

    /// Runs that were begun, the run at hand left out.
    fn ran_before(&self, running: Option<&RunId>) -> Vec<Ran> {
        let own = running.and_then(|id| self.runs.get(id));
        let is_own = |r: &Ran| {
            own.is_some_and(|a| {
                r.at == a.began
                    && r.playbook == a.bid.plan.playbook
                    && r.incident == a.bid.plan.incident
            })
        };
        self.ran.iter().filter(|r| !is_own(r)).cloned().collect()
    }

    fn others(&self, running: Option<&RunId>) -> impl Iterator<Item = &Active> {
        let own = running.cloned();
        let live = self.runs.iter().filter(move |(id, a)| {
            Some(*id) != own.as_ref() && !matches!(a.run.state(), run::State::Ended { .. })
        });
        live.map(|(_, active)| active)
    }

    /// Objects that a run is at work on; a standing remedy keeps its objects too.
    fn busy(&self, running: Option<&RunId>) -> BTreeMap<ManagedObject, IncidentId> {
        let steps = self.others(running).flat_map(|a| {
            let incident = &a.bid.plan.incident;
            let steps = a.bid.plan.steps.iter();
            steps.map(move |s| (s.action.object.clone(), incident.clone()))
        });
        steps.collect()
    }

    /// Own runs that have begun and have no verdict yet; a remedy that stands has one.
    fn in_flight(&self, picture: &Picture, running: Option<&RunId>, now: NetTime) -> Vec<InFlight> {
        let moving = self
            .others(running)
            .filter(|a| a.run.state() != run::State::Held);
        moving
            .map(|a| in_flight(&a.bid.plan, picture, now))
            .collect()
    }
}

/// A plan as other plans' guards see it.
pub(crate) fn in_flight(plan: &Plan, picture: &Picture, now: NetTime) -> InFlight {
    let measured = |o: &ManagedObject, m: Metric| picture.value(o, m, now);
    InFlight {
        incident: plan.incident.clone(),
        domain: plan.domain,
        sites: guards::reach(picture.network(), &measured, plan).sites,
    }
}

/// When each object was last heard of through its own telemetry. A source that stopped sending is not heard of.
fn heard(picture: &Picture, objects: BTreeSet<&ManagedObject>) -> BTreeMap<ManagedObject, NetTime> {
    let of = |object: &ManagedObject| {
        let parts = match object.kind() {
            ObjectKind::Link => picture.ports_of(object),
            ObjectKind::Router => picture.ports_on(object.name()),
            ObjectKind::Site => picture.instances_at(object.name()),
            _ => vec![],
        };
        let all = std::iter::once(object).chain(&parts);
        all.filter_map(|o| picture.heard_at(o)).max()
    };
    objects
        .into_iter()
        .filter_map(|object| Some((object.clone(), of(object)?)))
        .collect()
}
