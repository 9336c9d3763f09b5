//! Which faults come in which order: every kind before any kind comes again, doubles in between.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use zizhi_types::FaultKind;

/// One thing that is made to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A fault.
    Fault(FaultKind),
    /// Something as loud that needs no action.
    Double(FaultKind),
}

/// `faults` faults out of `kinds`, with a double after every second one. Equal seeds give equal schedules.
pub fn schedule(faults: usize, kinds: &[FaultKind], seed: u64) -> Vec<Slot> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed_0fca_3a16);
    let mut real = Deck::new(kinds);
    let mut doubles = Deck::new(kinds);
    let mut slots = vec![];
    for n in 1..=faults {
        slots.extend(real.draw(&mut rng).map(Slot::Fault));
        if n % 2 == 0 {
            slots.extend(doubles.draw(&mut rng).map(Slot::Double));
        }
    }
    slots
}

/// Kinds in random order, shuffled anew when all have been drawn.
struct Deck<'a> {
    kinds: &'a [FaultKind],
    left: Vec<FaultKind>,
}

impl<'a> Deck<'a> {
    const fn new(kinds: &'a [FaultKind]) -> Self {
        Self {
            kinds,
            left: vec![],
        }
    }

    fn draw(&mut self, rng: &mut ChaCha8Rng) -> Option<FaultKind> {
        if self.left.is_empty() {
            self.left = self.kinds.to_vec();
            self.left.shuffle(rng);
        }
        self.left.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_comes_before_any_comes_again() {
        let slots = schedule(FaultKind::ALL.len(), FaultKind::ALL, 7);
        let faults = slots.iter().filter_map(|s| match s {
            Slot::Fault(kind) => Some(*kind),
            Slot::Double(_) => None,
        });
        assert_eq!(faults.collect::<BTreeSet<_>>().len(), FaultKind::ALL.len());
    }

    #[test]
    fn equal_seeds_give_equal_schedules_and_others_differ() {
        let of = |seed| schedule(20, FaultKind::ALL, seed);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
