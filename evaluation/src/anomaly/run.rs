//! All series of a folder, some at a time.

use super::error::AnomalyError;
use super::manifest::{Entry, Manifest};
use super::metrics::SeriesFigures;
use super::outcome::{Compared, Outcome};
use super::replay::{Method, Replayed, replay};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Series replayed at a time, at least 1. The outcome is the same for any number.
    pub jobs: usize,
    /// Only the series of this group.
    pub only: Option<String>,
    /// Which methods; the first is the one that is evaluated.
    pub methods: Vec<Method>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            jobs: 2,
            only: None,
            methods: Method::ALL.to_vec(),
        }
    }
}

/// What is going on, for somebody who waits.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// So many series will be replayed.
    Series(usize),
    /// This one is done.
    Done(&'a str),
}

/// What a series gives: its scores, and its figures by method.
type Finished = Result<(Replayed, Vec<Option<SeriesFigures>>), AnomalyError>;

/// Replays and judges all series of a folder. The first bad one, in the order of the manifest, is the answer.
pub fn run(
    folder: &Path,
    settings: &Settings,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Outcome, AnomalyError> {
    let mut manifest = Manifest::load(folder)?;
    if let Some(group) = &settings.only {
        manifest = manifest.only(group)?;
    }
    check_files(&manifest.entries)?;
    progress(Progress::Series(manifest.entries.len()));
    let mut replayed = vec![];
    let mut figures = vec![];
    for finished in finish_all(&manifest.entries, settings, progress) {
        let (series, own) = finished?;
        replayed.push(series);
        figures.push(own);
    }
    let methods = settings.methods.iter().enumerate();
    Ok(Outcome {
        methods: methods
            .map(|(place, method)| Compared::of(place, *method, &replayed, &figures))
            .collect(),
        warnings: replayed.iter().filter_map(warning).collect(),
        replayed,
    })
}

/// A missing file is told before minutes of work, not after.
fn check_files(entries: &[Entry]) -> Result<(), AnomalyError> {
    for entry in entries {
        std::fs::metadata(&entry.path).map_err(|source| AnomalyError::Read {
            path: entry.path.clone(),
            source,
        })?;
    }
    Ok(())
}

/// Works on the series in their order; after a failure no further one is begun.
fn finish_all(
    entries: &[Entry],
    settings: &Settings,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Vec<Finished> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let finished: Mutex<Vec<(usize, Finished)>> = Mutex::new(vec![]);
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = entries.get(place) else {
                return;
            };
            let result = finish(entry, &settings.methods);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            progress(Progress::Done(&entry.id));
            finished
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push((place, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..settings.jobs.clamp(1, entries.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut finished = finished
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    finished.sort_unstable_by_key(|(place, _)| *place);
    finished.into_iter().map(|(_, result)| result).collect()
}

fn finish(entry: &Entry, methods: &[Method]) -> Finished {
    let series = replay(entry, methods)?;
    let label = series.test_label();
    let figures = series.scored.iter().map(|scored| {
        let (_, test) = scored.parts(entry.train_rows);
        SeriesFigures::of(label, test, entry.vus_window)
    });
    let figures = figures.collect();
    Ok((series, figures))
}

fn warning(series: &Replayed) -> Option<String> {
    let entry = &series.entry;
    let same = series.sha256.starts_with(&entry.sha256);
    (!same).then(|| {
        format!(
            "{}: its SHA-256 begins with {}, manifest.csv says {}: the figures are not those of the named data",
            entry.path.display(),
            series.sha256.get(..16).unwrap_or(&series.sha256),
            entry.sha256
        )
    })
}
