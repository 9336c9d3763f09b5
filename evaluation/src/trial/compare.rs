//! What each part of the swarm is worth: every other policy against the whole, on the same trials.

use super::figures::Gap;
use super::policy::Policy;
use super::result::TrialResult;
use serde::Serialize;
use std::collections::BTreeMap;

/// One policy beside the whole swarm, on the trials that both played. Positive: the whole is better.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The other policy.
    pub policy: Policy,
    /// More trials succeed, as a share.
    pub success: Option<Gap>,
    /// More trials succeed in time, as a share.
    pub in_time: Option<Gap>,
    /// Fewer seconds in which somebody is hurt, for each trial.
    pub hurt_s: Option<Gap>,
    /// Fewer plans left in place that hurt, for each trial.
    pub harmful: Option<Gap>,
    /// Fewer doubles with an action, as a share.
    pub false_actions: Option<Gap>,
}

/// What a comparison says about the part that the other policy goes without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The whole is clearly better in something and in nothing clearly worse.
    Pays,
    /// No difference is clear.
    NotShown,
    /// The whole is clearly worse in something and in nothing clearly better.
    Costs,
    /// Clearly better in one thing and clearly worse in another.
    Mixed,
}

impl Comparison {
    /// The gaps with their names.
    pub fn gaps(&self) -> [(&'static str, Option<Gap>); 5] {
        [
            ("success", self.success),
            ("in-time", self.in_time),
            ("hurt-s", self.hurt_s),
            ("harmful", self.harmful),
            ("false-actions", self.false_actions),
        ]
    }

    /// What it says.
    pub fn finding(&self) -> Finding {
        let clear = |better: bool| {
            let mut gaps = self.gaps().into_iter().filter_map(|(_, gap)| gap);
            gaps.any(|g| g.is_clear() && (g.mean > 0.0) == better)
        };
        match (clear(true), clear(false)) {
            (true, false) => Finding::Pays,
            (false, true) => Finding::Costs,
            (true, true) => Finding::Mixed,
            (false, false) => Finding::NotShown,
        }
    }
}

/// Every policy but the whole, compared with it; empty when the whole did not play.
pub fn compare(results: &[TrialResult]) -> Vec<Comparison> {
    let others = Policy::ALL.into_iter().filter(|p| *p != Policy::Whole);
    others
        .filter_map(|policy| compare_one(results, policy))
        .collect()
}

fn compare_one(results: &[TrialResult], policy: Policy) -> Option<Comparison> {
    let played = |by: Policy| -> BTreeMap<_, &TrialResult> {
        let own = results.iter().filter(move |r| r.policy == by.as_str());
        own.map(|r| ((r.scenario.as_str(), r.repeat, r.double), r))
            .collect()
    };
    let (whole, other) = (played(Policy::Whole), played(policy));
    let pairs: Vec<(&TrialResult, &TrialResult)> = whole
        .iter()
        .filter_map(|(key, w)| Some((*w, *other.get(key)?)))
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let gap = |double: bool, of: fn(&TrialResult) -> f64| {
        let of_kind = pairs.iter().filter(|(w, _)| w.double == double);
        Gap::over(&of_kind.map(|(w, o)| of(w) - of(o)).collect::<Vec<_>>())
    };
    Some(Comparison {
        policy,
        success: gap(false, |t| f64::from(u8::from(t.success))),
        in_time: gap(false, |t| f64::from(u8::from(t.in_time))),
        hurt_s: gap(false, |t| -t.hurt_s),
        harmful: gap(false, |t| -(t.actions.harmful as f64)),
        false_actions: gap(true, |t| f64::from(u8::from(t.success))),
    })
}
