//! What follows, given these alarms?
//!
//! In: checked rules, a network, standing alarms and states. Out: everything that follows, or that it would take too much.

use super::relations::Topology;
use super::{Condition, Rule, Rules, Then};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::ManagedObject;
use zizhi_types::topology::Network;

/// Ways to fill entities that are tried in one evaluation, at most (our choice: seconds, on the largest network here).
const TRIES_MAX: usize = 5_000_000;

/// An alarm, or a state, on an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Alarm {
    /// Which alarm or state.
    pub kind: String,
    /// Whose.
    pub object: ManagedObject,
}

/// One alarm is the cause of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cause {
    /// What caused it.
    pub cause: Alarm,
    /// What it caused.
    pub effect: Alarm,
}

/// A playbook that a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Request {
    /// The playbook's id.
    pub playbook: String,
    /// For which object.
    pub object: ManagedObject,
}

/// All that follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Conclusions {
    /// Alarms that stand: given and deduced.
    pub alarms: BTreeSet<Alarm>,
    /// Those of them that were deduced.
    pub deduced: BTreeSet<Alarm>,
    /// States: given and set.
    pub states: BTreeSet<Alarm>,
    /// Causes between standing alarms.
    pub causes: BTreeSet<Cause>,
    /// Playbooks that are asked for.
    pub requests: BTreeSet<Request>,
    /// The rules that fired, by name.
    pub fired: BTreeSet<String>,
}

/// It would take too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "rule `{rule}` has too many ways to fill its entities on this network: relate them to each other, or name them"
)]
pub struct TooMuch {
    /// Which rule was at work.
    pub rule: String,
}

/// Everything that follows from the standing alarms and states.
pub fn evaluate(
    rules: &Rules,
    network: &Network,
    alarms: &BTreeSet<Alarm>,
    states: &BTreeSet<Alarm>,
) -> Result<Conclusions, TooMuch> {
    let named = |a: &Alarm| Alarm {
        kind: rules.canonical(&a.kind).to_owned(),
        object: a.object.clone(),
    };
    let mut found = Conclusions {
        alarms: alarms.iter().map(named).collect(),
        states: states.clone(),
        ..Conclusions::default()
    };
    let topology = Topology::of(network);
    let mut tries = 0;
    for layer in &rules.layers {
        while layer_once(layer, &topology, &mut found, &mut tries)? {}
    }
    let standing = found.alarms.clone();
    found
        .causes
        .retain(|c| standing.contains(&c.cause) && standing.contains(&c.effect));
    Ok(found)
}

/// Every rule of a layer once; whether anything new came.
fn layer_once(
    layer: &[Rule],
    topology: &Topology,
    found: &mut Conclusions,
    tries: &mut usize,
) -> Result<bool, TooMuch> {
    let before = (found.alarms.len(), found.states.len());
    for rule in layer {
        let mut matches = vec![];
        let mut search = Search {
            rule,
            topology,
            found,
            tries,
            matches: &mut matches,
        };
        search.fill(&mut Binding::new())?;
        for binding in matches {
            conclude(rule, &binding, found);
        }
    }
    Ok(before != (found.alarms.len(), found.states.len()))
}

type Binding<'b> = BTreeMap<&'b str, &'b ManagedObject>;

/// Fills entities one by one and turns back as soon as the condition cannot hold any more.
struct Search<'s, 'm> {
    rule: &'s Rule,
    topology: &'s Topology,
    found: &'m Conclusions,
    tries: &'m mut usize,
    matches: &'m mut Vec<Binding<'s>>,
}

