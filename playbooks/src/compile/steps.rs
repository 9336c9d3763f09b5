//! Compiles steps and checks, with the object and metric each is about.

use super::Compiler;
use crate::playbook::{CheckTemplate, Operand, Step, Target};
use crate::problem::{Code, Place};
use crate::schema;
use crate::suggest::did_you_mean;
use crate::values;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use zizhi_types::action::Value;
use zizhi_types::objective::Comparison;
use zizhi_types::{Metric, ObjectKind, Verb};

/// What routing protocols carry as the cost of a link (OSPF: 16 bits, 0 is kept for stub links).
const COSTS: std::ops::RangeInclusive<f64> = 1.0..=65_535.0;

impl Compiler<'_> {
    pub(super) fn steps(&mut self, written: &[schema::Step]) -> Option<Vec<Step>> {
        let found: Vec<Step> = written.iter().filter_map(|s| self.step(s)).collect();
        (found.len() == written.len()).then_some(found)
    }

    fn step(&mut self, written: &schema::Step) -> Option<Step> {
        let verb = self.verb(&written.run);
        let on = self.target(&written.on);
        if let (Some(verb), Some(on)) = (verb, &on) {
            let place = Place::from(written.on.referenced);
            let fix = format!("{verb} acts on a {}", verb.object_kind().as_str());
            self.kind(on, verb.object_kind(), place, &fix);
        }
        let with = self.with(verb, written);
        let timeout_ms = self.duration(&written.timeout);
        Some(Step {
            id: written.id.value.clone(),
            verb: verb?,
            on: on?,
            with: with?,
            timeout_ms: timeout_ms?,
        })
    }

    fn verb(&mut self, written: &Spanned<String>) -> Option<Verb> {
        let found = written.value.parse().ok();
        if found.is_none() {
            let message = format!("unknown action `{}`", written.value);
            let fix = did_you_mean(&written.value, Verb::ALL.iter().map(|v| v.as_str()));
            self.report(written.referenced.into(), Code::UnknownVerb, message, fix);
        }
        found
    }

    fn kind(&mut self, on: &Target, kind: ObjectKind, place: Place, fix: &str) {
        self.attempt(place, Code::WrongObject, fix, |scope| {
            let objects = values::objects(on, scope)?;
            match objects.iter().find(|o| o.kind() != kind) {
                Some(other) => Err(format!("{other} is no {}", kind.as_str())),
                None => Ok(()),
            }
        });
    }

    fn with(
        &mut self,
        verb: Option<Verb>,
        written: &schema::Step,
    ) -> Option<Vec<(String, Operand)>> {
        let wanted = verb.map_or(&[][..], Verb::params);
        if let Some(verb) = verb {
            self.with_keys(
                verb,
                wanted,
                &written.with,
                Place::from(written.run.referenced),
            );
        }
        let mut out = vec![];
        for (key, value) in &written.with {
            let operand = self.operand(value)?;
            if !wanted.contains(&key.as_str()) {
                continue;
            }
            let place = Place::from(value.referenced);
            let fix = "make it a number or a text";
            self.attempt(place, Code::ExpressionFails, fix, |scope| {
                let found = values::value(&operand, scope)?;
                match (key.as_str(), &found) {
                    ("service" | "instance", Value::Text(_)) => Ok(()),
                    ("service" | "instance", _) => {
                        Err(format!("`{key}` is {found}, but must be a name"))
                    }
                    (_, Value::Number(_)) => Ok(()),
                    _ => Err(format!("`{key}` is `{found}`, but must be a number")),
                }
            });
            if key == "cost" {
                let fix = "write a whole number from 1 to 65535";
                self.attempt(place, Code::OutOfRange, fix, |scope| {
                    match values::value(&operand, scope) {
                        Ok(Value::Number(n)) if !COSTS.contains(&n) => {
                            Err(format!("`cost` is {n}, but a link's cost is 1 to 65535"))
                        }
                        _ => Ok(()),
                    }
                });
            }
            out.push((key.clone(), operand));
        }
        Some(out)
    }

    fn with_keys(
        &mut self,
        verb: Verb,
        wanted: &[&str],
        written: &BTreeMap<String, Spanned<Value>>,
        place: Place,
    ) {
        for missing in wanted.iter().filter(|w| !written.contains_key(**w)) {
            let message = format!("{verb} needs `{missing}`");
            let fix = format!("write with: {{{missing}: ...}}");
            self.report(place, Code::MissingWith, message, fix);
        }
        for (key, value) in written
            .iter()
            .filter(|(k, _)| !wanted.contains(&k.as_str()))
        {
            let message = format!("{verb} takes no `{key}`");
            let fix = did_you_mean(key, wanted.iter().copied());
            self.report(value.referenced.into(), Code::ExtraWith, message, fix);
        }
    }

    /// The time given and the checks; `None` where there is no verify block at all.
    pub(super) fn verify(&mut self, spec: &schema::Spec) -> Option<(u64, Vec<CheckTemplate>)> {
        let written = spec.verify.as_ref();
        let Some(verify) = written.filter(|v| !v.checks.is_empty()) else {
            let at = written.map_or(spec.domain.referenced, |v| v.within.referenced);
            let place = Place::from(at);
            let fix = "write verify: {within: 90s, checks: [{metric: ..., on: \"${{ suspect }}\", atLeast: 1}]}";
            self.report(
                place,
                Code::NoVerify,
                "nothing says how success is seen",
                fix,
            );
            return None;
        };
        let within = self.duration(&verify.within);
        let checks: Vec<_> = verify.checks.iter().filter_map(|c| self.check(c)).collect();
        (checks.len() == verify.checks.len()).then_some((within?, checks))
    }

    fn check(&mut self, written: &schema::Check) -> Option<CheckTemplate> {
        let metric = self.metric(&written.metric);
        let on = self.target(&written.on);
        if let (Some(metric), Some(on)) = (metric, &on) {
            let kind = metric.object_kind();
            let fix = format!("{} is measured on a {}", metric.as_str(), kind.as_str());
            self.kind(on, kind, Place::from(written.on.referenced), &fix);
        }
        let (comparison, limit) = self.limit(written)?;
        Some(CheckTemplate {
            metric: metric?,
            on: on?,
            comparison,
            limit,
        })
    }

    /// `80%` is a text; the number that was meant is 0.8.
    fn percent(&mut self, written: &Spanned<Value>) -> bool {
        let Value::Text(text) = &written.value else {
            return false;
        };
        let number = text
            .strip_suffix('%')
            .and_then(|t| t.trim().parse::<f64>().ok());
        if let Some(number) = number {
            let message = format!("`{text}` is a text, not a number");
            let fix = format!("write {}", number / 100.0);
            self.report(written.referenced.into(), Code::UnitMismatch, message, fix);
        }
        number.is_some()
    }

    fn metric(&mut self, written: &Spanned<String>) -> Option<Metric> {
        let found = Metric::ALL.iter().find(|m| m.as_str() == written.value);
        if found.is_none() {
            let message = format!("unknown metric `{}`", written.value);
            let fix = did_you_mean(&written.value, Metric::ALL.iter().map(|m| m.as_str()));
            self.report(written.referenced.into(), Code::BadCheck, message, fix);
        }
        found.copied()
    }

    fn limit(&mut self, written: &schema::Check) -> Option<(Comparison, Operand)> {
        let sides = [
            (Comparison::AtMost, &written.at_most),
            (Comparison::AtLeast, &written.at_least),
            (Comparison::Equals, &written.equals),
        ];
        let mut given = sides.iter().filter_map(|(c, v)| Some((*c, v.as_ref()?)));
        let (Some((comparison, limit)), None) = (given.next(), given.next()) else {
            let place = Place::from(written.metric.referenced);
            let message = "a check needs exactly one of atMost, atLeast and equals";
            self.report(
                place,
                Code::BadCheck,
                message,
                "write for example atLeast: 1",
            );
            return None;
        };
        if self.percent(limit) {
            return None;
        }
        let operand = self.operand(limit)?;
        let fix = "make the limit a number";
        self.attempt(
            limit.referenced.into(),
            Code::ExpressionFails,
            fix,
            |scope| values::number(&operand, scope),
        );
        Some((comparison, operand))
    }
}
