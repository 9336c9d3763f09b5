//! `zizhi eval scenarios`: what is in a suite.

use crate::args::eval::EvalScenariosArgs;
use crate::commands::{json_line, pick};
use crate::fail::Failure;
use std::collections::BTreeSet;
use std::process::ExitCode;
use zizhi_evaluation::scenario::{Scenario, suite};
use zizhi_types::text::{Language, label};
use zizhi_types::{Domain, FaultKind};

/// Runs `zizhi eval scenarios`.
pub fn run(args: &EvalScenariosArgs, lang: Language) -> Result<ExitCode, Failure> {
    let scenarios = suite(&args.suite)?;
    for scenario in &scenarios {
        if args.json {
            json_line(&line(scenario))?;
        } else {
            print(scenario, lang);
        }
    }
    if !args.json {
        let count = scenarios.len();
        match lang {
            Language::En => println!("{count} scenarios"),
            Language::Zh => println!("共 {count} 个场景"),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Domains in which something is wrong.
fn domains(scenario: &Scenario) -> BTreeSet<Domain> {
    scenario.faults.iter().map(|f| f.object.domain()).collect()
}

fn line(s: &Scenario) -> serde_json::Value {
    let faults: Vec<FaultKind> = s.faults.iter().map(|f| f.kind).collect();
    serde_json::json!({
        "name": s.name, "network": s.network, "shape": s.shape, "domains": domains(s), "faults": faults,
        "title": s.title, "description": s.description, "seed": s.seed, "objectives": s.objectives, "budget": s.budget,
    })
}

fn print(s: &Scenario, lang: Language) {
    let domains: Vec<String> = domains(s).into_iter().map(|d| label(d, lang)).collect();
    let comma = pick(lang, ", ", "、");
    println!("{}", s.name);
    println!(
        "  {} | {} | {} | {}",
        s.network,
        s.shape.as_str(),
        domains.join(comma),
        pick(lang, &s.title.en, &s.title.zh)
    );
}
