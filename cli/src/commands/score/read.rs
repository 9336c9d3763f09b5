//! What a score is computed from: journals, an instrument, a scope. Everything bad is refused with where and why.

use super::pick;
use crate::fail::Failure;
use crate::journals;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use zizhi_bus::journal::{self, Entry};
use zizhi_evaluation::autonomy::{Instrument, JournalRecords, Scope};
use zizhi_types::FaultKind;
use zizhi_types::domain::Domain;
use zizhi_types::text::Language;

/// A file's text.
pub fn text(path: &Path, what: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|e| format!("cannot read {what} {}: {e}", path.display()).into())
}

/// Writes a file.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()).into())
}

/// A failure with the file it is in.
pub fn in_file(path: &Path, error: impl Display) -> String {
    format!("{}: {error}", path.display())
}

/// The given instrument, or the shipped one.
pub fn instrument(path: Option<&Path>) -> Result<Instrument, Failure> {
    match path {
        None => Ok(Instrument::builtin()?),
        Some(path) => {
            let text = text(path, "instrument")?;
            Ok(Instrument::parse(&text).map_err(|e| in_file(path, e))?)
        }
    }
}

/// What `--scenario` names.
pub fn scope(names: &[String]) -> Result<Scope, Failure> {
    let mut scope = Scope::default();
    if names.iter().any(|n| n == "all") {
        return Ok(scope);
    }
    for name in names {
        if let Ok(domain) = name.parse::<Domain>() {
            scope.domains.push(domain);
        } else if let Ok(fault) = name.parse::<FaultKind>() {
            scope.faults.push(fault);
        } else {
            let faults: Vec<&str> = FaultKind::ALL.iter().map(|f| f.as_str()).collect();
            return Err(format!(
                "unknown scenario `{name}`: write all, a domain (transport, compute, service, access) or a fault ({})",
                faults.join(", ")
            )
            .into());
        }
    }
    Ok(scope)
}

/// The given journals, folders opened; without any the newest run.
pub fn journals(
    given: &[PathBuf],
    allow_damaged: bool,
    lang: Language,
) -> Result<Vec<JournalRecords>, Failure> {
    let paths = if given.is_empty() {
        vec![journals::existing(None)?]
    } else {
        files(given)?
    };
    let names = names(&paths);
    let progress = progress(paths.len());
    let mut ends: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut found = vec![];
    for (path, name) in paths.iter().zip(names) {
        progress.set_message(name.clone());
        let entries = entries(path, allow_damaged, lang)?;
        // The last hash stands for every byte before it: the same history twice would count twice.
        if let Some(end) = entries.last()
            && let Some(other) = ends.insert(end.hash.clone(), path.clone())
        {
            return Err(format!(
                "{} and {} are the same journal: give it once",
                other.display(),
                path.display()
            )
            .into());
        }
        let records = entries.into_iter().map(|e| e.record).collect();
        found.push(JournalRecords { name, records });
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(found)
}

fn progress(files: usize) -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(files as u64)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = vec![];
    for path in given {
        if path.is_dir() {
            let read = std::fs::read_dir(path)
                .map_err(|e| format!("cannot read folder {}: {e}", path.display()))?;
            let mut own: Vec<PathBuf> = read.flatten().map(|e| e.path()).collect();
            own.retain(|p| p.extension().is_some_and(|x| x == "jsonl"));
            own.sort();
            if own.is_empty() {
                return Err(format!("folder {} has no *.jsonl in it", path.display()).into());
            }
            files.extend(own);
        } else {
            files.push(journals::existing(Some(path.clone()))?);
        }
    }
    Ok(files)
}

/// File names, or whole paths where two files share a name.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let short = |p: &PathBuf| p.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = |path: &PathBuf| {
        let alike = paths.iter().filter(|p| short(p) == short(path)).count();
        let own = short(path).filter(|_| alike == 1);
        own.unwrap_or_else(|| path.display().to_string())
    };
    paths.iter().map(name).collect()
}

/// A journal's entries, if it is whole; with leave also up to its first damage.
fn entries(path: &Path, allow_damaged: bool, lang: Language) -> Result<Vec<Entry>, Failure> {
    let audit = journal::audit(path)?;
    if let Some(damage) = &audit.damage {
        if !allow_damaged {
            return Err(format!(
                "journal {} is damaged and proves nothing: {damage}; `zizhi audit verify` tells more, --allow-damaged scores what is whole",
                path.display()
            )
            .into());
        }
        let word = pick(
            lang,
            "DAMAGED, scored only as far as it is whole",
            "已损坏，仅对完好部分评分",
        );
        eprintln!("{}: {word}: {damage}", path.display());
    }
    Ok(journal::read_lenient(path)?.0)
}
