//! The journal in the reader's language: every word and every record as English or Chinese text.
//!
//! In: typed words and [`Record`]s. Out: labels and sentences, from `locales/en.ftl` and `locales/zh.ftl`.
//! The command line and the dashboard call it. It never fails and never panics: a text that is missing
//! comes out as its own key, so a reader still sees what was meant.

mod messages;
mod quantity;
mod reason;
mod record;
mod word;

pub use messages::Messages;
pub use quantity::{duration, probability, quantity, share};
pub use reason::{guard, reason};
pub use record::sentence;
pub use word::{Word, action, agent, hypothesis, label, object, violation};

use fluent_bundle::FluentArgs;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A language that Zizhi speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese, simplified.
    Zh,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The BCP 47 tag, as `lang` attributes and the command line use it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no language that Zizhi speaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language `{0}`: write en or zh")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads the primary part of a tag or a locale: `zh`, `zh-CN` and `zh_CN.UTF-8` are all Chinese.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let primary = text.split(['-', '_', '.']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|l| primary.eq_ignore_ascii_case(l.as_str()))
            .ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}

static TEXTS: LazyLock<Messages> = LazyLock::new(|| {
    Messages::new(
        include_str!("../locales/en.ftl"),
        include_str!("../locales/zh.ftl"),
    )
});

/// The text of `key`, and whether it came out whole.
fn try_format(language: Language, key: &str, args: Option<&FluentArgs<'_>>) -> (String, bool) {
    TEXTS.try_format(language, key, args)
}

/// The text of `key`; the key itself where there is none.
fn format(language: Language, key: &str, args: &FluentArgs<'_>) -> String {
    try_format(language, key, Some(args)).0
}

/// The text of `key` if it exists, else `otherwise` as it is.
fn known_or(language: Language, key: &str, otherwise: &str) -> String {
    match try_format(language, key, None) {
        (text, true) => text,
        _ => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests;
