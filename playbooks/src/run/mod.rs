//! One execution of a plan: what is done next, and what is taken back.
//!
//! In: a plan, then one [`Input`] at a time. Out: [`Effect`]s, which the executor carries out and answers. Pure and
//! serialisable: the executor writes the run down before it carries out an effect, so a run that was killed goes on with
//! [`Run::resume`].
//!
//! What always holds:
//! - A step is done once, with the key `<run>/<step>/do`, and taken back once, with `<run>/<step>/undo`. An undo that the
//!   driver says failed without effect is tried again under `undo-2` and `undo-3`, after a while, and then no more. So is
//!   a step whose playbook asks for it, under `do-2` and so on; one that was refused, or whose effect is unknown, is not.
//! - Undo goes in the reverse order of doing.
//! - A change whose effect is unknown is never repeated: its object is frozen, the steps on other objects are undone,
//!   and the run ends stuck. The only way around it is to read the network (or ask the driver about the used key) before
//!   [`Run::resume`] is called, and to give what was learned as [`Input::Answer`].
//! - Nothing is done to a frozen object any more.
//! - What its playbook does not take back for a cause stays as it is: its objects are frozen, and the run ends stuck.
//! - Every run reaches exactly one end, told once by [`Effect::Finished`].

mod state;

pub use state::{Effect, IllegalTransition, Input, State, UndoReason};

use crate::driver::DriverError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use zizhi_types::action::{Action, Receipt};
use zizhi_types::negotiation::RunEnd;
use zizhi_types::plan::{PlannedStep, StepUndo};
use zizhi_types::record::Verdict;
use zizhi_types::{ManagedObject, Plan, RunId};

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    step: usize,
    undo: Option<Action>,
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
}

/// How often a step is tried to be taken back, where each try failed without effect.
pub const UNDO_TRIES: u8 = 3;

/// How long is waited after the first failed undo, in milliseconds; twice as long after the second. Our choice: one look
/// at the network.
const UNDO_WAIT_MS: u64 = 10_000;

/// One execution of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    id: RunId,
    plan: Plan,
    state: State,
    done: Vec<Done>,
    frozen: BTreeSet<ManagedObject>,
    killed: bool,
    reason: Option<UndoReason>,
    /// Failed tries to take back the step at hand.
    #[serde(default)]
    undo_tries: u8,
    /// Failed tries to do the step at hand.
    #[serde(default)]
    step_tries: u8,
}

type Step = Result<Vec<Effect>, IllegalTransition>;

impl Run {
    /// A run of a plan, not yet begun.
    pub const fn new(id: RunId, plan: Plan) -> Self {
        Self {
            id,
            plan,
            state: State::Ready,
            done: vec![],
            frozen: BTreeSet::new(),
            killed: false,
            reason: None,
            undo_tries: 0,
            step_tries: 0,
        }
    }

    /// Which run.
    pub const fn id(&self) -> &RunId {
        &self.id
    }

    /// What is run.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Objects that only a person may change now.
    pub const fn frozen(&self) -> &BTreeSet<ManagedObject> {
        &self.frozen
    }

    /// Why steps are or were taken back, if they are or were.
    pub const fn undo_reason(&self) -> Option<UndoReason> {
        self.reason
    }

    /// What the step at hand left behind, if it cannot be taken back: the state before it, what takes it back, and the
    /// state after it. Nothing where no step is being taken back.
    pub fn left_behind(&self) -> Option<(&str, &Action, &str)> {
        let State::Undoing { step } = self.state else {
            return None;
        };
        let done = self.done.iter().find(|d| d.step == step)?;
        Some((&done.before, done.undo.as_ref()?, &done.after))
    }

    /// The key of the answer that is awaited from the driver, if one is.
    pub fn awaited(&self) -> Option<String> {
        match self.state {
            State::Stepping { step } => self.key(step, &tried("do", self.step_tries)),
            State::Undoing { step } => self.key(step, &tried("undo", self.undo_tries)),
            _ => None,
        }
    }

