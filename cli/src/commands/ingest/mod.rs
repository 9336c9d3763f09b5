//! `zizhi ingest`: what other systems send.

mod decode;

use crate::args::IngestCommand;
use crate::fail::Failure;
use std::process::ExitCode;

/// Runs a command of the group.
pub fn run(command: IngestCommand) -> Result<ExitCode, Failure> {
    match command {
        IngestCommand::Decode(args) => decode::run(args),
    }
}
