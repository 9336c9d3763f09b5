//! What does one rule of a drivers file mean for one action?
//!
//! In: a checked file, an action and its key. Out: a [`Script`], or why there is none. Pure: a dry run ends here.

use super::pattern::fits;
use super::schema::{End, Rule, Target, Thing};
use super::script::{Call, Declares, Reading, Run, Script, Undo, Want, What};
use super::template::{Template, TemplateError, Values};
use super::{kubernetes, network, reach};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use zizhi_types::action::{Action, Verb};

/// Why an action gets no script. Nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl From<TemplateError> for Refusal {
    fn from(error: TemplateError) -> Self {
        Self(error.to_string())
    }
}

/// A file that was checked.
#[derive(Debug, Clone, Default)]
pub struct Drivers {
    pub(super) secrets: Option<PathBuf>,
    pub(super) targets: BTreeMap<String, Target>,
    pub(super) things: Vec<(String, Thing)>,
    pub(super) rules: Vec<CheckedRule>,
}

/// A rule with its verb and times read.
#[derive(Debug, Clone)]
pub(super) struct CheckedRule {
    pub verb: Verb,
    pub timeout: Duration,
    pub settle: Duration,
    pub rule: Rule,
}

impl CheckedRule {
    pub fn fits(&self, action: &Action) -> bool {
        let on = self.rule.on.as_deref().unwrap_or("*");
        self.verb == action.verb && fits(on, &action.object.to_string())
    }
}

impl Drivers {
    /// Whether any rule does the verb.
    pub fn supports(&self, verb: Verb) -> bool {
        self.rules.iter().any(|r| r.verb == verb)
    }

    /// The operator's folder of secrets.
    pub fn secrets_folder(&self) -> Option<PathBuf> {
        self.secrets.clone()
    }

    /// The place of a name.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.get(name)
    }

    /// What is done for an action under a key.
    pub fn script(&self, key: &str, action: &Action) -> Result<Script, Refusal> {
        if action.object.kind() != action.verb.object_kind() {
            let kind = action.verb.object_kind().as_str();
            let message = format!(
                "{} is done to a {kind}, not to {}",
                action.verb, action.object
            );
            return Err(Refusal(message));
        }
        let rule = self.rules.iter().find(|r| r.fits(action));
        let none = || {
            Refusal(format!(
                "no driver does {} on {}",
                action.verb, action.object
            ))
        };
        Making::new(self, rule.ok_or_else(none)?, key, action).make()
    }

    pub(super) fn thing(&self, object: &str) -> Thing {
        let exact = self.things.iter().find(|(name, _)| name == object);
        let near = || self.things.iter().find(|(name, _)| fits(name, object));
        exact
            .or_else(near)
            .map(|(_, thing)| thing.clone())
            .unwrap_or_default()
    }
}

/// One action being written out.
pub(super) struct Making<'a> {
    drivers: &'a Drivers,
    checked: &'a CheckedRule,
    pub action: &'a Action,
    pub key: &'a str,
    thing: Thing,
    values: Values,
}

impl<'a> Making<'a> {
    pub fn new(
        drivers: &'a Drivers,
        checked: &'a CheckedRule,
        key: &'a str,
        action: &'a Action,
    ) -> Self {
        let thing = drivers.thing(&action.object.to_string());
        let values = Values::of(key, action, &thing.vars);
        Self {
            drivers,
            checked,
            action,
            key,
            thing,
            values,
        }
    }

    pub fn make(&self) -> Result<Script, Refusal> {
        let rule = &self.checked.rule;
        let no = || {
            Refusal(format!(
                "this driver cannot {}: another one must be named for it",
                self.action.verb
            ))
        };
        match self.action.verb {
            Verb::LinkSetCost if rule.frr.is_some() => {
                network::set_cost(self, rule.frr.as_ref().ok_or_else(no)?)
            }
            Verb::LinkSetRate if rule.linux.is_some() => network::set_rate(self),
            Verb::LinkReset if rule.linux.is_some() => network::reset(self),
            _ => match rule {
                Rule {
                    http: Some(http), ..
                } => self.http(http),
                Rule {
                    command: Some(command),
                    ..
                } => self.command(command),
                Rule {
                    ansible: Some(ansible),
                    ..
                } => self.ansible(ansible),
                Rule {
                    service: Some(service),
                    ..
                } => network::restart(self, service),
                Rule {
                    kubernetes: Some(of),
                    ..
                } => kubernetes::script(self, of),
                _ => Err(no()),
            },
        }
    }

    // --- what the profiles ask for -----------------------------------------------------------------------------------

    pub fn number(&self, name: &str, range: std::ops::RangeInclusive<f64>) -> Result<f64, Refusal> {
        let (low, high) = (*range.start(), *range.end());
        let value = self.action.number(name).filter(|n| range.contains(n));
        value.ok_or_else(|| {
            Refusal(format!(
                "{}: {name} must be a number from {low} to {high}",
                self.action
            ))
        })
    }

    pub fn ends(&self) -> Result<&[End], Refusal> {
        if self.thing.ends.len() == 2 {
            return Ok(&self.thing.ends);
        }
        Err(Refusal(format!(
            "`objects` does not say which two ports {} has: write ends: [{{at: …, port: …}}, {{at: …, port: …}}]",
            self.action.object
        )))
    }

    pub fn place(&self) -> Result<&str, Refusal> {
        self.thing.at.as_deref().ok_or_else(|| {
            Refusal(format!(
                "`objects` does not say where {} is: write at: <target>",
                self.action.object
            ))
        })
    }

    pub const fn rule(&self) -> &Rule {
        &self.checked.rule
    }

    pub const fn filling(&self) -> &Values {
        &self.values
    }

    pub fn target(&self, name: &str) -> Result<&Target, Refusal> {
        let none = || Refusal(format!("there is no target `{name}`"));
        self.drivers.targets.get(name).ok_or_else(none)
    }

    pub fn fill(&self, text: &str) -> Result<String, Refusal> {
        Ok(Template::parse(text)?.fill(&self.values)?)
    }

    pub fn call(&self, target: &str, what: What) -> Call {
        Call {
            target: target.to_owned(),
            timeout: self.checked.timeout,
            what,
        }
    }

    /// A program at a target.
    pub fn run(&self, target: &str, argv: Vec<String>) -> Result<Call, Refusal> {
        let place = self.target(target)?;
        if place.http.is_some() || place.kubernetes.is_some() {
            return Err(Refusal(format!(
                "no program can be run at `{target}`: it is a server"
            )));
        }
        let run = Run {
            argv: reach::at(place, argv, self.checked.timeout),
            env: BTreeMap::new(),
            sandbox: None,
        };
        Ok(self.call(target, What::Run(run)))
    }

    /// Of a profile: done twice is done once, and what is read back is compared.
    pub fn script(
        &self,
        driver: &'static str,
        readings: Vec<Reading>,
        calls: Vec<Call>,
        undo: Undo,
    ) -> Script {
        Script {
            driver,
            declares: Declares {
                idempotent: true,
                reversible: undo != Undo::Nothing,
                compared: readings.iter().any(|r| r.want != Want::Anything),
            },
            readings,
            calls,
            undo,
            settle: self.checked.settle,
        }
    }
}