    /// Takes in what happened and says what to do next. An input that does not fit changes nothing.
    pub fn on(&mut self, input: Input) -> Result<Vec<Effect>, IllegalTransition> {
        match (self.state, input) {
            (State::Ready, Input::Start) => self.next_step(0),
            (State::Ready, Input::Kill) => self.finish(RunEnd::NotRun),
            (State::Stepping { step }, Input::Answer { key, result }) => {
                self.expect(&key)?;
                self.stepped(step, result)
            }
            (State::Undoing { step }, Input::Answer { key, result }) => {
                self.expect(&key)?;
                self.undone(step, result)
            }
            (State::Stepping { .. } | State::Undoing { .. }, Input::Kill) => {
                self.killed = true;
                Ok(vec![])
            }
            (State::Verifying | State::Unclear, Input::Verdict(verdict)) => self.judged(verdict),
            (State::Held, Input::Release) => self.undo_all(UndoReason::HealthyAgain, vec![]),
            (State::Waiting { step }, Input::Again) => self.step_again(step),
            (
                State::Waiting { .. } | State::Verifying | State::Unclear | State::Held,
                Input::Kill,
            ) => self.undo_all(UndoReason::Operator, vec![]),
            (from, input) => Err(IllegalTransition::new(from, told(&input))),
        }
    }

    /// Goes on after the executor was killed. `in_flight` tells whether the awaited effect had been handed to the
    /// driver (in the journal: `StepStarted` or `UndoStarted` stands, its end does not). If it had, its effect is
    /// unknown and it is never repeated; if it had not, the same effect is given again under the same key.
    pub fn resume(&mut self, in_flight: bool) -> Result<Vec<Effect>, IllegalTransition> {
        match self.awaited() {
            Some(key) if in_flight => {
                let why = "the executor was killed while the change was under way".to_owned();
                let result = Err(DriverError::Unknown(why));
                self.on(Input::Answer { key, result })
            }
            _ => Ok(self.again()),
        }
    }

    /// The effects that the present state waits on.
    fn again(&self) -> Vec<Effect> {
        match self.state {
            State::Ready => vec![],
            State::Stepping { step } => self.doing(step).into_iter().collect(),
            State::Waiting { step } => self.waiting(step).into_iter().collect(),
            State::Verifying => vec![Effect::BeginVerify],
            State::Unclear => vec![Effect::AskPerson],
            State::Held => vec![Effect::Hold],
            State::Undoing { step } => self.undoing(step).into_iter().collect(),
            State::Ended { end } => vec![Effect::Finished(end)],
        }
    }

    fn expect(&self, key: &str) -> Result<(), IllegalTransition> {
        if self.awaited().as_deref() == Some(key) {
            return Ok(());
        }
        Err(IllegalTransition::new(
            self.state,
            format!("take an answer to {key}"),
        ))
    }

    fn next_step(&mut self, step: usize) -> Step {
        self.step_tries = 0;
        if let Some(effect) = self.doing(step) {
            self.state = self.state.to(State::Stepping { step })?;
            return Ok(vec![effect]);
        }
        if self.done.is_empty() {
            return self.finish(RunEnd::NotRun);
        }
        self.state = self.state.to(State::Verifying)?;
        Ok(vec![Effect::BeginVerify])
    }

    fn stepped(&mut self, step: usize, result: Result<Receipt, DriverError>) -> Step {
        match result {
            Ok(receipt) => {
                let Receipt {
                    before,
                    after,
                    undo,
                } = receipt;
                let undo = self.takes_back(step, undo);
                self.done.push(Done {
                    step,
                    undo,
                    before,
                    after,
                });
                if self.killed {
                    return self.undo_all(UndoReason::Operator, vec![]);
                }
                self.next_step(step + 1)
            }
            Err(DriverError::Unknown(why)) => {
                let freeze = self.freeze(step, &format!("effect unknown: {why}"));
                self.undo_all(UndoReason::StepFailed, freeze)
            }
            Err(DriverError::Failed(_)) if self.may_try_again(step) => self.wait(step),
            // Nothing was changed, so going on repeats nothing.
            Err(_) if self.passes_over(step) && !self.killed => self.next_step(step + 1),
            Err(_) => self.undo_all(UndoReason::StepFailed, vec![]),
        }
    }

