//! Are the rules of these files sound?
//!
//! In: files. Out: rules in layers, or every problem. A file is refused when it names what is not there, says nothing, or
//! denies what it concludes.

use super::schema::{AlarmText, ConditionText, EntityRef, EntityText, File, RuleText, ThenText};
use super::{Condition, Entity, Relation, Rule, Rules, Then};
use crate::problem::{Code, Place, Problem};
use crate::schema::API_VERSION;
use crate::suggest::did_you_mean;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::ObjectKind;

/// Conditions within conditions, at most.
const DEPTH_MAX: usize = 16;

pub(super) fn rules(files: &[(String, String)]) -> Result<Rules, Vec<Problem>> {
    let mut problems = vec![];
    let mut read = vec![];
    for (name, text) in files {
        match crate::parse::read::<File>(name, text) {
            Ok(file) => read.push((name.as_str(), file)),
            Err(problem) => problems.push(problem),
        }
    }
    let same = equivalences(&read);
    let mut made = vec![];
    for (name, file) in &read {
        let mut checker = Checker {
            file: name,
            same: &same,
            seen: definitions(file, &read, name, &mut problems),
            problems: &mut problems,
        };
        checker.envelope(file);
        made.extend(
            file.rules
                .iter()
                .filter_map(|r| Some((checker.rule(r)?, *name, r))),
        );
    }
    let layers = layered(&made, &mut problems);
    if problems.is_empty() {
        return Ok(Rules { layers, same });
    }
    problems.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
    Err(problems)
}

fn equivalences(files: &[(&str, File)]) -> BTreeMap<String, String> {
    let lists = files.iter().flat_map(|(_, f)| &f.definitions.equivalences);
    let pairs = lists.filter_map(|list| list.split_first());
    pairs
        .flat_map(|(first, others)| others.iter().map(|o| (o.clone(), first.clone())))
        .collect()
}

#[derive(Default)]
struct Seen<'f> {
    entities: BTreeMap<&'f str, &'f EntityText>,
    conditions: BTreeMap<&'f str, &'f ConditionText>,
}

/// A file's own definitions and those of the files that it includes.
fn definitions<'f>(
    file: &'f File,
    all: &'f [(&str, File)],
    name: &str,
    problems: &mut Vec<Problem>,
) -> Seen<'f> {
    let mut seen = Seen::default();
    let mut add = |file: &'f File| {
        let d = &file.definitions;
        seen.entities
            .extend(d.entities.iter().map(|(k, v)| (k.as_str(), v)));
        seen.conditions
            .extend(d.conditions.iter().map(|(k, v)| (k.as_str(), v)));
    };
    for wanted in &file.include {
        let id = &wanted.value;
        match all.iter().find(|(_, f)| f.metadata.id.value == *id) {
            Some((_, other)) => add(other),
            None => problems.push(Problem::new(
                name,
                wanted.referenced.into(),
                Code::UnknownName,
                format!("no file with id `{id}` is given"),
                "give that file too, or remove it from include",
            )),
        }
    }
    add(file);
    seen
}

struct Checker<'c, 'f> {
    file: &'c str,
    same: &'c BTreeMap<String, String>,
    seen: Seen<'f>,
    problems: &'c mut Vec<Problem>,
}

type Told<T> = Result<T, (Code, String, String)>;

fn told<T>(code: Code, message: impl Into<String>, fix: impl Into<String>) -> Told<T> {
    Err((code, message.into(), fix.into()))
}

impl Checker<'_, '_> {
    fn envelope(&mut self, file: &File) {
        let words = [
            (&file.api_version, "apiVersion", API_VERSION),
            (&file.kind, "kind", "Rules"),
        ];
        for (written, field, only) in words {
            if written.value != only {
                self.problems.push(Problem::new(
                    self.file,
                    written.referenced.into(),
                    Code::BadVersion,
                    format!("{field} `{}` cannot be read", written.value),
                    format!("write {field}: {only}"),
                ));
            }
        }
    }

    fn rule(&mut self, written: &RuleText) -> Option<Rule> {
        match self.made(written) {
            Ok(rule) => Some(rule),
            Err((code, message, fix)) => {
                let place = Place::from(written.name.referenced);
                let message = format!("rule `{}`: {message}", written.name.value);
                self.problems
                    .push(Problem::new(self.file, place, code, message, fix));
                None
            }
        }
    }

    fn made(&self, written: &RuleText) -> Told<Rule> {
        let mut entities = BTreeMap::new();
        for (name, entity) in &written.entities {
            entities.insert(name.clone(), self.entity(name, entity)?);
        }
        let when = self.condition(&written.when, 0)?;
        let mut then = vec![];
        for item in &written.then {
            then.push(self.then(item)?);
        }
        if then.is_empty() {
            return told(
                Code::NoSteps,
                "nothing follows from it",
                "write at least one line in then",
            );
        }
        let filled = filled(&when, &then, &entities)?;
        Ok(Rule {
            name: written.name.value.clone(),
            entities,
            when,
            then,
            filled,
        })
    }

