//! The switch itself: a file, a listener, and a look at both.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use zizhi_types::wire::KillOrder;

/// Why the file of the kill switch could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the kill switch's file {} cannot be written: check the folder and its permissions", path.display())]
pub struct BrakeError {
    /// Which file.
    path: PathBuf,
    /// Why.
    source: std::io::Error,
}

/// The kill switch of one process.
#[derive(Debug, Default)]
pub struct Brake {
    file: Option<PathBuf>,
    heard: Mutex<Option<KillOrder>>,
}

impl Brake {
    /// With the file that keeps it, if one does.
    pub const fn new(file: Option<PathBuf>) -> Self {
        Self {
            file,
            heard: Mutex::new(None),
        }
    }

    /// The order in force, if the switch is on. The file is read at every look: it is small, and steps are rare.
    pub fn pulled(&self) -> Option<KillOrder> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let in_file = self.file.as_deref().and_then(read_file);
        heard.clone().or(in_file).filter(|order| order.on)
    }

    /// Takes an order that was heard on the bus, and keeps it in the file.
    pub fn hear(&self, order: &KillOrder) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard = order.on.then(|| order.clone());
        match self.file.as_deref().map(|file| write_file(file, order)) {
            // From here on the file alone counts, whoever writes it next.
            Some(Ok(())) => *heard = None,
            // It holds in this process all the same, and the journal has it for the next one.
            Some(Err(error)) => tracing::error!(%error, "the kill switch is not kept"),
            None => {}
        }
    }

    /// Whether there is a file to watch.
    pub const fn has_file(&self) -> bool {
        self.file.is_some()
    }
}

/// What the file says; nothing where there is none. A file that cannot be read presses the switch: somebody meant something
/// by it.
pub fn read_file(path: &Path) -> Option<KillOrder> {
    match std::fs::read(path) {
        Ok(text) => Some(KillOrder::read(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(KillOrder {
            on: true,
            by: String::new(),
            reason: format!("the kill switch's file cannot be read: {error}"),
        }),
    }
}

/// How many times this process has written.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Writes the file whole or not at all, and durably.
pub fn write_file(path: &Path, order: &KillOrder) -> Result<(), BrakeError> {
    let failed = |source| BrakeError {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    // Every agent of a process writes what it heard: none may take away what another is writing.
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let new = path.with_extension(format!("new-{}-{number}", std::process::id()));
    let text = serde_json::to_vec(order).map_err(|e| failed(e.into()))?;
    let mut file = std::fs::File::create(&new).map_err(failed)?;
    file.write_all(&text).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(on: bool) -> KillOrder {
        KillOrder {
            on,
            by: "noc".to_owned(),
            reason: "a storm of changes".to_owned(),
        }
    }

    #[test]
    fn what_was_pressed_outlives_the_process_and_what_was_released_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/kill.json");
        let brake = Brake::new(Some(path.clone()));
        assert_eq!(brake.pulled(), None);
        brake.hear(&order(true));
        let again = Brake::new(Some(path.clone()));
        assert_eq!(again.pulled(), Some(order(true)));
        again.hear(&order(false));
        assert_eq!(Brake::new(Some(path)).pulled(), None);
    }

    #[test]
    fn a_file_that_means_nothing_presses_the_switch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kill.json");
        std::fs::write(&path, "").unwrap();
        assert!(Brake::new(Some(path)).pulled().is_some_and(|o| o.on));
        let unreadable = Brake::new(Some(folder.path().to_owned()));
        assert!(unreadable.pulled().is_some_and(|o| o.on), "a folder");
    }

    #[test]
    fn without_a_file_it_holds_for_the_process() {
        let brake = Brake::new(None);
        brake.hear(&order(true));
        assert_eq!(brake.pulled(), Some(order(true)));
        brake.hear(&order(false));
        assert_eq!(brake.pulled(), None);
    }
}
