//! The journal as the dashboard reads it: read again only when the file has changed.

use crate::view::View;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio::sync::watch;
use zizhi_bus::JournalError;
use zizhi_bus::journal::{files, read_all_lenient};

/// Where the records come from.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    seen: Mutex<Option<(Stamp, Arc<View>)>>,
    closing: watch::Sender<bool>,
}

/// What tells one state of the file from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Source {
    /// Reads from the journal, or the folder of journals, at `path`, which must exist by the first request, not before.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            seen: Mutex::default(),
            closing: watch::Sender::new(false),
        }
    }

    /// The journal as it is now. A damaged journal is shown up to the damage, which the view tells.
    ///
    /// The whole chain is checked each time the file has grown, in time proportional to its size.
    pub fn view(&self) -> Result<Arc<View>, JournalError> {
        let stamp = self.stamp()?;
        // The lock is held while reading, so that many readers of a growing file read it once.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, view)) = &*seen
            && *known == stamp
        {
            return Ok(Arc::clone(view));
        }
        let (entries, damage) = read_all_lenient(&self.path)?;
        let view = Arc::new(View::new(entries, damage));
        *seen = Some((stamp, Arc::clone(&view)));
        Ok(view)
    }

    /// Which file it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Set to true, it ends the live streams.
    pub(crate) fn closing(&self) -> watch::Sender<bool> {
        self.closing.clone()
    }

    /// Of a folder: of all its journals together.
    fn stamp(&self) -> Result<Stamp, JournalError> {
        let mut stamp = Stamp {
            bytes: 0,
            modified: None,
        };
        for file in files(&self.path)? {
            let meta = std::fs::metadata(&file).map_err(|source| JournalError::Open {
                path: file.clone(),
                source,
            })?;
            stamp.bytes += meta.len();
            stamp.modified = stamp.modified.max(meta.modified().ok());
        }
        Ok(stamp)
    }
}

/// The journal as it is now, read where blocking is allowed.
pub(crate) async fn current(source: &Arc<Source>) -> Result<Arc<View>, JournalError> {
    let source = Arc::clone(source);
    let path = source.path.clone();
    tokio::task::spawn_blocking(move || source.view())
        .await
        .unwrap_or_else(|_| {
            let gone = std::io::Error::other("reading stopped");
            Err(JournalError::Open { path, source: gone })
        })
}
