//! Can this drivers file be used, and if not, where is it wrong and what should stand there?
//!
//! In: a file's name and text. Out: [`Drivers`], or findings with line and column. Every rule is tried once, without
//! anything being run, on each object that it fits: what cannot be written out then is an error now and not at night.

use super::compile::{CheckedRule, Drivers, Making};
use super::pattern::fits;
use super::schema::{File, Rule, Target, Thing};
use super::template::is_plain;
use crate::duration::parse_ms;
use crate::problem::Place;
use crate::suggest::did_you_mean;
use serde::Serialize;
use serde_saphyr::{Error as Yaml, Spanned};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use zizhi_types::ManagedObject;
use zizhi_types::action::{Action, Value, Verb};

/// Largest file, in bytes (our choice: some ten thousand links).
const BYTES_MAX: usize = 4_000_000;

/// Longest time of one call, and until a state reads as wanted, where the file names none.
const TIMEOUT: Duration = Duration::from_secs(10);
const SETTLE: Duration = Duration::from_secs(10);

/// One thing that is wrong with a drivers file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, as the caller named it.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        write!(
            f,
            "{}:{line}:{column}: error: {} (fix: {})",
            self.file, self.message, self.fix
        )
    }
}

/// Reads and checks a file. Either there are findings, or there are drivers.
pub fn check(file: &str, text: &str) -> Result<Drivers, Vec<Finding>> {
    let mut checking = Checking {
        file,
        findings: vec![],
    };
    let read = match parse(text) {
        Ok(read) => read,
        Err((place, message, fix)) => {
            checking.report(place, message, fix);
            return Err(checking.findings);
        }
    };
    let drivers = checking.all(read);
    if checking.findings.is_empty() {
        return Ok(drivers);
    }
    checking.findings.sort_by_key(|f| f.place);
    checking.findings.dedup();
    Err(checking.findings)
}

fn parse(text: &str) -> Result<File, (Place, String, String)> {
    if text.len() > BYTES_MAX {
        let message = format!("the file has {} bytes, more than {BYTES_MAX}", text.len());
        return Err((Place::default(), message, "split it".to_owned()));
    }
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|e| explain(&e))
}

fn explain(error: &Yaml) -> (Place, String, String) {
    let error = error.without_snippet();
    let place = error.location().map(Place::from).unwrap_or_default();
    let (message, fix) = match error {
        Yaml::SerdeUnknownField {
            field, expected, ..
        } => (
            format!("unknown field `{field}`"),
            did_you_mean(field, expected.iter().copied()),
        ),
        Yaml::SerdeMissingField { field, .. } => (
            format!("field `{field}` is missing"),
            format!("write `{field}:` in this block; docs/drivers.md shows its form"),
        ),
        other => {
            let text = other.to_string();
            let line = text.lines().next().unwrap_or_default();
            let end = line.rfind(" at line ").unwrap_or(line.len());
            let said = line.get(..end).unwrap_or(line).to_owned();
            (
                said,
                "docs/drivers.md shows the form of this block".to_owned(),
            )
        }
    };
    (place, message, fix)
}

struct Checking<'a> {
    file: &'a str,
    findings: Vec<Finding>,
}

