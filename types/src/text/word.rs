//! Single words: each typed word knows the key of its label.

use super::{Language, known_or, probability, quantity};
use crate::action::{Action, Verb};
use crate::domain::Domain;
use crate::fault::FaultKind;
use crate::hypothesis::{CounterEvidence, Evidence, Hypothesis, HypothesisState};
use crate::metric::Metric;
use crate::negotiation::RunEnd;
use crate::object::{ManagedObject, ObjectKind};
use crate::objective::Violation;
use crate::plan::Mode;
use crate::record::{Ending, Ruling, Stage, Verdict};
use crate::severity::Severity;
use fluent_bundle::FluentArgs;

/// A typed word that has a label in every language.
pub trait Word {
    /// The key of the label in the locale files.
    fn key(&self) -> String;
}

macro_rules! words {
    ($($type:ty, $prefix:literal, |$value:ident| $name:expr;)*) => {
        $(impl Word for $type {
            fn key(&self) -> String {
                let $value = self;
                // A dot is no letter of a Fluent key.
                format!(concat!($prefix, "-{}"), $name).replace('.', "-")
            }
        })*
    };
}

words! {
    Domain, "domain", |d| d.as_str();
    Stage, "stage", |s| s;
    ObjectKind, "object", |k| k.as_str();
    FaultKind, "fault", |k| k.as_str();
    Verb, "verb", |v| v.as_str();
    Metric, "metric", |m| m.as_str();
    Mode, "mode", |m| m;
    Severity, "severity", |s| s.as_str();
    Ending, "ending", |e| match e {
        Ending::Fixed => "fixed",
        Ending::RecoveredAlone => "recovered-alone",
        Ending::Merged => "merged",
        Ending::Escalated => "escalated",
        Ending::StillOpen => "still-open",
    };
    Verdict, "verdict", |v| match v {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    };
    Ruling, "ruling", |r| match r {
        Ruling::Proceed => "proceed",
        Ruling::Ask => "ask",
        Ruling::ShowOnly => "show-only",
        Ruling::Deny => "deny",
    };
    RunEnd, "run-end", |e| match e {
        RunEnd::Helped => "helped",
        RunEnd::Undone => "undone",
        RunEnd::Stuck => "stuck",
        RunEnd::NotRun => "not-run",
    };
    HypothesisState, "hypothesis", |s| match s {
        HypothesisState::Proposed => "proposed",
        HypothesisState::Investigating => "investigating",
        HypothesisState::Supported => "supported",
        HypothesisState::Refuted => "refuted",
    };
}

/// The label of a word, for headings, tables and badges.
pub fn label(word: impl Word, language: Language) -> String {
    let key = word.key();
    known_or(language, &key, &key)
}

/// The name of a domain's agent; of the swarm where there is none.
pub fn agent(domain: Option<Domain>, language: Language) -> String {
    let name = domain.map_or("swarm", Domain::as_str);
    known_or(language, &format!("agent-{name}"), name)
}

/// An object as people say it: `link ATLA-HSTN`, `链路 ATLA-HSTN`.
pub fn object(object: &ManagedObject, language: Language) -> String {
    format!("{} {}", label(object.kind(), language), object.name())
}

impl<T: Word + ?Sized> Word for &T {
    fn key(&self) -> String {
        (**self).key()
    }
}

/// A hypothesis in one line: `link down at link A-B, 87 % (likely)`.
pub fn hypothesis(hypothesis: &Hypothesis, language: Language) -> String {
    let mut args = FluentArgs::new();
    args.set("fault", label(hypothesis.fault, language));
    args.set("object", object(&hypothesis.object, language));
    args.set("probability", probability(hypothesis.probability, language));
    super::format(language, "suspect", &args)
}

/// A violation in one line: `user group g1 success ratio 91.2 % (limit 98 %)`.
pub fn violation(violation: &Violation, language: Language) -> String {
    let mut args = on(&violation.object, violation.metric, language);
    let written = |value| quantity::quantity(value, violation.metric, language);
    args.set("value", written(violation.value));
    args.set("limit", written(violation.limit));
    super::format(language, "violation", &args)
}

/// An action in one line: `set the IGP cost [link A-B, cost=1000]`.
pub fn action(action: &Action, language: Language) -> String {
    let mut parts = vec![object(&action.object, language)];
    parts.extend(action.params.iter().map(|(k, v)| format!("{k}={v}")));
    format!("{} [{}]", label(action.verb, language), parts.join(", "))
}

impl Evidence {
    /// Which symptom, and over which path it depends on the suspect, for people.
    pub fn sentence(&self, language: Language) -> String {
        let path: Vec<String> = self.path.iter().map(ToString::to_string).collect();
        let mut args = on(&self.object, self.metric, language);
        args.set("path", path.join(" → "));
        super::format(language, "evidence", &args)
    }
}

impl CounterEvidence {
    /// What speaks against a hypothesis, for people.
    pub fn sentence(&self, language: Language) -> String {
        match self {
            Self::ExpectedSymptomAbsent { object, metric } => {
                let args = on(object, *metric, language);
                super::format(language, "against-expected-symptom-absent", &args)
            }
            Self::Unexplained { object, metric, .. } => {
                let args = on(object, *metric, language);
                super::format(language, "against-unexplained", &args)
            }
            Self::LateOnset { late_s } => {
                let mut args = FluentArgs::new();
                args.set(
                    "late",
                    quantity::duration((late_s * 1000.0) as u64, language),
                );
                super::format(language, "against-late-onset", &args)
            }
        }
    }
}

fn on(at: &ManagedObject, metric: Metric, language: Language) -> FluentArgs<'static> {
    let mut args = FluentArgs::new();
    args.set("object", object(at, language));
    args.set("metric", label(metric, language));
    args
}
