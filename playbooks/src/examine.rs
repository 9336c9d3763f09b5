//! Why does a playbook not fit, in full?
//!
//! In: a playbook and a situation. Out: its plan, or everything that stands in the way with the values that were looked
//! at. The planner stops at the first obstacle ([`crate::planning`]); a person who tries a playbook wants to see all.

use crate::context::Context;
use crate::expr::{Expr, Scope};
use crate::planning::{self, PlanDraft};
use crate::playbook::Playbook;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use zizhi_types::Hypothesis;
use zizhi_types::topology::Bilingual;

/// One thing that stands in the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Obstacle {
    /// The cause is not probable enough.
    Probability {
        /// As it is, 0 to 1.
        probability: f64,
        /// As the playbook wants it.
        at_least: f64,
    },
    /// A parameter cannot be filled in.
    Param {
        /// Which.
        name: String,
        /// Why.
        reason: String,
    },
    /// A condition does not hold, or cannot be told.
    Condition {
        /// Which, counted from 1 as they are written.
        number: usize,
        /// The expression.
        check: String,
        /// What its author says when it does not hold.
        message: Bilingual,
        /// The values that it looks at; nothing where one is not known.
        values: Vec<(String, Option<Json>)>,
        /// Why it cannot be told, if it cannot.
        untold: Option<String>,
    },
    /// The symptoms have not lasted long enough.
    Hold {
        /// How long they have, in milliseconds.
        lasted_ms: u64,
        /// How long the playbook wants them to.
        hold_ms: u64,
    },
    /// The steps or checks cannot be filled in.
    Plan {
        /// Why.
        reason: Bilingual,
    },
}

/// The plans that the playbook would give, one for each variant that fits, or all that stands in the way of the first
/// variant.
pub fn examine(
    playbook: &Playbook,
    hypothesis: &Hypothesis,
    context: &Context,
) -> Result<Vec<PlanDraft>, Vec<Obstacle>> {
    planning::of_playbook(playbook, hypothesis, context).map_err(|reason| {
        let mut found = obstacles(playbook, hypothesis, context);
        if found.is_empty() {
            found.push(Obstacle::Plan { reason });
        }
        found
    })
}

/// The same for symptoms that have lasted so long; a playbook that waits for longer is held back.
pub fn examine_lasting(
    playbook: &Playbook,
    hypothesis: &Hypothesis,
    context: &Context,
    lasted_ms: u64,
) -> Result<Vec<PlanDraft>, Vec<Obstacle>> {
    let drafts = examine(playbook, hypothesis, context)?;
    if lasted_ms >= playbook.hold_ms {
        return Ok(drafts);
    }
    Err(vec![Obstacle::Hold {
        lasted_ms,
        hold_ms: playbook.hold_ms,
    }])
}

fn obstacles(playbook: &Playbook, hypothesis: &Hypothesis, context: &Context) -> Vec<Obstacle> {
    let mut found = vec![];
    if hypothesis.probability < playbook.min_probability {
        found.push(Obstacle::Probability {
            probability: hypothesis.probability,
            at_least: playbook.min_probability,
        });
    }
    let scope = with_params(playbook, context, &mut found);
    found.extend(conditions(playbook, &scope));
    found
}

/// The scope with every parameter that can be filled in; what cannot is an obstacle.
fn with_params(playbook: &Playbook, context: &Context, found: &mut Vec<Obstacle>) -> Scope {
    let mut filled = Map::new();
    let variants = planning::variants(&playbook.params);
    let variant = variants.into_iter().next().unwrap_or_default();
    for param in &playbook.params {
        match planning::filled(param, &variant, context.scope()) {
            Ok(value) => {
                filled.insert(param.name.clone(), json!(value));
            }
            Err(reason) => found.push(Obstacle::Param {
                name: param.name.clone(),
                reason,
            }),
        }
    }
    let mut scope = context.scope().clone();
    scope.insert("params".to_owned(), Json::Object(filled));
    scope
}

fn conditions(playbook: &Playbook, scope: &Scope) -> Vec<Obstacle> {
    let judged = playbook.when.iter().enumerate().filter_map(|(at, when)| {
        let untold = match when.check.eval_bool(scope) {
            Ok(true) => return None,
            Ok(false) => None,
            Err(why) => Some(why.to_string()),
        };
        Some(Obstacle::Condition {
            number: at + 1,
            check: when.check.text().to_owned(),
            message: when.message.clone(),
            values: looked_at(&when.check, scope),
            untold,
        })
    });
    judged.collect()
}

/// What an expression looks at, with its value where there is one.
fn looked_at(expr: &Expr, scope: &Scope) -> Vec<(String, Option<Json>)> {
    let paths = expr.names().paths.iter();
    paths
        .map(|path| (path.clone(), value_at(path, scope)))
        .collect()
}

fn value_at(path: &str, scope: &Scope) -> Option<Json> {
    let mut parts = path.split('.');
    let mut here = scope.get(parts.next()?)?;
    for part in parts {
        here = here.get(part)?;
    }
    Some(here.clone())
}

impl Obstacle {
    /// In one sentence, in both languages.
    pub fn tell(&self) -> Bilingual {
        match self {
            Self::Probability {
                probability,
                at_least,
            } => Bilingual {
                en: format!("the cause has probability {probability:.2}, less than {at_least:.2}"),
                zh: format!("该原因的概率为 {probability:.2}，低于要求的 {at_least:.2}"),
            },
            Self::Param { name, reason } => Bilingual {
                en: format!("parameter `{name}`: {reason}"),
                zh: format!("参数 `{name}` 无法取值：{reason}"),
            },
            Self::Condition {
                message,
                untold: None,
                ..
            } => message.clone(),
            Self::Condition {
                check,
                untold: Some(why),
                ..
            } => Bilingual {
                en: format!("`{check}` cannot be told: {}", reason(why)),
                zh: format!("无法判断 `{check}`：{}", reason(why)),
            },
            Self::Hold { lasted_ms, hold_ms } => held_back(*lasted_ms, *hold_ms),
            Self::Plan { reason } => reason.clone(),
        }
    }

    /// The values that it looked at, as `state.port.cost = 10, state.port.oper_up not known`.
    pub fn values_told(&self) -> Bilingual {
        let Self::Condition { values, .. } = self else {
            return Bilingual::default();
        };
        let tell = |unknown: &str| {
            let each = values.iter().map(|(path, value)| match value {
                Some(value) => format!("{path} = {value}"),
                None => format!("{path} {unknown}"),
            });
            each.collect::<Vec<_>>().join(", ")
        };
        Bilingual {
            en: tell("not known"),
            zh: tell("未知"),
        }
    }
}

/// Why a playbook is not proposed yet.
pub fn held_back(lasted_ms: u64, hold_ms: u64) -> Bilingual {
    let (lasted, hold) = (lasted_ms / 1_000, hold_ms.div_ceil(1_000));
    Bilingual {
        en: format!("the symptoms have lasted {lasted} s of the {hold} s that it waits for"),
        zh: format!("症状已持续 {lasted} 秒，需持续 {hold} 秒才会提出"),
    }
}

/// The last part of an evaluation's message: what stands before repeats the expression.
fn reason(why: &str) -> &str {
    why.rsplit_once("cannot be told: ").map_or(why, |(_, r)| r)
}