    fn entity(&self, name: &str, written: &EntityRef) -> Told<Entity> {
        let (kind, pattern) = match (&written.like, &written.kind) {
            (Some(like), None) => {
                let Some(found) = self.seen.entities.get(like.as_str()) else {
                    let fix = did_you_mean(like, self.seen.entities.keys().copied());
                    return told(
                        Code::UnknownName,
                        format!("no entity `{like}` is defined"),
                        fix,
                    );
                };
                (
                    found.kind.as_str(),
                    written.name.clone().or(found.name.clone()),
                )
            }
            (None, Some(kind)) => (kind.as_str(), written.name.clone()),
            _ => {
                let message = format!("entity `{name}` has neither or both of kind and like");
                return told(
                    Code::MissingField,
                    message,
                    "write kind: link, or like: a definition",
                );
            }
        };
        let Some(kind) = ObjectKind::ALL.into_iter().find(|k| k.as_str() == kind) else {
            let fix = did_you_mean(kind, ObjectKind::ALL.iter().map(|k| k.as_str()));
            return told(
                Code::UnknownWord,
                format!("`{kind}` is no kind of object"),
                fix,
            );
        };
        Ok(Entity {
            kind,
            name: pattern,
        })
    }

    fn alarm(&self, kind: &str) -> String {
        self.same.get(kind).map_or(kind, String::as_str).to_owned()
    }

    fn condition(&self, c: &ConditionText, depth: usize) -> Told<Condition> {
        if depth > DEPTH_MAX {
            return told(
                Code::BadExpression,
                "its condition is nested too deeply",
                "define parts of it, and use is:",
            );
        }
        let list = |items: &[ConditionText]| -> Told<Vec<Condition>> {
            items.iter().map(|i| self.condition(i, depth + 1)).collect()
        };
        match c {
            ConditionText {
                all: Some(items), ..
            } if alone(c, 1) && !items.is_empty() => Ok(Condition::All(list(items)?)),
            ConditionText {
                any: Some(items), ..
            } if alone(c, 1) && !items.is_empty() => Ok(Condition::Any(list(items)?)),
            ConditionText {
                not: Some(inner), ..
            } if alone(c, 1) => Ok(Condition::Not(Box::new(self.condition(inner, depth + 1)?))),
            ConditionText {
                alarm: Some(kind),
                on: Some(on),
                ..
            } if alone(c, 2) => Ok(Condition::Alarm(self.alarm(kind), on.clone())),
            ConditionText {
                state: Some(state),
                of: Some(of),
                ..
            } if alone(c, 2) => Ok(Condition::State(state.clone(), of.clone())),
            ConditionText {
                relation: Some(r),
                from: Some(from),
                to: Some(to),
                ..
            } if alone(c, 3) => {
                let Ok(relation) = r.parse::<Relation>() else {
                    let fix = did_you_mean(r, Relation::ALL.iter().map(|r| r.as_str()));
                    return told(Code::UnknownWord, format!("`{r}` is no relation"), fix);
                };
                Ok(Condition::Related(relation, from.clone(), to.clone()))
            }
            ConditionText { is: Some(name), .. } if alone(c, 1) => {
                let Some(found) = self.seen.conditions.get(name.as_str()) else {
                    let fix = did_you_mean(name, self.seen.conditions.keys().copied());
                    return told(
                        Code::UnknownName,
                        format!("no condition `{name}` is defined"),
                        fix,
                    );
                };
                self.condition(found, depth + 1)
            }
            _ => told(
                Code::BadExpression,
                "a condition says nothing, or two things",
                "write one of {all: [..]}, {any: [..]}, {not: ..}, {alarm: .., on: ..}, {state: .., of: ..}, {relation: .., from: .., to: ..}, {is: ..}",
            ),
        }
    }

    fn then(&self, t: &ThenText) -> Told<Then> {
        let alarm = |a: &AlarmText| (self.alarm(&a.alarm), a.on.clone());
        match t {
            ThenText {
                raise: Some(kind),
                on: Some(on),
                set: None,
                of: None,
                cause: None,
                effect: None,
                playbook: None,
            } => Ok(Then::Raise {
                alarm: self.alarm(kind),
                on: on.clone(),
            }),
            ThenText {
                set: Some(state),
                of: Some(of),
                raise: None,
                on: None,
                cause: None,
                effect: None,
                playbook: None,
            } => Ok(Then::State {
                state: state.clone(),
                of: of.clone(),
            }),
            ThenText {
                cause: Some(cause),
                effect: Some(effect),
                raise: None,
                set: None,
                of: None,
                on: None,
                playbook: None,
            } => Ok(Then::Cause {
                cause: alarm(cause),
                effect: alarm(effect),
            }),
            ThenText {
                playbook: Some(id),
                on: Some(on),
                raise: None,
                set: None,
                of: None,
                cause: None,
                effect: None,
            } => Ok(Then::Playbook {
                id: id.clone(),
                on: on.clone(),
            }),
            _ => told(
                Code::BadExpression,
                "a conclusion says nothing, or two things",
                "write one of {raise: .., on: ..}, {set: .., of: ..}, {cause: {alarm: .., on: ..}, effect: {alarm: .., on: ..}}, {playbook: .., on: ..}",
            ),
        }
    }
}

