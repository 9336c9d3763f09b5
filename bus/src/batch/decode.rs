//! What do interned batches mean, who sent them, and what is missing?

use super::dictionary::{Dictionary, Learnt, Named, Room};
use super::order::{Arrival, Order};
use super::view::Batch;
use super::{BatchError, SAMPLES_MAX};
use std::collections::BTreeMap;
use zizhi_types::NetTime;

/// How much a [`Decoder`] remembers. The defaults are our choice: four publishers of the largest size, on a machine that also
/// does other work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most publishers at a time.
    pub publishers: usize,
    /// Most series of one publisher, so that one that goes wild takes nothing from the others.
    pub series_each: usize,
    /// Most series of all publishers.
    pub series: usize,
    /// Most bytes of all names.
    pub name_bytes: usize,
    /// A publisher that was silent for so long may be forgotten for a new one, in milliseconds.
    pub idle_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            publishers: 1024,
            series_each: 1 << 20,
            series: 4 << 20,
            name_bytes: 256 << 20,
            idle_ms: 3_600_000,
        }
    }
}

impl Limits {
    /// How large one dictionary may be, where the others hold so much.
    fn room(&self, others: Room) -> Room {
        Room {
            ids: self.series.saturating_sub(others.ids).min(self.series_each),
            bytes: self.name_bytes.saturating_sub(others.bytes),
        }
    }
}

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The number of its series at its publisher.
    pub id: u32,
    /// As sent: it may be no number.
    pub value: f64,
    /// When it was true.
    pub at: NetTime,
}

/// What a message was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// The publisher's place, from 0; used again once it was forgotten.
    pub publisher: usize,
    /// The numbers of this place mean something new from now on: forget what was kept by number.
    pub fresh: bool,
    /// How it stands to the messages before.
    pub arrival: Arrival,
    /// Samples left out because their number means nothing yet.
    pub unknown: usize,
}

/// Why a message was not used. Each is counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] BatchError),
    /// It has come already, or is too late or too far ahead to tell.
    #[error("message {sequence} of {publisher} came already, or its number cannot be")]
    Repeated {
        /// Whose.
        publisher: String,
        /// Which.
        sequence: u64,
    },
    /// It is of an epoch that its publisher has ended.
    #[error("{publisher} has begun epoch {now}, this is of {was}: stop the older process")]
    Outdated {
        /// Whose.
        publisher: String,
        /// Its epoch.
        was: u64,
        /// The latest epoch.
        now: u64,
    },
    /// There are too many publishers.
    #[error(
        "{0} publishers are heard already and none of them fell silent: gather samples in fewer"
    )]
    Crowded(usize),
}

/// What was counted. Messages: `used + repeated + outdated + crowded + malformed` came in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that were used.
    pub used: u64,
    /// Samples that were given on.
    pub samples: u64,
    /// Messages that were sent, by their numbers, and have not come.
    pub missing: u64,
    /// Messages that came after later ones, and were used.
    pub late: u64,
    /// Messages that came again or with impossible numbers, and were not used.
    pub repeated: u64,
    /// Messages of ended epochs.
    pub outdated: u64,
    /// Samples of series whose names have not come.
    pub unknown: u64,
    /// Dictionary entries that contradict what the number means already.
    pub contradictions: u64,
    /// Dictionary entries for which there was no room.
    pub no_room: u64,
    /// Messages of publishers for which there was no room.
    pub crowded: u64,
    /// Messages that could not be read.
    pub malformed: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.used += other.used;
        self.samples += other.samples;
        self.missing += other.missing;
        self.late += other.late;
        self.repeated += other.repeated;
        self.outdated += other.outdated;
        self.unknown += other.unknown;
        self.contradictions += other.contradictions;
        self.no_room += other.no_room;
        self.crowded += other.crowded;
        self.malformed += other.malformed;
    }
}

/// Reads the interned batches of many publishers.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    places: BTreeMap<Box<str>, usize>,
    publishers: Vec<Publisher>,
    /// What all dictionaries together hold.
    held: Room,
    /// Of publishers that were forgotten, and of messages of none.
    elsewhere: Counts,
}

#[derive(Debug)]
struct Publisher {
    name: Box<str>,
    epoch: u64,
    heard: NetTime,
    order: Order,
    dictionary: Dictionary,
    counts: Counts,
    /// Nobody was told yet that the numbers mean something new.
    fresh: bool,
}

