//! Who may send?

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What senders must say, kept as digests so that it is in no dump or log.
pub struct Door {
    expected: Vec<[u8; 32]>,
}

/// Why a token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// It cannot be read.
    #[error("the token file {} cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It says nothing, or what no header can carry.
    #[error("the token file {} must hold one line of visible characters: a token, or user:password", .0.display())]
    Empty(PathBuf),
}

impl Door {
    /// With a token file only those who know its line come in, without one everybody.
    pub fn open(token_file: Option<&Path>) -> Result<Self, DoorError> {
        let Some(path) = token_file else {
            return Ok(Self { expected: vec![] });
        };
        let text = std::fs::read_to_string(path).map_err(|source| DoorError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let line = text.trim();
        if line.is_empty() || !line.chars().all(|c| c.is_ascii_graphic()) {
            return Err(DoorError::Empty(path.to_owned()));
        }
        Ok(Self::with(line))
    }

    /// Whoever says `line` as a bearer token or as user and password.
    pub(super) fn with(line: &str) -> Self {
        let bearer = format!("bearer {line}");
        let basic = format!("basic {}", base64(line.as_bytes()));
        let expected = [bearer, basic].map(|said| digest(&said)).to_vec();
        Self { expected }
    }

    /// Whether the `Authorization` header is a right one. Takes as long for a wrong one as for a right one.
    pub fn lets_in(&self, authorization: &str) -> bool {
        if self.expected.is_empty() {
            return true;
        }
        let (scheme, said) = authorization.split_once(' ').unwrap_or_default();
        let said = digest(&format!("{} {}", scheme.to_ascii_lowercase(), said.trim()));
        // Counted rather than searched for, so that every one is looked at.
        let right = self.expected.iter().filter(|e| difference(e, &said) == 0);
        right.count() > 0
    }
}

/// Zero only if both are equal; looks at every byte.
fn difference(a: &[u8; 32], b: &[u8; 32]) -> u8 {
    a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b))
}

fn digest(text: &str) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).into()
}

/// Standard base64 with padding (RFC 4648), as basic authentication wants it.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let all =
            chunk.iter().fold(0_u32, |all, b| all << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(all >> (18 - 6 * place) & 63) as usize];
            let _ = text.write_char(if place > chunk.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_token_or_password_comes_in() {
        let door = Door::with("noc:s3cret");
        for (said, comes_in) in [
            ("Bearer noc:s3cret", true),
            ("bearer noc:s3cret", true),
            ("Basic bm9jOnMzY3JldA==", true),
            ("Bearer noc:s3cre", false),
            ("Basic noc:s3cret", false),
            ("noc:s3cret", false),
            ("", false),
        ] {
            assert_eq!(door.lets_in(said), comes_in, "{said}");
        }
        assert!(Door::open(None).unwrap().lets_in(""));
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        let known = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ];
        for (plain, coded) in known {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_token_file_without_a_token_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        assert!(Door::open(Some(&path)).is_err());
        std::fs::write(&path, " \n").unwrap();
        assert!(matches!(Door::open(Some(&path)), Err(DoorError::Empty(_))));
        std::fs::write(&path, "abc\n").unwrap();
        assert!(Door::open(Some(&path)).unwrap().lets_in("Bearer abc"));
    }
}
