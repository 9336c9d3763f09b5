//! What does a syslog message say? RFC 5424, RFC 3164 and what routers make of it, as events.
//!
//! Tags: `facility`, `hostname`, `appname`, `procid`, `msgid`, and of structured data `id.name`. The name is the message
//! id or the code in the text, so that tables can tell a link that went down. A message without a host gets the tag `source`
//! from the header `peer`, where the listener puts the sender's address.

mod date;
mod frame;
mod rfc3164;
mod rfc5424;

pub use frame::Framer;

use super::gather::{Gather, garbage};
use super::item::{Decoded, EventItem, Item, Limits, Raw};
use super::severity;
use std::collections::BTreeMap;
use zizhi_types::{NetTime, Severity};

/// The facilities by their number (RFC 5424 table 1), by the keywords that senders use.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

/// What one message says, whatever its format.
#[derive(Debug, Default)]
struct Line {
    name: String,
    tags: BTreeMap<String, String>,
    text: String,
    at: Option<NetTime>,
    /// The severity in the code of the message.
    code: Option<u8>,
    /// Parts that mean nothing; the message stands without them.
    wrong: Vec<String>,
}

/// Reads syslog: one message, one a line, or octet-counted. A line that begins with a blank belongs to the one before.
pub fn decode(raw: &Raw<'_>, limits: &Limits) -> Decoded {
    let mut framer = Framer::new(limits.bytes);
    let mut frames = framer.push(raw.payload);
    frames.extend(framer.finish());
    if frames.is_empty() {
        return garbage("an empty message", raw.payload, limits);
    }
    let mut gather = Gather::new(limits);
    let mut frames = frames.into_iter().peekable();
    while let Some(mut frame) = frames.next() {
        while let Some(more) = frames.next_if(|f| f.starts_with(b" ") || f.starts_with(b"\t")) {
            frame.push(b'\n');
            frame.extend(more);
        }
        one(&frame, raw, &mut gather);
    }
    gather.finish()
}

fn one(frame: &[u8], raw: &Raw<'_>, gather: &mut Gather<'_>) {
    let text = String::from_utf8_lossy(frame);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match read(text, raw.received) {
        Ok((mut line, priority)) => {
            if let (false, Some(peer)) =
                (line.tags.contains_key("hostname"), raw.headers.get("peer"))
            {
                line.tags.insert("source".to_owned(), peer.clone());
            }
            for reason in std::mem::take(&mut line.wrong) {
                gather.reject(reason, text);
            }
            gather.push(Item::Event(event(line, priority)));
        }
        Err(reason) => gather.reject(reason, text),
    }
}

fn read(text: &str, received: NetTime) -> Result<(Line, Option<u8>), String> {
    let Some((priority, rest)) = priority(text)? else {
        let line = rfc3164::read(text, received);
        return if is_message(&line) {
            Ok((line, None))
        } else {
            Err(
                "no syslog: it begins with neither <PRI> nor a date, and has no message code"
                    .to_owned(),
            )
        };
    };
    let line = match rfc5424::after_version(rest) {
        Some(rest) => rfc5424::read(rest)?,
        None => rfc3164::read(rest, received),
    };
    Ok((line, Some(priority)))
}

/// Whether a text without `<PRI>` shows that it is a message all the same.
fn is_message(line: &Line) -> bool {
    line.at.is_some() || line.code.is_some()
}

/// The number between `<` and `>`, 0 to 191, and what follows; `None` where there is no `<`.
fn priority(text: &str) -> Result<Option<(u8, &str)>, String> {
    let Some(rest) = text.strip_prefix('<') else {
        return Ok(None);
    };
    let bad = || "no syslog: <PRI> is a number from 0 to 191".to_owned();
    let (digits, rest) = rest.split_once('>').ok_or_else(bad)?;
    if !(1..=3).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let number: u8 = digits.parse().map_err(|_| bad())?;
    if number > 191 {
        Err(bad())
    } else {
        Ok(Some((number, rest)))
    }
}

fn event(line: Line, priority: Option<u8>) -> EventItem {
    let mut tags = line.tags;
    if let Some(facility) = priority.and_then(|p| FACILITIES.get(usize::from(p / 8))) {
        tags.insert("facility".to_owned(), (*facility).to_owned());
    }
    let code = priority.map(|p| p % 8).or(line.code);
    let mut name = line.name;
    if name.is_empty() {
        name = tags.get("appname").cloned().unwrap_or_default();
    }
    EventItem {
        name,
        tags,
        text: line.text.trim_end().to_owned(),
        severity: code.map_or(Severity::Indeterminate, severity::of_syslog),
        at: line.at,
    }
}

/// Whether a text begins with `<PRI>`.
pub(crate) fn has_priority(text: &str) -> bool {
    matches!(priority(text), Ok(Some(_)))
}

/// Whether a text begins with a length and `<PRI>`.
pub(crate) fn is_counted(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.len() && rest.strip_prefix(' ').is_some_and(has_priority)
}

/// Whether a text is a message without `<PRI>`: it begins with a date, or has a message code.
pub(crate) fn is_bare(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    // The year does not matter here, so any moment of receipt will do.
    is_message(&rfc3164::read(line, NetTime(1_000_000_000_000)))
}
