//! Why does somebody not come in?
//!
//! In: a reason. Out: its status, and a sentence in the reader's language. A sentence never says whether an account exists.

use super::role::Role;
use crate::phrases::text;
use axum::http::StatusCode;
use zizhi_types::text::Language;

/// Why a request is refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody is signed in, or not any more.
    #[error("nobody is signed in, or the session has ended: sign in again")]
    SignedOut,
    /// A wrong name or password.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many wrong tries.
    #[error("too many wrong tries: wait {0} s")]
    Wait(u64),
    /// The person's role does not carry it.
    #[error("this needs the role {0}, or one above it")]
    Role(Role),
    /// An order in somebody else's name.
    #[error("an order carries the name of whoever gives it, and no other")]
    OtherName,
    /// The form's token is missing, forged, or from another session.
    #[error("the form is not from this session: load the page again")]
    Form,
    /// Another site's page sent it.
    #[error("the request comes from a page of another site: open the dashboard itself")]
    OtherSite,
    /// It was sent to another host's name.
    #[error("the dashboard is not known by this host name")]
    OtherHost,
    /// It did not come over TLS.
    #[error("the dashboard answers over https only: the proxy before it must say so")]
    NotTls,
    /// No rule says who may use it.
    #[error("nobody may use this")]
    Unlisted,
    /// Larger than a form or a request is.
    #[error("the request is larger than {0} bytes")]
    Large(usize),
    /// It did not arrive whole.
    #[error("the request did not arrive whole")]
    Broken,
    /// The new password was typed differently the second time.
    #[error("the new password is not the same twice")]
    Twice,
    /// The password breaks the rules.
    #[error(transparent)]
    Weak(#[from] super::password::Weak),
    /// Nobody could give roles any more.
    #[error("{0} is the last admin: make another one first")]
    LastAdmin(String),
    /// No such account.
    #[error("there is no account {0}")]
    NoAccount(String),
    /// The accounts cannot be used now.
    #[error("the accounts cannot be read now")]
    Closed,
}

impl Refusal {
    /// The status to answer with.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut | Self::Wrong => StatusCode::UNAUTHORIZED,
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Role(_)
            | Self::OtherName
            | Self::Form
            | Self::OtherSite
            | Self::Unlisted
            | Self::NotTls => StatusCode::FORBIDDEN,
            Self::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Large(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::Twice | Self::Weak(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::LastAdmin(_) | Self::NoAccount(_) => StatusCode::CONFLICT,
            Self::Closed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// In one word, for the security log and for the page's text.
    pub const fn word(&self) -> &'static str {
        use super::password::Weak;
        match self {
            Self::SignedOut => "signed-out",
            Self::Wrong => "wrong",
            Self::Wait(_) => "wait",
            Self::Role(_) => "role",
            Self::OtherName => "other-name",
            Self::Form => "form",
            Self::OtherSite => "other-site",
            Self::OtherHost => "other-host",
            Self::NotTls => "not-tls",
            Self::Unlisted => "unlisted",
            Self::Large(_) => "large",
            Self::Broken => "broken",
            Self::Twice => "twice",
            Self::Weak(Weak::Short) => "short",
            Self::Weak(Weak::Long) => "long",
            Self::Weak(Weak::Common) => "common",
            Self::Weak(Weak::Name) => "name",
            Self::LastAdmin(_) => "last-admin",
            Self::NoAccount(_) => "no-account",
            Self::Closed => "closed",
        }
    }

    /// For a person.
    pub fn say(&self, language: Language) -> String {
        let argument = match self {
            Self::Wait(seconds) => seconds.to_string(),
            Self::Large(bytes) => bytes.to_string(),
            Self::Role(role) => text(language, &format!("role-{role}"), &[]),
            Self::LastAdmin(name) | Self::NoAccount(name) => name.clone(),
            _ => String::new(),
        };
        text(
            language,
            &format!("refused-{}", self.word()),
            &[("what", &argument)],
        )
    }
}
