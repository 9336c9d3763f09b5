//! What does a received message mean for the swarm?
//!
//! In: one message with the time. Out: measurements, values without a place, events, alarms and dead letters, and the verdict for
//! the sender. Every part of the message is accounted for ([`super::account`]). Which object and metric a value is about is
//! asked from the mapping tables ([`crate::mapping`]), which also make rates of counts.
//!
//! Pure: the time comes in.

use super::account::{Accounts, Bounds, Counts, Fate};
use super::intake::{Arrived, Verdict};
use super::output::{Alarm, DeadLetter, Event, Origin, Output, Placed, Unplaced, text};
use crate::decode::remote_write::{self, Version};
use crate::decode::{self, Decoded, Format, Item, Limits, Numbered, Point, Raw, Reject, otlp};
use crate::mapping::{Mapped, Mapper, Rates, Reading, ReadingSource};
use std::collections::BTreeMap;
use zizhi_types::NetTime;

/// Dead letters that are made of one message; further rejects are counted in the last one.
const LETTERS: usize = 10;

/// Decodes, maps and accounts.
pub struct Pipeline {
    accounts: Accounts,
    mapper: Mapper,
    rates: Rates,
    limits: Limits,
    messages: u64,
}

/// What a decoder says of one message, whichever it was.
struct Decoding {
    format: Format,
    decoded: Decoded,
    is_unreadable: bool,
    empty: u64,
    written: [u64; 3],
    numbers: Vec<Numbered>,
}

/// One message under way: what it has said so far.
struct Message<'a> {
    origin: Origin,
    source: ReadingSource,
    received: NetTime,
    now: NetTime,
    arrived: &'a Arrived,
    outputs: Vec<Output>,
    letters: Vec<(String, DeadLetter)>,
    verdict: Verdict,
}

impl Pipeline {
    /// With the bounds of its accounts and of single messages, and the mapping tables.
    pub fn new(bounds: Bounds, limits: Limits, mapper: Mapper) -> Self {
        Self {
            accounts: Accounts::new(bounds),
            mapper,
            rates: Rates::new(bounds.series),
            limits,
            messages: 0,
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
        self.accounts.message(source, name, now);
        for numbered in &reading.numbers {
            self.accounts.numbered(source, numbered);
        }
        self.messages += 1;
        let mut message = Message::new(arrived, &reading, self.messages, now);
        self.accounts.empty(source, reading.empty);
        for reject in &reading.decoded.rejects {
            self.accounts.rejected(source, &reject.reason);
            message.refuse("rejected", reject.reason.clone(), &reject.sample);
        }
        for item in reading.decoded.items {
            match &item {
                Item::Point(point) => self.point(point, &item, &mut message),
                Item::Event(_) | Item::Alarm(_) => {
                    self.accounts.happened(source);
                    self.map(&item, &mut message);
                }
            }
        }
        message.done()
    }

    fn point(&mut self, point: &Point, item: &Item, message: &mut Message<'_>) {
        let source = &message.arrived.source;
        let (late_ms, future_ms) = self.accounts.times();
        match self.accounts.point(source, point, message.now) {
            Fate::Out => self.map(item, message),
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

    /// Says what an item means, in our words.
    fn map(&mut self, item: &Item, message: &mut Message<'_>) {
        message.verdict.taken += 1;
        for mapped in self.mapper.map(item, &message.source, message.received) {
            let output = match mapped {
                Mapped::Reading(reading) => self.number(reading),
                Mapped::State(state) => Output::Unplaced(Unplaced::state(state)),
                Mapped::Event(event) => Output::Event(Event::of(event, message.origin.clone())),
                Mapped::Alarm(alarm) => Output::Alarm(Alarm::of(alarm, message.origin.clone())),
            };
            if matches!(output, Output::Unplaced(_)) {
                self.accounts.unplaced(&message.arrived.source);
            }
            message.outputs.push(output);
        }
    }

    fn number(&mut self, reading: Reading) -> Output {
        let count = reading.counter.clone();
        if count.is_none_or(|c| c.becomes.is_none()) {
            return placed(reading);
        }
        match self.rates.take(reading.clone()) {
            Some(rate) => placed(rate),
            None => Output::Held(Unplaced::number(reading)),
        }
    }
}

fn placed(reading: Reading) -> Output {
    match reading.measurement() {
        Some(measurement) => Output::Measurement(Placed {
            object: measurement.object,
            metric: measurement.metric,
            value: measurement.value,
            at: measurement.at,
        }),
        None => Output::Unplaced(Unplaced::number(reading)),
    }
}

impl<'a> Message<'a> {
    fn new(arrived: &'a Arrived, reading: &Decoding, number: u64, now: NetTime) -> Self {
        let format = reading.format;
        let verdict = Verdict {
            format: Some(format),
            empty: reading.empty,
            is_unreadable: reading.is_unreadable,
            written: reading.written,
            ..Verdict::default()
        };
        Self {
            origin: Origin::new(&arrived.source, format, &arrived.subject, arrived.sequence),
            source: ReadingSource {
                format,
                subject: arrived.subject.clone(),
                seq: arrived.sequence.unwrap_or(number),
            },
            received: arrived.received,
            now,
            arrived,
            outputs: vec![],
            letters: vec![],
            verdict,
        }
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

fn read(arrived: &Arrived, limits: &Limits) -> Decoding {
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
            let numbers = decode::numbers(format, &raw, &decoded);
            Decoding {
                numbers,
                ..Decoding::of(format, decoded, is_unreadable)
            }
        }
    }
}

fn whole(format: Format, read: Result<Decoded, Reject>) -> Decoding {
    let is_unreadable = read.is_err();
    let decoded = read.unwrap_or_else(|reject| Decoded {
        items: vec![],
        rejects: vec![reject],
    });
    Decoding::of(format, decoded, is_unreadable)
}

fn written(format: Format, raw: &Raw<'_>, version: Version, limits: &Limits) -> Decoding {
    match remote_write::read(raw.payload, version, limits) {
        Err(reject) => whole(format, Err(reject)),
        Ok(written) => Decoding {
            empty: written.empty,
            written: [written.samples, written.histograms, written.exemplars],
            ..Decoding::of(format, written.decoded, false)
        },
    }
}

impl Decoding {
    const fn of(format: Format, decoded: Decoded, is_unreadable: bool) -> Self {
        Self {
            format,
            decoded,
            is_unreadable,
            empty: 0,
            written: [0; 3],
            numbers: vec![],
        }
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
