//! `zizhi ingest`: what other systems send.

mod decode;
mod try_;

use crate::args::IngestCommand;
use crate::fail::Failure;
use std::path::PathBuf;
use std::process::ExitCode;
use zizhi_bus::mapping::{Mapper, folder};
use zizhi_types::text::Language;

/// Runs a command of the group.
pub fn run(command: IngestCommand, lang: Language) -> Result<ExitCode, Failure> {
    match command {
        IngestCommand::Decode(args) => decode::run(args),
        IngestCommand::Try(args) => try_::run(args, lang),
    }
}

/// The shipped mapping rules, and those of folders beside them.
pub fn mapper<'p>(own: impl IntoIterator<Item = &'p PathBuf>) -> Result<Mapper, Failure> {
    let mut mapper = Mapper::shipped()?;
    for folder in own {
        folder::load(&mut mapper, folder)?;
    }
    Ok(mapper)
}
