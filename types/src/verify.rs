//! What a reading after a change says: the limits of a check as plain numbers.
//!
//! In: a value in the metric's unit. Out: a [`Reading`]. Conditions that a playbook writes over `value` are turned into
//! [`Range`]s when the plan is made: a plan carries numbers, never an expression.

use crate::metric::Metric;
use crate::object::ManagedObject;
use crate::objective::{Comparison, Importance, Objective};
use serde::{Deserialize, Serialize};

/// What must be true after the plan was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What is measured.
    pub object: ManagedObject,
    /// Which quantity.
    pub metric: Metric,
    /// Which side is good.
    pub comparison: Comparison,
    /// In the metric's unit.
    pub limit: f64,
    /// Values that are good, where one comparison cannot say it; then `comparison` and `limit` are what comes nearest,
    /// for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass: Vec<Range>,
    /// Values that show the change to have failed. Where there are some, a value that is in neither list decides nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fail: Vec<Range>,
}

/// What one reading says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it should be.
    Pass,
    /// The change has failed, whatever comes.
    Fail,
    /// Not yet as it should be: a failure if it stays so.
    Short,
    /// Neither as it should be nor a failure: if it stays so, a person decides.
    Between,
}

impl Check {
    /// What a value says.
    pub fn read(&self, value: f64) -> Reading {
        let within = |ranges: &[Range]| ranges.iter().any(|r| r.contains(value));
        let passes = if self.pass.is_empty() {
            self.holds(value)
        } else {
            within(&self.pass)
        };
        match (within(&self.fail), passes) {
            (true, _) => Reading::Fail,
            (false, true) => Reading::Pass,
            (false, false) if self.fail.is_empty() => Reading::Short,
            (false, false) => Reading::Between,
        }
    }

    fn holds(&self, value: f64) -> bool {
        Objective {
            object: self.object.clone(),
            metric: self.metric,
            comparison: self.comparison,
            limit: self.limit,
            importance: Importance::Resource,
            hold_ms: 0,
        }
        .holds(value)
    }
}

/// Numbers between two ends; an end that is missing is open to infinity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The lower end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<End>,
    /// The upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<End>,
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Where.
    pub at: f64,
    /// Whether the number itself belongs to the range.
    pub included: bool,
}

impl Range {
    /// Whether the number lies in it. Not a number lies in none.
    pub fn contains(&self, value: f64) -> bool {
        let above = |end: End| value > end.at || (end.included && value >= end.at);
        let below = |end: End| value < end.at || (end.included && value <= end.at);
        !value.is_nan() && self.from.is_none_or(above) && self.to.is_none_or(below)
    }
}

/// How often a good reading must be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readings {
    /// Readings that count lie at least so far apart, in milliseconds; 0 takes every look at the network.
    pub every_ms: u64,
    /// Good readings in a row that make a pass, 1 or more.
    pub min_pass: u32,
}

impl Readings {
    /// The usual is asked for.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Readings {
    /// Two looks in a row: one good one may be luck.
    fn default() -> Self {
        Self {
            every_ms: 0,
            min_pass: 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn end(at: f64, included: bool) -> End {
        End { at, included }
    }

    fn loss(pass: Vec<Range>, fail: Vec<Range>) -> Check {
        Check {
            object: "port/A:A-B".parse().unwrap(),
            metric: Metric::PortError,
            comparison: Comparison::AtMost,
            limit: 0.01,
            pass,
            fail,
        }
    }

    #[test]
    fn a_check_without_a_failure_limit_knows_two_readings() {
        let check = loss(vec![], vec![]);
        assert_eq!(check.read(0.01), Reading::Pass);
        assert_eq!(check.read(0.02), Reading::Short);
    }

    #[test]
    fn between_pass_and_fail_nothing_is_decided() {
        let fail = vec![Range {
            from: Some(end(0.05, false)),
            to: None,
        }];
        let check = loss(vec![], fail);
        assert_eq!(check.read(0.01), Reading::Pass);
        assert_eq!(check.read(0.05), Reading::Between);
        assert_eq!(check.read(0.051), Reading::Fail);
        assert_eq!(check.read(f64::NAN), Reading::Between);
    }

    #[test]
    fn ranges_replace_the_comparison() {
        let pass = vec![Range {
            from: Some(end(0.2, true)),
            to: Some(end(0.4, false)),
        }];
        let check = loss(pass, vec![]);
        assert_eq!(check.read(0.0), Reading::Short);
        assert_eq!(check.read(0.2), Reading::Pass);
        assert_eq!(check.read(0.4), Reading::Short);
    }
}
