//! Does this request pass?
//!
//! In: every request, before anything else looks at it. Out: the same with its [`Person`], or a refusal. In this order: was
//! it sent to us, over TLS where that is due; does it come from our own pages; what does the table say about its route;
//! who is asking; is the form from this session. A body is read here, to its bound.

use super::cookie::Cookie;
use super::counter::ASKING;
use super::diary::{By, Event};
use super::own::{is_own, is_to_us};
use super::refusal::Refusal;
use super::role::{Entry, Least, Role, least};
use super::secret::Token;
use super::{Access, Person};
use crate::api::ApiFailure;
use crate::failure::Failure;
use crate::house::House;
use crate::line::Peer;
use crate::pages::Asked;
use crate::reader::Reader;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequestParts as _, MatchedPath, Request, State};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::StreamExt as _;
use std::sync::Arc;

/// Largest form, in bytes.
pub const FORM_MAX: usize = 64 * 1024;

/// Largest body of another sort, in bytes.
pub const BODY_MAX: usize = 1024 * 1024;

/// The route at which somebody signs in.
pub const SIGN_IN: &str = "/sign-in";

/// Where no route fits, the answer is that there is no page; only whoever may read is told so.
const NOWHERE: &str = "";

/// Lets a request pass, or answers it.
pub async fn pass(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut person = who(&house, &parts);
    let visit = visit(&house, &parts, &mut person);
    parts.extensions.insert(person.clone());
    let checked = match check(&house, &parts, &person) {
        Ok(()) => read(&house, &parts, body, &person).await,
        Err(stop) => Err(stop),
    };
    let request = match checked {
        Ok(body) => Request::from_parts(parts, body),
        Err(stop) => return refuse(&house, parts, &person, stop).await,
    };
    let response = ASKING.scope(person.clone(), next.run(request)).await;
    let mut response = ending_with_session(&house, &person, response);
    if let Some(cookie) = visit {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

enum Stop {
    Refused(Refusal),
    Methods(Vec<&'static str>),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn route(parts: &Parts) -> &str {
    parts
        .extensions
        .get::<MatchedPath>()
        .map_or(NOWHERE, MatchedPath::as_str)
}

const fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Everything that does not need the body.
fn check(house: &House, parts: &Parts, person: &Person) -> Result<(), Stop> {
    let least = match (route(parts), least(&parts.method, route(parts))) {
        (NOWHERE, _) => Least::Role(Role::Viewer),
        (_, Entry::May(least)) => least,
        (_, Entry::Methods(methods)) => return Err(Stop::Methods(methods)),
        (_, Entry::Unlisted) => return Err(Refusal::Unlisted.into()),
    };
    // Whoever looks whether the program lives comes past the proxy.
    let only_life = route(parts) == "/healthz";
    let host = house.access.host();
    if !only_life && !is_to_us(&parts.headers, host) {
        return Err(Refusal::OtherHost.into());
    }
    if !only_life && host.is_some() && text(&parts.headers, "x-forwarded-proto") != Some("https") {
        return Err(Refusal::NotTls.into());
    }
    if !is_safe(&parts.method) && !is_own(&parts.headers) {
        return Err(Refusal::OtherSite.into());
    }
    match (least, person.role) {
        (Least::Role(_), None) => Err(Refusal::SignedOut.into()),
        (Least::Role(role), _) if !person.is(role) => Err(Refusal::Role(role).into()),
        _ => Ok(()),
    }
}

/// Who is asking.
fn who(house: &House, parts: &Parts) -> Person {
    let from = address(house, parts);
    match &house.access {
        Access::Local { name } => Person {
            name: name.clone(),
            role: Some(Role::Admin),
            from,
            forms: house.forms.clone(),
            session: None,
        },
        Access::Accounts { door, host } => {
            let token = Cookie::Session.read(&parts.headers, host.is_some());
            let entered = token.and_then(|token| {
                let inside = door.enter(&token.hash(), by_hand(parts))?;
                Some((token, inside))
            });
            match entered {
                None => Person {
                    from,
                    ..Person::default()
                },
                Some((token, inside)) => Person {
                    name: inside.name,
                    role: Some(inside.role),
                    from,
                    forms: Some(token.for_forms()),
                    session: Some(token.hash()),
                },
            }
        }
    }
}

/// Whether a person did this, and not a page that keeps itself fresh: its script's requests are marked by the browser.
fn by_hand(parts: &Parts) -> bool {
    !is_safe(&parts.method) || text(&parts.headers, "sec-fetch-dest") != Some("empty")
}

/// Before somebody is signed in, the form is bound to a cookie of the page that it stands on.
fn visit(house: &House, parts: &Parts, person: &mut Person) -> Option<HeaderValue> {
    if route(parts) != SIGN_IN || person.role.is_some() {
        return None;
    }
    let tls = house.access.host().is_some();
    if let Some(token) = Cookie::Visit.read(&parts.headers, tls) {
        person.forms = Some(token.for_forms());
        return None;
    }
    let token = Token::new().ok()?;
    person.forms = Some(token.for_forms());
    Cookie::Visit.set(Some(&token), tls)
}

/// Behind a proxy, the last address that it wrote: those before it are what the other side claims.
fn address(house: &House, parts: &Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>();
    let peer = peer.map(|ConnectInfo(peer)| peer.address.to_string());
    if house.access.host().is_none() {
        return peer.unwrap_or_default();
    }
    let all = parts.headers.get_all("x-forwarded-for").iter().next_back();
    let last = all
        .and_then(|h| h.to_str().ok())
        .and_then(|t| t.rsplit(',').next());
    let parsed = last.and_then(|t| t.trim().parse::<std::net::IpAddr>().ok());
    parsed.map(|ip| ip.to_string()).or(peer).unwrap_or_default()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|h| h.to_str().ok())
}

/// Reads the body of a request that changes something, and holds its token against the session's.
async fn read(house: &House, parts: &Parts, body: Body, person: &Person) -> Result<Body, Stop> {
    if is_safe(&parts.method) {
        return Ok(Body::empty());
    }
    let kind = text(&parts.headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let json = kind.starts_with("application/json") || kind.contains("+json");
    let most = if json { BODY_MAX } else { FORM_MAX };
    let said = text(&parts.headers, CONTENT_LENGTH.as_str()).and_then(|t| t.parse::<usize>().ok());
    if said.is_some_and(|bytes| bytes > most) {
        return Err(Refusal::Large(most).into());
    }
    let bytes = gather(body, most).await?;
    // Without accounts there is no cookie that another site's page could ride on, and no page can send JSON across sites.
    let bound = house.access.door().is_some() || !json;
    if bound && !carries(parts, &bytes, json, person) {
        return Err(Refusal::Form.into());
    }
    Ok(Body::from(bytes))
}

/// The whole body, if it is not larger than `most`: what is larger is not read to its end.
async fn gather(body: Body, most: usize) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut all = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::Broken)?;
        if all.len() + chunk.len() > most {
            return Err(Refusal::Large(most));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.into())
}

fn carries(parts: &Parts, bytes: &Bytes, json: bool, person: &Person) -> bool {
    let Some(token) = &person.forms else {
        return false;
    };
    if let Some(told) = text(&parts.headers, "x-form-token") {
        return token.is(told);
    }
    if json {
        return false;
    }
    // A token has hexadecimal digits only, so that it stands in a form as it is.
    let mut fields = bytes.split(|b| *b == b'&');
    let told = fields.find_map(|field| field.strip_prefix(b"form_token="));
    told.and_then(|told| std::str::from_utf8(told).ok())
        .is_some_and(|told| token.is(told))
}

async fn refuse(house: &Arc<House>, mut parts: Parts, person: &Person, stop: Stop) -> Response {
    let refusal = match stop {
        Stop::Refused(refusal) => refusal,
        Stop::Methods(methods) => {
            let allow = [(ALLOW, methods.join(","))];
            let path = parts.uri.path();
            if path.starts_with("/api/") {
                return (allow, crate::api::not_so(path)).into_response();
            }
            return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
        }
    };
    let first_visit = refusal == Refusal::SignedOut && is_safe(&parts.method);
    let api = parts.uri.path().starts_with("/api/");
    if first_visit && !api {
        let Ok(reader) = Reader::from_request_parts(&mut parts, house).await;
        return Redirect::to(&to_sign_in(&reader, &parts)).into_response();
    }
    let by = By {
        by: Some(person.name.clone()).filter(|name| !name.is_empty()),
        from: Some(person.from.clone()).filter(|from| !from.is_empty()),
    };
    let event = Event::Refused {
        method: parts.method.to_string(),
        route: route(&parts).to_owned(),
        why: refusal.word(),
    };
    house.diary().write(&event, &by, house.now());
    if api {
        return ApiFailure::from(Failure::Refused(refusal)).into_response();
    }
    let Ok(asked) = Asked::from_request_parts(&mut parts, house).await;
    asked.fail(&Failure::Refused(refusal))
}

/// The sign-in page that leads back here.
fn to_sign_in(reader: &Reader, parts: &Parts) -> String {
    let mark = if reader.keep.is_empty() { "?" } else { "&" };
    let path = parts.uri.path();
    if path == "/" {
        return format!("{SIGN_IN}{}", reader.keep);
    }
    // Only what a path of ours can be made of, so that nothing else gets into the address.
    let plain = path
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'));
    let next = if plain { path } else { "/" };
    format!("{SIGN_IN}{}{mark}next={next}", reader.keep)
}

/// A live stream ends with the session that asked for it: nothing more is sent after signing out.
fn ending_with_session(house: &Arc<House>, person: &Person, response: Response) -> Response {
    let streams = text(response.headers(), CONTENT_TYPE.as_str())
        .is_some_and(|t| t.starts_with("text/event-stream"));
    let (Some(door), Some(session), true) = (house.access.door(), person.session, streams) else {
        return response;
    };
    let door = Arc::clone(door);
    let (parts, body) = response.into_parts();
    let chunks = body.into_data_stream();
    let chunks =
        chunks.take_while(move |_| std::future::ready(door.enter(&session, false).is_some()));
    Response::from_parts(parts, Body::from_stream(chunks))
}
