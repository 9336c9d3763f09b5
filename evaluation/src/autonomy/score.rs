//! From rows to a level.
//!
//! The level of a sub-scenario is the highest at which every task was done by at least the actor that the level asks for.
//! The level of the scenario is the highest that holds for enough of the weighted sub-scenarios. Too few incidents make
//! unknown, never a level; a task done above the ceiling of its object's class fails the evaluation.

use super::ceiling::ceiling;
use super::flow::Flow;
use super::holds::{holds, reasons};
use super::instrument::{By, Instrument, SubScenarios};
use super::lattice::{Actor, Task};
use super::methods::{Levels, Methods};
use super::outcome::{Breach, Scope, Score, SubScore, TaskScore};
use super::row::Row;
use super::rules::Rule;
use super::signs::Sign;
use std::collections::BTreeMap;
use zizhi_types::FaultKind;
use zizhi_types::domain::Domain;

/// No journal can prove that the system wrote its own rules, so no score is above this.
const PROVABLE: u8 = 4;

/// Scores the rows of a flow that are in scope.
pub fn score(
    flow: Flow,
    rows: &[Row],
    scope: &Scope,
    by: &SubScenarios,
    instrument: &Instrument,
) -> Score {
    let meant = rows
        .iter()
        .filter(|r| r.flow == flow && scope.has(r.domain, r.fault));
    let incidents = by_incident(meant);
    let mut subs = vec![];
    let mut counted: Vec<&Row> = vec![];
    for (name, weight) in names(flow, scope, by, instrument, &incidents) {
        let own = newest(&incidents, by.by, &name, instrument.incidents.last);
        let covered = covered(by.by, &name, flow, scope, instrument);
        counted.extend(own.iter().flatten());
        subs.push(sub_score(flow, name, weight, &own, &covered, instrument));
    }
    let breaches = breaches(flow, &counted);
    let judged = counted.len() / flow.tasks().len();
    Score {
        flow,
        scope: scope.clone(),
        level: scenario_level(&subs, instrument.shares.scenario),
        passed: breaches.is_empty(),
        incidents: judged,
        left_out: incidents.len() - judged,
        methods: mean(&subs),
        floor: floor(flow, instrument),
        rubber_stamps: stamped(&counted),
        counted: names_of(&counted),
        sub_scenarios: subs,
        breaches,
    }
}

/// The rows of each incident, oldest first. Journals of separate clocks are put in one order by time, name and id, so that
/// the order in which they are given does not matter.
fn by_incident<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<Vec<&'r Row>> {
    let mut found: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        found
            .entry((row.closed, &row.journal, &row.incident))
            .or_default()
            .push(row);
    }
    found.into_values().collect()
}

/// The sub-scenario that an incident belongs to.
fn name_of(by: By, row: &Row) -> String {
    match by {
        By::All => "all".to_owned(),
        By::Domain => row.domain.to_string(),
        By::Fault => row
            .fault
            .map_or_else(|| "unnamed".to_owned(), |f| f.to_string()),
    }
}

/// Every sub-scenario with its share of the whole. One that was never seen is there too: what nobody saw is unknown.
fn names(
    flow: Flow,
    scope: &Scope,
    by: &SubScenarios,
    instrument: &Instrument,
    seen: &[Vec<&Row>],
) -> Vec<(String, f64)> {
    let sum: f64 = by.weights.values().sum();
    if !by.weights.is_empty() {
        return by
            .weights
            .iter()
            .map(|(name, w)| (name.clone(), w / sum))
            .collect();
    }
    let mut names: Vec<String> = match by.by {
        By::All => vec!["all".to_owned()],
        By::Domain => domains(&scope.faults(flow, instrument))
            .iter()
            .map(Domain::to_string)
            .collect(),
        By::Fault => scope
            .faults(flow, instrument)
            .iter()
            .map(FaultKind::to_string)
            .collect(),
    };
    for incident in seen {
        let name = name_of(by.by, incident[0]);
        // An incident whose cause or domain is none of the expected ones must not vanish from the sum.
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let weight = 1.0 / names.len().max(1) as f64;
    names.into_iter().map(|name| (name, weight)).collect()
}

fn domains(faults: &[FaultKind]) -> Vec<Domain> {
    let of = |d: &Domain| faults.iter().any(|f| Domain::of(f.object_kind()) == *d);
    Domain::ALL.into_iter().filter(of).collect()
}

/// The domains that a sub-scenario has to be continuous over.
fn covered(by: By, name: &str, flow: Flow, scope: &Scope, instrument: &Instrument) -> Vec<Domain> {
    let all = domains(&scope.faults(flow, instrument));
    match by {
        By::All => all,
        By::Domain => all.into_iter().filter(|d| d.as_str() == name).collect(),
        By::Fault => name
            .parse()
            .map(|f: FaultKind| vec![Domain::of(f.object_kind())])
            .unwrap_or(all),
    }
}

fn newest<'r>(incidents: &[Vec<&'r Row>], by: By, name: &str, last: usize) -> Vec<Vec<&'r Row>> {
    let own = incidents.iter().filter(|i| name_of(by, i[0]) == name);
    let own: Vec<Vec<&Row>> = own.cloned().collect();
    let skip = own.len().saturating_sub(last);
    own.into_iter().skip(skip).collect()
}

