//! From an award to its outcome: decide, act, verify, take back.

use super::command::{Command, Task};
use super::engine::{Loop, ask};
use super::scribe::Draft;
use crate::{correlator, detector, executor, negotiator, planner, verifier};
use std::sync::Arc;
use zizhi_playbooks::DriverError;
use zizhi_types::action::{Action, Receipt};
use zizhi_types::negotiation::{Lease, RunEnd};
use zizhi_types::objective::Violation;
use zizhi_types::plan::Mode;
use zizhi_types::record::{Difference, GuardResult, Ruling, Who};
use zizhi_types::wire::{Approval, ApprovalRequest};
use zizhi_types::{Body, IncidentId, ManagedObject, NetTime, Plan, PlanId, RecordId, RunId};

impl Loop {
    #[expect(clippy::too_many_lines, reason = "a flat table: one arm per output")]
    pub(super) fn executed(&mut self, output: executor::Output) -> Vec<Command> {
        use executor::Output as O;
        match output {
            O::Decided {
                plan,
                mode,
                guards,
                ruling,
            } => vec![self.decided(plan, mode, guards, ruling)],
            asked @ O::AskApproval { .. } => self.asked(asked),
            O::AnswerRefused { approval, reason } => vec![self.answer_refused(approval, reason)],
            O::ApprovalEnded(request) => vec![self.approval_ended(*request)],
            O::Switched(order) => vec![self.switched(order), Command::Sync],
            O::BreakerClosed(order) => vec![self.breaker_closed(order)],
            O::Approved { plan, approval } => vec![self.approved(&plan, approval)],
            O::Commit {
                run,
                plan,
                lease,
                before,
            } => self.commit(run, &plan, lease, before),
            O::Resumed { run, plan, found } => vec![self.run_resumed(&run, &plan, found)],
            O::Recall { run, step, key } => vec![Command::Recall { run, step, key }],
            O::Do {
                run,
                plan,
                step,
                key,
                action,
                timeout_ms,
            } => {
                let body = Body::StepStarted {
                    run: run.clone(),
                    plan: plan.id.clone(),
                    step: step.clone(),
                    key: key.clone(),
                    action: action.clone(),
                };
                let drive = Command::Drive {
                    run,
                    step,
                    key,
                    action,
                    timeout_ms,
                    undo: false,
                };
                self.change(&plan, body, drive)
            }
            O::Undo {
                run,
                plan,
                step,
                key,
                action,
                timeout_ms,
                reason,
            } => {
                let body = Body::UndoStarted {
                    run: run.clone(),
                    step: step.clone(),
                    action: action.clone(),
                    reason,
                };
                let drive = Command::Drive {
                    run,
                    step,
                    key,
                    action,
                    timeout_ms,
                    undo: true,
                };
                self.change(&plan, body, drive)
            }
            O::Answered {
                run,
                plan,
                step,
                undo,
                result,
                difference,
            } => {
                let body = answered(run.clone(), step, undo, result, difference);
                vec![self.answered(&run, &plan, body)]
            }
            O::Verify { run, bid, before } => {
                let watch = verifier::Watch {
                    run,
                    plan: bid.plan,
                    before,
                    predicted: bid.rehearsal.changes,
                };
                vec![ask(Task::Verifier(verifier::Input::Watch(Box::new(watch))))]
            }
            O::Unclear { plan, expires, .. } => self.unclear(*plan, expires),
            O::Standing { run, plan } => {
                vec![ask(Task::Verifier(verifier::Input::Guard { run, plan }))]
            }
            O::Ended { plan, run, outcome } => self.ended(&plan, run, outcome),
            O::Released { run, plan } => {
                self.runs.remove(&run);
                vec![
                    ask(Task::Verifier(verifier::Input::Forget(run))),
                    self.echo(&plan.incident),
                ]
            }
            O::Frozen {
                object,
                plan,
                reason,
            } => vec![self.frozen(&object, &plan, reason)],
        }
    }

