//! `zizhi playbook diff`: what changed in meaning?

use super::super::{FOUND, json_line, pick};
use super::situation::read;
use crate::args::authoring::DiffArgs;
use crate::fail::Failure;
use serde_json::Value as Json;
use std::process::ExitCode;
use zizhi_playbooks::diff::{Change, Direction, diff};
use zizhi_types::text::Language;

/// Compares two files.
pub fn run(args: DiffArgs, lang: Language) -> Result<ExitCode, Failure> {
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let changes = diff((&old.0, &old.1), (&new.0, &new.1)).map_err(|p| p.to_string())?;
    for change in &changes {
        if args.json {
            json_line(change)?;
        } else {
            told(change, lang);
        }
    }
    if changes.is_empty() && !args.json {
        println!("{}", pick(lang, "no change of meaning", "含义没有变化"));
    }
    let looser = changes.iter().any(|c| c.direction == Direction::Looser);
    Ok(if looser {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn told(change: &Change, lang: Language) {
    let mark = match change.direction {
        Direction::Looser => pick(lang, "LOOSER ", "放宽"),
        Direction::Tighter => pick(lang, "tighter", "收紧"),
        Direction::Other => pick(lang, "changed", "改动"),
    };
    let value = |v: &Option<Json>| match v {
        None => pick(lang, "nothing", "无").to_owned(),
        Some(Json::String(text)) if text.is_empty() => "\"\"".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    println!(
        "{mark}  {}: {} → {}",
        change.field,
        value(&change.old),
        value(&change.new)
    );
}