/// Exactly so many fields are written.
fn alone(c: &ConditionText, fields: usize) -> bool {
    let written = [
        c.all.is_some(),
        c.any.is_some(),
        c.not.is_some(),
        c.alarm.is_some(),
        c.on.is_some(),
        c.state.is_some(),
        c.of.is_some(),
        c.relation.is_some(),
        c.from.is_some(),
        c.to.is_some(),
        c.is.is_some(),
    ];
    written.iter().filter(|w| **w).count() == fields
}

/// The entities that are filled. Each that a conclusion names must stand outside every `not`, or nothing says which object
/// is meant.
fn filled(
    when: &Condition,
    then: &[Then],
    entities: &BTreeMap<String, Entity>,
) -> Told<Vec<String>> {
    let (mut outside, mut all) = (BTreeSet::new(), BTreeSet::new());
    when.names(true, &mut outside);
    when.names(false, &mut all);
    let concluded = then.iter().flat_map(Then::names);
    for name in all.iter().chain(concluded.clone()) {
        if !entities.contains_key(name) {
            let fix = did_you_mean(name, entities.keys().map(String::as_str));
            return told(
                Code::UnknownName,
                format!("entity `{name}` is not described"),
                fix,
            );
        }
    }
    if let Some(name) = concluded.into_iter().find(|n| !outside.contains(*n)) {
        let message = format!("it concludes on `{name}`, which no condition outside a `not` names");
        return told(Code::UnknownName, message, "add a condition on it");
    }
    Ok(outside.into_iter().collect())
}

type Made<'r> = (Rule, &'r str, &'r RuleText);

/// A rule comes after all rules that settle what it looks at, strictly after where it denies it. A layer number beyond
/// the number of rules means that some conclusion denies itself.
fn layered(made: &[Made<'_>], problems: &mut Vec<Problem>) -> Vec<Vec<Rule>> {
    let mut level: BTreeMap<String, usize> = BTreeMap::new();
    let mut own = vec![0_usize; made.len()];
    loop {
        let mut moved = false;
        for ((rule, ..), own) in made.iter().zip(&mut own) {
            let mut looked = vec![];
            rule.when.facts(false, &mut looked);
            let wants = looked.iter().map(|(fact, denied)| {
                let settled = level.get(fact).copied();
                settled.map_or(0, |l| l + usize::from(*denied))
            });
            *own = wants.max().unwrap_or(0).max(*own);
            // What is concluded together is settled together.
            for fact in rule.then.iter().filter_map(Then::fact) {
                let place = level.entry(fact).or_insert(*own);
                moved |= *place < *own;
                *place = (*place).max(*own);
                if *place > *own {
                    *own = *place;
                    moved = true;
                }
            }
            if *own > made.len() {
                return denied(made, rule, problems);
            }
        }
        if !moved && settled(made, &own, &level) {
            break;
        }
    }
    let mut layers = vec![vec![]; own.iter().max().map_or(0, |m| m + 1)];
    for ((rule, ..), own) in made.iter().zip(own) {
        if let Some(layer) = layers.get_mut(own) {
            layer.push(rule.clone());
        }
    }
    layers.retain(|l| !l.is_empty());
    layers
}

/// No rule wants to stand higher than it does.
fn settled(made: &[Made<'_>], own: &[usize], level: &BTreeMap<String, usize>) -> bool {
    made.iter().zip(own).all(|((rule, ..), own)| {
        let mut looked = vec![];
        rule.when.facts(false, &mut looked);
        looked.iter().all(|(fact, denied)| {
            level
                .get(fact)
                .is_none_or(|l| l + usize::from(*denied) <= *own)
        })
    })
}

fn denied(made: &[Made<'_>], rule: &Rule, problems: &mut Vec<Problem>) -> Vec<Vec<Rule>> {
    let written = made.iter().find(|(r, ..)| r == rule);
    if let Some((_, file, text)) = written {
        problems.push(Problem::new(
            file,
            text.name.referenced.into(),
            Code::BadExpression,
            format!(
                "rule `{}`: what follows from it denies its own condition",
                rule.name
            ),
            "a `not` may look only at what no later conclusion changes: remove the circle",
        ));
    }
    vec![]
}
