//! Compiles expressions and tries them on the sample network.

use super::Compiler;
use crate::expr::{Expr, ExprError, FUNCTIONS, Shape};
use crate::playbook::{Operand, Target};
use crate::problem::{Code, Place};
use crate::suggest::did_you_mean;
use serde_json::Value as Json;
use serde_saphyr::Spanned;
use zizhi_types::action::Value;

/// Why there is no `steps.<id>.out`: a person approves, and the twin rehearses, a plan with every value filled in.
const PLAN_IS_WHOLE: &str =
    "a plan is filled in before its first step: use suspect, state or params";

/// The text between `${{` and `}}` when that is all there is.
fn computed(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?;
    (!inner.contains("}}")).then(|| inner.trim())
}

/// A text that begins like an expression and can be read as one.
pub(super) fn is_bare_expression(text: &str) -> bool {
    let begins = ["suspect.", "state.", "params.", "double(", "int("];
    begins.iter().any(|b| text.starts_with(b)) && Expr::compile(text).is_ok()
}

/// What to write instead of the words and signs of other languages.
fn hint(text: &str) -> Option<String> {
    let spaced = format!(" {} ", text.to_lowercase());
    let words = [
        (" and ", "&&"),
        (" or ", "||"),
        (" not ", "!"),
        (" <> ", "!="),
        (" = ", "=="),
        (" => ", ">="),
        (" =< ", "<="),
        (" & ", "&&"),
        (" | ", "||"),
        (" === ", "=="),
        (" is ", "=="),
        (" eq ", "=="),
        (" gt ", ">"),
        (" lt ", "<"),
    ];
    let signs = [
        ('＞', ">"),
        ('＜', "<"),
        ('＝', "=="),
        ('！', "!"),
        ('（', "("),
        ('）', ")"),
        ('，', ","),
        ('“', "'"),
        ('”', "'"),
        ('‘', "'"),
        ('’', "'"),
        ('≥', ">="),
        ('≤', "<="),
        ('≠', "!="),
    ];
    let word = words.iter().find(|(word, _)| spaced.contains(word));
    let sign = signs.iter().find(|(sign, _)| text.contains(*sign));
    let word = word.map(|(word, cel)| format!("write {cel} instead of {}", word.trim()));
    word.or_else(|| sign.map(|(sign, cel)| format!("write {cel} instead of {sign}")))
}

