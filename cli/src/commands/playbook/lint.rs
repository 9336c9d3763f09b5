//! `zizhi playbook lint`: what is wrong with these files, where, and what to write instead?
//!
//! Files that are named together are checked against each other too, as when a folder is loaded.

use super::situation::files;
use crate::args::{LintOutput, PlaybookLintArgs};
use crate::commands::{FOUND, json_line, pick};
use crate::fail::Failure;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use zizhi_playbooks::catalog::lint_all;
use zizhi_playbooks::{Playbook, Problem, report};
use zizhi_types::text::Language;

/// Checks and prints. Exit code 3 if there is an error; warnings do not count.
pub fn run(args: &PlaybookLintArgs, lang: Language) -> Result<ExitCode, Failure> {
    let texts = read(&args.paths)?;
    let (playbooks, problems) = lint_all(texts.iter().map(|(f, t)| (f.as_str(), t.as_str())));
    let output = if args.json {
        LintOutput::Json
    } else {
        args.output
    };
    match output {
        LintOutput::Text => for_people(&texts, &playbooks, &problems, lang),
        LintOutput::Json => problems.iter().try_for_each(json_line)?,
        LintOutput::Sarif => {
            let log = report::sarif(&problems, env!("CARGO_PKG_VERSION"));
            println!("{}", serde_json::to_string_pretty(&log)?);
        }
    }
    let errors = problems.iter().any(Problem::is_error);
    Ok(if errors {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn for_people(
    texts: &BTreeMap<String, String>,
    playbooks: &[Playbook],
    problems: &[Problem],
    lang: Language,
) {
    for problem in problems {
        let source = texts.get(&problem.file).map(String::as_str);
        println!(
            "{}",
            report::text(problem, source.unwrap_or_default(), lang)
        );
    }
    for file in texts
        .keys()
        .filter(|f| problems.iter().all(|p| p.file != **f))
    {
        let reference = playbooks.iter().find(|p| p.file == *file);
        let reference = reference.map(Playbook::reference).unwrap_or_default();
        println!("{file}: {} ({reference})", pick(lang, "good", "良好"));
    }
    let errors = problems.iter().filter(|p| p.is_error()).count();
    let (files, warnings) = (texts.len(), problems.len() - errors);
    println!(
        "{}",
        match lang {
            Language::En => format!(
                "files: {files}, errors: {errors}, warnings: {warnings}{}",
                hint(problems, "; what a code means: zizhi explain ")
            ),
            Language::Zh => format!(
                "文件 {files} 个，错误 {errors} 个，警告 {warnings} 个{}",
                hint(problems, "；查看代码含义：zizhi explain ")
            ),
        }
    );
}

fn hint(problems: &[Problem], words: &str) -> String {
    let first = problems.first();
    first.map_or_else(String::new, |p| format!("{words}{}", p.code))
}

/// The files by name; of a folder, its own `.yaml` and `.yml` files.
fn read(paths: &[PathBuf]) -> Result<BTreeMap<String, String>, Failure> {
    let mut texts = BTreeMap::new();
    for path in files(paths)? {
        let name = path.display().to_string();
        let bytes = std::fs::read(&path).map_err(|e| format!("cannot read {name}: {e}"))?;
        let text = String::from_utf8(bytes)
            .map_err(|e| format!("cannot read {name}: {e}: save it as UTF-8"))?;
        texts.insert(name, text);
    }
    if texts.is_empty() {
        return Err(
            "no .yaml file there: name a playbook, or a folder with some"
                .to_owned()
                .into(),
        );
    }
    Ok(texts)
}
