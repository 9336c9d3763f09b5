//! `zizhi explain ZP017`: what does a code of the checker mean?

use crate::commands::{json_line, pick};
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_playbooks::explain::explain;
use zizhi_playbooks::problem::{Code, Severity};
use zizhi_types::text::Language;

/// Whether the word is meant as a code, and not as an incident.
pub fn is_code(word: &str) -> bool {
    word.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("zp"))
}

/// Prints the page of a code.
pub fn run(word: &str, json: bool, lang: Language) -> Result<ExitCode, Failure> {
    let code: Code = word.parse()?;
    let said = explain(code);
    if json {
        let mut value = serde_json::to_value(said)?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert(
                "severity".to_owned(),
                serde_json::to_value(code.severity())?,
            );
        }
        json_line(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let severity = match code.severity() {
        Severity::Error => pick(lang, "error", "错误"),
        Severity::Warning => pick(lang, "warning", "警告"),
    };
    println!(
        "{code} ({severity}): {}\n",
        pick(lang, said.what.en, said.what.zh)
    );
    println!("{}\n", pick(lang, said.why.en, said.why.zh));
    println!("{}\n", pick(lang, "Instead of:", "不要写："));
    println!("{}\n", indented(said.bad));
    println!("{}\n", pick(lang, "write:", "应写："));
    println!("{}", indented(said.good));
    Ok(ExitCode::SUCCESS)
}

fn indented(lines: &str) -> String {
    let lines: Vec<String> = lines.lines().map(|l| format!("    {l}")).collect();
    lines.join("\n")
}
