//! A playbook that passed the checker: what agents choose from.
//!
//! In: nothing by hand, only [`crate::Catalog`] makes them. Out: read-only facts about a remedy. Expressions in it are
//! compiled; values are filled in by [`crate::planning`].

use crate::expr::Expr;
use serde::{Deserialize, Serialize};
use zizhi_types::Verb;
use zizhi_types::action::Value;
use zizhi_types::domain::Domain;
use zizhi_types::fault::FaultKind;
use zizhi_types::metric::Metric;
use zizhi_types::objective::Comparison;
use zizhi_types::plan::Mode;
use zizhi_types::topology::Bilingual;

/// A checked playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    /// For example `transport.link.drain`.
    pub id: String,
    /// Three numbers with dots.
    pub version: String,
    /// For lists.
    pub title: Bilingual,
    /// Whom to ask about it.
    pub owner: String,
    /// What it does.
    pub what: Bilingual,
    /// When a person should not approve it.
    pub when_not_to_use: Bilingual,
    /// Whose executor runs it.
    pub domain: Domain,
    /// Its parameters, by name.
    pub params: Vec<Param>,
    /// The faults it is a remedy for.
    pub faults: Vec<FaultKind>,
    /// The least probability of the hypothesis, 0 to 1.
    pub min_probability: f64,
    /// All must hold.
    pub when: Vec<Condition>,
    /// How much it may touch.
    pub blast_radius: BlastRadius,
    /// How much it may do by itself.
    pub mode: Mode,
    /// How long a request for approval stays open before it ends in "stop".
    pub approval_ms: u64,
    /// Compute tokens.
    pub cost_tokens: f64,
    /// By its author, 0 to 1.
    pub risk: f64,
    /// Kept only until the suspect is healthy again.
    pub temporary: bool,
    /// Why steps without undo are acceptable.
    pub irreversible: Option<Bilingual>,
    /// In this order.
    pub steps: Vec<Step>,
    /// How long the checks are given to come true.
    pub verify_ms: u64,
    /// What shows the cure.
    pub checks: Vec<CheckTemplate>,
    /// The file it came from, as named by the loader.
    pub file: String,
    /// The file's text.
    pub source: String,
}

impl Playbook {
    /// Id and version, as plans name it: `transport.link.drain@1.0.0`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// Whether a condition says in so many words that a target which is not heard is what the playbook is for:
    /// `!has(state.router.up)`.
    pub fn expects_silence(&self) -> bool {
        let texts = self.when.iter().map(|c| c.check.text());
        let bare = texts.map(|t| t.split_whitespace().collect::<String>());
        bare.into_iter().any(|t| t.contains("!has(state."))
    }
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Its name, as `params.<name>`.
    pub name: String,
    /// Where its value comes from.
    pub value: Operand,
    /// Number or text.
    pub number: bool,
    /// The least number allowed.
    pub min: Option<f64>,
    /// The greatest number allowed.
    pub max: Option<f64>,
}

/// A value that is written down or computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// Written down.
    Literal(Value),
    /// Computed when a plan is made.
    Computed(Expr),
}

/// What must hold before the playbook fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// True when it holds.
    pub check: Expr,
    /// Told when it does not.
    pub message: Bilingual,
}

/// The most that one run may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlastRadius {
    /// Objects acted on.
    pub max_objects: u32,
    /// Services that depend on them.
    pub max_services: u32,
}

/// One step, before its object is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Unique in the playbook.
    pub id: String,
    /// What is done.
    pub verb: Verb,
    /// To one object, or to each of a list.
    pub on: Target,
    /// How.
    pub with: Vec<(String, Operand)>,
    /// Longest time the driver may take.
    pub timeout_ms: u64,
}

/// Which object is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Always this one.
    Fixed(zizhi_types::ManagedObject),
    /// Found when a plan is made.
    Computed(Expr),
}

/// What must be true afterwards, before its object and limit are known.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckTemplate {
    /// Which quantity.
    pub metric: Metric,
    /// On one object, or on each of a list.
    pub on: Target,
    /// Which side is good.
    pub comparison: Comparison,
    /// In the metric's unit.
    pub limit: Operand,
}

impl Param {
    /// `number` or `string`.
    pub const fn kind(&self) -> &'static str {
        if self.number { "number" } else { "string" }
    }

    /// Whether a number is within the bounds; if not, why.
    pub fn allows(&self, n: f64) -> Result<(), String> {
        let low = self.min.unwrap_or(f64::NEG_INFINITY);
        let high = self.max.unwrap_or(f64::INFINITY);
        if (low..=high).contains(&n) {
            return Ok(());
        }
        Err(format!(
            "`{}` is {n}, but must be {low} to {high}",
            self.name
        ))
    }
}
