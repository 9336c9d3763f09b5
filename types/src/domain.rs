//! Which part of the network is meant, and so which agent answers for it (ETSI ZSM 002 "management domain").

use crate::object::ObjectKind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One management domain of the computing power network. One agent looks after each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// IP transport: routers, ports, links, paths, demands.
    Transport,
    /// Compute sites and the service instances that run on them.
    Compute,
    /// Service gateways that steer requests to instances.
    Service,
    /// Access cells and the users attached to them.
    Access,
}

impl Domain {
    /// All domains, in the order in which ties between them are settled.
    pub const ALL: [Self; 4] = [Self::Transport, Self::Compute, Self::Service, Self::Access];

    /// The lower-case name used in subjects, ids and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Compute => "compute",
            Self::Service => "service",
            Self::Access => "access",
        }
    }

    /// The domain that owns objects of this kind.
    pub const fn of(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Router
            | ObjectKind::Port
            | ObjectKind::Link
            | ObjectKind::Path
            | ObjectKind::Demand => Self::Transport,
            ObjectKind::Site | ObjectKind::Instance | ObjectKind::Node => Self::Compute,
            ObjectKind::Gateway | ObjectKind::Group | ObjectKind::Steer | ObjectKind::Service => {
                Self::Service
            }
            ObjectKind::Cell => Self::Access,
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown domain `{0}`: write transport, compute, service or access")]
pub struct UnknownDomain(pub String);

impl FromStr for Domain {
    type Err = UnknownDomain;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|d| d.as_str() == text)
            .ok_or_else(|| UnknownDomain(text.to_owned()))
    }
}