    /// Only an effect that surely did not happen may be tried again, and only as often as the playbook says.
    fn may_try_again(&self, step: usize) -> bool {
        let retry = self.plan.steps.get(step).and_then(|s| s.policy.retry);
        !self.killed && retry.is_some_and(|r| self.step_tries < r.max)
    }

    fn wait(&mut self, step: usize) -> Step {
        self.step_tries += 1;
        self.state = self.state.to(State::Waiting { step })?;
        Ok(self.waiting(step).into_iter().collect())
    }

    fn waiting(&self, step: usize) -> Option<Effect> {
        let planned = self.plan.steps.get(step)?;
        let wait_ms = planned.policy.retry?.wait_ms(self.step_tries);
        let key = self.key(step, &tried("do", self.step_tries))?;
        Some(Effect::TryAgain {
            step: planned.id.clone(),
            wait_ms: wait_ms + jitter_ms(&key, wait_ms / 2),
        })
    }

    fn step_again(&mut self, step: usize) -> Step {
        self.state = self.state.to(State::Stepping { step })?;
        Ok(self.doing(step).into_iter().collect())
    }

    fn passes_over(&self, step: usize) -> bool {
        let planned = self.plan.steps.get(step);
        planned.is_some_and(|s| s.policy.continue_on_error)
    }

    /// What takes the step back: as the playbook says, else as the driver says.
    fn takes_back(&self, step: usize, by_driver: Option<Action>) -> Option<Action> {
        match self.plan.steps.get(step).map(|s| &s.policy.undo) {
            Some(StepUndo::None) => None,
            Some(StepUndo::Action(action)) => Some(action.clone()),
            Some(StepUndo::Auto) | None => by_driver,
        }
    }

    fn judged(&mut self, verdict: Verdict) -> Step {
        match verdict {
            Verdict::Pass if self.plan.temporary => {
                self.state = self.state.to(State::Held)?;
                Ok(vec![Effect::Hold])
            }
            Verdict::Pass => self.finish(RunEnd::Helped),
            Verdict::Fail => self.undo_all(UndoReason::VerifyFailed, vec![]),
            Verdict::Inconclusive => {
                self.state = self.state.to(State::Unclear)?;
                Ok(vec![Effect::AskPerson])
            }
        }
    }

    fn undo_all(&mut self, reason: UndoReason, mut effects: Vec<Effect>) -> Step {
        self.reason = Some(reason);
        let untouched = self.done.is_empty() && self.frozen.is_empty();
        if untouched {
            effects.extend(self.finish(RunEnd::NotRun)?);
            return Ok(effects);
        }
        if reason
            .cause()
            .is_some_and(|c| self.plan.policy.keeps.contains(&c))
        {
            return self.keep_all(reason, effects);
        }
        self.undo_before(usize::MAX, effects)
    }

    /// The playbook says that what was done stays. Nobody but a person goes on from there.
    fn keep_all(&mut self, reason: UndoReason, mut effects: Vec<Effect>) -> Step {
        let done: Vec<usize> = self.done.iter().map(|d| d.step).collect();
        for step in done {
            let why = format!("its playbook keeps what was done ({})", reason.as_str());
            effects.extend(self.freeze(step, &why));
        }
        effects.extend(self.finish(RunEnd::Stuck)?);
        Ok(effects)
    }

    fn undone(&mut self, step: usize, result: Result<Receipt, DriverError>) -> Step {
        let effects = match result {
            Ok(_) => vec![],
            // Only an effect that surely did not happen may be tried again.
            Err(DriverError::Failed(_)) if self.undo_tries + 1 < UNDO_TRIES => {
                self.undo_tries += 1;
                return Ok(self.undo_again(step).into_iter().collect());
            }
            Err(why) => self.freeze(step, &format!("undo failed: {why}")),
        };
        self.undo_before(step, effects)
    }

