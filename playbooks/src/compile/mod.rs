//! From the shape of a file to a [`Playbook`].
//!
//! In: one [`File`]. Out: the playbook, or every problem that was found in it, so that an author mends a file in one
//! round. Expressions are compiled here and tried on the sample network; [`crate::check`] then looks at the whole.

mod checks;
mod expressions;
mod params;
mod policy;
mod steps;
mod texts;
mod undo;

pub(crate) use policy::{CAUSES, in_words};

use crate::duration;
use crate::expr::{Expr, Scope};
use crate::playbook::{BlastRadius, Condition, Playbook};
use crate::problem::{Code, Place, Problem};
use crate::schema::{API_VERSION, File, Spec, Trigger};
use crate::suggest::did_you_mean;
use crate::{check, sample};
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use zizhi_types::plan::{Mode, PlanPolicy};
use zizhi_types::topology::Bilingual;
use zizhi_types::{Domain, FaultKind, ObjectKind};

/// The playbook if it can be made, and everything that is wrong with it.
pub fn compile<'f>(
    file: &'f str,
    source: &str,
    read: &'f File,
) -> (Option<Playbook>, Vec<Problem>) {
    let mut compiler = Compiler {
        file,
        samples: vec![],
        ends: vec![],
        declared: read.spec.params.keys().map(String::as_str).collect(),
        problems: vec![],
    };
    let playbook = compiler.playbook(source, read);
    if let Some(playbook) = &playbook {
        check::check(&mut compiler, read, playbook);
    }
    let mut problems = compiler.problems;
    problems.sort_by_key(|p| p.place);
    problems.dedup_by(|a, b| (a.place, a.code) == (b.place, b.code));
    (playbook, problems)
}

/// Gathers problems on the way.
pub(crate) struct Compiler<'f> {
    file: &'f str,
    /// One for each fault and each combination of the parameters' choices.
    samples: Vec<Sample>,
    /// The least and the greatest number that bounded parameters may be.
    ends: Vec<(&'f str, f64)>,
    /// The parameters that the file declares, also those that are declared wrongly.
    declared: BTreeSet<&'f str>,
    problems: Vec<Problem>,
}

/// Most objects that one run may act on (our choice: what acts on more is a change that people plan).
const OBJECTS_MAX: u32 = 100;

/// Most services that one run may concern (our choice, for the same reason).
const SERVICES_MAX: u32 = 1_000;

/// A situation in which every expression is tried.
#[derive(Clone)]
struct Sample {
    /// What is suspected.
    kind: ObjectKind,
    scope: Scope,
    /// Which of several choices the parameters have: ` and most = 0.5`.
    chosen: String,
}

impl<'f> Compiler<'f> {
    /// Whether something was already said of this line.
    pub(crate) fn told(&self, line: u64) -> bool {
        self.problems.iter().any(|p| p.place.line == line)
    }

    /// Whether anything was refused so far.
    pub(crate) fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    pub(crate) fn report(
        &mut self,
        place: Place,
        code: Code,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.problems
            .push(Problem::new(self.file, place, code, message, fix));
    }

    fn playbook(&mut self, source: &str, read: &'f File) -> Option<Playbook> {
        let spec = &read.spec;
        self.envelope(read);
        let faults = self.faults(&spec.trigger);
        let domain = self.domain(&spec.domain);
        let mode = self.mode(&spec.autonomy.mode);
        let params = self.params(&spec.params);
        let when = self.conditions(read);
        let steps = self.steps(&spec.steps);
        let hold_ms = self.hold(&spec.trigger);
        let throttle = spec.trigger.throttle.as_ref().map(|t| self.throttle(t));
        let keeps = self.keeps(spec.rollback.as_ref());
        let seen = self.verify(spec)?;
        let blast_radius = self.blast_radius(read)?;
        self.on_timeout(&spec.autonomy.on_timeout);
        Some(Playbook {
            id: read.metadata.id.value.clone(),
            version: read.metadata.version.value.clone(),
            title: self.text(&read.metadata.title),
            owner: read.metadata.owner.value.clone(),
            what: self.text(&spec.describe.what),
            when_not_to_use: self.text(&spec.describe.when_not_to_use),
            domain: domain?,
            params: params?,
            faults: faults?,
            min_probability: self.suspected(&spec.trigger.min_probability),
            hold_ms: hold_ms?,
            throttle: match throttle {
                Some(throttle) => Some(throttle?),
                None => None,
            },
            when: when?,
            blast_radius,
            mode: mode?,
            approval_ms: self.duration(&spec.autonomy.timeout)?,
            cost_tokens: self.range(&spec.cost_tokens, 0.0, 1e9, "costTokens"),
            risk: self.range(&spec.risk, 0.0, 1.0, "risk"),
            temporary: spec.temporary,
            irreversible: spec.irreversible.as_ref().map(|t| self.text(t)),
            steps: steps?,
            verify_ms: seen.within_ms,
            checks: seen.checks,
            policy: PlanPolicy {
                readings: seen.readings,
                keeps: keeps?,
            },
            keeps_because: self.keeps_because(spec),
            file: self.file.to_owned(),
            source: source.to_owned(),
        })
    }

