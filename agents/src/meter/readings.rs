//! What do the parts around the agents count? Read at the moment of a scrape, not from the journal.

use super::instruments::{Instruments, SERIES_MAX};
use super::names::Name;
use std::collections::BTreeMap;
use zizhi_bus::BusStats;
use zizhi_bus::journal::JournalStats;
use zizhi_bus::otlp_export::ExportStats;
use zizhi_types::Domain;

/// The account of one sender.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// What it calls itself.
    pub name: String,
    /// The format of its last message.
    pub format: String,
    /// Messages that were read.
    pub messages: u64,
    /// Messages dropped unread.
    pub dropped: u64,
    /// What became of its values, by result: `out`, `rejected`, `late` and the like; few different words.
    pub values: BTreeMap<&'static str, u64>,
    /// Messages that it numbered and that never came.
    pub missed: u64,
    /// Median of received minus stated time, in ms.
    pub skew_ms: Option<i64>,
}

/// Counters since the start of the process, and levels now. What is not there is not shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Readings {
    /// Of the bus.
    pub bus: Option<BusStats>,
    /// Of the journal.
    pub journal: Option<JournalStats>,
    /// Records appended and not durable yet.
    pub journal_lag: u64,
    /// Of the senders.
    pub sources: Vec<Source>,
    /// Which peers keep their lease. What the journal says since is overwritten.
    pub peers: BTreeMap<Domain, bool>,
    /// Leases that this process holds.
    pub leases_held: Option<u64>,
    /// Messages that wait, by queue.
    pub queues: BTreeMap<String, u64>,
    /// Of the exporter of spans.
    pub spans: Option<ExportStats>,
    /// Why the process is not ready for work: empty when it is.
    pub not_ready: Vec<String>,
}

/// What was read last, by metric, sender and result: only what came since is added.
pub(super) type Last = BTreeMap<(Name, String, &'static str), u64>;

impl Readings {
    /// Puts them into the instruments.
    pub(super) fn enter(&self, into: &Instruments, last: &mut Last) {
        if let Some(bus) = &self.bus {
            enter_bus(bus, into);
        }
        if let Some(journal) = &self.journal {
            into.raise(Name::JournalRecords, &[], journal.records);
            into.raise(Name::JournalBytes, &[], journal.bytes);
            into.raise(Name::JournalFsync, &[], journal.fsyncs);
            into.set(Name::JournalLag, &[], self.journal_lag as f64);
        }
        let before = std::mem::take(last);
        for source in self.sources.iter().take(SERIES_MAX) {
            enter_source(source, into, &before, last);
        }
        for (domain, up) in &self.peers {
            into.set(Name::PeerUp, &[domain.as_str()], f64::from(u8::from(*up)));
        }
        if let Some(held) = self.leases_held {
            into.set(Name::LeasesHeld, &[], held as f64);
        }
        for (queue, waiting) in &self.queues {
            into.set(Name::QueueMessages, &[queue], *waiting as f64);
        }
        if let Some(spans) = &self.spans {
            enter_spans(spans, into);
        }
    }
}

fn enter_bus(bus: &BusStats, into: &Instruments) {
    let counts = [
        (Name::BusPublished, bus.published),
        (Name::BusDropped, bus.dropped),
        (Name::BusUnheard, bus.unheard),
        (Name::BusMissed, bus.missed),
        (Name::BusDuplicates, bus.duplicates),
        (Name::BusReordered, bus.reordered),
        (Name::BusUnreadable, bus.unreadable),
    ];
    for (name, count) in counts {
        into.raise(name, &[], count);
    }
}

fn enter_source(source: &Source, into: &Instruments, before: &Last, last: &mut Last) {
    let name = source.name.as_str();
    let mut grow = |metric: Name, values: &[&str], result: &'static str, to: u64| {
        let key = (metric, name.to_owned(), result);
        into.grow(metric, values, before.get(&key).copied(), to);
        last.insert(key, to);
    };
    for (result, count) in [("read", source.messages), ("dropped", source.dropped)] {
        let values = [name, source.format.as_str(), result];
        grow(Name::IngestMessages, &values, result, count);
    }
    for (result, count) in &source.values {
        grow(Name::IngestValues, &[name, result], result, *count);
    }
    grow(Name::TelemetryMissed, &[name], "", source.missed);
    if let Some(skew) = source.skew_ms {
        into.set(Name::IngestSkew, &[name], skew as f64 / 1_000.0);
    }
}

fn enter_spans(spans: &ExportStats, into: &Instruments) {
    let counts = [
        ("sent", spans.sent),
        ("rejected", spans.rejected),
        ("dropped", spans.dropped),
        ("failed", spans.failed),
    ];
    for (result, count) in counts {
        into.raise(Name::SpansExported, &[result], count);
    }
}
