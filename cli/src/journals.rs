//! Where journals are kept: `zizhi-runs/` in the working folder, one file a run, never overwritten.

use crate::fail::Failure;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use zizhi_agents::memory;
use zizhi_bus::journal;
use zizhi_knowledge::Case;

/// The folder of runs that were not given a file.
const FOLDER: &str = "zizhi-runs";

/// The file for a new run: the given one, or the next free number.
pub fn for_new_run(given: Option<PathBuf>, what: &str) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
        return match folder.filter(|f| !f.is_dir()) {
            Some(folder) => Err(format!(
                "cannot make journal {}: there is no folder {}; make it, or name another file with --journal",
                path.display(),
                folder.display()
            )
            .into()),
            None => Ok(path),
        };
    }
    let folder = Path::new(FOLDER);
    std::fs::create_dir_all(folder).map_err(|e| {
        format!("cannot make folder {FOLDER} here: {e}; name a file with --journal")
    })?;
    let free = (1..=u32::MAX)
        .map(|n| folder.join(format!("{what}-{n}.jsonl")))
        .find(|p| !p.exists());
    free.ok_or_else(|| {
        format!("every number in {FOLDER} is taken; name a file with --journal").into()
    })
}

/// The given journal, or folder with a journal of each process of a swarm, or the newest of this folder's runs.
pub fn existing(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        if !path.exists() {
            return Err(format!(
                "there is no journal {}: `zizhi demo --journal FILE` makes one, and without a name the newest in {FOLDER}/ is read",
                path.display()
            )
            .into());
        }
        return Ok(path);
    }
    let runs = std::fs::read_dir(FOLDER)
        .ok()
        .into_iter()
        .flatten()
        .flatten();
    let journals = runs.filter(|e| e.path().extension().is_some_and(|x| x == "jsonl"));
    let newest = journals.max_by_key(|e| e.metadata().and_then(|m| m.modified()).ok());
    newest.map(|e| e.path()).ok_or_else(|| {
        format!("no journal in {FOLDER}/: run `zizhi demo` first, or name a file with --journal")
            .into()
    })
}

/// What the runs in these journals taught, in the order given; each case is labelled with its journal's name. A damaged
/// journal is refused, and so is one that is given twice.
pub fn memory(paths: &[PathBuf]) -> Result<Vec<Case>, Failure> {
    let mut cases = vec![];
    let mut labels = BTreeSet::new();
    for path in paths {
        if let Some(damage) = journal::audit(path)?.damage {
            return Err(format!(
                "journal {} cannot be learnt from: {damage}; `zizhi audit verify {}` tells more",
                path.display(),
                path.display()
            )
            .into());
        }
        let entries = journal::read(path)?;
        // Two journals of one name lie in two folders: then the whole path tells them apart.
        let stem = path
            .file_stem()
            .unwrap_or(path.as_os_str())
            .to_string_lossy();
        let label = if labels.contains(&*stem) {
            path.to_string_lossy()
        } else {
            stem
        };
        if !labels.insert(label.to_string()) {
            return Err(format!(
                "journal {} was given twice with --memory; each run teaches once",
                path.display()
            )
            .into());
        }
        cases.extend(memory::cases_of(entries.iter().map(|e| &e.record), &label));
    }
    Ok(cases)
}