    fn keeps_because(&mut self, spec: &Spec) -> Option<Bilingual> {
        let reason = spec.rollback.as_ref().and_then(|r| r.reason.as_ref());
        reason.map(|text| self.text(text))
    }

    fn envelope(&mut self, read: &File) {
        self.word(&read.api_version, "apiVersion", API_VERSION);
        self.word(&read.kind, "kind", "Playbook");
        let version = &read.metadata.version;
        let mut parts = version.value.split('.');
        let numbers = parts
            .by_ref()
            .take(3)
            .filter(|p| p.parse::<u32>().is_ok_and(|n| n.to_string() == *p));
        if numbers.count() != 3 || parts.next().is_some() {
            let message = format!("version `{}` is not three numbers", version.value);
            let fix = "write it as 1.0.0";
            self.report(version.referenced.into(), Code::BadVersion, message, fix);
        }
        let owner = &read.metadata.owner;
        let said = owner.value.trim();
        if said.is_empty() || texts::says_nothing(said) {
            let fix = "write whom to ask about the playbook";
            let message = if said.is_empty() {
                "the owner is empty".to_owned()
            } else {
                format!("`{said}` is nobody who could be asked")
            };
            self.report(owner.referenced.into(), Code::MissingField, message, fix);
        }
        let id = &read.metadata.id;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        let word = |w: &str| !w.is_empty() && !w.starts_with('-') && !w.ends_with('-');
        let whole = id.value.chars().all(fits) && id.value.split('.').all(word);
        if id.value.len() > 80 || !whole {
            let message = format!("`{}` is no playbook id", id.value);
            let fix =
                "use 1 to 80 small letters, digits, . and -, for example transport.link.drain";
            self.report(id.referenced.into(), Code::BadId, message, fix);
        }
    }

    fn word(&mut self, written: &Spanned<String>, field: &str, only: &str) {
        if written.value != only {
            let message = format!("{field} `{}` cannot be read", written.value);
            let fix = format!("write {field}: {only}");
            self.report(written.referenced.into(), Code::BadVersion, message, fix);
        }
    }

    /// The faults; their sample scopes are what every expression is checked against.
    fn faults(&mut self, trigger: &Trigger) -> Option<Vec<FaultKind>> {
        let mut faults = vec![];
        for written in &trigger.faults {
            if let Ok(fault) = written.value.parse::<FaultKind>() {
                if faults.contains(&fault) {
                    let message = format!("`{fault}` is listed twice");
                    let fix = "remove one of the two, or name the fault that was meant";
                    self.report(written.referenced.into(), Code::DuplicateKey, message, fix);
                }
                faults.push(fault);
                continue;
            }
            let message = format!("unknown fault `{}`", written.value);
            let fix = did_you_mean(&written.value, FaultKind::ALL.iter().map(|f| f.as_str()));
            self.report(written.referenced.into(), Code::UnknownFault, message, fix);
        }
        if trigger.faults.is_empty() {
            let place = Place::from(trigger.min_probability.referenced);
            self.report(
                place,
                Code::MissingField,
                "no fault triggers the playbook",
                "list at least one fault",
            );
        }
        let sample = |f: &FaultKind| {
            Some(Sample {
                kind: f.object_kind(),
                scope: sample::context(*f).ok()?.scope().clone(),
                chosen: String::new(),
            })
        };
        self.samples = faults.iter().filter_map(sample).collect();
        (faults.len() == trigger.faults.len() && !faults.is_empty()).then_some(faults)
    }

    fn domain(&mut self, written: &Spanned<String>) -> Option<Domain> {
        let found = written.value.parse().ok();
        if found.is_none() {
            let message = format!("unknown domain `{}`", written.value);
            let fix = did_you_mean(&written.value, Domain::ALL.iter().map(|d| d.as_str()));
            self.report(written.referenced.into(), Code::UnknownWord, message, fix);
        }
        found
    }

