//! What an agent can go without, to measure what each part is worth.
//!
//! Each part is left out at its one place of use: the rehearser of the planner, the company of the negotiator, the
//! insight of the diagnoser, the memory of the learner. Everything else stays as it is, so that a difference in the
//! outcome is the part's doing.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A part of the loop that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Without it nothing is rehearsed: bids promise nothing, and no plan is refused for what it would do. Guards,
    /// verification and undo stay.
    Twin,
    /// Without it a leader asks nobody: it plans with its own domain's playbooks, and no peer is heard or consents.
    Negotiation,
    /// Without it no dependency is known: the object with the loudest anomaly is taken for the cause.
    Graph,
    /// Without it no outcome is remembered and none recalled.
    Learning,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Twin, Self::Negotiation, Self::Graph, Self::Learning];

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Twin => "twin",
            Self::Negotiation => "negotiation",
            Self::Graph => "graph",
            Self::Learning => "learning",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no part has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no part that can be left out: it is one of twin, negotiation, graph, learning")]
pub struct UnknownPart(pub String);

impl FromStr for Part {
    type Err = UnknownPart;

    fn from_str(text: &str) -> Result<Self, UnknownPart> {
        let named = |p: &Self| p.as_str() == text;
        let part = Self::ALL.into_iter().find(named);
        part.ok_or_else(|| UnknownPart(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_by_the_name_it_is_written_with_and_no_other() {
        for part in Part::ALL {
            assert_eq!(part.to_string().parse(), Ok(part));
            let json = serde_json::to_string(&part).unwrap();
            assert_eq!(json, format!("\"{part}\""));
        }
        let refused = "Twin".parse::<Part>().unwrap_err().to_string();
        assert!(
            refused.contains("`Twin`") && refused.contains("twin, "),
            "{refused}"
        );
    }
}