impl Decoder {
    /// Has heard nobody.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            places: BTreeMap::new(),
            publishers: vec![],
            held: Room { ids: 0, bytes: 0 },
            elsewhere: Counts::default(),
        }
    }

    /// Reads a message; `out` holds its samples afterwards, and nothing else. `now` is the receiver's time.
    pub fn decode(
        &mut self,
        payload: &[u8],
        now: NetTime,
        out: &mut Vec<Reading>,
    ) -> Result<Heard, Refused> {
        out.clear();
        let batch = match interned(payload) {
            Ok(batch) => batch,
            Err(error) => {
                self.elsewhere.malformed += 1;
                return Err(error.into());
            }
        };
        let place = self.place(&batch, now)?;
        // `place` gave an index of the list.
        let publisher = &mut self.publishers[place];
        self.held = self.held.less(publisher.dictionary.size());
        let taken = publisher.take(&batch, now);
        if taken.is_ok() {
            publisher.learn(&batch, self.limits.room(self.held));
        }
        self.held = self.held.more(publisher.dictionary.size());
        let arrival = taken?;
        let unknown = publisher.read(&batch, out);
        Ok(Heard {
            publisher: place,
            fresh: std::mem::take(&mut publisher.fresh),
            arrival,
            unknown,
        })
    }

    /// What a number of a publisher's place means.
    pub fn name(&self, publisher: usize, id: u32) -> Option<Named<'_>> {
        self.publishers.get(publisher)?.dictionary.name(id)
    }

    /// Who has a place.
    pub fn publisher(&self, place: usize) -> Option<&str> {
        self.publishers.get(place).map(|p| &*p.name)
    }

    /// Everybody who has a place: name, order of the messages of this epoch, and what was counted since it was first heard.
    pub fn publishers(&self) -> impl Iterator<Item = (&str, Order, Counts)> {
        self.publishers
            .iter()
            .map(|p| (&*p.name, p.order, p.total()))
    }

    /// What was counted since the start.
    pub fn counts(&self) -> Counts {
        let mut sum = self.elsewhere;
        self.publishers.iter().for_each(|p| sum.add(&p.total()));
        sum
    }

    /// The place of a batch's publisher.
    fn place(&mut self, batch: &Batch<'_>, now: NetTime) -> Result<usize, Refused> {
        if let Some(place) = self.places.get(batch.publisher) {
            return Ok(*place);
        }
        let place = if self.publishers.len() < self.limits.publishers {
            self.publishers.push(Publisher::new(batch, now));
            self.publishers.len() - 1
        } else {
            self.longest_silent(batch, now)?
        };
        self.places.insert(batch.publisher.into(), place);
        Ok(place)
    }

    /// Gives the place of the publisher that was silent longest to a new one.
    fn longest_silent(&mut self, batch: &Batch<'_>, now: NetTime) -> Result<usize, Refused> {
        let heard = |p: &(usize, &Publisher)| p.1.heard;
        let longest = self.publishers.iter().enumerate().min_by_key(heard);
        let idle = longest.filter(|(_, p)| now.since(p.heard) >= self.limits.idle_ms);
        let Some(place) = idle.map(|(place, _)| place) else {
            self.elsewhere.crowded += 1;
            return Err(Refused::Crowded(self.publishers.len()));
        };
        let gone = std::mem::replace(&mut self.publishers[place], Publisher::new(batch, now));
        self.elsewhere.add(&gone.total());
        self.held = self.held.less(gone.dictionary.size());
        self.places.remove(&gone.name);
        Ok(place)
    }
}

/// A batch of the form that belongs here.
fn interned(payload: &[u8]) -> Result<Batch<'_>, BatchError> {
    let batch = Batch::parse(payload)?;
    if batch.self_contained {
        return Err(BatchError::OtherForm("obs.telemetry"));
    }
    if batch.sequence == 0 {
        return Err(BatchError::Unnumbered);
    }
    Ok(batch)
}

impl Publisher {
    fn new(batch: &Batch<'_>, now: NetTime) -> Self {
        Self {
            name: batch.publisher.into(),
            epoch: batch.epoch,
            heard: now,
            order: Order::default(),
            dictionary: Dictionary::default(),
            counts: Counts::default(),
            fresh: true,
        }
    }

    fn total(&self) -> Counts {
        let mut total = self.counts;
        total.missing += self.order.missing();
        total
    }

    /// How a message stands to those before; begins its epoch.
    fn take(&mut self, batch: &Batch<'_>, now: NetTime) -> Result<Arrival, Refused> {
        let publisher = || batch.publisher.to_owned();
        if batch.epoch < self.epoch {
            self.counts.outdated += 1;
            return Err(Refused::Outdated {
                publisher: publisher(),
                was: batch.epoch,
                now: self.epoch,
            });
        }
        if batch.epoch > self.epoch {
            self.begin(batch.epoch);
        }
        self.heard = self.heard.max(now);
        let arrival = self.order.take(batch.sequence);
        if matches!(arrival, Arrival::Repeated | Arrival::Absurd) {
            self.counts.repeated += 1;
            return Err(Refused::Repeated {
                publisher: publisher(),
                sequence: batch.sequence,
            });
        }
        self.counts.late += u64::from(arrival == Arrival::Late);
        self.counts.used += 1;
        Ok(arrival)
    }

    fn begin(&mut self, epoch: u64) {
        self.counts.missing += self.order.missing();
        self.order = Order::from_the_first();
        self.dictionary = Dictionary::default();
        self.epoch = epoch;
        self.fresh = true;
    }

    fn learn(&mut self, batch: &Batch<'_>, room: Room) {
        for entry in batch.entries() {
            match self.dictionary.learn(&entry, room) {
                Learnt::New | Learnt::Known => {}
                Learnt::Contradicts => self.counts.contradictions += 1,
                Learnt::NoRoom => self.counts.no_room += 1,
            }
        }
    }

    /// Gives on the samples whose numbers mean something; tells how many do not.
    fn read(&mut self, batch: &Batch<'_>, out: &mut Vec<Reading>) -> usize {
        out.reserve(batch.len().min(SAMPLES_MAX));
        let dictionary = &self.dictionary;
        batch.for_each(|id, at, value| {
            if dictionary.knows(id) {
                out.push(Reading { id, value, at });
            }
        });
        let unknown = batch.len() - out.len();
        self.counts.samples += out.len() as u64;
        self.counts.unknown += unknown as u64;
        unknown
    }
}
