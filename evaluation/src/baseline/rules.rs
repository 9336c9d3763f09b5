//! The rules: which value raises an alert, and what is done about it.
//!
//! In: a YAML file. Out: rules that were checked, or which one is wrong and why. Unknown keys are refused.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zizhi_types::action::Verb;
use zizhi_types::{FaultKind, Metric, ObjectKind};

/// The shipped rules.
const BUILT_IN: &str = include_str!("../../baselines/threshold.yaml");

/// Why rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadRules {
    /// The file cannot be read.
    #[error("cannot read rules {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no list of rules.
    #[error("{file}: {message}")]
    Syntax {
        /// Which file.
        file: String,
        /// Where and what.
        message: String,
    },
    /// A rule says something that cannot be done.
    #[error("{file}: rule `{rule}` {problem}")]
    Rule {
        /// Which file.
        file: String,
        /// Which rule.
        rule: String,
        /// What is wrong, and what to write.
        problem: String,
    },
}

/// Rules in the order in which they are looked at.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// An alert and its playbook.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Unique in the file.
    pub name: String,
    /// What the alert is taken for.
    pub fault: FaultKind,
    /// What raises it.
    pub when: When,
    /// Rules above this one that explain it while they alert: at the same object, at what is acted on, or at a router at
    /// the end of the same link.
    #[serde(default)]
    pub unless: Vec<String>,
    /// What is done about it.
    #[serde(rename = "do")]
    pub action: Verb,
    /// With which parameters.
    #[serde(default)]
    pub with: BTreeMap<String, Setting>,
    /// How long nothing more is done to the object, in seconds; what has not helped by then is tried again.
    pub cool_down_s: u64,
    /// How often it is tried before a person is asked, at least 1.
    pub tries: u32,
}

/// What raises an alert: one of five conditions.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected {metric, above | below | aboveBuilt: number, samples}, {metric, notBuilt: true, samples} or {silent, forS}"
)]
pub enum When {
    /// The value is above a limit, in the metric's unit.
    Above {
        /// Of which quantity.
        metric: Metric,
        /// The limit.
        above: f64,
        /// For so many samples in a row.
        samples: u32,
    },
    /// The value is below a limit, in the metric's unit.
    Below {
        /// Of which quantity.
        metric: Metric,
        /// The limit.
        below: f64,
        /// For so many samples in a row.
        samples: u32,
    },
    /// The value is above so many times what the inventory says.
    AboveBuilt {
        /// Of which quantity.
        metric: Metric,
        /// So many times.
        #[serde(rename = "aboveBuilt")]
        above_built: f64,
        /// For so many samples in a row.
        samples: u32,
    },
    /// The value differs from what the inventory says, or from what was announced or set on purpose since.
    NotBuilt {
        /// Of which quantity.
        metric: Metric,
        /// Always true.
        #[serde(rename = "notBuilt")]
        not_built: bool,
        /// For so many samples in a row.
        samples: u32,
    },
    /// A source that was heard before is not heard any more.
    Silent {
        /// Which kind of source.
        silent: Source,
        /// For so many seconds.
        #[serde(rename = "forS")]
        for_s: u64,
    },
}

/// What sends telemetry and has a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A router.
    Router,
    /// A gateway.
    Gateway,
    /// A cell.
    Cell,
}

/// What a parameter is set to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected a number, built, busiest or {times: number}"
)]
pub enum Setting {
    /// This number.
    Number(f64),
    /// A word for what is looked up.
    Word(Word),
    /// So many times what was measured last.
    Times {
        /// So many times.
        times: f64,
    },
}

/// What is looked up for a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// What the inventory says.
    Built,
    /// The service whose instances at the site are the busiest.
    Busiest,
}

impl Source {
    const fn kind(self) -> ObjectKind {
        match self {
            Self::Router => ObjectKind::Router,
            Self::Gateway => ObjectKind::Gateway,
            Self::Cell => ObjectKind::Cell,
        }
    }

