//! `zizhi playbook new`: a playbook to begin with.

use super::super::pick;
use super::situation::write_new;
use crate::args::authoring::NewArgs;
use crate::fail::Failure;
use std::path::PathBuf;
use std::process::ExitCode;
use zizhi_playbooks::template;
use zizhi_types::text::Language;

/// Writes it, unless the file is there already.
pub fn run(args: NewArgs, lang: Language) -> Result<ExitCode, Failure> {
    let text = template::text(&args.id, args.domain, args.fault, lang)?;
    let file = args
        .output
        .unwrap_or_else(|| PathBuf::from(format!("{}.yaml", args.id)));
    write_new(&file, &text)?;
    let name = file.display();
    println!("{}: {name}", pick(lang, "written", "已写入"));
    println!(
        "{}:\n  zizhi playbook lint {name}\n  zizhi playbook test {name}",
        pick(lang, "next", "接下来")
    );
    Ok(ExitCode::SUCCESS)
}
