//! Guards first, then one run a plan, step by step.

use super::{ExecutorConfig, Input, Output};
use crate::picture::Picture;
use crate::planner::name_of;
use crate::role::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zizhi_playbooks::guards::{self, GuardState, Limits};
use zizhi_playbooks::run::{self, Effect, Run};
use zizhi_playbooks::{Catalog, DriverError};
use zizhi_types::action::Receipt;
use zizhi_types::domain::Domain;
use zizhi_types::negotiation::{Bid, Lease, RunEnd};
use zizhi_types::objective::Violation;
use zizhi_types::plan::Mode;
use zizhi_types::record::{GuardResult, Ruling, Verdict};
use zizhi_types::wire::Approval;
use zizhi_types::{IncidentId, ManagedObject, NetTime, Plan, RunId};

/// The executor of one domain.
pub struct Executor {
    domain: Domain,
    config: ExecutorConfig,
    ceiling: Mode,
    pub(super) catalog: Arc<Catalog>,
    pub(super) started: u64,
    waiting: Vec<Waiting>,
    pub(super) runs: BTreeMap<RunId, Active>,
    pub(super) acted: BTreeMap<ManagedObject, Vec<NetTime>>,
    pub(super) frozen: BTreeMap<ManagedObject, String>,
    killed: Option<String>,
}

/// An awarded plan that waits for a person.
struct Waiting {
    lease: Lease,
    bid: Box<Bid>,
    picture: Arc<Picture>,
    services: BTreeSet<String>,
    expires: NetTime,
}

pub(super) struct Active {
    pub(super) run: Run,
    pub(super) bid: Box<Bid>,
    pub(super) before: Vec<Violation>,
    /// A held run that ended well was reported already.
    pub(super) reported: bool,
    /// Until when a person may say whether it helped.
    pub(super) unclear_until: Option<NetTime>,
}

impl Executor {
    /// For one domain, with the highest mode that any playbook may run in.
    pub const fn new(
        domain: Domain,
        config: ExecutorConfig,
        ceiling: Mode,
        catalog: Arc<Catalog>,
    ) -> Self {
        Self {
            domain,
            config,
            ceiling,
            catalog,
            started: 0,
            waiting: vec![],
            runs: BTreeMap::new(),
            acted: BTreeMap::new(),
            frozen: BTreeMap::new(),
            killed: None,
        }
    }

    fn execute(
        &mut self,
        lease: Lease,
        bid: Box<Bid>,
        picture: Arc<Picture>,
        services: BTreeSet<String>,
        now: NetTime,
    ) -> Vec<Output> {
        let state = self.guard_state(&bid.plan, &services, &picture, now);
        let ceiling = self.ceiling_for(&bid);
        let (guards, ruling) = guards::rule(&bid.plan, &state, ceiling, now);
        let mut outputs = vec![Self::decided(&bid.plan, ceiling, guards, ruling)];
        match ruling {
            Ruling::Proceed => outputs.extend(self.start(lease, bid, &picture, now)),
            Ruling::Ask => {
                let wait_ms = self
                    .catalog
                    .get(name_of(&bid.plan.playbook))
                    .map_or(0, |p| p.approval_ms);
                let expires = now + wait_ms;
                outputs.push(Output::AskApproval {
                    plan: Box::new(bid.plan.clone()),
                    expires,
                });
                self.waiting.push(Waiting {
                    lease,
                    bid,
                    picture,
                    services,
                    expires,
                });
            }
            Ruling::ShowOnly | Ruling::Deny => outputs.push(not_run(&bid.plan)),
        }
        outputs
    }

    /// When the twin has been wrong about such actions, a person decides: an answer that carries a large error cannot
    /// open a gate by itself.
    fn ceiling_for(&self, bid: &Bid) -> Mode {
        let r = &bid.rehearsal;
        let doubtful =
            r.error_samples >= self.config.twin_samples_min && r.error > self.config.twin_error_max;
        if doubtful {
            self.ceiling.min(Mode::Approve)
        } else {
            self.ceiling
        }
    }

    fn decided(plan: &Plan, ceiling: Mode, guards: Vec<GuardResult>, ruling: Ruling) -> Output {
        Output::Decided {
            plan: Box::new(plan.clone()),
            mode: guards::mode_in_force(plan, ceiling),
            guards,
            ruling,
        }
    }

    fn guard_state(
        &self,
        plan: &Plan,
        services: &BTreeSet<String>,
        picture: &Picture,
        now: NetTime,
    ) -> GuardState {
        GuardState {
            limits: Limits {
                evidence_age_ms: self.config.evidence_age_ms_max,
                ..Limits::default()
            },
            blast_radius: self
                .catalog
                .get(name_of(&plan.playbook))
                .map(|p| p.blast_radius),
            services: services.clone(),
            busy: self.busy(),
            acted: self.acted.clone(),
            evidence_at: picture.newest(now),
            kill_switch: self.killed.clone(),
            maintenance: picture.works_for_guards(),
            frozen: self.frozen.clone(),
            approved: None,
        }
    }

