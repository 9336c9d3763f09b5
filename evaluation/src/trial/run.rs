//! A run: many trials side by side, in a folder that an interrupted run is resumed from.
//!
//! In: scenarios, policies, repeats, a folder. Out: results in an order that does not depend on how many work side by side.
//! In the folder: `manifest.json` (what is run), `trials/` (one result a file, written whole or not at all), `journals/`,
//! and at the end `results.jsonl`. A trial whose result is there is not played again.

use super::policy::Policy;
use super::result::TrialResult;
use super::stage::{Set, Trial, TrialError};
use crate::scenario::Scenario;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What is run.
pub struct RunConfig {
    /// In this order.
    pub scenarios: Vec<Scenario>,
    /// Who is at work, one after the other.
    pub policies: Vec<Policy>,
    /// The first repeat's number; each has its own noise.
    pub first_repeat: u32,
    /// So many of them.
    pub repeats: u32,
    /// Also play the doubles.
    pub doubles: bool,
    /// So many side by side.
    pub jobs: usize,
    /// Where everything is written.
    pub folder: PathBuf,
}

/// What the run consists of; kept in the folder, so that results of another run are not taken for this one's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The program's version.
    pub version: String,
    /// SHA-256 over the scenarios, the settings, the playbooks and what the swarm remembers.
    pub content: String,
    /// Names, in order.
    pub policies: Vec<Policy>,
    /// Repeats of each.
    pub repeats: u32,
    /// Whether the doubles are played.
    pub doubles: bool,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder holds another run.
    #[error(
        "{} holds another run ({difference}): name another folder with --out, or remove it",
        folder.display()
    )]
    OtherRun {
        /// Which folder.
        folder: PathBuf,
        /// In what it differs.
        difference: &'static str,
    },
    /// A file cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{} is damaged: remove it, and its trial is played again", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// What is told while a run goes on.
pub enum Progress<'a> {
    /// So many trials there are, and so many of them were played before.
    Begins {
        /// All.
        trials: usize,
        /// Played before.
        resumed: usize,
    },
    /// One more is done.
    Played(&'a TrialResult),
    /// One could not be played.
    Failed {
        /// Which.
        trial: &'a str,
        /// Why.
        error: &'a TrialError,
    },
}

/// What came out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In order of scenario, policy, repeat; each before its double.
    pub results: Vec<TrialResult>,
    /// Trials that could not be played, and why.
    pub failed: Vec<(String, String)>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// What one trial came to, inside a run.
enum Ended {
    Result(Box<TrialResult>),
    Failed(String),
}

/// Runs everything that is not in the folder yet. `stop` ends it after the trials at hand.
pub fn run(
    config: &RunConfig,
    set: &Set,
    stop: &AtomicBool,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Outcome, RunError> {
    for folder in ["trials", "journals"] {
        make_folder(&config.folder.join(folder))?;
    }
    check_manifest(config, set)?;
    let trials = trials(config);
    let mut ended: Vec<Option<Ended>> = Vec::with_capacity(trials.len());
    for trial in &trials {
        ended.push(resumed(config, trial)?);
    }
    let resumed = ended.iter().flatten().count();
    tell(Progress::Begins {
        trials: trials.len(),
        resumed,
    });
    let ended: Vec<Mutex<Option<Ended>>> = ended.into_iter().map(Mutex::new).collect();
    let next = AtomicUsize::new(0);
    let first_error: Mutex<Option<RunError>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..config.jobs.max(1) {
            scope.spawn(|| {
                work(
                    config,
                    set,
                    &trials,
                    &ended,
                    &next,
                    stop,
                    tell,
                    &first_error,
                );
            });
        }
    });
    if let Some(error) = lock(&first_error).take() {
        return Err(error);
    }
    let outcome = gather(&trials, ended);
    if !outcome.stopped {
        write_lines(&config.folder.join("results.jsonl"), &outcome.results)?;
    }
    Ok(outcome)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is behind it is whole after every statement.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[allow(clippy::too_many_arguments)] // one worker's view of everything the workers share