    fn decided(
        &mut self,
        plan: Box<Plan>,
        mode: Mode,
        guards: Vec<GuardResult>,
        ruling: Ruling,
    ) -> Command {
        let (id, incident, suspect) =
            (plan.id.clone(), plan.incident.clone(), plan.suspect.clone());
        let trail = self.trail(&incident);
        let award = trail.told().into_iter();
        let causes: Vec<_> = award.chain(trail.plans.get(&id).cloned()).collect();
        let body = Body::Decided {
            plan,
            mode,
            guards,
            ruling,
        };
        let draft = Draft::new(body).of(&incident).about(&suspect);
        let (record, command) = self.append(draft.because(causes));
        self.trail(&incident).plans.insert(id, record);
        command
    }

    pub(super) fn ask_approval(
        &self,
        plan: Plan,
        cause: RecordId,
        expires: NetTime,
        revision: String,
    ) -> Command {
        let request = ApprovalRequest {
            incident: plan.incident.clone(),
            plan,
            cause,
            expires,
            revision,
        };
        self.publish("plan", "approval-request", &request)
    }

    fn approved(&mut self, plan: &Plan, approval: Approval) -> Command {
        let causes = self.trail(&plan.incident).for_plan(&plan.id);
        let body = Body::Approved {
            fingerprint: approval.fingerprint,
            granted: approval.granted,
            reason: approval.reason,
            considered_ms: approval.considered_ms,
        };
        let draft = Draft::new(body)
            .of(&plan.incident)
            .because(causes)
            .by(Who::Human { name: approval.by });
        let (record, command) = self.append(draft);
        let trail = self.trail(&plan.incident);
        trail.plans.insert(plan.id.clone(), record);
        command
    }

    fn commit(
        &mut self,
        run: RunId,
        plan: &Plan,
        lease: Lease,
        before: Vec<Violation>,
    ) -> Vec<Command> {
        let causes = self.trail(&plan.incident).for_plan(&plan.id);
        let body = Body::Committed {
            plan: plan.id.clone(),
            lease,
            before,
        };
        let record = self.of_run(&run, plan, body, causes);
        self.runs.insert(run, plan.incident.clone());
        let committed = negotiator::Input::Committed(plan.id.clone());
        vec![record, ask(Task::Negotiator(committed))]
    }

    /// What must be on disk and known to the detector before the driver is called, and the call.
    fn change(&mut self, plan: &Plan, body: Body, drive: Command) -> Vec<Command> {
        let Command::Drive { run, action, .. } = &drive else {
            return vec![];
        };
        let causes = self.trail(&plan.incident).for_run(run);
        let mut commands = vec![self.of_run(run, plan, body, causes), Command::Sync];
        commands.extend(self.intend(action));
        commands.push(self.echo(&plan.incident));
        commands.push(drive);
        commands
    }

    fn answered(&mut self, run: &RunId, plan: &Plan, body: Body) -> Command {
        let causes = self.trail(&plan.incident).for_run(run);
        self.of_run(run, plan, body, causes)
    }

    fn unclear(&mut self, plan: Plan, expires: NetTime) -> Vec<Command> {
        let reason = "it cannot be told whether the change helped".to_owned();
        let causes = self.trail(&plan.incident).for_plan(&plan.id);
        let draft = Draft::new(Body::Escalated { reason });
        let (cause, command) = self.append(draft.of(&plan.incident).because(causes));
        vec![
            command,
            self.ask_approval(plan, cause, expires, String::new()),
        ]
    }

    fn frozen(&mut self, object: &ManagedObject, plan: &PlanId, reason: String) -> Command {
        let has_it = |i: &&IncidentId| {
            let trail = self.trails.get(*i);
            trail.is_some_and(|t| t.plans.contains_key(plan))
        };
        let incident = self.runs.values().find(has_it).cloned();
        let mut draft = Draft::new(Body::Frozen { reason }).about(object);
        if let Some(incident) = incident {
            let last = self.last(&incident);
            draft = draft.of(&incident).because(last);
        }
        self.append(draft).1
    }

