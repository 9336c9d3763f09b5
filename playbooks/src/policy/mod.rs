//! What does the operator allow, over all playbooks?
//!
//! In: the text of a policy file, `apiVersion: zizhi/v1`, `kind: Policy`. Out: [`Policy`]: bounds for the guards, the
//! calendar, classes of objects with their ceilings. Unknown keys are refused; a policy that cannot be used is never
//! half used: the last good one goes on ([`Policy::replaced_by`]). Pure, but for time zones, which are looked up once.

mod calendar;
mod class;

pub use calendar::{Calendar, CalendarFile, Hour};
pub use class::{Class, ClassFile};

use crate::guards::Limits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zizhi_types::ManagedObject;
use zizhi_types::plan::Mode;

/// The only version of the shape.
const API_VERSION: &str = "zizhi/v1";

/// Largest policy file, in bytes. Our choice: far beyond what a person writes.
const MAX_BYTES: usize = 100_000;

/// A policy as it is written. What is not named keeps its default, which allows what the playbooks allow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyFile {
    /// `zizhi/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// `Policy`.
    pub kind: String,
    /// Bounds for the guards.
    pub limits: Limits,
    /// Change windows and freezes.
    pub calendar: CalendarFile,
    /// Which objects need more care.
    pub classes: Vec<ClassFile>,
    /// How much single playbooks may do by themselves, by id.
    pub playbooks: BTreeMap<String, PlaybookRule>,
}

/// What the operator says about one playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaybookRule {
    /// Its mode, instead of the one in its file.
    pub mode: Mode,
}

impl Default for PolicyFile {
    fn default() -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: "Policy".to_owned(),
            limits: Limits::default(),
            calendar: CalendarFile::default(),
            classes: vec![],
            playbooks: BTreeMap::new(),
        }
    }
}

/// A policy that was checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    /// Change windows and freezes.
    pub calendar: Calendar,
    /// Which objects need more care.
    pub classes: Vec<Class>,
    /// Modes of single playbooks, by id.
    pub playbooks: BTreeMap<String, Mode>,
}

/// Why a policy cannot be used: where, what, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy: {place}: {what} (fix: {fix})")]
pub struct PolicyError {
    /// `line 3 column 5`, or the entry's name.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl PolicyError {
    fn new(place: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
            fix: fix.into(),
        }
    }
}

impl PolicyFile {
    /// Reads a policy. An empty text is no policy: whoever wants none leaves the file away.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_BYTES {
            let what = format!("it has {} bytes, more than {MAX_BYTES}", text.len());
            return Err(PolicyError::new("the file", what, "write one policy"));
        }
        let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        if text.lines().all(blank) {
            let fix =
                "begin with `apiVersion: zizhi/v1` and `kind: Policy`, or leave the file away";
            return Err(PolicyError::new("the file", "it is empty", fix));
        }
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        let file: Self = serde_saphyr::from_str_with_options(text, options).map_err(|e| {
            let place = e.location().map_or_else(
                || "the file".to_owned(),
                |l| format!("line {} column {}", l.line(), l.column()),
            );
            let fix = "docs/guards.md lists every key";
            PolicyError::new(place, e.without_snippet().to_string(), fix)
        })?;
        file.compile()?;
        Ok(file)
    }

    /// Checks it.
    pub fn compile(&self) -> Result<Policy, PolicyError> {
        if self.api_version != API_VERSION {
            let what = format!("version `{}` is not known", self.api_version);
            return Err(PolicyError::new("apiVersion", what, "write zizhi/v1"));
        }
        if self.kind != "Policy" {
            let what = format!("`{}` is no policy", self.kind);
            return Err(PolicyError::new("kind", what, "write Policy"));
        }
        if let Some(what) = self.limits.problem() {
            let fix = "docs/guards.md says what each bound means";
            return Err(PolicyError::new("limits", what, fix));
        }
        let classes = self.classes.iter().map(ClassFile::compile);
        let playbooks = self
            .playbooks
            .iter()
            .map(|(id, rule)| (id.clone(), rule.mode));
        Ok(Policy {
            calendar: self.calendar.compile()?,
            classes: classes.collect::<Result<_, _>>()?,
            playbooks: playbooks.collect(),
        })
    }
}

impl Policy {
    /// One that forbids every change, for where a policy was asked for and cannot be used.
    pub fn closed(why: &str) -> Self {
        Self {
            calendar: Calendar::closed(why),
            ..Self::default()
        }
    }

    /// The highest mode in which something may be done to all of these objects.
    pub fn ceiling<'o>(&self, objects: impl IntoIterator<Item = &'o ManagedObject>) -> Mode {
        let ceilings = objects.into_iter().map(|o| self.ceiling_of(o));
        ceilings.min().unwrap_or(Mode::Auto)
    }

    fn ceiling_of(&self, object: &ManagedObject) -> Mode {
        let of = self.classes.iter().filter(|c| c.has(object));
        of.map(|c| c.ceiling).min().unwrap_or(Mode::Auto)
    }

    /// How many different people have to say yes to something that touches these objects; at least 1.
    pub fn people<'o>(&self, objects: impl IntoIterator<Item = &'o ManagedObject>) -> u8 {
        let people = objects.into_iter().flat_map(|object| {
            let of = self.classes.iter().filter(move |c| c.has(object));
            of.map(|c| c.people)
        });
        people.max().unwrap_or(1)
    }

    /// What goes on after a new text came: the new policy, or the present one and why the new one is not used.
    pub fn replaced_by(self, text: &str) -> (Self, Option<PolicyError>) {
        match PolicyFile::parse(text).and_then(|file| file.compile()) {
            Ok(new) => (new, None),
            Err(error) => (self, Some(error)),
        }
    }
}
