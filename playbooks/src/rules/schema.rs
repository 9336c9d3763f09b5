//! The shape of a `kind: Rules` file, as it is written.

use crate::schema::Text;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct File {
    pub api_version: Spanned<String>,
    pub kind: Spanned<String>,
    pub metadata: Metadata,
    /// Ids of files whose definitions are seen here.
    #[serde(default)]
    pub include: Vec<Spanned<String>>,
    #[serde(default)]
    pub definitions: Definitions,
    #[serde(default)]
    pub rules: Vec<RuleText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read so that a file without them is refused")]
pub struct Metadata {
    pub id: Spanned<String>,
    pub version: Spanned<String>,
    pub title: Text,
    pub owner: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Definitions {
    pub entities: BTreeMap<String, EntityText>,
    pub conditions: BTreeMap<String, ConditionText>,
    /// Lists of alarms that mean the same; the first is the name under which they count.
    pub equivalences: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityText {
    pub kind: String,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    pub name: Spanned<String>,
    /// Described here, or as `{like: definition}`.
    #[serde(default)]
    pub entities: BTreeMap<String, EntityRef>,
    pub when: ConditionText,
    pub then: Vec<ThenText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityRef {
    pub like: Option<String>,
    pub kind: Option<String>,
    pub name: Option<String>,
}

/// One of: `all`, `any`, `not`, `alarm` with `on`, `state` with `of`, `relation` with `from` and `to`, `is`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionText {
    pub all: Option<Vec<ConditionText>>,
    pub any: Option<Vec<ConditionText>>,
    pub not: Option<Box<ConditionText>>,
    pub alarm: Option<String>,
    pub on: Option<String>,
    pub state: Option<String>,
    pub of: Option<String>,
    pub relation: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub is: Option<String>,
}

/// One of: `raise` with `on`, `set` with `of`, `cause` with `effect`, `playbook` with `on`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThenText {
    pub raise: Option<String>,
    pub set: Option<String>,
    pub of: Option<String>,
    pub on: Option<String>,
    pub cause: Option<AlarmText>,
    pub effect: Option<AlarmText>,
    pub playbook: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmText {
    pub alarm: String,
    pub on: String,
}
