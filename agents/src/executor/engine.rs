//! Guards first, then one run a plan, step by step, with the guards asked anew before each.

pub(super) use super::active::Active;
use super::asking::Waiting;
use super::messages::{Around, History};
use super::{ExecutorConfig, Input, Output};
use crate::picture::Picture;
use crate::role::Engine;
use std::collections::BTreeMap;
use std::sync::Arc;
use zizhi_playbooks::approval::Approvals;
use zizhi_playbooks::autonomy::Track;
use zizhi_playbooks::guards::{Decision, Failure, Ran};
use zizhi_playbooks::policy::Policy;
use zizhi_playbooks::run::{self, Effect, Run, UndoReason};
use zizhi_playbooks::{Catalog, DriverError, guards};
use zizhi_types::action::Receipt;
use zizhi_types::domain::Domain;
use zizhi_types::negotiation::{Bid, Lease, RunEnd};
use zizhi_types::plan::{Fingerprint, Mode};
use zizhi_types::record::{Difference, Ruling};
use zizhi_types::wire::KillOrder;
use zizhi_types::{ManagedObject, NetTime, Plan, RunId};

/// Failures that are remembered. Our choice: beyond any breaker's window.
const FAILURES_MAX: usize = 1_000;

/// Runs that are remembered for throttles. Our choice: beyond what the rate guard lets begin in a day.
const RAN_MAX: usize = 1_000;

/// The executor of one domain.
pub struct Executor {
    pub(super) domain: Domain,
    pub(super) config: ExecutorConfig,
    pub(super) ceiling: Mode,
    pub(super) policy: Arc<Policy>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) started: u64,
    pub(super) approvals: Approvals,
    pub(super) waiting: BTreeMap<Fingerprint, Waiting>,
    /// Until when the network is only looked at, after a restart.
    pub(super) blind_until: NetTime,
    pub(super) runs: BTreeMap<RunId, Active>,
    pub(super) acted: BTreeMap<ManagedObject, Vec<NetTime>>,
    pub(super) begun: Vec<NetTime>,
    /// Runs that were begun, for throttles.
    pub(super) ran: Vec<Ran>,
    pub(super) failures: Vec<Failure>,
    pub(super) breakers_closed: BTreeMap<String, NetTime>,
    pub(super) frozen: BTreeMap<ManagedObject, String>,
    pub(super) killed: Option<String>,
    /// Modes that were set by what the records tell.
    pub(super) standing: BTreeMap<Track, Mode>,
}

impl Executor {
    /// For one domain, with the highest mode that any playbook may run in. A policy that cannot be used forbids everything.
    pub fn new(
        domain: Domain,
        config: ExecutorConfig,
        ceiling: Mode,
        catalog: Arc<Catalog>,
    ) -> Self {
        let policy = config.policy.compile();
        let policy = policy.unwrap_or_else(|error| Policy::closed(&error.to_string()));
        Self {
            domain,
            config,
            ceiling,
            policy: Arc::new(policy),
            catalog,
            started: 0,
            approvals: Approvals::default(),
            waiting: BTreeMap::new(),
            blind_until: NetTime(0),
            runs: BTreeMap::new(),
            acted: BTreeMap::new(),
            begun: vec![],
            ran: vec![],
            failures: vec![],
            breakers_closed: BTreeMap::new(),
            frozen: BTreeMap::new(),
            killed: None,
            standing: BTreeMap::new(),
        }
    }

    fn execute(
        &mut self,
        lease: Lease,
        bid: Box<Bid>,
        around: &Around,
        now: NetTime,
    ) -> Vec<Output> {
        let decision = self.judge(&bid, around, None, None, now);
        let ruling = decision.ruling;
        let mut outputs = vec![Self::decided(&bid.plan, decision)];
        match ruling {
            Ruling::Proceed => {
                outputs.extend(self.start(lease, bid, false, &around.picture, now));
            }
            Ruling::Ask => outputs.push(self.ask_people(lease, bid, around, now)),
            Ruling::ShowOnly | Ruling::Deny => outputs.push(not_run(&bid.plan)),
        }
        outputs
    }

    pub(super) fn decided(plan: &Plan, decision: Decision) -> Output {
        Output::Decided {
            plan: Box::new(plan.clone()),
            mode: decision.mode,
            guards: decision.guards,
            ruling: decision.ruling,
        }
    }

