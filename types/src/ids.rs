//! Typed ids. None is random: equal runs name equal things equally.

use crate::domain::Domain;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The text is no id of the wanted sort.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: write {like}")]
pub struct BadId {
    /// What was read.
    pub text: String,
    /// What was wanted.
    pub what: &'static str,
    /// A good example.
    pub like: &'static str,
}

macro_rules! counted_id {
    ($(#[$doc:meta])* $name:ident, $owner:ty, $prefix:literal, $what:literal, $like:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            /// Who gave the number.
            pub owner: $owner,
            /// Counts from 1 at each owner.
            pub number: u64,
        }

        impl $name {
            /// The `number`-th of `owner`.
            pub fn new(owner: impl Into<$owner>, number: u64) -> Self {
                Self { owner: owner.into(), number }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}-{}"), self.owner, self.number)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = || BadId { text: text.to_owned(), what: $what, like: $like };
                let (owner, number) = text
                    .strip_prefix($prefix)
                    .and_then(|rest| rest.rsplit_once('-'))
                    .ok_or_else(bad)?;
                if owner.is_empty() {
                    return Err(bad());
                }
                Ok(Self {
                    owner: owner.parse().map_err(|_| bad())?,
                    number: number.parse().map_err(|_| bad())?,
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

counted_id!(
    /// One record in the journal: the writer and its own count, so several writers never clash.
    RecordId, String, "rec-", "record id", "rec-transport-42"
);
counted_id!(
    /// One message on the bus: its source and the source's own count.
    MessageId, String, "msg-", "message id", "msg-router/ATLA-42"
);
counted_id!(
    /// One anomaly, numbered by the domain that detected it.
    AnomalyId, Domain, "ano-", "anomaly id", "ano-transport-7"
);
counted_id!(
    /// One incident, numbered by the domain that opened it.
    IncidentId, Domain, "inc-", "incident id", "inc-transport-3"
);
counted_id!(
    /// One immutable plan, numbered by the domain that proposed it.
    PlanId, Domain, "plan-", "plan id", "plan-transport-5"
);
counted_id!(
    /// One execution of a plan, numbered by the domain that runs it.
    RunId, Domain, "run-", "run id", "run-transport-2"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_their_text() {
        let id: IncidentId = "inc-transport-3".parse().unwrap();
        assert_eq!((id.owner, id.number), (Domain::Transport, 3));
        assert_eq!(id.to_string(), "inc-transport-3");
        let id: MessageId = "msg-router/NY-1-9".parse().unwrap();
        assert_eq!((id.owner.as_str(), id.number), ("router/NY-1", 9));
    }

    #[test]
    fn a_bad_id_shows_a_good_one() {
        let message = "inc-7".parse::<IncidentId>().unwrap_err().to_string();
        assert!(message.contains("inc-transport-3"), "{message}");
    }
}
