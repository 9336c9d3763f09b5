//! `zizhi playbook list`: which remedies are there?

use crate::args::PlaybookListArgs;
use crate::commands::{json_line, pick};
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_playbooks::page::page;
use zizhi_playbooks::{Catalog, catalog};
use zizhi_types::text::{Language, label};

pub fn run(args: &PlaybookListArgs, lang: Language) -> Result<ExitCode, Failure> {
    if args.page {
        print!("{}", page(catalog::shipped().iter().copied(), lang));
        return Ok(ExitCode::SUCCESS);
    }
    let catalog = match &args.playbooks {
        Some(folder) => Catalog::load_dir(folder)?,
        None => Catalog::builtin()?,
    };
    for playbook in catalog.playbooks() {
        let title = pick(lang, &playbook.title.en, &playbook.title.zh);
        let faults: Vec<String> = playbook.faults.iter().map(|f| label(*f, lang)).collect();
        if args.json {
            json_line(&serde_json::json!({
                "id": playbook.id, "version": playbook.version, "title": playbook.title,
                "domain": playbook.domain, "faults": playbook.faults, "mode": playbook.mode,
                "risk": playbook.risk, "cost_tokens": playbook.cost_tokens, "temporary": playbook.temporary,
            }))?;
        } else {
            println!(
                "{:<34} {:<9} {title} ({})",
                playbook.reference(),
                label(playbook.mode, lang),
                faults.join(", ")
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
