//! Who is asking, and what may they do?
//!
//! | file | it answers |
//! |---|---|
//! | `gate` | does this request pass? every one goes through it |
//! | `door` | how does somebody come in, stay in and go out? |
//! | `role` | who may do what? |
//! | `accounts`, `password` | who has an account, and is this the password? |
//! | `session`, `secret`, `cookie` | who is signed in, and how does a browser prove it? |
//! | `brake` | how long must somebody wait who guesses? |
//! | `own` | does a request come from our own pages? |
//! | `counter` | may this person give this order? |
//! | `diary` | what happened at the door? |

pub mod accounts;
pub mod brake;
pub mod cookie;
pub mod counter;
pub mod diary;
pub mod door;
pub mod gate;
mod own;
pub mod password;
pub mod refusal;
pub mod role;
pub mod secret;
pub mod session;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use door::Door;
use role::Role;
use secret::{Hash, Token};
use std::sync::Arc;

/// Who may come in.
#[derive(Debug, Clone)]
pub enum Access {
    /// Whoever reaches the port, which is on loopback only, under this name.
    Local {
        /// The name that records of their orders carry.
        name: String,
    },
    /// Whoever has an account.
    Accounts {
        /// Where they sign in.
        door: Arc<Door>,
        /// The host name under which a proxy that ends TLS serves us; without one we listen on loopback only.
        host: Option<String>,
    },
}

impl Default for Access {
    fn default() -> Self {
        Self::Local {
            name: "local".to_owned(),
        }
    }
}

impl Access {
    /// The door, where there are accounts.
    pub fn door(&self) -> Option<&Arc<Door>> {
        match self {
            Self::Local { .. } => None,
            Self::Accounts { door, .. } => Some(door),
        }
    }

    /// The host name behind a proxy that ends TLS.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Local { .. } => None,
            Self::Accounts { host, .. } => host.as_deref(),
        }
    }
}

/// Who is asking.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// As records name them; empty for a stranger.
    pub name: String,
    /// What they may do; a stranger may nothing.
    pub role: Option<Role>,
    /// From where, as far as it is known.
    pub from: String,
    /// What their forms carry.
    forms: Option<Token>,
    /// Their session.
    session: Option<Hash>,
}

impl Person {
    /// Whether they are this much, or more.
    pub fn is(&self, least: Role) -> bool {
        self.role.is_some_and(|role| role >= least)
    }

    /// What a form carries, so that it is known to be from this session.
    pub fn form_token(&self) -> String {
        let token = self.forms.as_ref().map(Token::tell);
        token.unwrap_or_default().to_owned()
    }

    /// The session that they came in with.
    pub const fn session(&self) -> Option<&Hash> {
        self.session.as_ref()
    }
}

impl FromRequestParts<Arc<crate::House>> for Person {
    type Rejection = std::convert::Infallible;

    /// The gate has put them there; without the gate everybody is a stranger.
    async fn from_request_parts(
        parts: &mut Parts,
        _: &Arc<crate::House>,
    ) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
