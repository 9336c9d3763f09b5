//! The shape of a playbook file, `apiVersion: zizhi/v1`, as it is written.
//!
//! In: YAML. Out: these types, with the place of every value that can be wrong. [`crate::compile`] turns them into a
//! [`crate::Playbook`]. A field that is not listed here is refused. The page `docs/playbooks.md` explains each one.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use zizhi_types::action::Value;

/// The only version of the shape. It is frozen: a change of meaning gets a new one.
pub const API_VERSION: &str = "zizhi/v1";

/// A plain value.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub enum Scalar {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// A remedy that an operator wrote down.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct File {
    /// `zizhi/v1`.
    #[schemars(with = "String")]
    pub api_version: Spanned<String>,
    /// `Playbook`.
    #[schemars(with = "String")]
    pub kind: Spanned<String>,
    /// What it is called.
    pub metadata: Metadata,
    /// What it does.
    pub spec: Spec,
    /// The situation in which the twin shows what it is worth, run by `zizhi playbook rehearse`.
    pub rehearsal: Option<crate::rehearsal::Written>,
    /// What its author expects of it, run by `zizhi playbook test`.
    #[serde(default)]
    #[schemars(schema_with = "crate::scripted::json_schema")]
    pub tests: Option<Vec<crate::scripted::Test>>,
}

/// What it is called.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    /// 1 to 80 small letters, digits, `.` and `-`, for example `transport.link.drain`. One playbook per id.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// Three numbers: `1.0.0`. Plans and past cases name id and version.
    #[schemars(with = "String")]
    pub version: Spanned<String>,
    /// One line, for lists.
    pub title: Text,
    /// Whom to ask.
    #[schemars(with = "String")]
    pub owner: Spanned<String>,
}

/// A text in both languages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    #[schemars(with = "String")]
    pub en: Spanned<String>,
    /// Chinese.
    #[schemars(with = "String")]
    pub zh: Spanned<String>,
}

/// What it does, when, and how success is seen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Spec {
    /// What the person who approves reads.
    pub describe: Describe,
    /// Whose executor runs it.
    #[schemars(with = "String")]
    pub domain: Spanned<String>,
    /// Values by name, used as `params.<name>`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Param>")]
    pub params: BTreeMap<String, Spanned<Param>>,
    /// What it is a remedy for.
    pub trigger: Trigger,
    /// All must hold, or the playbook is left out with the message.
    #[serde(default)]
    pub when: Vec<When>,
    /// The most that one run may touch. Required.
    pub blast_radius: Option<Blast>,
    /// How much it may do by itself.
    pub autonomy: Autonomy,
    /// What it costs, in compute tokens, 0 or more.
    #[schemars(with = "f64")]
    pub cost_tokens: Spanned<f64>,
    /// 0 (none) to 1.
    #[schemars(with = "f64")]
    pub risk: Spanned<f64>,
    /// Kept only until the suspect is healthy again, then taken back.
    #[serde(default)]
    pub temporary: bool,
    /// Why steps without undo are acceptable. Required where there is one.
    pub irreversible: Option<Text>,
    /// Done in this order.
    pub steps: Vec<Step>,
    /// How success is seen. Required.
    pub verify: Option<Verify>,
    /// What takes a run back. Without it: a step that failed, a failed verification, and a person.
    pub rollback: Option<Rollback>,
}

/// What the person who approves reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Describe {
    /// What it does.
    pub what: Text,
    /// When it should not be approved.
    pub when_not_to_use: Text,
}

/// A value that is filled in when a plan is made. Exactly one of `default`, `from` and `choices`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Param {
    /// `number`, `string`, `bool` or `duration`.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub kind: Spanned<String>,
    /// A plain value; a duration as `90s`.
    #[schemars(with = "Option<Scalar>")]
    pub default: Option<Spanned<Value>>,
    /// An expression (CEL), or `secret://name` for a secret.
    #[schemars(with = "Option<String>")]
    pub from: Option<Spanned<String>>,
    /// Candidate values, 2 to 8: each makes a plan of its own, and all are rehearsed.
    #[schemars(with = "Option<Vec<Scalar>>")]
    pub choices: Option<Vec<Spanned<Value>>>,
    /// The only values allowed.
    #[schemars(with = "Option<Vec<Scalar>>")]
    pub one_of: Option<Vec<Spanned<Value>>>,
    /// Of a number: `ratio`, `state`, `count`, `ms`, `s`, `Mbit/s` or `1/s`.
    #[schemars(with = "Option<String>")]
    pub unit: Option<Spanned<String>>,
    /// Its value is the name of a secret, which may stand in a step's `with` only.
    #[serde(default)]
    pub secret: bool,
    /// The least number allowed.
    pub min: Option<f64>,
    /// The greatest number allowed.
    pub max: Option<f64>,
}

/// What it is a remedy for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Trigger {
    /// Kinds of fault.
    #[schemars(with = "Vec<String>")]
    pub faults: Vec<Spanned<String>>,
    /// The least probability of the suspected cause, above 0 and up to 1.
    #[schemars(with = "f64")]
    pub min_probability: Spanned<f64>,
    /// How long the symptoms must have lasted before the playbook is proposed, for example `60s`, at most `1h`. Without
    /// it: not at all.
    #[schemars(with = "Option<String>")]
    pub hold: Option<Spanned<String>>,
    /// How often it may be run. Without it: as often as the guards allow.
    pub throttle: Option<Throttle>,
}

