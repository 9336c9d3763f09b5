//! How is a problem shown to a person, with the line that it is about?
//!
//! In: problems and the texts they were found in. Out: text with the source line and a caret, in English or Chinese; and
//! [`sarif`] for machines. The command line, the API and an editor all show the same.

mod sarif;

pub use sarif::sarif;

use crate::problem::{Problem, Severity};
use std::fmt::Write as _;
use zizhi_types::text::Language;

/// Longest source line that is shown whole, in characters (our choice: a terminal's width).
const MAX_WIDTH: usize = 100;

/// One problem: `file:line:column`, what is wrong, the line with a caret below the place, and what to write instead.
pub fn text(problem: &Problem, source: &str, lang: Language) -> String {
    let mut out = head(problem, lang);
    if let Some(shown) = shown(problem, source) {
        out.push_str(&shown);
    }
    let fix = match lang {
        Language::En => format!("  fix: {}\n", problem.fix),
        Language::Zh => format!("  改法：{}\n", in_chinese(&problem.fix)),
    };
    out.push_str(&fix);
    out
}

fn head(problem: &Problem, lang: Language) -> String {
    let (line, column) = (problem.place.line, problem.place.column);
    let place = format!("{}:{line}:{column}", problem.file);
    let (code, message) = (problem.code, &problem.message);
    match lang {
        Language::En => format!("{place}: {} {code}: {message}\n", problem.severity),
        Language::Zh => {
            let severity = match problem.severity {
                Severity::Error => "错误",
                Severity::Warning => "警告",
            };
            let what = crate::explain::explain(code).what.zh;
            format!("{place}: {severity} {code}：{what}\n  详情：{message}\n")
        }
    }
}

/// The line and a caret below the column. A caret stands right under wide (Chinese) characters too.
fn shown(problem: &Problem, source: &str) -> Option<String> {
    let index = usize::try_from(problem.place.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(problem.place.column).ok()?.checked_sub(1)?;
    let line: Vec<char> = source.lines().nth(index)?.chars().collect();
    // A long line is cut so that the place stays in sight.
    let start = if column > MAX_WIDTH { column - 20 } else { 0 };
    let end = line.len().min(start + MAX_WIDTH);
    let seen = line.get(start..end)?;
    let visible: String = seen
        .iter()
        .map(|c| if *c == '\t' { ' ' } else { *c })
        .collect();
    let before = line.get(start..column.min(line.len())).unwrap_or_default();
    let pad: usize = before.iter().map(|c| width(*c)).sum();
    let number = problem.place.line.to_string();
    let gutter = " ".repeat(number.len());
    let cut = if start > 0 { "…" } else { "" };
    let mut out = String::new();
    let pad = " ".repeat(pad + cut.chars().count());
    let _ = writeln!(out, "  {number} | {cut}{visible}");
    let _ = writeln!(out, "  {gutter} | {pad}^");
    Some(out)
}

/// Columns that a terminal gives a character: two from the first Chinese sign on.
const fn width(c: char) -> usize {
    if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}')
    {
        2
    } else {
        1
    }
}

/// The frame of the commonest fixes in Chinese; what stands in it is code and stays as it is.
fn in_chinese(fix: &str) -> String {
    let frames = [
        ("did you mean ", "是否应为 "),
        ("write one of ", "可选值："),
        ("put the whole value in quotes: ", "给整个值加引号："),
        ("write ", "写成 "),
        ("remove it", "删除它"),
        ("remove ", "删除 "),
        ("keep one of the two", "两处只保留一处"),
    ];
    let found = frames
        .iter()
        .find_map(|(en, zh)| Some((zh, fix.strip_prefix(en)?)));
    match found {
        Some((zh, rest)) => format!("{zh}{}", rest.trim_end_matches('?')),
        None => fix.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Code, Place};

    #[test]
    fn the_caret_stands_under_the_place_even_after_chinese() {
        let place = Place { line: 2, column: 5 };
        let problem = Problem::new("a.yaml", place, Code::UnknownFault, "unknown", "write it");
        let said = text(&problem, "x: 1\nzh: 绕开\n", Language::En);
        assert_eq!(
            said,
            "a.yaml:2:5: error ZP004: unknown\n  2 | zh: 绕开\n    |     ^\n  fix: write it\n"
        );
        let later = Problem {
            place: Place { line: 2, column: 6 },
            ..problem
        };
        let said = text(&later, "x: 1\nzh: 绕开\n", Language::Zh);
        assert!(said.contains("  2 | zh: 绕开\n    |       ^\n"), "{said}");
        assert!(said.contains("错误 ZP004"), "{said}");
    }

    #[test]
    fn a_place_outside_the_text_shows_no_line() {
        let problem = Problem::new("a.yaml", Place::default(), Code::Yaml, "what", "fix");
        assert_eq!(
            text(&problem, "", Language::En),
            "a.yaml:0:0: error ZP001: what\n  fix: fix\n"
        );
    }
}
