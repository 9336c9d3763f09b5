//! One run under way: what do its effects ask of the driver, the verifier and people?

use super::Output;
use crate::planner::name_of;
use zizhi_playbooks::Catalog;
use zizhi_playbooks::run::{Effect, Run, UndoReason};
use zizhi_types::negotiation::{Bid, RunEnd};
use zizhi_types::objective::Violation;
use zizhi_types::{NetTime, RunId};

/// A run under way.
pub(super) struct Active {
    pub(super) run: Run,
    pub(super) bid: Box<Bid>,
    pub(super) before: Vec<Violation>,
    /// When it was begun.
    pub(super) began: NetTime,
    /// A person said yes to it.
    pub(super) approved: bool,
    /// A held run that ended well was reported already.
    pub(super) reported: bool,
    /// Until when a person may say whether it helped.
    pub(super) unclear_until: Option<NetTime>,
    /// An undo that is tried again, and when.
    pub(super) later: Option<(NetTime, Box<Output>)>,
    /// When a step that failed without effect is tried again.
    pub(super) again_at: Option<NetTime>,
}

impl Active {
    pub(super) const fn id(&self) -> &RunId {
        self.run.id()
    }
}

impl Active {
    pub(super) fn carry_out(
        &mut self,
        effect: Effect,
        now: NetTime,
        catalog: &Catalog,
    ) -> Vec<Output> {
        let (run, plan) = (self.run.id().clone(), Box::new(self.bid.plan.clone()));
        let limit = |step: &str| {
            plan.steps
                .iter()
                .find(|s| s.id == step)
                .map_or(30_000, |s| s.timeout_ms)
        };
        let undo = |step: String, key, action, reason: UndoReason| Output::Undo {
            run: run.clone(),
            plan: plan.clone(),
            timeout_ms: limit(&step),
            step,
            key,
            action,
            reason: reason.as_str().to_owned(),
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
            } => vec![undo(step, key, action, reason)],
            Effect::UndoAgain {
                step,
                key,
                action,
                reason,
                wait_ms,
            } => {
                let again = undo(step, key, action, reason);
                self.later = Some((now + wait_ms, Box::new(again)));
                vec![]
            }
            Effect::TryAgain { wait_ms, .. } => {
                self.again_at = Some(now + wait_ms);
                vec![]
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
