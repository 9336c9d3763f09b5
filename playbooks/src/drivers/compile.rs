//! What does one rule of a drivers file mean for one action?
//!
//! In: a checked file, an action and its key. Out: a [`Script`], or why there is none. Pure: a dry run ends here.

use super::pattern::fits;
use super::schema::{AnsibleRule, CommandRule, End, HttpRule, Rule, Target, Thing};
use super::script::{Call, Declares, Http, Reading, Run, Script, Take, Undo, Want, What};
use super::template::{Template, TemplateError, Values, fill_all};
use super::{kubernetes, network, reach};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use zizhi_types::action::{Action, Value, Verb};

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

    // --- drivers of the operator's own -------------------------------------------------------------------------------

    fn http(&self, rule: &HttpRule) -> Result<Script, Refusal> {
        let at = match &rule.at {
            Some(at) => at,
            None => self.place()?,
        };
        let read = self.request(at, "GET", &rule.read.path, None, &[200])?;
        let body = rule.apply.body.as_ref();
        let body = body.map(|b| fill_all(b, &self.values)).transpose()?;
        let good = match rule.apply.expect.as_slice() {
            [] => &[200, 201, 202, 204],
            named => named,
        };
        let apply = self.request(at, &rule.apply.method, &rule.apply.path, body, good)?;
        self.own("http", (read, rule.read.take.as_deref()), apply)
    }

    fn request(
        &self,
        at: &str,
        method: &str,
        path: &str,
        body: Option<Json>,
        expect: &[u16],
    ) -> Result<Call, Refusal> {
        let no = || Refusal(format!("target `{at}` has no `http:` with a url"));
        let server = self.target(at)?.http.as_ref().ok_or_else(no)?;
        let mut headers = server.headers.clone();
        // Servers that know the header make a repeat harmless (draft-ietf-httpapi-idempotency-key-header).
        if method != "GET" {
            headers.insert("Idempotency-Key".to_owned(), format!("\"{}\"", self.key));
        }
        let http = Http {
            method: method.to_owned(),
            url: format!("{}{}", server.url.trim_end_matches('/'), self.fill(path)?),
            headers,
            bearer: server.bearer.clone(),
            ca: server.ca.clone(),
            body,
            expect: expect.to_vec(),
        };
        Ok(self.call(at, What::Http(http)))
    }

    fn command(&self, rule: &CommandRule) -> Result<Script, Refusal> {
        let boxed = |template: &[String]| -> Result<Call, Refusal> {
            let argv: Result<_, _> = template.iter().map(|t| self.fill(t)).collect();
            let run = Run {
                argv: argv?,
                env: BTreeMap::new(),
                sandbox: Some(rule.limits.clone()),
            };
            Ok(self.call("", What::Run(run)))
        };
        let read = boxed(&rule.read)?;
        self.own("command", (read, rule.take.as_deref()), boxed(&rule.apply)?)
    }

    fn own(
        &self,
        driver: &'static str,
        (call, take): (Call, Option<&str>),
        apply: Call,
    ) -> Result<Script, Refusal> {
        let reading = Reading {
            label: "state".to_owned(),
            call,
            take: take.map_or(Take::Text, Take::pointer),
            want: self.want()?,
        };
        let script = self.script(driver, vec![reading], vec![apply], self.undo()?);
        Ok(Script {
            declares: Declares {
                idempotent: self.checked.rule.idempotent,
                ..script.declares
            },
            ..script
        })
    }

    fn want(&self) -> Result<Want, Refusal> {
        let rule = &self.checked.rule;
        let Some(want) = &rule.want else {
            return Ok(if rule.changed {
                Want::Changed
            } else {
                Want::Anything
            });
        };
        Ok(match fill_all(want, &self.values)? {
            Json::Number(n) => Want::Number(n.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Want::Text(text),
            other => Want::Text(other.to_string()),
        })
    }

    fn undo(&self) -> Result<Undo, Refusal> {
        let Some(undo) = &self.checked.rule.undo else {
            return Ok(Undo::Nothing);
        };
        let verb: Verb = undo.verb.parse().map_err(|e| Refusal(format!("{e}")))?;
        let mut action = Action::new(verb, self.action.object.clone());
        for (name, value) in &undo.set {
            let value = match value {
                Json::String(text) if text.starts_with("${before.") => Value::Text(text.clone()),
                other => match fill_all(other, &self.values)? {
                    Json::Number(n) => Value::Number(n.as_f64().unwrap_or(f64::NAN)),
                    Json::String(text) => Value::Text(text),
                    odd => return Err(Refusal(format!("{name}: {odd} is no number and no text"))),
                },
            };
            action.params.insert(name.clone(), value);
        }
        Ok(Undo::Action(action))
    }

    fn ansible(&self, rule: &AnsibleRule) -> Result<Script, Refusal> {
        let vars: BTreeMap<&String, Json> = rule
            .vars
            .iter()
            .map(|(name, value)| Ok((name, fill_all(value, &self.values)?)))
            .collect::<Result<_, TemplateError>>()?;
        let vars = serde_json::to_string(&vars).map_err(|e| Refusal(e.to_string()))?;
        let play = |check: bool| -> Result<Call, Refusal> {
            let mut argv = vec!["ansible-playbook".to_owned()];
            argv.extend(["--inventory".to_owned(), rule.inventory.clone()]);
            if let Some(limit) = &rule.limit {
                argv.extend(["--limit".to_owned(), self.fill(limit)?]);
            }
            argv.extend(["--extra-vars".to_owned(), vars.clone()]);
            argv.extend(check.then(|| "--check".to_owned()));
            argv.push(rule.playbook.clone());
            let env = [
                ("ANSIBLE_STDOUT_CALLBACK", "default"),
                ("ANSIBLE_NOCOLOR", "1"),
                ("ANSIBLE_RETRY_FILES_ENABLED", "0"),
            ];
            let run = Run {
                argv,
                env: env.map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
                sandbox: None,
            };
            Ok(self.call("", What::Run(run)))
        };
        let reading = Reading {
            label: "changes".to_owned(),
            call: play(true)?,
            take: Take::Changes,
            // A play that was done leaves nothing to do: that is Ansible's own idea of idempotency.
            want: Want::Number(0.0),
        };
        Ok(self.script("ansible", vec![reading], vec![play(false)?], self.undo()?))
    }
}
