//! `zizhi playbook try`: which playbooks would be called, and why not the others?

use super::super::{FOUND, json_line, pick};
use super::{journal_case, situation};
use crate::args::authoring::TryArgs;
use crate::fail::Failure;
use std::collections::BTreeSet;
use std::process::ExitCode;
use zizhi_models::remedy::{self, Candidate};
use zizhi_playbooks::case::Case;
use zizhi_playbooks::duration::parse_ms;
use zizhi_playbooks::examine::{Obstacle, examine_lasting};
use zizhi_playbooks::{Catalog, PlanDraft, Playbook};
use zizhi_types::text::{Language, label};

/// Tries every playbook on the situation.
pub fn run(args: TryArgs, lang: Language) -> Result<ExitCode, Failure> {
    let catalog = match &args.playbooks {
        Some(folder) => Catalog::load_dir(folder)?,
        None => Catalog::builtin()?,
    };
    let case = match (&args.from, &args.incident) {
        (Some(file), Some(id)) => {
            let network = situation::network_named(&args.situation.network)?;
            journal_case::case(file, id, network)?
        }
        _ => situation::case(&args.situation, None)?,
    };
    let context = case.context();
    let lasted_ms = lasted(&args)?;
    let meant = |p: &&Playbook| p.faults.contains(&case.hypothesis().fault);
    let (mut fit, mut out) = (vec![], vec![]);
    for playbook in catalog.playbooks().iter().filter(meant) {
        match examine_lasting(playbook, case.hypothesis(), &context, lasted_ms) {
            Ok(drafts) => fit.extend(drafts.into_iter().map(|d| (playbook, d))),
            Err(why) => out.push((playbook, why)),
        }
    }
    let others = catalog.playbooks().len() - catalog.playbooks().iter().filter(meant).count();
    let fit = ranked(fit);
    if args.json {
        as_json(&fit, &out)?;
    } else {
        told(&case, &fit, &out, others, lang);
    }
    Ok(if fit.is_empty() {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn lasted(args: &TryArgs) -> Result<u64, Failure> {
    let Some(text) = &args.lasted else {
        return Ok(u64::MAX);
    };
    let wrong = || format!("`{text}` is no duration: write --lasted 30s");
    Ok(parse_ms(text).ok_or_else(wrong)?)
}

/// As a planner without experience offers them; one that has some puts first what helped before.
fn ranked(fit: Vec<(&Playbook, PlanDraft)>) -> Vec<(&Playbook, PlanDraft)> {
    let candidates: Vec<Candidate> = fit
        .iter()
        .map(|(p, _)| Candidate {
            playbook: p.id.clone(),
            features: BTreeSet::new(),
        })
        .collect();
    let order = remedy::rank(&candidates, &[]);
    let mut fit: Vec<Option<_>> = fit.into_iter().map(Some).collect();
    order
        .iter()
        .filter_map(|place| fit.get_mut(place.index)?.take())
        .collect()
}

fn as_json(
    fit: &[(&Playbook, PlanDraft)],
    out: &[(&Playbook, Vec<Obstacle>)],
) -> Result<(), Failure> {
    for (rank, (playbook, draft)) in fit.iter().enumerate() {
        json_line(&serde_json::json!({
            "playbook": playbook.reference(), "fits": true, "rank": rank + 1, "domain": draft.domain,
            "mode": draft.mode, "params": draft.params, "steps": draft.steps, "verify": draft.verify,
        }))?;
    }
    for (playbook, why) in out {
        json_line(&serde_json::json!({
            "playbook": playbook.reference(), "fits": false, "obstacles": why,
        }))?;
    }
    Ok(())
}

fn told(
    case: &Case,
    fit: &[(&Playbook, PlanDraft)],
    out: &[(&Playbook, Vec<Obstacle>)],
    others: usize,
    lang: Language,
) {
    let h = case.hypothesis();
    println!(
        "{}: {} ({:.2}), {}",
        label(h.fault, lang),
        h.object,
        h.probability,
        case.network().name
    );
    for (object, metric, value) in case.values() {
        println!("  {object} {} = {value}", metric.as_str());
    }
    for (rank, (playbook, draft)) in fit.iter().enumerate() {
        fits(rank + 1, playbook, draft, lang);
    }
    for (playbook, why) in out {
        println!(
            "\n✗ {}: {}",
            playbook.reference(),
            pick(lang, &playbook.title.en, &playbook.title.zh)
        );
        for obstacle in why {
            stands_in_the_way(obstacle, lang);
        }
    }
    match lang {
        Language::En => println!(
            "\nfit: {}; do not fit: {}; for other faults: {others}",
            fit.len(),
            out.len()
        ),
        Language::Zh => println!(
            "\n适用 {} 个，不适用 {} 个，另有 {others} 个针对其他故障",
            fit.len(),
            out.len()
        ),
    }
}

fn fits(rank: usize, playbook: &Playbook, draft: &PlanDraft, lang: Language) {
    println!(
        "\n{rank}. {}: {} ({})",
        playbook.reference(),
        pick(lang, &draft.title.en, &draft.title.zh),
        label(draft.mode, lang)
    );
    for (name, value) in &draft.params {
        println!("     {name} = {value}");
    }
    waits(playbook, lang);
    for step in &draft.steps {
        println!("     {}: {}", step.id, step.action);
    }
}

/// What holds it back although it fits.
fn waits(playbook: &Playbook, lang: Language) {
    let hold_s = playbook.hold_ms / 1_000;
    if hold_s > 0 {
        match lang {
            Language::En => println!("     proposed once the symptoms have lasted {hold_s} s"),
            Language::Zh => println!("     症状持续 {hold_s} 秒后才会提出"),
        }
    }
    if let Some(throttle) = playbook.throttle {
        let (once_s, by) = (throttle.once_ms / 1_000, throttle.by.as_str());
        match lang {
            Language::En => println!("     runs once in {once_s} s for one {by}"),
            Language::Zh => println!("     每 {once_s} 秒最多执行一次，按 {by} 计算"),
        }
    }
}

fn stands_in_the_way(obstacle: &Obstacle, lang: Language) {
    let (said, values) = (obstacle.tell(), obstacle.values_told());
    println!("     {}", pick(lang, &said.en, &said.zh));
    if let Obstacle::Condition { number, check, .. } = obstacle {
        println!(
            "       {} {number}: {check}",
            pick(lang, "condition", "条件")
        );
        println!(
            "       {}: {}",
            pick(lang, "it looked at", "所依据的值"),
            pick(lang, &values.en, &values.zh)
        );
    }
}
