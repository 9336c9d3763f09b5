//! Is the plan better than doing nothing?
//!
//! In: the mirrored state, a plan's actions, the objectives. Out: what is violated with and without the plan, and
//! whether anything protected gets worse. The planner calls it before every award.
//!
//! Protected are service and resource objectives. A setting that the plan changes on purpose is not held against it.
//! A prediction that passes a limit by less than the twin can tell counts as kept: see [`tolerance`].

use crate::TwinError;
use crate::anchor;
use crate::predict::Prediction;
use crate::state::TwinState;
use zizhi_types::action::{Action, Verb};
use zizhi_types::metric::Metric;
use zizhi_types::object::ObjectKind;
use zizhi_types::objective::{Comparison, Importance, Objective, Violation};
use zizhi_types::plan::{PredictedChange, Rehearsal};
use zizhi_types::time::NetTime;

/// A violated objective is more violated when its excess grows by this share of its limit ([`Rehearsal::makes_worse`]).
const WORSE: f64 = 0.1;
/// Changes that a rehearsal lists at most.
const CHANGES: usize = 8;
/// A smaller change than this share of the limit is not worth a line.
const NOTABLE: f64 = 0.01;

/// What the undo of a plan leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoRehearsal {
    /// The actions that take the plan back, in the order in which they must be done.
    pub undo: Vec<Action>,
    /// After plan and undo the network is as it was before.
    pub returns: bool,
}

/// Compares a plan's actions with doing nothing. The twin's own error is filled in by [`crate::Twin::rehearse`].
pub fn rehearse(
    state: &TwinState,
    actions: &[Action],
    objectives: &[Objective],
    now: NetTime,
) -> Result<Rehearsal, TwinError> {
    let (without, futures) = futures(state, actions)?;
    let judged: Vec<Judged<'_>> = objectives
        .iter()
        .filter(|o| !on_purpose(o, actions))
        .filter_map(|o| judge(o, &without, &futures))
        .collect();
    Ok(Rehearsal {
        without: judged
            .iter()
            .filter_map(|j| j.violation(j.without))
            .collect(),
        with: judged.iter().filter_map(|j| j.violation(j.with)).collect(),
        changes: changes(&judged),
        makes_worse: judged.iter().any(Judged::is_worse),
        error: 0.0,
        error_samples: 0,
        state_age_ms: state.age_ms(now),
    })
}

/// What is predicted when nothing is done, and for every outage on the way and what comes after.
pub(crate) fn futures(
    state: &TwinState,
    actions: &[Action],
) -> Result<(Prediction, Vec<Prediction>), TwinError> {
    let present = state.fork();
    let today = present.model();
    let without = anchor::predict(&present, &today, &present, &today);
    let mut branch = present.fork();
    let mut futures = vec![];
    for action in actions {
        if let Some(cut) = branch.outage(action, &today)? {
            futures.push(anchor::predict(&present, &today, &cut, &cut.model()));
        }
        branch.apply(action)?;
    }
    futures.push(anchor::predict(&present, &today, &branch, &branch.model()));
    Ok((without, futures))
}

/// Does the actions in a branch, takes them back in the reverse order, and looks whether all is as before.
/// An action that nothing takes back is an error.
pub fn rehearse_undo(state: &TwinState, actions: &[Action]) -> Result<UndoRehearsal, TwinError> {
    let present = state.fork();
    let mut branch = present.fork();
    let mut undo = vec![];
    for action in actions {
        undo.push(branch.undo_of(action)?);
        branch.apply(action)?;
    }
    undo.reverse();
    for action in &undo {
        branch.apply(action)?;
    }
    Ok(UndoRehearsal {
        returns: branch.equals(&present),
        undo,
    })
}

