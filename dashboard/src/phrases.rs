//! The words of the pages themselves, from `locales/`. What records say comes from [`zizhi_types::text`].

use std::sync::LazyLock;
use zizhi_types::text::{Language, Messages};

const EN_FILE: &str = include_str!("../locales/en.ftl");
const ZH_FILE: &str = include_str!("../locales/zh.ftl");

static TEXTS: LazyLock<Messages> = LazyLock::new(|| Messages::new(EN_FILE, ZH_FILE));

macro_rules! phrases {
    ($($name:ident,)*) => {
        /// Every fixed heading and label of the pages in one language. A template that names one that is not here does not
        /// compile, and the tests hold the files to have every one.
        #[derive(Debug)]
        pub struct Phrases {
            $(#[doc = stringify!($name)] pub $name: &'static str,)*
        }

        impl Phrases {
            /// The texts live as long as the program, as the files in it do.
            fn load(language: Language) -> Self {
                Self { $($name: text(language, &stringify!($name).replace('_', "-"), &[]).leak(),)* }
            }

            #[cfg(test)]
            const NAMES: &[&str] = &[$(stringify!($name),)*];
        }
    };
}

phrases! {
    product,
    tagline,
    other_language,
    skip,
    incidents,
    no_incidents,
    open,
    unknown_cause,
    severity,
    incident,
    cause,
    probability,
    leader,
    since,
    lasted,
    state,
    network,
    records,
    messages,
    dropped,
    version,
    mode,
    seed,
    what,
    violated,
    symptoms,
    object,
    metric,
    observed,
    expected,
    limit,
    onset,
    evidence,
    since_when,
    moment,
    time,
    after,
    opened,
    acted,
    restored,
    ended,
    why,
    supports,
    against,
    nothing,
    other_cause,
    proposed,
    plan,
    playbook,
    from,
    steps,
    cost,
    risk,
    reversible,
    yes,
    no,
    history,
    chosen,
    twin,
    without,
    with,
    decided,
    guard,
    pass,
    refuse,
    reason,
    done,
    verified,
    learned,
    not_yet,
    timeline,
    stage,
    what_happened,
    because_of,
    record,
    who,
    causes,
    effects,
    raw_sources,
    first,
    last,
    as_written,
    position,
    hash,
    quiet,
    damaged,
    torn,
    new_records,
    reload,
    system,
    human,
    both,
    trouble,
    back,
}

static EN: LazyLock<Phrases> = LazyLock::new(|| Phrases::load(Language::En));
static ZH: LazyLock<Phrases> = LazyLock::new(|| Phrases::load(Language::Zh));

/// The words in one language.
pub fn phrases(language: Language) -> &'static Phrases {
    match language {
        Language::En => &EN,
        Language::Zh => &ZH,
    }
}

/// A sentence with places to fill.
pub fn text(language: Language, key: &str, args: &[(&str, &str)]) -> String {
    TEXTS.text(language, key, args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_there_in_both_languages() {
        assert_eq!(Messages::problems(EN_FILE, ZH_FILE), Vec::<String>::new());
        for name in Phrases::NAMES {
            let key = name.replace('_', "-");
            for language in Language::ALL {
                assert!(TEXTS.known(language, &key).is_some(), "{key} in {language}");
            }
        }
    }
}