    pub(super) fn start(
        &mut self,
        lease: Lease,
        bid: Box<Bid>,
        approved: bool,
        picture: &Picture,
        now: NetTime,
    ) -> Vec<Output> {
        self.started += 1;
        let id = RunId::new(self.domain, self.started);
        self.begun.push(now);
        self.ran.push(ran(&bid.plan, now));
        let surplus = self.ran.len().saturating_sub(RAN_MAX);
        self.ran.drain(..surplus);
        for step in &bid.plan.steps {
            let times = self.acted.entry(step.action.object.clone());
            times.or_default().push(now);
        }
        let plan = Box::new(bid.plan.clone());
        let before = picture.violations(now);
        let active = Active {
            run: Run::new(id.clone(), bid.plan.clone()),
            bid,
            before: before.clone(),
            began: now,
            approved,
            reported: false,
            unclear_until: None,
            later: None,
            again_at: None,
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

    /// Turns what a run wants into outputs. A run that has ended is forgotten, but for what it teaches.
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
        if let run::State::Ended { end } = active.run.state()
            && let Some(active) = self.runs.remove(id)
        {
            self.failures.extend(failure(&active, end, now));
            let surplus = self.failures.len().saturating_sub(FAILURES_MAX);
            self.failures.drain(..surplus);
        }
        outputs
    }

    /// The driver answered. The step after it is begun only if the guards agree now; if not, the run ends as if the step
    /// had been refused, and what was done is taken back.
    pub(super) fn driven(
        &mut self,
        id: &RunId,
        step: String,
        result: Result<Receipt, DriverError>,
        around: &Around,
        now: NetTime,
    ) -> Vec<Output> {
        let outputs = self.answer(id, step, result, around, now);
        self.if_guards_agree(id, outputs, around, now)
    }

    /// The next step, or the next try of one, is handed on only if the guards agree now.
    fn if_guards_agree(
        &mut self,
        id: &RunId,
        mut outputs: Vec<Output>,
        around: &Around,
        now: NetTime,
    ) -> Vec<Output> {
        let next = outputs.iter().position(|o| matches!(o, Output::Do { .. }));
        let Some(index) = next else {
            return outputs;
        };
        let Some(active) = self.runs.get(id) else {
            return outputs;
        };
        let approved = active.approved.then(|| active.bid.plan.fingerprint.clone());
        let decision = self.judge(&active.bid, around, Some(id), approved, now);
        if decision.ruling == Ruling::Proceed {
            return outputs;
        }
        let Output::Do { step, .. } = outputs.remove(index) else {
            return outputs;
        };
        let why = format!("a guard refused the next step: {}", refusal(&decision));
        outputs.push(Self::decided(&active.bid.plan.clone(), decision));
        outputs.extend(self.answer(id, step, Err(DriverError::Refused(why)), around, now));
        outputs
    }

    fn answer(
        &mut self,
        id: &RunId,
        step: String,
        result: Result<Receipt, DriverError>,
        around: &Around,
        now: NetTime,
    ) -> Vec<Output> {
        let Some(active) = self.runs.get(id) else {
            return vec![];
        };
        let Some(key) = active.run.awaited() else {
            return vec![];
        };
        let undo = matches!(active.run.state(), run::State::Undoing { .. });
        let difference = match &result {
            Err(error) if undo => difference(active, error, &around.picture),
            _ => None,
        };
        let answered = Output::Answered {
            run: id.clone(),
            plan: Box::new(active.bid.plan.clone()),
            step,
            undo,
            result: result.clone(),
            difference: difference.clone(),
        };
        let mut outputs = vec![answered];
        outputs.extend(self.tell(id, run::Input::Answer { key, result }, now));
        if let Some(difference) = difference {
            tell_difference(&mut outputs, &difference);
        }
        outputs
    }

    fn tick(&mut self, around: &Around, now: NetTime) -> Vec<Output> {
        let mut outputs = self.look_at_requests(around, now);
        for active in self.runs.values_mut() {
            if active.later.as_ref().is_some_and(|(due, _)| now >= *due) {
                outputs.extend(active.later.take().map(|(_, again)| *again));
            }
        }
        outputs.extend(self.try_again(around, now));
        let overdue = |a: &&Active| a.unclear_until.is_some_and(|until| now >= until);
        let late: Vec<RunId> = self
            .runs
            .values()
            .filter(overdue)
            .map(|a| a.id().clone())
            .collect();
        for id in late {
            outputs.extend(self.tell(&id, run::Input::Kill, now));
        }
        outputs
    }

    /// Steps that failed without effect and have waited long enough.
    fn try_again(&mut self, around: &Around, now: NetTime) -> Vec<Output> {
        let due = |a: &&mut Active| a.again_at.is_some_and(|at| now >= at);
        let mut ids = vec![];
        for active in self.runs.values_mut().filter(due) {
            active.again_at = None;
            ids.push(active.id().clone());
        }
        let mut outputs = vec![];
        for id in ids {
            let again = self.tell(&id, run::Input::Again, now);
            outputs.extend(self.if_guards_agree(&id, again, around, now));
        }
        outputs
    }

    fn kill(&mut self, order: KillOrder, now: NetTime) -> Vec<Output> {
        if order.on == self.killed.is_some() {
            return vec![];
        }
        let mut outputs = vec![Output::Switched(order.clone())];
        if !order.on {
            self.killed = None;
            return outputs;
        }
        self.killed = Some(order.reason);
        outputs.extend(self.stop_asking());
        // A remedy that has proved itself stands: taking it back would bring the fault's effect back.
        let unfinished = |a: &&Active| a.run.state() != run::State::Held;
        let ids: Vec<RunId> = self
            .runs
            .values()
            .filter(unfinished)
            .map(|a| a.id().clone())
            .collect();
        for id in ids {
            outputs.extend(self.tell(&id, run::Input::Kill, now));
        }
        outputs
    }

    pub(super) fn remember(&mut self, history: History, now: NetTime) -> Vec<Output> {
        self.started = self.started.max(history.taken);
        self.frozen.extend(history.frozen);
        self.acted.extend(history.acted);
        self.begun.extend(history.begun);
        self.ran.extend(history.ran);
        self.failures.extend(history.failures);
        self.breakers_closed.extend(history.breakers_closed);
        self.killed = self.killed.take().or(history.killed);
        self.wait_on(history.waiting, now)
    }
}

/// What a throttle counts.
pub(crate) fn ran(plan: &Plan, at: NetTime) -> Ran {
    Ran {
        playbook: plan.playbook.clone(),
        suspect: plan.suspect.clone(),
        incident: plan.incident.clone(),
        at,
    }
}

/// What the guards that refuse say.
fn refusal(decision: &Decision) -> String {
    let refused = decision.guards.iter().filter(|g| !g.pass);
    let said: Vec<String> = refused.map(|g| g.reason.clone()).collect();
    if said.is_empty() {
        return format!("the mode in force is {} by now", decision.mode);
    }
    said.join("; ")
}

/// What a run that ended without having helped teaches the guards. One that people or the kill switch ended teaches nothing.
fn failure(active: &Active, end: RunEnd, now: NetTime) -> Option<Failure> {
    let failed = matches!(end, RunEnd::Undone | RunEnd::Stuck);
    let reason = active.run.undo_reason();
    let blamed = !matches!(
        reason,
        Some(UndoReason::Operator | UndoReason::HealthyAgain)
    );
    let plan = &active.bid.plan;
    (failed && blamed).then(|| Failure {
        incident: plan.incident.clone(),
        playbook: plan.playbook.clone(),
        objects: guards::touched(plan).into_iter().cloned().collect(),
        at: now,
    })
}

/// The exact difference that an undo which failed leaves to a person.
fn difference(active: &Active, error: &DriverError, picture: &Picture) -> Option<Difference> {
    let (before, wanted, after) = active.run.left_behind()?;
    let found = picture.settings_of(wanted).unwrap_or_else(|| match error {
        DriverError::Unknown(_) => "not known".to_owned(),
        DriverError::Refused(_) | DriverError::Failed(_) => after.to_owned(),
    });
    Some(Difference {
        before: before.to_owned(),
        wanted: wanted.to_string(),
        found,
    })
}

fn tell_difference(outputs: &mut [Output], difference: &Difference) {
    let Difference {
        before,
        wanted,
        found,
    } = difference;
    for output in outputs {
        if let Output::Frozen { reason, .. } = output {
            *reason = format!("{reason}; before: {before}; wanted: {wanted}; found now: {found}");
        }
    }
}

pub(super) fn not_run(plan: &Plan) -> Output {
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
            Input::Execute { lease, bid, around } => self.execute(lease, bid, &around, now),
            Input::Approval { approval, around } => self.approval(approval, &around, now),
            Input::Driven {
                run,
                step,
                result,
                around,
            } => self.driven(&run, step, result, &around, now),
            Input::Verdict { run, verdict } => self.tell(&run, run::Input::Verdict(verdict), now),
            Input::Release(run) => self.tell(&run, run::Input::Release, now),
            Input::Withdraw(incident) => self.withdraw(&incident),
            Input::Kill(order) => self.kill(order, now),
            Input::CloseBreaker(order) => {
                self.breakers_closed.insert(order.playbook.clone(), now);
                vec![Output::BreakerClosed(order)]
            }
            Input::Stand { track, mode } => {
                self.standing.insert(track, mode);
                vec![]
            }
            Input::Restore { runs, history } => self.restore(runs, *history, now),
            Input::Recalled {
                run,
                step,
                found,
                around,
            } => self.recalled(&run, step, found, &around, now),
            Input::Tick(around) => self.tick(&around, now),
        }
    }
}
