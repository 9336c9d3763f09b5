//! Who reads: the language of one request, and links that keep it.

use axum::extract::{FromRequestParts, Query};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
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
    /// What else was asked for behind the path, without the language.
    asked: Vec<(String, String)>,
    /// The same as it was written.
    rest: String,
}

impl Reader {
    /// What was asked for under this name.
    pub fn asked(&self, name: &str) -> Option<&str> {
        let found = self.asked.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// This page, asked for in the same way, in another language.
    pub fn in_language(&self, language: Language) -> String {
        let rest = if self.rest.is_empty() { "" } else { "&" };
        format!("{}{}{rest}{}", self.path, suffix(language), self.rest)
    }
}

/// A link to `path` with something asked for, that keeps a chosen language.
pub fn link(path: &str, asked: &[(&str, &str)], keep: &str) -> String {
    let mut link = format!("{path}{keep}");
    for (name, value) in asked {
        link.push(if link.contains('?') { '&' } else { '?' });
        // A plus would be read as a space; names of objects have no other character that means something in a query.
        let value = value.replace('+', "%2B");
        link.extend([*name, "=", &value]);
    }
    link
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let asked = query.map(|q| q.0).unwrap_or_default();
        let chosen = asked.iter().find(|(name, _)| name == "lang");
        let chosen = chosen.and_then(|(_, l)| l.parse().ok());
        let pieces = parts.uri.query().unwrap_or_default().split('&');
        let others: Vec<&str> = pieces
            .filter(|p| !p.is_empty() && !p.starts_with("lang="))
            .collect();
        let header = parts.headers.get(ACCEPT_LANGUAGE);
        let accepted = header.and_then(|h| h.to_str().ok()).and_then(preferred);
        Ok(Self {
            language: chosen.or(accepted).unwrap_or_default(),
            keep: chosen.map_or("", suffix),
            path: parts.uri.path().to_owned(),
            rest: others.join("&"),
            asked,
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
    fn a_link_keeps_the_language_and_what_was_asked() {
        assert_eq!(link("/a", &[("x", "1"), ("y", "2")], ""), "/a?x=1&y=2");
        assert_eq!(link("/a", &[("x", "1")], "?lang=zh"), "/a?lang=zh&x=1");
    }

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
