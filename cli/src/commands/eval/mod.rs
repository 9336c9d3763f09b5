//! `zizhi eval`: one file a command.

mod rca;

use crate::args::EvalCommand;
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_types::text::Language;

/// Runs a command of `eval`.
pub fn run(command: EvalCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        EvalCommand::Rca(args) => rca::run(args, lang),
    }
}