impl Checking<'_> {
    fn report(&mut self, place: Place, message: impl Into<String>, fix: impl Into<String>) {
        self.findings.push(Finding {
            file: self.file.to_owned(),
            place,
            message: message.into(),
            fix: fix.into(),
        });
    }

    fn all(&mut self, file: File) -> Drivers {
        self.word(&file.api_version, "zizhi/v1");
        self.word(&file.kind, "Drivers");
        for (name, target) in &file.targets {
            self.target(name, target);
        }
        for (name, thing) in &file.objects {
            self.thing(name, thing, &file.targets);
        }
        for program in &file.allow {
            if !is_absolute(&program.value) {
                let message = format!("`{}` is no absolute path of a program", program.value);
                self.report(
                    program.referenced.into(),
                    message,
                    "write it as /usr/bin/name",
                );
            }
        }
        let allowed: Vec<String> = file.allow.into_iter().map(|p| p.value).collect();
        let (mut rules, mut places) = (vec![], vec![]);
        for rule in file.drivers {
            let place = rule.referenced.into();
            if let Some(checked) = self.rule(place, rule.value, &allowed) {
                rules.push(checked);
                places.push(place);
            }
        }
        let mut targets: BTreeMap<String, Target> = file
            .targets
            .into_iter()
            .map(|(name, t)| (name, t.value))
            .collect();
        // Commands of the allow list and Ansible run on this machine.
        targets.insert(String::new(), Target::default());
        let things: Vec<(String, Thing)> = file
            .objects
            .into_iter()
            .map(|(name, t)| (name, t.value))
            .collect();
        let drivers = Drivers {
            secrets: file.secrets,
            targets,
            things,
            rules,
        };
        self.try_all(&drivers, &places);
        drivers
    }

    fn word(&mut self, written: &Spanned<String>, wanted: &str) {
        if written.value != wanted {
            let message = format!("`{}` cannot be read here", written.value);
            self.report(
                written.referenced.into(),
                message,
                format!("write `{wanted}`"),
            );
        }
    }

    fn target(&mut self, name: &str, target: &Spanned<Target>) {
        let place: Place = target.referenced.into();
        let t = &target.value;
        let ways = [
            t.namespace.is_some(),
            t.ssh.is_some(),
            t.http.is_some(),
            t.kubernetes.is_some(),
        ];
        if ways.iter().filter(|w| **w).count() > 1 {
            let message = format!("target `{name}` is reached in two ways");
            self.report(
                place,
                message,
                "keep one of namespace, ssh, http, kubernetes",
            );
        }
        let ssh = t.ssh.as_ref();
        let written = [
            ("namespace", t.namespace.as_deref()),
            ("vty_socket", t.vty_socket.as_deref()),
            ("ssh.host", ssh.map(|s| s.host.as_str())),
            ("ssh.user", ssh.and_then(|s| s.user.as_deref())),
            ("ssh.key", ssh.and_then(|s| s.key.as_deref())),
            (
                "ssh.known_hosts",
                ssh.and_then(|s| s.known_hosts.as_deref()),
            ),
        ];
        for (field, text) in written {
            if text.is_some_and(|t| !is_plain(t)) {
                let message =
                    format!("{field} of target `{name}` has characters that mean something else");
                self.report(
                    place,
                    message,
                    "use letters, digits and . _ : @ + / -, and no - in front",
                );
            }
        }
        if let Some(server) = &t.http
            && !server.url.starts_with("http://")
            && !server.url.starts_with("https://")
        {
            let message = format!("the url of target `{name}` is no http address");
            self.report(place, message, "write https://host or http://host");
        }
        if let Some(c) = &t.kubernetes
            && c.server.is_some() == c.kubeconfig.is_some()
            && c.server.is_some()
        {
            let message = format!("target `{name}` names a server and a kubeconfig");
            self.report(
                place,
                message,
                "keep one; with none, the cluster that this process runs in is meant",
            );
        }
    }

    fn thing(
        &mut self,
        name: &str,
        thing: &Spanned<Thing>,
        targets: &BTreeMap<String, Spanned<Target>>,
    ) {
        let place: Place = thing.referenced.into();
        if !name.contains('*')
            && let Err(error) = name.parse::<ManagedObject>()
        {
            self.report(
                place,
                error.to_string(),
                "write kind/name, or a pattern with *",
            );
        }
        let t = &thing.value;
        if !matches!(t.ends.len(), 0 | 2) {
            let message = format!("{name} has {} ends", t.ends.len());
            self.report(
                place,
                message,
                "a link has two: [{at: …, port: …}, {at: …, port: …}]",
            );
        }
        let places = t.at.iter().chain(t.ends.iter().map(|e| &e.at));
        for at in places.filter(|at| !targets.contains_key(*at)) {
            let fix = did_you_mean(at, targets.keys().map(String::as_str));
            self.report(
                place,
                format!("{name} is at `{at}`, which is no target"),
                fix,
            );
        }
        for end in t.ends.iter().filter(|e| !is_plain(&e.port)) {
            let message = format!(
                "port `{}` of {name} has characters that mean something else",
                end.port
            );
            self.report(
                place,
                message,
                "write the interface's name as the system has it",
            );
        }
    }

    fn rule(&mut self, place: Place, rule: Rule, allowed: &[String]) -> Option<CheckedRule> {
        let before = self.findings.len();
        let verb = rule.verb.parse::<Verb>();
        if verb.is_err() {
            let fix = did_you_mean(&rule.verb, Verb::ALL.iter().map(|v| v.as_str()));
            self.report(place, format!("unknown action `{}`", rule.verb), fix);
        }
        self.one_driver(place, &rule);
        self.own_promises(place, &rule);
        if let Some(command) = &rule.command {
            for argv in [&command.read, &command.apply] {
                self.allowed(place, argv.first().map(String::as_str), allowed);
            }
        }
        let timeout = self.time(place, rule.timeout.as_deref(), TIMEOUT);
        let settle = self.time(place, rule.settle.as_deref(), SETTLE);
        if let (Some(undo), Ok(verb)) = (&rule.undo, verb.as_ref()) {
            self.undo(place, undo, *verb);
        }
        (self.findings.len() == before).then_some(())?;
        Some(CheckedRule {
            verb: verb.ok()?,
            timeout,
            settle,
            rule,
        })
    }

    fn one_driver(&mut self, place: Place, rule: &Rule) {
        let named = [
            rule.frr.is_some(),
            rule.linux.is_some(),
            rule.service.is_some(),
            rule.http.is_some(),
            rule.command.is_some(),
            rule.ansible.is_some(),
            rule.kubernetes.is_some(),
        ];
        if named.iter().filter(|n| **n).count() != 1 {
            let message = format!("the rule of {} names not exactly one driver", rule.verb);
            self.report(
                place,
                message,
                "write one of frr, linux, service, http, command, ansible, kubernetes",
            );
        }
    }

    fn own_promises(&mut self, place: Place, rule: &Rule) {
        let own = rule.http.is_some() || rule.command.is_some();
        if !own && (rule.idempotent || rule.want.is_some() || rule.changed) {
            let message = "idempotent, want and changed are known of this driver";
            self.report(
                place,
                message,
                "remove them: they belong to http and command",
            );
        }
        if !own && rule.ansible.is_none() && rule.undo.is_some() {
            self.report(place, "the undo of this driver is known", "remove `undo`");
        }
        if own && rule.want.is_none() && !rule.changed {
            let message = format!("nothing says what must be read after {}", rule.verb);
            self.report(
                place,
                message,
                "write `want:` with the value, or `changed: true`",
            );
        }
    }

    fn allowed(&mut self, place: Place, program: Option<&str>, allowed: &[String]) {
        let program = program.unwrap_or_default();
        if !allowed.iter().any(|a| a == program) {
            let message = format!("`{program}` is not in the allow list");
            let fix = did_you_mean(program, allowed.iter().map(String::as_str));
            self.report(
                place,
                message,
                format!("{fix}; or add it to `allow:` by its absolute path"),
            );
        }
    }

    fn time(&mut self, place: Place, written: Option<&str>, usual: Duration) -> Duration {
        let Some(text) = written else { return usual };
        let Some(ms) = parse_ms(text) else {
            self.report(
                place,
                format!("`{text}` is no duration"),
                "write 500ms, 10s or 2m",
            );
            return usual;
        };
        Duration::from_millis(ms)
    }

    fn undo(&mut self, place: Place, undo: &super::schema::UndoRule, verb: Verb) {
        let Ok(back) = undo.verb.parse::<Verb>() else {
            let fix = did_you_mean(&undo.verb, Verb::ALL.iter().map(|v| v.as_str()));
            return self.report(
                place,
                format!("unknown action `{}` in undo", undo.verb),
                fix,
            );
        };
        if back.object_kind() != verb.object_kind() {
            let message = format!("the undo {back} is done to another kind of object than {verb}");
            self.report(place, message, "an undo is done to the same object");
        }
        let given: Vec<&str> = undo.set.keys().map(String::as_str).collect();
        let mut wanted = back.params().to_vec();
        wanted.sort_unstable();
        if given != wanted {
            let message = format!("the undo {back} is given [{}]", given.join(", "));
            self.report(
                place,
                message,
                format!("its parameters are [{}]", wanted.join(", ")),
            );
        }
    }

    fn try_all(&mut self, drivers: &Drivers, places: &[Place]) {
        for (checked, place) in drivers.rules.iter().zip(places) {
            for object in objects_of(checked, drivers) {
                let action = sample(checked.verb, object);
                if let Err(refusal) = Making::new(drivers, checked, "check", &action).make() {
                    let fix = "docs/drivers.md shows this driver's form";
                    self.report(*place, refusal.0, fix);
                }
            }
        }
    }
}

fn is_absolute(program: &str) -> bool {
    program.starts_with('/') && is_plain(program) && !program.ends_with('/')
}

/// The listed objects that a rule fits; one that stands for all where it fits none.
fn objects_of(checked: &CheckedRule, drivers: &Drivers) -> Vec<ManagedObject> {
    let kind = checked.verb.object_kind();
    let on = checked.rule.on.as_deref().unwrap_or("*");
    let listed = drivers.things.iter();
    let listed: Vec<ManagedObject> = listed
        .filter(|(name, _)| fits(on, name))
        .filter_map(|(name, _)| name.replace('*', "x").parse::<ManagedObject>().ok())
        .filter(|o| o.kind() == kind)
        .collect();
    if listed.is_empty() {
        return ManagedObject::new(kind, "x").into_iter().collect();
    }
    listed
}

/// An action with parameters that any driver takes.
fn sample(verb: Verb, object: ManagedObject) -> Action {
    let is_text = |name: &str| matches!(name, "service" | "instance");
    verb.params()
        .iter()
        .fold(Action::new(verb, object), |a, name| {
            let value = if is_text(name) {
                Value::Text("x".to_owned())
            } else {
                Value::Number(1.0)
            };
            a.with(name, value)
        })
}
