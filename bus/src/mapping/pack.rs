//! What does a file of mapping rules say? YAML in, checked rules out; what is wrong is told with its line and column.

use super::pattern::{Sentence, Template};
use super::reading::Becomes;
use crate::decode::Format;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// Largest file, in bytes (our choice: fifty times the longest shipped one).
const MAX_BYTES: usize = 1 << 20;

/// A file of rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct PackError {
    /// The file, as the caller named it.
    pub file: String,
    /// Counts from 1; 0 is the file as a whole.
    pub line: u64,
    /// Counts from 1, in characters.
    pub column: u64,
    /// What is wrong, and what to write instead.
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The name; a later pack of the same name takes the place of an earlier one.
    pack: String,
    /// What it is for, for people.
    #[serde(default, rename = "about")]
    _about: String,
    /// What senders are called here: the name in a message, and the name in the network.
    #[serde(default)]
    names: BTreeMap<String, String>,
    #[serde(default)]
    rules: Vec<Spanned<RuleFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(rename = "match")]
    matches: MatchFile,
    object: String,
    #[serde(default)]
    metric: Option<String>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    scale: Option<f64>,
    #[serde(default)]
    states: BTreeMap<String, f64>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    kind: Option<KindFile>,
    #[serde(default)]
    rate: bool,
    #[serde(default)]
    increase: bool,
    #[serde(default)]
    bits: Option<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchFile {
    #[serde(default)]
    item: ItemKind,
    #[serde(default)]
    format: Vec<String>,
    name: Vec<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindFile {
    Counter,
    Gauge,
}

/// Which sort of item a rule is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ItemKind {
    /// Values.
    #[default]
    Point,
    /// Happenings.
    Event,
    /// Conditions.
    Alarm,
}

/// A checked rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) item: ItemKind,
    pub(super) formats: Vec<Format>,
    pub(super) names: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) text: Option<Sentence>,
    pub(super) object: Template,
    pub(super) metric: Option<String>,
    pub(super) unit: String,
    pub(super) scale: f64,
    /// Keys in lower case.
    pub(super) states: BTreeMap<String, f64>,
    pub(super) state: Option<Template>,
    pub(super) event: Option<String>,
    pub(super) counter: bool,
    pub(super) becomes: Option<Becomes>,
}

/// A checked file of rules.
#[derive(Debug, Clone)]
pub(super) struct Pack {
    pub(super) name: String,
    pub(super) names: BTreeMap<String, String>,
    pub(super) rules: Vec<Rule>,
}

/// Reads a file of rules.
pub(super) fn parse(file: &str, text: &str) -> Result<Pack, PackError> {
    let wrong = |line, column, message| PackError {
        file: file.to_owned(),
        line,
        column,
        message,
    };
    if text.len() > MAX_BYTES {
        return Err(wrong(
            0,
            0,
            format!("{} bytes, more than {MAX_BYTES}: split it", text.len()),
        ));
    }
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let read: File = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let error = error.without_snippet();
        let (line, column) = error.location().map_or((0, 0), |l| (l.line(), l.column()));
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        wrong(line, column, message.to_owned())
    })?;
    let mut rules = vec![];
    for rule in read.rules {
        let (line, column) = (rule.referenced.line(), rule.referenced.column());
        rules.push(checked(rule.value).map_err(|message| wrong(line, column, message))?);
    }
    Ok(Pack {
        name: read.pack,
        names: read.names,
        rules,
    })
}

fn checked(rule: RuleFile) -> Result<Rule, String> {
    let formats: Result<Vec<Format>, _> = rule.matches.format.iter().map(|f| f.parse()).collect();
    let formats = formats.map_err(|e: crate::decode::UnknownFormat| e.to_string())?;
    if rule.matches.name.iter().any(String::is_empty) || rule.matches.name.is_empty() {
        return Err("`match.name` is empty: write a name, or \"*\" for any".to_owned());
    }
    if !rule.object.contains('/') && rule.object != "{object}" {
        return Err(format!(
            "`object: {}` is no object: write kind/name, for example port/{{@host}}:{{ifName}}",
            rule.object
        ));
    }
    let scale = rule.scale.unwrap_or(1.0);
    if !scale.is_finite() || scale == 0.0 || rule.states.values().any(|v| !v.is_finite()) {
        return Err("`scale` and `states` are finite numbers, and the scale is not 0".to_owned());
    }
    let is_value = rule.matches.item == ItemKind::Point;
    if is_value && (rule.state.is_some() || rule.event.is_some() || rule.matches.text.is_some()) {
        return Err("a rule for values has neither `state` nor `event` nor `match.text`: for log lines write `item: event`".to_owned());
    }
    if !is_value && rule.metric.is_some() && (rule.state.is_none() || rule.states.is_empty()) {
        return Err(
            "a rule for events or alarms that gives a metric needs `state` and `states`".to_owned(),
        );
    }
    let becomes = becomes(&rule, scale)?;
    let text = rule
        .matches
        .text
        .as_deref()
        .map(Sentence::new)
        .transpose()?;
    let state = rule.state.as_deref().map(Template::new).transpose()?;
    Ok(Rule {
        item: rule.matches.item,
        formats,
        names: rule.matches.name,
        tags: rule.matches.tags,
        text,
        object: Template::new(&rule.object)?,
        metric: rule.metric,
        unit: rule.unit.unwrap_or_default(),
        scale,
        states: rule
            .states
            .into_iter()
            .map(|(k, v)| (k.to_lowercase(), v))
            .collect(),
        state,
        event: rule.event,
        counter: rule.kind == Some(KindFile::Counter),
        becomes,
    })
}

fn becomes(rule: &RuleFile, scale: f64) -> Result<Option<Becomes>, String> {
    if !rule.rate && !rule.increase {
        return match rule.bits {
            Some(_) => Err(
                "`bits` says where a count begins again: it needs `rate: true` or `increase: true`"
                    .to_owned(),
            ),
            None => Ok(None),
        };
    }
    if rule.metric.is_none() {
        return Err("`rate` and `increase` make another quantity: name it by `metric`".to_owned());
    }
    if rule.rate && rule.increase {
        return Err(
            "`rate` is per second, `increase` per interval: write one of the two".to_owned(),
        );
    }
    if rule.matches.item != ItemKind::Point
        || rule.kind == Some(KindFile::Gauge)
        || !rule.states.is_empty()
    {
        return Err("`rate` and `increase` are for counters".to_owned());
    }
    if rule.bits.is_some_and(|b| b != 32 && b != 64) {
        return Err("`bits` is 32 or 64".to_owned());
    }
    Ok(Some(Becomes {
        metric: rule.metric.clone().unwrap_or_default(),
        unit: rule.unit.clone().unwrap_or_default(),
        scale,
        per_second: rule.rate,
        bits: rule.bits,
    }))
}
