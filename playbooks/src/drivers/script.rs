//! What exactly will be done for one action?
//!
//! In: nothing. Out: a [`Script`]: the readings, the calls and what must be read afterwards, as data. The profiles
//! (`frr`, `linux`, …) write it, `zizhi drivers try` prints it, and only [`super::own`] carries it out. Nothing here can
//! act, so a dry run has nothing in reach that could.

pub use super::call::{Call, Http, Kubernetes, Limits, Resource, Run, What, quoted, seconds};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use zizhi_types::action::{Action, Value};

/// Everything that is done for one action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Script {
    /// Which driver.
    pub driver: &'static str,
    /// What is promised of it.
    pub declares: Declares,
    /// How the state is read, before and after.
    pub readings: Vec<Reading>,
    /// What changes it, in this order.
    pub calls: Vec<Call>,
    /// What takes it back.
    pub undo: Undo,
    /// How long the state may take to become as wanted.
    #[serde(serialize_with = "seconds")]
    pub settle: Duration,
}

/// What a driver promises of one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Declares {
    /// Doing it twice is as doing it once.
    pub idempotent: bool,
    /// There is an action that takes it back.
    pub reversible: bool,
    /// The state is read back and compared, not only taken down.
    pub compared: bool,
}

/// One value that is read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// Its name in receipts: `A:eth1`, `replicas`.
    pub label: String,
    /// How it is asked for.
    pub call: Call,
    /// Where in the answer it is.
    pub take: Take,
    /// What it must be afterwards.
    pub want: Want,
}

/// Where in an answer a value is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Take {
    /// All of it, without the blanks around.
    Text,
    /// At this JSON pointer (RFC 6901); the second is what its absence means.
    Pointer(String, Option<String>),
    /// A number in one block of a router's running configuration.
    Setting {
        /// The block's first line.
        block: String,
        /// The words before the number.
        words: String,
        /// What its absence means.
        default: u32,
    },
    /// The rate of a token bucket in Mbit/s, from `tc -j qdisc show`.
    Rate,
    /// `complete` or `progressing`: whether a Kubernetes workload is as its specification says.
    Rollout,
    /// How many pods of a list would be evicted.
    Evictable,
    /// How many tasks an Ansible run changed or would change.
    Changes,
}

/// What must be read back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Want {
    /// This text.
    Text(String),
    /// This number, to one part in a thousand (the kernel rounds rates).
    Number(f64),
    /// Another value than before.
    Changed,
    /// Only taken down.
    Anything,
}

impl Want {
    /// Whether a value is as wanted.
    pub fn is_met(&self, before: Option<&str>, after: &str) -> bool {
        match self {
            Self::Text(text) => text == after,
            Self::Number(wanted) => after
                .parse::<f64>()
                .is_ok_and(|n| (n - wanted).abs() <= wanted.abs() * 1e-3),
            Self::Changed => before.is_some_and(|b| b != after),
            Self::Anything => true,
        }
    }
}

/// What takes a change back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// Nothing does.
    Nothing,
    /// The same action with the parameter as it was read before; of several readings the largest or the smallest.
    Back {
        /// Which parameter.
        param: &'static str,
        /// The reading whose label this is, or of all.
        label: Option<&'static str>,
        /// The largest of several, else the smallest.
        largest: bool,
    },
    /// This action; texts of its parameters may name `${before.<label>}`.
    Action(Action),
    /// The action that stands beside the value that was read before.
    Choose {
        /// The reading.
        label: &'static str,
        /// Values and actions.
        choices: Vec<(String, Action)>,
    },
}

impl Take {
    /// The JSON text or number at a pointer, as text.
    pub fn pointer(path: &str) -> Self {
        Self::Pointer(path.to_owned(), None)
    }
}

impl Undo {
    /// The action that takes `action` back, once the state before is known.
    pub fn after(&self, action: &Action, before: &BTreeMap<String, String>) -> Option<Action> {
        match self {
            Self::Nothing => None,
            Self::Action(template) => filled(template, before),
            Self::Choose { label, choices } => {
                let read = before.get(*label)?;
                let chosen = choices.iter().find(|(value, _)| value == read)?;
                Some(chosen.1.clone())
            }
            Self::Back {
                param,
                label,
                largest,
            } => {
                let wanted = |l: &String| label.is_none_or(|w| w == l);
                let numbers = before.iter().filter(|(l, _)| wanted(l));
                let numbers = numbers.filter_map(|(_, v)| v.parse::<f64>().ok());
                let pick = if *largest { f64::max } else { f64::min };
                let value = numbers.reduce(pick)?;
                let mut undo = action.clone();
                undo.params
                    .insert((*param).to_owned(), Value::Number(value));
                Some(undo)
            }
        }
    }
}

fn filled(template: &Action, before: &BTreeMap<String, String>) -> Option<Action> {
    let mut undo = template.clone();
    for value in undo.params.values_mut() {
        let Value::Text(text) = value else { continue };
        let name = text
            .strip_prefix("${before.")
            .and_then(|t| t.strip_suffix('}'));
        let Some(name) = name else { continue };
        let read = before.get(name)?;
        *value = read
            .parse()
            .map_or_else(|_| Value::Text(read.clone()), Value::Number);
    }
    Some(undo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zizhi_types::Verb;

    #[test]
    fn ends_that_differed_go_back_to_the_one_that_kept_traffic_away() {
        let action = Action::new(Verb::LinkSetCost, "link/A-B".parse().unwrap())
            .with("cost", Value::Number(100.0));
        let before = BTreeMap::from([("A".into(), "10".into()), ("B".into(), "30".into())]);
        let undo = Undo::Back {
            param: "cost",
            label: None,
            largest: true,
        };
        assert_eq!(
            undo.after(&action, &before).unwrap().number("cost"),
            Some(30.0)
        );
        assert_eq!(undo.after(&action, &BTreeMap::new()), None);
    }

    #[test]
    fn an_operator_s_undo_takes_what_was_read() {
        let action = Action::new(Verb::InstanceSteerLimit, "instance/i".parse().unwrap());
        let undo = Undo::Action(
            action
                .clone()
                .with("share", Value::Text("${before.state}".into())),
        );
        let before = BTreeMap::from([("state".to_owned(), "0.75".to_owned())]);
        let back = undo.after(&action, &before).unwrap();
        assert_eq!(back.number("share"), Some(0.75));
    }

    #[test]
    fn a_rate_is_met_as_the_kernel_rounds_it() {
        assert!(Want::Number(5.0).is_met(None, "5.000008"));
        assert!(!Want::Number(5.0).is_met(None, "5.1"));
        assert!(!Want::Number(5.0).is_met(None, "none"));
        assert!(Want::Changed.is_met(Some("1"), "2") && !Want::Changed.is_met(None, "2"));
    }
}
