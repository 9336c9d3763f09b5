//! Does a text say something to whoever reads English, and to whoever reads Chinese?
//!
//! In: a text in both languages. Out: the same, and problems where one of the two says nothing.

use super::Compiler;
use crate::problem::Code;
use crate::schema::Text;
use serde_saphyr::Spanned;
use zizhi_types::topology::Bilingual;

/// Longest text, in characters (our choice: who approves reads it whole on one card).
const CHARS_MAX: usize = 300;

/// What stands where somebody meant to write later.
const PLACEHOLDERS: [&str; 12] = [
    "todo",
    "tbd",
    "tba",
    "fixme",
    "xxx",
    "n/a",
    "nobody",
    "unknown",
    "placeholder",
    "待定",
    "待补充",
    "无",
];

/// Whether a text has no word in it, or only one that holds a place.
pub(super) fn says_nothing(text: &str) -> bool {
    let plain = text
        .trim()
        .trim_end_matches(['.', '!', '…', '。', ':', '：']);
    let words = plain.chars().any(char::is_alphabetic);
    !words || PLACEHOLDERS.contains(&plain.to_lowercase().as_str())
}

/// A Chinese character: the unified ideographs with their first extension.
const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

impl Compiler<'_> {
    pub(super) fn text(&mut self, written: &Text) -> Bilingual {
        let empty = |text: &Spanned<String>| text.value.trim().is_empty();
        for (language, text) in [("English", &written.en), ("Chinese", &written.zh)] {
            if empty(text) {
                self.untold(text, &format!("the {language} text is empty"), "write it");
            } else if says_nothing(&text.value) {
                let message = format!("the {language} text says nothing");
                self.untold(text, &message, "write what it is about");
            } else if text.value.chars().count() > CHARS_MAX {
                let message = format!("the {language} text is longer than {CHARS_MAX} characters");
                let fix = "shorten it: who approves reads it whole";
                self.report(text.referenced.into(), Code::OutOfRange, message, fix);
            }
        }
        let (en, zh) = (&written.en.value, &written.zh.value);
        let told = says_nothing(en) || says_nothing(zh);
        let english = en.chars().filter(char::is_ascii_alphanumeric).count();
        if told {
            // One message a text.
        } else if !zh.chars().any(is_han) && (letters(zh) > 3 || !zh.is_ascii()) {
            self.untold(
                &written.zh,
                "the Chinese text has no Chinese in it",
                "translate it",
            );
        } else if letters(en) > 3 && en.chars().filter(|c| is_han(*c)).count() > english {
            self.untold(
                &written.en,
                "the English text has no English in it",
                "translate it",
            );
        } else if en == zh && letters(en) > 3 {
            self.untold(
                &written.zh,
                "both languages say the same words",
                "translate it",
            );
        }
        Bilingual {
            en: en.clone(),
            zh: zh.clone(),
        }
    }

    fn untold(&mut self, text: &Spanned<String>, message: &str, fix: &str) {
        let fix = format!("{fix}: approvals are read in both languages");
        self.report(text.referenced.into(), Code::OneLanguage, message, fix);
    }
}
