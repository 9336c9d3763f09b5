//! The journal in the reader's language: every word and every record as English or Chinese text.
//!
//! In: typed words and [`Record`]s. Out: labels and sentences, from `locales/en.ftl` and `locales/zh.ftl`.
//! The command line and the dashboard call it. It never fails and never panics: a text that is missing
//! comes out as its own key, so a reader still sees what was meant.

mod quantity;
mod reason;
mod record;
mod word;

pub use quantity::{duration, probability, quantity, share};
pub use reason::{guard, reason};
pub use record::sentence;
pub use word::{Word, action, agent, hypothesis, label, object, violation};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

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

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> =
    LazyLock::new(|| bundle(Language::En, include_str!("../locales/en.ftl")));
static CHINESE: LazyLock<Bundle> =
    LazyLock::new(|| bundle(Language::Zh, include_str!("../locales/zh.ftl")));

fn bundle(language: Language, source: &str) -> Bundle {
    // Both tags parse; the default is the neutral language, whose plural rules would still give a text.
    let tag: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The marks that keep right-to-left text apart would show up as boxes in logs and files.
    bundle.set_use_isolating(false);
    // What parses is used even if a line does not; the tests hold both files to parse without errors.
    let resource =
        FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

fn texts(language: Language) -> &'static Bundle {
    match language {
        Language::En => &ENGLISH,
        Language::Zh => &CHINESE,
    }
}

/// The text of `key`, and whether it came out whole.
fn try_format(language: Language, key: &str, args: Option<&FluentArgs<'_>>) -> (String, bool) {
    let bundle = texts(language);
    let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else {
        return (key.to_owned(), false);
    };
    let mut problems = vec![];
    let text = bundle.format_pattern(pattern, args, &mut problems);
    (text.into_owned(), problems.is_empty())
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