/// How often it may be run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Throttle {
    /// One run begins in so long a time, for example `10m`.
    #[schemars(with = "String")]
    pub once: Spanned<String>,
    /// Counted for each suspected `object`, for each `incident`, or for the `playbook` as a whole.
    #[schemars(with = "String")]
    pub by: Spanned<String>,
}

/// A condition on the suspect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct When {
    /// An expression (CEL) that is true or false.
    #[schemars(with = "String")]
    pub check: Spanned<String>,
    /// Told when it does not hold.
    pub message: Text,
}

/// The most that one run may touch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Blast {
    /// Objects that are acted on, 1 to 100.
    #[schemars(with = "u32")]
    pub max_objects: Spanned<u32>,
    /// Services that depend on them, 0 to 1000.
    #[schemars(with = "u32")]
    pub max_services: Spanned<u32>,
}

/// How much it may do by itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Autonomy {
    /// `observe`, `suggest`, `approve` or `auto`.
    #[schemars(with = "String")]
    pub mode: Spanned<String>,
    /// How long a request for approval stays open, for example `5m`.
    #[schemars(with = "String")]
    pub timeout: Spanned<String>,
    /// Always `stop`.
    #[schemars(with = "String")]
    pub on_timeout: Spanned<String>,
}

/// One change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Step {
    /// Small letters, digits and `-`; one step per id.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// A registered action.
    #[schemars(with = "String")]
    pub run: Spanned<String>,
    /// An object (`link/A-B`), or `${{ an expression }}` for one or several.
    #[schemars(with = "String")]
    pub on: Spanned<String>,
    /// The action's parameters: plain, or `${{ an expression }}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub with: BTreeMap<String, Spanned<Value>>,
    /// The longest time that the driver may take, for example `30s`.
    #[schemars(with = "String")]
    pub timeout: Spanned<String>,
    /// An expression (CEL) that is true or false when the plan is made: where it is false the step is left out.
    #[schemars(with = "Option<String>")]
    pub when: Option<Spanned<String>>,
    /// `stop` (usual) takes back what was done; `continue` passes over a step that failed without effect.
    #[schemars(with = "Option<String>")]
    pub on_error: Option<Spanned<String>>,
    /// `auto` (usual): as the driver says. `none`: it stays. Or an action that takes the step back.
    #[schemars(with = "Option<Undo>")]
    pub undo: Option<Spanned<Undo>>,
    /// Tried again after it failed without effect. Without it: never.
    pub retry: Option<Retry>,
}

/// How often a step that surely changed nothing is tried again. A step that was refused, or of which nobody knows what it
/// did, is never tried again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Retry {
    /// Tries after the first, 1 to 5.
    #[schemars(with = "u8")]
    pub max: Spanned<f64>,
    /// How long is waited before the first of them, `1s` to `5m`; twice as long before each further one, and up to half
    /// as much again, so that many runs do not try at one moment.
    #[schemars(with = "String")]
    pub backoff: Spanned<String>,
}

/// What takes a run back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rollback {
    /// Any of `stepFailed`, `verifyFailed` and `operator`. For what is left out, what was done stays: its objects are
    /// frozen and a person looks.
    #[schemars(with = "Vec<String>")]
    pub on: Vec<Spanned<String>>,
    /// Always `reverse`: what was done last is taken back first.
    #[schemars(with = "Option<String>")]
    pub order: Option<Spanned<String>>,
    /// Why a run is not taken back for a cause that is left out. Required where one is.
    pub reason: Option<Text>,
}

/// What takes a step back.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Undo {
    /// `auto` or `none`.
    Word(String),
    /// An action on the step's object.
    Action(UndoAction),
}

/// An action on the step's object that takes the step back.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoAction {
    /// A registered action.
    pub run: String,
    /// The action's parameters: plain, or `${{ an expression }}`, filled in when the plan is made.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub with: BTreeMap<String, Value>,
}

/// How success is seen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Verify {
    /// How long the checks are given, for example `90s`.
    #[schemars(with = "String")]
    pub within: Spanned<String>,
    /// Good readings that count lie at least so far apart, for example `15s`. Without it: every look at the network.
    #[schemars(with = "Option<String>")]
    pub every: Option<Spanned<String>>,
    /// Good readings in a row that make a pass, 1 or more. Without it: 2.
    #[schemars(with = "Option<u32>")]
    pub min_pass: Option<Spanned<f64>>,
    /// All must hold, and nothing else may get worse.
    pub checks: Vec<Check>,
}

/// A measured value that shows the cure; exactly one of `atMost`, `atLeast`, `equals` and `pass`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Check {
    /// What is measured.
    #[schemars(with = "String")]
    pub metric: Spanned<String>,
    /// An object, or `${{ an expression }}` for one or several.
    #[schemars(with = "String")]
    pub on: Spanned<String>,
    /// The value may not be above this, in the metric's unit.
    #[schemars(with = "Option<Scalar>")]
    pub at_most: Option<Spanned<Value>>,
    /// The value may not be below this.
    #[schemars(with = "Option<Scalar>")]
    pub at_least: Option<Spanned<Value>>,
    /// The value must be this.
    #[schemars(with = "Option<Scalar>")]
    pub equals: Option<Spanned<Value>>,
    /// The value must meet this condition (CEL): comparisons of `value` with numbers and parameters, joined by `&&`, `||`
    /// and `!`.
    #[schemars(with = "Option<String>")]
    pub pass: Option<Spanned<String>>,
    /// A value that meets this condition shows that the change failed: it is taken back at once. A value that is neither
    /// good nor this, when the time is over, is left to a person.
    #[schemars(with = "Option<String>")]
    pub fail: Option<Spanned<String>>,
}
