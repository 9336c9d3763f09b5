//! After a restart: where did each run stand, and what becomes of it?
//!
//! A step that was with the driver is looked up by its key. If it was done, the run goes on from there; if it never came,
//! it counts as failed, since what was decided before the restart may be wrong by now, and what was done before it is
//! taken back; if nobody can tell, its object is frozen. A change that takes something back is done if it never came.
//! No step of the plan is begun after a restart.

use super::Output;
use super::engine::{Active, Executor};
use super::messages::{Around, History};
use crate::recovery::OpenRun;
use zizhi_playbooks::run::{self, State};
use zizhi_playbooks::{DriverError, Recall};
use zizhi_types::{NetTime, RunId};

/// What is said of a step that the restart prevented.
const NEVER_CAME: &str = "it had not reached the network when the agent was killed";

/// What is said of a further try that the restart prevented.
const BETWEEN_TRIES: &str = "the agent was killed between two tries of the step";

impl Executor {
    pub(super) fn restore(
        &mut self,
        runs: Vec<OpenRun>,
        history: History,
        now: NetTime,
    ) -> Vec<Output> {
        let mut outputs = self.remember(history, now);
        for open in runs {
            outputs.extend(self.take_up(open, now));
        }
        outputs
    }

    fn take_up(&mut self, open: OpenRun, now: NetTime) -> Vec<Output> {
        let (id, found) = (open.run.id().clone(), open.found());
        let plan = Box::new(open.bid.plan.clone());
        let in_flight = open.in_flight.clone();
        self.runs.insert(id.clone(), Active::resumed(open));
        if let Some(flight) = in_flight {
            return vec![Output::Recall {
                run: id,
                step: flight.step,
                key: flight.key,
            }];
        }
        let mut outputs = vec![Output::Resumed {
            run: id.clone(),
            plan,
            found,
        }];
        outputs.extend(self.go_on(&id, now));
        outputs
    }

    /// Nothing of the run is with the driver.
    fn go_on(&mut self, id: &RunId, now: NetTime) -> Vec<Output> {
        let Some(active) = self.runs.get_mut(id) else {
            return vec![];
        };
        if let (State::Stepping { .. }, Some(key)) = (active.run.state(), active.run.awaited()) {
            // Refused, not failed: a failure might be tried again, and no step is begun after a restart.
            let result = Err(DriverError::Refused(NEVER_CAME.to_owned()));
            return self.tell(id, run::Input::Answer { key, result }, now);
        }
        if let State::Waiting { .. } = active.run.state() {
            return self.stop_trying(id, now);
        }
        let effects = active.run.resume(false).unwrap_or_default();
        self.carry_out(id, effects, now)
    }

    /// The agent was killed between two tries of a step: there is no further one.
    fn stop_trying(&mut self, id: &RunId, now: NetTime) -> Vec<Output> {
        let Some(active) = self.runs.get_mut(id) else {
            return vec![];
        };
        // The effect is not carried out: the driver never hears of it.
        let _ = active.run.on(run::Input::Again);
        let Some(key) = active.run.awaited() else {
            return vec![];
        };
        let result = Err(DriverError::Refused(BETWEEN_TRIES.to_owned()));
        self.tell(id, run::Input::Answer { key, result }, now)
    }

    pub(super) fn recalled(
        &mut self,
        id: &RunId,
        step: String,
        found: Recall,
        around: &Around,
        now: NetTime,
    ) -> Vec<Output> {
        let Some(active) = self.runs.get(id) else {
            return vec![];
        };
        let undo = matches!(active.run.state(), State::Undoing { .. });
        let mut outputs = vec![Output::Resumed {
            run: id.clone(),
            plan: Box::new(active.bid.plan.clone()),
            found: word(&found),
        }];
        outputs.extend(match found {
            // What failed without effect might be tried again, and no step is begun after a restart.
            Recall::Answered(Err(DriverError::Failed(why))) if !undo => {
                self.driven(id, step, Err(DriverError::Refused(why)), around, now)
            }
            Recall::Answered(result) => self.driven(id, step, result, around, now),
            Recall::NeverCame if undo => self.go_on(id, now),
            Recall::NeverCame => {
                let result = Err(DriverError::Refused(NEVER_CAME.to_owned()));
                self.driven(id, step, result, around, now)
            }
            Recall::Unknown => {
                let why = "the agent was killed while the change was under way".to_owned();
                self.driven(id, step, Err(DriverError::Unknown(why)), around, now)
            }
        });
        outputs
    }
}

const fn word(found: &Recall) -> &'static str {
    match found {
        Recall::Answered(_) => "step-was-done",
        Recall::NeverCame => "step-was-not-done",
        Recall::Unknown => "step-is-unknown",
    }
}

impl Active {
    fn resumed(open: OpenRun) -> Self {
        // A standing remedy was reported when its verdict came; so was one that is taken back because it did its work.
        let healthy = open.run.undo_reason() == Some(run::UndoReason::HealthyAgain);
        Self {
            reported: healthy,
            run: open.run,
            bid: Box::new(open.bid),
            before: open.before,
            began: open.began,
            // What was approved was approved before the restart; no step of the plan is begun after one.
            approved: true,
            unclear_until: None,
            later: None,
            again_at: None,
        }
    }
}
