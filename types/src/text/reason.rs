//! Reasons: sentences that other packages wrote in English, told in the reader's language where we know them.
//!
//! A reason is found again by its words: what varies in it (numbers, objects, ids) is taken out and put back into
//! the translation. A reason that is not in the locale files, such as what a person typed, is told as it was written.

use super::{Language, known_or, object, try_format};
use crate::object::ManagedObject;
use fluent_bundle::FluentArgs;

/// A reason in the reader's language, without the full stop that its sentence brings itself.
///
/// A list such as `<playbook>: <reason>; <playbook>: <reason>` is told part by part.
pub fn reason(text: &str, language: Language) -> String {
    let told = |part: &str| match part.split_once(": ") {
        Some((playbook, why)) if playbook.contains('@') => {
            format!("{playbook}: {}", one(why, language))
        }
        _ => one(part, language),
    };
    if text.contains('@') {
        let parts: Vec<String> = text.split("; ").map(told).collect();
        return parts.join("; ");
    }
    one(text, language)
}

fn one(text: &str, language: Language) -> String {
    let text = bare(text);
    let (key, parts) = template(text, language);
    let mut args = FluentArgs::new();
    for (index, part) in parts.into_iter().enumerate() {
        args.set(format!("x{}", index + 1), part);
    }
    match try_format(language, &key, Some(&args)) {
        (told, true) => told,
        _ => text.to_owned(),
    }
}

/// The name of a guard.
pub fn guard(name: &str, language: Language) -> String {
    known_or(language, &format!("guard-{name}"), name)
}

/// A reason without its full stop.
pub(super) fn bare(reason: &str) -> &str {
    reason.trim_end().trim_end_matches(['.', '。'])
}

/// The key of a reason, and what varies in it, in order.
fn template(text: &str, language: Language) -> (String, Vec<String>) {
    let mut key = "reason".to_owned();
    let mut parts = vec![];
    for token in text.split_whitespace() {
        let token = token.trim_end_matches([',', ';', ':']);
        key.push('-');
        if let Some(part) = variable(token, language) {
            parts.push(part);
            key.push('x');
        } else {
            let plain = |c: char| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            };
            key.extend(token.chars().map(plain));
        }
    }
    (key, parts)
}

fn variable(token: &str, language: Language) -> Option<String> {
    const IDS: [&str; 5] = ["inc-", "plan-", "run-", "ano-", "rec-"];
    if let Ok(named) = token.parse::<ManagedObject>() {
        return Some(object(&named, language));
    }
    let counted = token.ends_with(|c: char| c.is_ascii_digit());
    let is_id = counted && IDS.iter().any(|start| token.starts_with(start));
    let is_number = token.parse::<f64>().is_ok();
    // The short form of a fingerprint.
    let is_digest = token.len() == 12 && token.bytes().all(|b| b.is_ascii_hexdigit());
    (is_id || is_number || is_digest).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_reason_is_told_in_the_readers_language() {
        let zh = |text| reason(text, Language::Zh);
        assert_eq!(
            zh("2 remedies were tried without success"),
            "已尝试 2 种处置方案，均未奏效"
        );
        assert_eq!(
            zh("a run of inc-service-1 is at work on link/A-B"),
            "inc-service-1 的处置正在 链路 A-B 上执行"
        );
        assert_eq!(zh("planned-work"), "属计划内作业");
        assert_eq!(
            zh("the newest evidence is 12 s old; at most 60 s are allowed"),
            "最新证据已过 12 秒，上限为 60 秒"
        );
        assert_eq!(
            zh("the plan's content is 1c393c2ab1af"),
            "方案内容的指纹为 1c393c2ab1af"
        );
        assert_eq!(
            zh("the playbook's mode auto is lowered to the ceiling approve"),
            "预案模式“自动”受上限约束，降为“审批”"
        );
        let en = reason(
            "a run of inc-service-1 is at work on link/A-B.",
            Language::En,
        );
        assert_eq!(en, "a run of inc-service-1 is at work on link A-B");
    }

    #[test]
    fn what_a_person_typed_stays_as_it_is() {
        let typed = "Match tonight {$x1}: leave it – 张三.";
        for language in Language::ALL {
            assert_eq!(reason(typed, language), typed.trim_end_matches('.'));
        }
    }
}
