//! What happened at the door, for whoever looks into it afterwards?
//!
//! In: what happened, with the time. Out: a line of JSON in `security.jsonl`, which is only ever appended to, and the same
//! to the program's log. No password and no token comes here; a name that has no account is not written either, since
//! people type passwords into the wrong field.

use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use zizhi_types::NetTime;

/// The file in the accounts' folder.
pub const FILE: &str = "security.jsonl";

/// Lines a minute that strangers can cause; what comes after is counted. So nobody fills the disk.
const STRANGERS_MAX: u32 = 300;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Somebody signed in.
    SignedIn,
    /// A wrong name or password.
    SignInFailed,
    /// Too many wrong tries: not looked at.
    SignInBraked {
        /// How long to wait.
        wait_ms: u64,
    },
    /// Somebody signed out.
    SignedOut,
    /// A request was refused.
    Refused {
        /// Which.
        method: String,
        /// The route, not the path: what somebody wrote into it is not repeated.
        route: String,
        /// Why.
        why: &'static str,
    },
    /// A person changed the own password, or could not.
    PasswordChanged {
        /// Whether it was changed.
        done: bool,
    },
    /// An account got another role.
    RoleChanged {
        /// Whose.
        account: String,
        /// Which.
        role: String,
    },
    /// An account was made.
    AccountAdded {
        /// Whose.
        account: String,
        /// Which.
        role: String,
    },
    /// An account was taken away.
    AccountRemoved {
        /// Whose.
        account: String,
    },
    /// A password was set on the command line.
    PasswordSet {
        /// Whose.
        account: String,
    },
    /// An order left for the swarm.
    Ordered {
        /// The subject under which the swarm hears it.
        subject: String,
        /// What, in short.
        what: String,
        /// Whether it left.
        sent: bool,
    },
    /// Lines that were left out in the minute before.
    LeftOut {
        /// How many.
        lines: u32,
    },
}

impl Event {
    /// Whether somebody without an account can cause it.
    const fn by_stranger(&self) -> bool {
        matches!(
            self,
            Self::SignInFailed | Self::SignInBraked { .. } | Self::Refused { .. }
        )
    }
}

/// Who and from where, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct By {
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    at_ms: NetTime,
    #[serde(flatten)]
    event: &'a Event,
    #[serde(flatten)]
    by: &'a By,
}

#[derive(Debug, Default)]
struct Book {
    file: Option<File>,
    minute: u64,
    strangers: u32,
}

/// Where events go.
#[derive(Debug, Default)]
pub struct Diary(Mutex<Book>);

impl Diary {
    /// In this folder, for its owner's eyes only. Without one, events go to the program's log only.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .append(true)
            .create(true)
            .mode(0o600)
            .open(folder.join(FILE))?;
        let book = Book {
            file: Some(file),
            ..Book::default()
        };
        Ok(Self(Mutex::new(book)))
    }

    /// Writes one down. A full disk is told to the program's log, and closes no door.
    pub fn write(&self, event: &Event, by: &By, at: NetTime) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = at.0 / 60_000;
        if minute != book.minute {
            let left_out = book.strangers.saturating_sub(STRANGERS_MAX);
            (book.minute, book.strangers) = (minute, 0);
            if left_out > 0 {
                book.line(&Event::LeftOut { lines: left_out }, &By::default(), at);
            }
        }
        if event.by_stranger() {
            book.strangers = book.strangers.saturating_add(1);
            if book.strangers > STRANGERS_MAX {
                return;
            }
        }
        book.line(event, by, at);
    }
}

impl Book {
    fn line(&mut self, event: &Event, by: &By, at: NetTime) {
        tracing::info!(target: "zizhi::security", ?event, by = ?by.by, from = ?by.from, "security");
        let Some(file) = &mut self.file else {
            return;
        };
        let line = Line {
            at_ms: at,
            event,
            by,
        };
        let written = serde_json::to_string(&line)
            .map_err(io::Error::from)
            .and_then(|text| file.write_all(format!("{text}\n").as_bytes()));
        if let Err(error) = written {
            tracing::error!(%error, "the security log cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_strangers_does_not_fill_the_disk_and_hides_no_order() {
        let folder = tempfile::tempdir().unwrap();
        let diary = Diary::open(folder.path()).unwrap();
        let by = By {
            by: Some("li\n{\"event\":\"forged\"}".to_owned()),
            from: Some("10.0.0.9".to_owned()),
        };
        for n in 0..5000 {
            diary.write(&Event::SignInFailed, &By::default(), NetTime(n));
        }
        let order = Event::Ordered {
            subject: "zizhi.v1.kill".to_owned(),
            what: "kill switch on".to_owned(),
            sent: true,
        };
        diary.write(&order, &by, NetTime(5000));
        diary.write(&Event::SignedOut, &by, NetTime(60_000));
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines.len(), STRANGERS_MAX as usize + 3);
        let last: Vec<&str> = lines
            .iter()
            .rev()
            .take(3)
            .filter_map(|l| l["event"].as_str())
            .collect();
        assert_eq!(last, ["signed-out", "left-out", "ordered"]);
        assert!(text.contains(r#""lines":4700"#), "{text}");
    }
}
