//! What do one publisher's numbers mean? Texts back to back in one string, found by plain index.

use super::view::Entry;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Where an entry's texts lie: object, metric, unit, one after the other. No object: not known yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    start: u32,
    object: u16,
    metric: u16,
    unit: u16,
    /// A hash of the texts. Entries are said again and again: most are known, and are compared without a look at the texts.
    mark: u32,
}

impl Place {
    fn of(entry: &Entry<'_>, start: u32) -> Self {
        let len = |text: &str| u16::try_from(text.len()).unwrap_or(u16::MAX);
        let mut hasher = FxHasher::default();
        (entry.object, entry.metric, entry.unit).hash(&mut hasher);
        Self {
            start,
            object: len(entry.object),
            metric: len(entry.metric),
            unit: len(entry.unit),
            mark: (hasher.finish() >> 32) as u32,
        }
    }
}

/// The name of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// What is measured.
    pub object: &'a str,
    /// Which quantity.
    pub metric: &'a str,
    /// In which unit; empty where the metric's name says it.
    pub unit: &'a str,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learnt {
    New,
    Known,
    /// The number means something else already; that stays.
    Contradicts,
    /// There is no room for it.
    NoRoom,
}

/// How large dictionaries are, or may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Numbers for which there is a place, holes included.
    pub ids: usize,
    /// Bytes of all texts.
    pub bytes: usize,
}

impl Room {
    pub const fn more(self, other: Self) -> Self {
        Self {
            ids: self.ids + other.ids,
            bytes: self.bytes + other.bytes,
        }
    }

    pub const fn less(self, other: Self) -> Self {
        Self {
            ids: self.ids - other.ids,
            bytes: self.bytes - other.bytes,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Dictionary {
    places: Vec<Place>,
    texts: String,
    /// So many numbers from 0 on are known without a hole.
    dense: usize,
}

impl Dictionary {
    /// Takes an entry, as long as the dictionary stays within `most`.
    pub fn learn(&mut self, entry: &Entry<'_>, most: Room) -> Learnt {
        let index = entry.id as usize;
        if let Some(known) = self.places.get(index).filter(|p| p.object > 0) {
            return if *known == Place::of(entry, known.start) {
                Learnt::Known
            } else {
                Learnt::Contradicts
            };
        }
        let bytes = entry.object.len() + entry.metric.len() + entry.unit.len();
        let Ok(start) = u32::try_from(self.texts.len()) else {
            return Learnt::NoRoom;
        };
        if index >= most.ids || self.texts.len() + bytes > most.bytes {
            return Learnt::NoRoom;
        }
        if index >= self.places.len() {
            self.places.resize(index + 1, Place::default());
        }
        self.places[index] = Place::of(entry, start);
        for text in [entry.object, entry.metric, entry.unit] {
            self.texts.push_str(text);
        }
        while self.places.get(self.dense).is_some_and(|p| p.object > 0) {
            self.dense += 1;
        }
        Learnt::New
    }

    /// Whether a number means something. Looks at no entry where the numbers have no hole, which is the rule.
    pub fn knows(&self, id: u32) -> bool {
        let index = id as usize;
        index < self.dense || self.places.get(index).is_some_and(|p| p.object > 0)
    }

    pub fn name(&self, id: u32) -> Option<Named<'_>> {
        let place = self.places.get(id as usize).filter(|p| p.object > 0)?;
        let object = place.start as usize;
        let metric = object + usize::from(place.object);
        let unit = metric + usize::from(place.metric);
        Some(Named {
            object: self.texts.get(object..metric)?,
            metric: self.texts.get(metric..unit)?,
            unit: self.texts.get(unit..unit + usize::from(place.unit))?,
        })
    }

    pub fn size(&self) -> Room {
        Room {
            ids: self.places.len(),
            bytes: self.texts.len(),
        }
    }
}
