//! What do the headers of a message say?
//!
//! Messages are `CloudEvents` 1.0.2 in binary mode (NATS protocol binding: headers `ce-…`, the payload as it is), with the
//! `sequence` and `traceparent` extensions.

use jiff::Timestamp;
use std::collections::BTreeMap;
use zizhi_types::{MessageId, NetTime};

/// Version of the specification, not of ours.
pub const SPEC_VERSION: &str = "1.0";

/// Header names, in lower case as they travel.
pub mod name {
    /// Which `CloudEvents`.
    pub const SPEC: &str = "ce-specversion";
    /// The message's id as text.
    pub const ID: &str = "ce-id";
    /// Who publishes.
    pub const SOURCE: &str = "ce-source";
    /// `io.zizhi.<kind>.v1`.
    pub const TYPE: &str = "ce-type";
    /// RFC 3339.
    pub const TIME: &str = "ce-time";
    /// The count of this source under this subject, as [`crate::account::number`] makes it; telemetry only.
    pub const SEQUENCE: &str = "ce-sequence";
    /// JetStream keeps one message of an id.
    pub const DEDUP: &str = "Nats-Msg-Id";
    /// An answer that says that nobody answered.
    pub const UNSERVED: &str = "zizhi-unserved";
}

/// Why headers are not those of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// A header is missing.
    #[error("no `{0}` header: publishers write CloudEvents in binary mode")]
    Missing(&'static str),
    /// A header cannot be read.
    #[error("`{header}` is `{value}`: write {like}")]
    Unreadable {
        /// Which.
        header: &'static str,
        /// What it says, shortened.
        value: String,
        /// What would be right.
        like: &'static str,
    },
    /// The time is beyond year 9999.
    #[error("time {0} ms is beyond the year 9999")]
    Time(u64),
}

/// What the headers of one message say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The source and its own count.
    pub id: MessageId,
    /// When it happened.
    pub at: NetTime,
    /// The source's count under this subject, where it keeps one.
    pub sequence: Option<u64>,
}

impl Event {
    /// As headers, for a message under `subject`.
    pub fn headers(&self, subject: &str) -> Result<Vec<(&'static str, String)>, BadEvent> {
        let id = self.id.to_string();
        let mut headers = vec![
            (name::SPEC, SPEC_VERSION.to_owned()),
            (name::SOURCE, self.id.owner.clone()),
            (name::TYPE, kind(subject)),
            (name::TIME, time_text(self.at)?),
            (name::ID, id),
        ];
        if let Some(sequence) = self.sequence {
            // The extension wants texts that sort as the numbers do.
            headers.push((name::SEQUENCE, format!("{sequence:016}")));
        }
        Ok(headers)
    }

    /// From headers; names in lower case.
    pub fn read(headers: &BTreeMap<String, String>) -> Result<Self, BadEvent> {
        let spec = wanted(headers, name::SPEC)?;
        if !spec.starts_with("1.") {
            return Err(unreadable(name::SPEC, spec, SPEC_VERSION));
        }
        let id = wanted(headers, name::ID)?;
        let time = wanted(headers, name::TIME)?;
        let number = |text: &String| {
            let bad = || unreadable(name::SEQUENCE, text, "a whole number");
            text.parse::<u64>().map_err(|_| bad())
        };
        Ok(Self {
            id: id
                .parse()
                .map_err(|_| unreadable(name::ID, id, "a message id"))?,
            at: time_from(time)
                .ok_or_else(|| unreadable(name::TIME, time, "2026-08-01T00:00:00.000Z"))?,
            sequence: headers.get(name::SEQUENCE).map(number).transpose()?,
        })
    }
}

/// `io.zizhi.<kind>.v1`, the kind being all of the subject after its plane, such as `neg.say`.
fn kind(subject: &str) -> String {
    let kind: Vec<&str> = subject.split('.').skip(3).collect();
    format!("io.zizhi.{}.v1", kind.join("."))
}

fn wanted<'a>(
    headers: &'a BTreeMap<String, String>,
    name: &'static str,
) -> Result<&'a str, BadEvent> {
    headers
        .get(name)
        .map(String::as_str)
        .ok_or(BadEvent::Missing(name))
}

fn unreadable(header: &'static str, value: &str, like: &'static str) -> BadEvent {
    let value = value.chars().take(40).collect();
    BadEvent::Unreadable {
        header,
        value,
        like,
    }
}

fn time_text(at: NetTime) -> Result<String, BadEvent> {
    let moment = i64::try_from(at.0)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .ok_or(BadEvent::Time(at.0))?;
    Ok(format!("{moment:.3}"))
}

fn time_from(text: &str) -> Option<NetTime> {
    let moment: Timestamp = text.parse().ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(NetTime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(headers: Vec<(&'static str, String)>) -> BTreeMap<String, String> {
        headers
            .into_iter()
            .map(|(n, v)| (n.to_owned(), v))
            .collect()
    }

    fn event() -> Event {
        Event {
            id: MessageId::new("transport", 7),
            at: NetTime(1_785_542_400_123),
            sequence: Some(12),
        }
    }

    #[test]
    fn a_message_says_who_what_and_when_in_the_words_of_cloudevents() {
        let headers = map(event().headers("zizhi.v1.transport.neg.say").unwrap());
        let said: Vec<String> = headers.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let id = format!("ce-id={}", event().id);
        let expected = [
            id.as_str(),
            "ce-sequence=0000000000000012",
            "ce-source=transport",
            "ce-specversion=1.0",
            "ce-time=2026-08-01T00:00:00.123Z",
            "ce-type=io.zizhi.neg.say.v1",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let good = map(event().headers("zizhi.v1.transport.neg.say").unwrap());
        let without = |name: &str| {
            let mut headers = good.clone();
            headers.remove(name);
            Event::read(&headers)
        };
        assert_eq!(without("ce-id"), Err(BadEvent::Missing("ce-id")));
        let mut odd = good.clone();
        odd.insert("ce-time".to_owned(), "yesterday".to_owned());
        let error = Event::read(&odd).unwrap_err().to_string();
        assert_eq!(
            error,
            "`ce-time` is `yesterday`: write 2026-08-01T00:00:00.000Z"
        );
        let late = Event {
            at: NetTime(u64::MAX),
            ..event()
        };
        assert_eq!(late.headers("a"), Err(BadEvent::Time(u64::MAX)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(source in "[a-z][a-z0-9-]{0,12}", number: u64, at in 0_u64..253_000_000_000_000, sequence: Option<u64>) {
            let event = Event { id: MessageId::new(source, number), at: NetTime(at), sequence };
            let headers = map(event.headers("zizhi.v1.a.obs.b").unwrap());
            prop_assert_eq!(Event::read(&headers), Ok(event));
        }

        #[test]
        fn no_header_makes_it_panic(texts in proptest::collection::vec(".{0,40}", 5)) {
            let names = [name::SPEC, name::ID, name::SOURCE, name::TIME, name::SEQUENCE];
            let headers = names.iter().zip(texts).map(|(n, v)| ((*n).to_owned(), v)).collect();
            let _ = Event::read(&headers);
        }
    }
}