    /// Takes back the last done step before `limit` whose object is not frozen; ends the run when there is none.
    fn undo_before(&mut self, limit: usize, mut effects: Vec<Effect>) -> Step {
        let before: Vec<Done> = self
            .done
            .iter()
            .rev()
            .filter(|d| d.step < limit)
            .cloned()
            .collect();
        self.undo_tries = 0;
        for Done { step, undo, .. } in before {
            if !self.can_touch(step) {
                continue;
            }
            if undo.is_some() {
                self.state = self.state.to(State::Undoing { step })?;
                effects.extend(self.undoing(step));
                return Ok(effects);
            }
            if self.should_undo(step) {
                effects
                    .extend(self.freeze(step, "the driver gave nothing that takes the step back"));
            }
        }
        let end = self.end();
        effects.extend(self.finish(end)?);
        Ok(effects)
    }

    /// A verb that has no undo leaves nothing to take back (its playbook says why); one that has must give it.
    fn should_undo(&self, step: usize) -> bool {
        self.plan.steps.get(step).is_some_and(PlannedStep::can_undo)
    }

    fn can_touch(&self, step: usize) -> bool {
        self.plan
            .steps
            .get(step)
            .is_some_and(|s| !self.frozen.contains(&s.action.object))
    }

    fn end(&self) -> RunEnd {
        match (self.frozen.is_empty(), self.reason) {
            (false, _) => RunEnd::Stuck,
            (true, Some(UndoReason::HealthyAgain)) => RunEnd::Helped,
            (true, _) => RunEnd::Undone,
        }
    }

    fn finish(&mut self, end: RunEnd) -> Step {
        self.state = self.state.to(State::Ended { end })?;
        Ok(vec![Effect::Finished(end)])
    }

    fn freeze(&mut self, step: usize, reason: &str) -> Vec<Effect> {
        let Some(planned) = self.plan.steps.get(step) else {
            return vec![];
        };
        let object = planned.action.object.clone();
        if !self.frozen.insert(object.clone()) {
            return vec![];
        }
        let reason = format!("step {}: {reason}", planned.id);
        vec![Effect::Freeze { object, reason }]
    }

    fn doing(&self, step: usize) -> Option<Effect> {
        let planned = self.plan.steps.get(step)?;
        Some(Effect::Do {
            step: planned.id.clone(),
            key: self.key(step, &tried("do", self.step_tries))?,
            action: planned.action.clone(),
        })
    }

    fn undoing(&self, step: usize) -> Option<Effect> {
        let done = self.done.iter().find(|d| d.step == step)?;
        Some(Effect::Undo {
            step: self.plan.steps.get(step)?.id.clone(),
            key: self.key(step, &tried("undo", self.undo_tries))?,
            action: done.undo.clone()?,
            reason: self.reason?,
        })
    }

    fn undo_again(&self, step: usize) -> Option<Effect> {
        let Effect::Undo {
            step,
            key,
            action,
            reason,
        } = self.undoing(step)?
        else {
            return None;
        };
        let wait_ms = UNDO_WAIT_MS * u64::from(self.undo_tries) + jitter_ms(&key, UNDO_WAIT_MS / 2);
        Some(Effect::UndoAgain {
            step,
            key,
            action,
            reason,
            wait_ms,
        })
    }

    fn key(&self, step: usize, what: &str) -> Option<String> {
        let planned = self.plan.steps.get(step)?;
        Some(format!("{}/{}/{what}", self.id, planned.id))
    }
}

/// The last part of a key: `do`, then `do-2` after one failed try.
fn tried(what: &str, failed: u8) -> String {
    match failed {
        0 => what.to_owned(),
        failed => format!("{what}-{}", u32::from(failed) + 1),
    }
}

/// Less than `below_ms`, from the key: many runs do not try again at the same moment, and a replay waits alike.
fn jitter_ms(key: &str, below_ms: u64) -> u64 {
    let mixed = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed % below_ms.max(1)
}

fn told(input: &Input) -> String {
    match input {
        Input::Start => "start".to_owned(),
        Input::Answer { key, .. } => format!("take an answer to {key}"),
        Input::Again => "try again".to_owned(),
        Input::Verdict(verdict) => format!("take the verdict {verdict:?}"),
        Input::Release => "be released".to_owned(),
        Input::Kill => "be killed".to_owned(),
    }
}
