//! Compiles parameters and fills them in for the sample network.

use super::expressions::is_bare_expression;
use super::{Compiler, Sample};
use crate::expr::units::Unit;
use crate::planning::{self, Variant};
use crate::playbook::{Operand, Param, ParamKind};
use crate::problem::{Code, Place};
use crate::schema;
use crate::suggest::did_you_mean;
use crate::values;
use serde_json::{Map, Value as Json, json};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use zizhi_types::action::Value;

/// Most candidate values of one parameter (our choice: a rehearsal each, within a planner's time).
const MAX_CHOICES: usize = 8;

/// What expressions see beside parameters.
const BUILT_IN: [&str; 7] = [
    "suspect",
    "state",
    "params",
    "fault",
    "probability",
    "value",
    "steps",
];

impl<'f> Compiler<'f> {
    /// All parameters; they see the context but not each other.
    pub(super) fn params(
        &mut self,
        written: &'f BTreeMap<String, Spanned<schema::Param>>,
    ) -> Option<Vec<Param>> {
        let found: Vec<Param> = written
            .iter()
            .filter_map(|(name, param)| self.param(name, param))
            .collect();
        self.names_differ(written);
        self.few_variants(&found, written);
        self.ends = written
            .iter()
            .flat_map(|(name, p)| ends(name, &p.value))
            .collect();
        self.fill_samples(&found, written);
        (found.len() == written.len()).then_some(found)
    }

    fn param(&mut self, name: &str, written: &Spanned<schema::Param>) -> Option<Param> {
        let place = Place::from(written.referenced);
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(letters) {
            let message = format!("`{name}` cannot be written as params.{name} in an expression");
            let fix = "name it with letters, digits and _, and begin with a letter";
            self.report(place, Code::BadParam, message, fix);
            return None;
        }
        let param = &written.value;
        let kind = self.param_kind(&param.kind)?;
        let list =
            |values: &Option<Vec<Spanned<Value>>>| values.iter().flatten().cloned().collect();
        let choices: Vec<Spanned<Value>> = list(&param.choices);
        let one_of: Vec<Spanned<Value>> = list(&param.one_of);
        self.candidates_differ(name, "choice", &choices);
        self.candidates_differ(name, "value", &one_of);
        let choices = self.literals(name, "choice", &choices, kind)?;
        let one_of = self.literals(name, "value", &one_of, kind)?;
        let value = match (&param.default, &param.from, choices.first()) {
            (Some(default), None, None) => {
                Operand::Literal(self.literal(name, "default", default, kind)?)
            }
            (None, Some(from), None) if param.secret => self.reference(from, kind)?,
            (None, Some(from), None) => self.computed_param(from)?,
            (None, None, Some(first)) => Operand::Literal(first.clone()),
            _ => {
                let message =
                    format!("parameter `{name}` needs exactly one of default, from and choices");
                let fix = "write default: with a value, from: with an expression, or choices: with a list";
                self.report(place, Code::BadParam, message, fix);
                return None;
            }
        };
        let param = Param {
            name: name.to_owned(),
            unit: self.unit(name, kind, param.unit.as_ref()),
            value,
            kind,
            choices,
            one_of,
            secret: param.secret,
            min: param.min,
            max: param.max,
        };
        self.secret_is_named(&param, place);
        self.bounds(&param, place);
        Some(param)
    }

    /// A name that means something else beside, or differs from another by capitals only, is read wrongly by people.
    fn names_differ(&mut self, written: &BTreeMap<String, Spanned<schema::Param>>) {
        let names: Vec<&String> = written.keys().collect();
        for (i, (name, param)) in written.iter().enumerate() {
            let before = names.get(..i).unwrap_or_default();
            let twin = before.iter().find(|n| n.eq_ignore_ascii_case(name));
            let message = if BUILT_IN.contains(&name.as_str()) {
                format!("parameter `{name}` has the name of what expressions see anyhow")
            } else if let Some(twin) = twin {
                format!("parameters `{twin}` and `{name}` differ by capital letters only")
            } else {
                continue;
            };
            let fix = "give it a name that says what it is for, for example most_loss";
            self.report(param.referenced.into(), Code::BadParam, message, fix);
        }
    }

