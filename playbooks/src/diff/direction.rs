//! Does this change let more happen, or less?
//!
//! In: a field's path with its old and new value. Out: the direction, by one table. What is not in the table is neither.

use super::Direction;
use crate::duration::parse_ms;
use serde_json::Value as Json;

/// How a field's value relates to what may be done.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// A greater number, a longer duration or a higher mode lets more happen.
    MoreIsLooser,
    /// The other way round.
    MoreIsTighter,
    /// A greater number lets more happen, and no number is as good as this one.
    MoreIsLooserThan(f64),
    /// The other way round.
    MoreIsTighterThan(f64),
    /// That the item is there at all holds something back.
    PresenceIsTighter,
    /// That the item is there at all lets something happen.
    PresenceIsLooser,
}

/// The first row whose path fits decides. `*` stands for what is between the brackets.
const TABLE: &[(&str, Rule)] = &[
    ("spec.autonomy.mode", Rule::MoreIsLooser),
    ("spec.blastRadius.maxObjects", Rule::MoreIsLooser),
    ("spec.blastRadius.maxServices", Rule::MoreIsLooser),
    ("spec.blastRadius.*", Rule::MoreIsLooser),
    ("spec.trigger.minProbability", Rule::MoreIsTighter),
    ("spec.trigger.hold", Rule::MoreIsTighter),
    ("spec.trigger.throttle.*", Rule::MoreIsTighter),
    ("spec.trigger.faults[*]", Rule::PresenceIsLooser),
    ("spec.trigger.signals[*]", Rule::PresenceIsLooser),
    ("spec.when[*]", Rule::PresenceIsTighter),
    ("spec.guards[*]", Rule::PresenceIsTighter),
    ("spec.verify.minPass", Rule::MoreIsTighterThan(2.0)),
    ("spec.verify.every", Rule::MoreIsTighterThan(0.0)),
    ("spec.verify.checks[*].fail", Rule::PresenceIsTighter),
    ("spec.verify.checks[*]", Rule::PresenceIsTighter),
    ("spec.verify.checks[*].atMost", Rule::MoreIsLooser),
    ("spec.verify.checks[*].atLeast", Rule::MoreIsTighter),
    ("spec.params.*.max", Rule::MoreIsLooser),
    ("spec.params.*.min", Rule::MoreIsTighter),
    ("spec.steps[*]", Rule::PresenceIsLooser),
    ("spec.steps[*].undo", Rule::PresenceIsTighter),
    ("spec.steps[*].retry.max", Rule::MoreIsLooserThan(0.0)),
    ("spec.rollback.on[*]", Rule::PresenceIsTighter),
    ("spec.steps[*].timeout", Rule::MoreIsLooser),
    ("spec.autonomy.timeout", Rule::MoreIsLooser),
    ("spec.irreversible.en", Rule::PresenceIsLooser),
    ("spec.temporary", Rule::MoreIsTighter),
];

pub(super) fn direction(field: &str, old: Option<&Json>, new: Option<&Json>) -> Direction {
    let row = TABLE.iter().find(|(pattern, _)| fits(pattern, field));
    let Some((_, rule)) = row else {
        return Direction::Other;
    };
    match (rule, old, new) {
        (Rule::PresenceIsTighter, None, Some(_)) | (Rule::PresenceIsLooser, Some(_), None) => {
            Direction::Tighter
        }
        (Rule::PresenceIsTighter, Some(_), None) | (Rule::PresenceIsLooser, None, Some(_)) => {
            Direction::Looser
        }
        (Rule::MoreIsLooser, _, _) => compare(old, new, f64::INFINITY, true),
        (Rule::MoreIsTighter, _, _) => compare(old, new, f64::NEG_INFINITY, false),
        (Rule::MoreIsLooserThan(none), _, _) => compare(old, new, *none, true),
        (Rule::MoreIsTighterThan(none), _, _) => compare(old, new, *none, false),
        _ => Direction::Other,
    }
}

/// A bound that comes or goes: no upper bound is the loosest, and so is no lower one.
fn compare(old: Option<&Json>, new: Option<&Json>, none: f64, more_is_looser: bool) -> Direction {
    let value = |json: Option<&Json>| json.map_or(Some(none), amount);
    match (value(old), value(new)) {
        (Some(a), Some(b)) if a < b => pick(more_is_looser),
        (Some(a), Some(b)) if a > b => pick(!more_is_looser),
        _ => Direction::Other,
    }
}

const fn pick(looser: bool) -> Direction {
    if looser {
        Direction::Looser
    } else {
        Direction::Tighter
    }
}

/// A number, a duration in ms, the rank of a mode or of what a throttle counts, or yes over no.
fn amount(value: &Json) -> Option<f64> {
    const MODES: [&str; 4] = ["observe", "suggest", "approve", "auto"];
    /// A throttle for a whole playbook holds back more than one for each of its suspects.
    const THROTTLED_BY: [&str; 3] = ["incident", "object", "playbook"];
    match value {
        Json::Bool(yes) => Some(f64::from(u8::from(*yes))),
        Json::String(text) => {
            let ranks = [&MODES[..], &THROTTLED_BY[..]];
            let rank = ranks
                .iter()
                .find_map(|words| words.iter().position(|w| w == text));
            rank.map(|r| r as f64)
                .or_else(|| parse_ms(text).map(|ms| ms as f64))
        }
        other => other.as_f64(),
    }
}

/// `[*]` fits a bracket with anything in it; a lone `*` fits one name.
fn fits(pattern: &str, field: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == field,
        Some((before, after)) => field.strip_prefix(before).is_some_and(|rest| {
            let whole = |end: &str| !end.contains('.') || before.ends_with('[');
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| {
                    let (inner, end) = rest.split_at(at);
                    !inner.is_empty() && whole(inner) && fits(after, end)
                })
        }),
    }
}
