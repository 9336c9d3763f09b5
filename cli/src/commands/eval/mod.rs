//! `zizhi eval`: one file a command.

mod learn;
mod papers;
mod rca;
mod run;

use crate::args::EvalCommand;
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_types::text::Language;

/// Runs a command of `eval`.
pub fn run(command: EvalCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        EvalCommand::Rca(args) => rca::run(args, lang),
        EvalCommand::Papers(args) => papers::run(args, lang),
        EvalCommand::Learn(args) => learn::run(args, lang),
        EvalCommand::Run(args) => run::run(args, lang),
    }
}