impl<'s> Search<'s, '_> {
    fn fill(&mut self, binding: &mut Binding<'s>) -> Result<(), TooMuch> {
        *self.tries += 1;
        if *self.tries > TRIES_MAX {
            let rule = self.rule.name.clone();
            return Err(TooMuch { rule });
        }
        let holds = self.holds(&self.rule.when, binding);
        if holds == Some(false) {
            return Ok(());
        }
        let mut open = self.rule.filled.iter();
        let Some(next) = open.find(|n| !binding.contains_key(n.as_str())) else {
            if holds == Some(true) {
                self.matches.push(binding.clone());
            }
            return Ok(());
        };
        let Some(entity) = self.rule.entities.get(next) else {
            return Ok(());
        };
        for object in self.topology.objects.iter().filter(|o| entity.fits(o)) {
            binding.insert(next, object);
            self.fill(binding)?;
            binding.remove(next.as_str());
        }
        Ok(())
    }

    /// Whether the condition holds; nothing while that hangs on an entity that is not filled yet.
    fn holds(&self, condition: &'s Condition, binding: &Binding<'s>) -> Option<bool> {
        let fact = |kind: &String, on: &String, facts: &BTreeSet<Alarm>| {
            let object = (*binding.get(on.as_str())?).clone();
            let kind = kind.clone();
            Some(facts.contains(&Alarm { kind, object }))
        };
        match condition {
            Condition::All(list) => {
                let each: Vec<_> = list.iter().map(|c| self.holds(c, binding)).collect();
                if each.contains(&Some(false)) {
                    return Some(false);
                }
                (!each.contains(&None)).then_some(true)
            }
            Condition::Any(list) => {
                let each: Vec<_> = list.iter().map(|c| self.holds(c, binding)).collect();
                if each.contains(&Some(true)) {
                    return Some(true);
                }
                (!each.contains(&None)).then_some(false)
            }
            Condition::Not(inner) => self.none(inner, binding),
            Condition::Alarm(kind, on) => fact(kind, on, &self.found.alarms),
            Condition::State(kind, on) => fact(kind, on, &self.found.states),
            Condition::Related(relation, from, to) => {
                let (from, to) = (binding.get(from.as_str())?, binding.get(to.as_str())?);
                Some(self.topology.holds(*relation, from, to))
            }
        }
    }

    /// No way to fill the entities that stand only inside the `not` makes it hold.
    fn none(&self, inner: &'s Condition, binding: &Binding<'s>) -> Option<bool> {
        let mut names = BTreeSet::new();
        inner.names(false, &mut names);
        let waits = |n: &String| self.rule.filled.contains(n) && !binding.contains_key(n.as_str());
        if names.iter().any(waits) {
            return None;
        }
        Some(!self.some(inner, &mut binding.clone()))
    }

    fn some(&self, inner: &'s Condition, binding: &mut Binding<'s>) -> bool {
        if let Some(known) = self.holds(inner, binding) {
            return known;
        }
        let mut names = BTreeSet::new();
        inner.names(false, &mut names);
        let open = names.iter().find(|n| !binding.contains_key(n.as_str()));
        let Some((name, entity)) = open.and_then(|n| self.rule.entities.get_key_value(n)) else {
            return false;
        };
        for object in self.topology.objects.iter().filter(|o| entity.fits(o)) {
            binding.insert(name, object);
            let holds = self.some(inner, binding);
            binding.remove(name.as_str());
            if holds {
                return true;
            }
        }
        false
    }
}

fn conclude(rule: &Rule, binding: &Binding<'_>, found: &mut Conclusions) {
    let on = |kind: &str, name: &str| {
        let object = (*binding.get(name)?).clone();
        let kind = kind.to_owned();
        Some(Alarm { kind, object })
    };
    found.fired.insert(rule.name.clone());
    for then in &rule.then {
        match then {
            Then::Raise { alarm, on: name } => {
                let new = on(alarm, name).filter(|a| found.alarms.insert(a.clone()));
                found.deduced.extend(new);
            }
            Then::State { state, of } => found.states.extend(on(state, of)),
            Then::Cause { cause, effect } => {
                let pair = on(&cause.0, &cause.1).zip(on(&effect.0, &effect.1));
                found
                    .causes
                    .extend(pair.map(|(cause, effect)| Cause { cause, effect }));
            }
            Then::Playbook { id, on: name } => {
                found.requests.extend(on(id, name).map(|a| Request {
                    playbook: a.kind,
                    object: a.object,
                }));
            }
        }
    }
}

/// What came and what went between two evaluations: a conclusion whose condition no longer holds is retracted.
pub fn changes(before: &Conclusions, after: &Conclusions) -> (Vec<Alarm>, Vec<Alarm>) {
    let raised = after.deduced.difference(&before.deduced).cloned().collect();
    let cleared = before.deduced.difference(&after.deduced).cloned().collect();
    (raised, cleared)
}
