//! `zizhi eval`: one file a command.

mod generate;
mod scenarios;

use crate::args::EvalCommand;
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_types::text::Language;

/// Runs a command of `eval`.
pub fn run(command: EvalCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        EvalCommand::Scenarios(args) => scenarios::run(&args, lang),
        EvalCommand::Generate(args) => generate::run(&args, lang),
    }
}