/// The plan changes this setting, or takes this instance away, on purpose.
pub(crate) fn on_purpose(objective: &Objective, actions: &[Action]) -> bool {
    let about = |action: &Action| match (action.verb, objective.metric) {
        (Verb::LinkSetCost, Metric::PortCost) | (Verb::LinkSetRate, Metric::PortRate) => {
            objective.object.link_of_port().as_ref() == Some(&action.object)
        }
        // What its users feel of it is in the objectives of their groups.
        (Verb::CellLock, Metric::CellUp) => action.object == objective.object,
        (Verb::SiteScaleIn, _) => {
            objective.object.kind() == ObjectKind::Instance
                && action.text("instance") == Some(objective.object.name())
        }
        _ => false,
    };
    actions.iter().any(about)
}

/// One objective under both futures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'a> {
    objective: &'a Objective,
    pub(crate) without: f64,
    pub(crate) with: f64,
}

pub(crate) fn judge<'a>(
    objective: &'a Objective,
    without: &Prediction,
    futures: &[Prediction],
) -> Option<Judged<'a>> {
    let read = |p: &Prediction| p.value(&objective.object, objective.metric);
    // The worst of the outages on the way and of what comes after.
    let with = futures
        .iter()
        .filter_map(read)
        .max_by(|a, b| badness(objective, *a).total_cmp(&badness(objective, *b)))?;
    Some(Judged {
        objective,
        without: read(without)?,
        with,
    })
}

impl Judged<'_> {
    fn violation(&self, value: f64) -> Option<Violation> {
        let o = self.objective;
        (!o.holds(value)).then(|| Violation {
            object: o.object.clone(),
            metric: o.metric,
            limit: o.limit,
            value,
        })
    }

    pub(crate) fn is_worse(&self) -> bool {
        let o = self.objective;
        if o.importance == Importance::Conformity || o.holds(self.with) {
            return false;
        }
        if o.holds(self.without) {
            let passed = badness(o, self.with) * scale(o);
            return passed > tolerance(o) && self.change() * scale(o) > tolerance(o);
        }
        o.excess(self.with) > o.excess(self.without) + WORSE
    }

    /// How far the plan moves the value to the bad side, as a share of the limit.
    fn change(&self) -> f64 {
        badness(self.objective, self.with) - badness(self.objective, self.without)
    }
}

/// What a limit is compared in: itself, but no less than a hundredth.
fn scale(objective: &Objective) -> f64 {
    objective.limit.abs().max(0.01)
}

/// Signed distance beyond the limit, as a share of it; below 0 when there is room.
fn badness(objective: &Objective, value: f64) -> f64 {
    let beyond = match objective.comparison {
        Comparison::AtMost => value - objective.limit,
        Comparison::AtLeast => objective.limit - value,
        Comparison::Equals => (value - objective.limit).abs(),
    };
    beyond / scale(objective)
}

/// How far beyond a limit the twin cannot tell from kept, in the metric's unit (our choice): a twentieth of the limit;
/// for a share that should be near 1, a quarter of what may be missing; for a state, nothing.
fn tolerance(objective: &Objective) -> f64 {
    match objective.comparison {
        Comparison::AtLeast if objective.limit <= 1.0 => 0.25 * (1.0 - objective.limit),
        Comparison::Equals => 0.0,
        _ => 0.05 * scale(objective),
    }
}

/// The largest changes, those for the worse first.
fn changes(judged: &[Judged<'_>]) -> Vec<PredictedChange> {
    let mut moved: Vec<&Judged<'_>> = judged
        .iter()
        .filter(|j| j.change().abs() > NOTABLE)
        .collect();
    moved.sort_by(|a, b| b.change().abs().total_cmp(&a.change().abs()));
    moved.truncate(CHANGES);
    moved.sort_by(|a, b| b.change().total_cmp(&a.change()));
    moved
        .into_iter()
        .map(|j| PredictedChange {
            object: j.objective.object.clone(),
            metric: j.objective.metric,
            without: j.without,
            with: j.with,
        })
        .collect()
}
