//! Compiles parameters and fills them in for the sample network.

use super::Compiler;
use crate::playbook::{Operand, Param};
use crate::problem::{Code, Place};
use crate::schema;
use crate::suggest::did_you_mean;
use crate::values;
use serde_json::{Map, Value as Json, json};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use zizhi_types::action::Value;

impl Compiler<'_> {
    /// All parameters; they see the context but not each other.
    pub(super) fn params(
        &mut self,
        written: &BTreeMap<String, Spanned<schema::Param>>,
    ) -> Option<Vec<Param>> {
        let found: Vec<Param> = written
            .iter()
            .filter_map(|(name, param)| self.param(name, param))
            .collect();
        self.fill_samples(&found, written);
        (found.len() == written.len()).then_some(found)
    }

    fn param(&mut self, name: &str, written: &Spanned<schema::Param>) -> Option<Param> {
        let place = Place::from(written.referenced);
        let number = self.is_number(&written.value.kind)?;
        let value = match (&written.value.default, &written.value.from) {
            (Some(default), None) => self.default(name, default, number)?,
            (None, Some(from)) => Operand::Computed(self.bare(from)?),
            _ => {
                let message = format!("parameter `{name}` needs exactly one of default and from");
                let fix = "write default: with a value, or from: with an expression";
                self.report(place, Code::BadParam, message, fix);
                return None;
            }
        };
        let param = Param {
            name: name.to_owned(),
            value,
            number,
            min: written.value.min,
            max: written.value.max,
        };
        self.bounds(&param, place);
        Some(param)
    }

    fn is_number(&mut self, kind: &Spanned<String>) -> Option<bool> {
        match kind.value.as_str() {
            "number" => Some(true),
            "string" => Some(false),
            other => {
                let message = format!("unknown parameter type `{other}`");
                let fix = did_you_mean(other, ["number", "string"]);
                self.report(kind.referenced.into(), Code::UnknownWord, message, fix);
                None
            }
        }
    }

    fn default(&mut self, name: &str, written: &Spanned<Value>, number: bool) -> Option<Operand> {
        let fits = matches!(written.value, Value::Number(_)) == number;
        let expression = matches!(&written.value, Value::Text(t) if t.contains("${{"));
        if fits && !expression {
            return Some(Operand::Literal(written.value.clone()));
        }
        let message = format!(
            "the default `{}` of `{name}` is not of its type",
            written.value
        );
        let fix = "write a plain value of the declared type; for an expression use from:";
        self.report(written.referenced.into(), Code::BadParam, message, fix);
        None
    }

    fn bounds(&mut self, param: &Param, place: Place) {
        let name = &param.name;
        let bounded = param.min.is_some() || param.max.is_some();
        if bounded && !param.number {
            let message = format!("`{name}` is a string, but has min or max");
            self.report(place, Code::BadParam, message, "remove min and max");
        }
        if let Operand::Literal(Value::Number(n)) = param.value
            && let Err(why) = param.allows(n)
        {
            let fix = "change the default, or the bounds";
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
                let fits = matches!(value, Value::Number(_)) == param.number;
                fits.then_some(())
                    .ok_or_else(|| format!("`{value}` is not of type {}", param.kind()))
            });
        }
        for (_, scope) in &mut self.scopes {
            let mut filled = Map::new();
            for param in params {
                let value = values::value(&param.value, scope);
                filled.insert(param.name.clone(), value.map_or(Json::Null, |v| json!(v)));
            }
            scope.insert("params".to_owned(), Json::Object(filled));
        }
    }
}
