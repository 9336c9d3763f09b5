//! The shape of a playbook file, `apiVersion: zizhi/v1`, as it is written.
//!
//! In: YAML. Out: these types, with the place of every value that can be wrong. [`crate::compile`] turns them into a
//! [`crate::Playbook`]. A field that is not listed here is refused. The page `docs/playbooks.md` explains each one.

use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use zizhi_types::action::Value;

/// The only version of the shape. It is frozen: a change of meaning gets a new one.
pub const API_VERSION: &str = "zizhi/v1";

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct File {
    pub api_version: Spanned<String>,
    pub kind: Spanned<String>,
    pub metadata: Metadata,
    pub spec: Spec,
    /// What its author expects of it: see [`crate::scripted`].
    pub tests: Option<Vec<crate::scripted::Test>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    pub id: Spanned<String>,
    pub version: Spanned<String>,
    pub title: Text,
    pub owner: String,
}

/// A text in both languages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub en: Spanned<String>,
    pub zh: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Spec {
    pub describe: Describe,
    pub domain: Spanned<String>,
    #[serde(default)]
    pub params: BTreeMap<String, Spanned<Param>>,
    pub trigger: Trigger,
    #[serde(default)]
    pub when: Vec<When>,
    pub blast_radius: Option<Blast>,
    pub autonomy: Autonomy,
    pub cost_tokens: Spanned<f64>,
    pub risk: Spanned<f64>,
    #[serde(default)]
    pub temporary: bool,
    pub irreversible: Option<Text>,
    pub steps: Vec<Step>,
    pub verify: Option<Verify>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Describe {
    pub what: Text,
    pub when_not_to_use: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Param {
    #[serde(rename = "type")]
    pub kind: Spanned<String>,
    pub default: Option<Spanned<Value>>,
    pub from: Option<Spanned<String>>,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Trigger {
    pub faults: Vec<Spanned<String>>,
    pub min_probability: Spanned<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct When {
    pub check: Spanned<String>,
    pub message: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Blast {
    pub max_objects: Spanned<u32>,
    pub max_services: Spanned<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Autonomy {
    pub mode: Spanned<String>,
    pub timeout: Spanned<String>,
    pub on_timeout: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Step {
    pub id: Spanned<String>,
    pub run: Spanned<String>,
    pub on: Spanned<String>,
    #[serde(default)]
    pub with: BTreeMap<String, Spanned<Value>>,
    pub timeout: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Verify {
    pub within: Spanned<String>,
    pub checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Check {
    pub metric: Spanned<String>,
    pub on: Spanned<String>,
    pub at_most: Option<Spanned<Value>>,
    pub at_least: Option<Spanned<Value>>,
    pub equals: Option<Spanned<Value>>,
}
