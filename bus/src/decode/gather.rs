//! What may one message make at most? Collects items and rejects, and keeps both within [`Limits`].

use super::item::{AlarmItem, Decoded, EventItem, Item, Limits, Point, Reject, Value};
use std::collections::BTreeMap;

/// Most rejects of one message that are told one by one (our choice: enough to see what is wrong); the rest is counted.
const REJECTS: usize = 100;

/// Longest sample of a rejected part, in bytes.
const SAMPLE: usize = 160;

/// Collects what one message says.
pub(crate) struct Gather<'l> {
    limits: &'l Limits,
    out: Decoded,
    items_beyond: usize,
    rejects_beyond: usize,
}

impl<'l> Gather<'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            out: Decoded::default(),
            items_beyond: 0,
            rejects_beyond: 0,
        }
    }

    pub(crate) const fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// Whether further items would only be counted.
    pub(crate) fn is_full(&self) -> bool {
        self.out.items.len() >= self.limits.items
    }

    /// Counts items that were not even read, because the message is full.
    pub(crate) fn skip(&mut self, items: usize) {
        self.items_beyond = self.items_beyond.saturating_add(items);
    }

    pub(crate) fn point(&mut self, point: Point) {
        self.push(Item::Point(point));
    }

    /// Adds an item, its texts cut to the longest length; one with too many tags is rejected.
    pub(crate) fn push(&mut self, mut item: Item) {
        if self.is_full() {
            self.skip(1);
            return;
        }
        let (name, tags, long) = match &mut item {
            Item::Point(Point {
                name, tags, value, ..
            }) => match value {
                Value::Text(text) => (name, tags, Some(text)),
                _ => (name, tags, None),
            },
            Item::Event(EventItem {
                name, tags, text, ..
            })
            | Item::Alarm(AlarmItem {
                name, tags, text, ..
            }) => (name, tags, Some(text)),
        };
        if tags.len() > self.limits.tags {
            let (most, many) = (self.limits.tags, tags.len());
            let sample = std::mem::take(name);
            self.reject(format!("{many} tags, more than {most}"), &sample);
            return;
        }
        cut(name, self.limits.text);
        if let Some(text) = long {
            cut(text, self.limits.text);
        }
        cut_tags(tags, self.limits.text);
        if let Item::Alarm(alarm) = &mut item {
            cut(&mut alarm.fingerprint, self.limits.text);
        }
        self.out.items.push(item);
    }

    /// Notes a part that means nothing: `reason` says what is wrong and what would be right.
    pub(crate) fn reject(&mut self, reason: impl Into<String>, sample: &str) {
        if self.out.rejects.len() >= REJECTS {
            self.rejects_beyond += 1;
            return;
        }
        let mut reason = reason.into();
        cut(&mut reason, self.limits.text);
        self.out.rejects.push(Reject {
            reason,
            sample: start(sample, SAMPLE).to_owned(),
        });
    }

    /// As [`Gather::reject`], for a part that may be no text.
    pub(crate) fn reject_bytes(&mut self, reason: impl Into<String>, sample: &[u8]) {
        let first = &sample[..sample.len().min(SAMPLE)];
        self.reject(reason, &String::from_utf8_lossy(first));
    }

    /// Adds what a part of the message was found to say.
    pub(crate) fn take(&mut self, part: Decoded) {
        for item in part.items {
            self.push(item);
        }
        for reject in part.rejects {
            self.reject(reject.reason, &reject.sample);
        }
    }

    pub(crate) fn finish(mut self) -> Decoded {
        if self.items_beyond > 0 {
            self.out.rejects.push(Reject {
                reason: format!(
                    "{} items beyond the first {}: let the sender make smaller batches",
                    self.items_beyond, self.limits.items
                ),
                sample: String::new(),
            });
        }
        if self.rejects_beyond > 0 {
            self.out.rejects.push(Reject {
                reason: format!("{} more parts could not be read", self.rejects_beyond),
                sample: String::new(),
            });
        }
        self.out
    }
}

fn cut_tags(tags: &mut BTreeMap<String, String>, most: usize) {
    for value in tags.values_mut() {
        cut(value, most);
    }
    if tags.keys().any(|k| k.len() > most) {
        let old = std::mem::take(tags);
        tags.extend(old.into_iter().map(|(mut key, value)| {
            cut(&mut key, most);
            (key, value)
        }));
    }
}

fn cut(text: &mut String, most: usize) {
    let end = start(text, most).len();
    text.truncate(end);
}

/// The first `most` bytes of a text, or a little less so that no character is cut.
pub(crate) fn start(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A message of which nothing can be read: one reject.
pub(crate) fn garbage(reason: impl Into<String>, payload: &[u8], limits: &Limits) -> Decoded {
    let mut gather = Gather::new(limits);
    gather.reject_bytes(reason, payload);
    gather.finish()
}
