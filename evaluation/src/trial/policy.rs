//! Who is at work in a trial: nobody, what operators have today, the whole swarm, or the swarm without a part.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zizhi_agents::Part;

/// Who is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Policy {
    /// Nobody: what the network does by itself.
    Nothing,
    /// A threshold alert with a fixed playbook.
    Threshold,
    /// The swarm without a part.
    Without(Part),
    /// The whole swarm.
    Whole,
}

impl Policy {
    /// The swarm that remembers nothing.
    pub const WITHOUT_LEARNING: Self = Self::Without(Part::Learning);

    /// Every policy, in the order of the tables.
    pub const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Threshold,
        Self::Without(Part::Graph),
        Self::Without(Part::Twin),
        Self::Without(Part::Negotiation),
        Self::WITHOUT_LEARNING,
        Self::Whole,
    ];

    /// Whether it remembers what it lived through.
    pub fn learns(self) -> bool {
        !matches!(
            self,
            Self::Nothing | Self::Threshold | Self::WITHOUT_LEARNING
        )
    }

    /// The name in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Threshold => "threshold",
            Self::Without(Part::Graph) => "zizhi-without-graph",
            Self::Without(Part::Twin) => "zizhi-without-twin",
            Self::Without(Part::Negotiation) => "zizhi-without-negotiation",
            Self::Without(Part::Learning) => "zizhi-without-learning",
            Self::Whole => "zizhi",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.to_string()
    }
}

/// The text names no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown policy `{text}`: write one of {known}")]
pub struct UnknownPolicy {
    text: String,
    known: String,
}

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|p| p.as_str() == text);
        found.ok_or_else(|| UnknownPolicy {
            text: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

impl TryFrom<String> for Policy {
    type Error = UnknownPolicy;

    fn try_from(text: String) -> Result<Self, UnknownPolicy> {
        text.parse()
    }
}
