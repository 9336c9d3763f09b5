//! Whether a scenario is what it says, by simulation without a swarm.
//!
//! In: a [`Scenario`] and its network. Out: [`Claims`] that hold, or why not. The rules, all our choice:
//!
//! - healthy: nothing is truly broken in the last minute of the warm-up;
//! - breaks: after the last fault has fully grown, an objective that is not broken by the decoys alone is broken in six
//!   of the last nine intervals of three minutes (three of nine where a link flaps). It may be one that users feel
//!   (`users_hurt`), or one of the network's own, such as a link that must be up: then users are at risk;
//! - heals: four minutes after all causes are removed, nothing is broken for a minute;
//! - double: without the faults, no user feels anything for six minutes;
//! - and what its shape adds, see [`shape`].

mod shape;

pub(super) use shape::groups_of;

use super::rehearse::{Broken, Parts, Rehearsal, warm};
use super::{Scenario, Shape};
use crate::sandbox::truth::is_felt;
use crate::sandbox::{SceneError, World};
use zizhi_types::topology::Network;

/// Seconds for which harm is watched, for which healing is waited, for which the double is watched.
const WATCH_S: u64 = 180;
const HEAL_S: u64 = 240;
const DOUBLE_S: u64 = 360;
/// Intervals that are judged at the end.
const JUDGED: usize = 9;

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Users feel it when nothing is done; otherwise they are at risk.
    pub users_hurt: bool,
}

/// Why a scenario is not what it says.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClaimError {
    /// Something in it does not fit its network.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// A claim does not hold.
    #[error("{0}")]
    Not(String),
}

fn not<T>(why: impl Into<String>) -> Result<T, ClaimError> {
    Err(ClaimError::Not(why.into()))
}

/// Checks everything that a scenario claims.
pub fn check(scenario: &Scenario, network: &Network) -> Result<Claims, ClaimError> {
    let (world, before) = warm(network, scenario.seed, scenario.warm_up_s);
    check_warm(scenario, &world, &before)
}

/// The same from a network that is warm already.
pub(super) fn check_warm(
    scenario: &Scenario,
    warm: &World,
    before: &Broken,
) -> Result<Claims, ClaimError> {
    if let Some((object, metric)) = before.first() {
        return not(format!(
            "{object} {} is broken before it begins",
            metric.as_str()
        ));
    }
    let full_s = full_s(scenario);
    let watched_s = full_s + WATCH_S;
    if watched_s > scenario.budget.watch_s {
        return not(format!(
            "its harm shows at second {watched_s}, after budget.watch_s"
        ));
    }
    let noise = noise_of(scenario, warm, watched_s)?;
    let mut played = Rehearsal::new(warm, scenario, Parts::All);
    let mut seen = played.run_to(watched_s)?;
    for broken in &mut seen {
        broken.retain(|b| !noise.contains(b));
    }
    let claims = breaks(scenario, &seen)?;
    heals(&played, watched_s)?;
    shape::check(scenario, warm, &played, watched_s)?;
    double_is_calm(scenario, warm)?;
    Ok(claims)
}

/// Seconds after the warm-up at which every fault has its full severity.
pub(super) fn full_s(scenario: &Scenario) -> u64 {
    let full = scenario.faults.iter().map(|f| f.at_s + f.ramp_s);
    full.max().unwrap_or(0)
}

/// What decoys alone break.
fn noise_of(scenario: &Scenario, warm: &World, until_s: u64) -> Result<Broken, ClaimError> {
    if scenario.decoys.is_empty() {
        return Ok(Broken::new());
    }
    let mut alone = Rehearsal::new(warm, scenario, Parts::Around);
    Ok(alone.run_to(until_s)?.into_iter().flatten().collect())
}

fn breaks(scenario: &Scenario, seen: &[Broken]) -> Result<Claims, ClaimError> {
    let last = &seen[seen.len().saturating_sub(JUDGED)..];
    let needed = if scenario.shape == Shape::Flapping {
        3
    } else {
        6
    };
    let count = |that: &dyn Fn(&Broken) -> bool| last.iter().filter(|b| that(b)).count();
    let broken = count(&|b| !b.is_empty());
    if broken < needed {
        return not(format!(
            "its faults break something in {broken} of {JUDGED} intervals only: {needed} are needed"
        ));
    }
    let felt = count(&|b| b.iter().any(|(_, m)| is_felt(*m)));
    Ok(Claims {
        users_hurt: felt >= 3,
    })
}

fn heals(played: &Rehearsal<'_>, now_s: u64) -> Result<(), ClaimError> {
    let mut healed = played.repaired_but(None);
    let seen = healed.run_to(now_s + HEAL_S)?;
    let left = seen[seen.len().saturating_sub(6)..].iter().flatten().next();
    match left {
        None => Ok(()),
        Some((object, metric)) => not(format!(
            "{object} {} stays broken though every cause is removed",
            metric.as_str()
        )),
    }
}

fn double_is_calm(scenario: &Scenario, warm: &World) -> Result<(), ClaimError> {
    if scenario.double.is_empty() {
        return not("it has no double");
    }
    let mut double = Rehearsal::new(warm, scenario, Parts::Double);
    let seen = double.run_to(DOUBLE_S)?;
    if double.doubles.is_empty() {
        return not("no look-alike of its double finds a place");
    }
    if !double.world.ground_truth().is_empty() {
        return not("its double has a fault");
    }
    match seen.iter().flatten().find(|(_, metric)| is_felt(*metric)) {
        None => Ok(()),
        Some((object, metric)) => not(format!(
            "users feel its double: {object} {}",
            metric.as_str()
        )),
    }
}
