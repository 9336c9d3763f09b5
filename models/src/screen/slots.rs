//! Where is the state of a source's series? By plain index: no hashing for any sample.
//!
//! Slots are given out in pages of [`PAGE`] neighbouring numbers. What is looked up for a sample is so small that it stays near
//! the processor with a million series, and series that are sent together lie together.

/// Slots of a page: one bit each in a word.
const PAGE: usize = 64;

/// Gives out slots from 0 on, and again what was given back.
#[derive(Debug)]
pub(super) struct Slots {
    sources: Vec<Vec<Page>>,
    /// First slots of pages that were given back.
    free: Vec<u32>,
    /// Pages that were ever given out.
    pages: usize,
    live: usize,
    most: usize,
    most_each: usize,
}

/// Of one source, [`PAGE`] numbers in a row.
#[derive(Debug, Clone, Copy)]
struct Page {
    /// The slot of its first number, or [`Slots::NONE`].
    first: u32,
    /// Which of its numbers have come.
    known: u64,
}

impl Page {
    const NONE: Self = Self {
        first: Slots::NONE,
        known: 0,
    };
}

/// Most sources: a number beyond it is no place in a list.
const SOURCES_MAX: usize = 1 << 16;

const fn bit(index: usize) -> u64 {
    1 << (index % PAGE)
}

impl Slots {
    /// No slot.
    pub const NONE: u32 = u32::MAX;

    pub const fn new(most: usize, most_each: usize) -> Self {
        Self {
            sources: vec![],
            free: vec![],
            pages: 0,
            live: 0,
            most,
            most_each,
        }
    }

    /// The slot of a series; a new one if it has none; [`Self::NONE`] where there is no room.
    pub fn of(&mut self, source: usize, series: u32) -> u32 {
        let index = series as usize;
        let page = self.sources.get(source).and_then(|s| s.get(index / PAGE));
        match page {
            Some(page) if page.known & bit(index) != 0 => page.first + series % PAGE as u32,
            _ => self.give(source, index),
        }
    }

    #[cold]
    fn give(&mut self, source: usize, index: usize) -> u32 {
        // Numbers are counted from 0, so one beyond the bound belongs to a source that has too many.
        if source >= SOURCES_MAX || index >= self.most_each || self.live >= self.most {
            return Self::NONE;
        }
        if source >= self.sources.len() {
            self.sources.resize_with(source + 1, Vec::new);
        }
        let pages = &mut self.sources[source];
        if index / PAGE >= pages.len() {
            pages.resize(index / PAGE + 1, Page::NONE);
        }
        if pages[index / PAGE].first == Self::NONE {
            let Some(first) = self.page() else {
                return Self::NONE;
            };
            self.sources[source][index / PAGE].first = first;
        }
        let page = &mut self.sources[source][index / PAGE];
        page.known |= bit(index);
        self.live += 1;
        page.first + u32::try_from(index % PAGE).unwrap_or(0)
    }

    /// One that is free. A source that leaves holes in its numbers takes more room than its series: that ends here too.
    fn page(&mut self) -> Option<u32> {
        if let Some(first) = self.free.pop() {
            return Some(first);
        }
        if self.pages >= self.most.div_ceil(PAGE) + self.sources.len() {
            return None;
        }
        let first = u32::try_from(self.used()).ok()?;
        first.checked_add(PAGE as u32)?;
        self.pages += 1;
        Some(first)
    }

    /// Takes back a source's slots, and tells which.
    pub fn release(&mut self, source: usize) -> Vec<u32> {
        let Some(pages) = self.sources.get_mut(source) else {
            return vec![];
        };
        let mut slots = vec![];
        for page in std::mem::take(pages) {
            if page.first != Self::NONE {
                self.free.push(page.first);
                self.live -= page.known.count_ones() as usize;
                slots.extend(page.first..page.first + PAGE as u32);
            }
        }
        slots
    }

    /// Slots of all pages that were ever given out.
    pub const fn used(&self) -> usize {
        self.pages * PAGE
    }

    /// Series that have a slot now.
    pub const fn live(&self) -> usize {
        self.live
    }
}
