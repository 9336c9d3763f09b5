//! Where did each run stand? Its state machine is told again what the records say it was told.

use std::collections::BTreeMap;
use zizhi_playbooks::DriverError;
use zizhi_playbooks::run::{Input, Run, State, UndoReason};
use zizhi_types::negotiation::{Bid, Lease, RunEnd};
use zizhi_types::objective::Violation;
use zizhi_types::plan::{Fingerprint, Rehearsal};
use zizhi_types::record::Verdict;
use zizhi_types::{Body, IncidentId, NetTime, Plan, PlanId, Record, RecordId, RunId};

/// A change that was handed to the driver and has no answer in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// Which step.
    pub step: String,
    /// Under which key.
    pub key: String,
    /// Whether it takes the step back.
    pub undo: bool,
}

/// A run that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRun {
    /// As it stood.
    pub run: Run,
    /// Under which lease.
    pub lease: Lease,
    /// What it carries out, with what the twin had said.
    pub bid: Bid,
    /// What was violated before.
    pub before: Vec<Violation>,
    /// What was with the driver.
    pub in_flight: Option<InFlight>,
    /// When it was begun.
    pub began: NetTime,
    /// Its newest record.
    pub newest: RecordId,
    /// When its newest record was written.
    pub at: NetTime,
}

/// A run that ended, or a plan that was committed and never begun.
#[derive(Debug, Clone, PartialEq)]
pub struct EndedRun {
    /// Of which incident.
    pub incident: IncidentId,
    /// Which plan.
    pub plan: PlanId,
    /// Under which lease.
    pub lease: Lease,
    /// With what the twin had said.
    pub bid: Bid,
    /// How it ended.
    pub outcome: RunEnd,
    /// Why it was taken back, if it was.
    pub reason: Option<UndoReason>,
    /// When.
    pub at: NetTime,
}

#[derive(Default)]
pub(super) struct Runs {
    rehearsals: BTreeMap<PlanId, Rehearsal>,
    committed: BTreeMap<PlanId, Committed>,
    open: BTreeMap<RunId, OpenRun>,
    ended: Vec<EndedRun>,
}

struct Committed {
    plan: Plan,
    lease: Lease,
    before: Vec<Violation>,
    at: NetTime,
}

impl Runs {
    pub(super) fn take(&mut self, record: &Record, plans: &BTreeMap<PlanId, Plan>) {
        match &record.body {
            Body::Rehearsed { plan, rehearsal } => {
                self.rehearsals.insert(plan.clone(), rehearsal.clone());
            }
            Body::BidReceived { bid, .. } => {
                let kept = (bid.plan.id.clone(), bid.rehearsal.clone());
                self.rehearsals.insert(kept.0, kept.1);
            }
            Body::Committed {
                plan,
                lease,
                before,
            } => {
                if let Some(whole) = plans.get(plan) {
                    let committed = Committed {
                        plan: whole.clone(),
                        lease: *lease,
                        before: before.clone(),
                        at: record.at,
                    };
                    self.committed.insert(plan.clone(), committed);
                }
            }
            Body::StepStarted {
                run,
                plan,
                step,
                key,
                ..
            } => self.step_started(record, run, plan, step, key),
            Body::UndoStarted {
                run, step, reason, ..
            } => self.undo_started(record, run, step, reason),
            Body::StepDone { run, receipt, .. } | Body::UndoDone { run, receipt, .. } => {
                self.answered(record, run, Ok(receipt.clone()));
            }
            Body::StepFailed {
                run,
                reason,
                effect_unknown,
                ..
            }
            | Body::UndoFailed {
                run,
                reason,
                effect_unknown,
                ..
            } => self.answered(record, run, Err(as_told(reason, *effect_unknown))),
            Body::Verified { run, verdict, .. } => {
                self.tell(record, run, Input::Verdict(*verdict));
            }
            Body::Approved {
                fingerprint,
                granted,
                ..
            } => self.approved(record, fingerprint, *granted),
            _ => {}
        }
    }

    fn step_started(&mut self, record: &Record, run: &RunId, plan: &PlanId, step: &str, key: &str) {
        if !self.open.contains_key(run) {
            let Some(committed) = self.committed.remove(plan) else {
                return;
            };
            let begun = self.begin(run, committed, record);
            self.open.insert(run.clone(), begun);
        }
        if let Some(open) = self.open.get_mut(run) {
            if matches!(open.run.state(), State::Waiting { .. }) {
                let _ = open.run.on(Input::Again);
            }
            open.in_flight = Some(InFlight {
                step: step.to_owned(),
                key: key.to_owned(),
                undo: false,
            });
            open.touch(record);
        }
    }

