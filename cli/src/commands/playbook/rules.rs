//! `zizhi playbook rules`: are they sound, and what follows from these alarms?

use super::super::{FOUND, json_line, pick};
use super::situation::network_named;
use crate::args::authoring::{RulesCommand, RulesTryArgs};
use crate::fail::Failure;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use zizhi_playbooks::Problem;
use zizhi_playbooks::rules::{Alarm, Conclusions, Rules, evaluate};
use zizhi_types::ManagedObject;
use zizhi_types::text::Language;

/// Checks or tries rules.
pub fn run(command: RulesCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        RulesCommand::Check { files, json } => match read(&files)? {
            Ok(rules) => {
                good(&rules, json, lang)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(problems) => refused(&problems, json),
        },
        RulesCommand::Try(args) => match read(&args.files)? {
            Ok(rules) => attempt(&rules, &args, lang),
            Err(problems) => refused(&problems, args.json),
        },
    }
}

fn read(files: &[PathBuf]) -> Result<Result<Rules, Vec<Problem>>, Failure> {
    let mut texts = vec![];
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|e| format!("cannot read {name}: {e}"))?;
        texts.push((name, text));
    }
    Ok(Rules::read(&texts))
}

fn good(rules: &Rules, json: bool, lang: Language) -> Result<(), Failure> {
    let (rules, layers) = (rules.len(), rules.layers());
    if json {
        return json_line(&serde_json::json!({"rules": rules, "layers": layers}));
    }
    match lang {
        Language::En => println!("good: {rules} rules in {layers} layers"),
        Language::Zh => println!("检查通过：{rules} 条规则，分 {layers} 层"),
    }
    Ok(())
}

fn refused(problems: &[Problem], json: bool) -> Result<ExitCode, Failure> {
    for problem in problems {
        if json {
            json_line(problem)?;
        } else {
            println!("{problem}");
        }
    }
    Ok(ExitCode::from(FOUND))
}

fn attempt(rules: &Rules, args: &RulesTryArgs, lang: Language) -> Result<ExitCode, Failure> {
    let network = network_named(&args.network)?;
    let set = |given: &[(String, ManagedObject)]| -> BTreeSet<Alarm> {
        let each = given.iter().cloned();
        each.map(|(kind, object)| Alarm { kind, object }).collect()
    };
    let states = set(&args.state);
    let found = evaluate(rules, &network, &set(&args.alarm), &states)?;
    if args.json {
        json_line(&found)?;
    } else {
        told(&found, &states, lang);
    }
    let nothing = found.fired.is_empty();
    Ok(if nothing {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn told(found: &Conclusions, given: &BTreeSet<Alarm>, lang: Language) {
    if found.fired.is_empty() {
        println!("{}", pick(lang, "nothing follows", "没有规则命中"));
    }
    for rule in &found.fired {
        println!("{}: {rule}", pick(lang, "rule", "规则"));
    }
    for alarm in &found.deduced {
        println!(
            "  {} {} @ {}",
            pick(lang, "alarm", "推导告警"),
            alarm.kind,
            alarm.object
        );
    }
    for state in found.states.difference(given) {
        println!(
            "  {} {} @ {}",
            pick(lang, "state", "状态"),
            state.kind,
            state.object
        );
    }
    for c in &found.causes {
        let (cause, effect) = (&c.cause, &c.effect);
        println!(
            "  {} {} @ {} → {} @ {}",
            pick(lang, "cause", "因果"),
            cause.kind,
            cause.object,
            effect.kind,
            effect.object
        );
    }
    for request in &found.requests {
        println!(
            "  {} {} @ {}",
            pick(lang, "playbook", "请求预案"),
            request.playbook,
            request.object
        );
    }
}
