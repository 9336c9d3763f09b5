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