    /// Two candidates that are one make a plan twice, and an empty list allows nothing.
    fn candidates_differ(&mut self, name: &str, what: &str, written: &[Spanned<Value>]) {
        for (i, value) in written.iter().enumerate() {
            let before = written.get(..i).unwrap_or_default();
            if before.iter().any(|b| b.value == value.value) {
                let message = format!("the {what} `{}` of `{name}` is listed twice", value.value);
                let fix = "remove one of the two, or write the value that was meant";
                self.report(value.referenced.into(), Code::BadParam, message, fix);
                return;
            }
        }
    }

    /// Candidate values multiply: two parameters with eight each would be 64 rehearsals.
    fn few_variants(
        &mut self,
        params: &[Param],
        written: &BTreeMap<String, Spanned<schema::Param>>,
    ) {
        let count: usize = params.iter().map(|p| p.choices.len().max(1)).product();
        let last = params.iter().rev().find(|p| !p.choices.is_empty());
        if let Some(last) = last
            && count > MAX_CHOICES
            && params.iter().filter(|p| !p.choices.is_empty()).count() > 1
        {
            let place = written.get(&last.name).map(|p| p.referenced.into());
            let message = format!("the choices of all parameters make {count} plans");
            let fix = format!("leave {MAX_CHOICES} at most");
            self.report(place.unwrap_or_default(), Code::BadParam, message, fix);
        }
    }

    fn param_kind(&mut self, written: &Spanned<String>) -> Option<ParamKind> {
        let found = ParamKind::ALL
            .into_iter()
            .find(|k| k.as_str() == written.value);
        if found.is_none() {
            let message = format!("unknown parameter type `{}`", written.value);
            let fix = did_you_mean(&written.value, ParamKind::ALL.map(ParamKind::as_str));
            self.report(written.referenced.into(), Code::UnknownWord, message, fix);
        }
        found
    }

    /// The unit that is written, or that the name ends with.
    fn unit(
        &mut self,
        name: &str,
        kind: ParamKind,
        written: Option<&Spanned<String>>,
    ) -> Option<Unit> {
        let Some(written) = written else {
            return match kind {
                ParamKind::Number => Unit::of_name(name),
                ParamKind::Duration => Some(Unit::Ms),
                _ => None,
            };
        };
        let place = Place::from(written.referenced);
        let found = Unit::ALL.into_iter().find(|u| u.as_str() == written.value);
        if found.is_none() {
            let message = format!("unknown unit `{}`", written.value);
            let fix = did_you_mean(&written.value, Unit::ALL.map(Unit::as_str));
            self.report(place, Code::UnknownWord, message, fix);
        } else if kind != ParamKind::Number {
            let message = format!("`{name}` is a {}, but has a unit", kind.as_str());
            let fix = "remove unit; a duration says its own, as in 90s";
            self.report(place, Code::BadParam, message, fix);
        }
        found
    }

    fn computed_param(&mut self, from: &Spanned<String>) -> Option<Operand> {
        if from.value.starts_with("secret://") {
            let message = "a secret is read into a parameter that is not marked as one";
            let fix = "write {type: string, secret: true, from: secret://name}";
            self.report(from.referenced.into(), Code::SecretShown, message, fix);
            return None;
        }
        Some(Operand::Computed(self.bare(from)?))
    }

    /// The name of a secret: it stays a name here, whatever happens to the plan.
    fn reference(&mut self, from: &Spanned<String>, kind: ParamKind) -> Option<Operand> {
        let name = from.value.strip_prefix("secret://").unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !name.is_empty() && name.chars().all(fits) && kind == ParamKind::Text {
            return Some(Operand::Literal(Value::Text(from.value.clone())));
        }
        let message = format!("`{}` names no secret", from.value);
        let fix = "write {type: string, secret: true, from: secret://name}";
        self.report(from.referenced.into(), Code::SecretShown, message, fix);
        None
    }

    fn secret_is_named(&mut self, param: &Param, place: Place) {
        let named =
            matches!(&param.value, Operand::Literal(Value::Text(t)) if t.starts_with("secret://"));
        if param.secret && (!named || !param.choices.is_empty()) {
            let message = format!("the secret `{}` stands in the file", param.name);
            let fix = "name it instead: {type: string, secret: true, from: secret://name}";
            self.report(place, Code::SecretShown, message, fix);
        }
    }

    fn literals(
        &mut self,
        name: &str,
        what: &str,
        written: &[Spanned<Value>],
        kind: ParamKind,
    ) -> Option<Vec<Value>> {
        let found: Vec<Value> = written
            .iter()
            .filter_map(|v| self.literal(name, what, v, kind))
            .collect();
        (found.len() == written.len()).then_some(found)
    }

