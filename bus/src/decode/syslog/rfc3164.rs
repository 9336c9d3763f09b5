//! What does a message of RFC 3164 say, and of the many that only look like it?
//!
//! `<PRI>Mmm dd hh:mm:ss HOST TAG[pid]: text` is what the RFC observed. Routers put sequence numbers, hosts and zones
//! before, after and instead; what names the message then is a code in the text: `%LINK-3-UPDOWN` (Cisco),
//! `%%01IFNET/4/LINK_STATE(l)` (Huawei), `RPD_BGP_NEIGHBOR_STATE_CHANGED` (Juniper), `%ADJCHANGE` (FRR).

use super::{Line, date};
use zizhi_types::NetTime;

/// Reads what follows `<PRI>`. Every text is a message here; [`Line::is_dated`] and the name say how much was found.
pub(super) fn read(text: &str, received: NetTime) -> Line {
    let mut line = Line::default();
    let mut rest = text.trim_start_matches([' ', ':']);
    rest = sequence(rest, &mut line);
    rest = dated(rest, received, &mut line);
    rest = tag(rest, &mut line);
    rest = code(rest, &mut line);
    rest.trim_start().clone_into(&mut line.text);
    if line.name.is_empty() {
        line.name = line.tags.get("appname").cloned().unwrap_or_default();
    }
    line
}

/// `000123: `, the number that Cisco gives its messages.
fn sequence<'a>(text: &'a str, line: &mut Line) -> &'a str {
    match text.split_once(": ") {
        Some((digits, rest))
            if !digits.is_empty()
                && digits.len() <= 12
                && digits.bytes().all(|b| b.is_ascii_digit()) =>
        {
            line.tags.insert("sequence".to_owned(), digits.to_owned());
            rest
        }
        _ => text,
    }
}

/// The date, with a host before or after it.
fn dated<'a>(text: &'a str, received: NetTime, line: &mut Line) -> &'a str {
    if let Some((at, rest)) = date::leading(text, received) {
        line.at = Some(at);
        return host(rest, line);
    }
    // `pe1: Nov 20 ...`, `pe1 RP/0/RSP0/CPU0:Nov 20 ...`: something names the sender before the date.
    let Some((before, from)) = before_date(text) else {
        return text;
    };
    let Some((at, rest)) = date::leading(&text[from..], received) else {
        return text;
    };
    line.at = Some(at);
    let mut words = before.split([' ', ':']).filter(|w| !w.is_empty());
    if let Some(first) = words.next() {
        let key = if first.contains('/') {
            "node"
        } else {
            "hostname"
        };
        line.tags.insert(key.to_owned(), first.to_owned());
    }
    if let Some(node) = words.next() {
        line.tags.insert("node".to_owned(), node.to_owned());
    }
    rest.trim_start_matches([' ', ':'])
}

/// The text before a date that follows a colon within the first words, and where that date begins.
fn before_date(text: &str) -> Option<(&str, usize)> {
    let head = crate::decode::gather::start(text, 120);
    let at = head.char_indices().find(|(at, c)| {
        *c == ':'
            && head[at + 1..]
                .trim_start()
                .trim_start_matches(['*', '.'])
                .starts_with(|c: char| c.is_ascii_uppercase() || c == '2')
    })?;
    let from = at.0 + 1;
    Some((
        &text[..at.0],
        from + text[from..].len() - text[from..].trim_start().len(),
    ))
}

/// The word after the date is the host, unless it is already the tag or the code.
fn host<'a>(text: &'a str, line: &mut Line) -> &'a str {
    let text = text.trim_start_matches([' ', ':']);
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let is_tag =
        word.is_empty() || word.ends_with(':') || word.starts_with('%') || word.ends_with(']');
    if is_tag {
        return text;
    }
    line.tags.insert("hostname".to_owned(), word.to_owned());
    rest.trim_start_matches([' ', ':'])
}

/// `bgpd[812]: ` or `bgpd: `.
fn tag<'a>(text: &'a str, line: &mut Line) -> &'a str {
    let Some((word, rest)) = text.split_once(':') else {
        return text;
    };
    let word = word.trim_end();
    let (name, pid) = match word.strip_suffix(']').and_then(|w| w.split_once('[')) {
        Some((name, pid)) => (name, Some(pid)),
        None => (word, None),
    };
    let fits = |c: char| c.is_alphanumeric() || "-_./()".contains(c);
    if name.is_empty()
        || name.len() > 64
        || !name.chars().all(fits)
        || (!rest.starts_with([' ', '%']) && !rest.is_empty())
    {
        return text;
    }
    if pid.is_none() && is_code(name) {
        return text;
    }
    line.tags.insert("appname".to_owned(), name.to_owned());
    if let Some(pid) = pid {
        line.tags.insert("procid".to_owned(), pid.to_owned());
    }
    rest.trim_start()
}

/// Juniper's message codes: capitals with underscores.
fn is_code(word: &str) -> bool {
    word.contains('_')
        && word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The code that names the message; its severity where the code has one.
fn code<'a>(text: &'a str, line: &mut Line) -> &'a str {
    if let Some(rest) = text.strip_prefix("%%") {
        return huawei(rest, line).unwrap_or(text);
    }
    if let Some(rest) = text.strip_prefix('%') {
        let Some((code, after)) = rest.split_once(':') else {
            return text;
        };
        let code = code.trim_end();
        if code.is_empty() || code.contains(' ') {
            return text;
        }
        code.clone_into(&mut line.name);
        line.code = code.split('-').find_map(digit);
        return after;
    }
    match text.split_once(':') {
        Some((word, rest)) if is_code(word) => {
            word.clone_into(&mut line.name);
            rest
        }
        _ => text,
    }
}

/// `01IFNET/4/LINK_STATE(l)[12]:text`: version, module, severity, what, and whether it is a log.
fn huawei<'a>(text: &'a str, line: &mut Line) -> Option<&'a str> {
    let (head, rest) = text.split_once(':')?;
    let head = head.trim_start_matches(|c: char| c.is_ascii_digit());
    let name = head.split(['(', '[']).next()?;
    let mut parts = name.split('/');
    let (_module, severity, _what) = (parts.next()?, parts.next()?, parts.next()?);
    line.code = digit(severity);
    name.clone_into(&mut line.name);
    Some(rest)
}

fn digit(word: &str) -> Option<u8> {
    match word.as_bytes() {
        [digit @ b'0'..=b'7'] => Some(digit - b'0'),
        _ => None,
    }
}
