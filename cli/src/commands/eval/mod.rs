//! `zizhi eval`: one file a command.

mod anomaly;
mod generate;
mod learn;
mod papers;
mod rca;
mod run;
mod scenarios;

use crate::args::EvalCommand;
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_types::text::Language;

/// Runs a command of `eval`.
pub fn run(command: EvalCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        EvalCommand::Generate(args) => generate::run(&args, lang),
        EvalCommand::Scenarios(args) => scenarios::run(&args, lang),
        EvalCommand::Anomaly(args) => anomaly::run(args, lang),
        EvalCommand::Rca(args) => rca::run(args, lang),
        EvalCommand::Papers(args) => papers::run(args, lang),
        EvalCommand::Learn(args) => learn::run(args, lang),
        EvalCommand::Run(args) => run::run(args, lang),
    }
}
