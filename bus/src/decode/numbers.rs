//! Which of its messages does a publisher say this is?
//!
//! Two formats here let a publisher number what it sends: syslog (`meta sequenceId` of RFC 5424 section 7.3.1, and the number
//! that Cisco puts first) and `CloudEvents` (its `sequence` extension, where it is a whole number). Others say nothing, so what is
//! lost of them before it reaches us cannot be seen.

use super::item::{Decoded, Item, Raw};
use super::{Format, json};
use std::collections::BTreeMap;

/// Which message of which publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// Who counts: a host name, or a `CloudEvents` source; empty where the transport's sender does.
    pub publisher: String,
    /// Its number.
    pub number: u64,
}

impl Numbered {
    fn new(publisher: Option<&str>, number: &str) -> Option<Self> {
        Some(Self {
            publisher: publisher.unwrap_or_default().to_owned(),
            number: number.trim().parse().ok()?,
        })
    }
}

/// The numbers in a message that was read as `format`, in the order in which they stand there.
pub fn numbers(format: Format, raw: &Raw<'_>, decoded: &Decoded) -> Vec<Numbered> {
    match format {
        Format::Syslog => decoded.items.iter().filter_map(of_line).collect(),
        Format::CloudEvents => match raw.headers.get("ce-sequence") {
            Some(number) => {
                let source = raw.headers.get("ce-source").map(String::as_str);
                Numbered::new(source, number).into_iter().collect()
            }
            None => of_envelopes(raw.payload),
        },
        _ => vec![],
    }
}

fn of_line(item: &Item) -> Option<Numbered> {
    let Item::Event(event) = item else {
        return None;
    };
    let get = |key: &str| event.tags.get(key).map(String::as_str);
    let number = get("meta.sequenceId").or_else(|| get("sequence"))?;
    Numbered::new(get("hostname"), number)
}

/// Envelopes as JSON: one, a list, or one a line. What is no envelope was refused by its decoder.
fn of_envelopes(payload: &[u8]) -> Vec<Numbered> {
    // Most senders number nothing: then nothing is read twice.
    if !payload.windows(10).any(|w| w == b"\"sequence\"") {
        return vec![];
    }
    let attributes = |text: &str| -> Option<BTreeMap<String, String>> {
        let fields = json::fields(text).ok()?;
        let one = |key: &str| Some((key.to_owned(), json::tag(fields.get(key)?)?));
        Some(["source", "sequence"].into_iter().filter_map(one).collect())
    };
    let limits = super::Limits::default();
    let mut gather = super::gather::Gather::new(&limits);
    let documents = json::documents(payload, &mut gather);
    let found = documents.into_iter().filter_map(|document| {
        let attributes = attributes(document.get())?;
        Numbered::new(
            attributes.get("source").map(String::as_str),
            attributes.get("sequence")?,
        )
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Limits, decode};
    use zizhi_types::NetTime;

    fn read(format: Format, payload: &str, headers: &[(&str, &str)]) -> Vec<(String, u64)> {
        let owned = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
        let headers = headers.iter().map(owned).collect();
        let raw = Raw {
            payload: payload.as_bytes(),
            subject: "",
            content_type: "",
            headers: &headers,
            received: NetTime(0),
        };
        let decoded = decode(format, &raw, &Limits::default());
        let found = numbers(format, &raw, &decoded);
        found.into_iter().map(|n| (n.publisher, n.number)).collect()
    }

    #[test]
    fn syslog_numbers_are_of_the_host_that_counts() {
        let lines = "<34>1 2026-11-20T08:00:03Z pe1 app - - [meta sequenceId=\"41\"] up\n<34>1 2026-11-20T08:00:03Z pe1 app - - [meta sequenceId=\"x\"] up\n<189>000123: *Nov 20 08:00:03.114: %LINK-3-UPDOWN: down";
        let expected = [("pe1".to_owned(), 41), (String::new(), 123)];
        assert_eq!(read(Format::Syslog, lines, &[]), expected);
    }

    #[test]
    fn cloud_events_are_numbered_in_either_mode_or_not_at_all() {
        let event = |more: &str| {
            format!(
                r#"{{"specversion":"1.0","id":"1","source":"/pe1","type":"t"{more},"data":{{}}}}"#
            )
        };
        let expected = [("/pe1".to_owned(), 7)];
        let numbered = event(r#","sequence":"0000007","sequencetype":"Integer""#);
        assert_eq!(read(Format::CloudEvents, &numbered, &[]), expected);
        let headers = [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "/pe1"),
            ("ce-type", "t"),
            ("ce-sequence", "7"),
        ];
        assert_eq!(read(Format::CloudEvents, "up", &headers), expected);
        for none in [
            event(""),
            event(r#","sequence":"a3f""#),
            "\"sequence\"".to_owned(),
        ] {
            assert_eq!(read(Format::CloudEvents, &none, &[]), [], "{none}");
        }
    }
}
