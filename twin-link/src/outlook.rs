//! What would every objective read: with nothing done, with the plan, and after its undo?
//!
//! In: the mirrored state, a plan's actions, the objectives. Out: one line an objective, for a person who looks before
//! anything is done. [`crate::rehearse`] gives the verdict; this gives the numbers behind it.

use crate::TwinError;
use crate::anchor;
use crate::rehearse::{Judged, futures, judge, on_purpose};
use crate::state::TwinState;
use zizhi_types::action::Action;
use zizhi_types::objective::Objective;

/// One objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Which.
    pub objective: Objective,
    /// When nothing is done, in the metric's unit.
    pub without: f64,
    /// When the plan is run: the worst of the outages on the way and of what comes after.
    pub with: f64,
    /// When the plan is run and taken back; nothing when some action has no undo.
    pub undone: Option<f64>,
    /// It becomes violated, or more violated by a tenth of its limit, and no action changes it on purpose.
    pub worse: bool,
}

/// The outlook of every objective that the twin can tell, in their order.
pub fn outlook(
    state: &TwinState,
    actions: &[Action],
    objectives: &[Objective],
) -> Result<Vec<Outlook>, TwinError> {
    let (without, with) = futures(state, actions)?;
    let undone = undone(state, actions)?;
    let told = objectives.iter().filter_map(|objective| {
        let judged: Judged<'_> = judge(objective, &without, &with)?;
        let read = |p: &crate::Prediction| p.value(&objective.object, objective.metric);
        Some(Outlook {
            objective: objective.clone(),
            without: judged.without,
            with: judged.with,
            undone: undone.as_ref().and_then(read),
            worse: judged.is_worse() && !on_purpose(objective, actions),
        })
    });
    Ok(told.collect())
}

/// After the actions and their undo in the reverse order; nothing when one has none.
fn undone(state: &TwinState, actions: &[Action]) -> Result<Option<crate::Prediction>, TwinError> {
    let present = state.fork();
    let today = present.model();
    let mut branch = present.fork();
    let mut undo = vec![];
    for action in actions {
        match branch.undo_of(action) {
            Ok(back) => undo.push(back),
            Err(TwinError::NoUndo { .. }) => return Ok(None),
            Err(other) => return Err(other),
        }
        branch.apply(action)?;
    }
    for action in undo.iter().rev() {
        branch.apply(action)?;
    }
    let then = branch.model();
    Ok(Some(anchor::predict(&present, &today, &branch, &then)))
}
