//! Which of a publisher's messages have come? Counted by sequence number, in a few bytes, exactly.

/// How a message stands to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is the next one, or the first.
    Next,
    /// So many before it have not come.
    After(u64),
    /// It was missing and comes now.
    Late,
    /// It has come already, or is so late that nobody can tell: it is not to be used.
    Repeated,
    /// It would be so far ahead that its number must be wrong: it is not to be used.
    Absurd,
}

/// A jump beyond this is a wrong number, not a loss: at a million messages a second, more than an hour of them.
const JUMP_MAX: u64 = 1 << 32;

/// What is known of the numbers of one epoch: always `next - first == received + missing`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Order {
    first: u64,
    next: u64,
    /// Bit `k` is set when the message `next - 1 - k` has come.
    window: u64,
    received: u64,
    missing: u64,
}

impl Order {
    /// Of an epoch that is heard from its beginning on: what is missing before the first message counts.
    pub const fn from_the_first() -> Self {
        Self {
            first: 1,
            next: 1,
            window: 0,
            received: 0,
            missing: 0,
        }
    }

    /// Takes the number, 1 or more, of a message that came.
    pub fn take(&mut self, sequence: u64) -> Arrival {
        if self.next == 0 || sequence >= self.next {
            self.ahead(sequence)
        } else {
            self.behind(sequence)
        }
    }

    fn ahead(&mut self, sequence: u64) -> Arrival {
        let unheard = self.next == 0;
        let skipped = if unheard { 0 } else { sequence - self.next };
        let Some(next) = sequence.checked_add(1).filter(|_| skipped < JUMP_MAX) else {
            return Arrival::Absurd;
        };
        if unheard {
            self.first = sequence;
        }
        let shift = u32::try_from(skipped + 1).unwrap_or(u32::MAX);
        self.window = self.window.checked_shl(shift).unwrap_or(0) | 1;
        self.next = next;
        self.received += 1;
        self.missing += skipped;
        if skipped == 0 {
            Arrival::Next
        } else {
            Arrival::After(skipped)
        }
    }

    fn behind(&mut self, sequence: u64) -> Arrival {
        let back = self.next - 1 - sequence;
        let bit = u32::try_from(back).ok().and_then(|b| 1_u64.checked_shl(b));
        let Some(bit) = bit.filter(|b| self.window & b == 0) else {
            return Arrival::Repeated;
        };
        self.window |= bit;
        self.received += 1;
        if sequence < self.first {
            self.missing += self.first - sequence - 1;
            self.first = sequence;
        } else {
            self.missing -= 1;
        }
        Arrival::Late
    }

    /// The lowest number that came; 0 before any.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The highest number that came; 0 before any.
    pub const fn last(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// How many came, each counted once.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// How many between the lowest and the highest did not come.
    pub const fn missing(&self) -> u64 {
        self.missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_gap_is_counted_and_closed_by_what_comes_late() {
        let mut order = Order::default();
        let seen = [5, 6, 9, 7, 7, 4, 10].map(|n| order.take(n));
        let expected = [
            Arrival::Next,
            Arrival::Next,
            Arrival::After(2),
            Arrival::Late,
            Arrival::Repeated,
            Arrival::Late,
            Arrival::Next,
        ];
        assert_eq!(seen, expected);
        assert_eq!((order.first(), order.last(), order.missing()), (4, 10, 1));
    }

    #[test]
    fn a_number_that_cannot_be_is_not_believed() {
        let mut order = Order::default();
        assert_eq!(order.take(1), Arrival::Next);
        assert_eq!(order.take(u64::MAX), Arrival::Absurd);
        assert_eq!(order.take(2), Arrival::Next);
        assert_eq!(order.missing(), 0);
    }

    #[test]
    fn the_last_number_of_all_is_no_start() {
        let mut order = Order::default();
        assert_eq!(order.take(u64::MAX), Arrival::Absurd);
        assert_eq!(order.take(1), Arrival::Next);
    }

    #[test]
    fn an_epoch_heard_from_its_beginning_misses_what_came_before_its_first_message() {
        let mut order = Order::from_the_first();
        assert_eq!(order.take(3), Arrival::After(2));
        assert_eq!(order.missing(), 2);
    }

    proptest! {
        #[test]
        fn received_and_missing_always_make_the_whole(numbers in prop::collection::vec(1_u64..300, 1..400)) {
            let mut order = Order::default();
            let mut used = BTreeSet::new();
            for n in numbers {
                if matches!(order.take(n), Arrival::Next | Arrival::After(_) | Arrival::Late) {
                    prop_assert!(used.insert(n), "{n} was used twice");
                }
                prop_assert_eq!(order.last() + 1 - order.first(), order.received() + order.missing());
                prop_assert_eq!(order.received(), used.len() as u64);
            }
        }
    }
}
