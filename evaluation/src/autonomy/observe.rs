//! From closed incidents to rows: the table of rules, carried out.

use super::case::Case;
use super::ceiling::class_of;
use super::flow::Flow;
use super::instrument::Instrument;
use super::lattice::{Actor, Task};
use super::reason::Reason;
use super::row::Row;
use super::rules::{OVERRIDES, Rule};
use super::signs::Sign;
use zizhi_types::record::Who;
use zizhi_types::{Action, Body, Record, RecordId};

/// One row for each incident of the flow and each of its tasks.
pub fn observe(flow: Flow, cases: &[Case<'_>], instrument: &Instrument) -> Vec<Row> {
    let belongs = |case: &&Case<'_>| belongs(flow, case, instrument);
    let cases = cases.iter().filter(belongs);
    cases
        .flat_map(|case| rows(flow, case, instrument))
        .collect()
}

/// Fault management takes every incident, network optimisation those that are ranked first as a performance issue.
pub fn belongs(flow: Flow, case: &Case<'_>, instrument: &Instrument) -> bool {
    let issue = |fault| instrument.optimisation_faults.contains(&fault);
    match flow {
        Flow::FaultManagement => true,
        Flow::NetworkOptimisation => case.fault().is_some_and(issue),
    }
}

fn rows(flow: Flow, case: &Case<'_>, instrument: &Instrument) -> Vec<Row> {
    let actions = actions(case);
    let class = actions.iter().map(|a| class_of(a, instrument)).max();
    let unattended = case.unattended();
    let row = |task: &Task| {
        let judged = judge(Rule::of(task.duty), case, instrument.rubber_stamp_ms);
        Row {
            flow,
            journal: case.journal.to_owned(),
            incident: case.incident.id.clone(),
            closed: case.closed,
            domain: case.domain(),
            fault: case.fault(),
            mode: case.mode(),
            task: task.letter,
            actor: judged.actor,
            class,
            overrides: judged.overrides,
            unattended,
            evidence: judged
                .evidence
                .iter()
                .map(|id| format!("{}#{id}", case.journal))
                .collect(),
            reason: judged.reason,
        }
    };
    flow.tasks().iter().map(row).collect()
}

/// Every action that was decided on or begun.
fn actions<'r>(case: &Case<'r>) -> Vec<&'r Action> {
    let of = |record: &&'r Record| -> Vec<&'r Action> {
        match &record.body {
            Body::Decided { plan, .. } => plan.steps.iter().map(|s| &s.action).collect(),
            Body::StepStarted { action, .. } => vec![action],
            _ => vec![],
        }
    };
    case.records.iter().flat_map(of).collect()
}

struct Judged {
    actor: Actor,
    reason: Reason,
    overrides: Vec<Sign>,
    evidence: Vec<RecordId>,
}

fn judge(rule: &Rule, case: &Case<'_>, stamp_ms: u64) -> Judged {
    let mut judged = start(rule, case, stamp_ms);
    for (sign, to) in rule.lowers {
        let found = sign.find(case, stamp_ms);
        if found.is_empty() {
            continue;
        }
        judged.add(found);
        if OVERRIDES.contains(sign) {
            judged.overrides.push(*sign);
        }
        judged.lower(*to, Reason::Because(*sign));
    }
    for record in work_of(rule, case) {
        let (to, why) = match record.who {
            Who::System => continue,
            Who::Human { .. } => (Actor::H, Reason::ByPerson),
            Who::Both { .. } => (Actor::Hs, Reason::WithPerson),
        };
        judged.add(vec![record.id.clone()]);
        judged.lower(to, why);
    }
    judged
}

/// By what is there and what is missing alone.
fn start(rule: &Rule, case: &Case<'_>, stamp_ms: u64) -> Judged {
    let all = |signs: &[Sign]| -> Result<Vec<RecordId>, Sign> {
        let mut evidence = vec![];
        for sign in signs {
            match sign.find(case, stamp_ms) {
                found if found.is_empty() => return Err(*sign),
                found => evidence.extend(found),
            }
        }
        Ok(evidence)
    };
    let (actor, reason, evidence) = match (all(rule.needs), all(rule.partly)) {
        (Ok(evidence), _) => (Actor::S, Reason::Done, evidence),
        (Err(missing), Ok(evidence)) if !rule.partly.is_empty() => {
            (Actor::Hs, Reason::No(missing), evidence)
        }
        (Err(missing), _) => (Actor::H, Reason::No(missing), vec![]),
    };
    let mut judged = Judged {
        actor,
        reason,
        overrides: vec![],
        evidence: vec![],
    };
    judged.add(evidence);
    judged
}

/// The records that are this task's own work. An answer to a request is judged by its own signs.
fn work_of<'c>(rule: &'c Rule, case: &'c Case<'_>) -> impl Iterator<Item = &'c Record> {
    let sensed = case
        .symptoms
        .iter()
        .flat_map(|(raised, raw)| [Some(*raised), *raw]);
    let all = case.records.iter().copied().chain(sensed.flatten());
    all.filter(|r| {
        rule.stages.contains(&r.body.stage()) && !matches!(r.body, Body::Approved { .. })
    })
}

impl Judged {
    fn add(&mut self, found: Vec<RecordId>) {
        for id in found {
            if !self.evidence.contains(&id) {
                self.evidence.push(id);
            }
        }
    }

    /// Lowers the actor. What lowers it to the same again is no new reason, unless the old one only says what is missing:
    /// what is there tells more.
    fn lower(&mut self, to: Actor, why: Reason) {
        let tells_more = to == self.actor && matches!(self.reason, Reason::No(_));
        if to < self.actor || tells_more {
            self.actor = to;
            self.reason = why;
        }
    }
}