fn sub_score(
    flow: Flow,
    name: String,
    weight: f64,
    incidents: &[Vec<&Row>],
    covered: &[Domain],
    instrument: &Instrument,
) -> SubScore {
    let rows: Vec<&Row> = incidents.iter().flatten().copied().collect();
    let n = incidents.len();
    let weights = instrument.weights_of(flow.tasks());
    let tasks = flow.tasks().iter().zip(weights);
    let tasks: Vec<TaskScore> = tasks
        .map(|(task, weight)| {
            let own: Vec<&Row> = rows
                .iter()
                .filter(|r| r.task == task.letter)
                .copied()
                .collect();
            task_score(task, weight, &own, covered, instrument)
        })
        .collect();
    let actors: Option<Vec<Actor>> = tasks.iter().map(|t| t.actor).collect();
    let level = actors.and_then(|actors| gate(flow, &actors));
    let levels: Option<Vec<u8>> = tasks.iter().map(|t| t.level).collect();
    SubScore {
        name,
        weight,
        incidents: n,
        lacking: instrument.incidents.least.saturating_sub(n),
        level,
        methods: levels.map(|levels| Levels { flow, levels }.methods(instrument)),
        holds: level
            .map(|gate| holds(flow, gate, &tasks, &rows))
            .unwrap_or_default(),
        tasks,
    }
}

/// The highest level at which every task's actor is enough.
pub fn gate(flow: Flow, actors: &[Actor]) -> Option<u8> {
    let levels = flow
        .tasks()
        .iter()
        .zip(actors)
        .map(|(task, actor)| task.level_for(*actor));
    levels.min().map(|level| level.min(PROVABLE))
}

/// Done by the system, with no hand of a person in it.
fn alone(row: &Row) -> bool {
    row.actor == Actor::S && row.overrides.is_empty()
}

fn share(n: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { n as f64 / of as f64 }
}

/// Whose a task is over many incidents; none where there are too few.
fn actor(rows: &[&Row], instrument: &Instrument) -> Option<Actor> {
    let n = rows.len();
    if n < instrument.incidents.least {
        return None;
    }
    let s = rows.iter().filter(|r| alone(r)).count();
    let helped = rows.iter().filter(|r| r.actor >= Actor::Hs).count();
    Some(if share(s, n) >= instrument.shares.system {
        Actor::S
    } else if share(helped, n) >= instrument.shares.collaboration {
        Actor::Hs
    } else {
        Actor::H
    })
}

