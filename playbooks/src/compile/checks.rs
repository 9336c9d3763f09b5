//! Compiles how success is seen: checks, what makes them pass or fail, and how often that must be read.

use super::Compiler;
use crate::expr::Expr;
use crate::limits::VALUE;
use crate::playbook::{CheckTemplate, Good};
use crate::problem::{Code, Place};
use crate::schema;
use crate::suggest::did_you_mean;
use crate::values;
use serde_json::json;
use serde_saphyr::Spanned;
use zizhi_types::Metric;
use zizhi_types::action::Value;
use zizhi_types::objective::Comparison;
use zizhi_types::verify::Readings;

/// Most good readings in a row that a playbook may ask for (our choice: an hour at one every 36 s).
const PASSES_MAX: f64 = 100.0;

/// What `verify` says.
pub(super) struct Seen {
    pub(super) within_ms: u64,
    pub(super) checks: Vec<CheckTemplate>,
    pub(super) readings: Readings,
}

impl Compiler<'_> {
    /// The time given and the checks; `None` where there is no verify block at all.
    pub(super) fn verify(&mut self, spec: &schema::Spec) -> Option<Seen> {
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
        let readings = self.readings(verify);
        let checks: Vec<_> = verify.checks.iter().filter_map(|c| self.check(c)).collect();
        let all = checks.len() == verify.checks.len();
        Some(Seen {
            within_ms: within?,
            readings: readings?,
            checks: all.then_some(checks)?,
        })
    }

    fn readings(&mut self, written: &schema::Verify) -> Option<Readings> {
        let usual = Readings::default();
        let every_ms = match &written.every {
            Some(every) => self.duration(every)?,
            None => usual.every_ms,
        };
        let min_pass = match &written.min_pass {
            Some(passes) => self.whole(passes, 1.0, PASSES_MAX, "minPass")? as u32,
            None => usual.min_pass,
        };
        Some(Readings { every_ms, min_pass })
    }

    fn check(&mut self, written: &schema::Check) -> Option<CheckTemplate> {
        let metric = self.metric(&written.metric);
        let on = self.target(&written.on);
        if let (Some(metric), Some(on)) = (metric, &on) {
            let kind = metric.object_kind();
            let fix = format!("{} is measured on a {}", metric.as_str(), kind.as_str());
            self.kind(on, kind, Place::from(written.on.referenced), &fix);
        }
        let pass = self.good(written);
        let fail = written.fail.as_ref().map(|f| self.over_value(f));
        let template = CheckTemplate {
            metric: metric?,
            on: on?,
            pass: pass?,
            fail: match fail {
                Some(fail) => Some(fail?),
                None => None,
            },
        };
        self.limits_can_be_told(&template, written);
        Some(template)
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

    fn good(&mut self, written: &schema::Check) -> Option<Good> {
        let sides = [
            (Comparison::AtMost, &written.at_most),
            (Comparison::AtLeast, &written.at_least),
            (Comparison::Equals, &written.equals),
        ];
        let mut given = sides.iter().filter_map(|(c, v)| Some((*c, v.as_ref()?)));
        match (given.next(), given.next(), &written.pass) {
            (Some((comparison, limit)), None, None) => self.side(comparison, limit),
            (None, None, Some(pass)) => self.over_value(pass).map(Good::Where),
            _ => {
                let place = Place::from(written.metric.referenced);
                let message = "a check needs exactly one of atMost, atLeast, equals and pass";
                let fix = "write for example atLeast: 1";
                self.report(place, Code::BadCheck, message, fix);
                None
            }
        }
    }

    fn side(&mut self, comparison: Comparison, limit: &Spanned<Value>) -> Option<Good> {
        if self.percent(limit) {
            return None;
        }
        let operand = self.operand(limit)?;
        let fix = match &limit.value {
            Value::Text(text) if text.parse::<f64>().is_ok() => "take the quotes away",
            _ => "make the limit a number",
        };
        self.attempt(
            limit.referenced.into(),
            Code::ExpressionFails,
            fix,
            |scope| values::number(&operand, scope),
        );
        Some(Good::Side(comparison, operand))
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

    /// A condition that sees what was measured as `value`, beside everything else.
    fn over_value(&mut self, written: &Spanned<String>) -> Option<Expr> {
        let known = self.samples.clone();
        for sample in &mut self.samples {
            sample.scope.insert(VALUE.to_owned(), json!(0.0));
        }
        let expr = self.bare(written);
        self.samples = known;
        let expr = expr?;
        let place = Place::from(written.referenced);
        let fix =
            "compare `value` with numbers or parameters, and join the comparisons with &&, || or !";
        let told = self.attempt(place, Code::ExpressionFails, fix, |scope| {
            crate::limits::ranges(&expr, scope)
        });
        told.then_some(expr)
    }

    /// The rest of what can be told only when parameters are filled in: no value may both pass and fail.
    fn limits_can_be_told(&mut self, template: &CheckTemplate, written: &schema::Check) {
        let first = self.samples.first().map(|s| template.limits(&s.scope));
        let at = match (&written.fail, &written.pass) {
            (Some(fail), _) => fail,
            // What is wrong with the condition by itself is told by the checker of conditions.
            (None, Some(pass)) if first.is_some_and(|limits| limits.is_ok()) => pass,
            _ => return,
        };
        let place = Place::from(at.referenced);
        let fix = "move the limits apart: what lies between them is left to a person";
        if self.attempt(place, Code::BadVerdict, fix, |scope| template.limits(scope)) {
            self.limits_at_the_ends(template, place);
        }
    }

    /// A parameter may be anything from its min to its max: the limits must do their work there too.
    fn limits_at_the_ends(&mut self, template: &CheckTemplate, place: Place) {
        let Some(sample) = self.samples.first() else {
            return;
        };
        let wrong = self.ends.iter().find_map(|(name, end)| {
            let mut scope = sample.scope.clone();
            let params = scope.get_mut("params")?.as_object_mut()?;
            params.insert((*name).to_owned(), json!(end));
            Some((*name, *end, template.limits(&scope).err()?))
        });
        if let Some((name, end, why)) = wrong {
            let message = format!("`{name}` may be {end}, and then {why}");
            let fix = "write a narrower min and max for the parameter, or move the limits apart";
            self.report(place, Code::BadVerdict, message, fix);
        }
    }
}
