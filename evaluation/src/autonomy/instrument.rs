//! By which weights, thresholds and classes? One YAML file, printed by name, version and hash with every score.

use super::lattice::{Category, Task};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use zizhi_types::FaultKind;
use zizhi_types::action::Verb;
use zizhi_types::domain::Domain;

/// The shipped instrument.
pub const DEFAULT: &str = include_str!("../../instruments/default.yaml");

/// Fewer incidents than this tell no level, whatever an instrument says.
pub const LEAST: usize = 20;

/// Why a file is no instrument.
#[derive(Debug, thiserror::Error)]
pub enum InstrumentError {
    /// It says something that means nothing.
    #[error("instrument: {0}")]
    Parse(String),
    /// A value is out of its range.
    #[error("instrument, {key}: {reason}")]
    Value {
        /// Which key.
        key: &'static str,
        /// What is wrong, and what to write.
        reason: String,
    },
}

/// How a score is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Instrument {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How many incidents.
    pub incidents: Incidents,
    /// From which share on something holds.
    pub shares: Shares,
    /// Of the categories; any scale.
    pub weights: BTreeMap<Category, f64>,
    /// A yes faster than this was not read, in milliseconds.
    pub rubber_stamp_ms: u64,
    /// Object classes.
    pub classes: Classes,
    /// The faults that are performance issues.
    pub optimisation_faults: Vec<FaultKind>,
    /// How the scenario is divided.
    pub sub_scenarios: SubScenarios,
    /// Thresholds of the indicators.
    pub indicators: Thresholds,
    /// Other targets for the mean time to repair.
    pub repair_targets: Vec<RepairTarget>,
    /// SHA-256 of the file's bytes, in hexadecimal.
    #[serde(skip_deserializing)]
    pub sha256: String,
}

/// How many incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incidents {
    /// Fewer tell nothing; 20 or more.
    pub least: usize,
    /// The newest so many count.
    pub last: usize,
}

/// From which share on something holds, above 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Of incidents for S.
    pub system: f64,
    /// Of incidents for HS.
    pub collaboration: f64,
    /// Of sub-scenario weight.
    pub scenario: f64,
}

/// Which actions are of which class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    /// Of verbs that can be taken back.
    pub undoable: u8,
    /// Of the others.
    pub other: u8,
    /// Higher classes.
    pub rules: Vec<ClassRule>,
}

/// A class for what fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// 1 to 4.
    pub class: u8,
    /// These verbs; none named: all.
    #[serde(default)]
    pub verbs: Vec<Verb>,
    /// Objects like these; none named: all.
    #[serde(default)]
    pub objects: Vec<String>,
}

/// What a scenario is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Not at all.
    All,
    /// The suspect's domain.
    Domain,
    /// The fault ranked first.
    Fault,
}

/// How the scenario is divided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubScenarios {
    /// By what.
    pub by: By,
    /// Any scale; empty: every one weighs the same.
    #[serde(default)]
    pub weights: BTreeMap<String, f64>,
}

/// For L1 to L4.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Thresholds {
    /// Mean time to detect at most, in seconds.
    pub detect_s: [f64; 4],
    /// Mean time to repair at most, in seconds.
    pub repair_s: [f64; 4],
    /// Service availability at least, 0 to 1.
    pub availability: [f64; 4],
    /// Automatic actions over required ones at least, 0 to 1.
    pub automation: [f64; 4],
    /// Model-reasoned over automatic actions at least, 0 to 1.
    pub intelligence: [f64; 4],
}

/// Another target for the mean time to repair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepairTarget {
    /// Whose.
    pub name: String,
    /// For which level.
    pub level: u8,
    /// At most, in seconds.
    pub seconds: f64,
}

