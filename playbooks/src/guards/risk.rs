//! How risky is this plan on this topology?
//!
//! In: the plan and what it would take out. Out: 0 to 1. Nothing of the past is looked at: that earlier steps, phases or
//! runs went well never makes the next one less risky. (An operator lost a national network after an algorithm had
//! lowered the risk of a change because its first five phases passed.)

use super::{GuardState, Reach, Say};
use zizhi_types::plan::Plan;

/// What a plan whose steps cannot all be taken back adds. Our choice.
const IRREVERSIBLE: f64 = 0.15;
/// What each further step adds. Our choice.
const FURTHER_STEP: f64 = 0.05;

/// The chance that something goes wrong, as if its parts were independent: the author's estimate, the share of capacity
/// taken out, and what cannot be taken back.
pub fn risk(plan: &Plan, reach: &Reach) -> f64 {
    let further = plan.steps.len().saturating_sub(1) as f64 * FURTHER_STEP;
    let undo = if plan.reversible() { 0.0 } else { IRREVERSIBLE };
    let parts = [plan.risk, reach.share, further, undo];
    let safe = parts.map(|p| 1.0 - p.clamp(0.0, 1.0));
    1.0 - safe.into_iter().product::<f64>()
}

pub(super) fn guard(plan: &Plan, state: &GuardState) -> Say {
    let Some(reach) = &state.reach else {
        return Say::Deny("the risk cannot be told without the live topology".to_owned());
    };
    let (found, most) = (risk(plan, reach), state.limits.risk);
    let round = |share: f64| (share * 100.0).round() / 100.0;
    if found > most {
        let (found, most) = (round(found), round(most));
        return Say::Person(format!("its risk is {found}; at most {most} is allowed"));
    }
    Say::Pass(format!("its risk is {}", round(found)))
}
