//! `zizhi audit verify`: was the journal touched?

use super::{FOUND, json_line, pick};
use crate::args::{AuditArgs, AuditCommand};
use crate::fail::Failure;
use crate::journals;
use std::process::ExitCode;
use zizhi_bus::journal::{self, State};
use zizhi_types::text::Language;

/// Audits a journal.
pub fn run(command: AuditCommand, lang: Language) -> Result<ExitCode, Failure> {
    let AuditCommand::Verify(AuditArgs { file, json }) = command;
    let path = journals::existing(file)?;
    let audit = journal::audit(&path)?;
    if json {
        json_line(&audit)?;
    } else {
        let entries = audit.entries;
        let verdict = match (&audit.damage, audit.state) {
            (Some(damage), _) => {
                let word = pick(lang, "DAMAGED", "已损坏");
                format!("{word}: {damage}")
            }
            (None, Some(State::Open)) => pick(
                lang,
                "whole, but not closed: a swarm is writing it, or its process was killed",
                "完整，但未封存：仍在写入，或进程曾被终止",
            )
            .to_owned(),
            (None, _) => pick(lang, "whole and sealed", "完整且已封存").to_owned(),
        };
        let records = pick(lang, "records", "条记录");
        println!("{}: {entries} {records}, {verdict}", path.display());
    }
    Ok(if audit.damage.is_some() {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}