fn task_score(
    task: &Task,
    weight: f64,
    rows: &[&Row],
    covered: &[Domain],
    instrument: &Instrument,
) -> TaskScore {
    let actor = actor(rows, instrument);
    let (level, next) = match actor {
        None => (None, None),
        Some(Actor::S) => climb(task, rows, covered, instrument),
        Some(other) => (Some(task.level_for(other).min(PROVABLE)), None),
    };
    let rule = Rule::of(task.duty);
    let specified = rows.iter().map(|r| rule.allowed_in(r.mode)).min();
    let class = rows.iter().filter_map(|r| r.class).max();
    let count = |wanted: Actor| rows.iter().filter(|r| r.actor == wanted).count();
    TaskScore {
        task: task.letter,
        name: task.words[0],
        category: task.category,
        weight,
        incidents: rows.len(),
        s: count(Actor::S),
        hs: count(Actor::Hs),
        h: count(Actor::H),
        actor,
        level,
        next,
        specified,
        specified_level: specified.map(|a| task.level_for(a).min(PROVABLE)),
        class,
        ceiling: class.map(|c| ceiling(task.duty, c)),
        reasons: reasons(rows.iter().copied()),
    }
}

/// The level of a task that is the system's. Where the standard's cell stops changing, 0-5 criterion options go on: 2 the
/// system does it; 3 with nobody in the loop, verified and taken back where it failed; 4 so in every domain it covers; 5
/// by rules of its own, which no record proves.
fn climb(
    task: &Task,
    rows: &[&Row],
    covered: &[Domain],
    instrument: &Instrument,
) -> (Option<u8>, Option<&'static str>) {
    let mut level = task.shown_by(Actor::S);
    let unattended = |rows: &[&Row]| {
        let n = rows.iter().filter(|r| alone(r) && r.unattended).count();
        share(n, rows.len()) >= instrument.shares.system
    };
    if level == 2 && unattended(rows) {
        level = 3;
    }
    let everywhere = covered.iter().all(|domain| {
        let own: Vec<&Row> = rows
            .iter()
            .filter(|r| r.domain == *domain)
            .copied()
            .collect();
        own.len() >= instrument.incidents.least && unattended(&own)
    });
    if level == 3 && everywhere && unattended(rows) {
        level = 4;
    }
    let next = match level {
        2 => "unattended",
        3 => "every-domain",
        _ => "own-rules",
    };
    (Some(level), Some(next))
}

fn scenario_level(subs: &[SubScore], enough: f64) -> Option<u8> {
    let held = |level: u8| -> f64 {
        let holds = |s: &&SubScore| s.level.is_some_and(|own| own >= level);
        subs.iter().filter(holds).map(|s| s.weight).sum()
    };
    // Weights are quotients: a sum of them may miss by a hair.
    (0..=PROVABLE)
        .rev()
        .find(|level| held(*level) >= enough - 1e-9)
}

fn mean(subs: &[SubScore]) -> Option<Methods> {
    let all: Option<Vec<(f64, Methods)>> =
        subs.iter().map(|s| Some((s.weight, s.methods?))).collect();
    let all = all.filter(|a| !a.is_empty())?;
    let over = |of: fn(&Methods) -> f64| all.iter().map(|(weight, m)| weight * of(m)).sum();
    Some(Methods {
        method_1: over(|m| m.method_1),
        method_1_equal: over(|m| m.method_1_equal),
        method_2: over(|m| m.method_2),
        method_2_equal: over(|m| m.method_2_equal),
        least: all.iter().map(|(_, m)| m.least).min().unwrap_or(0),
    })
}

fn floor(flow: Flow, instrument: &Instrument) -> Methods {
    let levels = flow.tasks().iter().map(|t| t.level_for(Actor::H)).collect();
    Levels { flow, levels }.methods(instrument)
}

fn breaches(flow: Flow, rows: &[&Row]) -> Vec<Breach> {
    let breach = |row: &&Row| {
        let task = Row::task_of(flow, row.task)?;
        let (class, shown) = (row.class?, task.shown_by(row.actor));
        let ceiling = ceiling(task.duty, class);
        (shown > ceiling).then(|| Breach {
            incident: row.incident_name(),
            task: row.task,
            actor: row.actor,
            class,
            shown,
            ceiling,
        })
    };
    rows.iter().filter_map(breach).collect()
}

fn stamped(rows: &[&Row]) -> Vec<String> {
    let stamped = rows
        .iter()
        .filter(|r| r.overrides.contains(&Sign::RubberStamp));
    stamped.map(|r| r.incident_name()).collect()
}

fn names_of(rows: &[&Row]) -> Vec<String> {
    let mut names: Vec<String> = rows.iter().map(|r| r.incident_name()).collect();
    names.dedup();
    names
}
