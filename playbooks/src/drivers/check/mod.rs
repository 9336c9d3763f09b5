//! Can this drivers file be used, and if not, where is it wrong and what should stand there?
//!
//! In: a file's name and text. Out: [`Drivers`], or findings with line and column. Every rule is tried once, without
//! anything being run, on each object that it fits: what cannot be written out then is an error now and not at night.

mod places;
mod rules;

use super::compile::{CheckedRule, Drivers, Making};
use super::pattern::fits;
use super::schema::{File, Target, Thing};
use super::template::is_plain;
use crate::problem::Place;
use crate::suggest::did_you_mean;
use serde::Serialize;
use serde_saphyr::{Error as Yaml, Spanned};
use std::collections::BTreeMap;
use std::fmt;
use zizhi_types::ManagedObject;
use zizhi_types::action::{Action, Value, Verb};

/// Largest file, in bytes (our choice: some ten thousand links).
const BYTES_MAX: usize = 4_000_000;

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