    /// A value that is written down, of the declared type; a duration becomes its milliseconds.
    fn literal(
        &mut self,
        name: &str,
        what: &str,
        written: &Spanned<Value>,
        kind: ParamKind,
    ) -> Option<Value> {
        let place = Place::from(written.referenced);
        if let (ParamKind::Duration, Value::Text(text)) = (kind, &written.value) {
            let as_text = Spanned {
                value: text.clone(),
                referenced: written.referenced,
                defined: written.defined,
            };
            return self.duration(&as_text).map(|ms| Value::Number(ms as f64));
        }
        let expression =
            matches!(&written.value, Value::Text(t) if t.contains("${{") || is_bare_expression(t));
        if kind.takes(&written.value) && !expression && kind != ParamKind::Duration {
            return Some(written.value.clone());
        }
        let message = format!(
            "the {what} `{}` of `{name}` is not of its type",
            written.value
        );
        let fix = if kind == ParamKind::Duration {
            "write a whole number and ms, s, m or h, for example 90s"
        } else {
            "write a plain value of the declared type; for an expression use from:"
        };
        self.report(place, Code::BadParam, message, fix);
        None
    }

    fn bounds(&mut self, param: &Param, place: Place) {
        let name = &param.name;
        let kind = param.kind.as_str();
        let bounded = param.min.is_some() || param.max.is_some();
        if bounded && param.kind != ParamKind::Number {
            let message = format!("`{name}` is a {kind}, but has min or max");
            self.report(place, Code::BadParam, message, "remove min and max");
        }
        if let (Some(low), Some(high)) = (param.min, param.max)
            && low > high
        {
            let message = format!("`{name}` has min {low} above max {high}: no value fits");
            self.report(place, Code::Contradiction, message, "swap them");
            return;
        }
        if param.choices.len() == 1 || param.choices.len() > MAX_CHOICES {
            let message = format!("`{name}` has {} choices", param.choices.len());
            let fix = format!("write 2 to {MAX_CHOICES}; each makes a plan that is rehearsed");
            self.report(place, Code::BadParam, message, fix);
        }
        let default = match &param.value {
            Operand::Literal(value) => Some(value),
            Operand::Computed(_) => None,
        };
        let written = default.into_iter().chain(&param.choices);
        if let Some(why) = written.into_iter().find_map(|v| param.accepts(v).err()) {
            let fix = "change the value, or what is allowed";
            self.report(place, Code::BadParam, why, fix);
        }
    }

    /// Later expressions see `params` filled in for each sample.
    fn fill_samples(
        &mut self,
        params: &[Param],
        written: &BTreeMap<String, Spanned<schema::Param>>,
    ) {
        for param in params {
            let place = written
                .get(&param.name)
                .map(|p| p.referenced.into())
                .unwrap_or_default();
            let fix = "make the expression give a value of the declared type";
            self.attempt(place, Code::ExpressionFails, fix, |scope| {
                let value = values::value(&param.value, scope)?;
                let fits = param.kind.takes(&value);
                fits.then_some(())
                    .ok_or_else(|| format!("`{value}` is not of type {}", param.kind.as_str()))
            });
        }
        let samples = std::mem::take(&mut self.samples);
        let variants = planning::variants(params);
        for sample in &samples {
            let each = variants.iter().take(MAX_CHOICES);
            self.samples.extend(each.map(|v| filled(sample, params, v)));
        }
    }
}

/// The bounds of a number, with its name.
fn ends<'f>(name: &'f str, param: &schema::Param) -> impl Iterator<Item = (&'f str, f64)> {
    let bounds = param.min.into_iter().chain(param.max);
    bounds.filter(|n| n.is_finite()).map(move |n| (name, n))
}

/// The sample with `params`, as one combination of choices fills them in.
fn filled(sample: &Sample, params: &[Param], variant: &Variant<'_>) -> Sample {
    let mut values = Map::new();
    for param in params {
        let value = match variant.get(param.name.as_str()) {
            Some(value) => Ok((*value).clone()),
            None => values::value(&param.value, &sample.scope),
        };
        values.insert(param.name.clone(), value.map_or(Json::Null, |v| json!(v)));
    }
    let mut filled = sample.clone();
    filled
        .scope
        .insert("params".to_owned(), Json::Object(values));
    let chosen = variant.iter().map(|(k, v)| format!(" and {k} = {v}"));
    filled.chosen = chosen.collect();
    filled
}
