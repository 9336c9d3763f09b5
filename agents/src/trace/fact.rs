//! What does a record add to its incident's trace?

use crate::meter::words::{ending, outcome, refusal, ruling, verdict};
use zizhi_bus::otlp_export::Value;
use zizhi_types::record::{Ending, Verdict};
use zizhi_types::{Body, Domain, NetTime, Record, RecordId, RunId, Stage};

/// Longest text that is taken over, in characters: a trace is no place for a device's speeches.
const TEXT_MAX: usize = 200;

/// Attributes: names of ours begin with `zizhi.`.
pub(super) type Attributes = Vec<(&'static str, Value)>;

/// The part of a record that matters to where its span is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Turn {
    /// Nothing but a moment of its stage.
    Plain,
    /// The incident begins.
    Opened,
    /// The incident ends.
    Closed(Ending),
    /// A symptom began earlier than it was noticed.
    Detected { onset: NetTime },
    /// A step, or the taking back of one, begins.
    Begun {
        run: RunId,
        step: String,
        undo: bool,
    },
    /// It ends; `failed` says why where it failed.
    Ended {
        run: RunId,
        step: String,
        undo: bool,
        failed: Option<String>,
    },
    /// A run is judged.
    Judged { run: RunId, verdict: Verdict },
}

/// One record, as a trace needs it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    pub id: RecordId,
    pub at: NetTime,
    pub domain: Option<Domain>,
    pub stage: Stage,
    pub causes: Vec<RecordId>,
    pub name: &'static str,
    pub attributes: Attributes,
    pub turn: Turn,
}

impl Fact {
    pub(super) fn of(record: &Record) -> Self {
        let (name, attributes) = told(&record.body);
        Self {
            id: record.id.clone(),
            at: record.at,
            domain: record.domain,
            stage: record.stage,
            causes: record.causes.clone(),
            name,
            attributes,
            turn: turn(&record.body),
        }
    }
}

