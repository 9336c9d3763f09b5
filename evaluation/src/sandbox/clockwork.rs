//! The order of happenings: an event heap ordered by time, then by the order of scheduling.
//!
//! Times are microseconds of network time. Two events at one moment run in the order in which they were scheduled,
//! so equal seeds give equal runs.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Event {
    /// A new one-second slot begins: traffic and queues are drawn anew.
    Slot,
    /// A user of a group asks.
    Arrival(u32),
    /// A request reaches its instance.
    AtInstance(u32),
    /// A worker is done; the epoch tells whether the instance was restarted meanwhile.
    Done {
        instance: u32,
        epoch: u32,
        request: u32,
    },
    /// A gateway recomputes its steering.
    Steer(u32),
    /// All routers install new routes.
    InstallRoutes,
    /// The hello timer of a link decides about its adjacency.
    Adjacency(u32),
    /// A port reset is over.
    ResetDone(u32),
    /// A flapping link changes.
    Flap(u32),
    /// A router has booted.
    RouterBooted { router: u32, epoch: u32 },
    /// An instance has started.
    InstanceStarted { instance: u32, epoch: u32 },
    /// A cell is back on the air.
    CellStarted { cell: u32, epoch: u32 },
    /// A new instance is ready.
    ScaledOut(u32),
    /// A planned change happens: index into the world's list of plans.
    Planned(u32),
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    at_us: u64,
    seq: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at_us, self.seq) == (other.at_us, other.seq)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// The earliest is the greatest, as the heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_us, other.seq).cmp(&(self.at_us, self.seq))
    }
}

/// What will happen, soonest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Entry>,
    seq: u64,
}

impl Agenda {
    /// Plans an event.
    pub fn at(&mut self, at_us: u64, event: Event) {
        self.seq += 1;
        let seq = self.seq;
        self.heap.push(Entry { at_us, seq, event });
    }

    /// Takes the next event that is due before `end_us`.
    pub fn next_before(&mut self, end_us: u64) -> Option<(u64, Event)> {
        if self.heap.peek()?.at_us >= end_us {
            return None;
        }
        self.heap.pop().map(|e| (e.at_us, e.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_then_in_the_order_they_were_planned() {
        let mut agenda = Agenda::default();
        agenda.at(20, Event::Slot);
        agenda.at(10, Event::Steer(1));
        agenda.at(10, Event::Steer(2));
        assert_eq!(agenda.next_before(15), Some((10, Event::Steer(1))));
        assert_eq!(agenda.next_before(15), Some((10, Event::Steer(2))));
        assert_eq!(agenda.next_before(15), None);
        assert_eq!(agenda.next_before(21), Some((20, Event::Slot)));
    }
}
