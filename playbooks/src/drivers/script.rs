//! What exactly will be done for one action?
//!
//! In: nothing. Out: a [`Script`]: the readings, the calls and what must be read afterwards, as data. The profiles
//! (`frr`, `linux`, …) write it, `zizhi drivers try` prints it, and only [`super::own`] carries it out. Nothing here can
//! act, so a dry run has nothing in reach that could.

use super::secret::SecretRef;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
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

/// One thing that is sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// To which target.
    pub target: String,
    /// How long it may take.
    #[serde(serialize_with = "seconds")]
    pub timeout: Duration,
    /// What is sent.
    pub what: What,
}

/// The ways of sending.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A program with its arguments; never through a shell of this machine.
    Run(Run),
    /// An HTTP request.
    Http(Http),
    /// A request to a Kubernetes API server.
    Kubernetes(Kubernetes),
    /// Nothing, for so long: what was done needs time before the next.
    Pause,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What it finds in its environment, which is otherwise empty but for `PATH`, `HOME` and `LANG`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The box it runs in, if it runs in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Limits>,
}

/// The bounds of a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Address space of each process, in MB.
    pub memory_mb: u64,
    /// Processor time of each process, in seconds.
    pub cpu_s: u64,
    /// Processes and threads at once.
    pub processes: u64,
    /// Folders and files that it sees beside the system's programs and libraries.
    pub read: Vec<PathBuf>,
    /// Folders that it may write to.
    pub write: Vec<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_mb: 256,
            cpu_s: 10,
            processes: 16,
            read: vec![],
            write: vec![],
        }
    }
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Http {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Beside those that go without saying.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The name of the bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<SecretRef>,
    /// More certificates that are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// The body, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Json>,
    /// The status codes of a good answer.
    pub expect: Vec<u16>,
}

/// A request to a Kubernetes API server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kubernetes {
    /// Reads an object.
    Get(Resource),
    /// Merges into an object (RFC 7386).
    Merge(Resource, Json),
    /// Evicts all pods of a node that a drain moves, one after another, as their disruption budgets allow.
    Drain(String),
}

/// An object of a cluster, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// Of the collection: `/apis/apps/v1/namespaces/shop/deployments`.
    pub collection: String,
    /// The object; empty for the collection itself.
    pub name: String,
    /// `scale`, or nothing.
    pub part: Option<&'static str>,
    /// Which of a collection's objects.
    pub field: Option<String>,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.collection)?;
        if !self.name.is_empty() {
            write!(f, "/{}", self.name)?;
        }
        if let Some(part) = self.part {
            write!(f, "/{part}")?;
        }
        if let Some(field) = &self.field {
            write!(f, "?fieldSelector={field}")?;
        }
        Ok(())
    }
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

fn seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{}s", time.as_secs_f64()))
}

impl fmt::Display for Call {
    /// As a person would write it in a terminal. Only for reading: nothing is ever run from this text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Run(run) => {
                if run.sandbox.is_some() {
                    f.write_str("[sandbox] ")?;
                }
                for (name, value) in &run.env {
                    write!(f, "{name}={} ", quoted(value))?;
                }
                let words: Vec<String> = run.argv.iter().map(|a| quoted(a)).collect();
                f.write_str(&words.join(" "))
            }
            What::Http(http) => {
                write!(f, "{} {}", http.method, http.url)?;
                if let Some(body) = &http.body {
                    write!(f, " {body}")?;
                }
                write!(f, " -> {:?}", http.expect)
            }
            What::Kubernetes(Kubernetes::Get(path)) => write!(f, "GET {path}"),
            What::Kubernetes(Kubernetes::Merge(path, body)) => write!(f, "PATCH {path} {body}"),
            What::Kubernetes(Kubernetes::Drain(node)) => write!(f, "evict every pod of {node}"),
            What::Pause => write!(f, "wait {} s", self.timeout.as_secs_f64()),
        }
    }
}

/// One word for a POSIX shell, whatever is in it. The remote end of SSH is such a shell.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:@+/-=,%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
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

    proptest! {
        #[test]
        fn a_shell_reads_a_quoted_word_as_that_word(word in "[^\0]{0,40}") {
            let command = format!("printf %s {}", quoted(&word));
            let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), word);
        }
    }
}
