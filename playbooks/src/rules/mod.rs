//! What follows from standing alarms and the topology: deduced alarms and states, causes, playbooks to run?
//!
//! In: files of `kind: Rules`, a network, a set of standing alarms and states. Out: [`Conclusions`]. Pure: no clock, no
//! I/O, no memory. Meaning:
//! - A rule names entities. It is tried on every way to fill them with objects of the network. Two names may mean one
//!   object unless a relation keeps them apart.
//! - Its condition is made of `all`, `any`, `not`, alarms, states and relations. An entity that stands only inside a
//!   `not` is asked for within it: "not any such object".
//! - What a rule concludes may make other rules fire. Rules are evaluated layer by layer, so that `not` looks only at what
//!   is already settled; files in which a conclusion denies itself are refused. So there is exactly one result, whatever
//!   the order of files, rules and alarms; it is reached because there are finitely many alarms and objects.
//! - Nothing is remembered: when a condition no longer holds, its conclusion is not there any more ([`changes`] tells).
//! - A cause is kept only between two alarms that both stand. A playbook that is concluded is asked for, never run: the
//!   planner, its conditions, the guards and its mode still decide.

mod check;
mod evaluate;
mod relations;
mod schema;

pub use evaluate::{Alarm, Cause, Conclusions, Request, TooMuch, changes, evaluate};
pub use relations::Relation;

use crate::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::{ManagedObject, ObjectKind};

/// Checked rules of one or several files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// In layers: a later one may deny what an earlier one settles.
    layers: Vec<Vec<Rule>>,
    /// The name under which an alarm counts, for those that have several.
    same: BTreeMap<String, String>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    name: String,
    entities: BTreeMap<String, Entity>,
    when: Condition,
    then: Vec<Then>,
    /// Entities that are filled; the others stand inside a `not`.
    filled: Vec<String>,
}

/// Which objects may fill a name.
#[derive(Debug, Clone, PartialEq)]
struct Entity {
    kind: ObjectKind,
    /// May hold one `*`.
    name: Option<String>,
}

/// What must hold; texts are alarm kinds, states and entity names.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Alarm(String, String),
    State(String, String),
    Related(Relation, String, String),
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
enum Then {
    Raise {
        alarm: String,
        on: String,
    },
    State {
        state: String,
        of: String,
    },
    Cause {
        cause: (String, String),
        effect: (String, String),
    },
    Playbook {
        id: String,
        on: String,
    },
}

impl Rules {
    /// Reads and checks files, given by name and text. Definitions of one file are seen by those that include it.
    pub fn read(files: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        check::rules(files)
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.layers.iter().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many layers `not` makes of them.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    fn canonical<'a>(&'a self, alarm: &'a str) -> &'a str {
        self.same.get(alarm).map_or(alarm, String::as_str)
    }
}

impl Entity {
    fn fits(&self, object: &ManagedObject) -> bool {
        let named = |pattern: &String| match pattern.split_once('*') {
            None => object.name() == pattern,
            Some((before, after)) => object
                .name()
                .strip_prefix(before)
                .is_some_and(|rest| rest.ends_with(after)),
        };
        object.kind() == self.kind && self.name.as_ref().is_none_or(named)
    }
}

impl Condition {
    /// Entities it names; `outside` leaves out what stands inside a `not`.
    fn names(&self, outside: bool, into: &mut BTreeSet<String>) {
        match self {
            Self::All(list) | Self::Any(list) => {
                for c in list {
                    c.names(outside, into);
                }
            }
            Self::Not(_) if outside => {}
            Self::Not(inner) => inner.names(outside, into),
            Self::Alarm(_, on) | Self::State(_, on) => {
                into.insert(on.clone());
            }
            Self::Related(_, from, to) => into.extend([from.clone(), to.clone()]),
        }
    }

    /// Alarms and states that it looks at, and whether inside a `not`.
    fn facts(&self, denied: bool, into: &mut Vec<(String, bool)>) {
        match self {
            Self::All(list) | Self::Any(list) => {
                for c in list {
                    c.facts(denied, into);
                }
            }
            Self::Not(inner) => inner.facts(true, into),
            Self::Alarm(alarm, _) => into.push((format!("alarm {alarm}"), denied)),
            Self::State(state, _) => into.push((format!("state {state}"), denied)),
            Self::Related(..) => {}
        }
    }
}

impl Then {
    /// The alarm or state that it settles.
    fn fact(&self) -> Option<String> {
        match self {
            Self::Raise { alarm, .. } => Some(format!("alarm {alarm}")),
            Self::State { state, .. } => Some(format!("state {state}")),
            Self::Cause { .. } | Self::Playbook { .. } => None,
        }
    }

    fn names(&self) -> Vec<&String> {
        match self {
            Self::Raise { on, .. } | Self::State { of: on, .. } | Self::Playbook { on, .. } => {
                vec![on]
            }
            Self::Cause { cause, effect } => vec![&cause.1, &effect.1],
        }
    }
}
