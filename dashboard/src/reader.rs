//! Who reads: the language of one request, and links that keep it.

use axum::extract::{FromRequestParts, Query};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use serde::Deserialize;
use std::convert::Infallible;
use zizhi_types::text::Language;

/// The reader of a page.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Chosen with `?lang=`, or the browser's, or English.
    pub language: Language,
    /// What links end with, so that a chosen language stays chosen: `?lang=zh`, or nothing.
    pub keep: &'static str,
    /// The path of this page.
    pub path: String,
}

#[derive(Deserialize)]
struct Chosen {
    lang: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = Query::<Chosen>::try_from_uri(&parts.uri).ok();
        let chosen = query.and_then(|q| q.0.lang).and_then(|l| l.parse().ok());
        let header = parts.headers.get(ACCEPT_LANGUAGE);
        let accepted = header.and_then(|h| h.to_str().ok()).and_then(preferred);
        Ok(Self {
            language: chosen.or(accepted).unwrap_or_default(),
            keep: chosen.map_or("", suffix),
            path: parts.uri.path().to_owned(),
        })
    }
}

/// The query that chooses a language.
pub const fn suffix(language: Language) -> &'static str {
    match language {
        Language::En => "?lang=en",
        Language::Zh => "?lang=zh",
    }
}

/// The language with the highest quality in an `Accept-Language` header (RFC 9110, 12.5.4); the first of equals.
fn preferred(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for part in header.split(',') {
        let mut pieces = part.split(';').map(str::trim);
        let language = pieces.next().and_then(|tag| tag.parse().ok());
        let quality = pieces
            .find_map(|p| p.strip_prefix("q="))
            .map_or(Some(1.0), |q| q.parse::<f32>().ok());
        if let (Some(language), Some(quality)) = (language, quality)
            && quality > 0.0
            && best.is_none_or(|(q, _)| quality > q)
        {
            best = Some((quality, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_says_what_it_prefers() {
        let zh = Some(Language::Zh);
        assert_eq!(preferred("zh-CN,zh;q=0.9,en;q=0.8"), zh);
        assert_eq!(preferred("fr, en;q=0.3, zh;q=0.7"), zh);
        assert_eq!(preferred("en, zh"), Some(Language::En));
        assert_eq!(preferred("de, fr;q=0.5"), None);
        assert_eq!(preferred("zh;q=0, en;q=x"), None);
    }
}
