//! Where do a journal's lines go? Three verbs, so that a test can let the disk fail.

use super::audit::Head;
use super::{JournalError, head_path};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What a journal asks of a disk.
pub(super) trait Disk: Send {
    /// Hands bytes to the system, all or an error.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns once what was written survives a loss of power.
    fn sync(&mut self) -> io::Result<()>;
    /// Notes beside the journal how far it is durable.
    fn confirm(&mut self, head: &Head) -> io::Result<()>;
}

/// A file, locked against a second writer for as long as this lives.
pub(super) struct JournalFile {
    file: File,
    path: PathBuf,
}

impl JournalFile {
    /// A new file. An existing one is refused.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => JournalError::Exists {
                    path: path.to_owned(),
                },
                _ => JournalError::open(path, source),
            })?;
        let this = Self::locked(file, path)?;
        // The name in its folder must last as the content does.
        sync_folder(path).map_err(|e| JournalError::open(path, e))?;
        Ok(this)
    }

    /// An existing file, to be read and then appended to.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let opened = OpenOptions::new().read(true).append(true).open(path);
        Self::locked(opened.map_err(|e| JournalError::open(path, e))?, path)
    }

    fn locked(file: File, path: &Path) -> Result<Self, JournalError> {
        match file.try_lock() {
            Ok(()) => Ok(Self {
                file,
                path: path.to_owned(),
            }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Busy {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(JournalError::open(path, source)),
        }
    }

    /// Cuts everything after the first `bytes` bytes, for good.
    pub fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)?;
        self.file.sync_all()
    }

    /// A file that was opened elsewhere, without a lock.
    #[cfg(test)]
    pub fn over(file: File, path: &Path) -> Self {
        Self {
            file,
            path: path.to_owned(),
        }
    }
}

impl Disk for JournalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Written aside and renamed, so that it is always whole.
    fn confirm(&mut self, head: &Head) -> io::Result<()> {
        let target = head_path(&self.path);
        let aside = target.with_extension("head.new");
        std::fs::write(&aside, serde_json::to_string(head)?)?;
        std::fs::rename(&aside, &target)
    }
}

/// Makes the names in a file's folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
