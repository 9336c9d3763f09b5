//! Compiles steps, with the object each is about.

use super::Compiler;
use crate::playbook::{Operand, Step, Target};
use crate::problem::{Code, Place};
use crate::schema;
use crate::suggest::did_you_mean;
use crate::values;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use zizhi_types::action::Value;
use zizhi_types::{ObjectKind, Verb};

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
        let when = written.when.as_ref().map(|when| self.yes_or_no(when));
        let continue_on_error = self.on_error(written.on_error.as_ref());
        let undo = self.undo(verb, written.undo.as_ref());
        let retry = written.retry.as_ref().map(|retry| self.retry(retry));
        Some(Step {
            when: match when {
                Some(expr) => Some(expr?),
                None => None,
            },
            continue_on_error: continue_on_error?,
            undo: undo?,
            retry: match retry {
                Some(retry) => Some(retry?),
                None => None,
            },
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

    pub(super) fn kind(&mut self, on: &Target, kind: ObjectKind, place: Place, fix: &str) {
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
            self.fits_the_param(key, &operand, place);
            out.push((key.clone(), operand));
        }
        Some(out)
    }

    /// The value is of the sort, and in the range, that the action's parameter wants.
    pub(super) fn fits_the_param(&mut self, key: &str, operand: &Operand, place: Place) {
        let fix = "make it a number or a text";
        self.attempt(place, Code::ExpressionFails, fix, |scope| {
            let found = values::value(operand, scope)?;
            match (key, &found) {
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
                match values::value(operand, scope) {
                    Ok(Value::Number(n)) if !COSTS.contains(&n) => {
                        Err(format!("`cost` is {n}, but a link's cost is 1 to 65535"))
                    }
                    _ => Ok(()),
                }
            });
        }
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
}