fn work(
    config: &RunConfig,
    set: &Set,
    trials: &[Trial<'_>],
    ended: &[Mutex<Option<Ended>>],
    next: &AtomicUsize,
    stop: &AtomicBool,
    tell: &(dyn Fn(Progress<'_>) + Sync),
    first_error: &Mutex<Option<RunError>>,
) {
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= trials.len() || stop.load(Ordering::Relaxed) || lock(first_error).is_some() {
            return;
        }
        if lock(&ended[n]).is_some() {
            continue;
        }
        match play(config, set, &trials[n], tell) {
            Ok(end) => *lock(&ended[n]) = Some(end),
            Err(error) => {
                lock(first_error).get_or_insert(error);
            }
        }
    }
}

/// Plays a trial and keeps its result. What an interrupted run left of its journal is removed first.
fn play(
    config: &RunConfig,
    set: &Set,
    trial: &Trial<'_>,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Ended, RunError> {
    let name = trial.name();
    let journal = config.folder.join("journals").join(format!("{name}.jsonl"));
    for left_over in [journal.clone(), zizhi_bus::journal::head_path(&journal)] {
        remove(&left_over)?;
    }
    match trial.play(set, &journal) {
        Ok(result) => {
            write_whole(&result_path(config, trial), &to_json(&result))?;
            tell(Progress::Played(&result));
            Ok(Ended::Result(Box::new(result)))
        }
        Err(error) => {
            tell(Progress::Failed {
                trial: &name,
                error: &error,
            });
            Ok(Ended::Failed(chain(&error)))
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(reason) = source {
        text = format!("{text}: {reason}");
        source = reason.source();
    }
    text
}

fn trials(config: &RunConfig) -> Vec<Trial<'_>> {
    let mut trials = vec![];
    for scenario in &config.scenarios {
        for &policy in &config.policies {
            for repeat in config.first_repeat..config.first_repeat + config.repeats {
                for double in [false, true] {
                    if !double || config.doubles {
                        trials.push(Trial {
                            scenario,
                            policy,
                            repeat,
                            double,
                        });
                    }
                }
            }
        }
    }
    trials
}

fn gather(trials: &[Trial<'_>], ended: Vec<Mutex<Option<Ended>>>) -> Outcome {
    let mut outcome = Outcome::default();
    for (trial, ended) in trials.iter().zip(ended) {
        match lock(&ended).take() {
            Some(Ended::Result(result)) => outcome.results.push(*result),
            Some(Ended::Failed(reason)) => outcome.failed.push((trial.name(), reason)),
            None => outcome.stopped = true,
        }
    }
    outcome
}

fn result_path(config: &RunConfig, trial: &Trial<'_>) -> PathBuf {
    config
        .folder
        .join("trials")
        .join(format!("{}.json", trial.name()))
}

fn resumed(config: &RunConfig, trial: &Trial<'_>) -> Result<Option<Ended>, RunError> {
    let path = result_path(config, trial);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let result =
                serde_json::from_str(&text).map_err(|source| RunError::Damaged { path, source })?;
            Ok(Some(Ended::Result(Box::new(result))))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RunError::File { path, source }),
    }
}

fn manifest(config: &RunConfig, set: &Set) -> Manifest {
    let mut hash = Sha256::new();
    for scenario in &config.scenarios {
        hash.update(to_json(scenario));
    }
    hash.update(set.content());
    hash.update(config.first_repeat.to_le_bytes());
    Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        content: format!("{:x}", hash.finalize()),
        policies: config.policies.clone(),
        repeats: config.repeats,
        doubles: config.doubles,
    }
}

/// Writes the manifest, or makes sure that the one that is there says the same.
fn check_manifest(config: &RunConfig, set: &Set) -> Result<(), RunError> {
    let path = config.folder.join("manifest.json");
    let wanted = manifest(config, set);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return write_whole(&path, &to_json(&wanted));
        }
        Err(source) => return Err(RunError::File { path, source }),
    };
    let found: Manifest =
        serde_json::from_str(&text).map_err(|source| RunError::Damaged { path, source })?;
    let other = |difference| {
        Err(RunError::OtherRun {
            folder: config.folder.clone(),
            difference,
        })
    };
    if found.version != wanted.version {
        return other("of another version");
    } else if found.content != wanted.content {
        return other("with other scenarios, settings, playbooks or experience");
    } else if found != wanted {
        return other("with other policies, repeats or doubles");
    }
    Ok(())
}

fn make_folder(path: &Path) -> Result<(), RunError> {
    std::fs::create_dir_all(path).map_err(|source| RunError::File {
        path: path.to_owned(),
        source,
    })
}

fn remove(path: &Path) -> Result<(), RunError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(RunError::File {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

fn to_json(value: &impl Serialize) -> String {
    // Our own types: their maps have text keys and their numbers are finite.
    serde_json::to_string(value).unwrap_or_default()
}

/// Written beside it and renamed, so that a reader never sees half a file.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), RunError> {
    let beside = path.with_extension("part");
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|source| RunError::File {
        path: path.to_owned(),
        source,
    })
}

fn write_lines(path: &Path, results: &[TrialResult]) -> Result<(), RunError> {
    let lines: Vec<String> = results.iter().map(to_json).collect();
    write_whole(path, &(lines.join("\n") + "\n"))
}
