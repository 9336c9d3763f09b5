//! What can be done to a network, in words that every driver understands.

use crate::domain::Domain;
use crate::object::{ManagedObject, ObjectKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

macro_rules! verbs {
    ($($variant:ident, $name:literal, $kind:ident, $undo:literal, [$($param:literal),*], $doc:literal;)*) => {
        /// A registered action. Nothing else can be asked of a driver.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Verb {
            $(#[doc = $doc] #[serde(rename = $name)] $variant,)*
        }

        impl Verb {
            /// Every registered action.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that playbooks use.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The kind of object it is applied to.
            pub const fn object_kind(self) -> ObjectKind {
                match self { $(Self::$variant => ObjectKind::$kind,)* }
            }

            /// Whether the driver's receipt carries an action that takes it back.
            pub const fn can_undo(self) -> bool {
                match self { $(Self::$variant => $undo,)* }
            }

            /// The parameters it takes; all are required.
            pub const fn params(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($param),*],)* }
            }

            /// One sentence for people and for the checker's messages.
            pub const fn describe(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

verbs! {
    LinkSetCost, "link.set-cost", Link, true, ["cost"], "Sets the IGP cost of both ends of a link.";
    LinkSetRate, "link.set-rate", Link, true, ["mbps"], "Sets the rate of both ends of a link.";
    LinkReset, "link.reset", Link, false, [], "Takes both ends of a link down and up again, so that they train anew.";
    RouterRestart, "router.restart", Router, false, [], "Restarts a router and all its daemons.";
    InstanceRestart, "instance.restart", Instance, false, [], "Starts the instance afresh on its host.";
    InstanceMigrate, "instance.migrate", Instance, true, [], "Moves the instance to another host of its site.";
    SiteScaleOut, "site.scale-out", Site, true, ["service"], "Adds one instance of a service at a site.";
    SiteScaleIn, "site.scale-in", Site, true, ["instance"], "Removes an instance that was added at a site.";
    GatewayRefreshPolicy, "gateway.refresh-policy", Gateway, false, [], "Makes the gateway compute its steering policy anew.";
    InstanceSteerLimit, "instance.steer-limit", Instance, true, ["share"], "Limits what all gateways send to an instance to a share (0 to 1) of its capacity.";
    CellRestart, "cell.restart", Cell, false, [], "Restarts an access cell.";
    CellLock, "cell.lock", Cell, true, [], "Takes a cell out of service in order: its users are handed over to neighbours first.";
    CellUnlock, "cell.unlock", Cell, true, [], "Puts a locked cell back into service.";
    CellLimitAdmission, "cell.limit-admission", Cell, true, ["share"], "Lets only a share (0 to 1) of the requests into a cell; the others are barred.";
    SiteSetReplicas, "site.set-replicas", Site, true, ["service", "replicas"], "Sets how many instances of a service run at a site.";
    NodeCordon, "node.cordon", Node, true, [], "Lets no new instance start on a node.";
    NodeUncordon, "node.uncordon", Node, true, [], "Lets instances start on a node again.";
    NodeDrain, "node.drain", Node, true, [], "Moves all instances off a node and lets no new one start; the undo lets them start again, and moves none back.";
}

impl Verb {
    /// The domain whose executor may run it.
    ///
    /// Steering is the gateways' work although the steered instance belongs to compute.
    pub const fn domain(self) -> Domain {
        match self {
            Self::InstanceSteerLimit => Domain::Service,
            other => Domain::of(other.object_kind()),
        }
    }

    /// Whether doing it twice leaves the network as doing it once does: it sets a state, and triggers nothing.
    pub const fn idempotent(self) -> bool {
        matches!(
            self,
            Self::LinkSetCost
                | Self::LinkSetRate
                | Self::GatewayRefreshPolicy
                | Self::InstanceSteerLimit
                | Self::SiteSetReplicas
                | Self::NodeCordon
                | Self::NodeUncordon
                | Self::NodeDrain
        )
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no registered action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown action `{text}`: write one of {known}")]
pub struct UnknownVerb {
    text: String,
    known: String,
}

impl FromStr for Verb {
    type Err = UnknownVerb;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|v| v.as_str() == text)
            .ok_or_else(|| UnknownVerb {
                text: text.to_owned(),
                known: Self::ALL
                    .iter()
                    .map(|v| v.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A number, in the unit that the parameter's name ends with.
    Number(f64),
    /// A name.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(t) => f.write_str(t),
        }
    }
}

/// One change to one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What to do.
    pub verb: Verb,
    /// To what.
    pub object: ManagedObject,
    /// How; the keys are [`Verb::params`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
}

impl Action {
    /// An action without parameters.
    pub const fn new(verb: Verb, object: ManagedObject) -> Self {
        Self {
            verb,
            object,
            params: BTreeMap::new(),
        }
    }

    /// The same action with one more parameter.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.params.insert(key.to_owned(), value);
        self
    }

    /// A numeric parameter.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.params.get(key) {
            Some(Value::Number(n)) => Some(*n),
            _ => None,
        }
    }

    /// A text parameter.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.params.get(key) {
            Some(Value::Text(t)) => Some(t),
            _ => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.object)?;
        for (key, value) in &self.params {
            write!(f, " {key}={value}")?;
        }
        Ok(())
    }
}

/// What a driver says after a change, read back from the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The state before, as the network reported it.
    pub before: String,
    /// The state after, as the network reported it.
    pub after: String,
    /// What takes the change back, where something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Action>,
}
