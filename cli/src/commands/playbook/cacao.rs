//! `zizhi playbook export cacao` and `import cacao`.

use super::super::{FOUND, pick};
use super::situation::{read, write_new};
use crate::args::authoring::{ExportCommand, ForeignArgs, ImportCommand};
use crate::fail::Failure;
use std::process::ExitCode;
use zizhi_playbooks::cacao;
use zizhi_playbooks::catalog::lint;
use zizhi_types::text::Language;

/// Writes a playbook as CACAO.
pub fn export(command: ExportCommand) -> Result<ExitCode, Failure> {
    let ExportCommand::Cacao(args) = command;
    let (name, text) = read(&args.file)?;
    let json = cacao::export(&name, &text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    give(&args, &serde_json::to_string_pretty(&json)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads a playbook from CACAO; what is left to do is told on standard error, so that the draft can be piped.
pub fn import(command: ImportCommand, lang: Language) -> Result<ExitCode, Failure> {
    let ImportCommand::Cacao(args) = command;
    let (name, text) = read(&args.file)?;
    let draft = cacao::import(&name, &text)?;
    give(&args, &draft.text)?;
    for note in &draft.notes {
        eprintln!("{}", pick(lang, &note.en, &note.zh));
    }
    let (_, problems) = lint(&name, &draft.text);
    for problem in &problems {
        eprintln!("{problem}");
    }
    let left = !draft.notes.is_empty() || problems.iter().any(zizhi_playbooks::Problem::is_error);
    Ok(if left {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn give(args: &ForeignArgs, text: &str) -> Result<(), Failure> {
    if let Some(file) = &args.output {
        return write_new(file, &format!("{}\n", text.trim_end()));
    }
    println!("{}", text.trim_end());
    Ok(())
}
