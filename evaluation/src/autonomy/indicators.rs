//! What stands beside a level: how fast, how available, how much by itself, how much by models.
//!
//! All times are network time. Every definition is in `docs/autonomy.md`, so that a figure can be worked out by hand.

use super::case::{Case, JournalRecords};
use super::instrument::{Instrument, RepairTarget};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::metric::Nature;
use zizhi_types::object::ObjectKind;
use zizhi_types::record::Ending;
use zizhi_types::{AnomalyId, Body, ManagedObject, Metric, NetTime, PlanId, Record};

/// A mean and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// In seconds of network time, or a share; none where there is nothing to measure.
    pub value: Option<f64>,
    /// On how many.
    pub n: usize,
}

/// An indicator and the level that its thresholds give it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// The figure.
    #[serde(flatten)]
    pub mean: Mean,
    /// 0 to 4; none: unknown, there is nothing or too little to measure.
    pub level: Option<u8>,
}

/// Where the time of an incident goes (TR 28.909). Seconds of network time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Phases {
    /// First unusual sample to opening.
    pub recognition: Mean,
    /// Opening to the first diagnosis.
    pub demarcation: Mean,
    /// First diagnosis to the last one before a plan was awarded; 0 where one record tells both.
    pub root_cause: Mean,
    /// That diagnosis to the last plan, rehearsal or bid before the first award.
    pub mechanism: Mean,
    /// From there to the first commitment.
    pub determination: Mean,
    /// First commitment to the verified outcome.
    pub execution: Mean,
}

/// Another repair target and whether it is met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// Which.
    #[serde(flatten)]
    pub target: RepairTarget,
    /// Whether the mean is within it; none: unknown.
    pub met: Option<bool>,
}

/// The indicators of the incidents that were scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Indicators {
    /// First unusual sample of the first symptoms to opening, seconds.
    pub detect_s: Measured,
    /// First unusual sample to the verified remedy, or, where the swarm did not remedy it, to the end of its last symptom.
    /// Its level is 0 where the swarm remedied fewer than the share that makes a task both together's.
    pub repair_s: Measured,
    /// Of those in `repair_s`, not remedied by the swarm.
    pub not_repaired: usize,
    /// Share of the observed time in which no group of users had a broken objective. Over all domains and flows.
    pub availability: Measured,
    /// Incidents ended by a verified action with no person in it, over those that needed an action.
    pub automation: Measured,
    /// Of the automatic ones, those that a model had a part in.
    pub intelligence: Measured,
    /// Of them, ranked by a past case.
    pub from_case: usize,
    /// Of them, resting on a learned baseline.
    pub learned_baseline: usize,
    /// The lowest of the five levels; none: one of them is unknown.
    pub level: Option<u8>,
    /// Where the time goes.
    pub phases: Phases,
    /// Other repair targets.
    pub targets: Vec<Target>,
}