    fn mode(&mut self, written: &Spanned<String>) -> Option<Mode> {
        let known = [
            ("observe", Mode::Observe),
            ("suggest", Mode::Suggest),
            ("approve", Mode::Approve),
            ("auto", Mode::Auto),
        ];
        let found = known.iter().find(|(name, _)| *name == written.value);
        if found.is_none() {
            let message = format!("unknown mode `{}`", written.value);
            let fix = did_you_mean(&written.value, known.iter().map(|k| k.0));
            self.report(written.referenced.into(), Code::UnknownWord, message, fix);
        }
        found.map(|k| k.1)
    }

    fn on_timeout(&mut self, written: &Spanned<String>) {
        if written.value != "stop" {
            let message = format!(
                "onTimeout `{}`: an expired request only ever stops",
                written.value
            );
            self.report(
                written.referenced.into(),
                Code::UnknownWord,
                message,
                "write onTimeout: stop",
            );
        }
    }

    fn conditions(&mut self, read: &File) -> Option<Vec<Condition>> {
        let mut out = vec![];
        for when in &read.spec.when {
            let message = self.text(&when.message);
            let Some(check) = self.yes_or_no(&when.check) else {
                continue;
            };
            out.push(Condition { check, message });
        }
        (out.len() == read.spec.when.len()).then_some(out)
    }

    /// A bare expression that is true or false.
    pub(super) fn yes_or_no(&mut self, written: &Spanned<String>) -> Option<Expr> {
        let expr = self.bare(written)?;
        let fix = "make it a comparison that is true or false";
        let place = Place::from(written.referenced);
        self.attempt(place, Code::ExpressionFails, fix, |scope| {
            expr.eval_bool(scope).map_err(|e| e.to_string())
        });
        Some(expr)
    }

    fn blast_radius(&mut self, read: &File) -> Option<BlastRadius> {
        let Some(blast) = &read.spec.blast_radius else {
            let place = Place::from(read.spec.domain.referenced);
            let fix = "write blastRadius: {maxObjects: 1, maxServices: 3} in spec";
            self.report(place, Code::NoBlastRadius, "no blastRadius", fix);
            return None;
        };
        for (field, written) in [
            ("maxObjects", &blast.max_objects),
            ("maxServices", &blast.max_services),
        ] {
            let most = if field == "maxObjects" {
                OBJECTS_MAX
            } else {
                SERVICES_MAX
            };
            if written.value > most {
                let message = format!(
                    "{field} is {}: a bound so wide holds nothing back",
                    written.value
                );
                let fix = format!("write what one run really touches, {most} at most");
                self.report(written.referenced.into(), Code::OutOfRange, message, fix);
            } else if field == "maxObjects" && written.value == 0 {
                let fix = "write the number of objects that the steps touch, 1 or more";
                self.report(
                    written.referenced.into(),
                    Code::OutOfRange,
                    "maxObjects is 0: no step could run",
                    fix,
                );
            }
        }
        Some(BlastRadius {
            max_objects: blast.max_objects.value,
            max_services: blast.max_services.value,
        })
    }

    pub(super) fn duration(&mut self, written: &Spanned<String>) -> Option<u64> {
        let found = duration::parse_ms(&written.value);
        if found.is_none() {
            let message = format!("`{}` is no duration", written.value);
            let fix = "write a whole number and ms, s, m or h, up to 24h, for example 90s";
            self.report(written.referenced.into(), Code::BadDuration, message, fix);
        }
        found
    }

    /// With 0 the playbook would be proposed for what is not suspected at all.
    fn suspected(&mut self, written: &Spanned<f64>) -> f64 {
        let probability = self.range(written, 0.0, 1.0, "minProbability");
        if probability.abs() < f64::MIN_POSITIVE {
            let message =
                "minProbability is 0: the playbook would be a remedy for what nobody suspects";
            let fix = "write how sure the diagnosis must be, for example 0.3";
            self.report(written.referenced.into(), Code::OutOfRange, message, fix);
        }
        probability
    }

    fn range(&mut self, written: &Spanned<f64>, low: f64, high: f64, field: &str) -> f64 {
        if !(low..=high).contains(&written.value) {
            let message = format!("{field} is {}, but must be {low} to {high}", written.value);
            let fix = format!("write a number from {low} to {high}");
            self.report(written.referenced.into(), Code::OutOfRange, message, fix);
        }
        written.value
    }
}
