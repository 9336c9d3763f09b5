//! A playbook that passed the checker: what agents choose from.
//!
//! In: nothing by hand, only [`crate::Catalog`] makes them. Out: read-only facts about a remedy. Expressions in it are
//! compiled; values are filled in by [`crate::planning`].

use crate::expr::Expr;
use crate::expr::logic::Known;
use crate::expr::units::Unit;
use serde::{Deserialize, Serialize};
use zizhi_types::Verb;
use zizhi_types::action::Value;
use zizhi_types::domain::Domain;
use zizhi_types::fault::FaultKind;
use zizhi_types::metric::Metric;
use zizhi_types::objective::Comparison;
use zizhi_types::plan::{Mode, PlanPolicy, Retry};
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
    /// How long the suspicion must have lasted before it is proposed, in milliseconds; 0 does not wait.
    pub hold_ms: u64,
    /// How often it may be run.
    pub throttle: Option<Throttle>,
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
    /// How it is watched and taken back, where that is not as usual.
    pub policy: PlanPolicy,
    /// Why what was done is not taken back for some cause.
    pub keeps_because: Option<Bilingual>,
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
    /// Where its value comes from; the first of [`Param::choices`] where there are several.
    pub value: Operand,
    /// What sort of value it has.
    pub kind: ParamKind,
    /// Values that are tried side by side: each makes a plan of its own. Empty where there is one value.
    pub choices: Vec<Value>,
    /// The only values allowed; empty where any of the type is.
    pub one_of: Vec<Value>,
    /// The unit of a number, where it says one or its name does.
    pub unit: Option<Unit>,
    /// Its value is the name of a secret, which only a driver ever resolves.
    pub secret: bool,
    /// The least number allowed.
    pub min: Option<f64>,
    /// The greatest number allowed.
    pub max: Option<f64>,
}

/// What sort of value a parameter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// A decimal number.
    Number,
    /// A text.
    Text,
    /// True or false.
    Bool,
    /// A time, as a number of milliseconds.
    Duration,
}

impl ParamKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Number, Self::Text, Self::Bool, Self::Duration];

    /// As playbooks write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "string",
            Self::Bool => "bool",
            Self::Duration => "duration",
        }
    }

    /// Whether a value is of this kind.
    pub const fn takes(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Number | Self::Duration, Value::Number(_))
                | (Self::Text, Value::Text(_))
                | (Self::Bool, Value::Bool(_))
        )
    }
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
    /// Where it is false when a plan is made, the step is left out.
    pub when: Option<Expr>,
    /// A failure without effect is passed over.
    pub continue_on_error: bool,
    /// What takes it back.
    pub undo: Undo,
    /// How often it is tried again after it failed without effect.
    pub retry: Option<Retry>,
}

/// What takes a step back, before its values are known.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// What the driver says.
    Auto,
    /// Nothing.
    None,
    /// This, on the step's object.
    Action(Verb, Vec<(String, Operand)>),
}

impl Step {
    /// Whether there is an action that takes it back.
    pub const fn can_undo(&self) -> bool {
        match self.undo {
            Undo::Auto => self.verb.can_undo(),
            Undo::None => false,
            Undo::Action(..) => true,
        }
    }
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
    /// What is good.
    pub pass: Good,
    /// What shows that it failed: a condition over `value`.
    pub fail: Option<Expr>,
}

impl CheckTemplate {
    /// The limit, where one side of one is good.
    pub const fn operand(&self) -> Option<&Operand> {
        match &self.pass {
            Good::Side(_, operand) => Some(operand),
            Good::Where(_) => None,
        }
    }

    /// Its conditions over `value`.
    pub fn conditions(&self) -> impl Iterator<Item = &Expr> {
        let pass = match &self.pass {
            Good::Side(..) => None,
            Good::Where(expr) => Some(expr),
        };
        pass.into_iter().chain(&self.fail)
    }
}

/// Which values are good.
#[derive(Debug, Clone, PartialEq)]
pub enum Good {
    /// Those on one side of a limit, in the metric's unit.
    Side(Comparison, Operand),
    /// Those that meet a condition over `value`.
    Where(Expr),
}

/// How often a playbook may be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Once in so many milliseconds.
    pub once_ms: u64,
    /// Counted for each of these.
    pub by: ThrottleBy,
}

/// What runs are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleBy {
    /// Each suspect by itself.
    Object,
    /// Each incident by itself.
    Incident,
    /// All runs of the playbook together.
    Playbook,
}

impl ThrottleBy {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Object, Self::Incident, Self::Playbook];

    /// As playbooks write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Incident => "incident",
            Self::Playbook => "playbook",
        }
    }
}

impl Param {
    /// The numbers that stand in the file as its value.
    pub fn literals(&self) -> impl Iterator<Item = f64> {
        let default = match &self.value {
            Operand::Literal(value) => Some(value),
            Operand::Computed(_) => None,
        };
        let all = default.into_iter().chain(&self.choices).chain(&self.one_of);
        all.filter_map(|v| match v {
            Value::Number(n) => Some(*n),
            _ => None,
        })
    }

    /// What is known of its value before it is filled in.
    pub fn known(&self) -> Option<Known> {
        let texts =
            |values: &[Value]| -> Vec<String> { values.iter().map(ToString::to_string).collect() };
        match self.kind {
            ParamKind::Text if !self.one_of.is_empty() => Some(Known::OneOf(texts(&self.one_of))),
            ParamKind::Text if !self.choices.is_empty() => Some(Known::OneOf(texts(&self.choices))),
            ParamKind::Number | ParamKind::Duration => {
                let (low, high) = self
                    .unit
                    .map_or((f64::NEG_INFINITY, f64::INFINITY), Unit::range);
                let low = self.min.unwrap_or(low);
                Some(Known::Range(low, self.max.unwrap_or(high)))
            }
            _ => None,
        }
    }

    /// Whether a value may be used; if not, why.
    pub fn accepts(&self, value: &Value) -> Result<(), String> {
        let name = &self.name;
        if !self.kind.takes(value) {
            let kind = self.kind.as_str();
            return Err(format!("`{name}` is {value}, which is no {kind}"));
        }
        if !self.one_of.is_empty() && !self.one_of.contains(value) {
            let known: Vec<String> = self.one_of.iter().map(ToString::to_string).collect();
            let known = known.join(", ");
            return Err(format!("`{name}` is {value}, but must be one of {known}"));
        }
        match value {
            Value::Number(n) => self.allows(*n),
            _ => Ok(()),
        }
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
