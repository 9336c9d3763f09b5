//! What is an item about, where no rule says? The sender's own words, in a fixed order.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv6Addr;

/// Tags that name who or what was measured, the best first. Our choice: a device before the agent that asked it
/// (Telegraf sends both `agent_host` and its own `host`), a name before an address (a relayed log line has both
/// `hostname` and `source`).
pub const IDENTITY: [&str; 16] = [
    "hostname",
    "host.name",
    "source",
    "agent_host",
    "target",
    "instance",
    "host",
    "device",
    "node",
    "node_name",
    "k8s.node.name",
    "service.instance.id",
    "k8s.pod.name",
    "service.name",
    "server.address",
    "job",
];

/// Tags that are the same for everything a sender sends, or say how it was sent: they distinguish nothing.
const COMMON: [&str; 14] = [
    "subscription-name",
    "job",
    "host",
    "facility",
    "severity",
    "appname",
    "procid",
    "msgid",
    "sequence",
    "groupKey",
    "receiver",
    "orgId",
    "generatorURL",
    "valueString",
];

/// Beginnings of such tags.
const COMMON_STARTS: [&str; 7] = [
    "otel.scope.",
    "telemetry.",
    "service.",
    "process.",
    "os.",
    "annotation.",
    "value.",
];

/// Most tags in the name of an object.
const TAGS: usize = 8;

/// Longest value of a tag in it, in bytes.
const VALUE: usize = 80;

/// The tag that says who or what, and its text without a port.
pub fn of(tags: &BTreeMap<String, String>) -> Option<(&'static str, Cow<'_, str>)> {
    IDENTITY.into_iter().find_map(|key| {
        let text = tags.get(key).filter(|t| !t.is_empty())?;
        Some((key, without_port(text)))
    })
}

/// Whether a tag names a sender, so that its port means nothing.
pub(super) fn is_identity(key: &str) -> bool {
    IDENTITY.contains(&key)
}

/// `pe1` of `pe1:57400`, `10.0.0.11` of `10.0.0.11:161`, `2001:db8::1` of `[2001:db8::1]:161`; else as it is.
pub fn without_port(text: &str) -> Cow<'_, str> {
    let is_port = |p: &str| !p.is_empty() && p.len() <= 5 && p.bytes().all(|b| b.is_ascii_digit());
    if let Some((address, rest)) = text.strip_prefix('[').and_then(|t| t.split_once(']'))
        && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
    {
        return Cow::Borrowed(address);
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Cow::Borrowed(text);
    }
    match text.rsplit_once(':') {
        Some((host, port)) if is_port(port) && !host.is_empty() && !host.contains(':') => {
            Cow::Borrowed(host)
        }
        _ => Cow::Borrowed(text),
    }
}

/// The object of an item without a rule: `host/<identity>`, and in braces what distinguishes it, sorted by key.
///
/// At most [`TAGS`] tags of [`VALUE`] bytes; if something had to be left out, a number made of all of it keeps two objects apart.
pub fn object(name: &str, identity: Option<&str>, tags: &BTreeMap<String, String>) -> String {
    let mut object = format!("host/{}", clip(name));
    let is_common = |key: &str| {
        Some(key) == identity
            || COMMON.contains(&key)
            || is_identity(key)
            || COMMON_STARTS.iter().any(|start| key.starts_with(start))
    };
    let distinct: Vec<(&String, &String)> = tags
        .iter()
        .filter(|(key, value)| !is_common(key) && !value.is_empty())
        .collect();
    if distinct.is_empty() {
        return object;
    }
    let cut = distinct.len() > TAGS
        || distinct
            .iter()
            .any(|(k, v)| k.len() > VALUE || v.len() > VALUE);
    object.push('{');
    for (number, (key, value)) in distinct.iter().take(TAGS).enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(object, "{comma}{}={}", clip(key), clip(value));
    }
    if cut {
        let _ = write!(object, ",#{:016x}", super::key::of(&distinct).0);
    }
    object.push('}');
    object
}

fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(VALUE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_part_of_a_name() {
        for (text, name) in [
            ("10.0.0.11:57400", "10.0.0.11"),
            ("pe1.sh01:57400", "pe1.sh01"),
            ("[2001:db8::1]:161", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("udp://10.0.0.1", "udp://10.0.0.1"),
            ("router/A", "router/A"),
            ("pe1:", "pe1:"),
        ] {
            assert_eq!(without_port(text), name);
        }
    }

    #[test]
    fn a_device_comes_before_the_agent_that_asked_it() {
        let tags = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        let telegraf = tags(&[
            ("agent_host", "10.0.0.11"),
            ("host", "collector"),
            ("ifName", "ge-0/0/1"),
        ]);
        let (key, name) = of(&telegraf).unwrap();
        assert_eq!((key, &*name), ("agent_host", "10.0.0.11"));
        assert_eq!(
            object(&name, Some(key), &telegraf),
            "host/10.0.0.11{ifName=ge-0/0/1}"
        );
        let long = tags(&[("a", &"x".repeat(300)), ("b", "1")]);
        let longer = tags(&[("a", &"x".repeat(301)), ("b", "1")]);
        assert_ne!(object("h", None, &long), object("h", None, &longer));
        assert!(object("h", None, &long).len() < 300);
    }
}
