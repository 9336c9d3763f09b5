//! `zizhi playbook`: what may be done, and whether a file says it well.

mod cacao;
mod diff;
mod journal_case;
mod new;
mod rehearse;
mod rules;
mod situation;
mod test;
mod traffic;
mod try_;

use super::{FOUND, json_line, pick};
use crate::args::PlaybookCommand;
use crate::fail::Failure;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zizhi_playbooks::Catalog;
use zizhi_playbooks::catalog::lint;
use zizhi_types::text::{Language, label};

/// Runs a playbook command.
pub fn run(command: PlaybookCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        PlaybookCommand::List(args) => {
            let catalog = match &args.playbooks {
                Some(folder) => Catalog::load_dir(folder)?,
                None => Catalog::builtin()?,
            };
            list(&catalog, args.json, lang)
        }
        PlaybookCommand::Lint { paths, json } => check(&paths, json),
        PlaybookCommand::New(args) => new::run(args, lang),
        PlaybookCommand::Test(args) => test::run(args, lang),
        PlaybookCommand::Try(args) => try_::run(args, lang),
        PlaybookCommand::Rehearse(args) => rehearse::run(args, lang),
        PlaybookCommand::Diff(args) => diff::run(args, lang),
        PlaybookCommand::Export(command) => cacao::export(command),
        PlaybookCommand::Import(command) => cacao::import(command, lang),
        PlaybookCommand::Rules(command) => rules::run(command, lang),
    }
}

fn list(catalog: &Catalog, json: bool, lang: Language) -> Result<ExitCode, Failure> {
    for playbook in catalog.playbooks() {
        let title = pick(lang, &playbook.title.en, &playbook.title.zh);
        let faults: Vec<String> = playbook.faults.iter().map(|f| label(*f, lang)).collect();
        if json {
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

fn check(paths: &[PathBuf], json: bool) -> Result<ExitCode, Failure> {
    let mut errors = 0;
    for path in files(paths)? {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).map_err(|e| format!("cannot read {name}: {e}"))?;
        let (playbook, problems) = lint(&name, &text);
        for problem in &problems {
            errors += usize::from(problem.is_error());
            if json {
                json_line(problem)?;
            } else {
                println!("{problem}");
            }
        }
        if problems.is_empty() && !json {
            println!(
                "{name}: good{}",
                playbook
                    .map(|p| format!(" ({})", p.reference()))
                    .unwrap_or_default()
            );
        }
    }
    Ok(if errors > 0 {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = vec![];
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries =
            std::fs::read_dir(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let is_yaml = |p: &Path| p.extension().is_some_and(|x| x == "yaml" || x == "yml");
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .map(|e| e.path())
            .filter(|p| is_yaml(p))
            .collect();
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
