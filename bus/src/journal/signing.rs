//! Whose keys sign, and whose signatures are known?
//!
//! A writer has an Ed25519 key (RFC 8032) in `<folder>/<name>.key`, which nobody else may read, and beside it
//! `<folder>/<name>.pub`, which is for everyone. An auditor keeps the public keys where the writers cannot change them.

use super::entry::hex;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// What goes wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The name would be no plain file name.
    #[error("`{0}` is no name for a key: write lower-case letters, digits, - and _")]
    BadName(String),
    /// The file cannot be made, opened or read.
    #[error("cannot use key file {}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than its owner can read the secret.
    #[error(
        "key file {} can be read by others (mode {mode:o}): chmod 600 it; if somebody may have read it, remove it, so that a new one is made",
        path.display()
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds no key.
    #[error("{} holds no key: {want}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What should be there.
        want: &'static str,
    },
    /// The public key beside the secret one belongs to another.
    #[error("public key {} does not belong to the key beside it: somebody changed one of them", path.display())]
    Mismatch {
        /// Which file.
        path: PathBuf,
    },
}

impl KeyError {
    fn open(path: &Path, source: io::Error) -> Self {
        Self::Open {
            path: path.to_owned(),
            source,
        }
    }
}

/// A writer's secret key. Its text forms never show the secret.
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, {})", self.name, self.id())
    }
}

impl SigningKey {
    /// The key `name` in this folder; folder, key and public key are made at first use.
    pub fn load_or_create(folder: &Path, name: &str) -> Result<Self, KeyError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(KeyError::BadName(name.to_owned()));
        }
        std::fs::create_dir_all(folder).map_err(|e| KeyError::open(folder, e))?;
        let path = folder.join(format!("{name}.key"));
        let seed = match make_seed(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_seed(&path)?,
            made => made.map_err(|e| KeyError::open(&path, e))?,
        };
        let key = Self {
            name: name.to_owned(),
            key: ed25519_dalek::SigningKey::from_bytes(&seed),
        };
        key.publish(&folder.join(format!("{name}.pub")))?;
        Ok(key)
    }

    fn publish(&self, path: &Path) -> Result<(), KeyError> {
        let own = self.key.verifying_key();
        if path.exists() {
            let there = read_public(path)?;
            return if there == own {
                Ok(())
            } else {
                Err(KeyError::Mismatch {
                    path: path.to_owned(),
                })
            };
        }
        std::fs::write(path, hex(own.as_bytes()) + "\n").map_err(|e| KeyError::open(path, e))
    }

    /// Whose key it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first 8 bytes of the SHA-256 of the public key, in hexadecimal: how signatures name it.
    pub fn id(&self) -> String {
        id(&self.key.verifying_key())
    }

    /// Signs, in hexadecimal.
    pub(super) fn sign(&self, message: &[u8]) -> String {
        hex(&self.key.sign(message).to_bytes())
    }
}

/// Public keys, by their ids.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    by_id: BTreeMap<String, (String, VerifyingKey)>,
}

impl Keys {
    /// Every `*.pub` of a folder, each named after its file.
    pub fn read(folder: &Path) -> Result<Self, KeyError> {
        let mut by_id = BTreeMap::new();
        let files = std::fs::read_dir(folder).map_err(|e| KeyError::open(folder, e))?;
        for file in files {
            let path = file.map_err(|e| KeyError::open(folder, e))?.path();
            if path.extension().is_some_and(|x| x == "pub") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                let key = read_public(&path)?;
                by_id.insert(id(&key), (name.into_owned(), key));
            }
        }
        Ok(Self { by_id })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The name of the key, if it is known.
    pub(super) fn name(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(|(name, _)| name.as_str())
    }

    /// Whether the key `id` signed this message.
    pub(super) fn verify(&self, id: &str, message: &[u8], signature: &str) -> bool {
        let signature = unhex::<64>(signature).map(|s| Signature::from_bytes(&s));
        match (self.by_id.get(id), signature) {
            (Some((_, key)), Some(signature)) => key.verify_strict(message, &signature).is_ok(),
            _ => false,
        }
    }
}

fn id(key: &VerifyingKey) -> String {
    hex(&Sha256::digest(key.as_bytes())[..8])
}

fn make_seed(path: &Path) -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    // The system's own source of secrets.
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&seed)?;
    file.sync_all()?;
    Ok(seed)
}

fn read_seed(path: &Path) -> Result<[u8; 32], KeyError> {
    let open = |e| KeyError::open(path, e);
    let file = File::open(path).map_err(open)?;
    let mode = file.metadata().map_err(open)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut bytes = vec![];
    // One byte more than a seed has tells that it is none.
    file.take(33).read_to_end(&mut bytes).map_err(open)?;
    bytes.try_into().map_err(|_| KeyError::Malformed {
        path: path.to_owned(),
        want: "32 bytes are expected; remove it, so that a new one is made",
    })
}

fn read_public(path: &Path) -> Result<VerifyingKey, KeyError> {
    let text = std::fs::read_to_string(path).map_err(|e| KeyError::open(path, e))?;
    let bytes = unhex::<32>(text.trim());
    let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    key.ok_or_else(|| KeyError::Malformed {
        path: path.to_owned(),
        want: "an Ed25519 public key in 64 hexadecimal digits is expected",
    })
}

/// Lower-case digits only, so that one value has one text.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect();
    bytes
        .filter(|_| text.len() == 2 * N)
        .and_then(|bytes| bytes.try_into().ok())
}