/// Measures the cases; availability is measured over the whole of their journals.
pub fn indicators(
    cases: &[&Case<'_>],
    journals: &[JournalRecords],
    instrument: &Instrument,
) -> Indicators {
    let t = &instrument.indicators;
    let least = instrument.incidents.least;
    let detect = mean(
        cases
            .iter()
            .map(|c| seconds(c.incident.onset, c.incident.opened)),
    );
    let repairs: Vec<f64> = cases.iter().filter_map(|c| repair(c)).collect();
    let repair = mean(repairs.into_iter());
    let needed: Vec<&&Case<'_>> = cases.iter().filter(|c| needed_action(c)).collect();
    let automatic: Vec<&&Case<'_>> = needed.iter().copied().filter(|c| c.unattended()).collect();
    let by_case = automatic.iter().filter(|c| from_case(c)).count();
    let learned = automatic.iter().filter(|c| learned_baseline(c)).count();
    let either = automatic
        .iter()
        .filter(|c| from_case(c) || learned_baseline(c))
        .count();
    let falling = |m: Mean, limits: &[f64; 4]| measured(m, least, |v, i| v <= limits[i]);
    let rising = |m: Mean, limits: &[f64; 4]| measured(m, least, |v, i| v >= limits[i]);
    let availability = Mean {
        value: available(journals),
        n: cases.len(),
    };
    let not_repaired = needed
        .iter()
        .filter(|c| c.incident.ending != Some(Ending::Fixed))
        .count();
    let detect_s = falling(detect, &t.detect_s);
    let mut repair_s = falling(repair, &t.repair_s);
    // A crew that is fast does not make the swarm autonomous.
    let own = 1.0 - not_repaired as f64 / needed.len().max(1) as f64;
    let too_few = own < instrument.shares.collaboration;
    repair_s.level = repair_s.level.map(|l| if too_few { 0 } else { l });
    let availability = rising(availability, &t.availability);
    let automation = rising(share(automatic.len(), needed.len()), &t.automation);
    let intelligence = rising(share(either, automatic.len()), &t.intelligence);
    let five = [detect_s, repair_s, availability, automation, intelligence];
    let levels: Option<Vec<u8>> = five.iter().map(|m| m.level).collect();
    Indicators {
        detect_s,
        repair_s,
        not_repaired,
        availability,
        automation,
        intelligence,
        from_case: by_case,
        learned_baseline: learned,
        level: levels.and_then(|l| l.into_iter().min()),
        phases: phases(cases),
        targets: instrument
            .repair_targets
            .iter()
            .map(|t| target(t, &repair_s, too_few))
            .collect(),
    }
}

fn seconds(from: NetTime, to: NetTime) -> f64 {
    to.since(from) as f64 / 1000.0
}

fn mean(values: impl Iterator<Item = f64>) -> Mean {
    let (n, sum) = values.fold((0_usize, 0.0), |(n, sum), v| (n + 1, sum + v));
    Mean {
        value: (n > 0).then(|| sum / n as f64),
        n,
    }
}

fn share(n: usize, of: usize) -> Mean {
    Mean {
        value: (of > 0).then(|| n as f64 / of as f64),
        n: of,
    }
}

/// The highest of L1 to L4 whose threshold, and every one below it, is met. Too few incidents tell no level.
fn measured(mean: Mean, least: usize, meets: impl Fn(f64, usize) -> bool) -> Measured {
    let level = mean.value.filter(|_| mean.n >= least).map(|v| {
        let met = (0..4).take_while(|i| meets(v, *i)).count();
        u8::try_from(met).unwrap_or(0)
    });
    Measured { mean, level }
}

fn target(target: &RepairTarget, repair: &Measured, too_few: bool) -> Target {
    let known = repair.mean.value.filter(|_| repair.level.is_some());
    Target {
        target: target.clone(),
        met: known.map(|v| !too_few && v <= target.seconds),
    }
}

/// It did not go by itself.
fn needed_action(case: &Case<'_>) -> bool {
    case.incident.ending != Some(Ending::RecoveredAlone)
}

/// What recovered alone was not repaired. What the swarm did not remedy lasted until its last symptom was usual again, or
/// to the end of the journal: an incident handed over is not over for its users.
fn repair(case: &Case<'_>) -> Option<f64> {
    if !needed_action(case) {
        return None;
    }
    let fixed = case
        .incident
        .restored
        .filter(|_| case.incident.ending == Some(Ending::Fixed));
    let last = case
        .cleared
        .iter()
        .map(|at| at.unwrap_or(case.journal_end))
        .max();
    let end = fixed.unwrap_or_else(|| last.unwrap_or(case.journal_end).max(case.closed));
    Some(seconds(case.incident.onset, end))
}

/// A plan that was run was proposed first because of a past case.
fn from_case(case: &Case<'_>) -> bool {
    let run: BTreeSet<&PlanId> = case.runs().into_values().collect();
    case.records.iter().any(|r| match &r.body {
        Body::Planned {
            plans,
            from_case: Some(_),
            ..
        } => plans.first().is_some_and(|p| run.contains(p)),
        _ => false,
    })
}

/// The first hypothesis rests on at least one anomaly that only a learned baseline could raise: its metric is no state and no
/// setting, and its value broke no objective when it was raised.
fn learned_baseline(case: &Case<'_>) -> bool {
    let diagnosed = case.records.iter().rev().find_map(|r| match &r.body {
        Body::Diagnosed { hypotheses, .. } => hypotheses.first(),
        _ => None,
    });
    let evidence = diagnosed
        .map(|h| h.evidence_for.as_slice())
        .unwrap_or_default();
    let rests_on: BTreeSet<&AnomalyId> = evidence.iter().map(|e| &e.anomaly).collect();
    case.symptoms.iter().any(|(record, _)| match &record.body {
        Body::AnomalyRaised { anomaly } => {
            let learned = matches!(
                anomaly.metric.nature(),
                Nature::HighIsBad | Nature::LowIsBad
            );
            learned && anomaly.violates.is_none() && rests_on.contains(&anomaly.id)
        }
        _ => false,
    })
}

fn phases(cases: &[&Case<'_>]) -> Phases {
    let all: Vec<[Option<f64>; 6]> = cases.iter().map(|c| phases_of(c)).collect();
    let of = |i: usize| mean(all.iter().filter_map(|p| p[i]));
    Phases {
        recognition: of(0),
        demarcation: of(1),
        root_cause: of(2),
        mechanism: of(3),
        determination: of(4),
        execution: of(5),
    }
}

/// The six phases of one incident; what did not happen has no time.
fn phases_of(case: &Case<'_>) -> [Option<f64>; 6] {
    let awarded = first(case, |b| matches!(b, Body::Awarded { .. }));
    let before = |at: NetTime| awarded.is_none_or(|award| at <= award);
    let last = |wanted: fn(&Body) -> bool| {
        let own = case
            .records
            .iter()
            .filter(|r| wanted(&r.body) && before(r.at));
        own.map(|r| r.at).max()
    };
    let opened = case.incident.opened;
    let named = first(case, |b| matches!(b, Body::Diagnosed { .. }));
    let caused = last(|b| matches!(b, Body::Diagnosed { .. }));
    let offered = last(|b| {
        matches!(
            b,
            Body::Planned { .. } | Body::Rehearsed { .. } | Body::BidReceived { .. }
        )
    });
    let committed = first(case, |b| matches!(b, Body::Committed { .. }));
    let between = |from: Option<NetTime>, to: Option<NetTime>| Some(seconds(from?, to?));
    [
        Some(seconds(case.incident.onset, opened)),
        between(Some(opened), named),
        between(named, caused),
        between(caused, offered),
        between(offered, committed),
        between(committed, case.incident.restored),
    ]
}

fn first(case: &Case<'_>, wanted: fn(&Body) -> bool) -> Option<NetTime> {
    case.records.iter().find(|r| wanted(&r.body)).map(|r| r.at)
}

/// Over all journals: one minus the time in which some group of users had a broken objective, over the observed time.
fn available(journals: &[JournalRecords]) -> Option<f64> {
    let (mut hurt_ms, mut observed_ms) = (0, 0);
    for journal in journals {
        let times = || journal.records.iter().map(|r| r.at);
        if let (Some(begin), Some(end)) = (times().min(), times().max()) {
            observed_ms += end.since(begin);
            hurt_ms += union_ms(hurts(&journal.records, begin, end));
        }
    }
    (observed_ms > 0).then(|| 1.0 - hurt_ms as f64 / observed_ms as f64)
}

/// When groups of users had a broken objective: each anomaly of a group that broke its objective when it was raised, or
/// that an incident names as broken, from its first unusual sample until it was usual again.
fn hurts(records: &[Record], begin: NetTime, end: NetTime) -> Vec<(NetTime, NetTime)> {
    let broken = broken_series(records);
    let mut open: BTreeMap<&AnomalyId, NetTime> = BTreeMap::new();
    let mut spans = vec![];
    for record in records {
        match &record.body {
            Body::AnomalyRaised { anomaly } if anomaly.object.kind() == ObjectKind::Group => {
                let named = broken.contains(&(&anomaly.object, anomaly.metric));
                if anomaly.violates.is_some() || named {
                    open.insert(&anomaly.id, anomaly.onset.max(begin));
                }
            }
            Body::AnomalyCleared { anomaly } => {
                spans.extend(open.remove(anomaly).map(|from| (from, record.at)));
            }
            _ => {}
        }
    }
    spans.extend(open.into_values().map(|from| (from, end)));
    spans
}

fn broken_series(records: &[Record]) -> BTreeSet<(&ManagedObject, Metric)> {
    let mut found = BTreeSet::new();
    for record in records {
        match &record.body {
            Body::IncidentOpened { violations, .. } => {
                found.extend(violations.iter().map(|v| (&v.object, v.metric)));
            }
            Body::Verified { before, after, .. } => {
                found.extend(before.iter().chain(after).map(|v| (&v.object, v.metric)));
            }
            _ => {}
        }
    }
    found
}

fn union_ms(mut spans: Vec<(NetTime, NetTime)>) -> u64 {
    spans.sort();
    let mut until = NetTime::default();
    let mut sum = 0;
    for (from, to) in spans {
        let from = from.max(until);
        sum += to.since(from);
        until = until.max(to);
    }
    sum
}
