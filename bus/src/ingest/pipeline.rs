//! What does a received message mean for the swarm?
//!
//! In: one message with the time. Out: measurements, values without a place, events, alarms and dead letters, and the verdict for
//! the sender. Every part of the message is accounted for ([`super::account`]). Which object and metric a value is about is
//! asked from the mapping tables through [`Places`].
//!
//! Pure: the time comes in.

use super::account::{Accounts, Bounds, Counts, Fate};
use super::intake::{Arrived, Verdict};
use super::output::{Alarm, DeadLetter, Event, Origin, Output, Placed, Unplaced, text};
use crate::decode::remote_write::{self, Version};
use crate::decode::{self, Decoded, Format, Item, Limits, Point, Raw, Reject, otlp};
use std::collections::BTreeMap;
use zizhi_types::{ManagedObject, NetTime};

/// Dead letters that are made of one message; further rejects are counted in the last one.
const LETTERS: usize = 10;

/// Says what values and texts of other systems are about.
pub trait Places: Send {
    /// The measurements that a value says; an error says what a mapping would need. A deleted value says none.
    fn place(&mut self, format: Format, point: &Point, at: NetTime) -> Result<Vec<Placed>, String>;

    /// The object that the tags of an event or alarm are about.
    fn object(&self, format: Format, tags: &BTreeMap<String, String>) -> Option<ManagedObject>;
}

/// Decodes, places and accounts.
pub struct Pipeline<P> {
    accounts: Accounts,
    places: P,
    limits: Limits,
}

/// What a decoder says of one message, whichever it was.
struct Reading {
    format: Format,
    decoded: Decoded,
    is_unreadable: bool,
    empty: u64,
    written: [u64; 3],
}

/// One message under way: what it has said so far.
struct Message<'a> {
    origin: Origin,
    format: Format,
    received: NetTime,
    now: NetTime,
    arrived: &'a Arrived,
    outputs: Vec<Output>,
    letters: Vec<(String, DeadLetter)>,
    verdict: Verdict,
}

impl<P: Places> Pipeline<P> {
    /// With the bounds of its accounts and of single messages.
    pub const fn new(bounds: Bounds, limits: Limits, places: P) -> Self {
        Self {
            accounts: Accounts::new(bounds),
            places,
            limits,
        }
    }

    /// The counters of every source.
    pub fn counts(&self) -> BTreeMap<String, Counts> {
        self.accounts.counts()
    }

    /// Messages of a source were dropped before they came here.
    pub fn dropped(&mut self, source: &str, messages: u64) {
        self.accounts.dropped(source, messages);
    }

    /// Takes one message apart.
    pub fn take(&mut self, arrived: &Arrived, now: NetTime) -> (Vec<Output>, Verdict) {
        let reading = read(arrived, &self.limits);
        let source = &arrived.source;
        let name = reading.format.as_str();
        self.accounts.message(source, name, arrived.sequence, now);
        let mut message = Message::new(arrived, &reading, now);
        self.accounts.empty(source, reading.empty);
        for reject in &reading.decoded.rejects {
            self.accounts.rejected(source, &reject.reason);
            message.refuse("rejected", reject.reason.clone(), &reject.sample);
        }
        for item in reading.decoded.items {
            match item {
                Item::Point(point) => self.point(&point, &mut message),
                Item::Event(event) => {
                    self.accounts.happened(source);
                    let object = self.places.object(message.format, &event.tags);
                    let origin = message.origin.clone();
                    message.say(Output::Event(Event::of(
                        event,
                        origin,
                        object,
                        message.received,
                    )));
                }
                Item::Alarm(alarm) => {
                    self.accounts.happened(source);
                    let object = self.places.object(message.format, &alarm.tags);
                    let origin = message.origin.clone();
                    message.say(Output::Alarm(Alarm::of(
                        alarm,
                        origin,
                        object,
                        message.received,
                    )));
                }
            }
        }
        message.done()
    }

    fn point(&mut self, point: &Point, message: &mut Message<'_>) {
        let source = &message.arrived.source;
        let (late_ms, future_ms) = self.accounts.times();
        match self.accounts.point(source, point, message.now) {
            Fate::Out => self.place(point, message),
            Fate::Duplicate => message.verdict.taken += 1,
            Fate::Late => {
                let why = format!(
                    "older than {} s: is the sender's clock behind?",
                    late_ms / 1000
                );
                message.leave("late", why, point);
            }
            Fate::Future => {
                let why = format!(
                    "more than {} s in the future: is the sender's clock ahead?",
                    future_ms / 1000
                );
                message.leave("future", why, point);
            }
            Fate::Capped => {
                let why = "the source has as many series as it may: drop labels at the sender, or raise series_per_source";
                message.leave("capped", why.to_owned(), point);
            }
        }
    }

