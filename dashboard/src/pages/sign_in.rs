//! Coming in and going out.

use super::Asked;
use crate::access::cookie::Cookie;
use crate::access::door::Door;
use crate::access::refusal::Refusal;
use crate::access::secret::Token;
use crate::failure::Failure;
use crate::phrases::Phrases;
use crate::reader::suffix;
use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use zizhi_types::text::Language;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    words: &'static Phrases,
    language: Language,
    keep: &'static str,
    other: String,
    other_tag: &'static str,
    form_token: String,
    next: String,
    name: String,
    problem: Option<String>,
    notice: bool,
}

/// Where to go afterwards, and whether the password was just changed.
#[derive(Debug, Deserialize)]
pub struct Whither {
    #[serde(default)]
    next: String,
    changed: Option<String>,
}

/// The form's fields.
#[derive(Deserialize)]
pub struct Entered {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Only a path of ours: a sign-in page that leads elsewhere would lend its name to others.
fn own_path(next: &str) -> &str {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.');
    let ours = next.starts_with('/') && !next.contains("//") && next.bytes().all(plain);
    if ours { next } else { "/" }
}

/// The page.
pub async fn show(asked: Asked, Query(whither): Query<Whither>) -> Response {
    if asked.house.access.door().is_none() {
        return asked.see("/");
    }
    page(&asked, &whither, "", None)
}

fn page(asked: &Asked, whither: &Whither, name: &str, refused: Option<&Refusal>) -> Response {
    let language = asked.reader.language;
    let other = match language {
        Language::En => Language::Zh,
        Language::Zh => Language::En,
    };
    let next = own_path(&whither.next).to_owned();
    let page = SignInPage {
        words: asked.words(),
        language,
        keep: asked.reader.keep,
        other: format!("/sign-in{}&next={next}", suffix(other)),
        other_tag: other.as_str(),
        form_token: asked.person.form_token(),
        next,
        name: name.to_owned(),
        problem: refused.map(|r| r.say(language)),
        notice: whither.changed.is_some() && refused.is_none(),
    };
    let status = refused.map_or(StatusCode::OK, Refusal::status);
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => asked.fail(&error.into()),
    }
}

/// Looks at the name and the password.
pub async fn enter(asked: Asked, Form(form): Form<Entered>) -> Response {
    let Some(door) = asked.house.access.door() else {
        return asked.see("/");
    };
    let name: String = form.name.trim().chars().take(64).collect();
    match door.sign_in(&name, form.password, &asked.person.from).await {
        Ok(token) => come_in(&asked, door, &token, &form.next),
        Err(refused) => {
            let whither = Whither {
                next: form.next,
                changed: None,
            };
            let mut response = page(&asked, &whither, &name, Some(&refused));
            if let Refusal::Wait(seconds) = refused {
                response.headers_mut().insert("retry-after", seconds.into());
            }
            response
        }
    }
}

/// A new session: whatever the browser had before is over.
fn come_in(asked: &Asked, door: &Arc<Door>, token: &Token, next: &str) -> Response {
    if let Some(before) = asked.person.session() {
        door.sign_out(before, &asked.person.from);
    }
    let mut response = asked.see(own_path(next));
    let tls = asked.house.access.host().is_some();
    let cookies = [
        Cookie::Session.set(Some(token), tls),
        Cookie::Visit.set(None, tls),
    ];
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Ends the session.
pub async fn leave(asked: Asked) -> Response {
    match (asked.house.access.door(), asked.person.session()) {
        (Some(door), Some(session)) => {
            door.sign_out(session, &asked.person.from);
            gone(&asked, "")
        }
        _ => asked.fail(&Failure::Refused(Refusal::SignedOut)),
    }
}

/// To the sign-in page, with nothing left in the browser.
pub fn gone(asked: &Asked, why: &str) -> Response {
    let keep = asked.reader.keep;
    let mark = if keep.is_empty() { "?" } else { "&" };
    let why = if why.is_empty() {
        String::new()
    } else {
        format!("{mark}{why}=1")
    };
    let mut response = Redirect::to(&format!("/sign-in{keep}{why}")).into_response();
    let tls = asked.house.access.host().is_some();
    if let Some(cookie) = Cookie::Session.set(None, tls) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response.headers_mut().insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\""),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_sign_in_leads_to_our_own_pages_only() {
        assert_eq!(
            own_path("/incidents/inc-transport-1"),
            "/incidents/inc-transport-1"
        );
        for away in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "javascript:x",
            "",
            "/a//b",
            "/%2f/x",
            "/a?b=c\r\nx",
        ] {
            assert_eq!(own_path(away), "/", "{away}");
        }
    }
}
