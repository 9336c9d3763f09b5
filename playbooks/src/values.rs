//! From an expression's outcome to the objects, numbers and texts of a plan.
//!
//! In: operands and a scope. Out: typed values, or a sentence that says why there is none.

use crate::expr::Scope;
use crate::playbook::{Operand, Target};
use serde_json::Value as Json;
use zizhi_types::ManagedObject;
use zizhi_types::action::Value;

/// A number, a text, or true or false.
pub(crate) fn value(operand: &Operand, scope: &Scope) -> Result<Value, String> {
    match operand {
        Operand::Literal(value) => Ok(value.clone()),
        Operand::Computed(expr) => {
            let json = expr.eval(scope).map_err(|e| e.to_string())?;
            plain(&json).ok_or_else(|| format!("`{}` is no plain value", expr.text()))
        }
    }
}

/// A number.
pub(crate) fn number(operand: &Operand, scope: &Scope) -> Result<f64, String> {
    match value(operand, scope)? {
        Value::Number(n) => Ok(n),
        other => Err(format!("`{other}` is no number")),
    }
}

/// The objects meant: one, or each of a list.
pub(crate) fn objects(target: &Target, scope: &Scope) -> Result<Vec<ManagedObject>, String> {
    match target {
        Target::Fixed(object) => Ok(vec![object.clone()]),
        Target::Computed(expr) => named(&expr.eval(scope).map_err(|e| e.to_string())?),
    }
}

fn plain(json: &Json) -> Option<Value> {
    match json {
        Json::Number(n) => n.as_f64().map(Value::Number),
        Json::String(s) => Some(Value::Text(s.clone())),
        Json::Bool(b) => Some(Value::Bool(*b)),
        _ => None,
    }
}

/// A text names an object; a described object names itself; a list names each of its items.
fn named(json: &Json) -> Result<Vec<ManagedObject>, String> {
    match json {
        Json::String(text) => Ok(vec![text.parse().map_err(|e| format!("{e}"))?]),
        Json::Object(fields) => fields
            .get("object")
            .ok_or_else(|| "a value that is no managed object".to_owned())
            .and_then(named),
        Json::Array(items) => {
            let lists: Result<Vec<_>, _> = items.iter().map(named).collect();
            Ok(lists?.concat())
        }
        other => Err(format!("`{other}` is no managed object")),
    }
}
