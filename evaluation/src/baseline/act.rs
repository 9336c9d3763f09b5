//! From a rule and an object to an action: its parameters are filled in.

use super::facts::Facts;
use super::rules::{Rule, Setting, Word};
use zizhi_types::action::{Value, Verb};
use zizhi_types::{Action, ManagedObject, Metric, ObjectKind};

/// The highest cost that routing protocols treat as an ordinary number.
const COST_MAX: f64 = 65_535.0;

/// What is acted on for an alert at `object`: the object, the link of a port, or the site of an instance.
pub(super) fn target(rule: &Rule, object: &ManagedObject, facts: &Facts) -> ManagedObject {
    let near = match rule.action.object_kind() {
        ObjectKind::Link => object.link_of_port(),
        ObjectKind::Site => facts.site_of(object),
        _ => None,
    };
    near.unwrap_or_else(|| object.clone())
}

/// What a rule does to an object now; why it cannot, where something it needs is not known.
pub(super) fn action(rule: &Rule, target: &ManagedObject, facts: &Facts) -> Result<Action, String> {
    let mut action = Action::new(rule.action, target.clone());
    for (name, setting) in &rule.with {
        let value = value(rule.action, setting, target, facts)
            .ok_or_else(|| format!("it is not known what `{name}` of {target} should be"))?;
        action = action.with(name, value);
    }
    Ok(action)
}

fn value(verb: Verb, setting: &Setting, target: &ManagedObject, facts: &Facts) -> Option<Value> {
    let metric = match verb {
        Verb::LinkSetRate => Metric::PortRate,
        _ => Metric::PortCost,
    };
    match setting {
        Setting::Number(number) => Some(Value::Number(*number)),
        Setting::Word(Word::Built) => facts.meant_at(target, metric).map(Value::Number),
        Setting::Word(Word::Busiest) => facts.busiest(target).map(|s| Value::Text(s.to_owned())),
        Setting::Times { times } => {
            let now = facts.at_ports(target, metric)?;
            Some(Value::Number((now * times).ceil().clamp(1.0, COST_MAX)))
        }
    }
}
