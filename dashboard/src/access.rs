//! Who is asking, and does the request come from our own pages?

use crate::failure::Failure;
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// Who may come in.
#[derive(Debug, Clone)]
pub enum Access {
    /// Whoever reaches the port, which is on loopback only, under this name.
    Local {
        /// The name that records of their orders carry.
        name: String,
    },
}

impl Default for Access {
    fn default() -> Self {
        Self::Local {
            name: "local".to_owned(),
        }
    }
}

/// Who is asking.
#[derive(Debug, Clone)]
pub struct Person {
    /// As records name them.
    pub name: String,
}

impl FromRequestParts<Arc<crate::House>> for Person {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        _: &mut Parts,
        house: &Arc<crate::House>,
    ) -> Result<Self, Self::Rejection> {
        let Access::Local { name } = &house.access;
        Ok(Self { name: name.clone() })
    }
}

/// Lets a request that changes something pass only if it comes from our own pages, or from a program that is no browser.
///
/// A browser says where a request comes from, in `Sec-Fetch-Site` (Fetch Metadata) or in `Origin` (RFC 6454); a page of
/// another site can change neither.
pub async fn own_pages_only(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe || is_own(request.headers()) {
        next.run(request).await
    } else {
        crate::api::ApiFailure::from(Failure::OtherSite).into_response()
    }
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|h| h.to_str().ok());
    if !text(HOST.as_str()).is_some_and(is_here) {
        return false;
    }
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match text(ORIGIN.as_str()) {
        None => true,
        Some(origin) => {
            let host = text(HOST.as_str());
            host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, at)| at == host))
        }
    }
}

/// An address or `localhost`: a foreign name that was made to point here (DNS rebinding) is its own site to a browser.
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn own(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        is_own(&headers)
    }

    #[test]
    fn another_sites_page_cannot_order_anything() {
        let here = ("host", "127.0.0.1:8080");
        assert!(own(&[("sec-fetch-site", "same-origin"), here]));
        assert!(!own(&[("sec-fetch-site", "cross-site"), here]));
        assert!(!own(&[("sec-fetch-site", "same-site"), here]));
        assert!(!own(&[("sec-fetch-site", "same-origin")]), "no host");
        assert!(own(&[
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));
        assert!(!own(&[
            ("origin", "http://evil.example"),
            ("host", "127.0.0.1:8080")
        ]));
        assert!(!own(&[("origin", "null"), ("host", "127.0.0.1:8080")]));
        assert!(own(&[("host", "127.0.0.1:8080")]), "a program");
    }

    #[test]
    fn a_foreign_name_that_points_here_orders_nothing() {
        let same = ("sec-fetch-site", "same-origin");
        for host in [
            "localhost:8080",
            "LOCALHOST",
            "127.0.0.1",
            "[::1]:8080",
            "10.0.0.7:80",
        ] {
            assert!(own(&[same, ("host", host)]), "{host}");
        }
        for host in [
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
        ] {
            assert!(!own(&[same, ("host", host)]), "{host}");
        }
    }
}