impl Instrument {
    /// Reads an instrument. Unknown keys and wrong values are refused, with their line where there is one.
    pub fn parse(text: &str) -> Result<Self, InstrumentError> {
        let parsed: Self =
            serde_saphyr::from_str(text).map_err(|e| InstrumentError::Parse(e.to_string()))?;
        let digest = Sha256::digest(text.as_bytes());
        let mut sha256 = String::with_capacity(64);
        for byte in digest {
            // Writing to a string cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        let instrument = Self { sha256, ..parsed };
        instrument.check()?;
        Ok(instrument)
    }

    /// The shipped one.
    pub fn builtin() -> Result<Self, InstrumentError> {
        Self::parse(DEFAULT)
    }

    fn check(&self) -> Result<(), InstrumentError> {
        let fine = |key, ok: bool, reason: &str| {
            let reason = reason.to_owned();
            if ok {
                Ok(())
            } else {
                Err(InstrumentError::Value { key, reason })
            }
        };
        let Incidents { least, last } = self.incidents;
        fine(
            "incidents.least",
            least >= LEAST,
            "write 20 or more: fewer tell no level",
        )?;
        fine(
            "incidents.last",
            last >= least,
            "write at least what `least` says",
        )?;
        let share = |s: f64| s > 0.0 && s <= 1.0;
        let Shares {
            system,
            collaboration,
            scenario,
        } = self.shares;
        let shares = [system, collaboration, scenario].into_iter().all(share);
        fine("shares", shares, "write shares above 0, at most 1")?;
        fine(
            "shares",
            system >= collaboration,
            "`system` must not be less than `collaboration`",
        )?;
        let weighed = Category::ALL.iter().all(|c| {
            self.weights
                .get(c)
                .is_some_and(|w| w.is_finite() && *w >= 0.0)
        });
        fine(
            "weights",
            weighed && self.weights.values().sum::<f64>() > 0.0,
            "write 0 or more for intent, awareness, analysis, decision and execution, and not 0 for all",
        )?;
        let class = |c: u8| (1..=4).contains(&c);
        let mut classes = self.classes.rules.iter().map(|r| r.class);
        let classed =
            class(self.classes.undoable) && class(self.classes.other) && classes.all(class);
        fine("classes", classed, "a class is 1, 2, 3 or 4")?;
        fine(
            "optimisation-faults",
            !self.optimisation_faults.is_empty(),
            "name at least one fault",
        )?;
        self.check_weights()?;
        let mut targets = self.repair_targets.iter();
        let good = targets.all(|t| (1..=5).contains(&t.level) && t.seconds.is_finite());
        fine(
            "repair-targets",
            good,
            "a level is 1 to 5, seconds a number",
        )?;
        self.check_thresholds()
    }

    fn check_weights(&self) -> Result<(), InstrumentError> {
        let SubScenarios { by, weights } = &self.sub_scenarios;
        let known = |name: &String| match by {
            By::All => name == "all",
            By::Domain => name.parse::<Domain>().is_ok(),
            By::Fault => name.parse::<FaultKind>().is_ok(),
        };
        let odd = weights
            .iter()
            .find(|(name, w)| !known(name) || !w.is_finite() || **w <= 0.0);
        match odd {
            Some((name, weight)) => Err(InstrumentError::Value {
                key: "sub-scenarios.weights",
                reason: format!(
                    "`{name}: {weight}`: write all, a domain or a fault as `by` says, and a number above 0"
                ),
            }),
            None => Ok(()),
        }
    }

    fn check_thresholds(&self) -> Result<(), InstrumentError> {
        let t = &self.indicators;
        let falling = |v: &[f64; 4]| v.is_sorted_by(|a, b| a >= b);
        let rising = |v: &[f64; 4]| v.is_sorted_by(|a, b| a <= b);
        let ok = falling(&t.detect_s)
            && falling(&t.repair_s)
            && rising(&t.availability)
            && rising(&t.automation)
            && rising(&t.intelligence);
        if ok {
            return Ok(());
        }
        Err(InstrumentError::Value {
            key: "indicators",
            reason: "a higher level must not ask for less: times fall, shares rise from L1 to L4"
                .to_owned(),
        })
    }

    /// The weight of each task, summing to 1: the category's, split evenly.
    pub fn weights_of(&self, tasks: &[Task]) -> Vec<f64> {
        let share = |task: &Task| {
            let alike = tasks.iter().filter(|t| t.category == task.category).count();
            self.weights.get(&task.category).copied().unwrap_or(0.0) / alike.max(1) as f64
        };
        let raw: Vec<f64> = tasks.iter().map(share).collect();
        let sum: f64 = raw.iter().sum();
        raw.iter()
            .map(|w| if sum > 0.0 { w / sum } else { 0.0 })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(from: &str, to: &str) -> String {
        assert!(DEFAULT.contains(from), "{from}");
        Instrument::parse(&DEFAULT.replacen(from, to, 1))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_shipped_instrument_is_whole_and_named_by_its_bytes() {
        let [one, two] =
            [DEFAULT.to_owned(), format!("{DEFAULT}\n")].map(|t| Instrument::parse(&t).unwrap());
        assert_eq!(one.sha256.len(), 64);
        assert_ne!(one.sha256, two.sha256, "every byte counts");
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let message = refused("version: 1.0.0", "version: 1.0.0\nweigths: {}");
        assert!(
            message.contains("weigths") && message.contains("line 5"),
            "{message}"
        );
    }

    #[test]
    fn an_instrument_cannot_make_a_level_out_of_a_handful_of_incidents() {
        assert!(refused("least: 20", "least: 3").contains("20 or more"));
        assert!(refused("system: 0.95", "system: 0").contains("above 0"));
        assert!(refused("other: 2", "other: 7").contains("a class is 1"));
        assert!(
            refused("[3600, 300, 30, 5]", "[5, 30, 300, 3600]").contains("must not ask for less")
        );
        assert!(refused("weights: {}", "weights: {moon: 1}").contains("moon"));
    }
}
