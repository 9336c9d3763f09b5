//! `zizhi ingest`: what other systems send.

mod decode;
mod try_;

use crate::args::IngestCommand;
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_types::text::Language;

/// Runs a command of the group.
pub fn run(command: IngestCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        IngestCommand::Decode(args) => decode::run(args),
        IngestCommand::Try(args) => try_::run(args, lang),
    }
}