    /// The state that counts as fallen while the source is silent.
    pub(super) const fn state(self) -> Metric {
        match self {
            Self::Router => Metric::RouterUp,
            Self::Gateway => Metric::GatewayUp,
            Self::Cell => Metric::CellUp,
        }
    }
}

impl When {
    /// Which quantity is looked at; none where silence is.
    pub const fn metric(self) -> Option<Metric> {
        match self {
            Self::Above { metric, .. }
            | Self::Below { metric, .. }
            | Self::AboveBuilt { metric, .. }
            | Self::NotBuilt { metric, .. } => Some(metric),
            Self::Silent { .. } => None,
        }
    }

    /// How many samples in a row are needed.
    pub const fn samples(self) -> u32 {
        match self {
            Self::Above { samples, .. }
            | Self::Below { samples, .. }
            | Self::AboveBuilt { samples, .. }
            | Self::NotBuilt { samples, .. } => samples,
            Self::Silent { .. } => 1,
        }
    }

    /// The kind of object that alerts.
    pub const fn kind(self) -> ObjectKind {
        match self {
            Self::Above { metric, .. }
            | Self::Below { metric, .. }
            | Self::AboveBuilt { metric, .. }
            | Self::NotBuilt { metric, .. } => metric.object_kind(),
            Self::Silent { silent, .. } => silent.kind(),
        }
    }
}

impl Rules {
    /// The shipped rules.
    pub fn builtin() -> Result<Self, BadRules> {
        Self::parse("threshold.yaml", BUILT_IN)
    }

    /// Reads rules from a file.
    pub fn load(path: &Path) -> Result<Self, BadRules> {
        let text = std::fs::read_to_string(path).map_err(|source| BadRules::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// Reads and checks rules; `file` is what messages call them.
    pub fn parse(file: &str, text: &str) -> Result<Self, BadRules> {
        let rules: Self = serde_saphyr::from_str(text).map_err(|e| BadRules::Syntax {
            file: file.to_owned(),
            message: e.to_string(),
        })?;
        for (index, rule) in rules.rules.iter().enumerate() {
            check(rule, &rules.rules[..index]).map_err(|problem| BadRules::Rule {
                file: file.to_owned(),
                rule: rule.name.clone(),
                problem,
            })?;
        }
        Ok(rules)
    }

    /// The place of the rule with this name.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.rules.iter().position(|r| r.name == name)
    }
}

fn check(rule: &Rule, earlier: &[Rule]) -> Result<(), String> {
    let known = |name: &String| earlier.iter().any(|e| e.name == *name);
    if known(&rule.name) {
        return Err("stands in the file twice: give each rule its own name".to_owned());
    }
    if let Some(name) = rule.unless.iter().find(|n| !known(n)) {
        return Err(format!(
            "names `{name}` under unless, which is no rule above it: rules are looked at in order"
        ));
    }
    if rule.tries == 0 || rule.when.samples() == 0 {
        return Err("needs at least one sample and one try".to_owned());
    }
    fits(rule)?;
    let needed = rule.action.params();
    if let Some(missing) = needed.iter().find(|p| !rule.with.contains_key(**p)) {
        return Err(format!("runs {} and must set `{missing}`", rule.action));
    }
    match rule.with.keys().find(|p| !needed.contains(&p.as_str())) {
        Some(extra) => Err(format!(
            "sets `{extra}`, which {} does not take",
            rule.action
        )),
        None => Ok(()),
    }
}

/// The action is for the alerting object, for the link of an alerting port, or for the site of an alerting instance.
fn fits(rule: &Rule) -> Result<(), String> {
    let (seen, acted) = (rule.when.kind(), rule.action.object_kind());
    let near = matches!(
        (seen, acted),
        (ObjectKind::Port, ObjectKind::Link) | (ObjectKind::Instance, ObjectKind::Site)
    );
    if seen == acted || near {
        return Ok(());
    }
    Err(format!(
        "alerts at a {}, but {} acts on a {}",
        seen.as_str(),
        rule.action,
        acted.as_str()
    ))
}
