//! Can two playbooks pull one object in opposite directions, with no person in between?
//!
//! In: the playbooks of one folder. Out: problems. They can if all of this is so:
//! - both are `auto`, and for one fault: one suspected cause makes both into plans;
//! - their conditions can hold at one time (what they say of the same names does not exclude it);
//! - a step of each changes the same setting of the same object of the sample network, one upwards and one downwards.
//!
//! Two playbooks that change a setting in the same direction, by different amounts, are alternatives: one is chosen.

use crate::expr::Shape;
use crate::expr::logic;
use crate::playbook::{Playbook, Step};
use crate::problem::{Code, Place, Problem};
use crate::{planning, sample};
use std::collections::BTreeSet;
use zizhi_types::plan::Mode;
use zizhi_types::{Action, FaultKind, ManagedObject, Verb};

/// One problem for each pair, in the file that comes later.
pub(crate) fn fights(playbooks: &[Playbook]) -> Vec<Problem> {
    let auto: Vec<&Playbook> = playbooks.iter().filter(|p| p.mode == Mode::Auto).collect();
    let mut found = vec![];
    for (i, later) in auto.iter().enumerate() {
        let earlier = auto.get(..i).unwrap_or_default().iter();
        found.extend(earlier.filter_map(|other| fight(other, later)));
    }
    found
}

fn fight(first: &Playbook, second: &Playbook) -> Option<Problem> {
    let shared = |f: &&FaultKind| second.faults.contains(f);
    let fault = first.faults.iter().find(shared)?;
    if excluded(first, second) {
        return None;
    }
    let pushes = pushes(second, *fault);
    let (object, verb, _) =
        self::pushes(first, *fault)
            .into_iter()
            .find(|(object, verb, up)| {
                let against = |p: &&(ManagedObject, Verb, bool)| {
                    p.0 == *object && setting(p.1) == setting(*verb) && p.2 != *up
                };
                pushes.iter().any(|p| against(&p))
            })?;
    let message = format!(
        "{} is automatic too, for {fault}, and changes the {} of the same {} the other way",
        first.id,
        setting(verb),
        object.kind().as_str()
    );
    let fix = "make their conditions exclude each other, or write mode: approve in one of the two";
    let place = place_of(&second.source, second.steps.first());
    Some(Problem::new(&second.file, place, Code::Fight, message, fix))
}

/// Their conditions contradict each other. Parameters are each playbook's own, so they are told apart.
fn excluded(first: &Playbook, second: &Playbook) -> bool {
    let shapes = |p: &Playbook, mark: &str| -> Vec<Shape> {
        let own = |part: &Shape| match part {
            Shape::Path(path) if path.starts_with("params.") => {
                Some(Shape::Path(format!("{mark}.{path}")))
            }
            _ => None,
        };
        p.when
            .iter()
            .map(|c| c.check.shape().replaced(&own))
            .collect()
    };
    let all = [shapes(first, "first"), shapes(second, "second")].concat();
    !logic::compatible(&all.iter().collect::<Vec<_>>(), &|_| None)
}

/// What an action changes; two actions on one setting can be opposites.
const fn setting(verb: Verb) -> &'static str {
    match verb {
        Verb::SiteScaleOut | Verb::SiteScaleIn | Verb::SiteSetReplicas => "number of instances",
        Verb::CellLock | Verb::CellUnlock => "lock",
        Verb::CellLimitAdmission => "admission",
        Verb::LinkSetCost => "cost",
        Verb::LinkSetRate => "rate",
        Verb::InstanceSteerLimit => "share",
        other => other.as_str(),
    }
}

/// On the sample network: which object, by which action, and whether upwards. What restores a setting pushes nowhere.
fn pushes(playbook: &Playbook, fault: FaultKind) -> Vec<(ManagedObject, Verb, bool)> {
    let actions = planning::sample_plans(playbook, fault);
    let pushed = actions.into_iter().flatten().filter_map(|action| {
        let up = direction(&action)?;
        Some((action.object, action.verb, up))
    });
    let mut seen = BTreeSet::new();
    pushed
        .filter(|p| seen.insert((p.0.clone(), p.1, p.2)))
        .collect()
}

fn direction(action: &Action) -> Option<bool> {
    let (key, usual) = match action.verb {
        Verb::SiteScaleOut | Verb::CellUnlock => return Some(true),
        Verb::SiteScaleIn | Verb::CellLock => return Some(false),
        Verb::LinkSetCost => ("cost", sample::COST),
        Verb::LinkSetRate => ("mbps", sample::CAPACITY_MBPS),
        // A limit only ever takes away; 1 lifts it.
        Verb::InstanceSteerLimit | Verb::CellLimitAdmission => {
            return Some(action.number("share")? >= 1.0);
        }
        _ => return None,
    };
    let value = action.number(key)?;
    (value - usual).abs().gt(&1e-9).then_some(value > usual)
}

fn place_of(source: &str, step: Option<&Step>) -> Place {
    let Some(step) = step else {
        return Place::default();
    };
    let wanted = format!("run: {}", step.verb);
    let found = source
        .lines()
        .enumerate()
        .find_map(|(i, line)| Some((i, line.find(&wanted)?)));
    found.map_or_else(Place::default, |(line, column)| Place {
        line: line as u64 + 1,
        column: column as u64 + 1,
    })
}
