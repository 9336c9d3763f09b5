//! A package's own message files, one in each language.

use super::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// Messages in every language, from Fluent files. Never fails: a text that is missing comes out as its own key.
pub struct Messages {
    english: FluentBundle<FluentResource>,
    chinese: FluentBundle<FluentResource>,
}

impl Messages {
    /// From the text of an English and a Chinese file. What parses is used even if a line does not: the tests of who owns
    /// the files hold them to [`Self::problems`].
    pub fn new(english: &str, chinese: &str) -> Self {
        Self {
            english: bundle(Language::En, english),
            chinese: bundle(Language::Zh, chinese),
        }
    }

    /// The text of `key`; the key itself where there is none. A place without an argument stays visible as `{$name}`.
    pub fn text(&self, language: Language, key: &str, args: &[(&str, &str)]) -> String {
        let mut filled = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            filled.set(*name, *value);
        }
        self.try_format(language, key, Some(&filled)).0
    }

    /// The text of `key` without arguments, if it is there and whole.
    pub fn known(&self, language: Language, key: &str) -> Option<String> {
        match self.try_format(language, key, None) {
            (text, true) => Some(text),
            _ => None,
        }
    }

    /// The text of `key`, and whether it came out whole.
    pub(super) fn try_format(
        &self,
        language: Language,
        key: &str,
        args: Option<&FluentArgs<'_>>,
    ) -> (String, bool) {
        let bundle = match language {
            Language::En => &self.english,
            Language::Zh => &self.chinese,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else {
            return (key.to_owned(), false);
        };
        let mut problems = vec![];
        let text = bundle.format_pattern(pattern, args, &mut problems);
        (text.into_owned(), problems.is_empty())
    }

    /// What is wrong with a pair of files: lines that do not parse, keys that only one of them has, keys that stand twice,
    /// places that only one of them fills. Empty for a good pair.
    pub fn problems(english: &str, chinese: &str) -> Vec<String> {
        let mut found = vec![];
        for (name, source) in [("en", english), ("zh", chinese)] {
            if let Err((_, errors)) = FluentResource::try_new(source.to_owned()) {
                found.extend(errors.iter().map(|e| format!("{name}: {e}")));
            }
        }
        let (en, zh) = (messages_of(english), messages_of(chinese));
        for (n, (key, places)) in en.iter().enumerate() {
            if en.iter().skip(n + 1).any(|(k, _)| k == key) {
                found.push(format!("{key} stands twice"));
            }
            match zh.iter().find(|(k, _)| k == key) {
                None => found.push(format!("{key} is missing in zh")),
                Some((_, other)) if other != places => {
                    found.push(format!("{key}: en fills {places:?}, zh {other:?}"));
                }
                Some(_) => {}
            }
        }
        let missing = zh.iter().filter(|(k, _)| !en.iter().any(|(e, _)| e == k));
        found.extend(missing.map(|(k, _)| format!("{k} is missing in en")));
        found
    }
}

/// Every key with the names of the places in its text, sorted.
fn messages_of(source: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = vec![];
    for line in source.lines() {
        if line.starts_with(|c: char| c.is_ascii_lowercase())
            && let Some((key, _)) = line.split_once('=')
        {
            found.push((key.trim_end(), vec![]));
        }
        let Some((_, places)) = found.last_mut() else {
            continue;
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let names = line.split('$').skip(1);
        places.extend(names.filter_map(|p| p.split(|c| !is_name(c)).next()));
        places.sort_unstable();
        places.dedup();
    }
    found
}

fn bundle(language: Language, source: &str) -> FluentBundle<FluentResource> {
    // Both tags parse; the default is the neutral language, whose plural rules would still give a text.
    let tag: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The marks that keep right-to-left text apart would show up as boxes in logs and files.
    bundle.set_use_isolating(false);
    let resource =
        FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_files_is_held_to_the_same_keys_and_places() {
        let en = "one = One\ntwo = { $count } two\nthree = Three\n";
        let zh = "one = 一\ntwo = { $number } 二\nfour = 四\n";
        assert!(Messages::problems(en, en).is_empty());
        assert_eq!(
            Messages::problems(en, zh),
            [
                "two: en fills [\"count\"], zh [\"number\"]",
                "three is missing in zh",
                "four is missing in en",
            ]
        );
        assert!(!Messages::problems("a = {", "a = {").is_empty());
        assert_eq!(
            Messages::problems("a = 1\na = 2", "a = 1"),
            ["a stands twice"]
        );
    }

    #[test]
    fn what_is_missing_is_shown_as_its_key() {
        let texts = Messages::new("hi = Hello { $who }", "hi = 你好 { $who }");
        assert_eq!(texts.text(Language::Zh, "hi", &[("who", "x")]), "你好 x");
        assert_eq!(texts.text(Language::En, "ho", &[]), "ho");
        assert_eq!(texts.known(Language::En, "hi"), None);
    }
}
