//! What does a JSON text consist of? Taken apart piece by piece, so that a bad piece does not spoil its neighbours.
//!
//! Pieces are slices of the message ([`RawValue`]): nothing is copied before it is wanted, numbers keep their digits,
//! and the depth of nesting costs no stack.

use super::gather::Gather;
use super::item::Value;
use super::number;
use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Deepest nesting of values that is followed (our choice: YANG trees stay far below).
pub(crate) const DEPTH: usize = 32;

/// One member of an object.
pub(crate) type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// The members of an object, in order, each key once.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) members: Vec<Member<'a>>,
    /// Members that were written again later: the last one counts, as for the senders' own readers.
    pub(crate) twice: Vec<Member<'a>>,
}

impl<'a> Fields<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.members.iter().find(|(k, _)| k == key).map(|(_, v)| *v)
    }

    /// The text of a member; `None` where it is missing, null or no text.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        match scalar(self.get(key)?) {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The object in a member; empty where it is missing or null.
    pub(crate) fn object(&self, key: &str) -> Result<Fields<'a>, String> {
        match self.get(key) {
            Some(raw) if raw.get() != "null" => {
                fields(raw.get()).map_err(|e| format!("`{key}`: {e}"))
            }
            _ => Ok(Fields::default()),
        }
    }
}

/// A piece by its first byte.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Flag(bool),
    /// The digits as they were sent.
    Number(&'a str),
    Text(Cow<'a, str>),
    List,
    Object,
}

pub(crate) fn scalar(raw: &RawValue) -> Scalar<'_> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => Scalar::Object,
        Some(b'[') => Scalar::List,
        Some(b'"') => Scalar::Text(unquote(text)),
        Some(b't') => Scalar::Flag(true),
        Some(b'f') => Scalar::Flag(false),
        Some(b'n') | None => Scalar::Null,
        Some(_) => Scalar::Number(text),
    }
}

/// A JSON text without its quotes and escapes. A lone surrogate makes no text: it stays as written.
fn unquote(text: &str) -> Cow<'_, str> {
    let inner = &text[1..text.len() - 1];
    if inner.contains('\\') {
        serde_json::from_str::<String>(text).map_or(Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}

/// The value of a leaf. `Ok(None)`: null or empty, so nothing was measured. For lists and objects an error.
pub(crate) fn leaf(raw: &RawValue) -> Result<Option<Value>, String> {
    Ok(match scalar(raw) {
        Scalar::Null => None,
        Scalar::Flag(flag) => Some(Value::Flag(flag)),
        Scalar::Number(digits) => Some(number::number(digits).unwrap_or(Err("no number"))?),
        Scalar::Text(text) => Some(number::text(&text)?),
        Scalar::List | Scalar::Object => {
            return Err("a list or object where a value is wanted".to_owned());
        }
    })
}

/// A leaf as the text of a tag; `None` for lists, objects and null.
pub(crate) fn tag(raw: &RawValue) -> Option<String> {
    match scalar(raw) {
        Scalar::Text(text) => Some(text.into_owned()),
        Scalar::Flag(_) | Scalar::Number(_) => Some(raw.get().to_owned()),
        Scalar::Null | Scalar::List | Scalar::Object => None,
    }
}

/// The members of the object in `text`.
pub(crate) fn fields(text: &str) -> Result<Fields<'_>, String> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<Member<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = vec![];
            while let Some((Key(key), value)) = map.next_entry()? {
                members.push((key, value));
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Members).map_err(|e| e.to_string())?;
    reader.end().map_err(|e| e.to_string())?;
    Ok(last_of_each(members))
}

fn last_of_each(members: Vec<Member<'_>>) -> Fields<'_> {
    let mut seen = std::collections::HashSet::new();
    let last: Vec<bool> = members
        .iter()
        .rev()
        .map(|(k, _)| seen.insert(k.clone()))
        .collect();
    if last.iter().all(|l| *l) {
        return Fields {
            members,
            twice: vec![],
        };
    }
    let mut fields = Fields::default();
    for (member, is_last) in members.into_iter().zip(last.into_iter().rev()) {
        if is_last {
            fields.members.push(member);
        } else {
            fields.twice.push(member);
        }
    }
    fields
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: serde::de::Error>(
                self,
                text: &'de str,
            ) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        reader.deserialize_str(Text)
    }
}

/// The elements of the list in `text`: at most `most`, and how many more there are.
pub(crate) fn elements(text: &str, most: usize) -> Result<(Vec<&RawValue>, usize), String> {
    struct Elements(usize);
    impl<'de> Visitor<'de> for Elements {
        type Value = (Vec<&'de RawValue>, usize);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut found = vec![];
            while found.len() < self.0 {
                match list.next_element()? {
                    Some(element) => found.push(element),
                    None => return Ok((found, 0)),
                }
            }
            let mut beyond = 0;
            while list.next_element::<IgnoredAny>()?.is_some() {
                beyond += 1;
            }
            Ok((found, beyond))
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let found = reader
        .deserialize_seq(Elements(most))
        .map_err(|e| e.to_string())?;
    reader
        .end()
        .map_err(|e| serde_json::Error::custom(e).to_string())?;
    Ok(found)
}

/// The text of a payload without a byte-order mark, or why it is none.
pub(crate) fn text(payload: &[u8]) -> Result<&str, String> {
    let payload = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
    std::str::from_utf8(payload)
        .map_err(|e| format!("no UTF-8 text from byte {} on", e.valid_up_to()))
}

/// The documents of a payload: one, several one after the other, or one a line; a list counts as its elements.
///
/// What cannot be read is rejected in `gather`. After a broken document only lines that begin with `{` or `[` are
/// tried, each by itself, so that the work stays in proportion to the length.
pub(crate) fn documents<'a>(payload: &'a [u8], gather: &mut Gather<'_>) -> Vec<&'a RawValue> {
    let text = match text(payload) {
        Ok(text) => text,
        Err(reason) => {
            gather.reject_bytes(reason, payload);
            return vec![];
        }
    };
    let mut found = vec![];
    let Err((from, reason)) = stream(text, gather, &mut found) else {
        return found;
    };
    let rest = &text[from..];
    gather.reject(format!("broken JSON: {reason}"), rest);
    for line in rest.lines().skip(1).filter(|l| l.starts_with(['{', '['])) {
        if let Err((from, reason)) = stream(line, gather, &mut found) {
            gather.reject(format!("broken JSON: {reason}"), &line[from..]);
        }
    }
    found
}

/// Reads documents until the end or the first broken one; then tells where that begins, and what is wrong.
fn stream<'a>(
    text: &'a str,
    gather: &mut Gather<'_>,
    found: &mut Vec<&'a RawValue>,
) -> Result<(), (usize, String)> {
    let mut reader = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    loop {
        let from = reader.byte_offset();
        match reader.next() {
            None => return Ok(()),
            Some(Ok(raw)) => add(raw, gather, found),
            Some(Err(error)) => {
                let blank = text[from..].len() - text[from..].trim_start().len();
                return Err((from + blank, error.to_string()));
            }
        }
    }
}

fn add<'a>(raw: &'a RawValue, gather: &mut Gather<'_>, found: &mut Vec<&'a RawValue>) {
    let room = gather.limits().items.saturating_sub(found.len());
    if !raw.get().starts_with('[') {
        if room > 0 {
            found.push(raw);
        } else {
            gather.skip(1);
        }
        return;
    }
    match elements(raw.get(), room) {
        Ok((inside, beyond)) => {
            found.extend(inside);
            gather.skip(beyond);
        }
        Err(reason) => gather.reject(reason, raw.get()),
    }
}