impl Compiler<'_> {
    /// A bare expression, as in `check:` and `from:`.
    pub(super) fn bare(&mut self, written: &Spanned<String>) -> Option<Expr> {
        let place = Place::from(written.referenced);
        if let Some(inner) = computed(&written.value) {
            let fix = format!("write it without the delimiter: {inner}");
            self.report(place, Code::BadExpression, "`${{ }}` is not used here", fix);
            return None;
        }
        self.expression(&written.value, place)
    }

    /// A value: written down, or computed when it stands in `${{ }}`.
    pub(super) fn operand(&mut self, written: &Spanned<Value>) -> Option<Operand> {
        self.operand_at(written, Place::from(written.referenced))
    }

    /// The same, with problems shown at another place.
    pub(super) fn operand_at(&mut self, written: &Spanned<Value>, place: Place) -> Option<Operand> {
        let Value::Text(text) = &written.value else {
            return Some(Operand::Literal(written.value.clone()));
        };
        match computed(text) {
            Some(inner) => self.expression(inner, place).map(Operand::Computed),
            None if text.contains("${{") => {
                self.partial(text, place);
                None
            }
            None if is_bare_expression(text) => {
                let message = format!("`{text}` is taken as a plain text");
                let fix = format!("write \"${{{{ {text} }}}}\"");
                self.report(place, Code::NoDelimiter, message, fix);
                None
            }
            None => Some(Operand::Literal(written.value.clone())),
        }
    }

    /// An object: named, or computed when it stands in `${{ }}`.
    pub(super) fn target(&mut self, written: &Spanned<String>) -> Option<Target> {
        let place = Place::from(written.referenced);
        match computed(&written.value) {
            Some(inner) => {
                let expr = self.expression(inner, place)?;
                let shape = expr.shape();
                let wrong = if names_nothing(&shape) {
                    Some("the list is empty: it names no object")
                } else if names_twice(&shape) {
                    Some("the list names an object twice")
                } else {
                    None
                };
                if let Some(message) = wrong {
                    let fix = "name each object once, for example \"${{ suspect }}\"";
                    self.report(place, Code::WrongObject, message, fix);
                    return None;
                }
                Some(Target::Computed(expr))
            }
            None if written.value.contains("${{") => {
                self.partial(&written.value, place);
                None
            }
            None => match written.value.parse() {
                Ok(object) => Some(Target::Fixed(object)),
                Err(e) => {
                    let fix = "write \"${{ suspect }}\" or a name such as link/A-B";
                    self.report(place, Code::WrongObject, e.to_string(), fix);
                    None
                }
            },
        }
    }

    fn partial(&mut self, text: &str, place: Place) {
        let message = format!("`{text}` is only in part an expression");
        let fix = "put the whole value between ${{ and }}; join texts with + inside it";
        self.report(place, Code::BadExpression, message, fix);
    }

    fn expression(&mut self, text: &str, place: Place) -> Option<Expr> {
        let expr = match Expr::compile(text) {
            Ok(expr) => expr,
            Err(e) => {
                let fix = match &e {
                    ExprError::Syntax {
                        at: (_, column), ..
                    } => hint(text)
                        .unwrap_or_else(|| format!("look at character {column} of the expression")),
                    _ => "write a shorter CEL expression".to_owned(),
                };
                self.report(place, Code::BadExpression, e.to_string(), fix);
                return None;
            }
        };
        let functions_known = self.functions_known(&expr, place);
        let paths_known = self.paths_known(&expr, place);
        (functions_known && paths_known).then_some(expr)
    }

    fn functions_known(&mut self, expr: &Expr, place: Place) -> bool {
        let operator = |f: &str| !f.starts_with(char::is_alphabetic) && f != "{}";
        let unknown = expr
            .names()
            .functions
            .iter()
            .find(|f| !operator(f) && !FUNCTIONS.contains(&f.as_str()));
        let Some(name) = unknown else { return true };
        let message = format!("unknown function `{name}` in `{}`", expr.text());
        let fix = did_you_mean(name, FUNCTIONS.iter().copied());
        self.report(place, Code::UnknownName, message, fix);
        false
    }

    /// Every path must exist for every fault that the playbook is for.
    fn paths_known(&mut self, expr: &Expr, place: Place) -> bool {
        for path in &expr.names().paths {
            let lost = self.samples.iter().find_map(|sample| {
                let mut here = Json::Object(sample.scope.clone().into_iter().collect());
                path.split('.').find_map(|part| match here.get(part) {
                    Some(next) => {
                        here = next.clone();
                        None
                    }
                    None => Some((sample.kind, part.to_owned(), keys(&here))),
                })
            });
            if let Some((kind, part, known)) = lost {
                // A parameter that is declared wrongly was reported where it is declared.
                let declared = self.declared.iter().any(|p| path == &format!("params.{p}"));
                if declared && part != "params" {
                    return false;
                }
                let (message, fix) = if path == "steps" || path.starts_with("steps.") {
                    (
                        format!("`{path}`: a step does not see what another one did or returned"),
                        PLAN_IS_WHOLE.to_owned(),
                    )
                } else if declared {
                    (
                        format!("`{path}`: a parameter does not see another one"),
                        "write here what the other one is computed from".to_owned(),
                    )
                } else {
                    (
                        format!("`{path}`: a {} suspect gives no `{part}`", kind.as_str()),
                        did_you_mean(&part, known.iter().map(String::as_str)),
                    )
                };
                self.report(place, Code::UnknownName, message, fix);
                return false;
            }
        }
        true
    }

    /// What sort of value a name has in the samples: `a number`, `a text`, `true or false`, `a list`, `a described object`.
    pub(crate) fn sort_of(&self, path: &str) -> Option<&'static str> {
        let scope = &self.samples.first()?.scope;
        let mut parts = path.split('.');
        let mut here = scope.get(parts.next()?)?;
        for part in parts {
            here = here.get(part)?;
        }
        match here {
            Json::Bool(_) => Some("true or false"),
            Json::Number(_) => Some("a number"),
            Json::String(_) => Some("a text"),
            Json::Array(_) => Some("a list"),
            Json::Object(_) => Some("a described object"),
            Json::Null => None,
        }
    }

    /// Tries something in every sample scope; the first failure is a problem.
    pub(super) fn attempt<T>(
        &mut self,
        place: Place,
        code: Code,
        fix: &str,
        attempt: impl Fn(&crate::expr::Scope) -> Result<T, String>,
    ) -> bool {
        let failure = self.samples.iter().find_map(|sample| {
            let why = attempt(&sample.scope).err()?;
            let (kind, chosen) = (sample.kind.as_str(), &sample.chosen);
            Some(format!("with a {kind} as suspect{chosen}: {why}"))
        });
        let ok = failure.is_none();
        if let Some(message) = failure {
            self.report(place, code, message, fix);
        }
        ok
    }
}

/// An empty list however it is chosen: `[]`, `x ? [] : []`, `[] + []`.
fn names_nothing(shape: &Shape) -> bool {
    match shape {
        Shape::Call(name, parts) => match (name.as_str(), parts.as_slice()) {
            ("[]", parts) => parts.iter().all(names_nothing),
            ("_?_:_", [_, a, b]) | ("_+_", [a, b]) => names_nothing(a) && names_nothing(b),
            _ => false,
        },
        _ => false,
    }
}

fn names_twice(shape: &Shape) -> bool {
    let Shape::Call(name, parts) = shape else {
        return false;
    };
    let again = |(i, part): (usize, &Shape)| parts.iter().take(i).any(|p| p == part);
    name == "[]" && parts.iter().enumerate().any(again)
}

fn keys(json: &Json) -> Vec<String> {
    json.as_object()
        .map(|fields| fields.keys().cloned().collect())
        .unwrap_or_default()
}
