//! What entered the swarm from outside, in order, so that it can be lived through again?
//!
//! A recording is JSON lines in gzip: a header, then what was published from outside (telemetry, inventory, maintenance,
//! clock, approvals), what the network's driver answered, and the points at which the bus had settled. What the agents said
//! to each other is not in it: they say it again. Long recordings are several segments, each a file that begins with a
//! header; the oldest is dropped beyond the size limit, and the next ones say so.

mod reader;
mod source;
mod tap;
mod writer;

pub use reader::Reader;
pub use source::{Messages, Source};
pub use tap::Tap;
pub use writer::{Recorder, SIZE_LIMIT, Written};

use crate::bus::Message;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zizhi_types::action::{Action, Receipt, Verb};
use zizhi_types::{MessageId, NetTime};

/// The version of the format.
pub const VERSION: u32 = 1;

/// The first line of every segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`VERSION`]; another one is refused.
    pub zizhi_recording: u32,
    /// The program's version.
    pub swarm: String,
    /// The network's name.
    pub network: String,
    /// The seed, where there is one.
    pub seed: Option<u64>,
    /// The network's time at the start.
    pub start: NetTime,
    /// What the driver can do.
    pub verbs: Vec<Verb>,
    /// The swarm's settings and what it brought from other runs, as the one who started it understands them.
    pub setting: serde_json::Value,
    /// Which segment, from 1.
    #[serde(default = "first")]
    pub segment: u32,
    /// Segments before this one that were dropped, as the recording had become too large.
    #[serde(default)]
    pub dropped_segments: u32,
}

const fn first() -> u32 {
    1
}

/// One line after the header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Item {
    /// A message from outside.
    Message {
        /// Its source and the source's own count.
        id: MessageId,
        /// Its subject.
        subject: String,
        /// When its publisher says it happened.
        at: NetTime,
        /// What was said.
        payload: Payload,
        /// It is in an earlier segment too, and repeated for who has only this one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// What the network's driver answered.
    Answer {
        /// The key of the action; never used twice.
        key: String,
        /// What was asked for.
        action: Action,
        /// The answer.
        answer: Answer,
    },
    /// All that was published so far, and all that followed from it, was handled.
    Settled,
    /// The swarm was drained, or the recording was cut here.
    End {
        /// The network's time.
        at: NetTime,
        /// Why.
        reason: String,
    },
}

/// What a driver answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// It was done and read back.
    Done {
        /// What the network said.
        receipt: Receipt,
    },
    /// The driver would not do it.
    Refused {
        /// Why.
        reason: String,
    },
    /// It failed without effect.
    Failed {
        /// Why.
        reason: String,
    },
    /// Nobody knows whether it had an effect.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// The bytes of a message: as text where they are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Payload {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|e| Self::Bytes(e.into_bytes()), Self::Text)
    }
}

impl Payload {
    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl From<Message> for Item {
    fn from(message: Message) -> Self {
        Self::Message {
            id: message.id,
            subject: message.subject,
            at: message.at,
            payload: message.payload.into(),
            again: false,
        }
    }
}

/// What goes wrong with a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file is there already; it is never overwritten.
    #[error("recording {} exists already: name another file, or move it away", path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The file cannot be made, opened, written or read.
    #[error("cannot use recording {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no recording, or a line of it means nothing.
    #[error("{} is no recording that this version can read: line {line}: {reason}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// Writing has ended after a failure.
    #[error("the recording has ended early: {0}")]
    Ended(String),
}

impl RecordingError {
    fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}

/// The file of a segment: the first is `path` itself, `night.zrec`; the second lies beside it as `night.2.zrec`.
pub fn segment_path(path: &Path, segment: u32) -> PathBuf {
    if segment == 1 {
        return path.to_owned();
    }
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    path.with_extension(format!("{segment}.{ending}"))
}
