//! The scorer against the worked example, the replay against itself, the readers against hostile files.

mod guards;
mod hostile;
mod reference;

use std::path::{Path, PathBuf};

/// A folder of the public data; `None`, said aloud, where it is missing outside CI.
fn shared(below: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).join(below);
    if path.is_dir() {
        return Some(path);
    }
    #[expect(clippy::disallowed_methods, reason = "CI must not skip silently")]
    let ci = std::env::var_os("CI").is_some();
    assert!(!ci, "{} is missing", path.display());
    eprintln!("SKIPPED: {} is missing", path.display());
    None
}
