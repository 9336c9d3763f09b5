//! Speaks to a daemon through its own unix socket, as `vtysh` does, without starting a process.
//!
//! In: a command line. Out: the daemon's answer. The protocol of FRR's vty sockets: a command ends with NUL; the answer
//! ends with three NULs and one status byte, 0 for success. A stopped daemon still accepts connections, so every read
//! has a time limit. Called by collectors, drivers and evidence.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long a daemon may take; its usual answer takes 0.3 ms.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Answers longer than this are cut off as an error: a whole routing table of the lab has 20 kB.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// An open session with one daemon.
#[derive(Debug)]
pub struct Vty {
    stream: UnixStream,
}

/// Why a daemon gave no good answer.
#[derive(Debug, thiserror::Error)]
pub enum VtyError {
    /// The socket is not there, or nothing answers in time.
    #[error("does not answer: {0}")]
    Silent(#[from] std::io::Error),
    /// It refused the command.
    #[error("refused `{command}`: {answer}")]
    Refused {
        /// What was asked.
        command: String,
        /// What it said.
        answer: String,
    },
    /// It answered something else than JSON.
    #[error("answered `{command}` with something that is not JSON: {source}")]
    NotJson {
        /// What was asked.
        command: String,
        /// Where it stops being JSON.
        source: serde_json::Error,
    },
}

impl Vty {
    /// Opens a session.
    pub fn open(socket: &Path) -> Result<Self, VtyError> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut vty = Self { stream };
        vty.say("enable")?;
        Ok(vty)
    }

    /// Gives a command and returns the text of the answer.
    pub fn say(&mut self, command: &str) -> Result<String, VtyError> {
        self.stream.write_all(command.as_bytes())?;
        self.stream.write_all(&[0])?;
        let (answer, status) = self.answer()?;
        if status == 0 {
            return Ok(answer);
        }
        Err(VtyError::Refused {
            command: command.to_owned(),
            answer: answer.trim().to_owned(),
        })
    }

    /// Gives a command that answers with JSON.
    pub fn ask(&mut self, command: &str) -> Result<serde_json::Value, VtyError> {
        let text = self.say(command)?;
        serde_json::from_str(&text).map_err(|source| VtyError::NotJson {
            command: command.to_owned(),
            source,
        })
    }

    /// Gives configuration commands; stops at the first that is refused.
    pub fn configure(&mut self, commands: &[String]) -> Result<(), VtyError> {
        self.say("configure terminal")?;
        let result = commands.iter().try_for_each(|c| self.say(c).map(drop));
        self.say("end")?;
        result
    }

    fn answer(&mut self) -> Result<(String, u8), VtyError> {
        let mut bytes = vec![];
        let mut block = [0; 8192];
        loop {
            let read = self.stream.read(&mut block)?;
            if read == 0 || bytes.len() > ANSWER_BYTES_MAX {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            bytes.extend_from_slice(&block[..read]);
            if let [text @ .., 0, 0, 0, status] = bytes.as_slice() {
                return Ok((String::from_utf8_lossy(text).into_owned(), *status));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    /// A daemon that gives one answer per command, the bytes in two parts.
    fn daemon(folder: &Path, answers: Vec<(&'static str, u8)>) -> std::path::PathBuf {
        let path = folder.join("d.vty");
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for (text, status) in answers {
                let mut byte = [1];
                while byte[0] != 0 {
                    stream.read_exact(&mut byte).unwrap();
                }
                let (head, tail) = text.split_at(text.len() / 2);
                stream.write_all(head.as_bytes()).unwrap();
                stream.write_all(tail.as_bytes()).unwrap();
                stream.write_all(&[0, 0, 0, status]).unwrap();
            }
        });
        path
    }

    #[test]
    fn an_answer_ends_with_three_nuls_and_a_status() {
        let folder = tempfile::tempdir().unwrap();
        let path = daemon(
            folder.path(),
            vec![("", 0), ("{\"a\":1}", 0), ("% Unknown\n", 2)],
        );
        let mut vty = Vty::open(&path).unwrap();
        assert_eq!(vty.ask("show x json").unwrap()["a"], 1);
        let refused = vty.say("nonsense").unwrap_err().to_string();
        assert_eq!(refused, "refused `nonsense`: % Unknown");
    }

    #[test]
    fn a_daemon_that_is_gone_is_an_error_and_not_a_wait() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Vty::open(&folder.path().join("none.vty")),
            Err(VtyError::Silent(_))
        ));
    }
}
