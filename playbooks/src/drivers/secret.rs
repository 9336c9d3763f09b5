//! How does a driver get a secret that nobody else sees?
//!
//! In: a name, `secret://name`. Out: the value, when a step needs it and not before: from the environment
//! (`ZIZHI_SECRET_NAME`), from systemd's credentials folder, or from the operator's folder of secrets. A [`Secret`] cannot be
//! printed, and [`Secrets::hide`] takes every value that was handed out of a text before the text goes anywhere.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Before the name.
const SCHEME: &str = "secret://";

/// Largest secret, in bytes (our choice: the longest service-account tokens have 2 kB).
const BYTES_MAX: u64 = 16_384;

/// A secret's name. Only this is ever written down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretRef(String);

impl TryFrom<String> for SecretRef {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match text.strip_prefix(SCHEME) {
            Some(name) if !name.is_empty() && name.chars().all(fits) => Ok(Self(name.to_owned())),
            // What was written may be the secret itself: it is not repeated.
            _ => Err("a secret is written as secret://name (letters, digits, - and _), never as its value".to_owned()),
        }
    }
}

impl From<SecretRef> for String {
    fn from(secret: SecretRef) -> Self {
        secret.to_string()
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.0)
    }
}

/// Whether a text is meant as a secret's name.
pub fn names_secret(text: &str) -> bool {
    text.starts_with(SCHEME)
}

/// A secret's value.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// For the one who sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Why a secret is not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is in none of the places.
    #[error(
        "{name} is nowhere: set {variable}, or put a file `{file}` into the credentials or secrets folder"
    )]
    Missing {
        /// As written.
        name: SecretRef,
        /// In the environment.
        variable: String,
        /// In a folder.
        file: String,
    },
    /// Others can read the file.
    #[error("{} can be read by others: chmod 600 it", .0.display())]
    Open(PathBuf),
    /// The file cannot be read.
    #[error("cannot read the secret {}: {why}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// Where secrets are, and which were handed out.
#[derive(Default)]
pub struct Secrets {
    folder: Option<PathBuf>,
    given: Mutex<BTreeSet<String>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Secrets {
    /// With the operator's folder, if there is one.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            given: Mutex::default(),
        }
    }

    /// The value, read now.
    #[expect(
        clippy::disallowed_methods,
        reason = "a secret in the environment is read at the moment of its use and kept in no setting"
    )]
    pub fn get(&self, name: &SecretRef) -> Result<Secret, SecretError> {
        let variable = variable(name);
        let value = match std::env::var(&variable) {
            Ok(value) => value,
            Err(_) => self.file(name)?,
        };
        let value = value.trim_end_matches(['\n', '\r']).to_owned();
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.insert(value.clone());
        Ok(Secret(value))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "systemd names its credentials folder in the environment"
    )]
    fn file(&self, name: &SecretRef) -> Result<String, SecretError> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        // systemd itself guards its credentials folder; a file in the operator's folder must be closed to others.
        for (folder, guarded) in [(credentials.as_ref(), true), (self.folder.as_ref(), false)] {
            let Some(path) = folder.map(|f| f.join(&name.0)).filter(|p| p.exists()) else {
                continue;
            };
            return read(&path, guarded);
        }
        Err(SecretError::Missing {
            name: name.clone(),
            variable: variable(name),
            file: name.0.clone(),
        })
    }

    /// The text without any secret that was handed out.
    pub fn hide(&self, text: &str) -> String {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = text.to_owned();
        for secret in given.iter().rev().filter(|s| !s.is_empty()) {
            text = text.replace(secret.as_str(), "***");
        }
        text
    }
}

fn variable(name: &SecretRef) -> String {
    format!("ZIZHI_SECRET_{}", name.0.to_uppercase().replace('-', "_"))
}

fn read(path: &Path, guarded: bool) -> Result<String, SecretError> {
    let failed = |why: String| SecretError::Read {
        path: path.to_owned(),
        why,
    };
    let about = std::fs::metadata(path).map_err(|e| failed(e.to_string()))?;
    if !guarded && about.permissions().mode() & 0o077 != 0 {
        return Err(SecretError::Open(path.to_owned()));
    }
    if about.len() > BYTES_MAX {
        return Err(failed(format!("it is longer than {BYTES_MAX} bytes")));
    }
    std::fs::read_to_string(path).map_err(|e| failed(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> SecretRef {
        SecretRef::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_value_in_place_of_a_name_is_refused_without_being_repeated() {
        let error = SecretRef::try_from("hunter2-canary".to_owned()).unwrap_err();
        assert!(!error.contains("canary"), "{error}");
        assert!(SecretRef::try_from("secret://../etc/shadow".to_owned()).is_err());
    }

    #[test]
    fn a_secret_comes_from_a_closed_file_and_is_taken_out_of_every_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api");
        std::fs::write(&path, "canary-7f3\n").unwrap();
        let secrets = Secrets::new(Some(folder.path().to_owned()));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let open = secrets.get(&named("secret://api")).unwrap_err();
        assert!(matches!(open, SecretError::Open(_)), "{open}");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let secret = secrets.get(&named("secret://api")).unwrap();
        assert_eq!(secret.reveal(), "canary-7f3");
        assert_eq!(
            secrets.hide("401: canary-7f3 is wrong"),
            "401: *** is wrong"
        );
        assert!(!format!("{secret:?}{secrets:?}").contains("canary"));
    }

    #[test]
    fn a_missing_secret_says_where_it_was_looked_for() {
        let error = Secrets::new(None)
            .get(&named("secret://no-such"))
            .unwrap_err();
        assert!(
            error.to_string().contains("ZIZHI_SECRET_NO_SUCH"),
            "{error}"
        );
    }
}