    /// Objects that a run is at work on; a standing remedy keeps its objects too.
    fn busy(&self) -> BTreeMap<ManagedObject, IncidentId> {
        let live = self
            .runs
            .values()
            .filter(|a| !matches!(a.run.state(), run::State::Ended { .. }));
        live.flat_map(|a| {
            let incident = &a.bid.plan.incident;
            a.bid
                .plan
                .steps
                .iter()
                .map(move |s| (s.action.object.clone(), incident.clone()))
        })
        .collect()
    }

    fn start(
        &mut self,
        lease: Lease,
        bid: Box<Bid>,
        picture: &Picture,
        now: NetTime,
    ) -> Vec<Output> {
        self.started += 1;
        let id = RunId::new(self.domain, self.started);
        for step in &bid.plan.steps {
            self.acted
                .entry(step.action.object.clone())
                .or_default()
                .push(now);
        }
        let plan = Box::new(bid.plan.clone());
        let before = picture.violations(now);
        let active = Active {
            run: Run::new(id.clone(), bid.plan.clone()),
            bid,
            before: before.clone(),
            reported: false,
            unclear_until: None,
        };
        self.runs.insert(id.clone(), active);
        let mut outputs = vec![Output::Commit {
            run: id.clone(),
            plan,
            lease,
            before,
        }];
        outputs.extend(self.tell(&id, run::Input::Start, now));
        outputs
    }

    /// Tells a run something and turns its effects into outputs. What does not fit where the run stands changes nothing.
    pub(super) fn tell(&mut self, id: &RunId, input: run::Input, now: NetTime) -> Vec<Output> {
        let Some(active) = self.runs.get_mut(id) else {
            return vec![];
        };
        let Ok(effects) = active.run.on(input) else {
            return vec![];
        };
        self.carry_out(id, effects, now)
    }

    /// Turns what a run wants into outputs. A run that has ended is forgotten.
    pub(super) fn carry_out(
        &mut self,
        id: &RunId,
        effects: Vec<Effect>,
        now: NetTime,
    ) -> Vec<Output> {
        let Some(active) = self.runs.get_mut(id) else {
            return vec![];
        };
        let mut outputs = vec![];
        for effect in effects {
            if let Effect::Freeze { object, reason } = &effect {
                self.frozen.insert(object.clone(), reason.clone());
            }
            outputs.extend(active.carry_out(effect, now, &self.catalog));
        }
        if matches!(active.run.state(), run::State::Ended { .. }) {
            self.runs.remove(id);
        }
        outputs
    }

    pub(super) fn driven(
        &mut self,
        id: &RunId,
        step: String,
        result: Result<Receipt, DriverError>,
        now: NetTime,
    ) -> Vec<Output> {
        let Some(active) = self.runs.get(id) else {
            return vec![];
        };
        let Some(key) = active.run.awaited() else {
            return vec![];
        };
        let undo = matches!(active.run.state(), run::State::Undoing { .. });
        let plan = Box::new(active.bid.plan.clone());
        let answered = Output::Answered {
            run: id.clone(),
            plan,
            step,
            undo,
            result: result.clone(),
        };
        let mut outputs = vec![answered];
        outputs.extend(self.tell(id, run::Input::Answer { key, result }, now));
        outputs
    }

