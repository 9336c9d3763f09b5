//! `zizhi playbook`: what may be done, and whether a file says it well. One file a command.

mod cacao;
mod diff;
pub mod explain_code;
mod journal_case;
mod lint;
mod list;
mod new;
pub mod promote;
mod rehearse;
mod rules;
mod schema;
mod situation;
mod test;
mod traffic;
mod try_;

use crate::args::PlaybookCommand;
use crate::fail::Failure;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zizhi_types::text::Language;

/// Runs a playbook command.
pub fn run(command: PlaybookCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        PlaybookCommand::List(args) => list::run(&args, lang),
        PlaybookCommand::Lint(args) => lint::run(&args, lang),
        PlaybookCommand::Schema => schema::run(),
        PlaybookCommand::New(args) => new::run(args, lang),
        PlaybookCommand::Test(args) => test::run(args, lang),
        PlaybookCommand::Try(args) => try_::run(args, lang),
        PlaybookCommand::Rehearse(args) => rehearse::run(args, lang),
        PlaybookCommand::Diff(args) => diff::run(args, lang),
        PlaybookCommand::Export(command) => cacao::export(command),
        PlaybookCommand::Import(command) => cacao::import(command, lang),
        PlaybookCommand::Promote(args) => promote::run(args, lang),
        PlaybookCommand::Rules(command) => rules::run(command, lang),
    }
}

/// The named files, and the playbook files of the named folders.
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
        let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        found.retain(|p| is_yaml(p));
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
