//! How is something made that nobody can guess, and compared without telling how much of a guess was right?
//!
//! In: the operating system's random source. Out: tokens of 256 bits; the server keeps only their SHA-256, so that whoever
//! reads its memory or files cannot sign in with what he finds.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// What is kept of a token on the server's side.
pub type Hash = [u8; 32];

/// Something that opens a door. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex(&bytes)))
    }

    /// What a browser sent; nothing else than 64 hexadecimal digits is one.
    pub fn read(text: &str) -> Option<Self> {
        let shaped = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        shaped.then(|| Self(text.to_owned()))
    }

    /// What the server keeps.
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The token that forms of this session carry. Whoever reads a page cannot get back from it to the session.
    pub fn for_forms(&self) -> Self {
        let hash = Sha256::new()
            .chain_update(b"zizhi form token\0")
            .chain_update(self.0.as_bytes())
            .finalize();
        Self(hex(&hash))
    }

    /// Whether `text` is this token, in the same time whatever part of it is right.
    pub fn is(&self, text: &str) -> bool {
        let theirs: Hash = Sha256::digest(text.as_bytes()).into();
        let differing = self
            .hash()
            .iter()
            .zip(theirs)
            .fold(0, |d, (a, b)| d | (a ^ b));
        differing == 0
    }

    /// For the browser that it was made for.
    pub fn tell(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Two digits a byte.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_differ_and_none_is_printed() {
        let (a, b) = (Token::new().unwrap(), Token::new().unwrap());
        assert_eq!(a.tell().len(), 64);
        assert_ne!(a.tell(), b.tell());
        assert!(a.is(a.tell()) && !a.is(b.tell()) && !a.is(""));
        assert_eq!(format!("{a:?}"), "Token");
        assert_ne!(a.for_forms().tell(), a.tell());
        assert_eq!(a.for_forms(), Token::read(a.tell()).unwrap().for_forms());
        assert_eq!(Token::read("../../etc/passwd"), None);
    }
}
