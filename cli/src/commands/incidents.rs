//! `zizhi incidents`: the incidents of a journal, one a line.

use super::{json_line, pick};
use crate::args::JournalArgs;
use crate::fail::Failure;
use crate::journals;
use std::process::ExitCode;
use zizhi_bus::journal;
use zizhi_types::text::{Language, label, object, share};
use zizhi_types::{Incident, incident};

/// Lists the incidents.
pub fn run(args: JournalArgs, lang: Language) -> Result<ExitCode, Failure> {
    let path = journals::existing(args.journal)?;
    let entries = journal::read_all(&path)?;
    let incidents = incident::fold(entries.iter().map(|e| &e.record));
    if args.json {
        for incident in &incidents {
            json_line(incident)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if incidents.is_empty() {
        println!("{}", pick(lang, "no incidents", "没有事件"));
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", table(&incidents, lang));
    Ok(ExitCode::SUCCESS)
}

fn table(incidents: &[Incident], lang: Language) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(match lang {
        Language::En => [
            "incident",
            "opened",
            "cause",
            "probability",
            "ending",
            "restored after",
        ],
        Language::Zh => ["事件", "开始", "根因", "概率", "结局", "恢复用时"],
    });
    for i in incidents {
        let cause = i.cause.as_ref().map_or_else(
            || "?".to_owned(),
            |(o, fault, _)| format!("{}, {}", label(*fault, lang), object(o, lang)),
        );
        let probability = i
            .cause
            .as_ref()
            .map_or_else(|| "-".to_owned(), |(_, _, p)| share(*p));
        let ending = i.ending.map_or_else(
            || pick(lang, "open", "处理中").to_owned(),
            |e| label(e, lang),
        );
        let restored = i.restored.map_or_else(
            || "-".to_owned(),
            |at| format!("{} s", at.since(i.onset) / 1000),
        );
        table.add_row([
            i.id.to_string(),
            i.opened.to_string(),
            cause,
            probability,
            ending,
            restored,
        ]);
    }
    table
}
