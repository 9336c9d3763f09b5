//! Where is the state of a source's series? By plain index: no hashing for any sample.

/// Gives out slots from 0 on, and again what was given back.
#[derive(Debug)]
pub(super) struct Slots {
    /// By source, then by series number.
    sources: Vec<Source>,
    free: Vec<u32>,
    used: usize,
    most: usize,
    most_each: usize,
}

#[derive(Debug, Default)]
struct Source {
    slots: Vec<u32>,
    live: usize,
}

/// Most sources: a number beyond it is no place in a list.
const SOURCES_MAX: usize = 1 << 16;

impl Slots {
    /// No slot.
    pub const NONE: u32 = u32::MAX;

    pub const fn new(most: usize, most_each: usize) -> Self {
        Self {
            sources: vec![],
            free: vec![],
            used: 0,
            most,
            most_each,
        }
    }

    /// The slot of a series; a new one if it has none; [`Self::NONE`] where there is no room.
    pub fn of(&mut self, source: usize, series: u32) -> u32 {
        let known = self
            .sources
            .get(source)
            .and_then(|s| s.slots.get(series as usize));
        match known {
            Some(slot) if *slot != Self::NONE => *slot,
            _ => self.give(source, series),
        }
    }

    #[cold]
    fn give(&mut self, source: usize, series: u32) -> u32 {
        let index = series as usize;
        // Numbers are counted from 0, so one beyond the bound belongs to a source that has too many.
        if source >= SOURCES_MAX || index >= self.most_each {
            return Self::NONE;
        }
        let Some(slot) = self.next() else {
            return Self::NONE;
        };
        if source >= self.sources.len() {
            self.sources.resize_with(source + 1, Source::default);
        }
        let Source { slots, live } = &mut self.sources[source];
        if index >= slots.len() {
            slots.resize(index + 1, Self::NONE);
        }
        slots[index] = slot;
        *live += 1;
        slot
    }

    fn next(&mut self) -> Option<u32> {
        if let Some(slot) = self.free.pop() {
            return Some(slot);
        }
        let slot = u32::try_from(self.used).ok().filter(|s| *s != Self::NONE)?;
        if self.used >= self.most {
            return None;
        }
        self.used += 1;
        Some(slot)
    }

    /// Takes back a source's slots, and tells which.
    pub fn release(&mut self, source: usize) -> Vec<u32> {
        let Some(source) = self.sources.get_mut(source) else {
            return vec![];
        };
        let mut slots = std::mem::take(source).slots;
        slots.retain(|s| *s != Self::NONE);
        self.free.extend(&slots);
        slots
    }

    /// Slots that were ever given out.
    pub const fn used(&self) -> usize {
        self.used
    }

    /// Slots that are given out now.
    pub const fn live(&self) -> usize {
        self.used - self.free.len()
    }
}
