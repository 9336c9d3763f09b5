//! The kinds of fault that Zizhi can name.

use crate::object::ObjectKind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! faults {
    ($($variant:ident, $name:literal, $kind:ident, $doc:literal;)*) => {
        /// What is wrong with an object: the cause, not the symptom (RFC 9940 keeps them apart).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum FaultKind {
            $(#[doc = $doc] #[serde(rename = $name)] $variant,)*
        }

        impl FaultKind {
            /// Every kind, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The lower-case name used in files and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The kind of object that has this fault.
            pub const fn object_kind(self) -> ObjectKind {
                match self { $(Self::$variant => ObjectKind::$kind,)* }
            }
        }
    };
}

faults! {
    LinkDown, "link-down", Link, "The link lost carrier and does not come back by itself.";
    LinkRateCut, "link-rate-cut", Link, "The link carries much less than its capacity.";
    LinkLossy, "link-lossy", Link, "The link damages or loses a share of packets.";
    LinkFlapping, "link-flapping", Link, "The link loses and regains carrier again and again.";
    LinkSilent, "silent-cut", Link, "The link has carrier but passes nothing.";
    WrongCost, "wrong-cost", Link, "A routing cost differs from the intended one.";
    RouterCrash, "router-crash", Router, "The router stopped forwarding.";
    TrafficSurge, "traffic-surge", Demand, "One demand grew far beyond its usual size.";
    InstanceCrash, "instance-crash", Instance, "The instance stopped.";
    InstanceSlow, "instance-slow", Instance, "The instance serves slowly because of a noisy neighbour.";
    SiteOverload, "site-overload", Site, "A site gets more requests than its instances can serve.";
    StalePolicy, "stale-policy", Gateway, "The gateway steers by a policy that is out of date.";
    CellOutage, "cell-outage", Cell, "The cell is off the air.";
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no fault kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault `{text}`: write one of {known}")]
pub struct UnknownFault {
    text: String,
    known: String,
}

impl FromStr for FaultKind {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|k| k.as_str() == text)
            .ok_or_else(|| UnknownFault {
                text: text.to_owned(),
                known: Self::ALL
                    .iter()
                    .map(|k| k.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}
