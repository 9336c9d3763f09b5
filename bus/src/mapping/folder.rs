//! Which packs are in a folder of the user's? The only part of the mapping that reads files.

use super::mapper::Mapper;
use super::pack::PackError;
use std::path::{Path, PathBuf};

/// A folder of packs cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It, or a file in it, cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no pack.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// There is none.
    #[error("{}: no *.yaml in it: write a pack, docs/ingest.md shows its form", path.display())]
    Empty {
        /// Where.
        path: PathBuf,
    },
}

/// Adds every `*.yaml` of a folder, in the order of their names; rules of later files are asked first.
pub fn load(mapper: &mut Mapper, folder: &Path) -> Result<(), FolderError> {
    let read = |path: &Path| {
        let path = path.to_owned();
        move |source| FolderError::Read { path, source }
    };
    let mut files = vec![];
    for entry in std::fs::read_dir(folder).map_err(read(folder))? {
        let path = entry.map_err(read(folder))?.path();
        if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(FolderError::Empty {
            path: folder.to_owned(),
        });
    }
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(read(&file))?;
        mapper.add(&file.display().to_string(), &text)?;
    }
    Ok(())
}