    /// An answer names a plan's fingerprint: it is taken for that plan, waiting to run or waiting for a verdict, and for
    /// nothing else. A second answer finds nothing waiting.
    fn approval(&mut self, approval: Approval, now: NetTime) -> Vec<Output> {
        if let Some(index) = self
            .waiting
            .iter()
            .position(|w| w.bid.plan.fingerprint == approval.fingerprint)
        {
            let waiting = self.waiting.remove(index);
            return self.answered(waiting, approval, now);
        }
        let unclear = self.runs.iter().find(|(_, a)| {
            a.run.state() == run::State::Unclear && a.bid.plan.fingerprint == approval.fingerprint
        });
        let Some((id, active)) = unclear else {
            return vec![];
        };
        let (id, plan) = (id.clone(), Box::new(active.bid.plan.clone()));
        let verdict = if approval.granted {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        let mut outputs = vec![Output::Approved { plan, approval }];
        outputs.extend(self.tell(&id, run::Input::Verdict(verdict), now));
        outputs
    }

    fn answered(&mut self, waiting: Waiting, approval: Approval, now: NetTime) -> Vec<Output> {
        let plan = Box::new(waiting.bid.plan.clone());
        let (granted, fingerprint) = (approval.granted, approval.fingerprint.clone());
        let mut outputs = vec![Output::Approved {
            plan: plan.clone(),
            approval,
        }];
        if !granted {
            outputs.push(not_run(&plan));
            return outputs;
        }
        // Guards look again: the network may have changed while the person thought.
        let mut state = self.guard_state(&plan, &waiting.services, &waiting.picture, now);
        state.evidence_at = Some(now);
        state.approved = Some(fingerprint);
        let ceiling = self.ceiling_for(&waiting.bid);
        let (guards, ruling) = guards::rule(&plan, &state, ceiling, now);
        outputs.push(Self::decided(&plan, ceiling, guards, ruling));
        if ruling == Ruling::Proceed {
            outputs.extend(self.start(waiting.lease, waiting.bid, &waiting.picture, now));
        } else {
            outputs.push(not_run(&plan));
        }
        outputs
    }

    /// Requests that will not be answered any more; a late yes finds nothing waiting.
    fn give_up(&mut self, which: impl Fn(&Waiting) -> bool) -> Vec<Output> {
        let (given_up, waiting): (Vec<Waiting>, Vec<Waiting>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(which);
        self.waiting = waiting;
        given_up.iter().map(|w| not_run(&w.bid.plan)).collect()
    }

    /// A request that nobody answered in time ends in "stop".
    fn tick(&mut self, now: NetTime) -> Vec<Output> {
        let mut outputs = self.give_up(|w| now >= w.expires);
        let overdue = |a: &Active| a.unclear_until.is_some_and(|until| now >= until);
        let late: Vec<RunId> = self
            .runs
            .iter()
            .filter(|(_, a)| overdue(a))
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            outputs.extend(self.tell(&id, run::Input::Kill, now));
        }
        outputs
    }

    fn kill(&mut self, now: NetTime) -> Vec<Output> {
        self.killed = Some("pressed by an operator".to_owned());
        let mut outputs: Vec<Output> = std::mem::take(&mut self.waiting)
            .iter()
            .map(|w| not_run(&w.bid.plan))
            .collect();
        // A remedy that has proved itself stands: taking it back would bring the fault's effect back.
        let unfinished = |a: &Active| a.run.state() != run::State::Held;
        let ids: Vec<RunId> = self
            .runs
            .iter()
            .filter(|(_, a)| unfinished(a))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            outputs.extend(self.tell(&id, run::Input::Kill, now));
        }
        outputs
    }
}

impl Active {
    fn carry_out(&mut self, effect: Effect, now: NetTime, catalog: &Catalog) -> Vec<Output> {
        let (run, plan) = (self.run.id().clone(), Box::new(self.bid.plan.clone()));
        let limit = |step: &str| {
            plan.steps
                .iter()
                .find(|s| s.id == step)
                .map_or(30_000, |s| s.timeout_ms)
        };
        match effect {
            Effect::Do { step, key, action } => {
                let timeout_ms = limit(&step);
                vec![Output::Do {
                    run,
                    plan,
                    step,
                    key,
                    action,
                    timeout_ms,
                }]
            }
            Effect::Undo {
                step,
                key,
                action,
                reason,
            } => {
                let timeout_ms = limit(&step);
                let reason = reason.as_str().to_owned();
                vec![Output::Undo {
                    run,
                    plan,
                    step,
                    key,
                    action,
                    timeout_ms,
                    reason,
                }]
            }
            Effect::BeginVerify => {
                vec![Output::Verify {
                    run,
                    bid: self.bid.clone(),
                    before: self.before.clone(),
                }]
            }
            Effect::Hold => {
                self.reported = true;
                vec![
                    Output::Standing {
                        run: run.clone(),
                        plan: plan.clone(),
                    },
                    Output::Ended {
                        plan,
                        run: Some(run),
                        outcome: RunEnd::Helped,
                    },
                ]
            }
            Effect::AskPerson => {
                let wait_ms = catalog
                    .get(name_of(&plan.playbook))
                    .map_or(0, |p| p.approval_ms);
                self.unclear_until = Some(now + wait_ms);
                vec![Output::Unclear {
                    run,
                    plan,
                    expires: now + wait_ms,
                }]
            }
            Effect::Freeze { object, reason } => vec![Output::Frozen {
                object,
                plan: plan.id,
                reason,
            }],
            Effect::Finished(_) if self.reported => vec![Output::Released { run, plan }],
            Effect::Finished(outcome) => vec![Output::Ended {
                plan,
                run: Some(run),
                outcome,
            }],
        }
    }
}

fn not_run(plan: &Plan) -> Output {
    Output::Ended {
        plan: Box::new(plan.clone()),
        run: None,
        outcome: RunEnd::NotRun,
    }
}

impl Engine for Executor {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        match input {
            Input::Execute {
                lease,
                bid,
                picture,
                services,
            } => self.execute(lease, bid, picture, services, now),
            Input::Approval(approval) => self.approval(approval, now),
            Input::Driven { run, step, result } => self.driven(&run, step, result, now),
            Input::Verdict { run, verdict } => self.tell(&run, run::Input::Verdict(verdict), now),
            Input::Release(run) => self.tell(&run, run::Input::Release, now),
            Input::Withdraw(incident) => self.give_up(|w| w.bid.plan.incident == incident),
            Input::Kill => self.kill(now),
            Input::Restore {
                runs,
                taken,
                frozen,
                acted,
            } => self.restore(runs, taken, frozen, acted, now),
            Input::Recalled { run, step, found } => self.recalled(&run, step, found, now),
            Input::Tick => self.tick(now),
        }
    }
}
