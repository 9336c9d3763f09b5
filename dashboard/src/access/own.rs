//! Does a request come from our own pages, and was it sent to us?
//!
//! A browser says where a request comes from, in `Sec-Fetch-Site` (Fetch Metadata) or in `Origin` (RFC 6454); a page of
//! another site can change neither. A foreign name that was made to point here (DNS rebinding) is its own site to a
//! browser, so the name in `Host` is looked at too.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether a page of ours, or a program that is no browser, sent a request that changes something.
pub fn is_own(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, HOST.as_str()) else {
        return false;
    };
    if let Some(site) = text(headers, "sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match text(headers, ORIGIN.as_str()) {
        None => !headers.contains_key(ORIGIN),
        Some(origin) => origin.split_once("://").is_some_and(|(_, at)| at == host),
    }
}

/// Whether the request was sent to us: to `name` behind a proxy, else to an address or `localhost`. One without a host is
/// from no browser.
pub fn is_to_us(headers: &HeaderMap, name: Option<&str>) -> bool {
    if !headers.contains_key(HOST) {
        return true;
    }
    let Some(host) = text(headers, HOST.as_str()) else {
        return false;
    };
    let asked = without_port(host);
    match name {
        Some(name) => asked.eq_ignore_ascii_case(name),
        None => {
            asked.eq_ignore_ascii_case("localhost") || asked.parse::<std::net::IpAddr>().is_ok()
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|h| h.to_str().ok())
}

fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn own(pairs: &[(&'static str, &'static str)]) -> bool {
        is_own(&headers(pairs))
    }

    #[test]
    fn another_sites_page_cannot_order_anything() {
        let here = ("host", "127.0.0.1:8080");
        assert!(own(&[("sec-fetch-site", "same-origin"), here]));
        assert!(!own(&[("sec-fetch-site", "cross-site"), here]));
        assert!(!own(&[("sec-fetch-site", "same-site"), here]));
        assert!(!own(&[("sec-fetch-site", "same-origin")]), "no host");
        assert!(own(&[("origin", "http://127.0.0.1:8080"), here]));
        assert!(!own(&[("origin", "http://evil.example"), here]));
        assert!(!own(&[("origin", "null"), here]));
        assert!(own(&[here]), "a program");
    }

    #[test]
    fn a_foreign_name_that_points_here_shows_and_orders_nothing() {
        for host in [
            "localhost:8080",
            "LOCALHOST",
            "127.0.0.1",
            "[::1]:8080",
            "10.0.0.7:80",
        ] {
            let host = HeaderValue::from_static(host);
            let headers = HeaderMap::from_iter([(HOST, host)]);
            assert!(is_to_us(&headers, None), "{headers:?}");
            assert!(!is_to_us(&headers, Some("zizhi.example")), "{headers:?}");
        }
        for host in [
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
        ] {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert!(!is_to_us(&headers, None), "{host}");
        }
        let named = HeaderMap::from_iter([(HOST, HeaderValue::from_static("Zizhi.example:443"))]);
        assert!(is_to_us(&named, Some("zizhi.example")));
    }
}
