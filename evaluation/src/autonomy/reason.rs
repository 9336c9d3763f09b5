//! Why did an incident's task get its actor?

use super::say;
use super::signs::Sign;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use zizhi_types::text::Language;

/// Why an incident's task got its actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Everything needed is there, by the system alone.
    Done,
    /// A record of the task's own stage is by a person.
    ByPerson,
    /// A record of the task's own stage is by a person and the system together.
    WithPerson,
    /// Something needed is missing.
    No(Sign),
    /// Something that counts against it is there.
    Because(Sign),
}

impl Reason {
    /// For people.
    pub fn words(self, lang: Language) -> &'static str {
        match self {
            Self::Done => say(["the system did it alone", "系统独立完成"], lang),
            Self::ByPerson => say(["a person did it", "由人员完成"], lang),
            Self::WithPerson => say(
                ["a person and the system did it", "由人员与系统共同完成"],
                lang,
            ),
            Self::No(sign) => say(sign.missing(), lang),
            Self::Because(sign) => say(sign.there(), lang),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::ByPerson => f.write_str("by-person"),
            Self::WithPerson => f.write_str("with-person"),
            Self::No(sign) => write!(f, "no {sign}"),
            Self::Because(sign) => write!(f, "{sign}"),
        }
    }
}

impl FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "done" => Ok(Self::Done),
            "by-person" => Ok(Self::ByPerson),
            "with-person" => Ok(Self::WithPerson),
            other => match other.strip_prefix("no ") {
                Some(sign) => sign.parse().map(Self::No),
                None => other.parse().map(Self::Because),
            },
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
