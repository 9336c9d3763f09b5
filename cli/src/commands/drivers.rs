//! `zizhi drivers`: may this file change a network, and what exactly would it do?
//!
//! Neither command makes anything that could act: a script is data, and only `zizhi run` has what carries it out.

use super::{FOUND, json_line, pick};
use crate::args::DriversCommand;
use crate::args::drivers::{DriversTryArgs, SandboxExecArgs};
use crate::fail::Failure;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zizhi_playbooks::drivers::script::{Declares, Undo, Want};
use zizhi_playbooks::drivers::{Drivers, Finding, Script, check, sandbox};
use zizhi_types::action::{Action, Value};
use zizhi_types::text::Language;

/// Runs a drivers command.
pub fn run(command: DriversCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        DriversCommand::Check { files, json } => check_all(&files, json, lang),
        DriversCommand::Try(args) => try_one(args, lang),
    }
}

/// The inside of a sandbox: ends as the program ends.
pub fn enter(args: &SandboxExecArgs) -> ExitCode {
    match sandbox::enter(&args.spec) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            crate::fail::tell(&error);
            ExitCode::from(sandbox::NOT_STARTED)
        }
    }
}

/// Reads and checks a file.
pub fn read(file: &Path) -> Result<Result<Drivers, Vec<Finding>>, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|e| format!("cannot read {name}: {e}"))?;
    Ok(check(&name, &text))
}

fn check_all(files: &[PathBuf], json: bool, lang: Language) -> Result<ExitCode, Failure> {
    let mut good = true;
    for file in files {
        match read(file)? {
            Ok(_) if json => {}
            Ok(_) => println!("{}: {}", file.display(), pick(lang, "good", "没有问题")),
            Err(findings) => {
                good = false;
                tell(&findings, json)?;
            }
        }
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

fn tell(findings: &[Finding], json: bool) -> Result<(), Failure> {
    for finding in findings {
        if json {
            json_line(finding)?;
        } else {
            println!("{finding}");
        }
    }
    Ok(())
}

fn try_one(args: DriversTryArgs, lang: Language) -> Result<ExitCode, Failure> {
    let drivers = match read(&args.file)? {
        Ok(drivers) => drivers,
        Err(findings) => {
            tell(&findings, args.json)?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let action = action(&args)?;
    match drivers.script("dry-run", &action) {
        Ok(script) if args.json => json_line(&script)?,
        Ok(script) => show(&script, &action, lang),
        Err(refusal) => {
            if args.json {
                json_line(&serde_json::json!({ "refused": refusal.to_string() }))?;
            } else {
                println!("{}: {refusal}", pick(lang, "refused", "拒绝"));
            }
            return Ok(ExitCode::from(FOUND));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn action(args: &DriversTryArgs) -> Result<Action, Failure> {
    let params = args.verb.params();
    let mut action = Action::new(args.verb, args.on.clone());
    for (name, value) in &args.set {
        if !params.contains(&name.as_str()) {
            let known = params.join(", ");
            return Err(format!("{} takes no `{name}`; it takes [{known}]", args.verb).into());
        }
        let value = value
            .parse()
            .map_or_else(|_| Value::Text(value.clone()), Value::Number);
        action = action.with(name, value);
    }
    match params.iter().find(|p| !action.params.contains_key(**p)) {
        Some(missing) => Err(format!("{} needs --set {missing}=…", args.verb).into()),
        None => Ok(action),
    }
}

fn show(script: &Script, action: &Action, lang: Language) {
    let say = |en, zh| pick(lang, en, zh);
    println!(
        "{action} -> {} ({})",
        script.driver,
        promises(script.declares, lang)
    );
    println!("{}", say("reads, before and after:", "操作前后读取："));
    for reading in &script.readings {
        let want = match &reading.want {
            Want::Text(text) => format!(" {} {text}", say("must be", "应为")),
            Want::Number(number) => format!(" {} {number}", say("must be", "应为")),
            Want::Changed => format!(" {}", say("must change", "应有变化")),
            Want::Anything => String::new(),
        };
        println!("  {}{want}: {}", reading.label, reading.call);
    }
    println!("{}", say("sends, in this order:", "依次发送："));
    for call in &script.calls {
        println!("  {call}");
    }
    let undo = match &script.undo {
        Undo::Nothing => say("none", "无").to_owned(),
        Undo::Back { param, .. } if lang == Language::Zh => {
            format!("{}，{param} 恢复为操作前读取的值", action.verb)
        }
        Undo::Back { param, .. } => {
            format!("{} with {param} as it was read before", action.verb)
        }
        Undo::Action(back) => back.to_string(),
        Undo::Choose { label, choices } => {
            let each = choices
                .iter()
                .map(|(value, back)| format!("{label}={value}: {back}"));
            each.collect::<Vec<_>>().join("; ")
        }
    };
    println!("{}{undo}", say("undo: ", "回退："));
}

fn promises(declares: Declares, lang: Language) -> String {
    let say = |yes, en, zh, not_en, not_zh| {
        if yes {
            pick(lang, en, zh)
        } else {
            pick(lang, not_en, not_zh)
        }
    };
    let words = [
        say(
            declares.idempotent,
            "idempotent",
            "幂等",
            "not idempotent",
            "非幂等",
        ),
        say(
            declares.reversible,
            "reversible",
            "可回退",
            "not reversible",
            "不可回退",
        ),
        say(
            declares.compared,
            "compared after",
            "操作后比对",
            "not compared",
            "不比对",
        ),
    ];
    words.join(pick(lang, ", ", "、"))
}
