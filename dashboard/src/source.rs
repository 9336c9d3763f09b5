//! The journal as the dashboard reads it: what was appended is read once, when somebody looks.

use crate::view::View;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedRwLockReadGuard, RwLock, watch};
use zizhi_bus::JournalError;
use zizhi_bus::journal::Follower;

/// Where the records come from.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    follower: Mutex<Follower>,
    view: Arc<RwLock<View>>,
    closing: watch::Sender<bool>,
}

/// The journal as it is while this is held. Hold it for one page, not across a wait: new records wait for it.
pub type Seen = OwnedRwLockReadGuard<View>;

impl Source {
    /// Reads from the journal, or the folder of journals, at `path`, which must exist by the first request, not before.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            follower: Mutex::new(Follower::new(&path)),
            path,
            view: Arc::default(),
            closing: watch::Sender::new(false),
        }
    }

    /// Reads what was appended. A damaged journal is shown up to the damage, which the view tells.
    ///
    /// Blocks for as long as reading takes, and must not be called on an async thread: [`Self::current`] is for those.
    pub fn look(&self) -> Result<(), JournalError> {
        // Held while reading, so that many readers of a growing file read it once.
        let mut follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = follower.look()?;
        let mut view = self.view.blocking_write();
        if grown.anew {
            *view = View::default();
        }
        view.damage = grown.damage;
        for entry in grown.entries {
            view.push(entry);
        }
        Ok(())
    }

    /// Which file it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The journal as it is now.
    pub(crate) async fn current(self: &Arc<Self>) -> Result<Seen, JournalError> {
        let source = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || source.look()).await;
        read.unwrap_or_else(|_| {
            let gone = std::io::Error::other("reading stopped");
            let path = self.path.clone();
            Err(JournalError::Open { path, source: gone })
        })?;
        Ok(Arc::clone(&self.view).read_owned().await)
    }

    /// Set to true, it ends the live streams.
    pub(crate) fn closing(&self) -> watch::Sender<bool> {
        self.closing.clone()
    }
}