    fn begin(&self, id: &RunId, committed: Committed, record: &Record) -> OpenRun {
        let mut run = Run::new(id.clone(), committed.plan.clone());
        // A run that is ready can always be started.
        let _ = run.on(Input::Start);
        OpenRun {
            run,
            lease: committed.lease,
            bid: self.bid(committed.plan),
            before: committed.before,
            in_flight: None,
            began: committed.at,
            newest: record.id.clone(),
            at: record.at,
        }
    }

    pub(super) fn bid(&self, plan: Plan) -> Bid {
        let rehearsal = self.rehearsals.get(&plan.id).cloned().unwrap_or_default();
        Bid {
            plan,
            rehearsal,
            success_rate: 0.5,
            tried: 0,
        }
    }

    fn undo_started(&mut self, record: &Record, id: &RunId, step: &str, reason: &str) {
        // A standing or watched run is taken back for one of two reasons that no other record tells.
        if let Some(open) = self.open.get_mut(id) {
            let input = match reason {
                "healthy-again" => Input::Release,
                _ => Input::Kill,
            };
            // A step that a restart prevented has no record of its own: it was never handed to the driver.
            if let (State::Stepping { .. }, Some(key), None) =
                (open.run.state(), open.run.awaited(), &open.in_flight)
            {
                let result = Err(DriverError::Refused("not begun".to_owned()));
                let _ = open.run.on(Input::Answer { key, result });
            }
            if !matches!(open.run.state(), State::Undoing { .. }) {
                let _ = open.run.on(input);
            }
            if let Some(key) = open.run.awaited() {
                open.in_flight = Some(InFlight {
                    step: step.to_owned(),
                    key,
                    undo: true,
                });
            }
            open.touch(record);
        }
    }

    fn answered(
        &mut self,
        record: &Record,
        id: &RunId,
        result: Result<zizhi_types::Receipt, DriverError>,
    ) {
        if let Some(open) = self.open.get_mut(id) {
            open.in_flight = None;
            if let Some(key) = open.run.awaited() {
                let _ = open.run.on(Input::Answer { key, result });
            }
        }
        self.settle(record, id);
    }

    fn tell(&mut self, record: &Record, id: &RunId, input: Input) {
        if let Some(open) = self.open.get_mut(id) {
            let _ = open.run.on(input);
        }
        self.settle(record, id);
    }

    fn approved(&mut self, record: &Record, fingerprint: &Fingerprint, granted: bool) {
        let unclear =
            |r: &OpenRun| r.run.state() == State::Unclear && r.bid.plan.fingerprint == *fingerprint;
        let waiting = self.open.iter().find(|(_, r)| unclear(r));
        if let Some(id) = waiting.map(|(id, _)| id.clone()) {
            let verdict = if granted {
                Verdict::Pass
            } else {
                Verdict::Fail
            };
            self.tell(record, &id, Input::Verdict(verdict));
        }
    }

    /// A run that has come to its end moves over.
    fn settle(&mut self, record: &Record, id: &RunId) {
        let Some(open) = self.open.get_mut(id) else {
            return;
        };
        open.touch(record);
        if let State::Ended { end } = open.run.state()
            && let Some(open) = self.open.remove(id)
        {
            self.ended.push(EndedRun {
                incident: open.bid.plan.incident.clone(),
                plan: open.bid.plan.id.clone(),
                lease: open.lease,
                reason: open.run.undo_reason(),
                bid: open.bid,
                outcome: end,
                at: record.at,
            });
        }
    }

    pub(super) fn finish(mut self) -> (Vec<OpenRun>, Vec<EndedRun>) {
        for committed in std::mem::take(&mut self.committed).into_values() {
            let bid = self.bid(committed.plan);
            self.ended.push(EndedRun {
                incident: bid.plan.incident.clone(),
                plan: bid.plan.id.clone(),
                lease: committed.lease,
                bid,
                outcome: RunEnd::NotRun,
                reason: None,
                at: committed.at,
            });
        }
        (self.open.into_values().collect(), self.ended)
    }
}

/// What the driver said, as it was written down then: whether it may be tried again depends on it.
fn as_told(reason: &str, effect_unknown: bool) -> DriverError {
    match reason.strip_prefix("failed without effect: ") {
        _ if effect_unknown => DriverError::Unknown(reason.to_owned()),
        Some(why) => DriverError::Failed(why.to_owned()),
        None => DriverError::Refused(reason.to_owned()),
    }
}

impl OpenRun {
    fn touch(&mut self, record: &Record) {
        self.newest = record.id.clone();
        self.at = record.at;
    }

    /// The word that [`Body::RunResumed`] uses for where it was found, before the driver was asked.
    pub fn found(&self) -> &'static str {
        match self.run.state() {
            State::Ready => "not-begun",
            State::Stepping { .. } | State::Waiting { .. } | State::Undoing { .. } => {
                "between-steps"
            }
            State::Verifying => "verifying",
            State::Unclear => "unclear",
            State::Held | State::Ended { .. } => "standing",
        }
    }
}
