//! What is a value as a number, as a word, as a count?

use super::pack::Rule;
use super::reading::Counter;
use crate::decode::{Kind, Point, Value};

/// The value as a word: what `states` are looked up by.
pub(super) fn word_of(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => text.clone(),
        Value::Gone => String::new(),
    }
}

/// The value as a number, through the rule's states where it has some.
pub(super) fn number_of(value: &Value, rule: Option<&Rule>) -> Option<f64> {
    if let Some(rule) = rule.filter(|r| !r.states.is_empty())
        && *value != Value::Gone
    {
        let word = word_of(value).to_lowercase();
        // Identity references carry the name of their module: `oc-types:UP`.
        let bare = word.rsplit(':').next().unwrap_or(&word);
        return rule
            .states
            .get(&word)
            .or_else(|| rule.states.get(bare))
            .copied();
    }
    match value {
        Value::Number(number) => Some(*number),
        Value::Whole(number) => Some(*number as f64),
        Value::Flag(flag) => Some(f64::from(u8::from(*flag))),
        Value::Text(_) | Value::Gone => None,
    }
}

/// Set for counts: those that the rule or the sender calls so.
pub(super) fn counter_of(point: &Point, rule: Option<&Rule>) -> Option<Counter> {
    let becomes = rule.and_then(|r| r.becomes.clone());
    let counts =
        matches!(point.kind, Kind::Counter | Kind::Delta) || rule.is_some_and(|r| r.counter);
    if becomes.is_none() && !counts {
        return None;
    }
    Some(Counter {
        is_delta: point.kind == Kind::Delta,
        becomes,
    })
}

/// The value with all its digits, where it is whole.
pub(super) fn exact_of(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Whole(number) => Some(*number),
        Value::Number(number) if (0.0..=EXACT).contains(number) && number.fract() == 0.0 => {
            Some(*number as u64)
        }
        _ => None,
    }
}