fn turn(body: &Body) -> Turn {
    let ended = |run: &RunId, step: &str, undo, failed| Turn::Ended {
        run: run.clone(),
        step: step.to_owned(),
        undo,
        failed,
    };
    match body {
        Body::IncidentOpened { .. } => Turn::Opened,
        Body::IncidentClosed { ending } => Turn::Closed(*ending),
        Body::AnomalyRaised { anomaly } => Turn::Detected {
            onset: anomaly.onset,
        },
        Body::StepStarted { run, step, .. } => Turn::Begun {
            run: run.clone(),
            step: step.clone(),
            undo: false,
        },
        Body::UndoStarted { run, step, .. } => Turn::Begun {
            run: run.clone(),
            step: step.clone(),
            undo: true,
        },
        Body::StepDone { run, step, .. } => ended(run, step, false, None),
        Body::UndoDone { run, step, .. } => ended(run, step, true, None),
        Body::StepFailed {
            run, step, reason, ..
        } => ended(run, step, false, Some(short(reason))),
        Body::UndoFailed {
            run, step, reason, ..
        } => ended(run, step, true, Some(short(reason))),
        Body::Verified { run, verdict, .. } => Turn::Judged {
            run: run.clone(),
            verdict: *verdict,
        },
        _ => Turn::Plain,
    }
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

fn word(key: &'static str, value: impl ToString) -> (&'static str, Value) {
    (key, Value::Text(short(&value.to_string())))
}

/// What the moment is called, and what it says.
fn told(body: &Body) -> (&'static str, Attributes) {
    match body {
        Body::AnomalyRaised { anomaly } => (
            "anomaly raised",
            vec![
                word("zizhi.object", &anomaly.object),
                word("zizhi.metric", anomaly.metric.as_str()),
            ],
        ),
        Body::IncidentOpened { lease, .. } => {
            ("incident opened", vec![word("zizhi.leader", lease.leader)])
        }
        Body::TookOver { lease, .. } => {
            ("lead taken over", vec![word("zizhi.leader", lease.leader)])
        }
        Body::SymptomsJoined { .. } => ("symptoms joined", vec![]),
        Body::IncidentClosed { ending: how } => {
            ("incident closed", vec![word("zizhi.ending", ending(*how))])
        }
        Body::Diagnosed { hypotheses, .. } => {
            let best = hypotheses.first().map(|h| {
                let probability = Value::Number(h.probability);
                vec![
                    word("zizhi.object", &h.object),
                    word("zizhi.fault", h.fault),
                    ("zizhi.probability", probability),
                ]
            });
            ("causes ranked", best.unwrap_or_default())
        }
        Body::EvidenceInsufficient { need } => {
            ("evidence insufficient", vec![word("zizhi.need", need)])
        }
        Body::Planned { plans, .. } => {
            let first = plans.first().map(|p| word("zizhi.plan", p));
            ("plans found", first.into_iter().collect())
        }
        Body::NoPlan { reason } => ("no plan", vec![word("zizhi.reason", reason)]),
        other => agreed(other),
    }
}

fn agreed(body: &Body) -> (&'static str, Attributes) {
    match body {
        Body::Called { .. } => ("called for remedies", vec![]),
        Body::BidReceived { from, bid } => (
            "remedy offered",
            vec![
                word("zizhi.from", from),
                word("zizhi.plan", &bid.plan.id),
                word("zizhi.playbook", &bid.plan.playbook),
            ],
        ),
        Body::Refused { from, reason, .. } => (
            "refused",
            vec![
                word("zizhi.from", from),
                word("zizhi.refusal", refusal(reason)),
            ],
        ),
        Body::Awarded { plan, to, .. } => (
            "awarded",
            vec![word("zizhi.plan", plan), word("zizhi.to", to)],
        ),
        Body::Committed { plan, .. } => ("committed", vec![word("zizhi.plan", plan)]),
        Body::Aborted { plan, reason } => (
            "aborted",
            vec![word("zizhi.plan", plan), word("zizhi.reason", reason)],
        ),
        Body::Rehearsed { plan, rehearsal } => (
            "rehearsed",
            vec![
                word("zizhi.plan", plan),
                ("zizhi.makes_worse", Value::Flag(rehearsal.makes_worse)),
            ],
        ),
        Body::Decided {
            plan,
            mode,
            ruling: said,
            ..
        } => (
            "decided",
            vec![
                word("zizhi.plan", &plan.id),
                word("zizhi.playbook", &plan.playbook),
                word("zizhi.mode", mode),
                word("zizhi.ruling", ruling(*said)),
            ],
        ),
        Body::Approved { granted, .. } => (
            "person answered",
            vec![("zizhi.granted", Value::Flag(*granted))],
        ),
        Body::Escalated { reason } => ("escalated", vec![word("zizhi.reason", reason)]),
        other => acted(other),
    }
}

fn acted(body: &Body) -> (&'static str, Attributes) {
    match body {
        Body::StepStarted {
            run,
            plan,
            step,
            action,
            ..
        } => (
            "step started",
            vec![
                word("zizhi.run", run),
                word("zizhi.plan", plan),
                word("zizhi.step", step),
                word("zizhi.verb", action.verb),
                word("zizhi.object", &action.object),
            ],
        ),
        Body::UndoStarted {
            run,
            step,
            action,
            reason,
        } => (
            "undo started",
            vec![
                word("zizhi.run", run),
                word("zizhi.step", step),
                word("zizhi.verb", action.verb),
                word("zizhi.object", &action.object),
                word("zizhi.reason", reason),
            ],
        ),
        Body::StepDone { .. } => ("step done", vec![]),
        Body::StepFailed { .. } => ("step failed", vec![]),
        Body::UndoDone { .. } => ("undo done", vec![]),
        Body::UndoFailed { .. } => ("undo failed", vec![]),
        Body::RunResumed { run, found, .. } => (
            "run resumed",
            vec![word("zizhi.run", run), word("zizhi.found", found)],
        ),
        Body::Frozen { reason } => ("object frozen", vec![word("zizhi.reason", reason)]),
        Body::Verified {
            run,
            verdict: said,
            reason,
            ..
        } => (
            "verified",
            vec![
                word("zizhi.run", run),
                word("zizhi.verdict", verdict(*said)),
                word("zizhi.reason", reason),
            ],
        ),
        Body::Remembered {
            fault,
            playbook,
            outcome: how,
            ..
        } => (
            "remembered",
            vec![
                word("zizhi.fault", fault),
                word("zizhi.playbook", playbook),
                word("zizhi.outcome", outcome(*how)),
            ],
        ),
        _ => ("noted", vec![]),
    }
}
