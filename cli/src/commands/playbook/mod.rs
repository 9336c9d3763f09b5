//! `zizhi playbook`: what may be done, and whether a file says it well. One file a command.

pub mod explain_code;
mod lint;
mod list;
pub mod promote;
mod schema;

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
        PlaybookCommand::Promote(args) => promote::run(args, lang),
    }
}
