//! `zizhi policy check`: what does the operator allow over all playbooks?

use super::{FOUND, json_line, pick};
use crate::args::guard::PolicyCommand;
use crate::fail::Failure;
use std::path::Path;
use std::process::ExitCode;
use zizhi_playbooks::policy::{Policy, PolicyFile};
use zizhi_types::text::{Language, label};

/// Checks a policy.
pub fn run(command: PolicyCommand, lang: Language) -> Result<ExitCode, Failure> {
    let PolicyCommand::Check { file, json } = command;
    let text = text(&file)?;
    let checked = PolicyFile::parse(&text).and_then(|f| Ok((f.compile()?, f)));
    let (policy, read) = match checked {
        Ok(checked) => checked,
        Err(error) if json => {
            json_line(&serde_json::json!({
                "good": false, "place": error.place, "what": error.what, "fix": error.fix,
            }))?;
            return Ok(ExitCode::from(FOUND));
        }
        Err(error) => {
            println!("{}: {error}", file.display());
            return Ok(ExitCode::from(FOUND));
        }
    };
    if json {
        json_line(&serde_json::json!({ "good": true, "policy": read }))?;
    } else {
        tell(&file, &policy, &read, lang);
    }
    Ok(ExitCode::SUCCESS)
}

fn text(file: &Path) -> Result<String, Failure> {
    let read = std::fs::read_to_string(file);
    read.map_err(|e| format!("cannot read policy {}: {e}", file.display()).into())
}

/// Reads a policy that has to be good.
pub fn load(file: &Path) -> Result<PolicyFile, Failure> {
    let read = PolicyFile::parse(&text(file)?);
    read.map_err(|e| format!("{}: {e}", file.display()).into())
}

fn tell(file: &Path, policy: &Policy, read: &PolicyFile, lang: Language) {
    println!("{}: {}", file.display(), pick(lang, "good", "有效"));
    let calendar = &read.calendar;
    match lang {
        Language::En => println!(
            "  {} change windows, {} freezes ({})",
            calendar.windows.len(),
            calendar.freezes.len(),
            calendar.time_zone
        ),
        Language::Zh => println!(
            "  变更窗口 {} 个，封网期 {} 个（{}）",
            calendar.windows.len(),
            calendar.freezes.len(),
            calendar.time_zone
        ),
    }
    for class in &policy.classes {
        let (name, ceiling) = (&class.name, label(class.ceiling, lang));
        match lang {
            Language::En => println!(
                "  class {name}: at most {ceiling}, {} to approve",
                class.people
            ),
            Language::Zh => println!(
                "  对象类别 {name}：最高{ceiling}，需 {} 人批准",
                class.people
            ),
        }
    }
    for (playbook, mode) in &policy.playbooks {
        println!("  {playbook}: {}", label(*mode, lang));
    }
}
