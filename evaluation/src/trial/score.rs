//! The scores of a policy over its trials, stage by stage and end to end.
//!
//! In: results. Out: [`Scores`]. Faults are the unit from detection to mitigation, trials the unit of success; doubles are
//! trials of their own. What never happened is censored, not left out.

use super::figures::{Rate, mean};
use super::result::{FaultResult, TrialResult};
use super::survival::{Observed, Span};
use serde::Serialize;
use std::collections::BTreeMap;

/// Seconds in a day.
const DAY_S: f64 = 86_400.0;

/// Everything that is scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// Trials with faults.
    pub trials: usize,
    /// Faults in them.
    pub faults: usize,
    /// Doubles.
    pub doubles: usize,
    /// Detection.
    pub detection: Detection,
    /// Localisation and cause.
    pub cause: Cause,
    /// Plans.
    pub plan: Planning,
    /// Negotiation.
    pub negotiation: Negotiating,
    /// Mitigation.
    pub mitigation: Mitigation,
    /// How long things take, from the fault on.
    pub times: Times,
    /// What it costs.
    pub cost: Costs,
}

/// Was it noticed, and was there silence otherwise?
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Detection {
    /// Faults with an incident.
    pub recall: Rate,
    /// Incidents that are about nothing, for each day of network time watched, doubles included.
    pub false_alarms_a_day: Option<f64>,
}

/// Was the cause named?
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cause {
    /// Object and kind ranked first.
    pub top1: Rate,
    /// Object and kind among the first three.
    pub top3: Rate,
    /// The right object ranked first, whatever the kind.
    pub object_top1: Rate,
    /// Mean over all faults of 1 / (1 + hops to the truth); a fault that nothing was said about counts 0.
    pub closeness: Option<f64>,
    /// Mean hops to the truth where the first was another object.
    pub miss_hops: Option<f64>,
}

/// Was there a remedy, and the right one?
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Planning {
    /// Detected faults for which a remedy was planned.
    pub planned: Rate,
    /// Faults whose first remedy carried out is a cure.
    pub fits: Rate,
}

/// Did domains agree?
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Negotiating {
    /// Calls that ended in an award.
    pub awarded: Rate,
    /// Remedies offered for each call.
    pub bids_a_call: Option<f64>,
    /// Plans that a domain refused.
    pub refused: usize,
    /// Plans given up before anything was changed.
    pub aborted: usize,
    /// Mean seconds from the first call to the first award.
    pub agree_s: Option<f64>,
}

/// Did it help, and did it harm?
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mitigation {
    /// Faults mitigated in truth.
    pub faults: Rate,
    /// Trials with everything mitigated, nobody hurt at the end and nothing harmful left: pass@1.
    pub success: Rate,
    /// The same, within the scenarios' objectives and budgets.
    pub in_time: Rate,
    /// Scenarios solved in each of three repeats: pass^3; none with fewer repeats.
    pub pass_hat_3: Option<Rate>,
    /// Faults that the policy says it fixed and that are not mitigated, of those it says it fixed.
    pub claimed_wrongly: Rate,
    /// Plans carried out.
    pub plans: usize,
    /// Of them taken back.
    pub rolled_back: Rate,
    /// Of them left in place although they hurt users.
    pub harmful: Rate,
    /// Doubles in which something was done.
    pub false_actions: Rate,
    /// Mean seconds for each trial in which some user was hurt.
    pub hurt_s: Option<f64>,
}

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Times {
    /// To an incident.
    pub detect: Span,
    /// To the right cause ranked first.
    pub explain: Span,
    /// To the first change.
    pub act: Span,
    /// To nobody being hurt any more; trials in which somebody was.
    pub restore: Span,
    /// From the incident to the decision.
    pub decide: Span,
}

/// What it costs, for each trial with faults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Costs {
    /// Mean changes of the network.
    pub steps: Option<f64>,
    /// Mean compute tokens.
    pub tokens: Option<f64>,
    /// Mean messages between agents.
    pub messages: Option<f64>,
    /// Mean records in the journal.
    pub records: Option<f64>,
}

impl Scores {
    /// The scores over some results of one policy.
    pub fn over<'a>(results: impl IntoIterator<Item = &'a TrialResult>) -> Self {
        let all: Vec<&TrialResult> = results.into_iter().collect();
        let (doubles, trials): (Vec<&TrialResult>, Vec<&TrialResult>) =
            all.iter().partition(|r| r.double);
        let faults: Vec<(&TrialResult, &FaultResult)> = trials
            .iter()
            .flat_map(|t| t.faults.iter().map(move |f| (*t, f)))
            .collect();
        Self {
            trials: trials.len(),
            faults: faults.len(),
            doubles: doubles.len(),
            detection: detection(&all, &faults),
            cause: cause(&faults),
            plan: planning(&faults),
            negotiation: negotiating(&trials),
            mitigation: mitigation(&trials, &doubles, &faults),
            times: times(&trials, &faults),
            cost: costs(&trials),
        }
    }
}

type Faults<'a> = [(&'a TrialResult, &'a FaultResult)];

fn detection(all: &[&TrialResult], faults: &Faults<'_>) -> Detection {
    let days: f64 = all.iter().map(|r| r.watched_s).sum::<f64>() / DAY_S;
    let alarms: usize = all.iter().map(|r| r.false_alarms).sum();
    Detection {
        recall: Rate::over(faults, |(_, f)| f.detect_s.is_some()),
        false_alarms_a_day: (days > 0.0).then(|| alarms as f64 / days),
    }
}