    pub(super) fn of_run(
        &mut self,
        run: &RunId,
        plan: &Plan,
        body: Body,
        causes: Vec<RecordId>,
    ) -> Command {
        let object = match &body {
            Body::StepStarted { action, .. } | Body::UndoStarted { action, .. } => {
                action.object.clone()
            }
            _ => plan.suspect.clone(),
        };
        let (record, command) = self.append(
            Draft::new(body)
                .of(&plan.incident)
                .about(&object)
                .because(causes),
        );
        self.trail(&plan.incident).runs.insert(run.clone(), record);
        command
    }

    /// What the network does right after a change may be its echo.
    fn echo(&self, incident: &IncidentId) -> Command {
        let until = self.now + self.config.correlator.echo_ms;
        ask(Task::Correlator(correlator::Input::Changed {
            incident: incident.clone(),
            until,
        }))
    }

    /// A setting that we are about to change is intended from now on.
    pub(super) fn intend(&mut self, action: &Action) -> Vec<Command> {
        let mut commands = vec![];
        for sample in self.picture.sets(action) {
            Arc::make_mut(&mut self.picture).intend(&sample.object, sample.metric, sample.value);
            commands.push(ask(Task::Detector(detector::Input::Intend(sample))));
        }
        commands
    }

    pub(super) fn driven(
        &self,
        run: RunId,
        step: String,
        result: Result<Receipt, DriverError>,
    ) -> Vec<Command> {
        vec![ask(Task::Executor(executor::Input::Driven {
            run,
            step,
            result,
            around: self.around(),
        }))]
    }

    fn ended(&mut self, plan: &Plan, run: Option<RunId>, outcome: RunEnd) -> Vec<Command> {
        let stands = plan.temporary && outcome == RunEnd::Helped;
        let mut commands = vec![];
        if let Some(run) = run.filter(|_| !stands) {
            self.runs.remove(&run);
            commands.push(ask(Task::Verifier(verifier::Input::Forget(run))));
        }
        commands.push(ask(Task::Negotiator(negotiator::Input::Ended {
            plan: plan.id.clone(),
            outcome,
        })));
        commands
    }

    pub(super) fn verified(&mut self, output: verifier::Output) -> Vec<Command> {
        match output {
            verifier::Output::Verdict {
                run,
                verdict,
                before,
                after,
                reason,
                twin_error,
                actions,
            } => {
                let Some(incident) = self.runs.get(&run).cloned() else {
                    return vec![];
                };
                let causes = self.trail(&incident).for_run(&run);
                let body = Body::Verified {
                    run: run.clone(),
                    verdict,
                    before,
                    after,
                    reason,
                };
                let (record, command) = self.append(Draft::new(body).of(&incident).because(causes));
                self.trail(&incident).runs.insert(run.clone(), record);
                let mut commands = vec![command];
                if let Some(error) = twin_error {
                    commands.push(ask(Task::Planner(planner::Input::TwinMissedBy {
                        actions,
                        error,
                    })));
                }
                commands.push(ask(Task::Executor(executor::Input::Verdict {
                    run,
                    verdict,
                })));
                commands
            }
            verifier::Output::HealthyAgain(run) => {
                vec![ask(Task::Executor(executor::Input::Release(run)))]
            }
        }
    }
}

fn answered(
    run: RunId,
    step: String,
    undo: bool,
    result: Result<Receipt, DriverError>,
    difference: Option<Difference>,
) -> Body {
    match (result, undo) {
        (Ok(receipt), false) => Body::StepDone { run, step, receipt },
        (Ok(receipt), true) => Body::UndoDone { run, step, receipt },
        (Err(error), true) => Body::UndoFailed {
            run,
            step,
            reason: error.to_string(),
            effect_unknown: matches!(error, DriverError::Unknown(_)),
            difference,
        },
        (Err(error), false) => Body::StepFailed {
            run,
            step,
            effect_unknown: matches!(error, DriverError::Unknown(_)),
            reason: error.to_string(),
        },
    }
}
