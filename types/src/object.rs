//! What can be managed, measured, blamed and acted on (managed object, 3GPP TS 28.622).

use crate::domain::Domain;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What sort of thing a managed object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// A router.
    Router,
    /// One end of a link: `port/<router>:<link>`. Out-bound counters belong to it.
    Port,
    /// An undirected link between two routers.
    Link,
    /// A probed path between two routers: `path/<from>:<to>`.
    Path,
    /// Traffic from one router to another: `demand/<from>:<to>`.
    Demand,
    /// A compute site.
    Site,
    /// A service contact instance (RFC 10053 CIS) at a site.
    Instance,
    /// A service gateway.
    Gateway,
    /// A service (RFC 10053 CS), addressed by URL path.
    Service,
    /// A group of users of one cell that use one service through one gateway.
    Group,
    /// The share of a group's requests that goes to one instance: `steer/<group>:<instance>`.
    Steer,
    /// An access cell.
    Cell,
    /// A machine of a compute site that instances run on, as Kubernetes means the word.
    Node,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Router,
        Self::Port,
        Self::Link,
        Self::Path,
        Self::Demand,
        Self::Site,
        Self::Instance,
        Self::Gateway,
        Self::Service,
        Self::Group,
        Self::Steer,
        Self::Cell,
        Self::Node,
    ];

    /// The lower-case name used before the slash.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Port => "port",
            Self::Link => "link",
            Self::Path => "path",
            Self::Demand => "demand",
            Self::Site => "site",
            Self::Instance => "instance",
            Self::Gateway => "gateway",
            Self::Service => "service",
            Self::Group => "group",
            Self::Steer => "steer",
            Self::Cell => "cell",
            Self::Node => "node",
        }
    }
}

/// A managed object's name: kind, slash, local name, for example `link/ATLA-HSTN`.
///
/// The local name has 1 to 120 characters out of letters, digits and `. _ - : @ +`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ManagedObject {
    kind: ObjectKind,
    name: String,
}

/// The text is no managed object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadObject {
    /// There is no slash.
    #[error("`{0}` is no managed object: write kind/name, for example link/A-B")]
    NoKind(String),
    /// The kind before the slash is not known.
    #[error(
        "`{0}` is no object kind: write router, port, link, path, demand, site, instance, gateway, service, group, steer, cell or node"
    )]
    UnknownKind(String),
    /// The name is empty, too long or has a character that subjects and files cannot carry.
    #[error("`{0}` is no object name: use 1 to 120 letters, digits or . _ - : @ +")]
    BadName(String),
}

impl ManagedObject {
    /// Makes an object of a kind and a local name.
    pub fn new(kind: ObjectKind, name: impl Into<String>) -> Result<Self, BadObject> {
        let name = name.into();
        let fits = |c: char| c.is_alphanumeric() || "._-:@+".contains(c);
        if name.is_empty() || name.chars().count() > 120 || !name.chars().all(fits) {
            return Err(BadObject::BadName(name));
        }
        Ok(Self { kind, name })
    }

    /// What sort of thing it is.
    pub const fn kind(&self) -> ObjectKind {
        self.kind
    }

    /// The local name, after the slash.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The domain that owns it.
    pub const fn domain(&self) -> Domain {
        Domain::of(self.kind)
    }

    /// For `a:b` names: the two parts.
    pub fn parts(&self) -> Option<(&str, &str)> {
        self.name.split_once(':')
    }

    /// The port of `router` on `link`.
    pub fn port(router: &str, link: &str) -> Result<Self, BadObject> {
        Self::new(ObjectKind::Port, format!("{router}:{link}"))
    }

    /// The link that a port belongs to.
    pub fn link_of_port(&self) -> Option<Self> {
        match (self.kind, self.parts()) {
            (ObjectKind::Port, Some((_, link))) => Self::new(ObjectKind::Link, link).ok(),
            _ => None,
        }
    }
}

impl fmt::Display for ManagedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.name)
    }
}

impl FromStr for ManagedObject {
    type Err = BadObject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, name) = text
            .split_once('/')
            .ok_or_else(|| BadObject::NoKind(text.to_owned()))?;
        let kind = ObjectKind::ALL
            .into_iter()
            .find(|k| k.as_str() == kind)
            .ok_or_else(|| BadObject::UnknownKind(kind.to_owned()))?;
        Self::new(kind, name)
    }
}

impl TryFrom<String> for ManagedObject {
    type Error = BadObject;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ManagedObject> for String {
    fn from(object: ManagedObject) -> Self {
        object.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_survives_its_text() {
        for text in ["link/A-B", "port/A:A-B", "steer/g1:i@2", "cell/北京-1"] {
            let object: ManagedObject = text.parse().unwrap();
            assert_eq!(object.to_string(), text);
        }
    }

    #[test]
    fn a_bad_object_says_what_to_write() {
        let message = |t: &str| t.parse::<ManagedObject>().unwrap_err().to_string();
        assert!(message("A-B").contains("kind/name"));
        assert!(message("lnk/A-B").contains("no object kind"));
        assert!(message("link/a b").contains("no object name"));
        assert!(message("link/").contains("no object name"));
    }

    #[test]
    fn a_port_knows_its_link() {
        let port = ManagedObject::port("A", "A-B").unwrap();
        assert_eq!(port.link_of_port().unwrap().to_string(), "link/A-B");
    }
}