fn cause(faults: &Faults<'_>) -> Cause {
    let closeness = |f: &FaultResult| f.distance.map_or(0.0, |d| 1.0 / (1.0 + f64::from(d)));
    let misses = faults
        .iter()
        .filter_map(|(_, f)| f.distance)
        .filter(|d| *d > 0);
    Cause {
        top1: Rate::over(faults, |(_, f)| f.rank == Some(1)),
        top3: Rate::over(faults, |(_, f)| f.rank.is_some_and(|r| r <= 3)),
        object_top1: Rate::over(faults, |(_, f)| f.object_rank == Some(1)),
        closeness: mean(faults.iter().map(|(_, f)| closeness(f))),
        miss_hops: mean(misses.map(f64::from)),
    }
}

fn planning(faults: &Faults<'_>) -> Planning {
    let detected = faults.iter().filter(|(_, f)| f.detect_s.is_some());
    Planning {
        planned: Rate::over(detected, |(_, f)| f.planned),
        fits: Rate::over(faults, |(_, f)| f.plan_fits == Some(true)),
    }
}

fn negotiating(trials: &[&TrialResult]) -> Negotiating {
    let sum = |of: fn(&TrialResult) -> usize| trials.iter().map(|t| of(t)).sum::<usize>();
    let calls = sum(|t| t.negotiation.calls);
    let bids = sum(|t| t.negotiation.bids);
    Negotiating {
        awarded: Rate::new(
            sum(|t| t.negotiation.awarded.min(t.negotiation.calls)),
            calls,
        ),
        bids_a_call: (calls > 0).then(|| bids as f64 / calls as f64),
        refused: sum(|t| t.negotiation.refused),
        aborted: sum(|t| t.negotiation.aborted),
        agree_s: mean(trials.iter().filter_map(|t| t.negotiation.agree_s)),
    }
}

fn mitigation(
    trials: &[&TrialResult],
    doubles: &[&TrialResult],
    faults: &Faults<'_>,
) -> Mitigation {
    let sum = |of: fn(&TrialResult) -> usize| trials.iter().map(|t| of(t)).sum::<usize>();
    let plans = sum(|t| t.actions.plans);
    let claimed = faults.iter().filter(|(_, f)| f.claimed);
    Mitigation {
        faults: Rate::over(faults, |(_, f)| f.mitigated),
        success: Rate::over(trials, |t| t.success),
        in_time: Rate::over(trials, |t| t.in_time),
        pass_hat_3: pass_hat_3(trials),
        claimed_wrongly: Rate::over(claimed, |(_, f)| !f.mitigated),
        plans,
        rolled_back: Rate::new(sum(|t| t.actions.rolled_back), plans),
        harmful: Rate::new(sum(|t| t.actions.harmful), plans),
        false_actions: Rate::over(doubles, |t| !t.success),
        hurt_s: mean(trials.iter().map(|t| t.hurt_s)),
    }
}

/// Scenarios with three repeats or more, and of them those whose first three all succeeded.
fn pass_hat_3(trials: &[&TrialResult]) -> Option<Rate> {
    let mut by_scenario: BTreeMap<&str, Vec<&TrialResult>> = BTreeMap::new();
    for trial in trials {
        by_scenario.entry(&trial.scenario).or_default().push(trial);
    }
    by_scenario.retain(|_, repeats| repeats.len() >= 3);
    let solved = |repeats: &mut Vec<&TrialResult>| {
        repeats.sort_by_key(|t| t.repeat);
        repeats.iter().take(3).all(|t| t.success)
    };
    let of = by_scenario.len();
    let hits = by_scenario.values_mut().map(solved).filter(|s| *s).count();
    (of > 0).then(|| Rate::new(hits, of))
}

fn times(trials: &[&TrialResult], faults: &Faults<'_>) -> Times {
    // A fault is watched from its own beginning, which may be later than that of the trial's first.
    let span = |of: fn(&FaultResult) -> Option<f64>| {
        let observed = |(t, f): &(&TrialResult, &FaultResult)| {
            of(f).map_or(Observed::NotWithin(t.horizon_s), Observed::After)
        };
        Span::over(&faults.iter().map(observed).collect::<Vec<_>>())
    };
    let hurt = trials.iter().filter(|t| t.ever_hurt);
    Times {
        detect: span(|f| f.detect_s),
        explain: span(|f| f.explain_s),
        act: span(|f| f.act_s),
        decide: span(|f| f.decide_s),
        restore: Span::over(&hurt.map(|t| restored(t)).collect::<Vec<_>>()),
    }
}

/// When nobody was hurt any more in a trial in which somebody was.
pub fn restored(trial: &TrialResult) -> Observed {
    trial
        .restored_s
        .map_or(Observed::NotWithin(trial.horizon_s), Observed::After)
}

fn costs(trials: &[&TrialResult]) -> Costs {
    let over = |of: fn(&TrialResult) -> f64| mean(trials.iter().map(|t| of(t)));
    Costs {
        steps: over(|t| t.actions.steps as f64),
        tokens: over(|t| t.cost.tokens),
        messages: over(|t| t.cost.messages as f64),
        records: over(|t| t.cost.records as f64),
    }
}
