//! What does a browser keep for us?
//!
//! In: headers. Out: a token by its name, or the header that sets or clears one. Behind TLS the names begin with
//! `__Host-`: a browser then takes the cookie from this host only, over TLS only, for all of its paths.

use super::secret::Token;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Who is signed in.
    Session,
    /// A browser that has the sign-in page open: its form is bound to it.
    Visit,
}

impl Cookie {
    const fn name(self, tls: bool) -> &'static str {
        match (self, tls) {
            (Self::Session, true) => "__Host-zizhi-session",
            (Self::Session, false) => "zizhi-session",
            (Self::Visit, true) => "__Host-zizhi-visit",
            (Self::Visit, false) => "zizhi-visit",
        }
    }

    /// What the browser sent under this name.
    pub fn read(self, headers: &HeaderMap, tls: bool) -> Option<Token> {
        let all = headers.get_all(COOKIE).iter();
        let texts = all.filter_map(|h| h.to_str().ok());
        let mut pairs = texts
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == self.name(tls))?;
        Token::read(value)
    }

    /// The header that gives it; `None` takes it away. It ends with the browser.
    pub fn set(self, token: Option<&Token>, tls: bool) -> Option<HeaderValue> {
        let (name, secure) = (self.name(tls), if tls { "; Secure" } else { "" });
        let (value, age) = token.map_or(("", "; Max-Age=0"), |token| (token.tell(), ""));
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_this_host_and_no_script() {
        let token = Token::new().unwrap();
        let set = Cookie::Session.set(Some(&token), true).unwrap();
        let text = set.to_str().unwrap();
        assert!(text.starts_with("__Host-zizhi-session="), "{text}");
        assert!(
            text.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
            "{text}"
        );
        let mut headers = HeaderMap::new();
        let sent = format!("a=b; __Host-zizhi-session={}", token.tell());
        headers.insert(COOKIE, HeaderValue::from_str(&sent).unwrap());
        assert_eq!(Cookie::Session.read(&headers, true), Some(token));
        assert_eq!(
            Cookie::Session.read(&headers, false),
            None,
            "a plain name is another cookie"
        );
        assert_eq!(Cookie::Visit.read(&headers, true), None);
    }
}
