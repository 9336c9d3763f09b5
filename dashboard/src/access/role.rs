//! Who may do what?
//!
//! In: a route or an order. Out: the least role that may. What is not in the table is refused: a new page or a new part
//! of the API is closed until somebody writes here who may use it. Roles grow: each may all that the one before it may.

use crate::desk::Order;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything, orders nothing.
    Viewer,
    /// Also says no to a plan, and presses the kill switch.
    Operator,
    /// Also says yes to a plan, releases the kill switch, and closes a breaker.
    Approver,
    /// Also gives and takes roles.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Approver, Self::Admin];

    /// Its word in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no role {0:?}: there are viewer, operator, approver and admin")]
pub struct NoRole(String);

impl FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| NoRole(text.to_owned()))
    }
}

/// The least that somebody must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Least {
    /// Whoever reaches the port: what is needed to sign in, and to see that the program lives.
    Anyone,
    /// Signed in, with this role at least.
    Role(Role),
}

const ANYONE: Least = Least::Anyone;
const VIEWER: Least = Least::Role(Role::Viewer);
const OPERATOR: Least = Least::Role(Role::Operator);
const APPROVER: Least = Least::Role(Role::Approver);
const ADMIN: Least = Least::Role(Role::Admin);

/// Method, route, and who may. `GET` stands for `HEAD` too. Orders are looked at once more, one by one: [`least_for`].
const TABLE: &[(Method, &str, Least)] = &[
    (Method::GET, "/", VIEWER),
    (Method::GET, "/incidents", VIEWER),
    (Method::GET, "/incidents/{id}", VIEWER),
    (Method::GET, "/incidents/{id}/negotiation", VIEWER),
    (Method::GET, "/incidents/{id}/causes", VIEWER),
    (Method::GET, "/incidents/{id}/twin", VIEWER),
    (Method::GET, "/decisions/{plan}", VIEWER),
    (Method::POST, "/decisions/{plan}", OPERATOR),
    (Method::GET, "/records/{id}", VIEWER),
    (Method::GET, "/topology", VIEWER),
    (Method::GET, "/playbooks", VIEWER),
    (Method::GET, "/playbooks/{id}", VIEWER),
    (Method::GET, "/audit", VIEWER),
    (Method::GET, "/audit/files/{name}", VIEWER),
    (Method::GET, "/autonomy", VIEWER),
    (Method::GET, "/autonomy/export", VIEWER),
    (Method::GET, "/wall", VIEWER),
    (Method::GET, "/stop", VIEWER),
    (Method::POST, "/stop", OPERATOR),
    (Method::GET, "/assets/{name}", ANYONE),
    (Method::GET, "/sign-in", ANYONE),
    (Method::POST, "/sign-in", ANYONE),
    (Method::POST, "/sign-out", VIEWER),
    (Method::GET, "/account", VIEWER),
    (Method::POST, "/account", VIEWER),
    (Method::GET, "/accounts", ADMIN),
    (Method::POST, "/accounts", ADMIN),
    (Method::GET, "/api/v1/summary", VIEWER),
    (Method::GET, "/api/v1/agents", VIEWER),
    (Method::GET, "/api/v1/incidents", VIEWER),
    (Method::GET, "/api/v1/incidents/{incident}", VIEWER),
    (Method::GET, "/api/v1/records/{record}", VIEWER),
    (Method::GET, "/api/v1/decisions", VIEWER),
    (Method::GET, "/api/v1/decisions/{plan}", VIEWER),
    (Method::GET, "/api/v1/kill-switch", VIEWER),
    (Method::GET, "/api/v1/events", VIEWER),
    (Method::GET, "/api/v1/openapi.json", VIEWER),
    (Method::POST, "/api/v1/decisions/{plan}/approve", APPROVER),
    (Method::POST, "/api/v1/decisions/{plan}/reject", OPERATOR),
    (Method::POST, "/api/v1/kill-switch", OPERATOR),
    (Method::GET, "/healthz", ANYONE),
];

/// What the table says about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Who may.
    May(Least),
    /// The route is there for these methods only.
    Methods(Vec<&'static str>),
    /// Nobody may.
    Unlisted,
}

/// Looks a route up.
pub fn least(method: &Method, route: &str) -> Entry {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let rows = || TABLE.iter().filter(|(_, known, _)| *known == route);
    if let Some((_, _, least)) = rows().find(|(known, _, _)| known == method) {
        return Entry::May(*least);
    }
    let mut methods: Vec<&str> = rows().map(|(method, _, _)| method.as_str()).collect();
    if let Some(get) = methods.iter().position(|method| *method == "GET") {
        methods.insert(get + 1, "HEAD");
    }
    if methods.is_empty() {
        Entry::Unlisted
    } else {
        Entry::Methods(methods)
    }
}

/// Who may give an order. To stop the swarm is easier than to let it go on.
pub const fn least_for(order: &Order) -> Role {
    match order {
        Order::Answer { approval, .. } => {
            if approval.granted {
                Role::Approver
            } else {
                Role::Operator
            }
        }
        Order::Kill(kill) => {
            if kill.on {
                Role::Operator
            } else {
                Role::Approver
            }
        }
        Order::Breaker(_) => Role::Approver,
    }
}

/// Every row, for the test that holds the table and the router to each other.
#[cfg(test)]
pub fn rows() -> impl Iterator<Item = (&'static Method, &'static str)> {
    TABLE.iter().map(|(method, route, _)| (method, *route))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_is_refused() {
        assert_eq!(least(&Method::GET, "/new-page"), Entry::Unlisted);
        assert_eq!(
            least(&Method::DELETE, "/stop"),
            Entry::Methods(vec!["GET", "HEAD", "POST"])
        );
        assert_eq!(least(&Method::HEAD, "/stop"), Entry::May(VIEWER));
    }

    #[test]
    fn roles_grow_and_have_one_word_each() {
        assert!(
            Role::Viewer < Role::Operator
                && Role::Operator < Role::Approver
                && Role::Approver < Role::Admin
        );
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("root".parse::<Role>().is_err());
    }
}