    fn place(&mut self, point: &Point, message: &mut Message<'_>) {
        let at = point.at.unwrap_or(message.received);
        message.verdict.taken += 1;
        match self.places.place(message.format, point, at) {
            Ok(placed) => message
                .outputs
                .extend(placed.into_iter().map(Output::Measurement)),
            Err(why) => {
                self.accounts.unplaced(&message.arrived.source);
                message
                    .outputs
                    .push(Output::Unplaced(Unplaced::of(point, at, why)));
            }
        }
    }
}

impl<'a> Message<'a> {
    fn new(arrived: &'a Arrived, reading: &Reading, now: NetTime) -> Self {
        let format = reading.format;
        let verdict = Verdict {
            empty: reading.empty,
            is_unreadable: reading.is_unreadable,
            written: reading.written,
            ..Verdict::default()
        };
        Self {
            origin: Origin::new(&arrived.source, format, &arrived.subject, arrived.sequence),
            format,
            received: arrived.received,
            now,
            arrived,
            outputs: vec![],
            letters: vec![],
            verdict,
        }
    }

    fn say(&mut self, output: Output) {
        self.verdict.taken += 1;
        self.outputs.push(output);
    }

    /// Notes a value that was read but is not taken: it does not count as written.
    fn leave(&mut self, sort: &str, reason: String, point: &Point) {
        self.verdict.written[0] = self.verdict.written[0].saturating_sub(1);
        self.refuse(sort, reason, &shown(point));
    }

    /// Notes a part that is not used. Of late, future and capped ones one letter stands for all.
    fn refuse(&mut self, sort: &str, reason: String, sample: &str) {
        self.verdict.refused += 1;
        if self.verdict.reason.is_empty() {
            self.verdict.reason.clone_from(&reason);
        }
        let is_shown_one_by_one = sort == "rejected" && self.letters.len() < LETTERS;
        let alike = self.letters.iter_mut().rev().find(|(s, _)| s == sort);
        match alike {
            Some((_, letter)) if !is_shown_one_by_one => letter.more += 1,
            _ => {
                let letter = DeadLetter {
                    origin: self.origin.clone(),
                    reason,
                    sample: sample.to_owned(),
                    more: 0,
                    at: self.received,
                };
                self.letters.push((sort.to_owned(), letter));
            }
        }
    }

    fn done(mut self) -> (Vec<Output>, Verdict) {
        let letters = self.letters.into_iter().map(|(_, l)| Output::DeadLetter(l));
        self.outputs.extend(letters);
        (self.outputs, self.verdict)
    }
}

fn shown(point: &Point) -> String {
    format!("{} = {}", point.name, text(&point.value))
}

fn read(arrived: &Arrived, limits: &Limits) -> Reading {
    let raw = Raw {
        payload: &arrived.payload,
        subject: &arrived.subject,
        content_type: &arrived.content_type,
        headers: &arrived.headers,
        received: arrived.received,
    };
    let format = match arrived.format {
        Format::Auto => decode::sniff(&raw).unwrap_or(Format::Auto),
        known => known,
    };
    match format {
        Format::OtlpMetrics => whole(format, otlp::read_metrics(&raw, limits)),
        Format::OtlpLogs => whole(format, otlp::read_logs(&raw, limits)),
        Format::OtlpTraces => whole(format, otlp::read_traces(&raw, limits)),
        Format::RemoteWriteV1 => written(format, &raw, Version::V1, limits),
        Format::RemoteWriteV2 => written(format, &raw, Version::V2, limits),
        other => {
            let decoded = decode::decode(other, &raw, limits);
            let is_unreadable = decoded.items.is_empty() && !decoded.rejects.is_empty();
            Reading::of(format, decoded, is_unreadable)
        }
    }
}

fn whole(format: Format, read: Result<Decoded, Reject>) -> Reading {
    let is_unreadable = read.is_err();
    let decoded = read.unwrap_or_else(|reject| Decoded {
        items: vec![],
        rejects: vec![reject],
    });
    Reading::of(format, decoded, is_unreadable)
}

fn written(format: Format, raw: &Raw<'_>, version: Version, limits: &Limits) -> Reading {
    match remote_write::read(raw.payload, version, limits) {
        Err(reject) => whole(format, Err(reject)),
        Ok(written) => Reading {
            empty: written.empty,
            written: [written.samples, written.histograms, written.exemplars],
            ..Reading::of(format, written.decoded, false)
        },
    }
}

impl Reading {
    const fn of(format: Format, decoded: Decoded, is_unreadable: bool) -> Self {
        Self {
            format,
            decoded,
            is_unreadable,
            empty: 0,
            written: [0; 3],
        }
    }
}
